#include "tests/unit/engine/scripts.h"

#include "cache/mapping.h"
#include "cache/names.h"
#include "engine/mirror.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A fleet whose table is mirrored for the group that runs the test. */
struct scene {
    struct scripts *s;
    struct tk_loop *loop;
    struct tk_config *config;
    struct tk_mirror *mirror;
    struct tk_fleet *fleet;
    char dir[40];
};

static void shown(struct tk_str key, const struct tk_record *record, void *data)
{
    struct scene *scene = data;

    tk_mirror_show(scene->mirror, key, record);
}

static struct tk_config *load_for(struct scripts *s, const char *keys)
{
    char text[1024];
    struct tk_config *config;

    snprintf(text, sizeof text,
             "return { readers = { ['%u'] = { %s } }, sources = { crm = {\n"
             "  provider = 'tiny', url = 'https://x', max_keys = 20,\n"
             "  tokens = { a = {}, b = {} } } } }",
             (unsigned)getegid(), keys);
    config = load(s, text);
    assert_string_equal(problems_of(s), "");
    return config;
}

static struct tk_mirror *mirror_of(struct scene *scene,
                                   const struct tk_config *config)
{
    struct tk_mirror *mirror;
    struct tk_why why;

    if (tk_mirror_new(scene->loop, scene->dir, config, &mirror, &why) != 0) {
        fail_msg("%s", why.text);
    }
    return mirror;
}

static void make(struct scene *scene, struct scripts *s, const char *keys)
{
    struct tk_fleet_options options = {.max_keys = 64,
                                       .mean_bytes = 256,
                                       .node = TK_STR("test"),
                                       .shown = shown,
                                       .shown_data = scene};

    *scene = (struct scene){.s = s};
    snprintf(scene->dir, sizeof scene->dir, "/tmp/tokeng-test-XXXXXX");
    assert_non_null(mkdtemp(scene->dir));
    assert_int_equal(tk_loop_new(&scene->loop), 0);
    scene->config = load_for(s, keys);
    scene->mirror = mirror_of(scene, scene->config);
    assert_int_equal(tk_fleet_new(&options, &scene->fleet), 0);
}

static void end(struct scene *scene)
{
    char command[80];

    tk_fleet_free(scene->fleet);
    tk_mirror_free(scene->mirror);
    tk_config_free(scene->config);
    assert_int_equal(tk_loop_free(scene->loop), 0);
    snprintf(command, sizeof command, "rm -rf '%s'", scene->dir);
    assert_int_equal(system(command), 0);
}

static struct tk_entry *put(struct scene *scene, const char *text,
                            const char *token, uint64_t generation)
{
    struct tk_record record = {.token = tk_str(token),
                               .attributes = {"", 0},
                               .generation = generation,
                               .expires_at = INT64_MAX};
    struct tk_entry *entry;
    struct tk_key key;

    assert_int_equal(tk_key_parse(tk_str(text), &key, NULL), 0);
    assert_int_equal(tk_fleet_claim(scene->fleet, scene->config->sources[0],
                                    &key, &entry, NULL),
                     0);
    assert_int_equal(tk_fleet_store(scene->fleet, entry, &record), 0);
    return entry;
}

static struct tk_mapping *map(const struct scene *scene)
{
    char name[TK_CACHE_NAME];
    struct tk_mapping *mapping;
    struct tk_why why;

    tk_segment_name(getegid(), name);
    if (tk_mapping_open(scene->dir, name, NULL, &mapping, &why) != 0) {
        fail_msg("%s", why.text);
    }
    return mapping;
}

/* What a reader of the group sees: "" for no token, NULL for no key. */
static const char *see(const struct tk_mapping *mapping, const char *key)
{
    static char buf[64];
    struct tk_view_want want = {1, 0};
    uint32_t slot;
    int rc = tk_view_get(&mapping->view, tk_str(key), want, buf, sizeof buf - 1,
                         &slot, NULL);

    if (rc == TK_ENOENT) return NULL;
    buf[rc < 0 ? 0 : rc] = '\0';
    return buf;
}

static void a_group_sees_its_keys_and_no_others(void **state)
{
    struct scene scene;
    struct tk_mapping *mapping;

    make(&scene, *state, "'crm/client/a'");
    put(&scene, "crm/client/a", "token-a", 5);
    put(&scene, "crm/client/b", "token-b", 6);
    tk_mirror_publish(scene.mirror, scene.fleet, NULL);
    mapping = map(&scene);
    assert_string_equal(see(mapping, "crm/client/a"), "token-a");
    assert_null(see(mapping, "crm/client/b"));
    tk_mapping_close(mapping);
    end(&scene);
}

