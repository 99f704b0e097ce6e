#include "serve/metrics_policies.h"

#include "serve/prom.h"

/* --- what they are asked --- */

static uint64_t count_calls(const struct tk_policy *policy)
{
    return policy->decide.calls;
}

static uint64_t count_failures(const struct tk_policy *policy)
{
    return policy->decide.failures;
}

static uint64_t is_out(const struct tk_policy *policy)
{
    return policy->decide.is_out;
}

static uint64_t count_slow(const struct tk_policy *policy)
{
    return policy->decide.slow + policy->learn.slow + policy->tick.slow;
}

/* A policy that several sources choose, each with options of its own, is one
 * series: a series may not come twice. */
static bool came_before(const struct tk_config *config, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (tk_str_is(tk_str(config->policies[i]->name),
                      config->policies[at]->name)) {
            return true;
        }
    }
    return false;
}

static uint64_t sum_from(const struct tk_config *config, size_t at,
                         uint64_t (*read)(const struct tk_policy *policy))
{
    uint64_t sum = 0;

    for (size_t i = at; i < config->policy_count; i++) {
        if (tk_str_is(tk_str(config->policies[i]->name),
                      config->policies[at]->name)) {
            sum += read(config->policies[i]);
        }
    }
    return sum;
}

static void put_policies(const struct tk_config *config, const char *family,
                         const char *type, const char *help,
                         uint64_t (*read)(const struct tk_policy *policy),
                         struct tk_buf *out)
{
    tk_prom_head(out, family, type, help);
    for (size_t i = 0; i < config->policy_count; i++) {
        struct tk_prom_label labels[] = {{"policy", config->policies[i]->name},
                                         {NULL, NULL}};

        if (came_before(config, i)) continue;
        tk_prom_count(out, family, labels, sum_from(config, i, read));
    }
}

/* --- replaced --- */

static void put_sources(const struct tk_config *config, const char *family,
                        const char *type, const char *help,
                        uint64_t (*read)(const struct tk_source *source),
                        struct tk_buf *out)
{
    tk_prom_head(out, family, type, help);
    for (size_t i = 0; i < config->source_count; i++) {
        struct tk_prom_label labels[] = {{"source", config->sources[i]->name},
                                         {NULL, NULL}};

        tk_prom_count(out, family, labels, read(config->sources[i]));
    }
}

static uint64_t count_swaps(const struct tk_source *source)
{
    return source->post.swaps;
}

static uint64_t count_refusals(const struct tk_source *source)
{
    return source->post.refusals;
}

static uint64_t has_drifted(const struct tk_source *source)
{
    return tk_source_has_drifted(source);
}

static void put_swaps(const struct tk_config *config, struct tk_buf *out)
{
    put_sources(config, "tokeng_policy_swaps_total", "counter",
                "Times that the policy of the source was replaced.",
                count_swaps, out);
    put_sources(config, "tokeng_policy_refusals_total", "counter",
                "Changed policy files that were not taken.", count_refusals,
                out);
    put_sources(config, "tokeng_policy_drift", "gauge",
                "1 while another policy is in force than the configuration and "
                "its file say.",
                has_drifted, out);
}

/* --- compared --- */

/* What the policy in force has done, or another would have. */
static void put_deeds(const struct tk_shadow *shadow, const char *family,
                      const char *role, const struct tk_policy *policy,
                      uint64_t count, struct tk_buf *out)
{
    struct tk_prom_label labels[] = {{"source", tk_shadow_source(shadow)->name},
                                     {"policy", policy->name},
                                     {"role", role},
                                     {NULL, NULL}};

    tk_prom_count(out, family, labels, count);
}

static void put_shadows(const struct tk_config *config,
                        const struct tk_shadows *shadows, const char *family,
                        const char *help,
                        uint64_t (*read)(const struct tk_deeds *deeds),
                        struct tk_buf *out)
{
    tk_prom_head(out, family, "counter", help);
    for (size_t i = 0; shadows != NULL && i < config->source_count; i++) {
        const struct tk_source *source = config->sources[i];
        const struct tk_shadow *shadow = tk_shadows_find(shadows, source);
        struct tk_comparison c;

        if (shadow == NULL) continue;
        tk_shadow_compare(shadow, &c);
        put_deeds(shadow, family, "in_force", source->policy, read(&c.live),
                  out);
        put_deeds(shadow, family, "shadow", tk_shadow_policy(shadow),
                  read(&c.would), out);
    }
}

static uint64_t read_uses(const struct tk_deeds *deeds)
{
    return deeds->uses;
}

static uint64_t read_calls(const struct tk_deeds *deeds)
{
    return deeds->calls;
}

static uint64_t read_cold(const struct tk_deeds *deeds)
{
    return deeds->cold;
}

static void put_comparisons(const struct tk_config *config,
                            const struct tk_shadows *shadows,
                            struct tk_buf *out)
{
    put_shadows(config, shadows, "tokeng_shadow_uses_total",
                "Uses since a policy is compared with the one in force.",
                read_uses, out);
    put_shadows(config, shadows, "tokeng_shadow_calls_total",
                "Calls that each of the two has made or would have made.",
                read_calls, out);
    put_shadows(config, shadows, "tokeng_shadow_cold_total",
                "Callers that waited or would have waited.", read_cold, out);
}

void tk_metrics_policies_write(const struct tk_config *config,
                               const struct tk_shadows *shadows,
                               struct tk_buf *out)
{
    put_policies(config, "tokeng_policy_calls_total", "counter",
                 "Decisions asked of the policy.", count_calls, out);
    put_policies(config, "tokeng_policy_failures_total", "counter",
                 "Decisions that the policy failed to make.", count_failures,
                 out);
    put_policies(config, "tokeng_policy_slow_calls_total", "counter",
                 "Calls of the policy that held the engine for 20 ms or more.",
                 count_slow, out);
    put_policies(config, "tokeng_policy_out", "gauge",
                 "Where the built-in rule took over from the policy.", is_out,
                 out);
    put_swaps(config, out);
    put_comparisons(config, shadows, out);
}
