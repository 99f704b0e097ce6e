#include "base/value.h"

static bool has_table(const struct tk_value *value)
{
    return value != NULL && (value->type == TK_TABLE || value->type == TK_LIST);
}

const struct tk_value *tk_value_find(const struct tk_value *table,
                                     struct tk_str name)
{
    if (!has_table(table)) return NULL;
    for (uint32_t i = 0; i < table->as.table.pair_count; i++) {
        struct tk_pair *pair = &table->as.table.pairs[i];

        if (tk_str_eq(pair->name, name)) return &pair->value;
    }
    return NULL;
}

const struct tk_value *tk_value_get(const struct tk_value *table,
                                    const char *name)
{
    return tk_value_find(table, tk_str(name));
}

const struct tk_value *tk_value_item(const struct tk_value *list,
                                     uint32_t index)
{
    if (!has_table(list) || index >= list->as.table.item_count) return NULL;
    return &list->as.table.items[index];
}

struct tk_str tk_value_text(const struct tk_value *value)
{
    if (value == NULL || value->type != TK_TEXT) return tk_str_of(NULL, 0);
    return value->as.text;
}

/* 2^53: from there on a double no longer tells neighbours apart. Also false
 * for what is no number. */
static bool is_exact(double number)
{
    return number > -9007199254740992.0 && number < 9007199254740992.0 &&
           (double)(int64_t)number == number;
}

bool tk_value_int(const struct tk_value *value, int64_t *out)
{
    if (value == NULL) return false;
    if (value->type == TK_INT) {
        *out = value->as.integer;
        return true;
    }
    if (value->type != TK_NUM || !is_exact(value->as.number)) return false;
    *out = (int64_t)value->as.number;
    return true;
}

bool tk_value_num(const struct tk_value *value, double *out)
{
    if (value == NULL || (value->type != TK_INT && value->type != TK_NUM)) {
        return false;
    }
    *out = value->type == TK_INT ? (double)value->as.integer : value->as.number;
    return true;
}

const char *tk_value_type_name(const struct tk_value *value)
{
    switch (value == NULL ? TK_NIL : value->type) {
    case TK_BOOL:
        return "true or false";
    case TK_INT:
    case TK_NUM:
        return "a number";
    case TK_TEXT:
        return "a text";
    case TK_SECRET:
        return "a secret";
    case TK_TABLE:
        return "a table";
    case TK_LIST:
        return "a list";
    case TK_NIL:
        break;
    }
    return "nothing";
}

struct tk_value tk_value_of_int(int64_t number)
{
    return (struct tk_value){.type = TK_INT, .as.integer = number};
}

struct tk_value tk_value_of_text(struct tk_pool *pool, struct tk_str text)
{
    const char *copy = tk_pool_dup(pool, text);

    if (copy == NULL) return (struct tk_value){.type = TK_NIL};
    return (struct tk_value){.type = TK_TEXT,
                             .as.text = tk_str_of(copy, text.len)};
}

struct tk_value tk_value_of_table(struct tk_pool *pool, uint32_t items,
                                  uint32_t pairs)
{
    struct tk_value table = {.type = TK_TABLE};

    table.as.table.items =
        tk_pool_take(pool, items * sizeof *table.as.table.items);
    table.as.table.pairs =
        tk_pool_take(pool, pairs * sizeof *table.as.table.pairs);
    if (table.as.table.items == NULL || table.as.table.pairs == NULL) {
        return (struct tk_value){.type = TK_NIL};
    }
    table.as.table.item_count = items;
    table.as.table.pair_count = pairs;
    return table;
}

static int copy_table(struct tk_pool *pool, const struct tk_value *from,
                      struct tk_value *out)
{
    uint32_t items = from->as.table.item_count;
    uint32_t pairs = from->as.table.pair_count;

    *out = tk_value_of_table(pool, items, pairs);
    if (out->type == TK_NIL) return TK_ENOMEM;
    out->type = from->type;
    for (uint32_t i = 0; i < items; i++) {
        int rc = tk_value_copy(pool, &from->as.table.items[i],
                               &out->as.table.items[i]);
        if (rc != 0) return rc;
    }
    for (uint32_t i = 0; i < pairs; i++) {
        const struct tk_pair *pair = &from->as.table.pairs[i];
        const char *name = tk_pool_dup(pool, pair->name);
        int rc;

        if (name == NULL) return TK_ENOMEM;
        out->as.table.pairs[i].name = tk_str_of(name, pair->name.len);
        rc = tk_value_copy(pool, &pair->value, &out->as.table.pairs[i].value);
        if (rc != 0) return rc;
    }
    return 0;
}

int tk_value_copy(struct tk_pool *pool, const struct tk_value *from,
                  struct tk_value *out)
{
    if (has_table(from)) return copy_table(pool, from, out);
    *out = *from;
    if (from->type == TK_TEXT) {
        *out = tk_value_of_text(pool, from->as.text);
        if (out->type == TK_NIL) return TK_ENOMEM;
    }
    return 0;
}
