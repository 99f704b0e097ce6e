#include "tests/unit/engine/folder.h"

#include "base/buf.h"
#include "engine/library.h"

static void a_script_beside_the_configuration_goes_first(void **state)
{
    struct folder folder;
    struct tk_library library;
    char found[PATH_MAX];
    struct tk_why why;

    (void)state;
    folder_make(&folder);
    folder_write(&folder, "tokeng.lua", "return {}");
    assert_int_equal(
        tk_library_init(&library, folder_path(&folder, "tokeng.lua"), &why), 0);
    assert_int_equal(
        tk_library_find_policy(&library, TK_STR("threshold"), found, &why), 0);
    assert_null(strstr(found, folder.path));
    folder_write(&folder, "policies/threshold.lua", "return {}");
    assert_int_equal(
        tk_library_find_policy(&library, TK_STR("threshold"), found, &why), 0);
    assert_non_null(strstr(found, folder.path));
    folder_remove(&folder);
}

static void a_path_is_relative_to_the_configuration(void **state)
{
    struct folder folder;
    struct tk_library library;
    char found[PATH_MAX];
    struct tk_why why;

    (void)state;
    folder_make(&folder);
    folder_write(&folder, "tokeng.lua", "return {}");
    folder_write(&folder, "mine.lua", "return {}");
    assert_int_equal(
        tk_library_init(&library, folder_path(&folder, "tokeng.lua"), &why), 0);
    assert_int_equal(
        tk_library_find_policy(&library, TK_STR("./mine.lua"), found, &why), 0);
    assert_int_equal(
        tk_library_find_policy(&library, TK_STR("mine.lua"), found, &why), 0);
    assert_int_equal(
        tk_library_find_policy(&library, TK_STR("other.lua"), found, &why),
        TK_ENOENT);
    folder_remove(&folder);
}

static void installed_scripts_are_found_beside_the_program(void **state)
{
    struct tk_library library;
    char found[PATH_MAX];
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_library_init(&library, NULL, &why), 0);
    assert_int_equal(
        tk_library_find_provider(&library, TK_STR("oauth2"), found, &why), 0);
}

static void what_is_not_there_is_named(void **state)
{
    struct tk_library library;
    char found[PATH_MAX];
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_library_init(&library, NULL, &why), 0);
    assert_int_equal(
        tk_library_find_policy(&library, TK_STR("thresold"), found, &why),
        TK_ENOENT);
    assert_non_null(strstr(why.text, "thresold"));
    assert_int_equal(
        tk_library_find_policy(&library, TK_STR("a b"), found, &why),
        TK_EINVAL);
    assert_int_equal(tk_library_find_policy(&library, TK_STR(""), found, &why),
                     TK_EINVAL);
    assert_int_equal(tk_library_init(&library, "/no/such/file", &why),
                     TK_ENOENT);
}

static void note_name(struct tk_str name, void *data)
{
    struct tk_buf *names = data;

    tk_buf_put_str(names, name);
    tk_buf_put_byte(names, ' ');
}

static void policies_are_listed_once(void **state)
{
    struct tk_library library;
    struct folder folder;
    struct tk_buf names;
    struct tk_why why;

    (void)state;
    folder_make(&folder);
    folder_write(&folder, "policies/mine.lua", "");
    folder_write(&folder, "policies/threshold.lua", "");
    folder_write(&folder, "policies/notes.txt", "");
    assert_int_equal(tk_library_init(&library,
                                     folder_write(&folder, "tokeng.lua", ""),
                                     &why),
                     0);
    tk_buf_init(&names, 4096);
    tk_library_each_policy(&library, note_name, &names);
    assert_int_equal(strncmp(tk_buf_text(&names), "mine threshold ", 15), 0);
    assert_null(strstr(tk_buf_text(&names) + 15, "threshold"));
    assert_null(strstr(tk_buf_text(&names), "notes"));
    tk_buf_fini(&names);
    folder_remove(&folder);
}

static void a_name_is_no_path(void **state)
{
    (void)state;
    assert_true(tk_library_is_name(TK_STR("threshold")));
    assert_false(tk_library_is_name(TK_STR("")));
    assert_false(tk_library_is_name(TK_STR("..")));
    assert_false(tk_library_is_name(TK_STR("a/b")));
    assert_false(tk_library_is_name(TK_STR("a.lua")));
    assert_false(tk_library_is_name((struct tk_str){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_beside_the_configuration_goes_first),
        cmocka_unit_test(a_path_is_relative_to_the_configuration),
        cmocka_unit_test(installed_scripts_are_found_beside_the_program),
        cmocka_unit_test(what_is_not_there_is_named),
        cmocka_unit_test(policies_are_listed_once),
        cmocka_unit_test(a_name_is_no_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
