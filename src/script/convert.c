#include "script/convert.h"

#include "script/opaque.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_TEXT = 200 };

/* Where the walk is: one step for each table that is open. Lives on the C
 * stack. */
struct step {
    const struct step *outer;
    const void *table; /* to find a cycle */
    struct tk_str name;
    uint32_t item; /* counted from 1; 0: `name` */
};

struct walk {
    lua_State *L;
    const struct tk_convert *how;
    struct tk_pool *pool;
    struct tk_why *why;
};

/* --- messages --- */

static void print_path(const struct step *step, char *out, size_t *len)
{
    char part[80];

    if (step == NULL) return;
    print_path(step->outer, out, len);
    if (step->outer == NULL) return;
    if (step->item > 0) {
        snprintf(part, sizeof part, "[%u]", step->item);
    } else {
        snprintf(part, sizeof part, "%s%.*s", *len == 0 ? "" : ".",
                 (int)(step->name.len < 64 ? step->name.len : 64),
                 step->name.data);
    }
    *len += (size_t)snprintf(out + *len, PATH_TEXT - *len, "%s", part);
    if (*len >= PATH_TEXT) *len = PATH_TEXT - 1;
}

static int refuse(const struct walk *walk, const struct step *step,
                  const char *what)
{
    char path[PATH_TEXT] = "";
    size_t len = 0;

    print_path(step, path, &len);
    return tk_fail(walk->why, TK_EINVAL, "%s: %s",
                   len == 0 ? walk->how->root : path, what);
}

static int no_memory(const struct walk *walk)
{
    return tk_fail(walk->why, TK_ENOMEM, "%s: too large", walk->how->root);
}

/* --- from Lua --- */

static int take_value(const struct walk *walk, const struct step *step,
                      struct tk_value *out);

static bool is_skipped(const struct walk *walk)
{
    return walk->how->skip_functions && lua_isfunction(walk->L, -1);
}

/* Counts the named members of the table on top; -1 if a key is neither a text
 * nor one of 1, 2, 3 ... `items`. */
static int64_t count_pairs(const struct walk *walk, lua_Unsigned items)
{
    lua_State *L = walk->L;
    int64_t pairs = 0;

    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        bool is_item = lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
                       (lua_Unsigned)lua_tointeger(L, -2) <= items;

        if (!is_item && lua_type(L, -2) != LUA_TSTRING) {
            lua_pop(L, 2);
            return -1;
        }
        if (!is_item && !is_skipped(walk)) pairs++;
        lua_pop(L, 1);
    }
    return pairs;
}

static int compare_pairs(const void *left, const void *right)
{
    const struct tk_pair *a = left;
    const struct tk_pair *b = right;
    size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
    int order = memcmp(a->name.data, b->name.data, len);

    if (order != 0) return order;
    return a->name.len < b->name.len ? -1 : a->name.len > b->name.len;
}

static int take_items(const struct walk *walk, const struct step *step,
                      struct tk_value *out)
{
    struct step inner = {.outer = step};
    int rc = 0;

    for (uint32_t i = 0; i < out->as.table.item_count && rc == 0; i++) {
        inner.item = i + 1;
        lua_rawgeti(walk->L, -1, (lua_Integer)i + 1);
        rc = take_value(walk, &inner, &out->as.table.items[i]);
        lua_pop(walk->L, 1);
    }
    return rc;
}

/* The pair whose name and value lie on top. */
static int take_pair(const struct walk *walk, const struct step *step,
                     struct tk_pair *out)
{
    struct step inner = {.outer = step};
    const char *copy;

    inner.name.data = lua_tolstring(walk->L, -2, &inner.name.len);
    copy = tk_pool_dup(walk->pool, inner.name);
    if (copy == NULL) return no_memory(walk);
    out->name = tk_str_of(copy, inner.name.len);
    return take_value(walk, &inner, &out->value);
}

static int take_pairs(const struct walk *walk, const struct step *step,
                      struct tk_value *out)
{
    struct tk_pair *pairs = out->as.table.pairs;
    lua_State *L = walk->L;
    uint32_t filled = 0;

    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        if (lua_type(L, -2) == LUA_TSTRING && !is_skipped(walk)) {
            int rc = take_pair(walk, step, &pairs[filled++]);

            if (rc != 0) {
                lua_pop(L, 2);
                return rc;
            }
        }
        lua_pop(L, 1);
    }
    if (filled > 1) qsort(pairs, filled, sizeof *pairs, compare_pairs);
    return 0;
}

static int check_depth(const struct walk *walk, const struct step *step)
{
    const void *table = lua_topointer(walk->L, -1);
    int depth = 0;

    for (const struct step *at = step->outer; at != NULL; at = at->outer) {
        if (at->table == table) return refuse(walk, step, "contains itself");
        depth++;
    }
    if (depth >= walk->how->depth_max || !lua_checkstack(walk->L, 8)) {
        return refuse(walk, step, "lies too deep");
    }
    return 0;
}

