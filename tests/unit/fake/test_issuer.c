#include "fake/issuer.h"

#include "tests/unit/text.h"

#include "folder.h"

static struct folder folder;
static struct tk_issuer *issuer;
static struct tk_pool pool;
static struct tk_issuer_answer answer;
static struct tk_why why;

static int start(void **state)
{
    (void)state;
    folder_init(&folder);
    tk_pool_init(&pool, 1 << 20);
    why = (struct tk_why){0, ""};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tk_issuer_close(issuer);
    issuer = NULL;
    tk_pool_fini(&pool);
    folder_fini(&folder);
    return 0;
}

/* A script whose handle is `body`. */
static int open_with(const char *head, const char *body,
                     const struct tk_value *settings)
{
    char text[4096];

    snprintf(text, sizeof text,
             "return { api = 1, name = \"t\", %s,\n"
             "handle = function(request, state, now) %s end }\n",
             head, body);
    return tk_issuer_open(folder_write(&folder, "t.lua", text), folder.lua_dir,
                          settings, &issuer, &why);
}

static void open_handle(const char *body)
{
    int rc = open_with("routes = { \"/t/\" }", body, NULL);

    if (rc != 0) fail_msg("%s", why.text);
}

static struct tk_issuer_call call_of(const char *body)
{
    return (struct tk_issuer_call){
        .method = TK_STR("POST"), .path = TK_STR("/t/x"), .body = tk_str(body)};
}

static int ask(const struct tk_issuer_call *call)
{
    return tk_issuer_ask(issuer, call, 12.5, &pool, &answer, &why);
}

static void assert_asked(const struct tk_issuer_call *call)
{
    if (ask(call) != 0) fail_msg("%s", why.text);
}

static void a_request_arrives_whole(void **state)
{
    const struct tk_http_header headers[] = {
        {TK_STR("X-Name"), TK_STR("first")},
        {TK_STR("x-name"), TK_STR("second")},
    };
    struct tk_issuer_call call = call_of("the body");

    (void)state;
    open_handle("return 200, {}, { body = request.method .. request.path .. "
                "request.body .. request.headers['x-name'] .. now .. "
                "tostring(request.form) .. tostring(request.basic) .. "
                "tostring(request.fault) .. tostring(request.control) }");
    call.headers = headers;
    call.header_count = 2;
    assert_asked(&call);
    assert_text(answer.body, TK_STR("POST/t/xthe bodyfirst12.5nilnilnilnil"));
    assert_false(answer.is_json);
    assert_int_equal(answer.status, 200);
}

static void forms_and_basic_credentials_are_decoded(void **state)
{
    const struct tk_http_header headers[] = {
        {TK_STR("Content-Type"),
         TK_STR("application/x-www-form-urlencoded; charset=utf-8")},
        {TK_STR("Authorization"), TK_STR("Basic Y3JtOnNlY3JldA==")},
    };
    struct tk_issuer_call call = call_of("scope=a+b");

    (void)state;
    open_handle("return 200, {}, { body = request.form.scope .. "
                "request.basic.id .. request.basic.secret }");
    call.headers = headers;
    call.header_count = 2;
    assert_asked(&call);
    assert_text(answer.body, TK_STR("a bcrmsecret"));
}

static void broken_forms_and_credentials_are_left_out(void **state)
{
    const struct tk_http_header headers[] = {
        {TK_STR("Content-Type"), TK_STR("application/x-www-form-urlencoded")},
        {TK_STR("Authorization"), TK_STR("Basic ?")},
    };
    struct tk_issuer_call call = call_of("a=%");

    (void)state;
    open_handle("return 200, {}, { body = tostring(request.form) .. "
                "tostring(request.basic) }");
    call.headers = headers;
    call.header_count = 2;
    assert_asked(&call);
    assert_text(answer.body, TK_STR("nilnil"));
}

static void faults_and_the_hosts_questions_arrive(void **state)
{
    struct tk_issuer_call call = call_of("");

    (void)state;
    open_handle("return 200, {}, { body = request.fault .. request.retry_after"
                " .. request.control .. request.token }");
    call.fault = "limit";
    call.retry_after_s = 9;
    call.control = "check";
    call.token = TK_STR("tok");
    assert_asked(&call);
    assert_text(answer.body, TK_STR("limit9checktok"));
}

static void an_answer_is_taken_whole(void **state)
{
    struct tk_issuer_call call = call_of("");

    (void)state;
    open_handle(
        "return 429, { Allow = 'POST' }, { body = { a = 1, b = {} }, "
        "result = 'limit', client = 'c', kind = 'k', remaining = 1.5 }");
    assert_asked(&call);
    assert_int_equal(answer.status, 429);
    assert_int_equal(answer.header_count, 1);
    assert_text(answer.headers[0].name, TK_STR("Allow"));
    assert_text(answer.headers[0].value, TK_STR("POST"));
    assert_true(answer.is_json);
    assert_text(answer.body, TK_STR("{\"a\":1,\"b\":{}}"));
    assert_text(answer.result, TK_STR("limit"));
    assert_text(answer.client, TK_STR("c"));
    assert_text(answer.kind, TK_STR("k"));
    assert_int_equal(answer.remaining_ms, 1500);
}

static void what_is_not_said_is_empty(void **state)
{
    struct tk_issuer_call call = call_of("");

    (void)state;
    open_handle("return 204, {}, { body = '' }");
    assert_asked(&call);
    assert_int_equal(answer.body.len, 0);
    assert_int_equal(answer.result.len, 0);
    assert_int_equal(answer.client.len, 0);
    assert_int_equal(answer.remaining_ms, -1);
}

