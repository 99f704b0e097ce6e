#include "engine/api_keys.h"

#include "base/key.h"

#include <stdio.h>

/* Enough for every program of a host; a configuration with more of them wants
 * something else. */
enum { API_KEYS_MAX = 1000, GRANTS_MAX = 1000, HASH_TEXT = 64 };

static const struct tk_field fields[] = {
    {.name = {"name", 4}, .type = TK_FIELD_TEXT, .required = true},
    {.name = {"sha256", 6}, .type = TK_FIELD_TEXT, .required = true},
    {.name = {"allow", 5}, .type = TK_FIELD_LIST, .required = true},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

struct reader {
    const struct tk_value *sources;
    struct tk_pool *pool;
    struct tk_problems *problems;
    char path[TK_PATH_TEXT]; /* of what is being read */
};

/* --- reading --- */

static int digit_of(char byte)
{
    if (byte >= '0' && byte <= '9') return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return -1;
}

/* What stands in the place of a digest may be an API key: it is not shown. */
static void read_hash(struct reader *reader, struct tk_str text,
                      unsigned char out[TK_SHA256_LEN])
{
    bool is_hex = text.len == HASH_TEXT;

    for (size_t i = 0; is_hex && i < TK_SHA256_LEN; i++) {
        int high = digit_of(text.data[2 * i]);
        int low = digit_of(text.data[2 * i + 1]);

        is_hex = high >= 0 && low >= 0;
        if (is_hex) out[i] = (unsigned char)(high << 4 | low);
    }
    if (is_hex) return;
    tk_problem(reader->problems, reader->path,
               "sha256 must be the 64 hex digits of the API key's SHA-256 "
               "(printf %%s \"$key\" | sha256sum), never the API key");
}

static bool read_right(struct tk_str word, enum tk_right *out)
{
    static const char *const names[TK_RIGHTS] = {
        [TK_RIGHT_GET] = "get",         [TK_RIGHT_REJECT] = "reject",
        [TK_RIGHT_REFRESH] = "refresh", [TK_RIGHT_ADMIN] = "admin",
        [TK_RIGHT_METRICS] = "metrics",
    };

    for (int i = 0; i < TK_RIGHTS; i++) {
        if (!tk_str_is(word, names[i])) continue;
        *out = (enum tk_right)i;
        return true;
    }
    return false;
}

static void check_source(struct reader *reader,
                         const struct tk_pattern *pattern)
{
    char path[sizeof reader->path + 8];

    snprintf(path, sizeof path, "%s: allow", reader->path);
    tk_pattern_check(pattern, reader->sources, path, reader->problems);
}

static void read_grant(struct reader *reader, struct tk_str text,
                       struct tk_grant *out)
{
    struct tk_str rest = text;
    struct tk_str word = tk_str_cut(&rest, ' ');
    bool is_known = read_right(word, &out->right);
    bool is_bare = rest.data == NULL;

    if (is_known && out->right == TK_RIGHT_METRICS && is_bare) return;
    if (is_known && out->right != TK_RIGHT_METRICS && !is_bare &&
        tk_pattern_read(rest, &out->keys)) {
        check_source(reader, &out->keys);
        return;
    }
    tk_problem(reader->problems, reader->path,
               "allow: '%.*s' must be \"metrics\", or get, reject, refresh or "
               "admin with a key, a source's \"crm/*\" or \"*\"",
               TK_ARG(text));
}

static void read_grants(struct reader *reader, const struct tk_value *allow,
                        struct tk_api_key *out)
{
    uint32_t count = allow->as.table.item_count;

    if (count > GRANTS_MAX) {
        tk_problem(reader->problems, reader->path, "allow: has more than %d",
                   GRANTS_MAX);
        return;
    }
    if (count == 0) return;
    out->grants = tk_pool_take(reader->pool, count * sizeof *out->grants);
    if (out->grants == NULL) {
        tk_problem(reader->problems, reader->path, "%s",
                   tk_err_text(TK_ENOMEM));
        return;
    }
    out->grant_count = count;
    for (uint32_t i = 0; i < count; i++) {
        read_grant(reader, tk_value_text(tk_value_item(allow, i)),
                   &out->grants[i]);
    }
}

/* Two with one digest would leave open which of them a caller is. */
static void check_twice(struct reader *reader, const struct tk_api_keys *keys,
                        const struct tk_api_key *one)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct tk_api_key *other = &keys->list[i];

        if (strcmp(other->name, one->name) == 0) {
            tk_problem(reader->problems, reader->path,
                       "there is another one named %s", one->name);
        } else if (memcmp(other->sha256, one->sha256, TK_SHA256_LEN) == 0) {
            tk_problem(reader->problems, reader->path,
                       "%s has the same API key", other->name);
        }
    }
}

