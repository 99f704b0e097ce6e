#include "tests/unit/script/script_file.h"

#include "script/unit_state.h"

static const struct tk_token_view token = {
    .key = {"crm/client/x", 12},
    .source = {"crm", 3},
    .kind = {"client", 6},
    .subject = {"x", 1},
    .state = "fresh",
    .generation = 7,
    .age_ms = 1500,
    .life_ms = 7200000,
    .remaining_ms = 7198500,
    .renewable_in_ms = 3000,
    .idle_ms = -1,
    .uses = 3,
    .rate = 2.5,
    .failures = 1,
};

static struct tk_unit *open_with(const char *body)
{
    char text[1024];
    struct tk_unit *unit;
    struct tk_why why;

    snprintf(text, sizeof text,
             "local kept\n"
             "return { api = 1, name = 'x', decide = function(token, options) "
             "%s end }",
             body);
    unit = script_open(TK_UNIT_POLICY, text, &why);
    if (unit == NULL) fail_msg("%s", why.text);
    return unit;
}

static int decide(const char *body, struct tk_decision *out, struct tk_why *why)
{
    struct tk_unit *unit = open_with(body);
    int rc = tk_unit_decide(unit, &token, out, why);

    tk_unit_close(unit);
    return rc;
}

static int read_age(lua_State *L)
{
    const struct tk_unit *unit = lua_touserdata(L, 1);

    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->view_ref);
    lua_getfield(L, -1, "age");
    return 0;
}

static void every_word_is_a_decision(void **state)
{
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    assert_int_equal(decide("return renew(5.5, 'soon')", &decision, &why), 0);
    assert_int_equal(decision.verb, TK_RENEW);
    assert_true(decision.seconds == 5.5);
    assert_string_equal(decision.why, "soon");
    assert_int_equal(decide("return ask(60, 'later')", &decision, &why), 0);
    assert_int_equal(decision.verb, TK_ASK);
    assert_int_equal(decide("return lapse('idle')", &decision, &why), 0);
    assert_int_equal(decision.verb, TK_LAPSE);
    assert_int_equal(decide("return renew(-9)", &decision, &why), 0);
    assert_string_equal(decision.why, "");
}

static void a_policy_sees_the_token_in_seconds(void **state)
{
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    if (decide("assert(token.age == 1.5 and token.life == 7200)\n"
               "assert(token.remaining == 7198.5)\n"
               "assert(token.renewable_in == 3 and token.idle == math.huge)\n"
               "assert(token.key == 'crm/client/x' and token.subject == 'x')\n"
               "assert(token.kind == 'client' and token.source == 'crm')\n"
               "assert(token.generation == 7 and token.uses == 3)\n"
               "assert(token.rate == 2.5 and token.failures == 1)\n"
               "assert(token.state == 'fresh') return lapse('ok')",
               &decision, &why) != 0) {
        fail_msg("%s", why.text);
    }
}

static void what_is_no_decision_is_refused(void **state)
{
    static const char *const bad[] = {
        "return",
        "return 5",
        "return 'renew'",
        "return true",
        "return renew",
        "return renew()",
        "return renew('x')",
        "return renew(0 / 0)",
        "return renew(1 / 0)",
        "return token.tokne",
        "token.age = 1",
        "local a = renew(1) renew(2) return a",
        "error 'no'",
        "error(token)",
        "return renew(5), renew(6)",
    };
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof bad / sizeof bad[0]; i++) {
        if (decide(bad[i], &decision, &why) != TK_ESCRIPT) {
            fail_msg("%s", bad[i]);
        }
        assert_true(why.text[0] != '\0');
    }
}

static void a_decision_of_an_earlier_call_is_refused(void **state)
{
    struct tk_unit *unit =
        open_with("if not kept then kept = renew(1) return kept end "
                  "return kept");
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_unit_decide(unit, &token, &decision, &why), 0);
    assert_int_equal(tk_unit_decide(unit, &token, &decision, &why), TK_ESCRIPT);
    tk_unit_close(unit);
}

/* The view is memory of the caller, which is gone when the call has ended. */
static void a_token_that_was_kept_cannot_be_read_later(void **state)
{
    struct tk_unit *unit =
        open_with("kept = kept or token return lapse('' .. kept.age)");
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    /* Inside a call the one view shows the token of that call. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tk_unit_decide(unit, &token, &decision, &why), 0);
        assert_string_equal(decision.why, "1.5");
    }
    assert_int_equal(tk_vm_protect(unit->vm, read_age, unit, 1000, &why),
                     TK_ESCRIPT);
    assert_non_null(strstr(why.text, "the token is gone"));
    tk_unit_close(unit);
}

static void a_mistake_is_explained(void **state)
{
    static const struct {
        const char *body;
        const char *says;
    } mistakes[] = {
        {"return token.remainig", "no field 'remainig'; did you mean "
                                  "'remaining'?"},
        {"return token[1]", "have names, not number keys"},
        {"token.age = 1", "a token cannot be changed"},
        {"return renew(0 / 0)", "renew: the seconds are not a number"},
        {"return ask(math.huge)", "ask: the seconds are infinite"},
        {"return renew('5')", "renew: the seconds must be a number, not "
                              "string"},
        {"return renew(5, {})", "the reason must be a text, not table"},
        {"return 5", "decide must return renew(...), ask(...) or lapse(...), "
                     "not number"},
        {"local a = renew(1) renew(2) return a", "not an earlier answer"},
        {"kpet = token", "no new global 'kpet'"},
        {"return token .. ''", "concatenate a token value"},
    };
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        assert_int_equal(decide(mistakes[i].body, &decision, &why), TK_ESCRIPT);
        if (strstr(why.text, mistakes[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", why.text, mistakes[i].says);
        }
    }
}

static void a_word_outside_of_decide_is_refused(void **state)
{
    struct tk_why why;

    (void)state;
    assert_null(script_open(TK_UNIT_POLICY,
                            "local now = renew(0) return { api = 1, name = "
                            "'x', decide = function() return now end }",
                            &why));
    assert_non_null(strstr(why.text, "renew may be used inside decide only"));
}

static void seconds_are_capped_to_ten_years(void **state)
{
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    assert_int_equal(decide("return renew(1e300)", &decision, &why), 0);
    assert_true(decision.seconds == 315360000.0);
    assert_int_equal(decide("return ask(-1e300)", &decision, &why), 0);
    assert_true(decision.seconds == -315360000.0);
}

/* What one call leaves behind must not pile up: the collector has nothing to
 * do in a policy that makes nothing. */
static void a_decision_makes_no_garbage(void **state)
{
    struct tk_unit *unit = open_with(
        "if token.subject then return renew(token.remaining - 5, 'x') end");
    struct tk_decision decision;
    struct tk_why why;
    size_t before = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(tk_unit_decide(unit, &token, &decision, &why), 0);
        if (i == 10) before = unit->vm->used;
    }
    assert_true(unit->vm->used <= before);
    tk_unit_close(unit);
}

