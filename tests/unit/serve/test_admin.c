#include "serve/admin.h"

#include "tests/unit/serve/live.h"

static int64_t get_generation(struct live *live, const char *target)
{
    return at(call(live, "GET", target, 200), "generation")->as.integer;
}

static void a_refresh_brings_a_new_token(void **state)
{
    struct live *live = *state;
    int64_t before = get_generation(live, "/v1/token/crm/client/a");
    char target[96];
    const struct reading *r =
        call(live, "POST", "/v1/refresh/crm/client/a", 202);

    says(r, "key", "crm/client/a");
    says(r, "result", "refreshing");
    snprintf(target, sizeof target, "/v1/token/crm/client/a?newer_than=%lld",
             (long long)before);
    assert_true(get_generation(live, target) > before);
}

static void a_refresh_makes_the_key(void **state)
{
    struct live *live = *state;

    call(live, "GET", "/v1/explain/crm/client/new", 404);
    call(live, "POST", "/v1/refresh/crm/client/new", 202);
    call(live, "GET", "/v1/explain/crm/client/new", 200);
}

static void a_refresh_of_a_paused_source_waits_for_resume(void **state)
{
    struct live *live = *state;
    int64_t before = get_generation(live, "/v1/token/crm/client/a");
    char target[96];

    says(call(live, "POST", "/v1/pause/crm", 202), "source", "crm");
    is_bool(&live->reading, "paused", true);
    says(call(live, "POST", "/v1/refresh/crm/client/a", 202), "result",
         "paused");
    assert_int_equal(get_generation(live, "/v1/token/crm/client/a"), before);
    is_bool(call(live, "POST", "/v1/resume/crm", 202), "paused", false);
    snprintf(target, sizeof target, "/v1/token/crm/client/a?newer_than=%lld",
             (long long)before);
    assert_true(get_generation(live, target) > before);
}

static void only_sources_can_be_paused(void **state)
{
    struct live *live = *state;

    call(live, "POST", "/v1/pause/nobody", 404);
    is_problem(live, "unknown_source");
    call(live, "POST", "/v1/resume/nobody", 404);
    is_problem(live, "unknown_source");
    call(live, "POST", "/v1/pause/crm/client", 400);
    is_problem(live, "bad_request");
    call(live, "POST", "/v1/pause/", 400);
    is_problem(live, "bad_request");
}

static void a_dropped_token_is_fetched_anew_when_asked_for(void **state)
{
    struct live *live = *state;
    int64_t before = get_generation(live, "/v1/token/crm/client/a");
    const struct reading *r =
        call(live, "DELETE", "/v1/token/crm/client/a", 202);

    says(r, "key", "crm/client/a");
    says(r, "result", "dropped");
    holds(tk_value_text(at(r, "detail")), "when somebody asks");
    assert_true(get_generation(live, "/v1/token/crm/client/a") > before);
}

static void a_kept_key_that_is_dropped_gets_a_new_token_at_once(void **state)
{
    struct live *live = *state;
    int64_t before = get_generation(live, "/v1/token/crm/client/kept");
    const struct reading *r =
        call(live, "DELETE", "/v1/token/crm/client/kept", 202);

    holds(tk_value_text(at(r, "detail")), "kept");
    assert_true(get_generation(live, "/v1/token/crm/client/kept") > before);
}

static void a_key_that_is_not_there_cannot_be_dropped(void **state)
{
    struct live *live = *state;

    call(live, "DELETE", "/v1/token/crm/client/a", 404);
    is_problem(live, "unknown_key");
}

static void a_reload_takes_the_new_configuration(void **state)
{
    struct live *live = *state;
    int64_t before = get_generation(live, "/v1/token/crm/client/a");

    live_configure(live, "max_concurrent = 7");
    says(call(live, "POST", "/v1/reload", 202), "result", "reloaded");
    counts(call(live, "GET", "/v1/explain/crm/client/a", 200),
           "refresh.max_concurrent", 7);
    assert_int_equal(get_generation(live, "/v1/token/crm/client/a"), before);
}

static void a_broken_configuration_is_told_whole_and_not_taken(void **state)
{
    struct live *live = *state;
    const struct reading *r;

    live_configure(live, "max_concurrent = 'many', max_kyes = 7");
    r = call(live, "POST", "/v1/reload", 400);
    is_problem(live, "config");
    has_items(r, "problems", 2);
    holds(tk_str(live->answer.body), "sources.crm.max_concurrent");
    holds(tk_str(live->answer.body), "did you mean max_keys");
    call(live, "GET", "/v1/token/crm/client/a", 200);
}

/* A caller may be waiting for a source that a reload takes away. */
static void a_reload_answers_callers_of_a_source_that_is_gone(void **state)
{
    struct live *live = *state;
    int fd = dial(live->path);

    ask(fd, "/v1/token/crm/client/slow?wait=60s");
    await_key(live, "crm/client/slow");
    live_write(live->config,
               "return { sources = { hr = { provider = './test.lua', "
               "url = 'https://issuer.example/' } } }\n");
    call(live, "POST", "/v1/reload", 202);
    assert_true(hear(fd, &live->answer));
    close(fd);
    assert_int_equal(live->answer.status, 503);
    holds(tk_str(live->answer.body), "\"code\":\"withdrawn\"");
    call(live, "GET", "/v1/token/crm/client/a", 404);
    is_problem(live, "unknown_source");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIVE(a_refresh_brings_a_new_token),
        LIVE(a_refresh_makes_the_key),
        LIVE(a_refresh_of_a_paused_source_waits_for_resume),
        LIVE(only_sources_can_be_paused),
        LIVE(a_dropped_token_is_fetched_anew_when_asked_for),
        LIVE(a_kept_key_that_is_dropped_gets_a_new_token_at_once),
        LIVE(a_key_that_is_not_there_cannot_be_dropped),
        LIVE(a_reload_takes_the_new_configuration),
        LIVE(a_broken_configuration_is_told_whole_and_not_taken),
        LIVE(a_reload_answers_callers_of_a_source_that_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