static void read_one(struct reader *reader, const struct tk_value *value,
                     struct tk_api_keys *out)
{
    struct tk_api_key *one = &out->list[out->count];
    unsigned before = reader->problems->count;

    if (tk_schema_check(reader->path, value, fields, FIELDS, false,
                        reader->problems) > 0) {
        return;
    }
    one->name = tk_read_text(value, "name", "");
    if (!tk_key_is_part(tk_str(one->name))) {
        tk_problem(reader->problems, reader->path,
                   "name must be of [A-Za-z0-9._:@=+~|-]");
    }
    read_hash(reader, tk_value_text(tk_value_get(value, "sha256")),
              one->sha256);
    read_grants(reader, tk_value_get(value, "allow"), one);
    if (reader->problems->count > before) return;
    check_twice(reader, out, one);
    out->count++;
}

void tk_api_keys_read(const struct tk_value *value,
                      const struct tk_value *sources, struct tk_pool *pool,
                      struct tk_api_keys *out, struct tk_problems *problems)
{
    struct reader reader = {sources, pool, problems, "api_keys"};
    uint32_t count;

    *out = (struct tk_api_keys){NULL, 0};
    if (value == NULL) return;
    if ((value->type != TK_LIST && value->type != TK_TABLE) ||
        value->as.table.pair_count > 0 ||
        value->as.table.item_count > API_KEYS_MAX) {
        tk_problem(problems, reader.path,
                   "must be a list of at most %d tables { name =, sha256 =, "
                   "allow = }",
                   API_KEYS_MAX);
        return;
    }
    count = value->as.table.item_count;
    if (count == 0) return;
    out->list = tk_pool_take(pool, count * sizeof *out->list);
    if (out->list == NULL) {
        tk_problem(problems, reader.path, "%s", tk_err_text(TK_ENOMEM));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        snprintf(reader.path, sizeof reader.path, "api_keys[%u]", i + 1);
        read_one(&reader, tk_value_item(value, i), out);
    }
}

/* --- judging --- */

const struct tk_api_key *tk_api_keys_find(const struct tk_api_keys *keys,
                                          struct tk_str presented)
{
    unsigned char digest[TK_DIGEST_MAX];
    const struct tk_api_key *found = NULL;
    struct tk_str wanted = {(const char *)digest, TK_SHA256_LEN};

    if (presented.len == 0) return NULL;
    if (tk_digest(TK_SHA256, presented, digest) != TK_SHA256_LEN) return NULL;
    for (size_t i = 0; i < keys->count; i++) {
        const struct tk_api_key *one = &keys->list[i];

        if (tk_same_bytes(
                wanted, tk_str_of((const char *)one->sha256, TK_SHA256_LEN))) {
            found = one;
        }
    }
    return found;
}

bool tk_api_key_may(const struct tk_api_key *api_key, enum tk_right right,
                    struct tk_str key)
{
    for (size_t i = 0; i < api_key->grant_count; i++) {
        const struct tk_grant *grant = &api_key->grants[i];

        if (grant->right == right && tk_pattern_covers(&grant->keys, key)) {
            return true;
        }
    }
    return false;
}

bool tk_api_key_may_all(const struct tk_api_key *api_key, enum tk_right right,
                        struct tk_str source)
{
    for (size_t i = 0; i < api_key->grant_count; i++) {
        const struct tk_grant *grant = &api_key->grants[i];

        if (grant->right == right &&
            tk_pattern_covers_all(&grant->keys, source)) {
            return true;
        }
    }
    return false;
}

bool tk_api_key_sees(const struct tk_api_key *api_key, struct tk_str source)
{
    for (size_t i = 0; i < api_key->grant_count; i++) {
        const struct tk_grant *grant = &api_key->grants[i];

        if (grant->right != TK_RIGHT_METRICS &&
            tk_pattern_names(&grant->keys, source)) {
            return true;
        }
    }
    return false;
}
