/* tests/unit/tree_text.h - value trees written as JSON. Apostrophes stand for
 * quotation marks.
 */
#ifndef TK_TESTS_UNIT_TREE_TEXT_H
#define TK_TESTS_UNIT_TREE_TEXT_H

#include "tests/unit/harness.h"

#include "net/json.h"

static inline struct tk_value tree_of(struct tk_pool *pool, const char *json)
{
    char *copy = tk_pool_dup(pool, tk_str(json));
    struct tk_value value = {.type = TK_NIL};
    struct tk_why why = {0};

    assert_non_null(copy);
    for (char *at = copy; *at != '\0'; at++) {
        if (*at == '\'') *at = '"';
    }
    if (tk_json_parse(tk_str(copy), pool, &value, &why) != 0) {
        fail_msg("%s: %s", json, why.text);
    }
    return value;
}

/* Kept in the pool. */
static inline const char *text_of(struct tk_pool *pool,
                                  const struct tk_value *tree)
{
    struct tk_buf out;
    const char *text;

    tk_buf_init(&out, 1 << 20);
    assert_int_equal(tk_json_write(&out, tree), 0);
    for (size_t i = 0; i < out.len; i++) {
        if (out.data[i] == '"') out.data[i] = '\'';
    }
    text = tk_pool_dup(pool, tk_buf_str(&out));
    tk_buf_fini(&out);
    assert_non_null(text);
    return text;
}

#endif
