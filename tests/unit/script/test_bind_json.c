#include "tests/unit/script/lua_test.h"

static void documents_become_tables(void **state)
{
    struct provider *p = *state;

    passes(p, "local t = json.decode('{\"a\":[1,2.5,\"x\",true,null]}')\n"
              "assert(t.a[1] == 1 and t.a[2] == 2.5 and t.a[3] == 'x')\n"
              "assert(t.a[4] == true and t.a[5] == nil)\n"
              "assert(math.type(t.a[1]) == 'integer')\n"
              "assert(json.decode('{\"a\":null}').a == nil)");
}

static void a_bad_document_is_nil_and_a_reason(void **state)
{
    struct provider *p = *state;

    passes(p, "local t, e = json.decode('{\"a\":1,\"a\":2}')\n"
              "assert(t == nil and type(e) == 'string')\n"
              "assert(json.decode('') == nil and json.decode('{') == nil)");
}

static void tables_become_documents(void **state)
{
    struct provider *p = *state;

    passes(p, "assert(json.encode { b = 1, a = { 1, 'x' } } == "
              "'{\"a\":[1,\"x\"],\"b\":1}')\n"
              "assert(json.encode('a\"b') == '\"a\\\\\"b\"')");
    raises(p, "json.encode { 1, a = 2 }", "both items and names");
    raises(p, "json.encode(function() end)", NULL);
    raises(p, "local t = {} t.t = t json.encode(t)", NULL);
}

static void a_secret_is_not_encoded(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local s = engine.token('app')\n"
                    "local ok, e = pcall(json.encode, { s = s })\n"
                    "return { token = tostring(ok) }");
    tk_task_give_token(p->task, TK_STR("hunter2"), "", "");
    assert_string_equal(p->token, "false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(documents_become_tables),
        WITH_PROVIDER(a_bad_document_is_nil_and_a_reason),
        WITH_PROVIDER(tables_become_documents),
        WITH_PROVIDER(a_secret_is_not_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
