#include "sim/sources.h"

#include "tests/unit/harness.h"

#include "base/log.h"

#include <stdio.h>

/* Owned by a test. */
struct scene {
    struct tk_trace trace;
    struct tk_terms terms;
    struct tk_policy policy; /* the built-in rule */
    struct tk_sim_sources sources;
    struct tk_fleet *fleet;
    struct tk_why why;
};

static int never(struct tk_entry *entry, int64_t now, void *data)
{
    (void)entry, (void)now, (void)data;
    return TK_EINTERNAL;
}

static int open(struct scene *scene, const char *const *keys)
{
    struct tk_fleet_options options = {
        .max_keys = 100, .mean_bytes = 128, .port = {.fetch = never}};
    uint32_t number;

    *scene = (struct scene){.terms = {.life_ms = 7200 * 1000,
                                      .window_ms = 1800 * 1000,
                                      .max_concurrent = 3}};
    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    tk_trace_init(&scene->trace);
    for (; *keys != NULL; keys++) {
        assert_int_equal(tk_trace_key(&scene->trace, tk_str(*keys), &number),
                         0);
    }
    assert_int_equal(tk_fleet_new(&options, &scene->fleet), 0);
    tk_list_init(&scene->policy.sources);
    scene->policy.holders = 1;
    return tk_sim_sources_init(&scene->sources, &scene->trace, &scene->terms,
                               &scene->policy, &scene->why);
}

static void close(struct scene *scene)
{
    tk_fleet_free(scene->fleet);
    tk_sim_sources_fini(&scene->sources);
    tk_trace_fini(&scene->trace);
}

static const struct tk_entry *claim(struct scene *scene, uint32_t key)
{
    struct tk_entry *entry = NULL;

    assert_int_equal(tk_sim_sources_claim(&scene->sources, scene->fleet, key,
                                          &entry, &scene->why),
                     0);
    return entry;
}

static void assert_key(struct scene *scene, uint32_t number, const char *text)
{
    assert_string_equal(scene->sources.keys[number].text.data, text);
    assert_true(tk_str_is(tk_entry_text(claim(scene, number)), text));
}

static void keys_keep_their_names_sources_and_kinds(void **state)
{
    static const char *const keys[] = {"crm/client", "crm/client/read",
                                       "feishu/tenant/a", "feishu/app", NULL};
    struct scene scene;

    (void)state;
    assert_int_equal(open(&scene, keys), 0);
    assert_int_equal(scene.sources.count, 2);
    for (uint32_t i = 0; i < 4; i++) assert_key(&scene, i, keys[i]);
    assert_string_equal(claim(&scene, 3)->source->name, "feishu");
    assert_string_equal(claim(&scene, 3)->kind->name, "app");
    assert_int_equal(claim(&scene, 2)->kind->window_ms, 1800 * 1000);
    assert_ptr_equal(claim(&scene, 0)->source, claim(&scene, 1)->source);
    close(&scene);
}

static void any_other_text_becomes_a_key(void **state)
{
    static const char *const names[] = {"k0", "a b", "x/..", "k 1", NULL};
    struct scene scene;

    (void)state;
    assert_int_equal(open(&scene, names), 0);
    assert_key(&scene, 0, "sim/key/k0");
    assert_key(&scene, 1, "sim/key/:1");
    assert_key(&scene, 2, "sim/key/:2");
    assert_key(&scene, 3, "sim/key/:3");
    close(&scene);
}

static void a_source_of_too_many_kinds_is_refused(void **state)
{
    const char *names[TK_KINDS_MAX + 2] = {NULL};
    char texts[TK_KINDS_MAX + 1][16];
    struct scene scene;

    (void)state;
    for (int i = 0; i <= TK_KINDS_MAX; i++) {
        snprintf(texts[i], sizeof texts[i], "crm/k%d", i);
        names[i] = texts[i];
    }
    assert_int_equal(open(&scene, names), TK_EFULL);
    assert_string_equal(scene.why.text,
                        "source crm of the trace has more than 16 kinds, or "
                        "one with a name of more than 31 bytes");
    close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_keep_their_names_sources_and_kinds),
        cmocka_unit_test(any_other_text_becomes_a_key),
        cmocka_unit_test(a_source_of_too_many_kinds_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
