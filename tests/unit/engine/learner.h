/* tests/unit/engine/learner.h - the fixture's fleet under a script of the
 * test's own, which notes what it sees in its state.
 */
#ifndef TK_TESTS_UNIT_ENGINE_LEARNER_H
#define TK_TESTS_UNIT_ENGINE_LEARNER_H

#include "tests/unit/engine/fixture.h"
#include "tests/unit/script/script_file.h"
#include "tests/unit/tree_text.h"

#include "engine/tick.h"

/* `functions` may add to `policy`; decide renews 900 s before the end if it
 * does not say otherwise. */
static inline void use_script(struct fixture *f, const char *functions)
{
    static const struct tk_value none = {.type = TK_TABLE};
    struct tk_problems problems;
    struct tk_why why;
    char text[4096];

    snprintf(text, sizeof text,
             "local policy = { api = 1, name = 'x', state = {} }\n"
             "local function note(text) local s = policy.state\n"
             "  s[#s + 1] = text end\n"
             "function policy.decide(token)\n"
             "  return renew(token.remaining - 900, 'x') end\n"
             "%s\nreturn policy\n",
             functions);
    f->policy.unit = script_open(TK_UNIT_POLICY, text, &why);
    if (f->policy.unit == NULL) fail_msg("%s", why.text);
    tk_problems_init(&problems);
    if (tk_options_open(&f->policy.options, "policy",
                        tk_value_get(tk_unit_about(f->policy.unit), "options"),
                        &none, &problems) != 0 ||
        tk_unit_set_options(f->policy.unit, &f->policy.options.values, &why) !=
            0) {
        fail_msg("%s%s", tk_buf_text(&problems.text), why.text);
    }
    tk_problems_fini(&problems);
    tk_tick_start(f->fleet, &f->policy, f->now);
}

/* What the script has noted since the last look, with ' ' between. */
static inline const char *noted(struct fixture *f)
{
    static const struct tk_value none = {.type = TK_TABLE};
    static char text[2048];
    const struct tk_value *item;
    struct tk_value state;
    struct tk_pool pool;
    struct tk_why why;
    size_t len = 0;

    tk_pool_init(&pool, 1 << 20);
    if (tk_unit_state_get(f->policy.unit, &pool, &state, &why) != 0) {
        fail_msg("%s", why.text);
    }
    text[0] = '\0';
    for (uint32_t i = 0; (item = tk_value_item(&state, i)) != NULL; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s",
                                i == 0 ? "" : " ", TK_ARG(tk_value_text(item)));
        assert_in_range(len, 0, sizeof text - 1);
    }
    assert_int_equal(tk_unit_state_set(f->policy.unit, &none, &why), 0);
    tk_pool_fini(&pool);
    return text;
}

static inline int learner_tear_down(void **state)
{
    struct fixture *f = *state;

    if (f->policy.unit != NULL) {
        tk_unit_close(f->policy.unit);
        tk_options_close(&f->policy.options);
    }
    return fixture_tear_down(state);
}

#define WITH_LEARNER(test)                                                     \
    cmocka_unit_test_setup_teardown(test, fixture_set_up, learner_tear_down)

#endif
