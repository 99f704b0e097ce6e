#include "tests/unit/script/script_file.h"

#include "script/unit_state.h"

/* Tuesday, 09:20:00. */
#define LOCAL_S ((INT64_C(700) * 7 + 1) * 86400 + 9 * 3600 + 20 * 60)

static struct tk_token_view view_of(const struct tk_profile *profile)
{
    return (struct tk_token_view){
        .key = TK_STR("crm/client/x"),
        .source = TK_STR("crm"),
        .kind = TK_STR("client"),
        .subject = TK_STR("x"),
        .state = "fresh",
        .profile = profile,
        .phase_s = 2400,
        .local_s = LOCAL_S,
    };
}

static struct tk_unit *open_with(const char *body)
{
    char text[2048];
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

/* The reason that the policy gives, or what went wrong. */
static const char *say(const char *body, const struct tk_token_view *view)
{
    static char said[sizeof(((struct tk_why *)0)->text)];
    struct tk_unit *unit = open_with(body);
    struct tk_decision decision;
    struct tk_why why;

    if (tk_unit_decide(unit, view, &decision, &why) == 0) {
        snprintf(said, sizeof said, "%s", decision.why);
    } else {
        snprintf(said, sizeof said, "%s", why.text);
    }
    tk_unit_close(unit);
    return said;
}

static struct tk_profile used_at_ten(void)
{
    struct tk_profile profile;

    tk_profile_begin(&profile, 2400, LOCAL_S - 86400);
    tk_profile_use(&profile, LOCAL_S - 86400);
    tk_profile_use(&profile, LOCAL_S);
    return profile;
}

static void a_policy_sees_the_clock_of_its_users(void **state)
{
    struct tk_token_view view = view_of(NULL);

    (void)state;
    assert_string_equal(say("return lapse(clock.day .. ' ' .. clock.hour .. "
                            "':' .. clock.minute .. ' ' .. "
                            "tostring(clock.weekend))",
                            &view),
                        "2 9:20 false");
    view.local_s += 5 * 86400;
    assert_string_equal(
        say("return lapse(clock.day .. tostring(clock.weekend))", &view),
        "7true");
    assert_non_null(strstr(say("return lapse(clock.huor)", &view),
                           "clock has no field 'huor'; did you mean 'hour'?"));
}

static void a_policy_sees_when_a_key_is_used(void **state)
{
    struct tk_profile profile = used_at_ten();
    struct tk_token_view view = view_of(&profile);

    (void)state;
    assert_string_equal(
        say("assert(token.hour == 10 and token.weekend == false)\n"
            "assert(token.profile(10, false) == 1)\n"
            "assert(token.profile(10) == 1 and token.profile(10, nil) == 1)\n"
            "assert(token.profile(10, true) == 0)\n"
            "assert(token.profile(9, false) == 0)\n"
            "assert(token.today(10) and not token.today(10.5))\n"
            "assert(token.idle_before == 13.5 * 3600)\n"
            "return lapse('ok')",
            &view),
        "ok");
}

static void hours_wrap_and_have_halves(void **state)
{
    struct tk_profile profile = used_at_ten();
    struct tk_token_view view = view_of(&profile);

    (void)state;
    assert_string_equal(
        say("assert(token.profile(10.49) == 1 and token.profile(34) == 1)\n"
            "assert(token.profile(-14) == 1 and token.profile(-13.5) == 0)\n"
            "assert(token.profile(10.5) == 0 and token.profile(24) == 0)\n"
            "assert(token.today(1e12 * 24 + 10))\n"
            "return lapse('ok')",
            &view),
        "ok");
    assert_non_null(strstr(say("return lapse(token.profile())", &view),
                           "token.profile: the hour must be a number"));
    assert_non_null(strstr(say("return token.today(0/0)", &view),
                           "token.today: the hour must be a number"));
    assert_non_null(strstr(say("return token.today(math.huge)", &view),
                           "token.today: the hour must be a number"));
}

static void a_key_that_was_never_used_has_an_empty_profile(void **state)
{
    struct tk_token_view view = view_of(NULL);

    (void)state;
    assert_string_equal(say("for hour = 0, 23 do\n"
                            "  assert(token.profile(hour, true) == 0)\n"
                            "  assert(token.today(hour) == false)\n"
                            "end\n"
                            "assert(token.hour == 10)\n"
                            "assert(token.idle_before == math.huge)\n"
                            "return lapse('ok')",
                            &view),
                        "ok");
}

static void nothing_of_a_token_may_be_read_later(void **state)
{
    struct tk_why why;

    (void)state;
    assert_null(script_open(TK_UNIT_POLICY,
                            "local hour = clock.hour return { api = 1, name = "
                            "'x', decide = function() return lapse() end }",
                            &why));
    assert_non_null(strstr(why.text, "the clock may be read inside a call"));
}

/* What was kept is of the call in which it is used. */
static void a_function_that_was_kept_tells_of_the_token_at_hand(void **state)
{
    struct tk_profile profile = used_at_ten();
    struct tk_token_view used = view_of(&profile);
    struct tk_token_view unused = view_of(NULL);
    struct tk_unit *unit = open_with("kept = kept or token.profile\n"
                                     "return lapse('' .. kept(10))");
    struct tk_decision decision;
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_unit_decide(unit, &used, &decision, &why), 0);
    assert_string_equal(decision.why, "1.0");
    assert_int_equal(tk_unit_decide(unit, &unused, &decision, &why), 0);
    assert_string_equal(decision.why, "0.0");
    tk_unit_close(unit);
}

static void reading_a_profile_makes_no_garbage(void **state)
{
    struct tk_profile profile = used_at_ten();
    struct tk_token_view view = view_of(&profile);
    struct tk_unit *unit =
        open_with("local sum = clock.hour + token.hour\n"
                  "for hour = 0, 23 do\n"
                  "  if token.today(hour) then sum = sum + 1 end\n"
                  "  sum = sum + token.profile(hour, token.weekend)\n"
                  "end\n"
                  "return renew(sum, 'x')");
    struct tk_decision decision;
    struct tk_why why;
    size_t before = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(tk_unit_decide(unit, &view, &decision, &why), 0);
        if (i == 10) before = unit->vm->used;
    }
    assert_true(unit->vm->used <= before);
    tk_unit_close(unit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_sees_the_clock_of_its_users),
        cmocka_unit_test(a_policy_sees_when_a_key_is_used),
        cmocka_unit_test(hours_wrap_and_have_halves),
        cmocka_unit_test(a_key_that_was_never_used_has_an_empty_profile),
        cmocka_unit_test(nothing_of_a_token_may_be_read_later),
        cmocka_unit_test(a_function_that_was_kept_tells_of_the_token_at_hand),
        cmocka_unit_test(reading_a_profile_makes_no_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
