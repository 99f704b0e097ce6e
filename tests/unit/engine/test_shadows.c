#include "engine/shadows.h"

#include "tests/unit/engine/realm.h"

struct scene {
    struct realm *r;
    struct tk_loop *loop;
    struct tk_shadows *shadows;
    struct tk_timer *timer;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    void *realm;

    if (scene == NULL || realm_set_up(&realm) != 0) return -1;
    scene->r = realm;
    assert_int_equal(tk_loop_new(&scene->loop), 0);
    scene->r->now = tk_loop_now(scene->loop);
    assert_int_equal(
        tk_shadows_new(scene->loop, scene->r->fleet, &scene->shadows), 0);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    void *realm = scene->r;

    tk_shadows_free(scene->shadows);
    tk_timer_free(scene->timer);
    assert_int_equal(tk_loop_free(scene->loop), 0);
    free(scene);
    return realm_tear_down(&realm);
}

static void begin(struct scene *scene, const char *source)
{
    struct realm *r = scene->r;
    struct tk_value choice = {.type = TK_TEXT, .as.text = TK_STR("tiny")};
    struct tk_policy *policy =
        tk_policy_open(&r->config->library, "here", &choice, &r->s->problems);

    assert_non_null(policy);
    assert_int_equal(
        tk_shadows_start(scene->shadows, source_of(r, source), policy), 0);
    tk_policy_close(policy);
}

static struct tk_shadow *find(const struct scene *scene, const char *source)
{
    return tk_shadows_find(scene->shadows, source_of(scene->r, source));
}

static void a_source_has_one_at_most(void **state)
{
    struct scene *scene = *state;
    struct tk_shadow *first;

    assert_null(find(scene, "crm"));
    begin(scene, "crm");
    first = find(scene, "crm");
    assert_non_null(first);
    assert_null(find(scene, "hr"));
    begin(scene, "hr");
    begin(scene, "crm");
    assert_true(tk_shadows_end(scene->shadows, source_of(scene->r, "crm")));
    assert_null(find(scene, "crm"));
    assert_non_null(find(scene, "hr"));
    assert_false(tk_shadows_end(scene->shadows, source_of(scene->r, "crm")));
}

/* Looks until the shadow has seen the use to its end. */
static void look(void *data)
{
    struct scene *scene = data;
    struct tk_comparison c;

    tk_shadow_compare(find(scene, "crm"), &c);
    if (c.since != 0 && c.would.calls == 1) {
        tk_loop_stop(scene->loop);
        return;
    }
    if (c.since != 0 && c.would.uses == 0) {
        tk_shadows_use(scene->shadows,
                       tk_fleet_find(scene->r->fleet, TK_STR("crm/client/new")),
                       tk_loop_now(scene->loop));
    }
    tk_timer_set(scene->timer, tk_loop_now(scene->loop) + 1);
}

static void the_loop_keeps_them_going(void **state)
{
    struct scene *scene = *state;
    struct tk_entry *entry;
    struct tk_key key;
    struct tk_why why;
    struct tk_comparison c;

    realm_fresh(scene->r, "crm/client/a");
    begin(scene, "crm");
    assert_int_equal(tk_key_parse(TK_STR("crm/client/new"), &key, &why), 0);
    assert_int_equal(tk_fleet_claim(scene->r->fleet, source_of(scene->r, "crm"),
                                    &key, &entry, &why),
                     0);
    assert_int_equal(tk_timer_new(scene->loop, look, scene, &scene->timer), 0);
    tk_timer_set(scene->timer, tk_loop_now(scene->loop));
    tk_loop_run(scene->loop);
    tk_shadow_compare(find(scene, "crm"), &c);
    assert_int_equal(c.keys, 2);
    assert_int_equal(c.would.cold, 1);
}

static void a_use_of_another_source_is_no_matter(void **state)
{
    struct scene *scene = *state;
    struct tk_comparison c;

    begin(scene, "crm");
    tk_shadows_use(scene->shadows, realm_fresh(scene->r, "hr/client/a"),
                   scene->r->now);
    tk_shadow_compare(find(scene, "crm"), &c);
    assert_int_equal(c.keys, 0);
}

static void they_go_on_with_another_configuration(void **state)
{
    struct scene *scene = *state;
    struct tk_config *old = scene->r->config;

    begin(scene, "crm");
    begin(scene, "hr");
    scene->r->config =
        load(scene->r->s, "return { policy = 'mine', sources = { crm = {\n"
                          "  provider = 'any', url = 'https://a.example/t' } "
                          "} }\n");
    assert_string_equal(problems_of(scene->r->s), "");
    tk_shadows_move(scene->shadows, scene->r->config);
    assert_non_null(find(scene, "crm"));
    assert_null(
        tk_shadows_find(scene->shadows, tk_config_source(old, TK_STR("hr"))));
    tk_config_free(old);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_source_has_one_at_most),
        IN_SCENE(the_loop_keeps_them_going),
        IN_SCENE(a_use_of_another_source_is_no_matter),
        IN_SCENE(they_go_on_with_another_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
