#include "tests/unit/script/provider.h"

#include "net/server.h"

/* An issuer of a few lines, on the loop of the provider. */
struct issuer {
    struct tk_server *server;
    char body[256];
    char content_type[64];
    char authorization[128];
    const char *retry_name;
    const char *retry_value;
    int calls;
};

static void copy_view(struct tk_str from, char *out, size_t cap)
{
    snprintf(out, cap, "%.*s", (int)from.len,
             from.data == NULL ? "" : from.data);
}

static void answer(struct tk_request *request, void *data)
{
    struct issuer *issuer = data;
    const struct tk_http_header headers[] = {
        {tk_str(issuer->retry_name), tk_str(issuer->retry_value)},
        {{"X-Kind", 6}, {"Test", 4}},
        {{"X-KIND", 6}, {"Two", 3}},
    };
    struct tk_reply reply = {.status = 200,
                             .content_type = "application/json",
                             .headers = headers,
                             .header_count = 3,
                             .body = TK_STR("{\"token\":\"abc\"}")};

    issuer->calls++;
    copy_view(tk_request_body(request), issuer->body, sizeof issuer->body);
    copy_view(tk_request_header(request, "Content-Type"), issuer->content_type,
              sizeof issuer->content_type);
    copy_view(tk_request_header(request, "Authorization"),
              issuer->authorization, sizeof issuer->authorization);
    if (tk_str_is(tk_request_path(request), "/teapot")) reply.status = 418;
    tk_request_reply(request, &reply);
}

/* Runs fetch with `body`, in which "$URL" stands for the issuer, which says
 * when to come again by the given header. */
static void run_retry(struct provider *p, struct issuer *issuer,
                      const char *name, const char *value, const char *body)
{
    struct tk_server_options options = {.listen = "tcp:127.0.0.1:0"};
    char text[1024];
    const char *mark = strstr(body, "$URL");
    struct tk_why why = {0};

    *issuer = (struct issuer){.retry_name = name, .retry_value = value};
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

static void run_with(struct provider *p, struct issuer *issuer,
                     const char *body)
{
    run_retry(p, issuer, "Retry-After", "3", body);
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
    assert_string_equal(p->token, "abc200Test, Two3");
    assert_string_equal(issuer.body, "{\"a\":1}");
    assert_string_equal(issuer.content_type, "application/json; charset=utf-8");
}

/* The bytes are seen by the issuer, and at no place in Lua. */
static void a_secret_travels_in_json_form_header_and_basic(void **state)
{
    static const struct {
        const char *lua;
        const char *body;
        const char *authorization;
    } ways[] = {
        {"json = { s = t }", "{\"s\":\"hunter2\"}", ""},
        {"form = { s = t }", "s=hunter2", ""},
        {"body = t", "hunter2", ""},
        {"headers = { Authorization = { 'Bearer ', t } }", "",
         "Bearer hunter2"},
        {"basic = { 'id', t }", "", "Basic aWQ6aHVudGVyMg=="},
    };
    struct provider *p = *state;

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct tk_server_options options = {.listen = "tcp:127.0.0.1:0"};
        struct issuer issuer = {.retry_name = "X-A", .retry_value = "1"};
        char lua[512];

        assert_int_equal(tk_server_new(p->loop, &options, answer, &issuer,
                                       &issuer.server, NULL),
                         0);
        snprintf(lua, sizeof lua,
                 "local t = engine.token 'app'\n"
                 "http.post { url = '%s', %s }\n"
                 "return { token = tostring(t) }",
                 tk_server_address(issuer.server), ways[i].lua);
        provider_run(p, lua);
        tk_task_give_token(p->task, TK_STR("hunter2"), NULL, NULL);
        tk_loop_run(p->loop);
        tk_server_free(issuer.server);
        assert_string_equal(p->detail, "");
        assert_string_equal(issuer.body, ways[i].body);
        assert_string_equal(issuer.authorization, ways[i].authorization);
        assert_null(strstr(p->token, "hunter2"));
        tk_unit_close(p->unit);
        p->unit = NULL;
    }
}