static void what_changes_in_the_fleet_is_seen(void **state)
{
    struct scene scene;
    struct tk_mapping *mapping;
    struct tk_entry *entry;

    make(&scene, *state, "'crm/*'");
    tk_mirror_publish(scene.mirror, scene.fleet, NULL);
    mapping = map(&scene);
    assert_null(see(mapping, "crm/client/a"));
    entry = put(&scene, "crm/client/a", "first", 5);
    assert_string_equal(see(mapping, "crm/client/a"), "first");
    put(&scene, "crm/client/a", "second", 6);
    assert_string_equal(see(mapping, "crm/client/a"), "second");
    tk_fleet_clear(scene.fleet, entry);
    assert_string_equal(see(mapping, "crm/client/a"), "");
    put(&scene, "crm/client/a", "third", 7);
    assert_string_equal(see(mapping, "crm/client/a"), "third");
    tk_fleet_remove(scene.fleet, entry);
    assert_null(see(mapping, "crm/client/a"));
    tk_mapping_close(mapping);
    end(&scene);
}

static void show(struct scene *scene, const char *key, size_t token_len,
                 uint64_t generation)
{
    static char token[TK_TOKEN_MAX];
    struct tk_record record = {.key = tk_str(key),
                               .token = {token, token_len},
                               .attributes = {"", 0},
                               .generation = generation,
                               .expires_at = INT64_MAX};

    memset(token, 't', sizeof token);
    tk_mirror_show(scene->mirror, record.key, &record);
}

/* Its issuer may have ended the older one: better the socket. */
static void a_token_without_room_leaves_none(void **state)
{
    struct scene scene;
    struct tk_mapping *mapping;
    char key[] = "crm/client/0";

    make(&scene, *state, "'crm/*'");
    tk_mirror_publish(scene.mirror, scene.fleet, NULL);
    mapping = map(&scene);
    show(&scene, "crm/client/a", 5, 1);
    assert_string_equal(see(mapping, "crm/client/a"), "ttttt");
    for (; key[11] <= '9'; key[11]++) show(&scene, key, TK_TOKEN_MAX, 1);
    show(&scene, "crm/client/a", TK_TOKEN_MAX, 2);
    assert_string_equal(see(mapping, "crm/client/a"), "");
    tk_mapping_close(mapping);
    end(&scene);
}

static void a_state_is_shown_without_a_new_token(void **state)
{
    struct tk_view_want want = {1, 0};
    struct scene scene;
    struct tk_mapping *mapping;
    struct tk_sight sight, after;
    struct tk_entry *entry;
    uint32_t slot;
    char buf[32];

    make(&scene, *state, "'crm/*'");
    tk_mirror_publish(scene.mirror, scene.fleet, NULL);
    mapping = map(&scene);
    entry = put(&scene, "crm/client/a", "token", 5);
    assert_int_equal(tk_view_get(&mapping->view, TK_STR("crm/client/a"), want,
                                 buf, sizeof buf, &slot, &sight),
                     5);
    entry->is_poisoned = true;
    tk_fleet_show_state(scene.fleet, entry, 1000);
    assert_int_equal(tk_view_get(&mapping->view, TK_STR("crm/client/a"), want,
                                 buf, sizeof buf, &slot, &after),
                     5);
    assert_int_not_equal(after.state, sight.state);
    assert_int_equal(after.stamp, sight.stamp);
    tk_mapping_close(mapping);
    end(&scene);
}

static void keys_that_are_no_longer_its_own_are_taken_from_it(void **state)
{
    struct scene scene;
    struct tk_mapping *before, *mapping;
    struct tk_config *config;
    struct tk_mirror *next;

    make(&scene, *state, "'crm/*'");
    put(&scene, "crm/client/a", "token-a", 5);
    put(&scene, "crm/client/b", "token-b", 6);
    tk_mirror_publish(scene.mirror, scene.fleet, NULL);
    before = map(&scene);
    config = load_for(scene.s, "'crm/client/b'");
    assert_false(tk_mirror_suits(scene.mirror, config));
    next = mirror_of(&scene, config);
    tk_mirror_publish(next, scene.fleet, scene.mirror);
    tk_mirror_free(scene.mirror);
    scene.mirror = next;
    assert_true(tk_mapping_is_retired(before));
    assert_null(see(before, "crm/client/a"));
    assert_null(see(before, "crm/client/b"));
    mapping = map(&scene);
    assert_null(see(mapping, "crm/client/a"));
    assert_string_equal(see(mapping, "crm/client/b"), "token-b");
    tk_mapping_close(mapping);
    tk_mapping_close(before);
    tk_config_free(scene.config);
    scene.config = config;
    end(&scene);
}

