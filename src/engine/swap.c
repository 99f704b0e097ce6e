#include "engine/swap.h"

#include "base/log.h"
#include "engine/tick.h"

enum {
    /* Enough to meet every kind of key in every state; some 0.3 ms with a
     * policy of the usual speed. */
    TRIALS_MAX = 64,
    /* Of a fleet of millions the keys of a small source are not looked for
     * any longer than this. */
    LOOKS_MAX = 50 * 1000,
    /* A slow script may take some ms for a key, and the loop has others to
     * serve: what it has shown by then must do. */
    TRIAL_MAX_US = 20 * 1000,
};

static bool is_meant(const struct tk_swap *swap, const struct tk_source *source)
{
    return swap->source == NULL ? source->policy == swap->old
                                : source == swap->source;
}

/* --- the state of a script --- */

static struct tk_str own_name(const struct tk_policy *policy)
{
    return tk_value_text(tk_value_get(tk_unit_about(policy->unit), "name"));
}

static bool is_same_script(const struct tk_policy *a, const struct tk_policy *b)
{
    return a->unit != NULL && b->unit != NULL &&
           tk_str_eq(own_name(a), own_name(b));
}

/* Large enough for the tree of the longest state. */
enum { STATE_TREE_MAX = 16 * TK_UNIT_STATE_MAX };

int tk_swap_carry(const struct tk_policy *old, struct tk_policy *policy,
                  struct tk_why *why)
{
    struct tk_value state;
    struct tk_pool pool;
    int rc;

    if (!is_same_script(old, policy)) return 0;
    tk_pool_init(&pool, STATE_TREE_MAX);
    rc = tk_unit_state_get(old->unit, &pool, &state, why);
    if (rc == 0) rc = tk_unit_state_set(policy->unit, &state, why);
    tk_pool_fini(&pool);
    return rc;
}

/* --- the trial --- */

static int try_key(const struct tk_swap *swap, struct tk_policy *policy,
                   const struct tk_entry *entry, struct tk_trial *trial,
                   struct tk_why *why)
{
    struct tk_decision decision;
    struct tk_token_view view;
    struct tk_why what;
    int rc;

    tk_schedule_view(swap->fleet, entry, swap->now, &view);
    rc = tk_unit_decide(policy->unit, &view, &decision, &what);
    if (rc != 0) {
        return tk_fail(why, rc, "asked about %.*s: %s",
                       TK_ARG(tk_entry_text(entry)), what.text);
    }
    trial->asked++;
    trial->renews += decision.verb == TK_RENEW;
    trial->asks += decision.verb == TK_ASK;
    trial->lapses += decision.verb == TK_LAPSE;
    trial->at_once += decision.verb == TK_RENEW && decision.seconds <= 0;
    return 0;
}

static uint32_t count_keys(const struct tk_swap *swap)
{
    uint32_t count = 0;

    for (size_t i = 0; i < swap->config->source_count; i++) {
        const struct tk_source *source = swap->config->sources[i];

        if (is_meant(swap, source)) count += source->key_count;
    }
    return count;
}

/* Keys from all over the fleet: old and new ones differ in what they need. */
static int try_keys(const struct tk_swap *swap, struct tk_policy *policy,
                    struct tk_trial *trial, struct tk_why *why)
{
    uint32_t count = tk_fleet_count(swap->fleet);
    uint32_t step = count / LOOKS_MAX + 1;
    uint32_t every = count_keys(swap) / step / TRIALS_MAX + 1;
    int64_t end_us = tk_fleet_clock_us(swap->fleet) + TRIAL_MAX_US;
    uint32_t seen = 0;

    for (uint32_t id = 0; id < count && trial->asked < TRIALS_MAX; id += step) {
        const struct tk_entry *entry = tk_fleet_at(swap->fleet, id);
        int rc;

        if (!is_meant(swap, entry->source) || entry->life.expires_at == 0 ||
            seen++ % every != 0) {
            continue;
        }
        rc = try_key(swap, policy, entry, trial, why);
        if (rc != 0) return rc;
        if (tk_fleet_clock_us(swap->fleet) > end_us) break;
    }
    return 0;
}

/* What the script notes in its state meanwhile is not so. */
static int try_aside(const struct tk_swap *swap, struct tk_policy *policy,
                     struct tk_trial *trial, struct tk_why *why)
{
    struct tk_value state;
    struct tk_pool pool;
    int rc;