static void a_malformed_answer_is_the_scripts_failure(void **state)
{
    static const char *const bad[] = {
        "return",
        "return 200, {}, 'text'",
        "return 'ok', {}, { body = '' }",
        "return 20, {}, { body = '' }",
        "return 200, nil, { body = '' }",
        "return 200, { Allow = 1 }, { body = '' }",
        "return 200, {}, { body = { 1, a = 2 } }",
        "return 200, {}, { body = function() end }",
    };
    struct tk_issuer_call call = call_of("");

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        open_handle(bad[i]);
        if (ask(&call) != TK_ESCRIPT) fail_msg("taken: %s", bad[i]);
        assert_true(why.text[0] != '\0');
        tk_issuer_close(issuer);
        issuer = NULL;
    }
}

static void a_script_that_raises_or_loops_is_ended(void **state)
{
    struct tk_issuer_call call = call_of("");

    (void)state;
    open_handle("if request.body == '' then error('no') end "
                "while true do end");
    assert_int_equal(ask(&call), TK_ESCRIPT);
    call = call_of("x");
    assert_int_equal(ask(&call), TK_EBUDGET);
}

static void state_lasts_from_call_to_call(void **state)
{
    struct tk_issuer_call call = call_of("");

    (void)state;
    open_handle("state.n = (state.n or 0) + 1 "
                "return 200, {}, { body = tostring(state.n) }");
    assert_asked(&call);
    assert_asked(&call);
    assert_text(answer.body, TK_STR("2"));
}

static void put(struct tk_value *table, const char *name, struct tk_value value)
{
    table->as.table.pairs[table->as.table.pair_count++] =
        (struct tk_pair){tk_str(name), value};
}

static void given_settings_go_over_the_scripts_own(void **state)
{
    struct tk_issuer_call call = call_of("");
    struct tk_value settings = tk_value_of_table(&pool, 0, 2);

    (void)state;
    settings.as.table.pair_count = 0;
    put(&settings, "life", tk_value_of_int(20));
    put(&settings, "extra", tk_value_of_int(3));
    if (open_with("routes = { \"/t/\" }, "
                  "settings = { life = 7200, window = 1800, own = 4 }",
                  "local s = state.settings return 200, {}, { body = { s.life,"
                  " s.window, s.own, s.extra } }",
                  &settings) != 0) {
        fail_msg("%s", why.text);
    }
    assert_asked(&call);
    assert_text(answer.body, TK_STR("[20,5,4,3]"));
}

static void a_given_window_stays_as_it_is(void **state)
{
    struct tk_issuer_call call = call_of("");
    struct tk_value settings = tk_value_of_table(&pool, 0, 2);

    (void)state;
    settings.as.table.pair_count = 0;
    put(&settings, "life", tk_value_of_int(20));
    put(&settings, "window", tk_value_of_int(7));
    assert_int_equal(open_with("routes = { \"/t/\" }, "
                               "settings = { life = 7200, window = 1800 }",
                               "local s = state.settings return 200, {}, "
                               "{ body = { s.life, s.window } }",
                               &settings),
                     0);
    assert_asked(&call);
    assert_text(answer.body, TK_STR("[20,7]"));
}

static void routes_say_which_paths_are_served(void **state)
{
    (void)state;
    assert_int_equal(open_with("routes = { \"/a/\", \"/b/c\" }",
                               "return 200, {}, { body = '' }", NULL),
                     0);
    assert_string_equal(tk_issuer_name(issuer), "t");
    assert_true(tk_issuer_serves(issuer, TK_STR("/a/")));
    assert_true(tk_issuer_serves(issuer, TK_STR("/a/token")));
    assert_true(tk_issuer_serves(issuer, TK_STR("/b/cd")));
    assert_false(tk_issuer_serves(issuer, TK_STR("/a")));
    assert_false(tk_issuer_serves(issuer, TK_STR("/b/")));
}

static void bad_routes_are_refused(void **state)
{
    static const char *const bad[] = {
        "help = \"no routes\"",
        "routes = {}",
        "routes = { \"a\" }",
        "routes = { \"/_stats\" }",
        "routes = { 1 }",
        "routes = { \"/a\", \"b\" }",
        "routes = { \"/a\", \"/_b\" }",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(open_with(bad[i], "", NULL), TK_ESCRIPT);
        assert_null(issuer);
        assert_non_null(strstr(why.text, "routes must be"));
        assert_non_null(strstr(why.text, "t.lua"));
    }
}

static void a_broken_script_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_int_equal(open_with("routes = { \"/t/\" }", "local", NULL),
                     TK_ESCRIPT);
    assert_non_null(strstr(why.text, "t.lua:2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_arrives_whole),
        TEST(forms_and_basic_credentials_are_decoded),
        TEST(broken_forms_and_credentials_are_left_out),
        TEST(faults_and_the_hosts_questions_arrive),
        TEST(an_answer_is_taken_whole),
        TEST(what_is_not_said_is_empty),
        TEST(a_malformed_answer_is_the_scripts_failure),
        TEST(a_script_that_raises_or_loops_is_ended),
        TEST(state_lasts_from_call_to_call),
        TEST(given_settings_go_over_the_scripts_own),
        TEST(a_given_window_stays_as_it_is),
        TEST(routes_say_which_paths_are_served),
        TEST(bad_routes_are_refused),
        TEST(a_broken_script_is_refused_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
