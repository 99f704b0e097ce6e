#include "engine/secrets.h"

#include "tests/unit/engine/folder.h"

struct box {
    struct folder folder;
    struct tk_secret files[2];
    struct tk_value items[2];
    struct tk_value setting;
    struct tk_secrets secrets;
};

static void take(struct box *box, const char *current, const char *next)
{
    const char *names[] = {"current", "next"};
    const char *bytes[] = {current, next};
    struct tk_why why;

    for (int i = 0; i < 2 && bytes[i] != NULL; i++) {
        folder_write(&box->folder, names[i], bytes[i]);
        assert_int_equal(
            tk_secret_init(&box->files[i], TK_SECRET_FILE,
                           tk_str(folder_path(&box->folder, names[i]))),
            0);
        assert_int_equal(tk_secret_read(&box->files[i], &why), 0);
        box->items[i] =
            (struct tk_value){.type = TK_SECRET, .as.secret = &box->files[i]};
    }
    box->setting = box->items[0];
    if (next != NULL) {
        box->setting = (struct tk_value){.type = TK_LIST};
        box->setting.as.table.items = box->items;
        box->setting.as.table.item_count = 2;
    }
    assert_true(tk_secrets_is_choice(&box->setting));
    assert_int_equal(tk_secrets_add(&box->secrets, &box->setting), 0);
}

static int set_up(void **state)
{
    struct box *box = calloc(1, sizeof *box);

    if (box == NULL) return -1;
    folder_make(&box->folder);
    *state = box;
    return 0;
}

static int tear_down(void **state)
{
    struct box *box = *state;

    tk_secrets_fini(&box->secrets);
    tk_secret_fini(&box->files[0]);
    tk_secret_fini(&box->files[1]);
    folder_remove(&box->folder);
    free(box);
    return 0;
}

static void in_use(struct box *box, const char *bytes)
{
    assert_int_equal(box->setting.type, TK_SECRET);
    assert_true(tk_str_is(tk_secret_bytes(box->setting.as.secret), bytes));
}

static void one_secret_has_no_other(void **state)
{
    struct box *box = *state;

    take(box, "one\n", NULL);
    in_use(box, "one");
    assert_false(tk_secrets_have_next(&box->secrets));
    assert_false(tk_secrets_change(&box->secrets));
    in_use(box, "one");
    assert_int_equal(box->secrets.version, 0);
}

static void the_other_is_tried_once_and_then_the_current_is_back(void **state)
{
    struct box *box = *state;

    take(box, "old\n", "new\n");
    assert_true(tk_secrets_have_next(&box->secrets));
    assert_true(tk_secrets_change(&box->secrets));
    in_use(box, "new");
    assert_true(box->secrets.uses_next);
    assert_false(tk_secrets_change(&box->secrets));
    in_use(box, "old");
    /* At the next probe both get their chance again. */
    assert_true(tk_secrets_change(&box->secrets));
    in_use(box, "new");
}

static void the_current_one_is_tried_when_the_next_is_refused_later(void **s)
{
    struct box *box = *s;

    take(box, "old\n", "new\n");
    assert_true(tk_secrets_change(&box->secrets));
    box->secrets.has_tried_other = false;
    assert_true(tk_secrets_change(&box->secrets));
    in_use(box, "old");
}

static void two_places_with_the_same_secret_are_one(void **state)
{
    struct box *box = *state;

    take(box, "same\n", "same\n");
    assert_false(tk_secrets_change(&box->secrets));
    assert_int_equal(box->secrets.version, 0);
}

static void a_change_of_either_file_is_noticed(void **state)
{
    struct box *box = *state;

    take(box, "old\n", "new\n");
    assert_false(tk_secrets_reread(&box->secrets));
    folder_write(&box->folder, "next", "newer\n");
    assert_true(tk_secrets_reread(&box->secrets));
    in_use(box, "old");
    folder_write(&box->folder, "current", "older\n");
    assert_true(tk_secrets_reread(&box->secrets));
    in_use(box, "older");
    assert_int_equal(box->secrets.version, 1);
}

/* Another source, that names the same file, has read it already. */
static void what_was_read_for_others_is_a_change_too(void **state)
{
    struct box *box = *state;
    struct tk_why why;

    take(box, "old\n", NULL);
    folder_write(&box->folder, "current", "new\n");
    assert_int_equal(tk_secret_read(&box->files[0], &why), 0);
    in_use(box, "old");
    assert_true(tk_secrets_reread(&box->secrets));
    in_use(box, "new");
}

static void a_file_that_is_gone_or_empty_changes_nothing(void **state)
{
    struct box *box = *state;

    take(box, "old\n", NULL);
    folder_write(&box->folder, "current", "\n");
    assert_false(tk_secrets_reread(&box->secrets));
    unlink(folder_path(&box->folder, "current"));
    assert_false(tk_secrets_reread(&box->secrets));
    in_use(box, "old");
}

static void no_other_shape_is_a_choice(void **state)
{
    struct box *box = *state;
    struct tk_value value;

    take(box, "a", "b");
    value = (struct tk_value){.type = TK_LIST};
    value.as.table.items = box->items;
    for (uint32_t count = 0; count < 2; count++) {
        value.as.table.item_count = count;
        assert_false(tk_secrets_is_choice(&value));
    }
    value.as.table.item_count = 2;
    assert_true(tk_secrets_is_choice(&value));
    box->items[1] = tk_value_of_int(1);
    assert_false(tk_secrets_is_choice(&value));
    assert_false(tk_secrets_is_choice(&box->items[1]));
}

#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BOX(one_secret_has_no_other),
        WITH_BOX(the_other_is_tried_once_and_then_the_current_is_back),
        WITH_BOX(the_current_one_is_tried_when_the_next_is_refused_later),
        WITH_BOX(two_places_with_the_same_secret_are_one),
        WITH_BOX(a_change_of_either_file_is_noticed),
        WITH_BOX(what_was_read_for_others_is_a_change_too),
        WITH_BOX(a_file_that_is_gone_or_empty_changes_nothing),
        WITH_BOX(no_other_shape_is_a_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
