#include "cache/names.h"

#define FILES_NAME TK_SEGMENT_FILE
#include "../cache/files.h"

#include "base/log.h"
#include "cache/mapping.h"
#include "engine/share.h"

enum { KEYS = 64, BYTES = 200 };

struct scene {
    struct tk_loop *loop;
    struct tk_share *share;
    struct tk_table table;
};

static struct scene make(const struct files *files, gid_t group)
{
    struct tk_table_options table = {.seed = 3};
    struct tk_share_options options = {.dir = files->dir,
                                       .group = group,
                                       .max_keys = KEYS,
                                       .mean_bytes = BYTES};
    struct scene scene;
    struct tk_why why;

    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    assert_int_equal(tk_loop_new(&scene.loop), 0);
    options.loop = scene.loop;
    if (tk_share_new(&options, &table, &scene.share, &why) != 0) {
        fail_msg("%s", why.text);
    }
    assert_int_equal(tk_table_init(&scene.table, &table), 0);
    files_put(&scene.table, "crm/client", "token");
    return scene;
}

static void publish(struct scene *scene)
{
    struct tk_clocks clocks;

    tk_clocks_read(&clocks);
    tk_share_publish(scene->share, &clocks);
}

static void end(struct scene *scene)
{
    tk_share_free(scene->share);
    assert_int_equal(tk_loop_free(scene->loop), 0);
}

static int see(const struct tk_mapping *mapping)
{
    struct tk_view_want want = {1, 0};
    struct tk_sight sight;
    uint32_t slot;
    char buf[32];

    return tk_view_get(&mapping->view, TK_STR("crm/client"), want, buf,
                       sizeof buf, &slot, &sight);
}

static void it_is_seen_once_it_is_published(void **state)
{
    struct files *files = *state;
    struct scene scene = make(files, (gid_t)-1);
    struct tk_mapping *mapping;

    assert_int_equal(
        tk_mapping_open(files->dir, TK_SEGMENT_FILE, NULL, &mapping, NULL),
        TK_ENOENT);
    publish(&scene);
    assert_int_equal(
        tk_mapping_open(files->dir, TK_SEGMENT_FILE, NULL, &mapping, NULL), 0);
    assert_int_equal(see(mapping), 5);
    tk_mapping_close(mapping);
    end(&scene);
}

static void that_of_a_group_is_called_by_its_number(void **state)
{
    struct files *files = *state;
    struct scene scene = make(files, getegid());
    char segment[TK_CACHE_NAME], demand[TK_CACHE_NAME], path[128];
    struct stat st;

    publish(&scene);
    tk_segment_name(getegid(), segment);
    tk_demand_name(getegid(), demand);
    files_path(files, segment, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(st.st_gid, getegid());
    files_path(files, demand, path);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    end(&scene);
}

static void what_is_wiped_is_read_by_nobody(void **state)
{
    struct files *files = *state;
    struct scene scene = make(files, (gid_t)-1);
    struct tk_mapping *mapping;

    publish(&scene);
    assert_int_equal(
        tk_mapping_open(files->dir, TK_SEGMENT_FILE, NULL, &mapping, NULL), 0);
    tk_share_wipe(scene.share);
    assert_int_equal(see(mapping), TK_ENOENT);
    tk_mapping_close(mapping);
    end(&scene);
}

static void a_place_that_is_not_there_is_an_error(void **state)
{
    struct tk_table_options table;
    struct tk_share_options options = {
        .dir = "/nonexistent", .group = (gid_t)-1, .max_keys = 4};
    struct tk_share *share;
    struct tk_why why;

    (void)state;
    assert_int_not_equal(tk_share_new(&options, &table, &share, &why), 0);
    assert_non_null(strstr(why.text, "/nonexistent"));
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(it_is_seen_once_it_is_published),
        TEST(that_of_a_group_is_called_by_its_number),
        TEST(what_is_wiped_is_read_by_nobody),
        TEST(a_place_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