static void run_for_wait(struct provider *p, const char *name,
                         const char *value, const char *wanted)
{
    struct issuer issuer;

    run_retry(p, &issuer, name, value,
              "local r = http.get '$URL/x' return { token = 'w' .. "
              "tostring(r.retry_after) }");
    assert_string_equal(p->token, wanted);
    tk_unit_close(p->unit);
    p->unit = NULL;
}

static void the_wait_that_an_issuer_asks_for_is_in_seconds(void **state)
{
    struct provider *p = *state;

    run_for_wait(p, "Retry-After", "120", "w120");
    run_for_wait(p, "Retry-After", "Mon, 23 Nov 2020 12:00:00 GMT", "w0");
    run_for_wait(p, "Retry-After", "soon", "wnil");
    run_for_wait(p, "Retry-After", "-5", "wnil");
    run_for_wait(p, "Retry-After", "99999999999999999999", "w315360000");
    run_for_wait(p, "Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT",
                 "w315360000");
    run_for_wait(p, "Retry-After", "1.5", "wnil");
    run_for_wait(p, "Retry-After", "0x10", "wnil");
    run_for_wait(p, "x-ogw-ratelimit-reset", "-7", "wnil");
    run_for_wait(p, "x-ogw-ratelimit-reset", "99999999999999999999",
                 "w315360000");
    run_for_wait(p, "x-ogw-ratelimit-reset", "7", "w7");
}

/* A script that asks on and on is ended by its budget: a request counts. */
static void requests_without_an_end_are_ended(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local n = 0 while true do n = n + 1 log(n) "
                    "http.get 'file:///etc/passwd' end");
    assert_int_equal(p->code, TK_EBUDGET);
    assert_in_range(atoi(p->logged), 150, 201);
}

static void what_a_script_gets_wrong_is_an_error_with_its_line(void **state)
{
    struct provider *p = *state;

    provider_run(p, "\nhttp.post { url = 'https://x.example', jsno = {} }");
    assert_int_equal(p->code, TK_ESCRIPT);
    assert_non_null(strstr(p->detail, ":3: http.post: unknown field jsno; did "
                                      "you mean json?"));
}

static void a_table_that_holds_itself_is_not_sent(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local t = {} t.t = t "
                    "http.post { url = 'https://x.example', json = t }");
    assert_int_equal(p->code, TK_ESCRIPT);
    assert_non_null(strstr(p->detail, "json.t: contains itself"));
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
    assert_non_null(strstr(p->detail, "http.get cannot wait here"));
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

static void a_token_that_nobody_waits_for_is_left_alone(void **state)
{
    struct provider *p = *state;

    provider_run(p, "engine.token('app') "
                    "return http.get 'http://127.0.0.1:1/'");
    tk_task_give_token(p->task, TK_STR("one"), NULL, NULL);
    tk_task_give_token(p->task, TK_STR("two"), NULL, NULL);
    tk_loop_run(p->loop);
    assert_string_equal(p->error_code, "connect");
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
        WITH_PROVIDER(a_secret_travels_in_json_form_header_and_basic),
        WITH_PROVIDER(the_wait_that_an_issuer_asks_for_is_in_seconds),
        WITH_PROVIDER(requests_without_an_end_are_ended),
        WITH_PROVIDER(what_a_script_gets_wrong_is_an_error_with_its_line),
        WITH_PROVIDER(a_table_that_holds_itself_is_not_sent),
        WITH_PROVIDER(get_takes_a_url_alone),
        WITH_PROVIDER(a_request_may_stand_inside_pcall),
        WITH_PROVIDER(a_request_that_could_not_wait_is_not_sent),
        WITH_PROVIDER(a_connection_that_is_refused_is_transient),
        WITH_PROVIDER(
            a_request_that_makes_no_sense_is_a_failure_of_configuration),
        WITH_PROVIDER(http_is_refused_unless_the_source_says_so),
        WITH_PROVIDER(a_task_that_is_dropped_drops_its_request),
        WITH_PROVIDER(another_token_is_a_secret_to_the_script),
        WITH_PROVIDER(a_token_that_nobody_waits_for_is_left_alone),
        WITH_PROVIDER(another_token_that_cannot_be_had_has_a_class),
        WITH_PROVIDER(a_kind_that_the_engine_refuses_is_config),
        WITH_PROVIDER(log_is_bounded_and_printable),
        WITH_PROVIDER(a_secret_cannot_be_logged_or_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
