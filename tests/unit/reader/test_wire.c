#include "reader/wire.h"

#include "../net/serving.h"
#include "scripted.h"

#define OK_HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"
#define CHUNKED  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static struct tk_wire *wire;
static struct tk_wire_reply reply;
static struct tk_why why;
static struct scripted scripted;

static void open_wire(const char *path)
{
    why = (struct tk_why){0, ""};
    assert_int_equal(tk_wire_open(path, &wire, &why), 0);
}

static int call(const char *method, const char *path, struct tk_str body)
{
    why = (struct tk_why){0, ""};
    return tk_wire_call(wire, method, tk_str(path), body, "text/plain", 10000,
                        &reply, &why);
}

static int get_path(const char *path)
{
    return call("GET", path, tk_str_of(NULL, 0));
}

/* A good answer with this body. */
static void expect(const char *path, const char *body)
{
    assert_int_equal(get_path(path), 0);
    assert_int_equal(reply.status, 200);
    assert_string_equal(tk_buf_text(&reply.body), body);
    tk_wire_reply_fini(&reply);
}

/* The code of a call whose answer is `text`. */
static int code_of(const char *text, size_t len, bool hangs_up)
{
    static struct turn turn;
    int rc;

    turn = (struct turn){.text = text, .len = len, .hangs_up = hangs_up};
    scripted_start(&scripted, &turn, 1);
    open_wire(scripted.path);
    rc = get_path("/");
    if (rc != 0) assert_int_equal(why.code, rc);
    tk_wire_reply_fini(&reply);
    tk_wire_close(wire);
    scripted_stop(&scripted);
    return rc;
}

static void an_answer_with_a_length_is_read(void **state)
{
    static const struct turn turns[] = {{.text = OK_HELLO},
                                        {.text = OK_HELLO, .drips = true}};

    (void)state;
    scripted_start(&scripted, turns, 2);
    open_wire(scripted.path);
    assert_int_equal(get_path("/v1/token/a/b?wait=5s"), 0);
    assert_int_equal(reply.status, 200);
    assert_string_equal(tk_buf_text(&reply.body), "hello");
    assert_true(tk_str_is(tk_wire_reply_header(&reply, "x-a"), "b"));
    assert_null(tk_wire_reply_header(&reply, "x-b").data);
    tk_wire_reply_fini(&reply);
    expect("/drips", "hello");
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_int_equal(scripted.connections, 1);
}

static void the_request_is_what_http_wants(void **state)
{
    static const struct turn turns[] = {{.text = OK_HELLO}, {.text = OK_HELLO}};

    (void)state;
    scripted_start(&scripted, turns, 1);
    open_wire(scripted.path);
    expect("/v1/k?x=1", "hello");
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_string_equal(scripted.request,
                        "GET /v1/k?x=1 HTTP/1.1\r\nHost: tokeng\r\n"
                        "Accept: text/plain\r\n\r\n");

    scripted_start(&scripted, turns, 1);
    open_wire(scripted.path);
    assert_int_equal(call("POST", "/p", tk_str("{\"a\":1}")), 0);
    tk_wire_reply_fini(&reply);
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_string_equal(scripted.request, "POST /p HTTP/1.1\r\nHost: tokeng\r\n"
                                          "Accept: text/plain\r\n"
                                          "Content-Type: application/json\r\n"
                                          "Content-Length: 7\r\n\r\n{\"a\":1}");
}

static void a_chunked_answer_is_read(void **state)
{
    static const struct turn turns[] = {
        {.text = CHUNKED "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n",
         .drips = true},
        {.text = CHUNKED "0\r\n\r\n"},
        {.text = CHUNKED "0000000A\r\n0123456789\r\n0\r\n\r\n"}};

    (void)state;
    scripted_start(&scripted, turns, 3);
    open_wire(scripted.path);
    expect("/1", "hello, world");
    expect("/2", "");
    expect("/3", "0123456789");
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_int_equal(scripted.connections, 1);
}

static void malformed_chunks_are_refused(void **state)
{
    static const char *const bad[] = {
        CHUNKED "5\nhello\r\n0\r\n\r\n",
        CHUNKED "5\r\nhello0\r\n\r\n",
        CHUNKED "5\r\nhello!\r\n0\r\n\r\n",
        CHUNKED "5;ext\r\nhello\r\n0\r\n\r\n",
        CHUNKED " 5\r\nhello\r\n0\r\n\r\n",
        CHUNKED "-5\r\nhello\r\n0\r\n\r\n",
        CHUNKED "\r\nhello\r\n0\r\n\r\n",
        CHUNKED "x\r\nhello\r\n0\r\n\r\n",
        CHUNKED "000000005\r\nhello\r\n0\r\n\r\n",
        CHUNKED "00000000000000000000000000005\r\nhello\r\n0\r\n\r\n",
        CHUNKED "5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
        CHUNKED "5\r\nhello\r\n",
        CHUNKED "5\r\nhel",
        CHUNKED "5\r\nhello\r\n0\r\n",
        CHUNKED,
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(code_of(bad[i], 0, true), TK_EPROTO);
    }
}

