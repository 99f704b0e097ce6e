#include "engine/tick.h"

#include "engine/habit.h"
#include "engine/schedule.h"

enum { FLEET_MAX_BYTES = 256 * 1024 };

/* --- what a script may know of the fleet --- */

/* Owned by run_tick, on its stack: all keys and sources of one policy. */
struct census {
    uint64_t states[TK_STATES];
    uint64_t keys;
    uint64_t queued;
    uint64_t in_flight;
    struct tk_source_stats since; /* what happened since the last tick */
    struct tk_learned learned;    /* of all kinds, latencies alone */
};

static void count_keys(const struct tk_fleet *fleet,
                       const struct tk_policy *policy, int64_t now,
                       struct census *census)
{
    for (uint32_t id = 0; id < tk_fleet_count(fleet); id++) {
        const struct tk_entry *entry = tk_fleet_at(fleet, id);

        if (entry->source->policy != policy) continue;
        census->keys++;
        census->states[tk_entry_state(entry, now)]++;
        census->queued += entry->is_queued;
        census->in_flight += entry->flight != NULL;
    }
}

static void add_latencies(const struct tk_source *source, struct tk_learned *to)
{
    for (size_t i = 0; i < source->kind_count; i++) {
        for (int step = 0; step < TK_LATENCY_STEPS; step++) {
            unsigned sum = to->latency[step] + source->learned[i].latency[step];

            to->latency[step] = (uint16_t)(sum > UINT16_MAX ? UINT16_MAX : sum);
        }
    }
}

static void add_source(struct tk_source *source, struct census *census)
{
    const struct tk_source_stats *now = &source->stats;
    const struct tk_source_stats *then = &source->stats_at_tick;

    census->since.hits += now->hits - then->hits;
    census->since.cold += now->cold - then->cold;
    census->since.renewed += now->renewed - then->renewed;
    census->since.extended += now->extended - then->extended;
    census->since.early += now->early - then->early;
    census->since.unchanged += now->unchanged - then->unchanged;
    census->since.failed += now->failed - then->failed;
    census->since.wasted += now->wasted - then->wasted;
    census->since.rejected += now->rejected - then->rejected;
    add_latencies(source, &census->learned);
    source->stats_at_tick = source->stats;
}

/* --- as a table --- */

/* A table that is filled from the front. */
struct filling {
    struct tk_pool *pool;
    struct tk_value *table;
};

static struct filling fill(struct tk_pool *pool, struct tk_value *out,
                           uint32_t room)
{
    *out = tk_value_of_table(pool, 0, room);
    if (out->type != TK_NIL) out->as.table.pair_count = 0;
    return (struct filling){pool, out};
}

/* Without memory the field is missing. */
static struct tk_value *put(struct filling *f, struct tk_str name)
{
    struct tk_pair *pair;

    if (f->table->type == TK_NIL) return NULL;
    pair = &f->table->as.table.pairs[f->table->as.table.pair_count++];
    pair->name = name;
    return &pair->value;
}

static void put_count(struct filling *f, const char *name, uint64_t count)
{
    struct tk_value *value = put(f, tk_str(name));

    if (value != NULL) *value = tk_value_of_int((int64_t)count);
}

static void put_seconds(struct filling *f, const char *name, int64_t ms)
{
    struct tk_value *value = put(f, tk_str(name));

    if (value == NULL) return;
    *value = (struct tk_value){.type = TK_NUM, .as.number = (double)ms / 1000};
}

static void put_states(struct filling *f, const struct census *census)
{
    struct tk_value *value = put(f, TK_STR("states"));
    struct filling states;

    if (value == NULL) return;
    states = fill(f->pool, value, TK_STATES);
    for (int i = 0; i < TK_STATES; i++) {
        put_count(&states, tk_state_name((enum tk_state)i), census->states[i]);
    }
}

static void put_latency(struct filling *f, const struct census *census)
{
    struct tk_value *value = put(f, TK_STR("latency"));
    struct filling latency;

    if (value == NULL) return;
    latency = fill(f->pool, value, 3);
    put_seconds(&latency, "p50", tk_learned_latency(&census->learned, 50));
    put_seconds(&latency, "p90", tk_learned_latency(&census->learned, 90));
    put_seconds(&latency, "p99", tk_learned_latency(&census->learned, 99));
}

