#include "cache/names.h"

#define FILES_NAME TK_SEGMENT_FILE
#include "../cache/files.h"
#include "fixture.h"

#include "cache/mapping.h"
#include "engine/shared.h"

static const struct tk_config no_readers;

struct scene {
    struct tk_loop *loop;
    struct tk_fleet_options options;
    struct tk_shared *shared;
    struct tk_fleet *fleet;
    struct tk_mapping *mapping;
    struct fixture *f;
    int changes;
};

static void note_change(void *data)
{
    struct scene *scene = data;

    scene->changes++;
    tk_loop_stop(scene->loop);
}

static struct scene make(const struct files *files, void **fixture)
{
    struct scene scene = {0};
    struct tk_problems problems;

    fixture_set_up(fixture);
    scene.f = *fixture;
    scene.options = (struct tk_fleet_options){
        .max_keys = 64,
        .mean_bytes = 256,
        .node = TK_STR("test"),
        .port = *tk_fleet_port(scene.f->fleet),
    };
    assert_int_equal(tk_loop_new(&scene.loop), 0);
    tk_problems_init(&problems);
    if (tk_shared_new(scene.loop, files->dir, &no_readers, &scene.options,
                      &scene.shared, &problems) != 0) {
        fail_msg("%s", tk_buf_text(&problems.text));
    }
    tk_problems_fini(&problems);
    assert_int_equal(tk_fleet_new(&scene.options, &scene.fleet), 0);
    return scene;
}

static void end(struct scene *scene, void **fixture)
{
    tk_mapping_close(scene->mapping);
    tk_fleet_free(scene->fleet);
    tk_shared_free(scene->shared);
    tk_loop_free(scene->loop);
    fixture_tear_down(fixture);
}

static struct tk_entry *claim_in(struct scene *scene, const char *text)
{
    struct tk_entry *entry;
    struct tk_key key;

    assert_int_equal(tk_key_parse(tk_str(text), &key, NULL), 0);
    assert_int_equal(
        tk_fleet_claim(scene->fleet, &scene->f->source, &key, &entry, NULL), 0);
    return entry;
}

static void publish(struct scene *scene, const struct files *files)
{
    struct tk_why why;

    tk_shared_publish(scene->shared, scene->fleet, note_change, scene);
    if (tk_mapping_open(files->dir, TK_SEGMENT_FILE, TK_DEMAND_FILE,
                        &scene->mapping, &why) != 0) {
        fail_msg("%s", why.text);
    }
}

static void store(struct scene *scene, struct tk_entry *entry,
                  const char *token)
{
    struct tk_record record = {.token = tk_str(token),
                               .attributes = {"", 0},
                               .generation = 1,
                               .expires_at = INT64_MAX};

    assert_int_equal(tk_fleet_store(scene->fleet, entry, &record), 0);
    entry->life.expires_at = INT64_MAX;
}

static int see(const struct scene *scene, char *buf, size_t cap,
               struct tk_sight *sight)
{
    struct tk_view_want want = {1, 0};
    uint32_t slot;

    return tk_view_get(&scene->mapping->view, TK_STR("crm/client/a"), want, buf,
                       cap, &slot, sight);
}

static void what_the_fleet_stores_is_seen_by_readers(void **state)
{
    struct files *files = *state;
    struct tk_sight sight;
    void *fixture;
    struct scene scene = make(files, &fixture);
    char buf[32];

    publish(&scene, files);
    store(&scene, claim_in(&scene, "crm/client/a"), "token");
    assert_int_equal(see(&scene, buf, sizeof buf, &sight), 5);
    end(&scene, &fixture);
}

static void tokens_outlive_the_engine(void **state)
{
    struct files *files = *state;
    struct tk_mapping *mapping;
    struct tk_sight sight;
    void *fixture;
    struct scene scene = make(files, &fixture);
    char buf[32];

    publish(&scene, files);
    store(&scene, claim_in(&scene, "crm/client/a"), "token");
    mapping = scene.mapping;
    scene.mapping = NULL;
    end(&scene, &fixture);
    scene.mapping = mapping;
    assert_int_equal(see(&scene, buf, sizeof buf, &sight), 5);
    tk_mapping_close(mapping);
}

static void use_by_readers_is_noted(void **state)
{
    struct files *files = *state;
    struct tk_sight sight;
    void *fixture;
    struct scene scene = make(files, &fixture);
    struct tk_entry *entry;
    char buf[32];

    publish(&scene, files);
    entry = claim_in(&scene, "crm/client/a");
    store(&scene, entry, "token");
    assert_int_equal(see(&scene, buf, sizeof buf, &sight), 5);
    tk_loop_run(scene.loop);
    tk_mapping_hear(scene.mapping, 0);
    tk_mapping_note_use(scene.mapping, sight.slot, 12345);
    /* A slot that no key has, as somebody may claim. */
    tk_mapping_note_use(scene.mapping, sight.slot ^ 1, 12345);
    tk_loop_run(scene.loop);
    assert_int_equal(scene.changes, 2);
    assert_int_equal(entry->uses, 1);
    assert_int_equal(scene.f->source.stats.hits, 1);
    end(&scene, &fixture);
}

static void a_directory_that_is_not_there_is_a_problem(void **state)
{
    struct tk_fleet_options options = {.max_keys = 4, .mean_bytes = 64};
    struct tk_problems problems;
    struct tk_shared *shared;
    struct tk_loop *loop;

    (void)state;
    tk_problems_init(&problems);
    assert_int_equal(tk_loop_new(&loop), 0);
    assert_int_not_equal(tk_shared_new(loop, "/nonexistent", &no_readers,
                                       &options, &shared, &problems),
                         0);
    assert_non_null(strstr(tk_buf_text(&problems.text), "/nonexistent"));
    assert_null(shared);
    assert_int_equal(tk_loop_free(loop), 0);
    tk_problems_fini(&problems);
}

static void without_a_directory_nothing_is_shared(void **state)
{
    struct tk_fleet_options options = {.max_keys = 4, .mean_bytes = 64};
    struct tk_shared *shared;

    (void)state;
    assert_int_equal(
        tk_shared_new(NULL, NULL, &no_readers, &options, &shared, NULL), 0);
    assert_null(shared);
    assert_null(options.block);
    tk_shared_publish(shared, NULL, NULL, NULL);
    assert_int_equal(tk_shared_prepare(shared, &no_readers, NULL), 0);
    tk_shared_adopt(shared, &no_readers);
    tk_shared_free(shared);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_the_fleet_stores_is_seen_by_readers),
        TEST(tokens_outlive_the_engine),
        TEST(use_by_readers_is_noted),
        TEST(a_directory_that_is_not_there_is_a_problem),
        TEST(without_a_directory_nothing_is_shared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
