#include "base/key.h"

#include "tests/unit/text.h"

static void splits_a_key_into_its_parts(void **state)
{
    static const struct {
        const char *text;
        const char *source;
        const char *kind;
        const char *subject;
    } rows[] = {
        {"crm/client", "crm", "client", ""},
        {"feishu/tenant/2ed263bf", "feishu", "tenant", "2ed263bf"},
        {"crm/client/read", "crm", "client", "read"},
        {"a/b/c/d/e", "a", "b", "c/d/e"},
        {"a/b", "a", "b", ""},
        {".a/b./...", ".a", "b.", "..."},
        {"s/k/user@example.com", "s", "k", "user@example.com"},
        {"A-Z_0/9=+~|:@/._-", "A-Z_0", "9=+~|:@", "._-"},
    };
    struct tk_why why;
    struct tk_key key;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tk_str text = tk_str(rows[i].text);

        assert_int_equal(tk_key_parse(text, &key, &why), 0);
        assert_text(key.text, text);
        assert_text(key.source, tk_str(rows[i].source));
        assert_text(key.kind, tk_str(rows[i].kind));
        assert_text(key.subject, tk_str(rows[i].subject));
        key = tk_key_split(text);
        assert_text(key.text, text);
        assert_text(key.subject, tk_str(rows[i].subject));
        assert_ptr_equal(key.source.data, text.data);
    }
}

static void refuses_what_is_no_key(void **state)
{
    static const struct tk_str texts[] = {
        TK_STR(""),
        TK_STR("/"),
        TK_STR("//"),
        TK_STR("crm"),
        TK_STR("crm/"),
        TK_STR("/crm"),
        TK_STR("/crm/client"),
        TK_STR("crm//client"),
        TK_STR("crm/client/"),
        TK_STR("crm/client//x"),
        TK_STR("crm/client/x/"),
        TK_STR("./client"),
        TK_STR("../client"),
        TK_STR("crm/."),
        TK_STR("crm/.."),
        TK_STR("crm/client/."),
        TK_STR("crm/client/.."),
        TK_STR("crm/client/../../etc"),
        TK_STR("crm/client/a/./b"),
        TK_STR("crm/client "),
        TK_STR(" crm/client"),
        TK_STR("crm/cli ent"),
        TK_STR("crm/client\n"),
        TK_STR("crm/client\0"),
        TK_STR("crm/cli\0ent"),
        TK_STR("crm/client?x=1"),
        TK_STR("crm/client#x"),
        TK_STR("crm/%63lient"),
        TK_STR("crm\\client"),
        TK_STR("crm/cli\"ent"),
        TK_STR("crm/cli'ent"),
        TK_STR("crm/{client}"),
        TK_STR("crm/*"),
        TK_STR("crm/a,b"),
        TK_STR("crm/a;b"),
        TK_STR("crm/a&b"),
        TK_STR("crm/\xc3\xa9"),
        TK_STR("crm/client\xff"),
        TK_STR("crm/client\x7f"),
    };
    struct tk_key key;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tk_why why = {.code = 0};
        int rc = tk_key_parse(texts[i], &key, &why);

        if (rc != TK_EINVAL || why.code != TK_EINVAL || why.text[0] == '\0') {
            fail_msg("%.*s: %d \"%s\"", TK_ARG(texts[i]), rc, why.text);
        }
    }
    assert_int_equal(tk_key_parse(tk_str_of(NULL, 0), &key, NULL), TK_EINVAL);
}

static void takes_exactly_the_bytes_of_the_rule(void **state)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz"
                                  "0123456789._:@=+~|-";
    struct tk_key key;

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[] = "a?/b?/c?";
        bool wanted = byte != 0 && strchr(allowed, byte) != NULL;

        text[1] = text[4] = text[7] = (char)byte;
        if (byte == '/') continue;
        assert_int_equal(tk_key_parse(tk_str_of(text, 8), &key, NULL),
                         wanted ? 0 : TK_EINVAL);
        assert_int_equal(tk_key_is_part(tk_str_of(text, 2)), wanted);
    }
}

static void a_key_has_at_most_two_hundred_bytes(void **state)
{
    struct tk_why why;
    struct tk_key key;
    char text[202];

    (void)state;
    memset(text, 'x', sizeof text);
    text[1] = '/';
    assert_int_equal(tk_key_parse(tk_str_of(text, 200), &key, &why), 0);
    assert_int_equal(key.kind.len, 198);
    assert_int_equal(tk_key_parse(tk_str_of(text, 201), &key, &why), TK_EINVAL);
    assert_string_equal(why.text, "a key has at most 200 bytes");
    text[1] = 'x';
    assert_true(tk_key_is_part(tk_str_of(text, 200)));
    assert_false(tk_key_is_part(tk_str_of(text, 201)));
}

static void a_part_is_a_name_without_a_slash(void **state)
{
    (void)state;
    assert_true(tk_key_is_part(TK_STR("crm")));
    assert_true(tk_key_is_part(TK_STR("...")));
    assert_false(tk_key_is_part(TK_STR("")));
    assert_false(tk_key_is_part(tk_str_of(NULL, 0)));
    assert_false(tk_key_is_part(TK_STR(".")));
    assert_false(tk_key_is_part(TK_STR("..")));
    assert_false(tk_key_is_part(TK_STR("a/b")));
    assert_false(tk_key_is_part(TK_STR("a b")));
    assert_false(tk_key_is_part(TK_STR("a\0")));
}

static void a_reason_names_the_part_and_never_the_bytes(void **state)
{
    struct tk_why why;
    struct tk_key key;

    (void)state;
    assert_int_equal(tk_key_parse(TK_STR("crm/client/CAN ARY"), &key, &why),
                     TK_EINVAL);
    assert_non_null(strstr(why.text, "part 3 "));
    assert_null(strstr(why.text, "ARY"));
    assert_int_equal(tk_key_parse(TK_STR("CANARY"), &key, &why), TK_EINVAL);
    assert_string_equal(why.text, "a key is source/kind[/subject]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_a_key_into_its_parts),
        cmocka_unit_test(refuses_what_is_no_key),
        cmocka_unit_test(takes_exactly_the_bytes_of_the_rule),
        cmocka_unit_test(a_key_has_at_most_two_hundred_bytes),
        cmocka_unit_test(a_part_is_a_name_without_a_slash),
        cmocka_unit_test(a_reason_names_the_part_and_never_the_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