static int take_table(const struct walk *walk, struct step *step,
                      struct tk_value *out)
{
    lua_Unsigned items = lua_rawlen(walk->L, -1);
    int64_t pairs;
    int rc = check_depth(walk, step);

    if (rc != 0) return rc;
    step->table = lua_topointer(walk->L, -1);
    pairs = count_pairs(walk, items);
    if (pairs < 0) {
        return refuse(walk, step,
                      "has a key that is neither a text nor one of 1, 2, 3 "
                      "...");
    }
    if (items > UINT32_MAX || pairs > UINT32_MAX) return no_memory(walk);
    *out = tk_value_of_table(walk->pool, (uint32_t)items, (uint32_t)pairs);
    if (out->type == TK_NIL) return no_memory(walk);
    if (items > 0 && pairs == 0) out->type = TK_LIST;
    rc = take_items(walk, step, out);
    return rc == 0 ? take_pairs(walk, step, out) : rc;
}

static int take_number(const struct walk *walk, const struct step *step,
                       struct tk_value *out)
{
    double number = lua_tonumber(walk->L, -1);

    if (lua_isinteger(walk->L, -1)) {
        *out = tk_value_of_int(lua_tointeger(walk->L, -1));
        return 0;
    }
    if (!isfinite(number)) {
        return refuse(walk, step, "is a number that is not finite");
    }
    *out = (struct tk_value){.type = TK_NUM, .as.number = number};
    return 0;
}

static int take_text(const struct walk *walk, struct tk_value *out)
{
    struct tk_str text;

    text.data = lua_tolstring(walk->L, -1, &text.len);
    *out = tk_value_of_text(walk->pool, text);
    return out->type == TK_NIL ? no_memory(walk) : 0;
}

static int take_other(const struct walk *walk, const struct step *step,
                      struct tk_value *out)
{
    struct tk_secret *secret = tk_opaque_get(walk->L, -1);
    char what[64];

    if (secret != NULL) {
        *out = (struct tk_value){.type = TK_SECRET, .as.secret = secret};
        return 0;
    }
    snprintf(what, sizeof what, "a %s is no value here",
             lua_typename(walk->L, lua_type(walk->L, -1)));
    return refuse(walk, step, what);
}

/* Converts the value on top and leaves it there. */
static int take_value(const struct walk *walk, const struct step *step,
                      struct tk_value *out)
{
    struct step here = *step;

    *out = (struct tk_value){.type = TK_NIL};
    switch (lua_type(walk->L, -1)) {
    case LUA_TNIL:
        return 0;
    case LUA_TBOOLEAN:
        *out = (struct tk_value){.type = TK_BOOL,
                                 .as.flag = lua_toboolean(walk->L, -1) != 0};
        return 0;
    case LUA_TNUMBER:
        return take_number(walk, step, out);
    case LUA_TSTRING:
        return take_text(walk, out);
    case LUA_TTABLE:
        return take_table(walk, &here, out);
    default:
        return take_other(walk, step, out);
    }
}

int tk_convert_take(lua_State *L, int index, const struct tk_convert *how,
                    struct tk_pool *pool, struct tk_value *out,
                    struct tk_why *why)
{
    struct walk walk = {.L = L, .how = how, .pool = pool, .why = why};
    struct step root = {0};
    int rc;

    *out = (struct tk_value){.type = TK_NIL};
    if (!lua_checkstack(L, 8)) return no_memory(&walk);
    lua_pushvalue(L, index);
    rc = take_value(&walk, &root, out);
    lua_pop(L, 1);
    if (rc != 0) *out = (struct tk_value){.type = TK_NIL};
    return rc;
}

/* --- to Lua --- */

static void push_table(lua_State *L, const struct tk_value *value)
{
    uint32_t items = value->as.table.item_count;
    uint32_t pairs = value->as.table.pair_count;

    luaL_checkstack(L, 4, "values lie too deep");
    lua_createtable(L, items > INT32_MAX ? 0 : (int)items,
                    pairs > INT32_MAX ? 0 : (int)pairs);
    for (uint32_t i = 0; i < items; i++) {
        tk_convert_push(L, &value->as.table.items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    for (uint32_t i = 0; i < pairs; i++) {
        const struct tk_pair *pair = &value->as.table.pairs[i];

        lua_pushlstring(L, pair->name.data, pair->name.len);
        tk_convert_push(L, &pair->value);
        lua_rawset(L, -3);
    }
}

void tk_convert_push(lua_State *L, const struct tk_value *value)
{
    switch (value->type) {
    case TK_NIL:
        lua_pushnil(L);
        break;
    case TK_BOOL:
        lua_pushboolean(L, value->as.flag);
        break;
    case TK_INT:
        lua_pushinteger(L, value->as.integer);
        break;
    case TK_NUM:
        lua_pushnumber(L, value->as.number);
        break;
    case TK_TEXT:
        lua_pushlstring(L, value->as.text.data, value->as.text.len);
        break;
    case TK_SECRET:
        tk_opaque_push(L, value->as.secret);
        break;
    case TK_TABLE:
    case TK_LIST:
        push_table(L, value);
        break;
    }
}
