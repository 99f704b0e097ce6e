#include "tests/unit/cache/files.h"

#include "cache/demand.h"
#include "cache/mapping.h"
#include "cache/segment_head.h"

static int open_it(const struct files *files, struct tk_mapping **out,
                   struct tk_why *why)
{
    return tk_mapping_open(files->dir, FILES_NAME, "uses", out, why);
}

static void publish(struct files *files, ino_t demand)
{
    files->segment = files_make(files, demand, &files->table);
    assert_int_equal(tk_segment_publish(files->segment, NULL), 0);
}

static void overwrite(const struct files *files, off_t at, const void *bytes,
                      size_t len)
{
    char path[128];
    int fd;

    files_path(files, FILES_NAME, path);
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), len);
    close(fd);
}

static void what_an_engine_writes_is_read(void **state)
{
    struct files *files = *state;
    struct tk_view_want want = {1, 0};
    struct tk_mapping *mapping;
    struct tk_sight sight;
    uint32_t slot;
    char buf[32];

    publish(files, 0);
    files_put(&files->table, "a/b", "token");
    assert_int_equal(open_it(files, &mapping, NULL), 0);
    assert_int_equal(tk_view_get(&mapping->view, TK_STR("a/b"), want, buf,
                                 sizeof buf, &slot, &sight),
                     5);
    assert_false(tk_mapping_is_retired(mapping));
    assert_null(mapping->demand);
    tk_mapping_close(mapping);
}

static void a_file_that_is_not_there_is_said_so(void **state)
{
    struct tk_mapping *mapping;
    struct tk_why why;

    assert_int_equal(open_it(*state, &mapping, &why), TK_ENOENT);
    assert_non_null(strstr(why.text, FILES_NAME));
}

static void a_link_is_not_followed(void **state)
{
    struct files *files = *state;
    struct tk_mapping *mapping;
    char path[128], other[128];

    publish(files, 0);
    files_path(files, FILES_NAME, path);
    files_path(files, "moved", other);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(open_it(files, &mapping, NULL), TK_EPROTO);
}

static void a_file_of_another_owner_is_refused(void **state)
{
    struct files *files = *state;
    struct tk_mapping *mapping;
    struct tk_why why;
    char path[128];

    if (geteuid() != 0) {
        print_message("skipped: only root can give a file away\n");
        skip();
    }
    publish(files, 0);
    files_path(files, FILES_NAME, path);
    assert_int_equal(chown(path, 12345, 12345), 0);
    assert_int_equal(open_it(files, &mapping, &why), TK_EPROTO);
    assert_non_null(strstr(why.text, "owner"));
}

static void a_file_that_others_may_write_is_refused(void **state)
{
    struct files *files = *state;
    struct tk_mapping *mapping;
    char path[128];

    publish(files, 0);
    files_path(files, FILES_NAME, path);
    assert_int_equal(chmod(path, 0660), 0);
    assert_int_equal(open_it(files, &mapping, NULL), TK_EPROTO);
}

static void another_version_is_called_so(void **state)
{
    struct files *files = *state;
    uint32_t version = TK_SEGMENT_VERSION + 1;
    struct tk_mapping *mapping;
    struct tk_why why;

    publish(files, 0);
    overwrite(files, offsetof(struct tk_segment_head, version), &version,
              sizeof version);
    assert_int_equal(open_it(files, &mapping, &why), TK_EVERSION);
    assert_non_null(strstr(why.text, "version"));
}

static void a_foreign_file_is_refused(void **state)
{
    struct files *files = *state;
    struct tk_mapping *mapping;

    publish(files, 0);
    overwrite(files, 0, "#!/bin/sh", 9);
    assert_int_equal(open_it(files, &mapping, NULL), TK_EPROTO);
}

static void a_file_of_an_earlier_boot_is_no_cache(void **state)
{
    struct files *files = *state;
    struct tk_mapping *mapping;

    publish(files, 0);
    overwrite(files, offsetof(struct tk_segment_head, boot_id), "0", 1);
    assert_int_equal(open_it(files, &mapping, NULL), TK_ENOENT);
}

static void a_file_that_was_cut_is_refused(void **state)
{
    static const off_t sizes[] = {0, 100, TK_SEGMENT_PAGE,
                                  TK_SEGMENT_PAGE + 4096};
    struct files *files = *state;
    struct tk_mapping *mapping;
    char path[128];

    files_path(files, FILES_NAME, path);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct tk_segment *segment = files_make(files, 0, &files->table);

        assert_int_equal(tk_segment_publish(segment, NULL), 0);
        assert_int_equal(truncate(path, sizes[i]), 0);
        assert_int_equal(open_it(files, &mapping, NULL), TK_EPROTO);
        tk_segment_close(segment);
    }
}

static struct tk_demand *offer(const struct files *files)
{
    struct tk_demand *demand;

    assert_int_equal(tk_demand_make(tk_table_slots(FILES_KEYS), &demand, NULL),
                     0);
    assert_int_equal(
        tk_demand_offer(demand, files->dir, "uses", (gid_t)-1, NULL), 0);
    return demand;
}

static void use_is_counted_once_the_engine_has_answered(void **state)
{
    struct files *files = *state;
    struct tk_demand *demand = offer(files);
    struct tk_mapping *mapping;

    publish(files, tk_demand_inode(demand));
    assert_int_equal(open_it(files, &mapping, NULL), 0);
    tk_mapping_hear(mapping, 0);
    assert_true(tk_mapping_is_waiting(mapping));
    tk_mapping_note_use(mapping, 3, 76);
    assert_true(tk_demand_serve(demand));
    tk_mapping_hear(mapping, 0);
    assert_false(tk_mapping_is_waiting(mapping));
    tk_mapping_note_use(mapping, 3, 77);
    assert_int_equal(mapping->demand[3], 77);
    tk_mapping_close(mapping);
    tk_demand_close(demand);
}

static void the_memory_of_another_engine_is_left_alone(void **state)
{
    struct files *files = *state;
    struct tk_demand *demand = offer(files);
    struct tk_mapping *mapping;

    publish(files, tk_demand_inode(demand) + 1);
    assert_int_equal(open_it(files, &mapping, NULL), 0);
    assert_true(tk_demand_serve(demand));
    tk_mapping_hear(mapping, 0);
    assert_false(tk_mapping_is_waiting(mapping));
    assert_null(mapping->demand);
    tk_mapping_close(mapping);
    tk_demand_close(demand);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_an_engine_writes_is_read),
        TEST(a_file_that_is_not_there_is_said_so),
        TEST(a_link_is_not_followed),
        TEST(a_file_of_another_owner_is_refused),
        TEST(a_file_that_others_may_write_is_refused),
        TEST(another_version_is_called_so),
        TEST(a_foreign_file_is_refused),
        TEST(a_file_of_an_earlier_boot_is_no_cache),
        TEST(a_file_that_was_cut_is_refused),
        TEST(use_is_counted_once_the_engine_has_answered),
        TEST(the_memory_of_another_engine_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
