#include "tests/unit/script/lua_test.h"

static void find_is_plain(void **state)
{
    struct provider *p = *state;

    passes(p, "local a, b = string.find('a.b%c', '.b%')\n"
              "assert(a == 2 and b == 4)\n"
              "assert(string.find('abc', 'x') == nil)\n"
              "assert(string.find('aXa', 'a', 2) == 3)\n"
              "assert(('a-b'):find('-') == 2)");
}

static void texts_are_split_and_trimmed(void **state)
{
    struct provider *p = *state;

    passes(p, "local t = string.split('a,b,,c', ',')\n"
              "assert(#t == 4 and t[1] == 'a' and t[3] == '' and t[4] == 'c')\n"
              "assert(#string.split('abc', ',') == 1)\n"
              "assert(string.trim('  a b \\n') == 'a b')\n"
              "assert(string.starts_with('abc', 'ab'))\n"
              "assert(string.ends_with('abc', 'bc'))\n"
              "assert(not string.starts_with('abc', 'b'))");
}

static void the_known_functions_work(void **state)
{
    struct provider *p = *state;

    passes(p, "assert(string.byte('A') == 65 and string.char(66) == 'B')\n"
              "assert(string.format('%d-%s-%.2f', 1, 'x', 2.5) == '1-x-2.50')\n"
              "assert(string.len('abc') == 3 and ('abc'):upper() == 'ABC')\n"
              "assert(('ABC'):lower() == 'abc' and ('ab'):rep(2) == 'abab')\n"
              "assert(('abc'):reverse() == 'cba' and ('abc'):sub(2) == 'bc')");
}

static void rep_puts_a_text_between(void **state)
{
    struct provider *p = *state;

    passes(p, "assert(('a'):rep(3, ', ') == 'a, a, a')\n"
              "assert((''):rep(3, '-') == '--' and ('a'):rep(1, '-') == 'a')\n"
              "assert(('a'):rep(0) == '' and ('a'):rep(-1, '-') == '')\n"
              "assert(#('ab'):rep(131072) == 262144)\n"
              "assert(not pcall(string.rep, 'ab', 131073))\n"
              "assert(#(''):rep(262145, 'x') == 262144)");
}

static void a_text_cannot_be_made_endless(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local s = string.rep('', 1 << 62) return { token = 'a' }");
    assert_true(p->code == 0 || p->code == TK_EBUDGET || p->code == TK_ESCRIPT);
    tk_unit_close(p->unit);
    provider_run(p, "local s = string.rep('x', 1 << 40) return { token = s }");
    assert_int_not_equal(p->code, 0);
}

static void the_metatable_of_texts_is_locked(void **state)
{
    struct provider *p = *state;

    raises(p, "('x').y.z = 1", NULL);
    raises(p, "string.find = nil; ('x').len = 1", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(find_is_plain),
        WITH_PROVIDER(texts_are_split_and_trimmed),
        WITH_PROVIDER(the_known_functions_work),
        WITH_PROVIDER(rep_puts_a_text_between),
        WITH_PROVIDER(a_text_cannot_be_made_endless),
        WITH_PROVIDER(the_metatable_of_texts_is_locked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
