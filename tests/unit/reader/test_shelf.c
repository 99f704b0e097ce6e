#include "cache/names.h"

#define FILES_NAME TK_SEGMENT_FILE
#include "../cache/files.h"

#include "reader/shelf.h"

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
