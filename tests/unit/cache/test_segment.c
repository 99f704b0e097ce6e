#include "tests/unit/cache/files.h"

#include "cache/segment_head.h"

#include <sys/mman.h>

static bool is_there(const struct files *files, const char *name)
{
    char path[128];

    files_path(files, name, path);
    return access(path, F_OK) == 0;
}

static void a_file_has_its_name_only_when_it_is_published(void **state)
{
    struct files *files = *state;
    struct tk_why why;

    files->segment = files_make(files, 0, &files->table);
    assert_false(is_there(files, FILES_NAME));
    assert_int_equal(tk_segment_publish(files->segment, &why), 0);
    assert_true(is_there(files, FILES_NAME));
}

static void a_file_that_was_never_published_is_removed(void **state)
{
    struct files *files = *state;
    char name[64];

    snprintf(name, sizeof name, FILES_NAME ".%ld", (long)getpid());
    files->segment = files_make(files, 0, &files->table);
    assert_true(is_there(files, name));
    tk_segment_close(files->segment);
    files->segment = NULL;
    assert_false(is_there(files, name));
}

static void a_file_is_for_its_owner_and_his_group(void **state)
{
    struct files *files = *state;
    struct stat st;
    char path[128];

    files->segment = files_make(files, 0, &files->table);
    assert_int_equal(tk_segment_publish(files->segment, NULL), 0);
    files_path(files, FILES_NAME, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void the_old_file_is_retired_and_later_emptied(void **state)
{
    struct files *files = *state;
    struct tk_table old_table;
    struct tk_segment *old = files_make(files, 0, &old_table);
    struct tk_segment_head *head =
        (void *)((char *)tk_segment_block(old) - TK_SEGMENT_PAGE);
    struct tk_clocks clocks;

    files_put(&old_table, "a/b", "old-token");
    assert_int_equal(tk_segment_publish(old, NULL), 0);
    files->segment = files_make(files, 0, &files->table);
    assert_int_equal(tk_segment_publish(files->segment, NULL), 0);
    assert_int_equal(head->is_retired, 1);
    assert_int_not_equal(tk_table_find(&old_table, TK_STR("a/b")), TK_NO_SLOT);
    tk_clocks_read(&clocks);
    clocks.mono += 20 * 1000;
    tk_segment_beat(files->segment, &clocks);
    assert_int_equal(((uint64_t *)tk_segment_block(old))[0], 0);
    tk_segment_close(old);
}

static void a_file_that_is_withdrawn_has_no_token_and_no_name(void **state)
{
    struct files *files = *state;
    struct tk_segment_head *head;

    files->segment = files_make(files, 0, &files->table);
    head = (void *)((char *)tk_segment_block(files->segment) - TK_SEGMENT_PAGE);
    files_put(&files->table, "a/b", "token");
    assert_int_equal(tk_segment_publish(files->segment, NULL), 0);
    tk_segment_withdraw(files->dir, FILES_NAME);
    assert_int_equal(head->is_retired, 1);
    assert_int_equal(((uint64_t *)tk_segment_block(files->segment))[0], 0);
    assert_false(is_there(files, FILES_NAME));
    tk_segment_withdraw(files->dir, FILES_NAME);
}

static void what_dead_engines_left_is_removed(void **state)
{
    struct files *files = *state;
    char path[128];
    int fd;

    files_path(files, FILES_NAME ".99999", path);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    files->segment = files_make(files, 0, &files->table);
    assert_int_equal(tk_segment_publish(files->segment, NULL), 0);
    assert_false(is_there(files, FILES_NAME ".99999"));
    assert_true(is_there(files, FILES_NAME));
}

/* Somebody may have put a link where the file goes. */
static void nothing_is_written_through_a_link(void **state)
{
    struct files *files = *state;
    char path[128], victim[128];
    struct stat st;
    int fd;

    files_path(files, FILES_NAME, path);
    files_path(files, "victim", victim);
    fd = open(victim, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(symlink(victim, path), 0);
    files->segment = files_make(files, 0, &files->table);
    assert_int_equal(tk_segment_publish(files->segment, NULL), 0);
    assert_int_equal(stat(victim, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

static void a_directory_that_is_not_there_is_named(void **state)
{
    struct files missing = {.dir = "/nonexistent"};
    struct tk_segment_options options = {
        .dir = missing.dir, .name = FILES_NAME, .size = 4096, .fixed = 64};
    struct tk_segment *segment;
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_segment_make(&options, &segment, &why), TK_ENOENT);
    assert_non_null(strstr(why.text, "/nonexistent"));
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_file_has_its_name_only_when_it_is_published),
        TEST(a_file_that_was_never_published_is_removed),
        TEST(a_file_is_for_its_owner_and_his_group),
        TEST(the_old_file_is_retired_and_later_emptied),
        TEST(a_file_that_is_withdrawn_has_no_token_and_no_name),
        TEST(what_dead_engines_left_is_removed),
        TEST(nothing_is_written_through_a_link),
        TEST(a_directory_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
