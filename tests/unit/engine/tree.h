/* tests/unit/engine/tree.h - value trees written as JSON, for tests. Spans of
 * time are texts there as in Lua; secrets cannot be written.
 */
#ifndef TK_TESTS_UNIT_ENGINE_TREE_H
#define TK_TESTS_UNIT_ENGINE_TREE_H

#include "tests/unit/harness.h"

#include "engine/schema.h"
#include "net/json.h"

#include <string.h>

struct tree {
    struct tk_pool pool;
    struct tk_problems problems;
};

static inline int tree_set_up(void **state)
{
    static struct tree tree;

    tk_pool_init(&tree.pool, 1 << 20);
    tk_problems_init(&tree.problems);
    *state = &tree;
    return 0;
}

static inline int tree_tear_down(void **state)
{
    struct tree *tree = *state;

    tk_pool_fini(&tree->pool);
    tk_problems_fini(&tree->problems);
    return 0;
}

/* Apostrophes stand for quotation marks. */
static inline struct tk_value parse(struct tree *tree, const char *json)
{
    char *copy = tk_pool_dup(&tree->pool, tk_str(json));
    struct tk_value value = {.type = TK_NIL};
    struct tk_why why = {0};

    assert_non_null(copy);
    for (char *at = copy; *at != '\0'; at++) {
        if (*at == '\'') *at = '"';
    }
    if (tk_json_parse(tk_str(copy), &tree->pool, &value, &why) != 0) {
        fail_msg("%s: %s", json, why.text);
    }
    return value;
}

static inline const char *problems_of(struct tree *tree)
{
    return tk_buf_text(&tree->problems.text);
}

#define WITH_TREE(test)                                                        \
    cmocka_unit_test_setup_teardown(test, tree_set_up, tree_tear_down)

#endif
