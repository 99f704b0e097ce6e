#include "net/server_query.h"

#include "../harness.h"

static char room[256];

static void find(const char *query, const char *name, const char *expected)
{
    struct tk_str found = tk_server_query_find(tk_str(query), name, room);

    if (expected == NULL) {
        assert_null(found.data);
        return;
    }
    assert_non_null(found.data);
    assert_int_equal(found.len, strlen(expected));
    assert_memory_equal(found.data, expected, found.len);
}

static void a_parameter_is_found_by_its_whole_name(void **state)
{
    (void)state;
    find("min_ttl=60&wait=5s", "min_ttl", "60");
    find("min_ttl=60&wait=5s", "wait", "5s");
    find("min_ttl=60", "min", NULL);
    find("min_ttl=60", "min_ttl_", NULL);
    find("", "min_ttl", NULL);
}

static void no_value_is_empty_and_the_first_of_two_counts(void **state)
{
    (void)state;
    find("a", "a", "");
    find("a=", "a", "");
    find("x&a&y", "a", "");
    find("a=1&a=2", "a", "1");
    find("a=1=2", "a", "1=2");
    find("&&a=1&&", "a", "1");
}

static void escapes_are_decoded_and_a_plus_stays(void **state)
{
    (void)state;
    find("k=a%2Fb%2fc", "k", "a/b/c");
    find("k=1+1", "k", "1+1");
    find("k=%41%42", "k", "AB");
    find("k=%c3%bc", "k", "\xc3\xbc");
    find("k=%20", "k", " ");
    find("k=%26%3d", "k", "&=");
    find("k=%2541", "k", "%41");
}

static void broken_escapes_and_control_bytes_are_refused(void **state)
{
    static const char *const bad[] = {
        "k=%",   "k=%4",   "k=%zz",     "k=%4g",   "k=%g4",    "k=a%2",
        "k=%00", "k=a%0a", "k=%7f",     "k=\x01",  "k=\x7f",   "k=%1F",
        "k=%%",  "k=%-1",  "k=%2&b=41", "k=%+1ok", "k=ok%0Dx",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        find(bad[i], "k", NULL);
    }
}

static void views_of_several_parameters_stay_valid(void **state)
{
    struct tk_str query = tk_str("a=%31&b=%32&c=%33");
    struct tk_str a = tk_server_query_find(query, "a", room);
    struct tk_str b = tk_server_query_find(query, "b", room);
    struct tk_str c = tk_server_query_find(query, "c", room);

    (void)state;
    assert_true(tk_str_is(a, "1"));
    assert_true(tk_str_is(b, "2"));
    assert_true(tk_str_is(c, "3"));
    assert_true(tk_str_is(tk_server_query_find(query, "a", room), "1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameter_is_found_by_its_whole_name),
        cmocka_unit_test(no_value_is_empty_and_the_first_of_two_counts),
        cmocka_unit_test(escapes_are_decoded_and_a_plus_stays),
        cmocka_unit_test(broken_escapes_and_control_bytes_are_refused),
        cmocka_unit_test(views_of_several_parameters_stay_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
