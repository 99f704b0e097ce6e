#include "serve/metrics_policies.h"

#include "tests/unit/serve/scene.h"

static struct tk_str scrape(struct scene *s)
{
    tk_buf_clear(&s->out);
    tk_metrics_policies_write(&s->config, NULL, &s->out);
    assert_int_equal(s->out.failed, 0);
    return tk_buf_str(&s->out);
}

static void policies_that_were_replaced_are_counted(void **state)
{
    struct scene *s = *state;
    struct tk_str text;

    s->f->source.post.swaps = 3;
    s->f->source.post.refusals = 2;
    s->hr.post.is_chosen = true;
    text = scrape(s);
    holds(text, "\ntokeng_policy_swaps_total{source=\"crm\"} 3\n");
    holds(text, "\ntokeng_policy_refusals_total{source=\"crm\"} 2\n");
    holds(text, "\ntokeng_policy_drift{source=\"crm\"} 0\n");
    holds(text, "\ntokeng_policy_drift{source=\"hr\"} 1\n");
}

/* Two sources may choose one policy, each with options of its own. */
static void policies_of_one_name_are_one_series(void **state)
{
    struct scene *s = *state;
    struct tk_str text;

    s->f->policy.decide.calls = 5;
    s->f->policy.decide.failures = 2;
    s->f->policy.learn.slow = 3;
    s->other.decide.calls = 7;
    s->other.decide.is_out = true;
    text = scrape(s);
    holds(text, "\ntokeng_policy_calls_total{policy=\"threshold\"} 5\n");
    holds(text, "\ntokeng_policy_calls_total{policy=\"fraction\"} 7\n");
    holds(text, "\ntokeng_policy_failures_total{policy=\"threshold\"} 2\n");
    holds(text, "\ntokeng_policy_slow_calls_total{policy=\"threshold\"} 3\n");
    holds(text, "\ntokeng_policy_out{policy=\"threshold\"} 0\n");
    holds(text, "\ntokeng_policy_out{policy=\"fraction\"} 1\n");
    snprintf(s->other.name, sizeof s->other.name, "threshold");
    text = scrape(s);
    holds(text, "\ntokeng_policy_calls_total{policy=\"threshold\"} 12\n");
    holds_not(text, "tokeng_policy_calls_total{policy=\"threshold\"} 7\n");
    holds_not(text, "tokeng_policy_calls_total{policy=\"threshold\"} 5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(policies_that_were_replaced_are_counted),
        IN_SCENE(policies_of_one_name_are_one_series),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
