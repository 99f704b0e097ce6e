#include "tests/unit/script/provider.h"

#include "net/server.h"

/* An issuer of a few lines, on the loop of the provider. */
struct issuer {
    struct tk_server *server;
    char body[256];
    char content_type[64];
    int calls;
};

static void copy_view(struct tk_str from, char *out, size_t cap)
{
    snprintf(out, cap, "%.*s", (int)from.len,
             from.data == NULL ? "" : from.data);
}

static void answer(struct tk_request *request, void *data)
{
    static const struct tk_http_header headers[] = {
        {{"Retry-After", 11}, {"3", 1}},
        {{"X-Kind", 6}, {"Test", 4}},
    };
    struct issuer *issuer = data;
    struct tk_reply reply = {.status = 200,
                             .content_type = "application/json",
                             .headers = headers,
                             .header_count = 2,
                             .body = TK_STR("{\"token\":\"abc\"}")};

    issuer->calls++;
    copy_view(tk_request_body(request), issuer->body, sizeof issuer->body);
    copy_view(tk_request_header(request, "Content-Type"), issuer->content_type,
              sizeof issuer->content_type);
    if (tk_str_is(tk_request_path(request), "/teapot")) reply.status = 418;
    tk_request_reply(request, &reply);
}

/* Runs fetch with `body`, in which "$URL" stands for the issuer. */
static void run_with(struct provider *p, struct issuer *issuer,
                     const char *body)
{
    struct tk_server_options options = {.listen = "tcp:127.0.0.1:0"};
    char text[1024];
    const char *mark = strstr(body, "$URL");
    struct tk_why why = {0};

    *issuer = (struct issuer){0};
    if (tk_server_new(p->loop, &options, answer, issuer, &issuer->server,
                      &why) != 0) {
        fail_msg("%s", why.text);
    }
    snprintf(text, sizeof text, "%.*s%s%s",
             (int)(mark == NULL ? strlen(body) : (size_t)(mark - body)), body,
             mark == NULL ? "" : tk_server_address(issuer->server),
             mark == NULL ? "" : mark + 4);
    provider_run(p, text);
    tk_server_free(issuer->server);
}

static void post_sends_json_and_brings_the_answer(void **state)
{
    struct provider *p = *state;
    struct issuer issuer;

    run_with(p, &issuer,
             "local r, e = http.post { url = '$URL/t', json = { a = 1 } }\n"
             "if not r then return nil, e end\n"
             "local t = json.decode(r.body)\n"
             "return { token = t.token .. r.status .. r.headers['x-kind']\n"
             "  .. r.retry_after }");
    assert_string_equal(p->detail, "");
    assert_string_equal(p->token, "abc200Test3");
    assert_string_equal(issuer.body, "{\"a\":1}");
    assert_string_equal(issuer.content_type, "application/json; charset=utf-8");
}

static void get_takes_a_url_alone(void **state)
{
    struct provider *p = *state;
    struct issuer issuer;

    run_with(p, &issuer,
             "local r = http.get '$URL/teapot'\n"
             "return { token = 'status-' .. r.status }");
    assert_string_equal(p->token, "status-418");
}

/* A stock pcall would send the request and fail to wait for it. */
static void a_request_may_stand_inside_pcall(void **state)
{
    struct provider *p = *state;
    struct issuer issuer;

    run_with(p, &issuer,
             "local ok, r = pcall(http.get, '$URL/x')\n"
             "return { token = tostring(ok) .. r.status }");
    assert_string_equal(p->token, "true200");
    assert_int_equal(issuer.calls, 1);
}

/* Sorting calls back from C, where nothing can wait: nothing is sent. */
static void a_request_that_could_not_wait_is_not_sent(void **state)
{
    struct provider *p = *state;
    struct issuer issuer;

    run_with(p, &issuer,
             "table.sort({ 2, 1 }, function() http.get '$URL/x' end)");
    assert_int_equal(p->code, TK_ESCRIPT);
    assert_int_equal(issuer.calls, 0);
}

