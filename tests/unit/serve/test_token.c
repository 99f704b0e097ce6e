#include "serve/token.h"

#include "tests/unit/serve/live.h"

static void a_cold_caller_waits_and_the_next_one_does_not(void **state)
{
    struct live *live = *state;
    const struct reading *r = call(live, "GET", "/v1/token/crm/client/a", 200);
    struct tk_str first = tk_value_text(at(r, "token"));
    char token[64];
    double generation = (double)at(r, "generation")->as.integer;

    snprintf(token, sizeof token, "%.*s", TK_ARG(first));
    holds(tk_str(token), "canary-");
    says(r, "key", "crm/client/a");
    says(r, "state", "fresh");
    says(r, "attributes.subject", "a");
    says(r, "attach.header", "Authorization");
    says(r, "attach.format", "Bearer %s");
    has_header(live, "Content-Type: application/json");
    has_header(live, "Cache-Control: no-store");
    r = call(live, "GET", "/v1/token/crm/client/a", 200);
    says(r, "token", token);
    counts(r, "generation", generation);
    r = call(live, "GET", "/v1/tokens", 200);
    counts(r, "sources.0.hits", 1);
    counts(r, "sources.0.cold", 1);
}

static void plain_text_is_the_token_and_nothing_else(void **state)
{
    struct live *live = *state;

    exchange(live->path,
             "GET /v1/token/crm/client/quoted HTTP/1.1\r\nHost: t\r\n"
             "Accept: text/plain\r\n\r\n",
             &live->answer);
    assert_int_equal(live->answer.status, 200);
    assert_string_equal(live->answer.body, "a\"b\\c");
    has_header(live, "Content-Type: text/plain");
    has_header(live, "Cache-Control: no-store");
    has_header(live, "Tokeng-State: fresh");
    holds(tk_str(live->answer.all), "\r\nTokeng-Generation: ");
    holds(tk_str(live->answer.all), "\r\nTokeng-Expires-In: 7");
    says(call(live, "GET", "/v1/token/crm/client/quoted", 200), "token",
         "a\"b\\c");
}

static void a_failure_of_the_issuer_is_told(void **state)
{
    struct live *live = *state;
    const struct reading *r =
        call(live, "GET", "/v1/token/crm/client/denied", 503);

    is_problem(live, "issuer_failed");
    says(r, "class", "credential");
    says(r, "issuer_code", "invalid_client");
    counts(r, "retry_after", 300);
    has_header(live, "Retry-After: 300");
    /* The second time it is known. */
    call(live, "GET", "/v1/token/crm/client/denied", 503);
    is_problem(live, "issuer_failed");
}

static void a_caller_whose_time_is_up_is_told(void **state)
{
    struct live *live = *state;

    call(live, "GET", "/v1/token/crm/client/slow?wait=20ms", 503);
    is_problem(live, "timeout");
    holds(tk_str(live->answer.all), "\r\nRetry-After: ");
    call(live, "GET", "/v1/token/crm/client/slow?wait=0", 503);
    is_problem(live, "timeout");
    says(call(live, "GET", "/v1/explain/crm/client/slow", 200), "next.what",
         "running");
}

static void a_paused_source_refuses_cold_callers_at_once(void **state)
{
    struct live *live = *state;

    call(live, "GET", "/v1/token/crm/client/a", 200);
    call(live, "POST", "/v1/pause/crm", 202);
    call(live, "GET", "/v1/token/crm/client/a", 200);
    call(live, "GET", "/v1/token/crm/client/b", 503);
    is_problem(live, "paused");
}

static void a_newer_token_than_the_rejected_one_is_waited_for(void **state)
{
    struct live *live = *state;
    char target[96];
    int64_t generation =
        at(call(live, "GET", "/v1/token/crm/client/a", 200), "generation")
            ->as.integer;

    snprintf(target, sizeof target, "/v1/token/crm/client/a?newer_than=%lld",
             (long long)generation);
    assert_true(at(call(live, "GET", target, 200), "generation")->as.integer >
                generation);
}