static void an_endless_decision_is_ended_and_the_next_one_works(void **state)
{
    struct tk_unit *unit =
        open_with("if not kept then kept = true while true do end end "
                  "return lapse('ok')");
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_unit_decide(unit, &token, &decision, &why), TK_EBUDGET);
    assert_int_equal(tk_unit_decide(unit, &token, &decision, &why), 0);
    tk_unit_close(unit);
}

static void options_reach_the_policy(void **state)
{
    struct tk_unit *unit = open_with("return renew(options.lead, 'lead')");
    struct tk_pair pair = {TK_STR("lead"), {.type = TK_NUM, .as.number = 90.5}};
    struct tk_value options = {.type = TK_TABLE,
                               .as.table = {.pairs = &pair, .pair_count = 1}};
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_unit_set_options(unit, &options, &why), 0);
    assert_int_equal(tk_unit_decide(unit, &token, &decision, &why), 0);
    assert_true(decision.seconds == 90.5);
    tk_unit_close(unit);
}

/* What the operator pinned stays what it is. */
static void options_cannot_be_changed_by_decide(void **state)
{
    struct tk_pair pairs[] = {
        {TK_STR("lead"), {.type = TK_INT, .as.integer = 9}},
        {TK_STR("on"), {.type = TK_BOOL, .as.flag = true}}};
    struct tk_value options = {.type = TK_TABLE,
                               .as.table = {.pairs = pairs, .pair_count = 2}};
    static const char *const bad[] = {
        "options.lead = 5",
        "rawset(options, 'lead', 5)",
        "options.other = 5",
        "setmetatable(options, nil)",
        "local _, hidden = pairs(options) hidden.lead = 5",
    };
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tk_unit *unit = open_with(bad[i]);

        assert_int_equal(tk_unit_set_options(unit, &options, &why), 0);
        assert_int_equal(tk_unit_decide(unit, &token, &decision, &why),
                         TK_ESCRIPT);
        if (i == 0) {
            assert_non_null(
                strstr(why.text, "options can be set inside tick only"));
        }
        tk_unit_close(unit);
    }
}

static void options_can_be_walked(void **state)
{
    struct tk_pair pairs[] = {
        {TK_STR("lead"), {.type = TK_INT, .as.integer = 9}},
        {TK_STR("on"), {.type = TK_BOOL, .as.flag = true}}};
    struct tk_value options = {.type = TK_TABLE,
                               .as.table = {.pairs = pairs, .pair_count = 2}};
    struct tk_unit *unit =
        open_with("local t = {} for name, value in pairs(options) do "
                  "t[#t + 1] = name .. '=' .. tostring(value) end "
                  "table.sort(t) return lapse(table.concat(t, ' '))");
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_unit_set_options(unit, &options, &why), 0);
    assert_int_equal(tk_unit_decide(unit, &token, &decision, &why), 0);
    assert_string_equal(decision.why, "lead=9 on=true");
    tk_unit_close(unit);
}

static void a_reason_is_bounded_and_printable(void **state)
{
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    assert_int_equal(
        decide("return lapse('a\\n' .. ('x'):rep(500))", &decision, &why), 0);
    assert_int_equal(strncmp(decision.why, "a?xxx", 5), 0);
    assert_true(strlen(decision.why) < TK_WHY_WORD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_is_a_decision),
        cmocka_unit_test(a_policy_sees_the_token_in_seconds),
        cmocka_unit_test(what_is_no_decision_is_refused),
        cmocka_unit_test(a_decision_of_an_earlier_call_is_refused),
        cmocka_unit_test(a_token_that_was_kept_cannot_be_read_later),
        cmocka_unit_test(a_mistake_is_explained),
        cmocka_unit_test(a_word_outside_of_decide_is_refused),
        cmocka_unit_test(seconds_are_capped_to_ten_years),
        cmocka_unit_test(a_decision_makes_no_garbage),
        cmocka_unit_test(an_endless_decision_is_ended_and_the_next_one_works),
        cmocka_unit_test(options_reach_the_policy),
        cmocka_unit_test(options_cannot_be_changed_by_decide),
        cmocka_unit_test(options_can_be_walked),
        cmocka_unit_test(a_reason_is_bounded_and_printable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
