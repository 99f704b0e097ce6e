#include "engine/choices.h"

#include "tests/unit/engine/folder.h"
#include "tests/unit/engine/tree.h"

#include "base/file.h"
#include "base/log.h"

struct keeping {
    struct folder folder;
    struct tree *tree;
    struct tk_choices choices;
    struct tk_why why;
};

static int set_up(void **state)
{
    static struct keeping k;
    void *tree;

    if (tree_set_up(&tree) != 0) return -1;
    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    k.tree = tree;
    folder_make(&k.folder);
    tk_choices_open(&k.choices, k.folder.path);
    *state = &k;
    return 0;
}

static int tear_down(void **state)
{
    struct keeping *k = *state;
    void *tree = k->tree;

    tk_choices_close(&k->choices);
    folder_remove(&k->folder);
    return tree_tear_down(&tree);
}

static struct tk_value read_one(struct keeping *k, const char *json)
{
    struct tk_value body = parse(k->tree, json);
    struct tk_value choice = {.type = TK_NIL};

    if (tk_choice_read(&body, &k->tree->pool, &choice, &k->why) != 0) {
        choice.type = TK_NIL;
    }
    return choice;
}

static void set(struct keeping *k, const char *source, const char *json)
{
    struct tk_value choice = read_one(k, json);

    assert_int_equal(
        tk_choices_set(&k->choices, tk_str(source), &choice, &k->why), 0);
}

static void reopen(struct keeping *k)
{
    tk_choices_close(&k->choices);
    tk_choices_open(&k->choices, k->folder.path);
}

static const char *policy_of(struct keeping *k, const char *source)
{
    const struct tk_value *choice = tk_choices_get(&k->choices, tk_str(source));

    return choice == NULL ? "none"
                          : tk_value_text(tk_value_item(choice, 0)).data;
}

static void a_choice_outlives_the_engine(void **state)
{
    struct keeping *k = *state;
    const struct tk_value *choice;

    set(k, "crm", "{'policy':'foresight','options':{'cold_cost':10,'a':'1m'}}");
    set(k, "hr", "{'policy':'interval'}");
    reopen(k);
    assert_string_equal(policy_of(k, "crm"), "foresight");
    assert_string_equal(policy_of(k, "hr"), "interval");
    assert_string_equal(policy_of(k, "other"), "none");
    choice = tk_choices_get(&k->choices, TK_STR("crm"));
    assert_int_equal(tk_value_get(choice, "cold_cost")->as.integer, 10);
    assert_string_equal(tk_value_text(tk_value_get(choice, "a")).data, "1m");
}

static void the_last_choice_holds_and_may_be_forgotten(void **state)
{
    struct keeping *k = *state;

    set(k, "crm", "{'policy':'one'}");
    set(k, "hr", "{'policy':'three'}");
    set(k, "crm", "{'policy':'two'}");
    reopen(k);
    assert_string_equal(policy_of(k, "crm"), "two");
    assert_int_equal(tk_choices_set(&k->choices, TK_STR("crm"), NULL, &k->why),
                     0);
    assert_string_equal(policy_of(k, "crm"), "none");
    reopen(k);
    assert_string_equal(policy_of(k, "crm"), "none");
    assert_string_equal(policy_of(k, "hr"), "three");
}

static void a_file_that_makes_no_sense_is_set_aside(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "5",
        "{\"crm\":5}",
        "{\"crm\":{\"policy\":\"../x\"}}",
        "{\"hr\":{\"policy\":\"fine\"},\"crm\":{\"policy\":1}}",
    };
    struct keeping *k = *state;
    struct tk_stamp stamp;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        folder_write(&k->folder, "policies.json", texts[i]);
        reopen(k);
        assert_null(k->choices.kept);
        assert_false(
            tk_file_stamp(folder_path(&k->folder, "policies.json"), &stamp));
        assert_true(tk_file_stamp(folder_path(&k->folder, "policies.json.bad"),
                                  &stamp));
        unlink(k->folder.file);
    }
    set(k, "crm", "{'policy':'one'}");
    reopen(k);
    assert_string_equal(policy_of(k, "crm"), "one");
}

static void without_a_directory_it_is_said(void **state)
{
    struct keeping *k = *state;
    struct tk_value choice = read_one(k, "{'policy':'one'}");
    struct tk_choices none;

    tk_choices_open(&none, NULL);
    assert_int_not_equal(tk_choices_set(&none, TK_STR("crm"), &choice, &k->why),
                         0);
    assert_non_null(strstr(k->why.text, "no state directory"));
    assert_non_null(tk_choices_get(&none, TK_STR("crm")));
    tk_choices_close(&none);
    tk_choices_open(&none, "/proc/nothing/here");
    assert_int_not_equal(tk_choices_set(&none, TK_STR("crm"), &choice, &k->why),
                         0);
    assert_non_null(strstr(k->why.text, "/proc/nothing"));
    tk_choices_close(&none);
}

static void the_directory_is_made_when_it_is_needed(void **state)
{
    struct keeping *k = *state;
    char path[PATH_MAX];
    struct tk_stamp stamp;

    snprintf(path, sizeof path, "%s/new/state", k->folder.path);
    tk_choices_close(&k->choices);
    tk_choices_open(&k->choices, path);
    assert_false(tk_file_stamp(path, &stamp));
    set(k, "crm", "{'policy':'one'}");
    assert_true(tk_file_stamp(path, &stamp));
}

static void only_names_and_options_are_a_choice(void **state)
{
    static const char *const bad[] = {
        "5",
        "{}",
        "{'options':{}}",
        "{'policy':''}",
        "{'policy':5}",
        "{'policy':'a/b'}",
        "{'policy':'/etc/passwd'}",
        "{'policy':'mine.lua'}",
        "{'policy':'one','options':5}",
        "{'policy':'one','options':[1]}",
        "{'policy':'one','code':'return {}'}",
    };
    struct keeping *k = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read_one(k, bad[i]).type != TK_NIL) fail_msg("%s", bad[i]);
    }
}

static void a_choice_is_written_as_it_is_read(void **state)
{
    static const char text[] =
        "{\"policy\":\"one\",\"options\":{\"a\":1,\"b\":\"2m\"}}";
    struct keeping *k = *state;
    struct tk_value choice = read_one(k, text);
    struct tk_value plain = {.type = TK_TEXT, .as.text = TK_STR("one")};
    struct tk_buf out;
    struct tk_json json = {.out = &out};

    tk_buf_init(&out, 1024);
    tk_json_open(&json, '{');
    tk_choice_write(&choice, &json);
    tk_json_close(&json, '}');
    assert_string_equal(tk_buf_text(&out), text);
    tk_buf_clear(&out);
    json = (struct tk_json){.out = &out};
    tk_json_open(&json, '{');
    tk_choice_write(&plain, &json);
    tk_json_close(&json, '}');
    assert_string_equal(tk_buf_text(&out),
                        "{\"policy\":\"one\",\"options\":{}}");
    tk_buf_fini(&out);
}

#define KEEPING(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEEPING(a_choice_outlives_the_engine),
        KEEPING(the_last_choice_holds_and_may_be_forgotten),
        KEEPING(a_file_that_makes_no_sense_is_set_aside),
        KEEPING(without_a_directory_it_is_said),
        KEEPING(the_directory_is_made_when_it_is_needed),
        KEEPING(only_names_and_options_are_a_choice),
        KEEPING(a_choice_is_written_as_it_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
