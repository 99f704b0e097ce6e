#include "tests/unit/harness.h"

#include "net/json.h"
#include "script/request.h"

#include <string.h>

/* Arguments are written as JSON with apostrophes; "SECRET" in them becomes a
 * secret whose bytes are hunter "2&. */
static struct tk_pool pool;
static struct tk_buf body;
static struct tk_secret secret;
static struct tk_http_request request;
static struct tk_why why;

static int set_up(void **state)
{
    (void)state;
    tk_pool_init(&pool, 1 << 20);
    tk_buf_init(&body, TK_REQUEST_BODY);
    why = (struct tk_why){0};
    if (tk_secret_init(&secret, TK_SECRET_GIVEN, TK_STR("")) != 0) return -1;
    return tk_secret_put(&secret, TK_STR("hunter \"2&"));
}

static int tear_down(void **state)
{
    (void)state;
    tk_pool_fini(&pool);
    tk_buf_fini(&body);
    tk_secret_fini(&secret);
    return 0;
}

static void put_secrets(struct tk_value *value)
{
    if (value->type == TK_TEXT && tk_str_is(value->as.text, "SECRET")) {
        *value = (struct tk_value){.type = TK_SECRET, .as.secret = &secret};
    }
    if (value->type != TK_TABLE && value->type != TK_LIST) return;
    for (uint32_t i = 0; i < value->as.table.item_count; i++) {
        put_secrets(&value->as.table.items[i]);
    }
    for (uint32_t i = 0; i < value->as.table.pair_count; i++) {
        put_secrets(&value->as.table.pairs[i].value);
    }
}

static int build(const char *method, const char *json)
{
    char *text = tk_pool_dup(&pool, tk_str(json));
    struct tk_value args;

    assert_non_null(text);
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '\'') *at = '"';
    }
    if (tk_json_parse(tk_str(text), &pool, &args, &why) != 0) {
        fail_msg("%s: %s", json, why.text);
    }
    put_secrets(&args);
    return tk_request_build(method, &args, &pool, &body, &request, &why);
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < request.header_count; i++) {
        if (tk_str_is(request.headers[i].name, name)) {
            return request.headers[i].value.data;
        }
    }
    return NULL;
}

static void a_json_body_carries_secrets(void **state)
{
    (void)state;
    assert_int_equal(build("POST", "{'url':'https://a/b','json':{'id':'me',"
                                   "'secret':'SECRET','n':[1,true,null]}}"),
                     0);
    assert_string_equal(request.url, "https://a/b");
    assert_string_equal(request.method, "POST");
    assert_true(tk_str_is(request.body,
                          "{\"id\":\"me\",\"secret\":\"hunter \\\"2&\","
                          "\"n\":[1,true,null]}"));
    assert_string_equal(header("Content-Type"),
                        "application/json; charset=utf-8");
    assert_string_equal(header("Accept"), "application/json");
}

static void a_form_is_encoded(void **state)
{
    (void)state;
    assert_int_equal(build("POST", "{'url':'https://a','form':{'a b':'c&d=e',"
                                   "'n':7,'s':'SECRET','u':'\u00e9'}}"),
                     0);
    assert_true(
        tk_str_is(request.body, "a+b=c%26d%3De&n=7&s=hunter+%222%26&u=%C3%A9"));
    assert_string_equal(header("Content-Type"),
                        "application/x-www-form-urlencoded");
}

/* RFC 6749 2.3.1 */
static void basic_encodes_both_halves_first(void **state)
{
    (void)state;
    assert_int_equal(
        build("POST",
              "{'url':'https://a','form':{},'basic':['me:x','SECRET']}"),
        0);
    /* me%3Ax:hunter+%222%26 */
    assert_string_equal(header("Authorization"),
                        "Basic bWUlM0F4Omh1bnRlcislMjIyJTI2");
}

static void basic_can_be_sent_raw(void **state)
{
    (void)state;
    assert_int_equal(build("POST", "{'url':'https://a','form':{},"
                                   "'basic_raw':true,'basic':['me','SECRET']}"),
                     0);
    assert_string_equal(header("Authorization"), "Basic bWU6aHVudGVyICIyJg==");
}

static void a_header_is_joined_from_pieces(void **state)
{
    (void)state;
    assert_int_equal(
        build("GET", "{'url':'https://a','headers':{"
                     "'Authorization':['Bearer ','SECRET'],'Accept':'x/y'}}"),
        0);
    assert_string_equal(header("Authorization"), "Bearer hunter \"2&");
    assert_string_equal(header("Accept"), "x/y");
    assert_int_equal(request.header_count, 2);
    assert_null(request.body.data);
}

static void a_content_type_of_its_own_stays(void **state)
{
    (void)state;
    assert_int_equal(build("POST",
                           "{'url':'https://a','json':{},"
                           "'headers':{'content-type':'application/jose'}}"),
                     0);
    assert_null(header("Content-Type"));
    assert_string_equal(header("content-type"), "application/jose");
}

static void what_cannot_be_sent_has_a_reason(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{'url':7}",
        "[]",
        "{'url':'https://a','json':{},'form':{}}",
        "{'url':'https://a','form':'x'}",
        "{'url':'https://a','form':{'a':{'b':1}}}",
        "{'url':'https://a','basic':['me']}",
        "{'url':'https://a','headers':{'a':{'b':1}}}",
        "{'url':'https://a','body':{'a':1}}",
        "{'url':'https://a','jsno':{}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        why.text[0] = '\0';
        assert_int_equal(build("POST", bad[i]), TK_EINVAL);
        assert_true(why.text[0] != '\0');
        assert_null(strstr(why.text, "hunter"));
    }
    assert_non_null(strstr(why.text, "did you mean json?"));
}

static double retry_after(const char *head)
{
    struct tk_http_reply reply = {.status = 429, .head = tk_str(head)};

    /* Mon, 23 Nov 2026 12:00:00 GMT */
    return tk_request_retry_after(&reply, INT64_C(1795435200000));
}

static void retry_after_is_read_in_all_its_forms(void **state)
{
    (void)state;
    assert_true(retry_after("Retry-After: 17\r\n") == 17);
    assert_true(retry_after("Retry-After: Mon, 23 Nov 2026 12:01:00 GMT\r\n") ==
                60);
    assert_true(retry_after("Retry-After: Mon, 23 Nov 2026 11:00:00 GMT\r\n") ==
                0);
    assert_true(retry_after("x-ogw-ratelimit-reset: 5\r\n") == 5);
    assert_true(retry_after("Retry-After: soon\r\n") == -1);
    assert_true(retry_after("Retry-After: -5\r\n") == -1);
    assert_true(retry_after("X-Other: 1\r\n") == -1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_json_body_carries_secrets),
        WITH(a_form_is_encoded),
        WITH(basic_encodes_both_halves_first),
        WITH(basic_can_be_sent_raw),
        WITH(a_header_is_joined_from_pieces),
        WITH(a_content_type_of_its_own_stays),
        WITH(what_cannot_be_sent_has_a_reason),
        cmocka_unit_test(retry_after_is_read_in_all_its_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