    tk_pool_init(&pool, STATE_TREE_MAX);
    rc = tk_unit_state_get(policy->unit, &pool, &state, why);
    if (rc == 0) rc = try_keys(swap, policy, trial, why);
    if (rc == 0) rc = tk_unit_state_set(policy->unit, &state, why);
    tk_pool_fini(&pool);
    return rc;
}

static int try(const struct tk_swap *swap, struct tk_policy *policy,
               struct tk_trial *trial, struct tk_why *why)
{
    const struct tk_policy *old =
        swap->source == NULL ? swap->old : swap->source->policy;
    int rc = tk_swap_carry(old, policy, why);

    return rc == 0 ? try_aside(swap, policy, trial, why) : rc;
}

struct tk_policy *tk_swap_open(const struct tk_swap *swap, const char *path,
                               const struct tk_value *choice,
                               struct tk_trial *trial,
                               struct tk_problems *problems)
{
    struct tk_policy *policy =
        tk_policy_open(&swap->config->library, path, choice, problems);
    struct tk_why why;

    *trial = (struct tk_trial){.is_made = true};
    if (policy == NULL || try(swap, policy, trial, &why) == 0) return policy;
    tk_problem(problems, path, "%s", why.text);
    tk_policy_close(policy);
    return NULL;
}

/* --- the switch --- */

static void switch_source(const struct tk_swap *swap, struct tk_source *source,
                          struct tk_policy *policy, bool is_chosen)
{
    struct tk_post *post = &source->post;

    tk_policy_put(&post->before, source->policy);
    post->was_chosen = post->is_chosen;
    tk_source_choose(source, policy);
    post->is_chosen = is_chosen;
    post->since = swap->now;
    post->swaps++;
    post->refused_at = 0;
    tk_tick_follow(swap->fleet, policy, post->before, swap->now);
    tk_log(TK_LOG_INFO, "policy replaced", tk_text("source", source->name),
           tk_text("policy", policy->name),
           tk_text("before", post->before->name));
}

void tk_swap_choose(const struct tk_swap *swap, struct tk_policy *policy)
{
    switch_source(swap, swap->source, policy, true);
    tk_config_list_policies(swap->config);
}

void tk_swap_renew(const struct tk_swap *swap, struct tk_policy *policy)
{
    for (size_t i = 0; i < swap->config->source_count; i++) {
        struct tk_source *source = swap->config->sources[i];

        if (source->post.configured == swap->old) {
            tk_policy_put(&source->post.configured, policy);
        }
        if (source->policy == swap->old) {
            switch_source(swap, source, policy, source->post.is_chosen);
        }
    }
    tk_config_list_policies(swap->config);
}

static bool is_same_file(const struct tk_policy *a, const struct tk_policy *b)
{
    return a->unit != NULL && b->unit != NULL &&
           strcmp(tk_unit_path(a->unit), tk_unit_path(b->unit)) == 0;
}

int tk_swap_back(const struct tk_swap *swap, struct tk_why *why)
{
    struct tk_source *source = swap->source;
    struct tk_policy *before = source->post.before;

    if (before == NULL) {
        return tk_fail(why, TK_ENOENT,
                       "source %s has had no other policy since the start",
                       source->name);
    }
    tk_policy_hold(before);
    /* Else the file would bring back at once what was just turned down. */
    if (is_same_file(before, source->policy)) {
        tk_watch_pass(&before->watch, tk_unit_path(before->unit));
    }
    switch_source(swap, source, before, source->post.was_chosen);
    tk_config_list_policies(swap->config);
    tk_policy_close(before);
    return 0;
}

void tk_swap_reset(const struct tk_swap *swap)
{
    struct tk_source *source = swap->source;

    if (!source->post.is_chosen) return;
    switch_source(swap, source, source->post.configured, false);
    tk_config_list_policies(swap->config);
}

void tk_swap_refuse(const struct tk_swap *swap, struct tk_str why)
{
    for (size_t i = 0; i < swap->config->source_count; i++) {
        struct tk_source *source = swap->config->sources[i];

        if (!is_meant(swap, source)) continue;
        source->post.refusals++;
        source->post.refused_at = swap->now;
        tk_fail(&source->post.refusal, TK_EINVAL, "%.*s", TK_ARG(why));
    }
}