static void a_connection_that_is_refused_is_transient(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local r, e = http.get 'http://127.0.0.1:1/'\n"
                    "return r, e");
    assert_string_equal(p->class, "transient");
    assert_string_equal(p->error_code, "connect");
}

static void
a_request_that_makes_no_sense_is_a_failure_of_configuration(void **state)
{
    struct provider *p = *state;

    provider_run(p, "return http.get 'file:///etc/passwd'");
    assert_string_equal(p->class, "config");
    assert_string_equal(p->error_code, "bad_request");
}

static void http_is_refused_unless_the_source_says_so(void **state)
{
    struct provider *p = *state;

    p->route.insecure_http = false;
    provider_run(p, "return http.get 'http://127.0.0.1:1/'");
    assert_string_equal(p->class, "config");
}

static void a_task_that_is_dropped_drops_its_request(void **state)
{
    struct provider *p = *state;

    provider_load(p, "engine.token('wait') http.get 'http://127.0.0.1:1/'");
    provider_start(p);
    tk_loop_run(p->loop);
    tk_task_give_token(p->asking, TK_STR("t"), "", "");
    tk_task_drop(p->task);
    p->task = NULL;
    tk_timer_set(p->guard, TK_NEVER);
    tk_loop_run(p->loop);
    assert_int_equal(p->done, 0);
}

static void another_token_is_a_secret_to_the_script(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local t, e = engine.token('app', 'x')\n"
                    "return { token = tostring(t) .. type(t) }");
    assert_string_equal(p->asked, "app/x");
    tk_task_give_token(p->task, TK_STR("hunter2"), "", "");
    assert_string_equal(p->token, "secret(\xe2\x80\xa6)userdata");
}

static void another_token_that_cannot_be_had_has_a_class(void **state)
{
    struct provider *p = *state;

    provider_run(p, "return engine.token('app')");
    tk_task_give_token(p->task, (struct tk_str){NULL, 0}, "rate", "slow");
    assert_string_equal(p->class, "rate");
    assert_string_equal(p->error_code, "slow");
}

static void a_kind_that_the_engine_refuses_is_config(void **state)
{
    struct provider *p = *state;

    provider_run(p, "return engine.token('refused')");
    assert_string_equal(p->class, "config");
    assert_string_equal(p->error_code, "no_such_token");
}

static void log_is_bounded_and_printable(void **state)
{
    struct provider *p = *state;

    provider_run(p, "log('one\\ntwo' .. string.rep('x', 1000))\n"
                    "return { token = 'a' }");
    assert_int_equal(strncmp(p->logged, "one?twoxxx", 10), 0);
    assert_true(strlen(p->logged) < 400);
}

static void a_secret_cannot_be_logged_or_joined(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local t = engine.token('app')\n"
                    "log(tostring(t))\n"
                    "local ok, e = pcall(function() return 'x' .. t end)\n"
                    "return { token = tostring(ok) }");
    tk_task_give_token(p->task, TK_STR("hunter2"), "", "");
    assert_null(strstr(p->logged, "hunter2"));
    assert_string_equal(p->token, "false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(post_sends_json_and_brings_the_answer),
        WITH_PROVIDER(get_takes_a_url_alone),
        WITH_PROVIDER(a_request_may_stand_inside_pcall),
        WITH_PROVIDER(a_request_that_could_not_wait_is_not_sent),
        WITH_PROVIDER(a_connection_that_is_refused_is_transient),
        WITH_PROVIDER(
            a_request_that_makes_no_sense_is_a_failure_of_configuration),
        WITH_PROVIDER(http_is_refused_unless_the_source_says_so),
        WITH_PROVIDER(a_task_that_is_dropped_drops_its_request),
        WITH_PROVIDER(another_token_is_a_secret_to_the_script),
        WITH_PROVIDER(another_token_that_cannot_be_had_has_a_class),
        WITH_PROVIDER(a_kind_that_the_engine_refuses_is_config),
        WITH_PROVIDER(log_is_bounded_and_printable),
        WITH_PROVIDER(a_secret_cannot_be_logged_or_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
