#include "reader/answer.h"

#include "../harness.h"

#include <stdio.h>
#include <stdlib.h>

static struct tokeng_info info;

/* The code for an answer of this status, headers (each with its line end) and
 * body. */
static int read_token(int status, const char *headers, const char *body)
{
    struct tk_wire_reply reply = {.status = status};
    int rc;

    tk_buf_init(&reply.head, 4096);
    tk_buf_init(&reply.body, 64 * 1024);
    tk_buf_printf(&reply.head, "HTTP/1.1 %d x\r\n%s\r\n", status, headers);
    tk_buf_put_text(&reply.body, body);
    memset(&info, 0, sizeof info);
    rc = tk_answer_read_token(&reply, &info);
    tk_wire_reply_fini(&reply);
    return rc;
}

#define PLAIN    "Content-Type: text/plain\r\n"
#define GOOD_GEN "Tokeng-Generation: 7\r\n"
#define GOOD_TTL "Tokeng-Expires-In: 60\r\n"
#define GOOD     PLAIN GOOD_GEN GOOD_TTL

static void a_token_comes_with_what_is_known_of_it(void **state)
{
    (void)state;
    assert_int_equal(read_token(200,
                                "Content-Type: text/plain; charset=utf-8\r\n"
                                "tokeng-generation: 9007199254740991\r\n"
                                "tokeng-expires-in: 7199.5\r\n"
                                "Tokeng-State: due\r\n",
                                "t-secret"),
                     0);
    assert_int_equal(info.token_len, 8);
    assert_true(info.generation == TK_ANSWER_GENERATION_MAX);
    assert_int_equal(info.expires_in_ms, 7199500);
    assert_int_equal(info.retry_in_ms, -1);
    assert_int_equal(info.state, TOKENG_DUE);
}

static void every_state_has_its_word(void **state)
{
    static const char *const words[] = {
        "fresh",    "due",      "stale",       "lapsed",
        "poisoned", "in_doubt", "needs_login", "needs_ticket"};
    char headers[256];

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        snprintf(headers, sizeof headers, GOOD "Tokeng-State: %s\r\n",
                 words[i]);
        assert_int_equal(read_token(200, headers, "t"), 0);
        assert_int_equal(info.state, i);
    }
    assert_int_equal(read_token(200, GOOD "Tokeng-State: novel\r\n", "t"), 0);
    assert_int_equal(info.state, TOKENG_FRESH);
}

static void an_answer_that_lacks_something_is_refused(void **state)
{
    (void)state;
    assert_int_equal(read_token(200, GOOD, "t"), 0);
    assert_int_equal(read_token(200, GOOD_GEN GOOD_TTL, "t"), TOKENG_EPROTO);
    assert_int_equal(read_token(200, PLAIN GOOD_TTL, "t"), TOKENG_EPROTO);
    assert_int_equal(read_token(200, PLAIN GOOD_GEN, "t"), TOKENG_EPROTO);
    assert_int_equal(read_token(200, GOOD, ""), TOKENG_EPROTO);
    assert_int_equal(read_token(202, GOOD, "t"), TOKENG_EPROTO);
    assert_int_equal(
        read_token(200, "Content-Type: application/json\r\n" GOOD_GEN GOOD_TTL,
                   "{\"token\":\"t\"}"),
        TOKENG_EPROTO);
}

static void odd_numbers_are_refused(void **state)
{
    static const char *const bad[] = {
        "", "-1", "+1", "1x", " x", "1,", "0x1", "18446744073709551617", "1 2"};
    char headers[256];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(headers, sizeof headers,
                 PLAIN GOOD_TTL "Tokeng-Generation: %s\r\n", bad[i]);
        assert_int_equal(read_token(200, headers, "t"), TOKENG_EPROTO);
        snprintf(headers, sizeof headers,
                 PLAIN GOOD_GEN "Tokeng-Expires-In: %s\r\n", bad[i]);
        assert_int_equal(read_token(200, headers, "t"), TOKENG_EPROTO);
    }
    assert_int_equal(
        read_token(
            200, PLAIN GOOD_TTL "Tokeng-Generation: 9007199254740992\r\n", "t"),
        TOKENG_EPROTO);
    assert_int_equal(
        read_token(200, PLAIN GOOD_TTL "Tokeng-Generation: 1.5\r\n", "t"),
        TOKENG_EPROTO);
}

