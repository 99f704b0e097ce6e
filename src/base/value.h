/* base/value.h - a tree of plain values: a configuration file, an issuer's
 * answer, a script's result. What crosses from JSON or Lua into C crosses as
 * this, so that cJSON and lua.h stay in their files.
 *
 * Every byte lives in the pool that the tree was built in.
 */
#ifndef TK_BASE_VALUE_H
#define TK_BASE_VALUE_H

#include "base/pool.h"
#include "base/secret.h"

#include <stdint.h>

enum tk_type {
    TK_NIL,
    TK_BOOL,
    TK_INT, /* a whole number that a double holds exactly, or a Lua integer */
    TK_NUM, /* any other finite number */
    TK_TEXT,
    TK_SECRET,
    TK_TABLE, /* Lua table, JSON object */
    TK_LIST,  /* JSON array; a Lua table with items and no names */
};

struct tk_pair;

struct tk_value {
    enum tk_type type;
    union {
        bool flag;
        int64_t integer;
        double number;
        struct tk_str text;       /* terminated */
        struct tk_secret *secret; /* borrowed from who made it */
        struct {
            struct tk_value *items; /* positional: 1, 2, 3 ... in Lua */
            struct tk_pair *pairs;  /* named, in the order of the source */
            uint32_t item_count;
            uint32_t pair_count;
        } table;
    } as;
};

struct tk_pair {
    struct tk_str name; /* terminated */
    struct tk_value value;
};

/* The value under `name`, or NULL if `table` is no table or has none. A NULL
 * `table` is allowed, so that look-ups chain. */
const struct tk_value *tk_value_get(const struct tk_value *table,
                                    const char *name);
const struct tk_value *tk_value_find(const struct tk_value *table,
                                     struct tk_str name);
/* The item at `index`, counted from 0, or NULL. */
const struct tk_value *tk_value_item(const struct tk_value *list,
                                     uint32_t index);

/* The text, or an empty view whose data is NULL if it is no text. */
struct tk_str tk_value_text(const struct tk_value *value);
/* Does `value` hold a whole number (also one written as 7200.0)? */
bool tk_value_int(const struct tk_value *value, int64_t *out);
/* Does `value` hold any number? */
bool tk_value_num(const struct tk_value *value, double *out);
/* "a text", "a number", "a table", ... for messages. */
const char *tk_value_type_name(const struct tk_value *value);

/* Building. Values are returned by value; a table's room is fixed at the
 * start: set its pairs and items by index. On lack of memory the type is
 * TK_NIL. */
struct tk_value tk_value_of_int(int64_t number);
struct tk_value tk_value_of_text(struct tk_pool *pool, struct tk_str text);
struct tk_value tk_value_of_table(struct tk_pool *pool, uint32_t items,
                                  uint32_t pairs);
/* A deep copy into `pool`; secrets stay borrowed. */
TK_MUST_USE int tk_value_copy(struct tk_pool *pool, const struct tk_value *from,
                              struct tk_value *out);

#endif
