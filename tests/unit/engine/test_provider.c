#include "tests/unit/engine/tree.h"

#include "base/log.h"
#include "engine/provider.h"

/* 2026-11-23T12:00:00Z */
#define WALL INT64_C(1795435200000)

static struct tk_buf attributes;

static int set_up(void **state)
{
    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    tk_buf_init(&attributes, TK_ATTRIBUTES_MAX);
    return tree_set_up(state);
}

static int tear_down(void **state)
{
    tk_buf_fini(&attributes);
    return tree_tear_down(state);
}

static struct tk_answer read_result(struct tree *tree, const char *first,
                                    const char *second)
{
    struct tk_value one = parse(tree, first);
    struct tk_value two = parse(tree, second);
    struct tk_task_result result = {
        .first = &one, .second = &two, .sent_at = 1000, .received_at = 1200};
    struct tk_answer answer;

    tk_provider_read(&result, NULL, WALL, &attributes, &answer);
    return answer;
}

static void a_token_comes_with_its_life_and_attributes(void **state)
{
    struct tk_answer answer =
        read_result(*state,
                    "{'token':'abc','expires_in':'7200',"
                    "'attributes':{'instance_url':'https://x'}}",
                    "null");

    assert_true(answer.is_token);
    assert_true(tk_str_is(answer.token, "abc"));
    assert_int_equal(answer.life_ms, 7200000);
    assert_int_equal(answer.sent_at, 1000);
    assert_true(
        tk_str_is(answer.attributes, "{\"instance_url\":\"https://x\"}"));
}

static void a_moment_counts_from_when_the_request_was_sent(void **state)
{
    struct tk_answer answer = read_result(
        *state, "{'token':'abc','expires_at':'2026-11-23T13:00:00Z'}", "null");

    assert_int_equal(answer.sent_at + answer.life_ms, 1200 + 3600000);
}

static void an_unknown_life_is_five_minutes(void **state)
{
    assert_int_equal(read_result(*state, "{'token':'abc'}", "null").life_ms,
                     300000);
    assert_int_equal(
        read_result(*state, "{'token':'abc','expires_in':'soon'}", "null")
            .life_ms,
        300000);
    assert_int_equal(
        read_result(*state, "{'token':'abc','expires_in':1e308}", "null")
            .life_ms,
        300000);
}

static void a_life_that_has_ended_is_a_failure(void **state)
{
    static const char *const ended[] = {
        "{'token':'abc','expires_in':0}",
        "{'token':'abc','expires_in':-1}",
        "{'token':'abc','expires_at':'2026-11-23T11:59:59Z'}",
    };

    for (size_t i = 0; i < sizeof ended / sizeof ended[0]; i++) {
        struct tk_answer answer = read_result(*state, ended[i], "null");

        assert_false(answer.is_token);
        assert_string_equal(answer.code, "expired_on_arrival");
    }
}

static void a_token_of_forbidden_bytes_is_refused(void **state)
{
    static const char *const bad[] = {
        "{'token':''}",        "{'token':'a b'}",  "{'token':'a\\nb'}",
        "{'token':'\\u00e9'}", "{'token':'a\\t'}", "{'token':7}",
        "{'tokn':'abc'}",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tk_answer answer = read_result(*state, bad[i], "null");

        assert_false(answer.is_token);
        assert_int_equal(answer.class, TK_CLASS_TRANSIENT);
        assert_string_equal(answer.code, "malformed_token");
    }
}

static void a_failure_has_a_class_and_a_harmless_code(void **state)
{
    struct tk_answer answer =
        read_result(*state, "null",
                    "{'class':'rate','code':'too "
                    "<b>many</b>\\u001b[2J','retry_after':1.5}");

    assert_false(answer.is_token);
    assert_int_equal(answer.class, TK_CLASS_RATE);
    assert_string_equal(answer.code, "toobmanyb2J");
    assert_int_equal(answer.retry_after_ms, 1500);
    answer = read_result(*state, "null", "{'class':'credential','code':10014}");
    assert_int_equal(answer.class, TK_CLASS_CREDENTIAL);
    assert_string_equal(answer.code, "10014");
}

