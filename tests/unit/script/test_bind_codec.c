#include "tests/unit/script/lua_test.h"

static void base64_goes_both_ways(void **state)
{
    struct provider *p = *state;

    passes(p, "assert(base64.encode('any carnal pleas') == "
              "'YW55IGNhcm5hbCBwbGVhcw==')\n"
              "assert(base64.decode('YWJj') == 'abc')\n"
              "assert(base64.encode_url('\\xff\\xfe') == '__4')\n"
              "assert(base64.decode_url('__4') == '\\xff\\xfe')\n"
              "local v, e = base64.decode('!') assert(v == nil and e)");
}

static void digests_are_those_of_the_books(void **state)
{
    struct provider *p = *state;

    passes(p,
           "assert(hex(sha256('abc')) == 'ba7816bf8f01cfea414140de5dae2223"
           "b00361a396177a9cb410ff61f20015ad')\n"
           "assert(hex(hmac('sha256', 'Jefe', "
           "'what do ya want for nothing?')) == "
           "'5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')"
           "\nassert(#hmac('sha1', 'k', 't') == 20)");
    raises(p, "hmac('md5', 'k', 't')", "sha256");
}

static void a_secret_may_be_the_key_of_an_hmac(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local s = engine.token('app')\n"
                    "local same = hmac('sha256', s, 'x') == "
                    "hmac('sha256', 'hunter2', 'x')\n"
                    "return { token = tostring(same) }");
    tk_task_give_token(p->task, TK_STR("hunter2"), "", "");
    assert_string_equal(p->token, "true");
}

static void time_is_in_seconds(void **state)
{
    struct provider *p = *state;

    passes(p, "assert(time.now() > 1.7e9)\n"
              "assert(time.parse_rfc3339('1970-01-01T00:01:00Z') == 60)\n"
              "assert(time.parse_rfc3339('tomorrow') == nil)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(base64_goes_both_ways),
        WITH_PROVIDER(digests_are_those_of_the_books),
        WITH_PROVIDER(a_secret_may_be_the_key_of_an_hmac),
        WITH_PROVIDER(time_is_in_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
