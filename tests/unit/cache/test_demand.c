#include "tests/unit/cache/files.h"

#include "cache/demand.h"

enum { SLOTS = 10000 };

struct seen {
    uint32_t count;
    uint32_t last;
};

static void note(uint32_t slot, void *data)
{
    struct seen *seen = data;

    seen->count++;
    seen->last = slot;
}

static struct tk_demand *make(const struct files *files, int *fd)
{
    struct tk_demand *demand;
    char path[128];

    assert_int_equal(
        tk_demand_make(files->dir, "uses", (gid_t)-1, SLOTS, &demand, NULL), 0);
    files_path(files, "uses", path);
    *fd = open(path, O_RDWR);
    assert_true(*fd >= 0);
    return demand;
}

static void stamp(int fd, uint32_t slot, uint32_t second)
{
    assert_int_equal(pwrite(fd, &second, sizeof second, slot * sizeof second),
                     sizeof second);
}

static void a_stamp_that_has_changed_is_a_use(void **state)
{
    struct seen seen = {0};
    int fd;
    struct tk_demand *demand = make(*state, &fd);

    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    assert_int_equal(seen.count, 0);
    stamp(fd, 9999, 5);
    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last, 9999);
    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    assert_int_equal(seen.count, 1);
    stamp(fd, 9999, 4);
    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    assert_int_equal(seen.count, 2);
    close(fd);
    tk_demand_close(demand);
}

static void a_fold_goes_on_where_the_last_one_ended(void **state)
{
    struct seen seen = {0};
    int fd;
    struct tk_demand *demand = make(*state, &fd);

    stamp(fd, 0, 1);
    stamp(fd, 6000, 1);
    assert_false(tk_demand_fold(demand, 5000, note, &seen));
    assert_int_equal(seen.count, 1);
    assert_true(tk_demand_fold(demand, 5000, note, &seen));
    assert_int_equal(seen.count, 2);
    close(fd);
    tk_demand_close(demand);
}

static void whoever_cuts_the_file_does_no_harm(void **state)
{
    struct seen seen = {0};
    int fd;
    struct tk_demand *demand = make(*state, &fd);

    stamp(fd, 10, 1);
    assert_int_equal(ftruncate(fd, 44), 0);
    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    assert_int_equal(seen.count, 1);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    close(fd);
    tk_demand_close(demand);
}

static void whoever_scribbles_says_no_more_than_that_all_are_used(void **state)
{
    struct seen seen = {0};
    int fd;
    struct tk_demand *demand = make(*state, &fd);
    unsigned char noise[4096];

    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (unsigned char)(i * 7);
    for (off_t at = 0; at < 2 * SLOTS * 4; at += sizeof noise) {
        assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
    }
    assert_true(tk_demand_fold(demand, UINT32_MAX, note, &seen));
    assert_true(seen.count <= SLOTS);
    close(fd);
    tk_demand_close(demand);
}

static void the_group_may_write_and_others_not_even_read(void **state)
{
    struct files *files = *state;
    struct stat st;
    int fd;
    struct tk_demand *demand = make(files, &fd);

    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_int_equal(st.st_ino, tk_demand_inode(demand));
    close(fd);
    tk_demand_close(demand);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_stamp_that_has_changed_is_a_use),
        TEST(a_fold_goes_on_where_the_last_one_ended),
        TEST(whoever_cuts_the_file_does_no_harm),
        TEST(whoever_scribbles_says_no_more_than_that_all_are_used),
        TEST(the_group_may_write_and_others_not_even_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
