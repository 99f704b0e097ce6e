/* Which keys a source has, and what their tokens are for. */
#include "engine/source.h"

#include "base/near.h"
#include "net/json.h"
#include "vault/crypto.h"

#include <stdio.h>

const struct tk_kind *tk_source_kind(const struct tk_source *source,
                                     struct tk_str name)
{
    for (size_t i = 0; i < source->kind_count; i++) {
        if (tk_str_is(name, source->kinds[i].name)) return &source->kinds[i];
    }
    return NULL;
}

struct tk_learned *tk_source_learned(struct tk_source *source,
                                     const struct tk_kind *kind)
{
    return &source->learned[kind - source->kinds];
}

const struct tk_value *tk_source_variant(const struct tk_source *source,
                                         const struct tk_kind *kind,
                                         struct tk_str subject)
{
    if (kind->subjects != TK_SUBJECT_VARIANT || subject.len == 0) return NULL;
    return tk_value_find(&source->variants, subject);
}

static const struct tk_kind *no_such_kind(const struct tk_source *source,
                                          struct tk_str name,
                                          struct tk_why *why)
{
    struct tk_near near;

    tk_near_init(&near, name);
    for (size_t i = 0; i < source->kind_count; i++) {
        tk_near_try(&near, tk_str(source->kinds[i].name));
    }
    tk_fail(why, TK_ENOENT, "source %s has no kind %.*s%s%.*s%s", source->name,
            TK_ARG(name), near.best.len > 0 ? "; did you mean " : "",
            TK_ARG(near.best), near.best.len > 0 ? "?" : "");
    return NULL;
}

const struct tk_kind *tk_source_accepts(const struct tk_source *source,
                                        const struct tk_key *key,
                                        struct tk_why *why)
{
    const struct tk_kind *kind = tk_source_kind(source, key->kind);

    if (kind == NULL) return no_such_kind(source, key->kind, why);
    switch (kind->subjects) {
    case TK_SUBJECT_NONE:
        if (key->subject.len == 0) return kind;
        tk_fail(why, TK_ENOENT, "tokens of %s/%s have no subject", source->name,
                kind->name);
        return NULL;
    case TK_SUBJECT_VARIANT:
        if (key->subject.len == 0 ||
            tk_source_variant(source, kind, key->subject) != NULL) {
            return kind;
        }
        tk_fail(why, TK_ENOENT, "sources.%s.tokens has no %.*s", source->name,
                TK_ARG(key->subject));
        return NULL;
    case TK_SUBJECT_ANY:
        if (key->subject.len > 0) return kind;
        tk_fail(why, TK_ENOENT, "tokens of %s/%s need a subject: %s/%s/SUBJECT",
                source->name, kind->name, source->name, kind->name);
        return NULL;
    }
    return NULL;
}

/* Length, then bytes: no two lists of values run into the same text. */
static void put_part(struct tk_buf *out, struct tk_str part)
{
    tk_buf_put_int(out, (int64_t)part.len);
    tk_buf_put_byte(out, ':');
    tk_buf_put_str(out, part);
}

static void put_setting(struct tk_buf *out, const struct tk_value *value)
{
    struct tk_buf text;
    int rc = TK_EDENIED;

    tk_buf_init(&text, TK_JSON_MAX);
    if (value->type != TK_SECRET) rc = tk_json_write(&text, value);
    if (rc == TK_ENOMEM) {
        out->failed = rc;
    } else {
        put_part(out, rc == 0 ? tk_buf_str(&text) : TK_STR(""));
    }
    tk_buf_fini(&text);
}

int tk_source_identity(const struct tk_source *source, const struct tk_key *key,
                       const struct tk_kind *kind,
                       unsigned char out[TK_IDENTITY_LEN])
{
    const struct tk_value *variant =
        tk_source_variant(source, kind, key->subject);
    unsigned char digest[TK_DIGEST_MAX];
    const struct tk_value *name;
    struct tk_buf text;
    int rc;

    tk_buf_init(&text, TK_JSON_MAX);
    put_part(&text, tk_str(source->provider));
    put_part(&text, tk_str(kind->name));
    for (uint32_t i = 0; (name = tk_value_item(source->identity, i)) != NULL;
         i++) {
        const struct tk_value *value =
            tk_value_find(variant, tk_value_text(name));

        if (value == NULL) {
            value = tk_value_find(&source->settings, tk_value_text(name));
        }
        /* A provider's new version may name a setting more: until somebody
         * sets it, the tokens are for the same thing. */
        if (value == NULL) continue;
        put_part(&text, tk_value_text(name));
        put_setting(&text, value);
    }
    rc = text.failed != 0 ? text.failed
                          : tk_digest(TK_SHA256, tk_buf_str(&text), digest);
    tk_buf_fini(&text);
    if (rc < 0) return rc;
    memcpy(out, digest, TK_IDENTITY_LEN);
    return 0;
}

/* --- keep --- */

/* "kind", "kind/subject", or "kind" with a star as its subject for
 * all variants. */
static bool is_all_variants(struct tk_str word)
{
    return word.len > 2 && word.data[word.len - 1] == '*' &&
           word.data[word.len - 2] == '/';
}

bool tk_source_keeps(const struct tk_source *source, const struct tk_key *key)
{
    struct tk_str rest = tk_str_skip(key->text, key->source.len + 1);
    const struct tk_value *word;

    for (uint32_t i = 0; (word = tk_value_item(source->keep, i)) != NULL; i++) {
        struct tk_str text = tk_value_text(word);

        if (tk_str_eq(text, rest)) return true;
        if (is_all_variants(text) && key->subject.len > 0 &&
            tk_str_starts(rest, tk_str_of(text.data, text.len - 1))) {
            return true;
        }
    }
    return false;
}

static void call_with(const struct tk_source *source, struct tk_str rest,
                      struct tk_str variant,
                      void (*each)(struct tk_str key, void *data), void *data)
{
    char key[2 * TK_KEY_MAX + 2];
    int len = snprintf(key, sizeof key, "%s/%.*s%.*s", source->name,
                       TK_ARG(rest), TK_ARG(variant));

    if (len > 0 && len < (int)sizeof key) {
        each(tk_str_of(key, (size_t)len), data);
    }
}

void tk_source_each_kept(const struct tk_source *source,
                         void (*each)(struct tk_str key, void *data),
                         void *data)
{
    const struct tk_value *word;

    for (uint32_t i = 0; (word = tk_value_item(source->keep, i)) != NULL; i++) {
        struct tk_str text = tk_value_text(word);

        if (!is_all_variants(text)) {
            call_with(source, text, TK_STR(""), each, data);
            continue;
        }
        text.len--;
        for (uint32_t v = 0; v < source->variants.as.table.pair_count; v++) {
            call_with(source, text, source->variants.as.table.pairs[v].name,
                      each, data);
        }
    }
}
