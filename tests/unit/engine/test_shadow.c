#include "tests/unit/engine/realm.h"

#include "engine/shadow.h"

#define MINUTE (60 * INT64_C(1000))
#define HOUR   (60 * MINUTE)

/* A realm and what another policy would do for "crm" in it. */
struct scene {
    struct realm *r;
    struct tk_shadow *shadow;
};

static const char never[] = "return { api = 1, name = 'never',\n"
                            "  decide = function() return lapse() end }";
static const char always[] =
    "return { api = 1, name = 'always',\n"
    "  decide = function(token) return renew(token.remaining - 600) end }";

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    void *realm;

    if (scene == NULL || realm_set_up(&realm) != 0) return -1;
    scene->r = realm;
    folder_write(&scene->r->s->folder, "policies/never.lua", never);
    folder_write(&scene->r->s->folder, "policies/always.lua", always);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    void *realm = scene->r;

    tk_shadow_free(scene->shadow);
    free(scene);
    return realm_tear_down(&realm);
}

static void begin(struct scene *scene, const char *name)
{
    struct realm *r = scene->r;
    struct tk_value choice = {.type = TK_TEXT, .as.text = tk_str(name)};
    struct tk_policy *policy =
        tk_policy_open(&r->config->library, "here", &choice, &r->s->problems);

    assert_non_null(policy);
    assert_int_equal(tk_shadow_new(r->fleet, source_of(r, "crm"), policy,
                                   r->now, &scene->shadow),
                     0);
    tk_policy_close(policy);
    tk_shadow_run(scene->shadow, r->now);
}

/* Time goes on; both do what is due, and real refreshes land at once. */
static void pass(struct scene *scene, int64_t ms)
{
    struct realm *r = scene->r;

    for (int64_t end = r->now + ms; r->now < end;) {
        r->now += MINUTE;
        tk_refresh_run_due(r->fleet, r->now);
        for (uint32_t id = 0; id < tk_fleet_count(r->fleet); id++) {
            realm_land(r, tk_fleet_at(r->fleet, id));
        }
        tk_shadow_run(scene->shadow, r->now);
    }
}

static void use(struct scene *scene, const char *key)
{
    struct realm *r = scene->r;
    struct tk_entry *entry = tk_fleet_find(r->fleet, tk_str(key));
    struct tk_want want = {0};
    struct tk_got got;

    if (entry->source == source_of(r, "crm")) {
        tk_shadow_use(scene->shadow, entry, r->now);
    }
    if (!tk_caller_get(r->fleet, entry, &want, r->now, &got)) {
        tk_refresh_want(r->fleet, entry, TK_URGENCY_PLANNED, r->now);
    }
    realm_land(r, entry);
}

static struct tk_comparison compare(const struct scene *scene)
{
    struct tk_comparison c;

    tk_shadow_compare(scene->shadow, &c);
    return c;
}

static void the_same_policy_would_have_done_the_same(void **state)
{
    struct scene *scene = *state;
    struct tk_comparison c;

    realm_fresh(scene->r, "crm/client/a");
    realm_fresh(scene->r, "crm/client/b");
    realm_fresh(scene->r, "hr/client/a");
    begin(scene, "mine");
    for (int i = 0; i < 24; i++) {
        use(scene, "crm/client/a");
        pass(scene, HOUR);
    }
    c = compare(scene);
    assert_int_equal(c.keys, 2);
    assert_int_equal(c.live.uses, 24);
    assert_int_equal(c.would.uses, 24);
    assert_in_range(c.live.calls, 24, 28);
    assert_in_range(c.would.calls, c.live.calls - 1, c.live.calls + 1);
    assert_int_equal(c.would.cold, 0);
}

static void one_that_never_renews_has_fewer_calls_and_more_cold(void **state)
{
    struct scene *scene = *state;
    struct tk_comparison c;

    realm_fresh(scene->r, "crm/client/a");
    begin(scene, "never");
    for (int i = 0; i < 8; i++) {
        pass(scene, 3 * HOUR);
        use(scene, "crm/client/a");
    }
    c = compare(scene);
    assert_int_equal(c.would.uses, 8);
    assert_int_equal(c.would.cold, 8);
    assert_int_equal(c.would.calls, 8 - 1); /* the last one has just left */
    assert_int_equal(c.live.cold, 0);
    assert_in_range(c.live.calls, 12, 16);
}

