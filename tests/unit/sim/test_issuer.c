#include "sim/issuer.h"

#include "tests/unit/harness.h"

#include <string.h>

#define SECOND INT64_C(1000)
#define LIFE   (7200 * SECOND)

/* Owned by a test: an issuer of one key. */
struct scene {
    struct tk_terms terms;
    struct tk_trace trace;
    struct tk_sim_issuer issuer;
};

static void open(struct scene *scene, struct tk_terms terms)
{
    *scene = (struct scene){.terms = terms};
    scene->trace.key_count = 1;
    assert_int_equal(
        tk_sim_issuer_init(&scene->issuer, &scene->terms, &scene->trace), 0);
}

static struct tk_reply call(struct scene *scene, int64_t now)
{
    return tk_sim_issuer_call(&scene->issuer, 0, now);
}

static void close(struct scene *scene)
{
    tk_sim_issuer_fini(&scene->issuer);
}

static void a_call_brings_a_token_after_its_latency(void **state)
{
    struct scene scene;
    struct tk_reply reply;

    (void)state;
    open(&scene, (struct tk_terms){.life_ms = LIFE, .latency_ms = 500});
    reply = call(&scene, 1000);
    assert_int_equal(reply.lands_at, 1500);
    assert_int_equal(reply.life_ms, LIFE);
    assert_int_equal(reply.number, 1);
    assert_int_equal(call(&scene, 2000).number, 2);
    close(&scene);
}

static void before_the_window_the_same_token_comes_again(void **state)
{
    struct scene scene;
    struct tk_reply reply;

    (void)state;
    open(&scene, (struct tk_terms){.life_ms = LIFE,
                                   .window_ms = 1800 * SECOND,
                                   .latency_ms = 500});
    assert_int_equal(call(&scene, 0).number, 1);
    reply = call(&scene, 5399 * SECOND);
    assert_int_equal(reply.number, 1);
    assert_int_equal(reply.life_ms, 1801 * SECOND);
    reply = call(&scene, 5400 * SECOND);
    assert_int_equal(reply.number, 2);
    assert_int_equal(reply.life_ms, LIFE);
    close(&scene);
}

static void a_token_is_refused_a_skew_before_its_end(void **state)
{
    struct scene scene;

    (void)state;
    open(&scene, (struct tk_terms){.life_ms = LIFE, .skew_ms = 60 * SECOND});
    assert_int_equal(call(&scene, 0).life_ms, LIFE);
    assert_true(tk_sim_issuer_takes(&scene.issuer, 0, LIFE - 60 * SECOND - 1));
    assert_false(tk_sim_issuer_takes(&scene.issuer, 0, LIFE - 60 * SECOND));
    close(&scene);
}

static void the_chosen_share_of_the_calls_brings_nothing(void **state)
{
    struct scene scene;
    int failed = 0;

    (void)state;
    open(&scene, (struct tk_terms){.life_ms = LIFE, .fail_share = .05});
    for (int i = 0; i < 10000; i++) {
        failed += call(&scene, i).number == 0;
    }
    assert_in_range(failed, 430, 570); /* 500, and three deviations */
    close(&scene);
}

static void another_seed_draws_other_chances(void **state)
{
    struct scene a, b, c;
    int same = 0, other = 0;

    (void)state;
    open(&a, (struct tk_terms){.life_ms = LIFE, .fail_share = .5, .seed = 1});
    open(&b, (struct tk_terms){.life_ms = LIFE, .fail_share = .5, .seed = 1});
    open(&c, (struct tk_terms){.life_ms = LIFE, .fail_share = .5, .seed = 2});
    for (int i = 0; i < 64; i++) {
        bool first = call(&a, i).number == 0;

        same += first == (call(&b, i).number == 0);
        other += first == (call(&c, i).number == 0);
    }
    assert_int_equal(same, 64);
    assert_in_range(other, 10, 54);
    close(&a);
    close(&b);
    close(&c);
}

static void beyond_the_quota_a_call_brings_nothing(void **state)
{
    struct scene scene;
    struct tk_reply reply;

    (void)state;
    open(&scene,
         (struct tk_terms){.life_ms = LIFE, .quota = {{[TK_MINUTE] = 2}}});
    assert_false(call(&scene, 0).is_limited);
    assert_false(call(&scene, 1).is_limited);
    reply = call(&scene, 2);
    assert_true(reply.is_limited);
    assert_int_equal(reply.number, 0);
    assert_false(call(&scene, 70 * SECOND).is_limited);
    close(&scene);
}

static void recorded_answers_are_drawn_from(void **state)
{
    struct tk_recorded answers[] = {{.took_ms = 40, .life_ms = LIFE},
                                    {.took_ms = 900, .life_ms = 0}};
    struct scene scene;
    int slow = 0;

    (void)state;
    open(&scene, (struct tk_terms){.life_ms = LIFE, .latency_ms = 500});
    scene.trace.answers = answers;
    scene.trace.answer_count = 2;
    assert_int_equal(call(&scene, 0).lands_at, 500);
    scene.terms.is_as_recorded = true;
    for (int i = 0; i < 200; i++) {
        struct tk_reply reply = call(&scene, 0);

        assert_true(reply.lands_at == 40 || reply.lands_at == 900);
        assert_int_equal(reply.number == 0, reply.lands_at == 900);
        slow += reply.lands_at == 900;
    }
    assert_in_range(slow, 60, 140);
    close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_brings_a_token_after_its_latency),
        cmocka_unit_test(before_the_window_the_same_token_comes_again),
        cmocka_unit_test(a_token_is_refused_a_skew_before_its_end),
        cmocka_unit_test(the_chosen_share_of_the_calls_brings_nothing),
        cmocka_unit_test(another_seed_draws_other_chances),
        cmocka_unit_test(beyond_the_quota_a_call_brings_nothing),
        cmocka_unit_test(recorded_answers_are_drawn_from),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
