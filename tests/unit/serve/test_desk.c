#include "serve/desk.h"

#include "tests/unit/serve/live.h"

static void a_malformed_key_is_refused_with_the_rule(void **state)
{
    static const char *const keys[] = {
        "",        "crm",          "crm/", "crm//a", "crm/client/..",
        "crm/./a", "crm/client/a!"};
    struct live *live = *state;
    char target[128];

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        snprintf(target, sizeof target, "/v1/token/%s", keys[i]);
        call(live, "GET", target, 400);
        is_problem(live, "bad_key");
    }
}

static void a_key_is_never_unescaped(void **state)
{
    static const char *const keys[] = {"crm%2Fclient/a", "crm/client/a%00", "%",
                                       "crm/client/%61"};
    struct live *live = *state;
    char target[128];

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        snprintf(target, sizeof target, "/v1/token/%s", keys[i]);
        call(live, "GET", target, 400);
        is_problem(live, "bad_key");
        says(&live->reading, "detail",
             "a key is sent as it is, without %-escapes");
    }
}

static void a_long_key_is_refused(void **state)
{
    struct live *live = *state;
    char target[512];
    size_t len =
        (size_t)snprintf(target, sizeof target, "/v1/token/crm/client/");

    memset(target + len, 'k', TK_KEY_MAX);
    target[len + TK_KEY_MAX] = '\0';
    call(live, "GET", target, 400);
    is_problem(live, "bad_key");
}

static void an_unknown_source_is_told_from_an_unknown_kind(void **state)
{
    struct live *live = *state;

    call(live, "GET", "/v1/token/nobody/client/a", 404);
    is_problem(live, "unknown_source");
    call(live, "GET", "/v1/token/crm/cleint/a", 404);
    is_problem(live, "unknown_key");
    holds(tk_str(live->answer.body), "did you mean client?");
}

static void a_full_source_is_no_fault_of_the_key(void **state)
{
    struct live *live = *state;
    char target[64];

    for (int i = 0; i < 7; i++) { /* and the one that is kept */
        snprintf(target, sizeof target, "/v1/token/crm/client/%d", i);
        call(live, "GET", target, 200);
    }
    call(live, "GET", "/v1/token/crm/client/more", 429);
    is_problem(live, "cache_full");
    counts(&live->reading, "retry_after", 60);
    has_header(live, "Retry-After: 60");
    call(live, "GET", "/v1/token/crm/client/0", 200);
}

static void only_what_helps_stands_in_the_headers(void **state)
{
    struct live *live = *state;

    call(live, "GET", "/v1/token/nobody/client/a", 404);
    has_no_header(live, "Retry-After");
    has_no_header(live, "Allow");
}

/* --- answers that could not be written --- */

static void say_failed(struct tk_request *request, void *data)
{
    struct tk_buf out;

    (void)data;
    tk_buf_init(&out, 4);
    tk_buf_put_text(&out, "too much for it");
    tk_desk_send_json(request, 200, &out);
    tk_buf_fini(&out);
}

static void an_answer_that_failed_is_an_internal_error(void **state)
{
    static struct answer answer;
    struct serving serving;
    struct reading reading;

    (void)state;
    serving_init(&serving, say_failed, NULL);
    serving_start(&serving);
    get(serving.path, "/", &answer);
    serving_stop(&serving);
    serving_fini(&serving);
    assert_int_equal(answer.status, 500);
    reading_open(&reading, tk_str(answer.body));
    says(&reading, "type", "about:blank");
    says(&reading, "title", "Internal Server Error");
    says(&reading, "code", "internal");
    counts(&reading, "status", 500);
    reading_close(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIVE(a_malformed_key_is_refused_with_the_rule),
        LIVE(a_key_is_never_unescaped),
        LIVE(a_long_key_is_refused),
        LIVE(an_unknown_source_is_told_from_an_unknown_kind),
        LIVE(a_full_source_is_no_fault_of_the_key),
        LIVE(only_what_helps_stands_in_the_headers),
        cmocka_unit_test(an_answer_that_failed_is_an_internal_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
