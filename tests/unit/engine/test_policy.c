#include "tests/unit/engine/scripts.h"

static const struct tk_token_view token = {
    .key = {"crm/client", 10},
    .source = {"crm", 3},
    .kind = {"client", 6},
    .subject = {"", 0},
    .state = "fresh",
    .life_ms = 7200000,
    .remaining_ms = 7200000,
};

static struct tk_config *load_policy(struct scripts *s, const char *choice)
{
    char text[512];

    snprintf(text, sizeof text,
             "return { policy = %s, sources = { crm = { provider = 'tiny',\n"
             "  url = 'https://x' } } }",
             choice);
    return load(s, text);
}

static void a_script_decides_with_its_options(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load_policy(s, "{ 'tiny', lead = '10m' }");
    struct tk_decision decision;
    bool fallback;

    assert_string_equal(problems_of(s), "");
    assert_non_null(config);
    tk_policy_decide(config->policies[0], &token, &decision, &fallback);
    assert_false(fallback);
    assert_int_equal(decision.verb, TK_RENEW);
    assert_true(decision.seconds == 6600);
    assert_string_equal(decision.why, "lead");
    tk_config_free(config);
}

static void a_script_that_fails_is_answered_for(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load_policy(s, "'tiny'");
    struct tk_token_view bad = token;
    struct tk_decision decision;
    bool fallback;

    assert_non_null(config);
    bad.kind = TK_STR("bad");
    tk_policy_decide(config->policies[0], &bad, &decision, &fallback);
    assert_true(fallback);
    assert_int_equal(decision.verb, TK_RENEW);
    assert_true(decision.seconds == 5400);
    assert_non_null(strstr(config->policies[0]->last_failure.text, "tiny.lua"));
    /* One good answer makes up for it. */
    tk_policy_decide(config->policies[0], &token, &decision, &fallback);
    assert_false(fallback);
    assert_int_equal(config->policies[0]->decide.failures_in_row, 0);
    tk_config_free(config);
}

static void a_script_that_fails_for_long_is_not_asked_again(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load_policy(s, "'tiny'");
    struct tk_token_view bad = token;
    struct tk_decision decision;
    bool fallback;

    assert_non_null(config);
    bad.kind = TK_STR("bad");
    for (int i = 0; i < 50; i++) {
        tk_policy_decide(config->policies[0], &bad, &decision, &fallback);
        assert_true(fallback);
    }
    assert_true(config->policies[0]->decide.is_out);
    assert_int_equal(config->policies[0]->decide.calls, 10);
    tk_config_free(config);
}

static void a_script_with_an_endless_loop_is_answered_for(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config;
    struct tk_decision decision;
    bool fallback;

    folder_write(&s->folder, "policies/loop.lua",
                 "return { api = 1, name = 'loop',\n"
                 "  decide = function() while true do end end }");
    config = load_policy(s, "'loop'");
    assert_string_equal(problems_of(s), "");
    assert_non_null(config);
    tk_policy_decide(config->policies[0], &token, &decision, &fallback);
    assert_true(fallback);
    tk_config_free(config);
}

static void
a_script_with_a_syntax_error_is_a_problem_with_its_line(void **state)
{
    struct scripts *s = *state;

    folder_write(&s->folder, "policies/typo.lua", "return {\n  api = = 1 }");
    assert_null(load_policy(s, "'typo'"));
    assert_non_null(strstr(problems_of(s), "typo.lua:2:"));
}

static void a_check_interval_that_is_no_time_is_a_problem(void **state)
{
    struct scripts *s = *state;

    folder_write(&s->folder, "policies/odd.lua",
                 "return { api = 1, name = 'odd',\n"
                 "  options = { check_interval = { default = 600 } },\n"
                 "  decide = function() return ask(1) end }");
    assert_null(load_policy(s, "'odd'"));
    assert_non_null(strstr(problems_of(s), "check_interval must be"));
}

