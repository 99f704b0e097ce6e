/* tests/unit/serve/scene.h - the fleet of tests/unit/engine/fixture.h under a
 * configuration that no file has said: a source "crm" that has a fixture's
 * life, and an idle source "hr".
 */
#ifndef TK_TESTS_UNIT_SERVE_SCENE_H
#define TK_TESTS_UNIT_SERVE_SCENE_H

#include "tests/unit/engine/fixture.h"
#include "tests/unit/serve/reading.h"

#include "engine/config.h"

struct scene {
    struct fixture *f;
    struct tk_config config;
    struct tk_source hr;
    struct tk_policy other;
    struct tk_source *sources[2];
    struct tk_policy *policies[2];
    struct tk_buf out;
    struct reading reading;
};

static inline int scene_set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    void *fixture = NULL;

    if (s == NULL || fixture_set_up(&fixture) != 0) return -1;
    s->f = fixture;
    s->hr = (struct tk_source){.name = "hr",
                               .provider = "test",
                               .policy = &s->other,
                               .kinds = {{.name = "user"}},
                               .kind_count = 1,
                               .max_keys = 50,
                               .max_concurrent = 3};
    snprintf(s->f->policy.name, sizeof s->f->policy.name, "threshold");
    snprintf(s->other.name, sizeof s->other.name, "fraction");
    s->sources[0] = &s->f->source;
    s->sources[1] = &s->hr;
    s->policies[0] = &s->f->policy;
    s->policies[1] = &s->other;
    s->config = (struct tk_config){.sources = s->sources,
                                   .source_count = 2,
                                   .policies = s->policies,
                                   .policy_count = 2};
    tk_map_init(&s->config.by_name);
    for (size_t i = 0; i < 2; i++) {
        if (tk_map_put(&s->config.by_name, tk_str(s->sources[i]->name),
                       s->sources[i]) != 0) {
            return -1;
        }
    }
    tk_buf_init(&s->out, 16 << 20);
    tk_pool_init(&s->reading.pool, 0);
    *state = s;
    return 0;
}

static inline int scene_tear_down(void **state)
{
    struct scene *s = *state;
    void *fixture = s->f;

    reading_close(&s->reading);
    tk_buf_fini(&s->out);
    tk_map_fini(&s->config.by_name);
    tk_queue_fini(&s->hr.queue);
    tk_queue_fini(&s->hr.newcomers);
    free(s);
    return fixture_tear_down(&fixture);
}

/* Reads what is in `out`. */
static inline const struct reading *read_out(struct scene *s)
{
    assert_int_equal(s->out.failed, 0);
    reading_close(&s->reading);
    reading_open(&s->reading, tk_buf_str(&s->out));
    return &s->reading;
}

#define IN_SCENE(test)                                                         \
    cmocka_unit_test_setup_teardown(test, scene_set_up, scene_tear_down)

#endif