/* What is left of each limit; a source without one is not named. */
static void put_budget(struct filling *f, struct tk_policy *policy, int64_t now)
{
    struct tk_value *value = put(f, TK_STR("budget"));
    struct filling budget;
    uint32_t count = 0;

    if (value == NULL) return;
    for (struct tk_link *at = policy->sources.next; at != &policy->sources;
         at = at->next) {
        count++;
    }
    budget = fill(f->pool, value, count);
    for (struct tk_link *at = policy->sources.next; at != &policy->sources;
         at = at->next) {
        struct tk_source *source =
            TK_LIST_ITEM(at, struct tk_source, of_policy);
        struct tk_value *left = put(&budget, tk_str(source->name));
        struct filling windows;

        if (left == NULL) return;
        windows = fill(f->pool, left, TK_WINDOWS);
        for (int i = 0; i < TK_WINDOWS; i++) {
            enum tk_window_name window = (enum tk_window_name)i;
            uint32_t calls = tk_budget_left(&source->budget, window, now);

            if (calls == UINT32_MAX) continue;
            put_count(&windows, tk_window_text(window), calls);
        }
    }
}

enum { FLEET_FIELDS = 16 };

static void describe(struct tk_policy *policy, const struct census *census,
                     int64_t now, struct tk_pool *pool, struct tk_value *out)
{
    const struct tk_source_stats *since = &census->since;
    struct filling f = fill(pool, out, FLEET_FIELDS);

    put_seconds(&f, "elapsed", now - policy->ticked_at);
    put_count(&f, "keys", census->keys);
    put_states(&f, census);
    put_count(&f, "uses", since->hits + since->cold);
    put_count(&f, "cold", since->cold);
    put_count(&f, "calls",
              since->renewed + since->extended + since->early +
                  since->unchanged + since->failed);
    put_count(&f, "issued", since->renewed + since->extended);
    put_count(&f, "wasted", since->wasted);
    put_count(&f, "failed", since->failed);
    put_count(&f, "rejected", since->rejected);
    put_latency(&f, census);
    put_count(&f, "queued", census->queued);
    put_count(&f, "in_flight", census->in_flight);
    put_budget(&f, policy, now);
}

/* --- ticks --- */

void tk_tick_start(struct tk_fleet *fleet, struct tk_policy *policy,
                   int64_t now)
{
    policy->epoch = now;
    policy->ticked_at = now;
    tk_fleet_set_tick(fleet, policy, tk_policy_tick_at(policy, now + 1));
}

/* The options have changed, and each answer may be another with them. */
static void ask_all(struct tk_fleet *fleet, const struct tk_policy *policy,
                    int64_t now)
{
    for (uint32_t id = tk_fleet_count(fleet); id-- > 0;) {
        struct tk_entry *entry = tk_fleet_at(fleet, id);

        if (entry->source->policy == policy && entry->flight == NULL &&
            !entry->is_queued && entry->failure == NULL &&
            entry->life.expires_at != 0) {
            tk_schedule_ask(fleet, entry, now);
        }
    }
}

/* That of its first source, where it decides for several. */
static int64_t local_time(const struct tk_fleet *fleet,
                          const struct tk_policy *policy, int64_t now)
{
    return tk_fleet_local_s(
        fleet, TK_LIST_ITEM(policy->sources.next, struct tk_source, of_policy),
        now);
}

static void run_tick(struct tk_fleet *fleet, struct tk_policy *policy,
                     int64_t now)
{
    struct census census = {0};
    struct tk_value about;
    struct tk_pool pool;

    count_keys(fleet, policy, now, &census);
    for (struct tk_link *at = policy->sources.next; at != &policy->sources;
         at = at->next) {
        add_source(TK_LIST_ITEM(at, struct tk_source, of_policy), &census);
    }
    tk_pool_init(&pool, FLEET_MAX_BYTES);
    describe(policy, &census, now, &pool, &about);
    policy->ticked_at = now;
    if (tk_policy_tick(policy, &about, local_time(fleet, policy, now))) {
        ask_all(fleet, policy, now);
    }
    tk_pool_fini(&pool);
}

void tk_tick_run_due(struct tk_fleet *fleet, int64_t now)
{
    struct tk_policy *policy;

    while ((policy = tk_fleet_next_tick(fleet, now)) != NULL) {
        if (!tk_list_is_empty(&policy->sources) && tk_policy_ticks(policy)) {
            run_tick(fleet, policy, now);
        }
        tk_fleet_set_tick(fleet, policy, tk_policy_tick_at(policy, now + 1));
    }
}

/* --- events --- */

void tk_tick_learn(struct tk_fleet *fleet, struct tk_entry *entry,
                   enum tk_event event, int64_t now)
{
    struct tk_token_view view;

    if (entry->life.expires_at == 0 ||
        !tk_policy_learns(entry->source->policy)) {
        return;
    }
    tk_schedule_view(fleet, entry, now, &view);
    tk_policy_learn(entry->source->policy, &view, event);
}