static void malformed_answers_are_refused(void **state)
{
    static const char *const bad[] = {
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        ("HTTP/1.1 100 Continue\r\n\r\n" OK_HELLO),
        "SSH-2.0-OpenSSH_9.2\r\n",
        "hello\n",
        "\r\n\r\n",
        "x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(code_of(bad[i], 0, true), TK_EPROTO);
    }
}

static void answers_beyond_their_caps_are_refused(void **state)
{
    static char text[TK_WIRE_HEAD_MAX + 100];
    size_t len;

    (void)state;
    len = (size_t)snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nA: ");
    memset(text + len, 'x', sizeof text - len);
    assert_int_equal(code_of(text, sizeof text, true), TK_EPROTO);

    memset(text, 0, sizeof text);
    snprintf(text, sizeof text,
             "HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n\r\n");
    assert_int_equal(code_of(text, 0, true), TK_ETOOBIG);
}

static void an_answer_without_a_body_is_read(void **state)
{
    static const struct turn turns[] = {
        {.text = "HTTP/1.1 204 No Content\r\n\r\n"},
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
        {.text = OK_HELLO}};

    (void)state;
    scripted_start(&scripted, turns, 3);
    open_wire(scripted.path);
    assert_int_equal(get_path("/none"), 0);
    assert_int_equal(reply.status, 204);
    tk_wire_reply_fini(&reply);
    assert_int_equal(call("HEAD", "/head", tk_str_of(NULL, 0)), 0);
    assert_int_equal(reply.body.len, 0);
    tk_wire_reply_fini(&reply);
    expect("/", "hello");
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_int_equal(scripted.connections, 1);
}

static void bytes_behind_an_answer_end_the_connection(void **state)
{
    static const struct turn turns[] = {
        {.text = OK_HELLO "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"},
        {.text = OK_HELLO}};

    (void)state;
    scripted_start(&scripted, turns, 2);
    open_wire(scripted.path);
    expect("/1", "hello");
    expect("/2", "hello");
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_int_equal(scripted.connections, 2);
}

static void an_answer_that_nobody_has_asked_for_is_not_taken(void **state)
{
    static sem_t said_first, unasked;
    static const struct turn turns[] = {
        {.text = OK_HELLO},
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
         .is_deaf = true,
         .after = &said_first,
         .done = &unasked},
        {.text = OK_HELLO}};

    (void)state;
    sem_init(&said_first, 0, 0);
    sem_init(&unasked, 0, 0);
    scripted_start(&scripted, turns, 3);
    open_wire(scripted.path);
    expect("/1", "hello");
    sem_post(&said_first);
    sem_wait(&unasked);
    expect("/2", "hello");
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_int_equal(scripted.connections, 2);
}

static void a_connection_that_says_close_is_closed(void **state)
{
    static const struct turn turns[] = {
        {.text = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                 "Content-Length: 2\r\n\r\nhi"},
        {.text = OK_HELLO}};

    (void)state;
    scripted_start(&scripted, turns, 2);
    open_wire(scripted.path);
    expect("/1", "hi");
    expect("/2", "hello");
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_int_equal(scripted.connections, 2);
}

static void a_kept_connection_that_has_ended_is_replaced(void **state)
{
    static const struct turn turns[] = {{.text = OK_HELLO, .hangs_up = true},
                                        {.text = OK_HELLO}};

    (void)state;
    scripted_start(&scripted, turns, 2);
    open_wire(scripted.path);
    expect("/1", "hello");
    expect("/2", "hello");
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_int_equal(scripted.connections, 2);
}

/* The end comes after the request was sent, so only a second try helps. */
static void
a_kept_connection_that_ends_without_an_answer_is_replaced(void **state)
{
    static const struct turn turns[] = {
        {.text = OK_HELLO}, {.text = "", .hangs_up = true}, {.text = OK_HELLO}};

    (void)state;
    scripted_start(&scripted, turns, 3);
    open_wire(scripted.path);
    expect("/1", "hello");
    expect("/2", "hello");
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_int_equal(scripted.connections, 2);
}

static void an_answer_that_has_begun_is_never_asked_for_twice(void **state)
{
    static const struct turn turns[] = {{.text = OK_HELLO},
                                        {.text = "HTTP/1", .hangs_up = true}};

    (void)state;
    scripted_start(&scripted, turns, 2);
    open_wire(scripted.path);
    expect("/1", "hello");
    assert_int_equal(get_path("/2"), TK_EPROTO);
    tk_wire_reply_fini(&reply);
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_int_equal(scripted.connections, 1);
}

static void
a_fresh_connection_without_an_answer_is_not_tried_again(void **state)
{
    (void)state;
    assert_int_equal(code_of("", 0, true), TK_ECONNECT);
    assert_int_equal(scripted.connections, 1);
}

