#include "net/http.h"

#include "tests/unit/harness.h"

#include <stdio.h>

/* One that is sought, and its value. */
struct sought {
    const char *name;
    struct tk_str value;
};

static void look(struct tk_str name, struct tk_str value, void *data)
{
    struct sought *sought = data;

    if (tk_str_is(name, sought->name)) sought->value = value;
}

static struct tk_str find(const char *head, const char *name)
{
    struct tk_http_reply reply = {.head = tk_str(head)};
    struct sought sought = {.name = name};

    tk_http_reply_each_header(&reply, look, &sought);
    return sought.value;
}

static void assert_found(const char *head, const char *name, const char *value)
{
    struct tk_str found = find(head, name);
    char copy[100];

    assert_non_null(found.data);
    snprintf(copy, sizeof copy, "%.*s", TK_ARG(found));
    assert_string_equal(copy, value);
}

static void blanks_around_a_value_are_dropped(void **state)
{
    (void)state;
    assert_found("H 200\r\nA: \t x y \t\r\n", "A", "x y");
    assert_found("H 200\nA:x\n", "A", "x");
    assert_found("H 200\r\nA:\r\n", "A", "");
    assert_found("H 200\r\nA:", "A", "");
    assert_found("H 200\r\nA: b:c\r\n", "A", "b:c");
}

static void status_lines_and_continued_lines_are_no_headers(void **state)
{
    (void)state;
    assert_null(find("HTTP/1.1 200 A: b\r\n", "A").data);
    assert_null(find("H 200\r\nA: b\r\n C: d\r\n\tE: f\r\n", "C").data);
    assert_null(find("H 200\r\nA: b\r\n C: d\r\n\tE: f\r\n", "E").data);
    assert_null(find("H 200\r\nA : b\r\nnothing\r\n: c\r\n", "").data);
    assert_null(find("H 200\r\nnothing\r\n", "nothing").data);
}

static void append(struct tk_str name, struct tk_str value, void *data)
{
    char *line = data;
    size_t len = strlen(line);

    snprintf(line + len, 100 - len, "%.*s=%.*s;", TK_ARG(name), TK_ARG(value));
}

static void no_head_has_no_headers(void **state)
{
    struct tk_http_reply reply = {0};
    char line[100] = "";

    (void)state;
    tk_http_reply_each_header(&reply, append, line);
    assert_string_equal(line, "");
}

static void each_header_comes_in_order(void **state)
{
    struct tk_http_reply reply = {
        .head = TK_STR("HTTP/1.1 200 OK\r\nB: 1\r\nbad\r\nA: 2\r\nB: 3\r\n")};
    char line[100] = "";

    (void)state;
    tk_http_reply_each_header(&reply, append, line);
    assert_string_equal(line, "B=1;A=2;B=3;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_around_a_value_are_dropped),
        cmocka_unit_test(status_lines_and_continued_lines_are_no_headers),
        cmocka_unit_test(no_head_has_no_headers),
        cmocka_unit_test(each_header_comes_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