static void what_went_wrong_is_told_in_words_that_harm_no_screen(void **state)
{
    struct tk_answer answer =
        read_result(*state, "null",
                    "{'class':'transient','code':'tls','message':"
                    "'it has\\u001b[31m expired\\n'}");

    assert_string_equal(answer.detail, "it has[31m expired");
    answer = read_result(*state, "null", "{'class':'transient','code':'tls'}");
    assert_string_equal(answer.detail, "");
}

static void a_failure_without_a_plain_word_is_unnamed(void **state)
{
    static const char *const odd[] = {
        "{'class':'rate'}",
        "{'class':'rate','code':''}",
        "{'class':'rate','code':'\\u00e9'}",
        "{'class':'rate','code':{}}",
    };

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        assert_string_equal(read_result(*state, "null", odd[i]).code,
                            "unnamed");
    }
}

/* Written as \u0000, it would make an answer that our own reader refuses. */
static void attributes_that_could_not_be_read_again_are_refused(void **state)
{
    struct tree *tree = *state;
    struct tk_value first =
        parse(tree, "{'token':'abc','attributes':{'scope':'x'}}");
    struct tk_value none = {.type = TK_NIL};
    struct tk_task_result result = {.first = &first, .second = &none};
    struct tk_answer answer;

    first.as.table.pairs[1].value.as.table.pairs[0].value.as.text =
        TK_STR("a\0b");
    tk_provider_read(&result, NULL, WALL, &attributes, &answer);
    assert_false(answer.is_token);
    assert_int_equal(answer.class, TK_CLASS_TRANSIENT);
    assert_string_equal(answer.code, "malformed_attributes");
}

static void a_result_that_makes_no_sense_is_transient(void **state)
{
    assert_string_equal(read_result(*state, "null", "null").code, "no_class");
    assert_string_equal(read_result(*state, "null", "{'class':'fatal'}").code,
                        "no_class");
    assert_string_equal(read_result(*state, "'abc'", "null").code,
                        "malformed_result");
    assert_string_equal(read_result(*state, "7", "null").code,
                        "malformed_result");
}

static void senseless_waits_are_ignored(void **state)
{
    static const char *const bad[] = {
        "{'class':'rate','retry_after':-5}",
        "{'class':'rate','retry_after':'soon'}",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_result(*state, "null", bad[i]).retry_after_ms, 0);
    }
}

/* A wait without an end is bounded where it is used, not forgotten. */
static void a_hostile_wait_is_a_long_one(void **state)
{
    static const char *const longs[] = {
        "{'class':'rate','retry_after':1e300}",
        "{'class':'rate','retry_after':9223372036854775807}",
        "{'class':'rate','retry_after':1e9}",
    };

    for (size_t i = 0; i < sizeof longs / sizeof longs[0]; i++) {
        assert_int_equal(read_result(*state, "null", longs[i]).retry_after_ms,
                         INT64_C(1000000000000));
    }
}

static void a_script_that_fails_is_a_transient_failure(void **state)
{
    struct tk_task_result result = {.code = TK_EBUDGET, .detail = "x:1"};
    struct tk_answer answer;

    (void)state;
    tk_provider_read(&result, NULL, WALL, &attributes, &answer);
    assert_false(answer.is_token);
    assert_string_equal(answer.code, "script_failed");
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_token_comes_with_its_life_and_attributes),
        WITH(a_moment_counts_from_when_the_request_was_sent),
        WITH(an_unknown_life_is_five_minutes),
        WITH(a_life_that_has_ended_is_a_failure),
        WITH(a_token_of_forbidden_bytes_is_refused),
        WITH(a_failure_has_a_class_and_a_harmless_code),
        WITH(what_went_wrong_is_told_in_words_that_harm_no_screen),
        WITH(a_failure_without_a_plain_word_is_unnamed),
        WITH(attributes_that_could_not_be_read_again_are_refused),
        WITH(a_result_that_makes_no_sense_is_transient),
        WITH(senseless_waits_are_ignored),
        WITH(a_hostile_wait_is_a_long_one),
        WITH(a_script_that_fails_is_a_transient_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
