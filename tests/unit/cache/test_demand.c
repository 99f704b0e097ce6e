#define _GNU_SOURCE
#include "tests/unit/cache/files.h"

#include "cache/demand.h"
#include "cache/demand_link.h"

#include <sys/mman.h>

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

/* What a reader gets: its stamps, and the descriptor that they came by. */
static struct tk_demand *make(const struct files *files, uint32_t **stamps)
{
    struct tk_demand *demand;
    int dir_fd = open(files->dir, O_PATH | O_DIRECTORY);
    int fd;

    assert_int_equal(tk_demand_make(SLOTS, &demand, NULL), 0);
    assert_int_equal(
        tk_demand_offer(demand, files->dir, "uses", (gid_t)-1, NULL), 0);
    fd = tk_demand_ask(dir_fd, "uses");
    assert_true(tk_demand_serve(demand));
    assert_int_equal(tk_demand_hear(fd, tk_demand_inode(demand),
                                    SLOTS * sizeof(uint32_t), 0, stamps),
                     0);
    close(fd);
    close(dir_fd);
    return demand;
}

static void end(struct tk_demand *demand, uint32_t *stamps)
{
    munmap(stamps, SLOTS * sizeof *stamps);
    tk_demand_close(demand);
}

static void a_stamp_that_has_changed_is_a_use(void **state)
{
    struct seen seen = {0};
    uint32_t *stamps;
    struct tk_demand *demand = make(*state, &stamps);

    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    assert_int_equal(seen.count, 0);
    stamps[9999] = 5;
    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.last, 9999);
    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    assert_int_equal(seen.count, 1);
    stamps[9999] = 4;
    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    assert_int_equal(seen.count, 2);
    end(demand, stamps);
}

static void a_fold_goes_on_where_the_last_one_ended(void **state)
{
    struct seen seen = {0};
    uint32_t *stamps;
    struct tk_demand *demand = make(*state, &stamps);

    stamps[0] = 1;
    stamps[6000] = 1;
    assert_false(tk_demand_fold(demand, 5000, note, &seen));
    assert_int_equal(seen.count, 1);
    assert_true(tk_demand_fold(demand, 5000, note, &seen));
    assert_int_equal(seen.count, 2);
    end(demand, stamps);
}

static void whoever_scribbles_says_no_more_than_that_all_are_used(void **state)
{
    struct seen seen = {0};
    uint32_t *stamps;
    struct tk_demand *demand = make(*state, &stamps);

    for (uint32_t i = 0; i < SLOTS; i++) stamps[i] = i * 7 + 1;
    assert_true(tk_demand_fold(demand, UINT32_MAX, note, &seen));
    assert_int_equal(seen.count, SLOTS);
    end(demand, stamps);
}

static void the_group_may_ask_and_others_not(void **state)
{
    struct files *files = *state;
    uint32_t *stamps;
    struct tk_demand *demand = make(files, &stamps);
    char path[128];
    struct stat st;

    files_path(files, "uses", path);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0660);
    end(demand, stamps);
}

static void a_new_engine_takes_the_place_of_an_old_one(void **state)
{
    struct files *files = *state;
    uint32_t *old_stamps, *stamps;
    struct tk_demand *old = make(files, &old_stamps);
    struct tk_demand *demand = make(files, &stamps);
    struct seen seen = {0};

    stamps[3] = 1;
    assert_true(tk_demand_fold(demand, SLOTS, note, &seen));
    assert_int_equal(seen.count, 1);
    assert_true(tk_demand_fold(old, SLOTS, note, &seen));
    assert_int_equal(seen.count, 1);
    end(old, old_stamps);
    end(demand, stamps);
}

static void without_its_directory_the_reason_names_the_place(void **state)
{
    struct tk_demand *demand;
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_demand_make(SLOTS, &demand, NULL), 0);
    assert_int_equal(
        tk_demand_offer(demand, "/nonexistent", "uses", (gid_t)-1, &why),
        TK_EIO);
    assert_non_null(strstr(why.text, "/nonexistent/uses"));
    tk_demand_close(demand);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_stamp_that_has_changed_is_a_use),
        TEST(a_fold_goes_on_where_the_last_one_ended),
        TEST(whoever_scribbles_says_no_more_than_that_all_are_used),
        TEST(the_group_may_ask_and_others_not),
        TEST(a_new_engine_takes_the_place_of_an_old_one),
        TEST(without_its_directory_the_reason_names_the_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
