#include "serve/reject.h"

#include "tests/unit/serve/live.h"

/* --- what is reported --- */

static void read_report(const char *body, int wanted, struct tk_report *out)
{
    struct tk_pool pool;
    struct tk_why why = {0, ""};

    tk_pool_init(&pool, 64 * 1024);
    if (tk_reject_read(tk_str(body), &pool, out, &why) != wanted) {
        fail_msg("%s: not %d", body, wanted);
    }
    if (wanted != 0) holds_not(tk_str(why.text), "canary");
    tk_pool_fini(&pool);
}

static void a_report_names_a_generation_or_shows_the_token(void **state)
{
    struct tk_report report;
    struct tk_pool pool;
    struct tk_why why;

    (void)state;
    read_report("{\"generation\":17}", 0, &report);
    assert_int_equal(report.generation, 17);
    assert_null(report.token.data);
    read_report(" {\"generation\":9007199254740991} ", 0, &report);
    assert_true(report.generation == UINT64_C(9007199254740991));
    tk_pool_init(&pool, 64 * 1024);
    assert_int_equal(
        tk_reject_read(tk_str("{\"token\":\"a\\\"b\"}"), &pool, &report, &why),
        0);
    assert_text(report.token, TK_STR("a\"b"));
    tk_pool_fini(&pool);
}

static void any_other_body_is_refused_and_not_shown(void **state)
{
    static const char *const bodies[] = {
        "",
        "canary",
        "\"canary\"",
        "17",
        "[]",
        "{}",
        "null",
        "{\"generation\":0}",
        "{\"generation\":-1}",
        "{\"generation\":1.5}",
        "{\"generation\":\"17\"}",
        "{\"generation\":1e99}",
        "{\"generation\":null}",
        "{\"token\":\"\"}",
        "{\"token\":17}",
        "{\"token\":null}",
        "{\"token\":\"canary\",\"generation\":1}",
        "{\"token\":\"canary\",\"more\":1}",
        "{\"token\":\"canary",
        "{\"token\":\"canary\"} x",
        "{\"Token\":\"canary\"}",
        "token=canary",
    };
    struct tk_report report;

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        read_report(bodies[i], TK_EINVAL, &report);
    }
}

/* --- what becomes of it --- */

static int64_t get_generation(struct live *live)
{
    return at(call(live, "GET", "/v1/token/crm/client/a", 200), "generation")
        ->as.integer;
}

static const struct reading *report(struct live *live, int64_t generation,
                                    int status)
{
    char body[64];

    snprintf(body, sizeof body, "{\"generation\":%lld}", (long long)generation);
    return call_with(live, "POST", "/v1/reject/crm/client/a", body, status);
}

static void the_current_token_is_refreshed(void **state)
{
    struct live *live = *state;
    int64_t generation = get_generation(live);
    const struct reading *r = report(live, generation, 202);

    says(r, "key", "crm/client/a");
    says(r, "result", "refreshing");
    counts(r, "generation", (double)generation);
    holds(tk_value_text(at(r, "detail")), "newer_than");
}

static void the_token_itself_may_be_shown(void **state)
{
    struct live *live = *state;
    char body[128];
    const struct reading *r = call(live, "GET", "/v1/token/crm/client/a", 200);

    snprintf(body, sizeof body, "{\"token\":\"%.*s\"}",
             TK_ARG(tk_value_text(at(r, "token"))));
    r = call_with(live, "POST", "/v1/reject/crm/client/a", body, 202);
    says(r, "result", "refreshing");
    holds_not(tk_str(live->answer.all), "canary");
    r = call_with(live, "POST", "/v1/reject/crm/client/a",
                  "{\"token\":\"another\"}", 202);
    says(r, "result", "late");
}

static void an_older_token_is_late(void **state)
{
    struct live *live = *state;

    says(report(live, get_generation(live) - 1, 202), "result", "late");
}

static void a_second_report_brings_nothing_new(void **state)
{
    struct live *live = *state;
    int64_t generation =
        at(call(live, "GET", "/v1/token/crm/client/same", 200), "generation")
            ->as.integer;
    char body[64];
    const struct reading *r;

    snprintf(body, sizeof body, "{\"generation\":%lld}", (long long)generation);
    r = call_with(live, "POST", "/v1/reject/crm/client/same", body, 202);
    says(r, "result", "refreshing");
    r = call_with(live, "POST", "/v1/reject/crm/client/same", body, 202);
    says(r, "result", "known");
}

static void a_report_to_a_paused_source_is_noted(void **state)
{
    struct live *live = *state;
    int64_t generation = get_generation(live);

    call(live, "POST", "/v1/pause/crm", 202);
    says(report(live, generation, 202), "result", "paused");
}

static void a_token_that_was_never_given_out_is_unknown(void **state)
{
    struct live *live = *state;

    report(live, get_generation(live) + 1, 404);
    is_problem(live, "unknown_key");
    holds(tk_str(live->answer.body), "no such token was given out");
}

static void a_report_for_a_key_that_is_not_there_is_refused(void **state)
{
    struct live *live = *state;

    report(live, 1, 404);
    is_problem(live, "unknown_key");
    call_with(live, "POST", "/v1/reject/nobody/client/a", "{\"generation\":1}",
              404);
    is_problem(live, "unknown_source");
    call_with(live, "POST", "/v1/reject/crm", "{\"generation\":1}", 400);
    is_problem(live, "bad_key");
    call_with(live, "POST", "/v1/reject/crm/client/a", "{}", 400);
    is_problem(live, "bad_request");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_names_a_generation_or_shows_the_token),
        cmocka_unit_test(any_other_body_is_refused_and_not_shown),
        LIVE(the_current_token_is_refreshed),
        LIVE(the_token_itself_may_be_shown),
        LIVE(an_older_token_is_late),
        LIVE(a_second_report_brings_nothing_new),
        LIVE(a_report_to_a_paused_source_is_noted),
        LIVE(a_token_that_was_never_given_out_is_unknown),
        LIVE(a_report_for_a_key_that_is_not_there_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
