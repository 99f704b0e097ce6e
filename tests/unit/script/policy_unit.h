/* tests/unit/script/policy_unit.h - one policy whose functions a test writes.
 */
#ifndef TK_TESTS_UNIT_SCRIPT_POLICY_UNIT_H
#define TK_TESTS_UNIT_SCRIPT_POLICY_UNIT_H

#include "tests/unit/script/script_file.h"
#include "tests/unit/tree_text.h"

struct policy_unit {
    struct tk_unit *unit;
    struct tk_pool pool;
    struct tk_why why;
};

static inline int policy_unit_set_up(void **state)
{
    static struct policy_unit p;

    p = (struct policy_unit){0};
    tk_pool_init(&p.pool, 1 << 20);
    *state = &p;
    return 0;
}

static inline int policy_unit_tear_down(void **state)
{
    struct policy_unit *p = *state;

    tk_unit_close(p->unit);
    tk_pool_fini(&p->pool);
    return 0;
}

/* Opens a policy of these functions; `policy` is its table. */
TK_PRINTF(2, 3)
static inline void policy_open(struct policy_unit *p, const char *format, ...)
{
    static const char frame[] = "local policy = { api = 1, name = 'x' }\n"
                                "function policy.decide() end\n%s\n"
                                "return policy\n";
    char functions[2048];
    char text[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(functions, sizeof functions, format, args);
    va_end(args);
    snprintf(text, sizeof text, frame, functions);
    tk_unit_close(p->unit);
    p->unit = script_open(TK_UNIT_POLICY, text, &p->why);
    if (p->unit == NULL) fail_msg("%s", p->why.text);
}

#define WITH_POLICY(test)                                                      \
    cmocka_unit_test_setup_teardown(test, policy_unit_set_up,                  \
                                    policy_unit_tear_down)

#endif