static void what_only_seems_to_happen_touches_nothing(void **state)
{
    struct scene *scene = *state;
    struct realm *r = scene->r;
    struct tk_entry *entry = realm_fresh(r, "crm/client/a");
    struct tk_record before;
    struct tk_record after;
    int fetches = r->fetches;

    tk_fleet_read(r->fleet, entry, &before);
    begin(scene, "always");
    for (int i = 0; i < 60; i++) {
        r->now += 10 * MINUTE;
        tk_shadow_run(scene->shadow, r->now);
    }
    tk_fleet_read(r->fleet, entry, &after);
    assert_int_equal(after.generation, before.generation);
    assert_int_equal(r->fetches, fetches);
    assert_int_equal(source_of(r, "crm")->stats.hits, 0);
    assert_in_range(compare(scene).would.calls, 5, 6);
}

/* A key that appears later is cold in both. */
static void a_new_key_is_new_to_both(void **state)
{
    struct scene *scene = *state;
    struct tk_comparison c;
    struct tk_entry *entry;
    struct tk_key key;
    struct tk_why why;

    begin(scene, "always");
    assert_int_equal(tk_key_parse(TK_STR("crm/client/new"), &key, &why), 0);
    assert_int_equal(tk_fleet_claim(scene->r->fleet, source_of(scene->r, "crm"),
                                    &key, &entry, &why),
                     0);
    use(scene, "crm/client/new");
    pass(scene, MINUTE);
    c = compare(scene);
    assert_int_equal(c.live.cold, 1);
    assert_int_equal(c.would.cold, 1);
    assert_int_equal(c.live.calls, 1);
    assert_int_equal(c.would.calls, 1);
}

static void what_is_known_of_demand_goes_along(void **state)
{
    struct scene *scene = *state;
    struct realm *r = scene->r;

    folder_write(&r->s->folder, "policies/recent.lua",
                 "return { api = 1, name = 'recent', decide = function(t)\n"
                 "  if t.uses > 1 and t.idle < 7200 then\n"
                 "    return renew(t.remaining - 600) end\n"
                 "  return lapse() end }");
    realm_fresh(r, "crm/client/a");
    realm_fresh(r, "crm/client/b");
    scene->shadow = NULL;
    for (int i = 0; i < 3; i++) {
        struct tk_want want = {0};
        struct tk_got got;

        assert_true(tk_caller_get(
            r->fleet, tk_fleet_find(r->fleet, TK_STR("crm/client/a")), &want,
            r->now, &got));
    }
    begin(scene, "recent");
    for (int i = 0; i < 119; i++) {
        r->now += MINUTE;
        tk_shadow_run(scene->shadow, r->now);
    }
    assert_int_equal(compare(scene).would.calls, 1);
}

static void keys_are_taken_over_a_part_at_a_time(void **state)
{
    struct scene *scene = *state;
    char key[32];

    for (int i = 0; i < 250; i++) {
        snprintf(key, sizeof key, "crm/client/k%d", i);
        realm_fresh(scene->r, key);
    }
    begin(scene, "always");
    assert_int_equal(compare(scene).since, 0);
    assert_int_equal(compare(scene).keys, 200);
    assert_true(tk_shadow_due(scene->shadow) <= scene->r->now);
    tk_shadow_run(scene->shadow, scene->r->now);
    assert_int_equal(compare(scene).since, scene->r->now);
    assert_int_equal(compare(scene).keys, 250);
    assert_int_equal(compare(scene).would.calls, 0);
}

static void it_moves_to_a_source_that_has_the_same_kinds(void **state)
{
    struct scene *scene = *state;
    struct tk_source *other = source_of(scene->r, "hr");

    begin(scene, "always");
    assert_true(tk_shadow_move(scene->shadow, other));
    assert_ptr_equal(tk_shadow_source(scene->shadow), other);
    other->kinds[0].name[0] = 'x';
    assert_false(tk_shadow_move(scene->shadow, other));
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(the_same_policy_would_have_done_the_same),
        IN_SCENE(one_that_never_renews_has_fewer_calls_and_more_cold),
        IN_SCENE(what_only_seems_to_happen_touches_nothing),
        IN_SCENE(a_new_key_is_new_to_both),
        IN_SCENE(what_is_known_of_demand_goes_along),
        IN_SCENE(keys_are_taken_over_a_part_at_a_time),
        IN_SCENE(it_moves_to_a_source_that_has_the_same_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
