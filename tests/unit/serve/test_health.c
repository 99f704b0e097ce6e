#include "serve/health.h"

#include "tests/unit/serve/live.h"

static void the_reason_counts_keys_and_names_none(void **state)
{
    const struct tk_census census = {.kept = 5, .kept_dark = 2};
    char text[TK_HEALTH_TEXT];

    (void)state;
    assert_string_equal(tk_health_describe(&census, text),
                        "not ready: 2 of 5 kept keys have no token\n");
}

static void a_loop_that_turns_is_alive(void **state)
{
    struct live *live = *state;

    get(live->path, "/livez", &live->answer);
    assert_int_equal(live->answer.status, 200);
    assert_string_equal(live->answer.body, "ok\n");
    has_header(live, "Content-Type: text/plain; charset=utf-8");
}

static void an_engine_with_all_it_keeps_is_ready(void **state)
{
    struct live *live = *state;

    call(live, "GET", "/v1/token/crm/client/kept", 200);
    get(live->path, "/readyz", &live->answer);
    assert_int_equal(live->answer.status, 200);
    assert_string_equal(live->answer.body, "ready\n");
}

static void an_engine_that_misses_a_kept_token_is_not(void **state)
{
    struct live *live =
        live_open("keep = { 'client/slow', 'client/x', 'client/denied' }");

    (void)state;
    call(live, "GET", "/v1/token/crm/client/x", 200);
    get(live->path, "/readyz", &live->answer);
    assert_int_equal(live->answer.status, 503);
    assert_string_equal(live->answer.body,
                        "not ready: 2 of 3 kept keys have no token\n");
    has_header(live, "Content-Type: text/plain; charset=utf-8");
    live_stop(live);
    live_free(live);
}

static void the_version_comes_with_the_process(void **state)
{
    struct live *live = *state;
    const struct reading *r = call(live, "GET", "/v1/version", 200);

    says(r, "version", TOKENG_VERSION);
    says(r, "config", live->config);
    counts(r, "pid", getpid());
    assert_true(at(r, "uptime")->type == TK_INT ||
                at(r, "uptime")->type == TK_NUM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reason_counts_keys_and_names_none),
        LIVE(a_loop_that_turns_is_alive),
        LIVE(an_engine_with_all_it_keeps_is_ready),
        cmocka_unit_test(an_engine_that_misses_a_kept_token_is_not),
        LIVE(the_version_comes_with_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
