#include "base/loopback.h"

#include "tests/unit/harness.h"

static void a_place_is_a_loopback_address_with_a_port(void **state)
{
    static const char *const good[] = {"127.0.0.1:7070", "127.9.8.7:1",
                                       "[::1]:65535", "127.0.0.1:0"};
    static const char *const bad[] = {
        "",
        ":",
        ":7070",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:123456",
        "127.0.0.1:7 ",
        "127.0.0.1:-7",
        "127.1:7070",
        "0.0.0.0:7070",
        "10.0.0.1:7070",
        "128.0.0.1:7070",
        "localhost:7070",
        "::1:7070",
        "[::1]",
        "[::]:7070",
        "[::1]x:7070",
        "127.0.0.1.evil.example:7070",
        "127.000.000.0000000001:7070",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!tk_loopback_is_place(tk_str(good[i]))) fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (tk_loopback_is_place(tk_str(bad[i]))) fail_msg("%s", bad[i]);
    }
}

static void a_host_is_this_machine_by_name_or_address(void **state)
{
    static const char *const good[] = {
        "localhost",      "LocalHost:7070", "127.0.0.1",
        "127.0.0.1:7070", "[::1]",          "[::1]:7070",
    };
    static const char *const bad[] = {
        "",
        "evil.example",
        "evil.example:7070",
        "localhost.evil.example",
        "evil.localhost",
        "localhost:",
        "localhost:x",
        "localhost:7070:7070",
        "user@localhost",
        "127.0.0.1@evil.example",
        "127.0.0.1.evil.example",
        "192.168.0.1",
        "::1",
        "[::2]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!tk_loopback_is_host(tk_str(good[i]))) fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (tk_loopback_is_host(tk_str(bad[i]))) fail_msg("%s", bad[i]);
    }
    assert_false(tk_loopback_is_host(tk_str_of("127.0.0.1\0x", 11)));
    assert_false(tk_loopback_is_host(tk_str_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_is_a_loopback_address_with_a_port),
        cmocka_unit_test(a_host_is_this_machine_by_name_or_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