static void the_rejected_token_again_is_poisoned(void **state)
{
    struct live *live = *state;
    char target[96];
    char body[64];
    int64_t generation =
        at(call(live, "GET", "/v1/token/crm/client/same", 200), "generation")
            ->as.integer;

    snprintf(body, sizeof body, "{\"generation\":%lld}", (long long)generation);
    call_with(live, "POST", "/v1/reject/crm/client/same", body, 202);
    snprintf(target, sizeof target, "/v1/token/crm/client/same?newer_than=%lld",
             (long long)generation);
    call(live, "GET", target, 503);
    is_problem(live, "poisoned");
    says(call(live, "GET", "/v1/token/crm/client/same", 200), "state",
         "poisoned");
}

static void
a_life_that_the_issuer_cannot_give_is_no_reason_to_fail(void **state)
{
    struct live *live = *state;

    call(live, "GET", "/v1/token/crm/client/a?min_ttl=1d", 200);
}

static void parameters_that_make_no_sense_are_refused(void **state)
{
    static const char *const targets[] = {
        "/v1/token/crm/client/a?min_ttl=soon",
        "/v1/token/crm/client/a?wait=61s",
        "/v1/token/crm/client/a?wait=5",
        "/v1/token/crm/client/a?newer_than=-1",
        "/v1/token/crm/client/a?min_ttl",
    };
    struct live *live = *state;

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        call(live, "GET", targets[i], 400);
        is_problem(live, "bad_request");
    }
}

static void many_wait_for_one_call(void **state)
{
    enum { CALLERS = 50 };
    struct live *live = *state;
    struct answer *answer = &live->answer;
    int fds[CALLERS];
    char token[64] = "";

    for (int i = 0; i < CALLERS; i++) {
        fds[i] = dial(live->path);
        ask(fds[i], "/v1/token/crm/client/a");
    }
    for (int i = 0; i < CALLERS; i++) {
        assert_true(hear(fds[i], answer));
        assert_int_equal(answer->status, 200);
        reading_close(&live->reading);
        reading_open(&live->reading, tk_str(answer->body));
        if (i == 0) {
            snprintf(token, sizeof token, "%.*s",
                     TK_ARG(tk_value_text(at(&live->reading, "token"))));
        }
        says(&live->reading, "token", token);
        close(fds[i]);
    }
    counts(call(live, "GET", "/v1/tokens", 200), "sources.0.renewed", 2);
}

static void a_caller_who_hangs_up_hurts_nobody(void **state)
{
    struct live *live = *state;
    int fd = dial(live->path);

    ask(fd, "/v1/token/crm/client/slow?wait=30ms");
    close(fd);
    call(live, "GET", "/v1/token/crm/client/slow?wait=60ms", 503);
    is_problem(live, "timeout");
}

/* `first`: which of the two ends first. */
static void end_while_somebody_waits(bool api_first)
{
    struct live *live = live_open("");
    int fd = dial(live->path);

    live->api_ends_first = api_first;
    ask(fd, "/v1/token/crm/client/slow?wait=60s");
    await_key(live, "crm/client/slow");
    live_stop(live);
    assert_true(hear(fd, &live->answer));
    assert_int_equal(live->answer.status, 503);
    holds(tk_str(live->answer.body), "\"code\":\"stopping\"");
    has_header(live, "Retry-After: 1");
    close(fd);
    live_free(live);
}

static void who_waits_at_the_end_is_told_by_the_engine(void **state)
{
    (void)state;
    end_while_somebody_waits(false);
}

static void who_waits_at_the_end_is_told_by_the_api(void **state)
{
    (void)state;
    end_while_somebody_waits(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIVE(a_cold_caller_waits_and_the_next_one_does_not),
        LIVE(plain_text_is_the_token_and_nothing_else),
        LIVE(a_failure_of_the_issuer_is_told),
        LIVE(a_caller_whose_time_is_up_is_told),
        LIVE(a_paused_source_refuses_cold_callers_at_once),
        LIVE(a_newer_token_than_the_rejected_one_is_waited_for),
        LIVE(the_rejected_token_again_is_poisoned),
        LIVE(a_life_that_the_issuer_cannot_give_is_no_reason_to_fail),
        LIVE(parameters_that_make_no_sense_are_refused),
        LIVE(many_wait_for_one_call),
        LIVE(a_caller_who_hangs_up_hurts_nobody),
        cmocka_unit_test(who_waits_at_the_end_is_told_by_the_engine),
        cmocka_unit_test(who_waits_at_the_end_is_told_by_the_api),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
