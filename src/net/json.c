/* Reading: tk_json_check admits the text, cJSON builds its tree, the tree is
 * copied into the pool and wiped. What cJSON gets is always well-formed, so
 * that it can fail only for lack of memory. */
#define _DEFAULT_SOURCE
#include "net/json.h"

#include "base/map.h"
#include "net/json_check.h"

#include <cjson/cJSON.h>
#include <math.h>

/* Up to here comparing each name with each is cheaper than a map. */
enum { FEW_NAMES = 16 };

/* cJSON frees its copies as they are; these may hold a token. Numbers and the
 * shape of the tree stay. */
static void wipe(cJSON *node)
{
    for (; node != NULL; node = node->next) {
        if (node->valuestring != NULL) {
            explicit_bzero(node->valuestring, strlen(node->valuestring));
        }
        if (node->string != NULL) {
            explicit_bzero(node->string, strlen(node->string));
        }
        wipe(node->child);
    }
}

static uint32_t count_children(const cJSON *node)
{
    uint32_t count = 0;

    for (node = node->child; node != NULL; node = node->next) count++;
    return count;
}

static int no_memory(struct tk_why *why)
{
    return tk_fail(why, TK_ENOMEM, "JSON: no memory for the document");
}

static int name_twice(struct tk_why *why)
{
    return tk_fail(why, TK_EINVAL, "JSON: an object has a name twice");
}

static int convert(const cJSON *node, struct tk_pool *pool,
                   struct tk_value *out, struct tk_why *why);

/* From 2^53 on a double stands for more than one whole number, so that its
 * last digits may be another's. */
static int convert_number(double number, struct tk_value *out,
                          struct tk_why *why)
{
    if (!isfinite(number)) {
        return tk_fail(why, TK_EINVAL, "JSON: a number is out of range");
    }
    if (fabs(number) < 9007199254740992.0 && trunc(number) == number) {
        *out = tk_value_of_int((int64_t)number);
    } else {
        *out = (struct tk_value){.type = TK_NUM, .as.number = number};
    }
    return 0;
}

static int convert_text(const char *text, struct tk_pool *pool,
                        struct tk_value *out, struct tk_why *why)
{
    *out = tk_value_of_text(pool, tk_str(text));
    return out->type == TK_NIL ? no_memory(why) : 0;
}

static int convert_list(const cJSON *node, struct tk_pool *pool,
                        struct tk_value *out, struct tk_why *why)
{
    struct tk_value *item;

    *out = tk_value_of_table(pool, count_children(node), 0);
    if (out->type == TK_NIL) return no_memory(why);
    out->type = TK_LIST;
    item = out->as.table.items;
    for (node = node->child; node != NULL; node = node->next) {
        int rc = convert(node, pool, item++, why);

        if (rc != 0) return rc;
    }
    return 0;
}

/* Names of one object, compared as decoded: "a" and "\u0061" are the same. */
static int check_names(const struct tk_value *object, struct tk_why *why)
{
    const struct tk_pair *pairs = object->as.table.pairs;
    uint32_t count = object->as.table.pair_count;
    struct tk_map seen;
    int rc = 0;

    if (count <= FEW_NAMES) {
        for (uint32_t i = 1; i < count; i++) {
            if (tk_value_find(object, pairs[i].name) != &pairs[i].value) {
                return name_twice(why);
            }
        }
        return 0;
    }
    tk_map_init(&seen);
    for (uint32_t i = 0; i < count && rc == 0; i++) {
        if (tk_map_get(&seen, pairs[i].name) != NULL) {
            rc = name_twice(why);
        } else if (tk_map_put(&seen, pairs[i].name, &seen) != 0) {
            rc = no_memory(why);
        }
    }
    tk_map_fini(&seen);
    return rc;
}

static int convert_object(const cJSON *node, struct tk_pool *pool,
                          struct tk_value *out, struct tk_why *why)
{
    struct tk_pair *pair;

    *out = tk_value_of_table(pool, 0, count_children(node));
    if (out->type == TK_NIL) return no_memory(why);
    pair = out->as.table.pairs;
    for (node = node->child; node != NULL; node = node->next, pair++) {
        struct tk_value name;
        int rc = convert_text(node->string, pool, &name, why);

        if (rc != 0) return rc;
        pair->name = name.as.text;
        rc = convert(node, pool, &pair->value, why);
        if (rc != 0) return rc;
    }
    return check_names(out, why);
}

static int convert(const cJSON *node, struct tk_pool *pool,
                   struct tk_value *out, struct tk_why *why)
{
    if (cJSON_IsObject(node)) return convert_object(node, pool, out, why);
    if (cJSON_IsArray(node)) return convert_list(node, pool, out, why);
    if (cJSON_IsString(node)) {
        return convert_text(node->valuestring, pool, out, why);
    }
    if (cJSON_IsNumber(node)) {
        return convert_number(node->valuedouble, out, why);
    }
    *out = (struct tk_value){.type = TK_NIL};
    if (cJSON_IsBool(node)) {
        *out = (struct tk_value){.type = TK_BOOL,
                                 .as.flag = cJSON_IsTrue(node) != 0};
    }
    return 0;
}

int tk_json_parse(struct tk_str text, struct tk_pool *pool,
                  struct tk_value *out, struct tk_why *why)
{
    size_t values = 0;
    cJSON *tree;
    int rc;

    *out = (struct tk_value){.type = TK_NIL};
    if (text.len > TK_JSON_MAX) {
        return tk_fail(why, TK_ETOOBIG, "JSON: more than %d bytes",
                       TK_JSON_MAX);
    }
    rc = tk_json_check(text, TK_JSON_DEPTH, &values, why);
    if (rc != 0) return rc;
    /* cJSON takes some 40 bytes of memory for a byte of "[0,0,0": what the
     * pool cannot hold is not built in the first place. */
    if (values > (pool->max - pool->used) / sizeof *out) return no_memory(why);
    tree = cJSON_ParseWithLength(text.data, text.len);
    if (tree == NULL) return no_memory(why);
    rc = convert(tree, pool, out, why);
    wipe(tree);
    cJSON_Delete(tree);
    if (rc != 0) *out = (struct tk_value){.type = TK_NIL};
    return rc;
}
