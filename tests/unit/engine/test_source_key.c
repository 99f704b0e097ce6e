#include "tests/unit/engine/tree.h"

#include "engine/source.h"

static struct tk_source source;
static struct tk_value identity;
static struct tk_value keep;

static int set_up(void **state)
{
    struct tree *tree;

    tree_set_up(state);
    tree = *state;
    identity = parse(tree, "['token_url','client_id','scope']");
    keep = parse(tree, "['app','client/*']");
    source = (struct tk_source){
        .name = "crm",
        .provider = "oauth2",
        .settings = parse(tree, "{'token_url':'https://a','client_id':'me',"
                                "'scope':'read'}"),
        .identity = &identity,
        .variants = parse(tree, "{'one':{'scope':'a'},'two':{'scope':'b'}}"),
        .keep = &keep,
        .kinds = {{.name = "client", .subjects = TK_SUBJECT_VARIANT},
                  {.name = "app", .subjects = TK_SUBJECT_NONE},
                  {.name = "tenant", .subjects = TK_SUBJECT_ANY}},
        .kind_count = 3,
    };
    return 0;
}

static const struct tk_kind *accepts(const char *text)
{
    struct tk_key key;
    struct tk_why why;

    assert_int_equal(tk_key_parse(tk_str(text), &key, &why), 0);
    return tk_source_accepts(&source, &key, &why);
}

static void subjects_follow_the_kind(void **state)
{
    (void)state;
    assert_non_null(accepts("crm/client"));
    assert_non_null(accepts("crm/client/one"));
    assert_null(accepts("crm/client/three"));
    assert_non_null(accepts("crm/app"));
    assert_null(accepts("crm/app/x"));
    assert_null(accepts("crm/tenant"));
    assert_non_null(accepts("crm/tenant/2ed263bf"));
    assert_null(accepts("crm/user"));
}

static void identify(const char *text, unsigned char out[TK_IDENTITY_LEN])
{
    struct tk_key key;
    struct tk_why why;
    const struct tk_kind *kind = accepts(text);

    assert_non_null(kind);
    assert_int_equal(tk_key_parse(tk_str(text), &key, &why), 0);
    assert_int_equal(tk_source_identity(&source, &key, kind, out), 0);
}

static void identity_follows_what_the_tokens_are_for(void **state)
{
    struct tree *tree = *state;
    unsigned char base[TK_IDENTITY_LEN];
    unsigned char other[TK_IDENTITY_LEN];

    identify("crm/client", base);
    identify("crm/client", other);
    assert_memory_equal(base, other, TK_IDENTITY_LEN);
    identify("crm/client/one", other);
    assert_memory_not_equal(base, other, TK_IDENTITY_LEN);
    source.settings = parse(tree, "{'token_url':'https://a','client_id':'me',"
                                  "'scope':'write'}");
    identify("crm/client", other);
    assert_memory_not_equal(base, other, TK_IDENTITY_LEN);
    /* What is no part of the identity may change. */
    source.settings = parse(tree, "{'token_url':'https://a','client_id':'me',"
                                  "'scope':'read','auth':'post'}");
    identify("crm/client", other);
    assert_memory_equal(base, other, TK_IDENTITY_LEN);
}

static void identity_is_the_same_whatever_the_secret(void **state)
{
    struct tree *tree = *state;
    unsigned char one[TK_IDENTITY_LEN];
    unsigned char two[TK_IDENTITY_LEN];
    struct tk_value settings = parse(tree, "{'client_id':'me'}");
    struct tk_value *id = &settings.as.table.pairs[0].value;

    source.settings = settings;
    *id = (struct tk_value){.type = TK_SECRET};
    identify("crm/client", one);
    id->as.secret = (struct tk_secret *)(uintptr_t)8; /* is never looked at */
    identify("crm/client", two);
    assert_memory_equal(one, two, TK_IDENTITY_LEN);
}

/* "ab" + "c" and "a" + "bc" are two things. */
static void identity_does_not_run_settings_together(void **state)
{
    struct tree *tree = *state;
    unsigned char one[TK_IDENTITY_LEN];
    unsigned char two[TK_IDENTITY_LEN];

    source.settings = parse(tree, "{'token_url':'ab','client_id':'c'}");
    identify("crm/client", one);
    source.settings = parse(tree, "{'token_url':'a','client_id':'bc'}");
    identify("crm/client", two);
    assert_memory_not_equal(one, two, TK_IDENTITY_LEN);
}

static bool keeps(const char *text)
{
    struct tk_key key;
    struct tk_why why;

    assert_int_equal(tk_key_parse(tk_str(text), &key, &why), 0);
    return tk_source_keeps(&source, &key);
}

static void collect(struct tk_str key, void *data)
{
    tk_buf_put_str(data, key);
    tk_buf_put_byte(data, ' ');
}

static void keep_names_kinds_and_all_variants(void **state)
{
    struct tk_buf keys;

    (void)state;
    assert_true(keeps("crm/app"));
    assert_true(keeps("crm/client/one"));
    assert_false(keeps("crm/client"));
    assert_false(keeps("crm/tenant/x"));
    tk_buf_init(&keys, 1000);
    tk_source_each_kept(&source, collect, &keys);
    assert_string_equal(tk_buf_text(&keys),
                        "crm/app crm/client/one crm/client/two ");
    tk_buf_fini(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(subjects_follow_the_kind, set_up,
                                        tree_tear_down),
        cmocka_unit_test_setup_teardown(
            identity_follows_what_the_tokens_are_for, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(
            identity_is_the_same_whatever_the_secret, set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(identity_does_not_run_settings_together,
                                        set_up, tree_tear_down),
        cmocka_unit_test_setup_teardown(keep_names_kinds_and_all_variants,
                                        set_up, tree_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