static void an_engine_that_is_silent_is_left_at_the_deadline(void **state)
{
    static const struct turn turns[] = {{.text = NULL}, {.text = OK_HELLO}};

    (void)state;
    scripted_start(&scripted, turns, 2);
    open_wire(scripted.path);
    assert_int_equal(tk_wire_call(wire, "GET", tk_str("/"), tk_str_of(NULL, 0),
                                  NULL, 30, &reply, &why),
                     TK_ETIMEDOUT);
    tk_wire_reply_fini(&reply);
    expect("/again", "hello"); /* on a new connection */
    tk_wire_close(wire);
    scripted_stop(&scripted);
    assert_int_equal(scripted.connections, 2);
}

static void a_path_with_a_gap_is_never_sent(void **state)
{
    static const char *const bad[] = {"",      "x",     "/a b",  "/a\r\nX: y",
                                      "/a\tb", "/\x7f", "/\x01", "/\xc3\xbc"};

    (void)state;
    open_wire("/no/such.sock");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(get_path(bad[i]), TK_EINVAL);
        tk_wire_reply_fini(&reply);
    }
    assert_int_equal(get_path("/good"), TK_ECONNECT);
    assert_non_null(strstr(why.text, "/no/such.sock"));
    tk_wire_reply_fini(&reply);
    tk_wire_close(wire);
}

/* From here on the peer is our own server. */

static void echo(struct tk_request *request, void *data)
{
    struct tk_str body = tk_request_body(request);

    (void)data;
    if (body.len == 0) body = tk_request_path(request);
    serving_answer(request, 200, body);
}

static void our_server_is_understood(void **state)
{
    struct serving serving;
    char *much = malloc(60000);

    (void)state;
    assert_non_null(much);
    memset(much, 'x', 60000);
    serving_init(&serving, echo, NULL);
    serving_start(&serving);
    open_wire(serving.path);
    for (int i = 0; i < 100; i++) expect("/some/path", "/some/path");
    assert_int_equal(call("POST", "/", tk_str_of(much, 60000)), 0);
    assert_int_equal(reply.body.len, 60000);
    assert_memory_equal(reply.body.data, much, 60000);
    tk_wire_reply_fini(&reply);
    assert_int_equal(call("HEAD", "/head", tk_str_of(NULL, 0)), 0);
    tk_wire_reply_fini(&reply);
    expect("/after", "/after");
    assert_int_equal(get_path("/quit"), 0);
    tk_wire_reply_fini(&reply);
    serving_join(&serving);
    assert_int_equal(get_path("/gone"), TK_ECONNECT);
    tk_wire_reply_fini(&reply);
    serving_start(&serving);
    expect("/back", "/back");
    tk_wire_close(wire);
    tk_wire_close(NULL);
    serving_stop(&serving);
    serving_fini(&serving);
    free(much);
}

/* It reads a part of it, answers and hangs up. */
static void an_answer_that_comes_before_the_body_is_sent_is_read(void **state)
{
    struct serving serving;
    size_t len = 8 << 20;
    char *much = calloc(1, len);

    (void)state;
    assert_non_null(much);
    memset(much, 'x', len);
    serving_init(&serving, echo, NULL);
    serving_start(&serving);
    open_wire(serving.path);
    assert_int_equal(call("POST", "/", tk_str_of(much, len)), 0);
    assert_int_equal(reply.status, 413);
    tk_wire_reply_fini(&reply);
    tk_wire_close(wire);
    serving_stop(&serving);
    serving_fini(&serving);
    free(much);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_with_a_length_is_read),
        cmocka_unit_test(the_request_is_what_http_wants),
        cmocka_unit_test(a_chunked_answer_is_read),
        cmocka_unit_test(malformed_chunks_are_refused),
        cmocka_unit_test(malformed_answers_are_refused),
        cmocka_unit_test(answers_beyond_their_caps_are_refused),
        cmocka_unit_test(an_answer_without_a_body_is_read),
        cmocka_unit_test(bytes_behind_an_answer_end_the_connection),
        cmocka_unit_test(an_answer_that_nobody_has_asked_for_is_not_taken),
        cmocka_unit_test(a_connection_that_says_close_is_closed),
        cmocka_unit_test(a_kept_connection_that_has_ended_is_replaced),
        cmocka_unit_test(
            a_kept_connection_that_ends_without_an_answer_is_replaced),
        cmocka_unit_test(an_answer_that_has_begun_is_never_asked_for_twice),
        cmocka_unit_test(
            a_fresh_connection_without_an_answer_is_not_tried_again),
        cmocka_unit_test(an_engine_that_is_silent_is_left_at_the_deadline),
        cmocka_unit_test(a_path_with_a_gap_is_never_sent),
        cmocka_unit_test(our_server_is_understood),
        cmocka_unit_test(an_answer_that_comes_before_the_body_is_sent_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
