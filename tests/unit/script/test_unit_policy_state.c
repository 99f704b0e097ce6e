#include "tests/unit/script/policy_unit.h"

static const struct tk_token_view token = {
    .key = {"a/b", 3}, .state = "fresh", .life_ms = 1000};

static void act(struct policy_unit *p)
{
    if (tk_unit_learn(p->unit, &token, TK_EVENT_ISSUED, &p->why) != 0) {
        fail_msg("%s", p->why.text);
    }
}

static const char *state_of(struct policy_unit *p)
{
    struct tk_value value;

    if (tk_unit_state_get(p->unit, &p->pool, &value, &p->why) != 0) {
        return p->why.text;
    }
    return text_of(&p->pool, &value);
}

static void put_state(struct policy_unit *p, const char *json)
{
    struct tk_value value = tree_of(&p->pool, json);

    assert_int_equal(tk_unit_state_set(p->unit, &value, &p->why), 0);
}

static void a_state_is_read_as_the_script_left_it(void **state)
{
    struct policy_unit *p = *state;

    policy_open(p, "policy.state = { n = 1, cells = { 1, 2.5 } }\n"
                   "function policy.learn() local s = policy.state\n"
                   "s.n = s.n + 1 s.cells[3] = true end");
    assert_string_equal(state_of(p), "{'cells':[1,2.5],'n':1}");
    act(p);
    assert_string_equal(state_of(p), "{'cells':[1,2.5,true],'n':2}");
}

static void a_copy_is_no_view(void **state)
{
    struct policy_unit *p = *state;
    struct tk_value before;

    policy_open(p, "policy.state = { t = { n = 1 } }\n"
                   "function policy.learn() policy.state.t.n = 2 end");
    assert_int_equal(tk_unit_state_get(p->unit, &p->pool, &before, &p->why), 0);
    act(p);
    assert_string_equal(text_of(&p->pool, &before), "{'t':{'n':1}}");
    assert_int_equal(tk_unit_state_set(p->unit, &before, &p->why), 0);
    act(p);
    assert_string_equal(text_of(&p->pool, &before), "{'t':{'n':1}}");
}

/* A script that holds its state in a local must not write past a swap. */
static void the_table_stays_the_same_one(void **state)
{
    struct policy_unit *p = *state;

    policy_open(p, "local state = { n = 1, list = { 1, 2, 3 } }\n"
                   "policy.state = state\n"
                   "function policy.learn() state.n = state.n + 1 end");
    put_state(p, "{'n':10,'list':[9]}");
    act(p);
    assert_string_equal(state_of(p), "{'list':[9],'n':11}");
}

/* A newer version of a script may keep more than the older one did. */
static void a_field_that_is_missing_keeps_what_the_file_gave_it(void **state)
{
    struct policy_unit *p = *state;

    policy_open(p, "policy.state = { old = 1, new = 2 }");
    put_state(p, "{'old':7}");
    assert_string_equal(state_of(p), "{'new':2,'old':7}");
}

static void a_list_is_replaced_as_a_whole(void **state)
{
    struct policy_unit *p = *state;

    policy_open(p, "policy.state = { 1, 2, 3 }");
    put_state(p, "[9]");
    assert_string_equal(state_of(p), "[9]");
}

static void a_script_without_a_state_gets_one(void **state)
{
    struct policy_unit *p = *state;

    policy_open(p, "function policy.learn() policy.state.n = 5 end");
    assert_string_equal(state_of(p), "{}");
    put_state(p, "{'m':1}");
    act(p);
    assert_string_equal(state_of(p), "{'m':1,'n':5}");
}

static void what_cannot_be_kept_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *body;
        const char *says;
    } bad[] = {
        {"policy.state.f = print or pcall", "f: a function is no value here"},
        {"policy.state.n = 0 / 0", "n: is a number that is not finite"},
        {"policy.state.a = policy.state", "a: contains itself"},
        {"policy.state.a = { 1, x = 2 }", "both items and names"},
        {"policy.state.a = { [true] = 1 }", "a: has a key that is neither"},
        {"policy.state = 5", "must be a table, not number"},
        {"local t = {} for i = 1, 300 do t[i] = ('x'):rep(250) end "
         "policy.state.t = t",
         "policy.state is larger than 64 KiB"},
    };
    struct policy_unit *p = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        policy_open(p, "policy.state = {}\nfunction policy.learn() %s end",
                    bad[i].body);
        act(p);
        if (strstr(state_of(p), bad[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", state_of(p), bad[i].says);
        }
    }
}

static void a_state_that_is_no_table_is_not_put(void **state)
{
    struct policy_unit *p = *state;
    struct tk_value value = tree_of(&p->pool, "5");

    policy_open(p, "policy.state = { n = 1 }");
    assert_int_equal(tk_unit_state_set(p->unit, &value, &p->why), TK_EINVAL);
    assert_string_equal(state_of(p), "{'n':1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_POLICY(a_state_is_read_as_the_script_left_it),
        WITH_POLICY(a_copy_is_no_view),
        WITH_POLICY(the_table_stays_the_same_one),
        WITH_POLICY(a_field_that_is_missing_keeps_what_the_file_gave_it),
        WITH_POLICY(a_list_is_replaced_as_a_whole),
        WITH_POLICY(a_script_without_a_state_gets_one),
        WITH_POLICY(what_cannot_be_kept_is_refused_with_its_place),
        WITH_POLICY(a_state_that_is_no_table_is_not_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
