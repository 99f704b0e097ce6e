#define _GNU_SOURCE
#include "cache/names.h"

#define FILES_NAME TK_SEGMENT_FILE
#include "../cache/files.h"

#include "reader/shelf.h"

#include <grp.h>
#include <sys/wait.h>

static struct tk_mapping *take(struct tk_shelf *shelf, int *rc)
{
    shelf->next_look = 0;
    return tk_shelf_take(shelf, rc);
}

static void publish(struct files *files)
{
    struct tk_segment *before = files->segment;

    files->segment = files_make(files, 0, &files->table);
    assert_int_equal(tk_segment_publish(files->segment, NULL), 0);
    tk_segment_close(before);
}

static void a_cache_is_found_when_there_is_one(void **state)
{
    struct files *files = *state;
    struct tk_shelf shelf;
    int rc = 0;

    tk_shelf_init(&shelf, files->dir);
    assert_null(take(&shelf, &rc));
    assert_int_equal(rc, TK_ENOENT);
    publish(files);
    assert_non_null(take(&shelf, &rc));
    tk_shelf_fini(&shelf);
}

static void it_is_not_looked_for_at_every_call(void **state)
{
    struct files *files = *state;
    struct tk_shelf shelf;
    int rc;

    tk_shelf_init(&shelf, files->dir);
    assert_null(tk_shelf_take(&shelf, &rc));
    publish(files);
    shelf.next_look = INT64_MAX;
    assert_null(tk_shelf_take(&shelf, &rc));
    tk_shelf_fini(&shelf);
}

static void a_retired_cache_is_followed_by_the_next(void **state)
{
    struct files *files = *state;
    struct tk_mapping *first, *second;
    struct tk_shelf shelf;
    int rc;

    tk_shelf_init(&shelf, files->dir);
    publish(files);
    first = take(&shelf, &rc);
    assert_ptr_equal(take(&shelf, &rc), first);
    publish(files);
    second = take(&shelf, &rc);
    assert_ptr_not_equal(second, first);
    assert_int_equal(second->number, first->number + 1);
    assert_true(tk_mapping_is_retired(first)); /* it is still mapped */
    tk_shelf_fini(&shelf);
}

/* The engine is gone and somebody has removed its file: what was mapped is
 * good to the end of its tokens. */
static void a_cache_without_a_file_is_read_on(void **state)
{
    struct files *files = *state;
    struct tk_mapping *first;
    struct tk_shelf shelf;
    char path[128];
    int rc;

    tk_shelf_init(&shelf, files->dir);
    publish(files);
    first = take(&shelf, &rc);
    files_path(files, FILES_NAME, path);
    assert_int_equal(unlink(path), 0);
    shelf.moment.is_silent = 1;
    assert_ptr_equal(take(&shelf, &rc), first);
    tk_shelf_fini(&shelf);
}

/* A new engine that could not mark the old file, because it was gone. */
static void a_silent_cache_is_compared_with_what_has_its_name(void **state)
{
    struct files *files = *state;
    struct tk_mapping *first;
    struct tk_shelf shelf;
    char path[128];
    int rc;

    tk_shelf_init(&shelf, files->dir);
    publish(files);
    first = take(&shelf, &rc);
    files_path(files, FILES_NAME, path);
    assert_int_equal(unlink(path), 0);
    publish(files);
    assert_ptr_equal(take(&shelf, &rc), first);
    shelf.moment.is_silent = 1;
    assert_ptr_not_equal(take(&shelf, &rc), first);
    tk_shelf_fini(&shelf);
}

/* --- readers of a group --- */

enum { GROUP = 4711, OTHER_GROUP = 4712, USER = 4713 };

static void publish_for(struct files *files, gid_t group, const char *token)
{
    char name[TK_CACHE_NAME];
    struct tk_segment_options options = {
        .dir = files->dir,
        .name = name,
        .group = group,
        .size = tk_table_size(FILES_KEYS, 200),
        .fixed = tk_table_fixed_size(FILES_KEYS),
    };
    struct tk_table_options table_options = {
        .size = options.size, .max_keys = FILES_KEYS, .back = tk_segment_back};
    struct tk_segment *segment;
    struct tk_clocks clocks;
    struct tk_table table;

    tk_segment_name(group, name);
    assert_int_equal(tk_segment_make(&options, &segment, NULL), 0);
    table_options.block = tk_segment_block(segment);
    table_options.data = segment;
    assert_int_equal(tk_table_init(&table, &table_options), 0);
    files_put(&table, "a/b", token);
    tk_clocks_read(&clocks);
    tk_segment_beat(segment, &clocks);
    assert_int_equal(tk_segment_publish(segment, NULL), 0);
    tk_segment_close(segment);
}

/* As a user who is in one more group; the length of the token that he reads, or
 * what is in his way. */
static int read_as(const struct files *files, gid_t group)
{
    struct tk_view_want want = {1, 0};
    struct tk_mapping *mapping;
    struct tk_shelf shelf;
    uint32_t slot;
    char buf[32];
    int rc;

    if (setgroups(1, &group) != 0 || setresgid(USER, USER, USER) != 0 ||
        setresuid(USER, USER, USER) != 0) {
        return 99;
    }
    tk_shelf_init(&shelf, files->dir);
    mapping = take(&shelf, &rc);
    if (mapping != NULL) {
        rc = tk_view_get(&mapping->view, TK_STR("a/b"), want, buf, sizeof buf,
                         &slot, NULL);
    }
    tk_shelf_fini(&shelf);
    return rc;
}

static int read_in_a_child(const struct files *files, gid_t group)
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) _exit(read_as(files, group) & 0xff);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (signed char)WEXITSTATUS(status);
}

static void who_may_not_read_all_reads_what_is_for_his_group(void **state)
{
    struct files *files = *state;

    if (geteuid() != 0) skip(); /* only root can become somebody else */
    assert_int_equal(chmod(files->dir, 0701), 0);
    publish(files);
    publish_for(files, GROUP, "for-group");
    assert_int_equal(read_in_a_child(files, GROUP), 9);
    assert_int_equal(read_in_a_child(files, OTHER_GROUP), TK_EDENIED);
    publish_for(files, OTHER_GROUP, "for-others");
    assert_int_equal(read_in_a_child(files, OTHER_GROUP), 10);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_cache_is_found_when_there_is_one),
        TEST(it_is_not_looked_for_at_every_call),
        TEST(a_retired_cache_is_followed_by_the_next),
        TEST(a_cache_without_a_file_is_read_on),
        TEST(a_silent_cache_is_compared_with_what_has_its_name),
        TEST(who_may_not_read_all_reads_what_is_for_his_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
