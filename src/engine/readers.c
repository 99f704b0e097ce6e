#define _GNU_SOURCE
#include "engine/readers.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATTERNS_MAX = 1000, GROUP_BYTES = 64 * 1024 };

struct reader {
    const struct tk_value *sources;
    struct tk_pool *pool;
    struct tk_problems *problems;
    char path[TK_PATH_TEXT]; /* of what is being read */
};

static bool is_number(const char *text, gid_t *out)
{
    char *end;
    unsigned long number;

    if (text[0] < '0' || text[0] > '9') return false;
    errno = 0;
    number = strtoul(text, &end, 10);
    *out = (gid_t)number;
    return *end == '\0' && errno == 0 && number < (gid_t)-1;
}

static bool find_group(const char *name, gid_t *out)
{
    struct group group, *found = NULL;
    char *bytes;

    if (is_number(name, out)) return true;
    bytes = malloc(GROUP_BYTES);
    if (bytes == NULL) return false;
    (void)!getgrnam_r(name, &group, bytes, GROUP_BYTES, &found);
    if (found != NULL) *out = found->gr_gid;
    free(bytes);
    return found != NULL;
}

static void read_pattern(struct reader *reader, struct tk_str text,
                         struct tk_reader_group *group)
{
    struct tk_pattern *pattern = &group->keys[group->key_count];

    if (!tk_pattern_read(text, pattern)) {
        tk_problem(reader->problems, reader->path,
                   "'%.*s' must be a key, a source's \"crm/*\" or \"*\"",
                   TK_ARG(text));
        return;
    }
    tk_pattern_check(pattern, reader->sources, reader->path, reader->problems);
    group->key_count++;
}

static void read_patterns(struct reader *reader, const struct tk_value *value,
                          struct tk_reader_group *group)
{
    uint32_t count = value->as.table.item_count;

    if (value->type != TK_LIST || count == 0 || count > PATTERNS_MAX) {
        tk_problem(reader->problems, reader->path,
                   "must be a list of 1 to %d keys, such as { \"crm/*\" }",
                   PATTERNS_MAX);
        return;
    }
    group->keys = tk_pool_take(reader->pool, count * sizeof *group->keys);
    if (group->keys == NULL) {
        tk_problem(reader->problems, reader->path, "%s",
                   tk_err_text(TK_ENOMEM));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        read_pattern(reader, tk_value_text(tk_value_item(value, i)), group);
    }
}

static void read_group(struct reader *reader, const struct tk_pair *pair,
                       struct tk_readers *out)
{
    struct tk_reader_group *group = &out->list[out->count];

    *group = (struct tk_reader_group){.name = pair->name.data};
    snprintf(reader->path, sizeof reader->path, "readers.%.*s",
             TK_ARG(pair->name));
    if (!find_group(group->name, &group->gid)) {
        tk_problem(reader->problems, reader->path,
                   "there is no such group on this host");
        return;
    }
    for (size_t i = 0; i < out->count; i++) {
        if (out->list[i].gid != group->gid) continue;
        tk_problem(reader->problems, reader->path, "is the same group as %s",
                   out->list[i].name);
        return;
    }
    read_patterns(reader, &pair->value, group);
    out->count++;
}

static int by_gid(const void *a, const void *b)
{
    gid_t one = ((const struct tk_reader_group *)a)->gid;
    gid_t other = ((const struct tk_reader_group *)b)->gid;

    return one < other ? -1 : one > other;
}

void tk_readers_read(const struct tk_value *value,
                     const struct tk_value *sources, struct tk_pool *pool,
                     struct tk_readers *out, struct tk_problems *problems)
{
    struct reader reader = {sources, pool, problems, "readers"};

    out->count = 0;
    if (value == NULL) return;
    if ((value->type != TK_TABLE && value->type != TK_LIST) ||
        value->as.table.item_count > 0 ||
        value->as.table.pair_count > TK_READERS_MAX) {
        tk_problem(problems, reader.path,
                   "must be a table of at most %d groups, such as "
                   "{ [\"www-data\"] = { \"crm/*\" } }",
                   TK_READERS_MAX);
        return;
    }
    for (uint32_t i = 0; i < value->as.table.pair_count; i++) {
        read_group(&reader, &value->as.table.pairs[i], out);
    }
    /* The order of a Lua table may be another one at each reading. */
    qsort(out->list, out->count, sizeof *out->list, by_gid);
}

bool tk_reader_group_covers(const struct tk_reader_group *group,
                            struct tk_str key)
{
    for (size_t i = 0; i < group->key_count; i++) {
        if (tk_pattern_covers(&group->keys[i], key)) return true;
    }
    return false;
}

static bool is_same_group(const struct tk_reader_group *a,
                          const struct tk_reader_group *b)
{
    if (a->gid != b->gid || a->key_count != b->key_count) return false;
    for (size_t i = 0; i < a->key_count; i++) {
        if (a->keys[i].is_exact != b->keys[i].is_exact ||
            !tk_str_eq(a->keys[i].start, b->keys[i].start)) {
            return false;
        }
    }
    return true;
}

bool tk_readers_same(const struct tk_readers *a, const struct tk_readers *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!is_same_group(&a->list[i], &b->list[i])) return false;
    }
    return true;
}

tk_readers_set tk_readers_of(const struct tk_readers *readers,
                             const gid_t *gids, size_t count)
{
    tk_readers_set set = 0;

    for (size_t i = 0; i < readers->count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (readers->list[i].gid == gids[j]) set |= UINT32_C(1) << i;
        }
    }
    return set;
}

bool tk_readers_may(const struct tk_readers *readers, tk_readers_set set,
                    struct tk_str key)
{
    for (size_t i = 0; i < readers->count; i++) {
        if ((set >> i & 1) != 0 &&
            tk_reader_group_covers(&readers->list[i], key)) {
            return true;
        }
    }
    return false;
}

bool tk_readers_see(const struct tk_readers *readers, tk_readers_set set,
                    struct tk_str source)
{
    for (size_t i = 0; i < readers->count; i++) {
        const struct tk_reader_group *group = &readers->list[i];

        for (size_t j = 0; (set >> i & 1) != 0 && j < group->key_count; j++) {
            if (tk_pattern_names(&group->keys[j], source)) return true;
        }
    }
    return false;
}
