#include "reader/wire_head.h"

#include "../harness.h"

#include <stdio.h>

static struct tk_wire_head head;

static void refuse(struct tk_str text)
{
    assert_int_equal(tk_wire_head_read(text, &head), TK_EPROTO);
}

/* A head with one header line. */
static int read_with(const char *line)
{
    char text[512];

    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", line);
    return tk_wire_head_read(tk_str(text), &head);
}

static void a_plain_head_is_read(void **state)
{
    struct tk_str text = tk_str("HTTP/1.1 404 Not Found\r\nDate: x\r\n"
                                "content-LENGTH:  17 \r\n\r\n");

    (void)state;
    assert_int_equal(tk_wire_head_read(text, &head), 0);
    assert_int_equal(head.status, 404);
    assert_int_equal(head.length, 17);
    assert_true(head.has_length);
    assert_false(head.is_chunked);
    assert_false(head.is_last);
}

static void chunks_and_the_last_answer_are_seen(void **state)
{
    (void)state;
    assert_int_equal(read_with("Transfer-Encoding: chunked"), 0);
    assert_true(head.is_chunked);
    assert_int_equal(read_with("Connection: Close"), 0);
    assert_true(head.is_last);
    assert_int_equal(read_with("Connection: Keep-Alive"), 0);
    assert_false(head.is_last);
    assert_int_equal(tk_wire_head_read(tk_str("HTTP/1.0 200\r\n\r\n"), &head),
                     0);
    assert_true(head.is_last);
}

static void odd_status_lines_are_refused(void **state)
{
    static const char *const bad[] = {
        "\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\n\n",
        "HTTP/1.1 200 OK\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 2000\r\n\r\n",
        "HTTP/1.1 20\r\n\r\n",
        "HTTP/1.1 -20 x\r\n\r\n",
        "HTTP/1.1 2x0 x\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 199 x\r\n\r\n",
        "HTTP/1.1 600 x\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        " HTTP/1.1 200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "",
        "HTTP/1.1 200 OK",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refuse(tk_str(bad[i]));
    }
}

static void odd_header_lines_are_refused(void **state)
{
    static const char *const bad[] = {
        "no colon",         ": no name",  "Name : value", " Folded: value",
        "A: b\r\n\tfolded", "A: b\nC: d", "A: b\rC: d",   "A\tB: c",
        "A: \x01",          "A: \x7f",    "A(B): c",      "\xc3\xbc: c",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_with(bad[i]), TK_EPROTO);
    }
    refuse(tk_str_of("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", 27));
    refuse(tk_str_of("HTTP/1.1 200 OK\r\nA\0b: c\r\n\r\n", 27));
}

static void unclear_lengths_are_refused(void **state)
{
    static const char *const bad[] = {
        "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 1",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: gzip, chunked",
        "Content-Length:",
        "Content-Length: -1",
        "Content-Length: +1",
        "Content-Length: 1 1",
        "Content-Length: 0x1",
        "Content-Length: 12345678901",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_with(bad[i]), TK_EPROTO);
    }
    assert_int_equal(read_with("Content-Length: 1234567890"), 0);
    assert_int_equal(head.length, 1234567890);
}

static void bytes_behind_the_empty_line_are_refused(void **state)
{
    (void)state;
    refuse(tk_str("HTTP/1.1 200 OK\r\n\r\nx"));
    refuse(tk_str("HTTP/1.1 200 OK\r\n\r\n\r\n"));
}

static void a_header_is_found_without_case_and_trimmed(void **state)
{
    struct tk_str text = tk_str("HTTP/1.1 200 OK\r\nA: 1\r\nName: \t v w \t\r\n"
                                "name: second\r\nEmpty:\r\n\r\n");

    (void)state;
    assert_int_equal(tk_wire_head_read(text, &head), 0);
    assert_true(tk_str_is(tk_wire_head_find(text, "nAME"), "v w"));
    assert_true(tk_str_is(tk_wire_head_find(text, "a"), "1"));
    assert_non_null(tk_wire_head_find(text, "Empty").data);
    assert_int_equal(tk_wire_head_find(text, "Empty").len, 0);
    assert_null(tk_wire_head_find(text, "Nam").data);
    assert_null(tk_wire_head_find(tk_str(""), "A").data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_head_is_read),
        cmocka_unit_test(chunks_and_the_last_answer_are_seen),
        cmocka_unit_test(odd_status_lines_are_refused),
        cmocka_unit_test(odd_header_lines_are_refused),
        cmocka_unit_test(unclear_lengths_are_refused),
        cmocka_unit_test(bytes_behind_the_empty_line_are_refused),
        cmocka_unit_test(a_header_is_found_without_case_and_trimmed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