static void ticks_fall_on_multiples_of_the_check_interval(void **state)
{
    struct tk_policy policy = {.epoch = 1000, .check_interval_ms = 300};

    (void)state;
    assert_int_equal(tk_policy_tick_at(&policy, 0), 1000);
    assert_int_equal(tk_policy_tick_at(&policy, 1000), 1000);
    assert_int_equal(tk_policy_tick_at(&policy, 1001), 1300);
    assert_int_equal(tk_policy_tick_at(&policy, 1300), 1300);
}

/* --- the watchdog --- */

struct logged {
    int lines;
    char last[1024];
};

static void keep_line(enum tk_log_level level, struct tk_str line, void *data)
{
    struct logged *logged = data;

    assert_int_equal(level, TK_LOG_WARN);
    logged->lines++;
    snprintf(logged->last, sizeof logged->last, "%.*s", TK_ARG(line));
}

#define WATCHED(policy, log)                                                   \
    struct tk_policy policy = {.name = "mine"};                                \
    struct logged log = {0};                                                   \
    tk_log_setup(TK_LOG_INFO, keep_line, &log)

static void a_script_that_holds_the_loop_is_named(void **state)
{
    WATCHED(policy, logged);

    (void)state;
    tk_policy_took(&policy, &policy.decide, TK_STR("crm/client"), 19999, 1000);
    assert_int_equal(logged.lines, 0);
    tk_policy_took(&policy, &policy.learn, TK_STR("crm/client"), 45678, 1000);
    assert_int_equal(logged.lines, 1);
    assert_non_null(strstr(logged.last, "policy is slow"));
    assert_non_null(strstr(logged.last, "mine"));
    assert_non_null(strstr(logged.last, "learn"));
    assert_non_null(strstr(logged.last, "crm/client"));
    assert_non_null(strstr(logged.last, "45"));
    assert_int_equal(policy.learn.slow, 1);
    assert_int_equal(policy.learn.busy_us, 45678);
    /* Once a minute. */
    tk_policy_took(&policy, &policy.learn, TK_STR("a"), 50000, 60999);
    assert_int_equal(logged.lines, 1);
    assert_int_equal(policy.learn.slow, 2);
    tk_policy_took(&policy, &policy.learn, TK_STR("a"), 50000, 61000);
    assert_int_equal(logged.lines, 2);
}

/* None of its calls is slow, but all of them together are. */
static void a_script_that_is_always_busy_is_named(void **state)
{
    WATCHED(policy, logged);

    (void)state;
    for (int ms = 0; ms < 10000; ms += 10) {
        tk_policy_took(&policy, &policy.decide, TK_STR("a"), 1900, ms);
    }
    assert_int_equal(logged.lines, 0);
    for (int ms = 10000; ms < 20000; ms += 10) {
        tk_policy_took(&policy, &policy.decide, TK_STR("a"), 2100, ms);
    }
    tk_policy_took(&policy, &policy.decide, TK_STR("a"), 2100, 20000);
    assert_int_equal(logged.lines, 1);
    assert_non_null(strstr(logged.last, "much of the engine's time"));
    assert_non_null(strstr(logged.last, "21"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRIPTS(a_script_decides_with_its_options),
        WITH_SCRIPTS(a_script_that_fails_is_answered_for),
        WITH_SCRIPTS(a_script_that_fails_for_long_is_not_asked_again),
        WITH_SCRIPTS(a_script_with_an_endless_loop_is_answered_for),
        WITH_SCRIPTS(a_script_with_a_syntax_error_is_a_problem_with_its_line),
        WITH_SCRIPTS(a_check_interval_that_is_no_time_is_a_problem),
        WITH_SCRIPTS(ticks_fall_on_multiples_of_the_check_interval),
        WITH_SCRIPTS(a_script_that_holds_the_loop_is_named),
        WITH_SCRIPTS(a_script_that_is_always_busy_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
