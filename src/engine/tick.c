#include "engine/tick.h"

#include "engine/habit.h"
#include "engine/schedule.h"
#include "engine/slice.h"

#include <stdlib.h>

enum {
    FLEET_MAX_BYTES = 256 * 1024,
    LOOK_AT_CLOCK_EVERY = 64, /* keys; some 2 us */
};

enum phase { COUNT, CALL, MARK };

/* One tick of one policy, with all its keys and sources. Owned by the policy
 * while it is at work. */
struct tk_round {
    int64_t at;
    enum phase phase;
    uint32_t left; /* keys with numbers below it are still to come */
    bool marks_all;
    bool is_no_tick; /* only all keys are to be asked about */
    uint64_t states[TK_STATES];
    uint64_t keys;
    uint64_t queued;
    uint64_t in_flight;
    struct tk_source_stats since; /* what happened since the last tick */
    struct tk_learned learned;    /* of all kinds, latencies alone */
};

/* --- what a script may know of the fleet --- */

static void count_key(const struct tk_entry *entry, struct tk_round *round)
{
    round->keys++;
    round->states[tk_entry_state(entry, round->at)]++;
    round->queued += entry->is_queued;
    round->in_flight += entry->flight != NULL;
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

static void add_source(struct tk_source *source, struct tk_round *round)
{
    const struct tk_source_stats *now = &source->stats;
    const struct tk_source_stats *then = &source->stats_at_tick;

    round->since.hits += now->hits - then->hits;
    round->since.cold += now->cold - then->cold;
    round->since.renewed += now->renewed - then->renewed;
    round->since.extended += now->extended - then->extended;
    round->since.early += now->early - then->early;
    round->since.unchanged += now->unchanged - then->unchanged;
    round->since.failed += now->failed - then->failed;
    round->since.wasted += now->wasted - then->wasted;
    round->since.rejected += now->rejected - then->rejected;
    add_latencies(source, &round->learned);
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

static void put_states(struct filling *f, const struct tk_round *round)
{
    struct tk_value *value = put(f, TK_STR("states"));
    struct filling states;

    if (value == NULL) return;
    states = fill(f->pool, value, TK_STATES);
    for (int i = 0; i < TK_STATES; i++) {
        put_count(&states, tk_state_name((enum tk_state)i), round->states[i]);
    }
}

static void put_latency(struct filling *f, const struct tk_round *round)
{
    struct tk_value *value = put(f, TK_STR("latency"));
    struct filling latency;

    if (value == NULL) return;
    latency = fill(f->pool, value, 3);
    put_seconds(&latency, "p50", tk_learned_latency(&round->learned, 50));
    put_seconds(&latency, "p90", tk_learned_latency(&round->learned, 90));
    put_seconds(&latency, "p99", tk_learned_latency(&round->learned, 99));
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

static void describe(struct tk_policy *policy, const struct tk_round *round,
                     int64_t now, struct tk_pool *pool, struct tk_value *out)
{
    const struct tk_source_stats *since = &round->since;
    struct filling f = fill(pool, out, FLEET_FIELDS);

    put_seconds(&f, "elapsed", now - policy->ticked_at);
    put_count(&f, "keys", round->keys);
    put_states(&f, round);
    put_count(&f, "uses", since->hits + since->cold);
    put_count(&f, "cold", since->cold);
    put_count(&f, "calls",
              since->renewed + since->extended + since->early +
                  since->unchanged + since->failed);
    put_count(&f, "issued", since->renewed + since->extended);
    put_count(&f, "wasted", since->wasted);
    put_count(&f, "failed", since->failed);
    put_count(&f, "rejected", since->rejected);
    put_latency(&f, round);
    put_count(&f, "queued", round->queued);
    put_count(&f, "in_flight", round->in_flight);
    put_budget(&f, policy, now);
}

/* --- ticks --- */

void tk_tick_start(struct tk_fleet *fleet, struct tk_policy *policy,
                   int64_t now)
{
    policy->epoch = now;
    policy->ticked_at = now;
    policy->watchdog.since = now;
    for (struct tk_link *at = policy->sources.next; at != &policy->sources;
         at = at->next) {
        struct tk_source *source =
            TK_LIST_ITEM(at, struct tk_source, of_policy);

        source->stats_at_tick = source->stats;
    }
    tk_fleet_set_tick(fleet, policy, tk_policy_tick_at(policy, now + 1));
}

/* That of its first source, where it decides for several. */
static int64_t local_time(const struct tk_fleet *fleet,
                          const struct tk_policy *policy, int64_t now)
{
    return tk_fleet_local_s(
        fleet, TK_LIST_ITEM(policy->sources.next, struct tk_source, of_policy),
        now);
}

static void call_tick(struct tk_fleet *fleet, struct tk_policy *policy,
                      struct tk_round *round, const struct tk_value *about)
{
    int64_t since = tk_fleet_clock_us(fleet);

    round->marks_all =
        tk_policy_tick(policy, about, local_time(fleet, policy, round->at));
    tk_policy_took(policy, &policy->tick, TK_STR("-"),
                   tk_fleet_clock_us(fleet) - since, round->at);
}

static void tell_of_fleet(struct tk_fleet *fleet, struct tk_policy *policy,
                          struct tk_round *round)
{
    struct tk_value about;
    struct tk_pool pool;

    for (struct tk_link *at = policy->sources.next; at != &policy->sources;
         at = at->next) {
        add_source(TK_LIST_ITEM(at, struct tk_source, of_policy), round);
    }
    tk_pool_init(&pool, FLEET_MAX_BYTES);
    describe(policy, round, round->at, &pool, &about);
    call_tick(fleet, policy, round, &about);
    tk_pool_fini(&pool);
}

/* Keys that leave meanwhile make the last one take their number, and it was
 * seen before; those that come are asked about anyway. */
static bool next_key(const struct tk_fleet *fleet, struct tk_round *round,
                     bool looks_only)
{
    if (round->left > tk_fleet_count(fleet))
        round->left = tk_fleet_count(fleet);
    if (looks_only) {
        uint32_t id = tk_fleet_next_look(fleet, round->left, round->at);

        round->left = id == UINT32_MAX ? 0 : id + 1;
    }
    if (round->left == 0) return false;
    round->left--;
    return true;
}

static void visit(struct tk_fleet *fleet, struct tk_policy *policy,
                  struct tk_round *round)
{
    struct tk_entry *entry = tk_fleet_at(fleet, round->left);

    if (entry->source->policy != policy) return;
    if (round->phase == COUNT) {
        count_key(entry, round);
        return;
    }
    tk_schedule_look(fleet, entry, round->at);
    if (round->marks_all) tk_schedule_ask_soon(fleet, entry, round->at);
}

/* Returns false if the time is over before the keys are. */
static bool visit_all(struct tk_fleet *fleet, struct tk_policy *policy,
                      struct tk_round *round, const struct tk_slice *slice)
{
    bool looks_only = round->phase == MARK && !round->marks_all;

    for (unsigned n = 1; next_key(fleet, round, looks_only); n++) {
        visit(fleet, policy, round);
        if (n % LOOK_AT_CLOCK_EVERY == 0 && tk_slice_is_over(slice)) {
            return false;
        }
    }
    return true;
}

static void enter(struct tk_fleet *fleet, struct tk_round *round,
                  enum phase phase)
{
    round->phase = phase;
    round->left = tk_fleet_count(fleet);
}

/* Returns whether the tick is over. */
static bool work(struct tk_fleet *fleet, struct tk_policy *policy,
                 struct tk_round *round, const struct tk_slice *slice)
{
    if (round->phase == COUNT) {
        if (!visit_all(fleet, policy, round, slice)) return false;
        enter(fleet, round, CALL);
    }
    if (round->phase == CALL) {
        if (round->keys > 0) tell_of_fleet(fleet, policy, round);
        enter(fleet, round, MARK);
    }
    return visit_all(fleet, policy, round, slice);
}

/* Without memory for it this tick does not take place. */
static struct tk_round *begin(struct tk_fleet *fleet, struct tk_policy *policy,
                              int64_t now)
{
    struct tk_round *round = calloc(1, sizeof *round);

    if (round == NULL) return NULL;
    round->at = now;
    enter(fleet, round, tk_policy_ticks(policy) ? COUNT : MARK);
    return round;
}

void tk_tick_ask_all(struct tk_fleet *fleet, struct tk_policy *policy,
                     int64_t now)
{
    struct tk_round *round = policy->round;

    if (round == NULL) {
        round = begin(fleet, policy, now);
        if (round == NULL) return;
        round->is_no_tick = true;
        policy->round = round;
    }
    enter(fleet, round, MARK);
    round->marks_all = true;
    tk_fleet_set_tick(fleet, policy, now);
}

void tk_tick_stop(struct tk_policy *policy)
{
    tk_list_drop(&policy->of_ticks);
    free(policy->round);
    policy->round = NULL;
}

void tk_tick_follow(struct tk_fleet *fleet, struct tk_policy *policy,
                    struct tk_policy *old, int64_t now)
{
    if (tk_list_is_empty(&policy->of_ticks)) {
        policy->epoch = old->epoch;
        policy->ticked_at = old->ticked_at;
    }
    if (tk_list_is_empty(&old->sources)) tk_tick_stop(old);
    tk_tick_ask_all(fleet, policy, now);
}

void tk_tick_run_due(struct tk_fleet *fleet, int64_t now)
{
    struct tk_slice slice = tk_slice_begin(fleet);
    struct tk_policy *policy;

    while ((policy = tk_fleet_next_tick(fleet, now)) != NULL) {
        if (policy->round == NULL) policy->round = begin(fleet, policy, now);
        if (policy->round != NULL &&
            !work(fleet, policy, policy->round, &slice)) {
            return;
        }
        if (policy->round == NULL || !policy->round->is_no_tick) {
            policy->ticked_at = now;
        }
        free(policy->round);
        policy->round = NULL;
        tk_fleet_set_tick(fleet, policy, tk_policy_tick_at(policy, now + 1));
    }
}
