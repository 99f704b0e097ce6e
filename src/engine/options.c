#include "engine/options.h"

#include <stdlib.h>

enum { VALUES_MAX_BYTES = 64 * 1024 };

/* --- as the operator wants them --- */

static int keep_fields(struct tk_options *options,
                       const struct tk_field *fields, size_t count)
{
    options->fields = calloc(count + 1, sizeof *options->fields);
    options->is_pinned = calloc(count + 1, sizeof *options->is_pinned);
    if (options->fields == NULL || options->is_pinned == NULL) {
        return TK_ENOMEM;
    }
    if (count > 0) memcpy(options->fields, fields, count * sizeof *fields);
    options->count = count;
    return 0;
}

/* A copy, so that it outlives the file it was written in. */
static int keep_values(struct tk_options *options,
                       const struct tk_value *settled)
{
    struct tk_value copy;
    struct tk_pool pool;
    int rc;

    tk_pool_init(&pool, VALUES_MAX_BYTES);
    rc = tk_value_copy(&pool, settled, &copy);
    if (rc != 0) {
        tk_pool_fini(&pool);
        return rc;
    }
    tk_pool_fini(&options->pool);
    options->pool = pool;
    options->values = copy;
    return 0;
}

static int settle(struct tk_options *options, const struct tk_value *given)
{
    struct tk_value settled;
    struct tk_pool pool;
    int rc = TK_ENOMEM;

    tk_pool_init(&pool, VALUES_MAX_BYTES);
    settled = tk_schema_settle(&pool, given, options->fields, options->count);
    if (settled.type != TK_NIL) rc = keep_values(options, &settled);
    tk_pool_fini(&pool);
    for (size_t i = 0; i < options->count; i++) {
        options->is_pinned[i] =
            tk_value_find(given, options->fields[i].name) != NULL;
    }
    return rc;
}

int tk_options_open(struct tk_options *options, const char *path,
                    const struct tk_value *declared,
                    const struct tk_value *choice, struct tk_problems *problems)
{
    const struct tk_value *given = choice->type == TK_TEXT ? NULL : choice;
    struct tk_field fields[TK_FIELDS_MAX];
    unsigned before = problems->count;
    size_t count = tk_schema_declared(path, declared, fields, problems);
    int rc;

    *options = (struct tk_options){.values = {.type = TK_TABLE}};
    tk_pool_init(&options->pool, VALUES_MAX_BYTES);
    tk_schema_check(path, given, fields, count, true, problems);
    if (problems->count > before) return TK_EINVAL;
    rc = keep_fields(options, fields, count);
    if (rc == 0) rc = settle(options, given);
    if (rc != 0) {
        tk_problem(problems, path, "the options: %s", tk_err_text(rc));
        tk_options_close(options);
    }
    return rc;
}

void tk_options_close(struct tk_options *options)
{
    free(options->fields);
    free(options->is_pinned);
    tk_pool_fini(&options->pool);
    *options = (struct tk_options){0};
}

/* --- as the script moves them --- */

static bool is_same(const struct tk_value *a, const struct tk_value *b);

static bool is_same_table(const struct tk_value *a, const struct tk_value *b)
{
    if (a->as.table.item_count != b->as.table.item_count ||
        a->as.table.pair_count != b->as.table.pair_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->as.table.item_count; i++) {
        if (!is_same(&a->as.table.items[i], &b->as.table.items[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < a->as.table.pair_count; i++) {
        const struct tk_pair *pair = &a->as.table.pairs[i];
        const struct tk_value *other = tk_value_find(b, pair->name);

        if (other == NULL || !is_same(&pair->value, other)) return false;
    }
    return true;
}

static bool is_same(const struct tk_value *a, const struct tk_value *b)
{
    double x;
    double y;

    if (tk_value_num(a, &x) && tk_value_num(b, &y)) return !(x < y || x > y);
    if (a->type != b->type) return false;
    switch (a->type) {
    case TK_BOOL:
        return a->as.flag == b->as.flag;
    case TK_TEXT:
        return tk_str_eq(a->as.text, b->as.text);
    case TK_TABLE:
    case TK_LIST:
        return is_same_table(a, b);
    default:
        return true;
    }
}

/* What the option is to be, in the place of what it was. */
static void move_one(struct tk_options *options, size_t at,
                     const struct tk_value *moved, struct tk_pair *pair,
                     bool *changed, struct tk_problems *problems)
{
    const struct tk_field *field = &options->fields[at];
    const struct tk_value *value = tk_value_find(moved, field->name);

    if (value == NULL) {
        tk_problem(problems, field->name.data, "was taken away by tick");
        return;
    }
    if (options->is_pinned[at] || is_same(value, &pair->value)) return;
    tk_schema_check_settled(field->name.data, value, field, problems);
    pair->value = *value;
    *changed = true;
}

static bool find(const struct tk_options *options, struct tk_str name,
                 size_t *at)
{
    for (*at = 0; *at < options->count; ++*at) {
        if (tk_str_eq(options->fields[*at].name, name)) return true;
    }
    return false;
}

/* `next` is a shallow copy of the values, and gets the new ones. */
static void move_all(struct tk_options *options, const struct tk_value *moved,
                     struct tk_value *next, bool *changed,
                     struct tk_problems *problems)
{
    size_t at;

    for (uint32_t i = 0; i < next->as.table.pair_count; i++) {
        if (find(options, next->as.table.pairs[i].name, &at)) {
            move_one(options, at, moved, &next->as.table.pairs[i], changed,
                     problems);
        }
    }
    for (uint32_t i = 0; i < moved->as.table.pair_count; i++) {
        struct tk_str name = moved->as.table.pairs[i].name;

        if (tk_value_find(next, name) == NULL) {
            tk_problem(problems, name.data,
                       "is no option with a default, and cannot be set by "
                       "tick");
        }
    }
}

static int copy_shallow(struct tk_pool *pool, const struct tk_value *from,
                        struct tk_value *out)
{
    uint32_t count = from->as.table.pair_count;

    *out = tk_value_of_table(pool, 0, count);
    if (out->type == TK_NIL) return TK_ENOMEM;
    if (count > 0) {
        memcpy(out->as.table.pairs, from->as.table.pairs,
               count * sizeof *out->as.table.pairs);
    }
    return 0;
}

static int take_over(struct tk_options *options, const struct tk_value *moved,
                     struct tk_pool *pool, bool *changed, struct tk_why *why)
{
    struct tk_problems problems;
    struct tk_value next;
    int rc = copy_shallow(pool, &options->values, &next);

    if (rc != 0) return tk_fail(why, rc, "%s", tk_err_text(rc));
    tk_problems_init(&problems);
    move_all(options, moved, &next, changed, &problems);
    if (problems.count > 0) {
        struct tk_str rest = tk_buf_str(&problems.text);
        struct tk_str first = tk_str_cut(&rest, '\n');

        rc = tk_fail(why, TK_ESCRIPT, "options.%.*s", TK_ARG(first));
    } else if (*changed) {
        rc = keep_values(options, &next);
        if (rc != 0) tk_fail(why, rc, "the options: %s", tk_err_text(rc));
    }
    tk_problems_fini(&problems);
    return rc;
}

int tk_options_move(struct tk_options *options, const struct tk_value *moved,
                    bool *changed, struct tk_why *why)
{
    struct tk_pool pool;
    int rc;

    *changed = false;
    tk_pool_init(&pool, VALUES_MAX_BYTES);
    rc = take_over(options, moved, &pool, changed, why);
    tk_pool_fini(&pool);
    if (rc != 0) *changed = false;
    return rc;
}