static void a_group_that_is_no_reader_any_more_reads_nothing(void **state)
{
    struct scene scene;
    struct tk_mapping *before;
    struct tk_config *config;
    struct tk_mirror *next;
    char name[TK_CACHE_NAME], path[128];

    make(&scene, *state, "'crm/*'");
    put(&scene, "crm/client/a", "token-a", 5);
    tk_mirror_publish(scene.mirror, scene.fleet, NULL);
    before = map(&scene);
    /* As an engine that was killed leaves it. */
    tk_mirror_free(scene.mirror);
    config = load(scene.s, "return { sources = { crm = {\n"
                           "  provider = 'tiny', url = 'https://x' } } }");
    next = mirror_of(&scene, config);
    tk_mirror_publish(next, scene.fleet, NULL);
    scene.mirror = next;
    assert_true(tk_mapping_is_retired(before));
    assert_null(see(before, "crm/client/a"));
    tk_segment_name(getegid(), name);
    snprintf(path, sizeof path, "%s/%s", scene.dir, name);
    assert_int_not_equal(access(path, F_OK), 0);
    tk_demand_name(getegid(), name);
    snprintf(path, sizeof path, "%s/%s", scene.dir, name);
    assert_int_not_equal(access(path, F_OK), 0);
    tk_mapping_close(before);
    tk_config_free(scene.config);
    scene.config = config;
    end(&scene);
}

static void its_members_can_reach_the_file(void **state)
{
    struct scene scene;
    struct stat st;

    make(&scene, *state, "'crm/*'");
    assert_int_equal(stat(scene.dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0701);
    end(&scene);
}

static void a_group_that_the_engine_is_not_in_is_a_problem(void **state)
{
    struct scene scene;
    struct tk_config *config;
    struct tk_mirror *mirror;
    struct tk_why why;

    if (geteuid() == 0) skip(); /* may give a file to anybody */
    make(&scene, *state, "'crm/*'");
    config = load(scene.s, "return { readers = { ['4711'] = { 'crm/*' } },\n"
                           "  sources = { crm = { provider = 'tiny',\n"
                           "    url = 'https://x' } } }");
    assert_int_equal(
        tk_mirror_new(scene.loop, scene.dir, config, &mirror, &why),
        TK_EDENIED);
    assert_non_null(strstr(why.text, "readers.4711: "));
    assert_non_null(strstr(why.text, "must be a member of the group"));
    tk_config_free(config);
    end(&scene);
}

static void note(struct tk_str key, void *data)
{
    snprintf(data, 64, "%.*s", TK_ARG(key));
}

static void serve(void *data)
{
    tk_loop_stop(data);
}

static void what_its_readers_use_is_told_by_the_key(void **state)
{
    struct tk_view_want want = {1, 0};
    struct scene scene;
    struct tk_mapping *mapping;
    struct tk_timer *timer;
    char name[TK_CACHE_NAME], demand[TK_CACHE_NAME], used[64] = "", buf[32];
    uint32_t slot;

    make(&scene, *state, "'crm/*'");
    put(&scene, "crm/client/a", "token-a", 5);
    tk_mirror_publish(scene.mirror, scene.fleet, NULL);
    tk_segment_name(getegid(), name);
    tk_demand_name(getegid(), demand);
    assert_int_equal(tk_mapping_open(scene.dir, name, demand, &mapping, NULL),
                     0);
    assert_int_equal(tk_timer_new(scene.loop, serve, scene.loop, &timer), 0);
    while (tk_mapping_is_waiting(mapping)) {
        tk_timer_set(timer, tk_loop_now(scene.loop));
        tk_loop_run(scene.loop);
        tk_mapping_hear(mapping, 0);
    }
    assert_int_equal(tk_view_get(&mapping->view, TK_STR("crm/client/a"), want,
                                 buf, sizeof buf, &slot, NULL),
                     7);
    tk_mapping_note_use(mapping, slot, 77);
    tk_mapping_note_use(mapping, slot ^ 1, 77);
    tk_mirror_fold(scene.mirror, note, used);
    assert_string_equal(used, "crm/client/a");
    tk_mapping_close(mapping);
    tk_timer_free(timer);
    end(&scene);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scripts_set_up, scripts_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_group_sees_its_keys_and_no_others),
        TEST(what_changes_in_the_fleet_is_seen),
        TEST(a_token_without_room_leaves_none),
        TEST(a_state_is_shown_without_a_new_token),
        TEST(keys_that_are_no_longer_its_own_are_taken_from_it),
        TEST(a_group_that_is_no_reader_any_more_reads_nothing),
        TEST(its_members_can_reach_the_file),
        TEST(a_group_that_the_engine_is_not_in_is_a_problem),
        TEST(what_its_readers_use_is_told_by_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