static void seconds_become_milliseconds(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } cases[] = {{"0", 0},         {"1", 1000},     {"1.5", 1500},
                 {"1.05", 1050},   {"1.005", 1005}, {"0.001", 1},
                 {"1.", -1},       {".5", -1},      {"1.0005", -1},
                 {"1.5.5", -1},    {"1.-5", -1},    {"315360000", 315360000000},
                 {"315360001", -1}};
    char headers[256];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(headers, sizeof headers,
                 PLAIN GOOD_GEN "Tokeng-Expires-In: %s\r\n", cases[i].text);
        assert_int_equal(read_token(200, headers, "t"),
                         cases[i].ms < 0 ? TOKENG_EPROTO : 0);
        if (cases[i].ms >= 0) {
            assert_int_equal(info.expires_in_ms, cases[i].ms);
        }
    }
}

static void a_token_has_visible_bytes_only(void **state)
{
    static const char *const bad[] = {"a b",  "a\n",      "a\r\nX: y",
                                      "\x7f", "\xc3\xbc", "\t"};
    char *text = malloc(TK_ANSWER_TOKEN_MAX + 2);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_token(200, GOOD, bad[i]), TOKENG_EPROTO);
    }
    assert_non_null(text);
    memset(text, '~', TK_ANSWER_TOKEN_MAX + 1);
    text[TK_ANSWER_TOKEN_MAX + 1] = '\0';
    assert_int_equal(read_token(200, GOOD, text), TOKENG_EPROTO);
    text[TK_ANSWER_TOKEN_MAX] = '\0';
    assert_int_equal(read_token(200, GOOD, text), 0);
    assert_int_equal(info.token_len, TK_ANSWER_TOKEN_MAX);
    free(text);
}

static void every_status_has_its_code(void **state)
{
    static const struct {
        int status, code;
    } cases[] = {{200, 0},
                 {202, 0},
                 {204, 0},
                 {301, TOKENG_EPROTO},
                 {400, TOKENG_EINVAL},
                 {401, TOKENG_EDENIED},
                 {403, TOKENG_EDENIED},
                 {404, TOKENG_ENOENT},
                 {405, TOKENG_EPROTO},
                 {413, TOKENG_EINVAL},
                 {429, TOKENG_EMISS},
                 {500, TOKENG_EMISS},
                 {503, TOKENG_EMISS},
                 {504, TOKENG_EMISS}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(tk_answer_from_status(cases[i].status), cases[i].code);
    }
}

static void a_miss_says_when_to_ask_again(void **state)
{
    (void)state;
    assert_int_equal(read_token(503,
                                "Retry-After: 12\r\n"
                                "Tokeng-State: lapsed\r\n",
                                "{}"),
                     TOKENG_EMISS);
    assert_int_equal(info.retry_in_ms, 12000);
    assert_int_equal(info.state, TOKENG_LAPSED);
    assert_int_equal(info.token_len, 0);
    assert_int_equal(read_token(429, "", "{}"), TOKENG_EMISS);
    assert_int_equal(info.retry_in_ms, -1);
    assert_int_equal(
        read_token(503, "Retry-After: Mon, 23 Nov 2026 12:00:00 GMT\r\n", ""),
        TOKENG_EMISS);
    assert_int_equal(info.retry_in_ms, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_comes_with_what_is_known_of_it),
        cmocka_unit_test(every_state_has_its_word),
        cmocka_unit_test(an_answer_that_lacks_something_is_refused),
        cmocka_unit_test(odd_numbers_are_refused),
        cmocka_unit_test(seconds_become_milliseconds),
        cmocka_unit_test(a_token_has_visible_bytes_only),
        cmocka_unit_test(every_status_has_its_code),
        cmocka_unit_test(a_miss_says_when_to_ask_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
