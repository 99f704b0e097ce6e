/* tests/unit/engine/tree.h - value trees written as JSON, for tests. Spans of
 * time are texts there as in Lua; secrets cannot be written.
 */
#ifndef TK_TESTS_UNIT_ENGINE_TREE_H
#define TK_TESTS_UNIT_ENGINE_TREE_H

#include "tests/unit/tree_text.h"

#include "engine/schema.h"

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

static inline struct tk_value parse(struct tree *tree, const char *json)
{
    return tree_of(&tree->pool, json);
}

static inline const char *problems_of(struct tree *tree)
{
    return tk_buf_text(&tree->problems.text);
}

#define WITH_TREE(test)                                                        \
    cmocka_unit_test_setup_teardown(test, tree_set_up, tree_tear_down)

#endif
