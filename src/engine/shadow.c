#include "engine/shadow.h"

#include "engine/habit.h"
#include "engine/tick.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    /* Of a source with more keys the rest is left out: it is a comparison. */
    KEYS_MAX = 50 * 1000,
    KEY_BYTES = 128, /* with a token that is a number */
    /* Keys taken over in one run; some 5 us each. */
    TAKEN_AT_ONCE = 200,
    LIFE_UNKNOWN_MS = 3600 * 1000,
    VARIANTS_MAX_BYTES = 256 * 1024,
};

/* A refresh that seems to be on its way. */
struct seeming {
    struct tk_link link;
    struct tk_entry *entry;
    int64_t sent_at;
    int64_t lands_at;
};

/* Owned by whoever called tk_shadow_new. */
struct tk_shadow {
    const struct tk_fleet *real;
    struct tk_source *source; /* the one that callers have */
    struct tk_fleet *fleet;
    struct tk_source mine;  /* with the same facts and the other policy */
    struct tk_pool pool;    /* of its name and variants */
    struct tk_link seeming; /* the next to land first */
    uint64_t tokens;        /* made up so far */
    uint32_t next_id;       /* of the key to be taken over next */
    uint32_t left_out;
    int64_t since;
    struct tk_source_stats live_before;
    struct tk_source_stats mine_before;
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* --- refreshes that seem to happen --- */

/* They land in the order in which they left. */
static int fetch(struct tk_entry *entry, int64_t now, void *data)
{
    struct tk_shadow *shadow = data;
    struct seeming *one = calloc(1, sizeof *one);
    int64_t took_ms =
        tk_learned_latency(tk_source_learned(entry->source, entry->kind), 50);

    if (one == NULL) return TK_ENOMEM;
    *one = (struct seeming){.entry = entry, .sent_at = now};
    one->lands_at = now + later(took_ms, 1);
    if (!tk_list_is_empty(&shadow->seeming)) {
        const struct seeming *last =
            TK_LIST_ITEM(shadow->seeming.prev, struct seeming, link);

        one->lands_at = later(one->lands_at, last->lands_at);
    }
    tk_list_push(&shadow->seeming, &one->link);
    entry->flight = one;
    return 0;
}

static int64_t clock_us(void *data)
{
    const struct tk_shadow *shadow = data;

    return tk_fleet_clock_us(shadow->real);
}

/* As the issuer has announced it last. */
static int64_t life_of(const struct tk_shadow *shadow,
                       const struct tk_kind *kind)
{
    size_t number = (size_t)(kind - shadow->mine.kinds);
    int64_t life_ms = shadow->source->learned[number].life_ms;

    if (life_ms == 0) life_ms = shadow->mine.learned[number].life_ms;
    return life_ms == 0 ? LIFE_UNKNOWN_MS : life_ms;
}

static void land(struct tk_shadow *shadow, struct seeming *one,
                 const struct tk_life *life)
{
    struct tk_entry *entry = one->entry;
    char token[24];
    struct tk_answer answer = {
        .order = entry->commits,
        .is_token = true,
        .life_ms = life->expires_at - life->sent_at,
        .sent_at = life->sent_at,
        .received_at = life->received_at,
        .reach = TK_REACH_ANSWERED,
    };
    int64_t now = later(one->lands_at, life->received_at);

    snprintf(token, sizeof token, "%llu", (unsigned long long)++shadow->tokens);
    answer.token = tk_str(token);
    tk_list_drop(&one->link);
    free(one);
    tk_refresh_land(shadow->fleet, entry, &shadow->mine, &answer, now);
}

static void land_due(struct tk_shadow *shadow, int64_t now)
{
    while (!tk_list_is_empty(&shadow->seeming)) {
        struct seeming *one =
            TK_LIST_ITEM(shadow->seeming.next, struct seeming, link);
        struct tk_life life = {one->sent_at, one->lands_at, one->sent_at};

        if (one->lands_at > now) return;
        life.expires_at += life_of(shadow, one->entry->kind);
        land(shadow, one, &life);
    }
}

/* --- its keys --- */

/* Without memory for it the policy takes a while longer to learn. */
static void copy_habit(const struct tk_entry *from, struct tk_entry *to)
{
    to->last_use_at = from->last_use_at;
    to->uses = from->uses;
    to->rate = from->rate;
    if (from->profile == NULL) return;
    to->profile = malloc(sizeof *to->profile);
    if (to->profile != NULL) *to->profile = *from->profile;
}

/* NULL where there is no room. */
static struct tk_entry *claim(struct tk_shadow *shadow,
                              const struct tk_entry *entry)
{
    struct tk_key key = tk_entry_key(entry);
    struct tk_entry *mine = tk_fleet_find(shadow->fleet, key.text);

    if (mine != NULL) return mine;
    if (tk_fleet_claim(shadow->fleet, &shadow->mine, &key, &mine, NULL) != 0) {
        shadow->left_out++;
        return NULL;
    }
    mine->is_kept = entry->is_kept;
    copy_habit(entry, mine);
    return mine;
}

/* The key with the token that it has. */
static void take_over(struct tk_shadow *shadow, const struct tk_entry *entry,
                      int64_t now)
{
    struct tk_entry *mine;

    if (entry->source != shadow->source || entry->life.expires_at == 0) return;
    mine = claim(shadow, entry);
    if (mine == NULL || mine->life.expires_at != 0 || mine->flight != NULL) {
        return;
    }
    if (!tk_entry_has_token(entry, now)) {
        mine->life = entry->life;
        tk_schedule_ask(shadow->fleet, mine, now);
        return;
    }
    if (fetch(mine, now, shadow) != 0) return;
    shadow->mine.active++;
    land(shadow, mine->flight, &entry->life);
}

static void take_over_some(struct tk_shadow *shadow, int64_t now)
{
    uint32_t count = tk_fleet_count(shadow->real);

    for (int n = 0; n < TAKEN_AT_ONCE && shadow->next_id < count; n++) {
        take_over(shadow, tk_fleet_at(shadow->real, shadow->next_id++), now);
    }
    if (shadow->next_id < count) return;
    shadow->since = now;
    shadow->live_before = shadow->source->stats;
    shadow->mine_before = shadow->mine.stats;
}

void tk_shadow_use(struct tk_shadow *shadow, const struct tk_entry *entry,
                   int64_t now)
{
    struct tk_want want = {.wait_ms = 0};
    struct tk_entry *mine = claim(shadow, entry);
    struct tk_got got;

    if (mine == NULL || tk_caller_get(shadow->fleet, mine, &want, now, &got)) {
        return;
    }
    tk_refresh_want(shadow->fleet, mine, TK_URGENCY_PLANNED, now);
}

void tk_shadow_run(struct tk_shadow *shadow, int64_t now)
{
    tk_fleet_set_wall(shadow->fleet, tk_fleet_wall_ms(shadow->real, now) - now);
    land_due(shadow, now);
    if (shadow->since == 0) take_over_some(shadow, now);
    tk_refresh_run_due(shadow->fleet, now);
}

int64_t tk_shadow_due(const struct tk_shadow *shadow)
{
    int64_t due = tk_fleet_earliest(shadow->fleet);
    const struct seeming *first =
        TK_LIST_ITEM(shadow->seeming.next, struct seeming, link);

    if (shadow->since == 0) return 0;
    if (tk_list_is_empty(&shadow->seeming) || first->lands_at > due) return due;
    return first->lands_at;
}

/* --- life --- */

static int furnish(struct tk_shadow *shadow, struct tk_policy *policy)
{
    const struct tk_source *source = shadow->source;
    struct tk_source *mine = &shadow->mine;
    int rc;

    mine->name = tk_pool_dup(&shadow->pool, tk_str(source->name));
    mine->provider = "shadow";
    memcpy(mine->kinds, source->kinds, sizeof mine->kinds);
    memcpy(mine->learned, source->learned, sizeof mine->learned);
    mine->kind_count = source->kind_count;
    rc = tk_value_copy(&shadow->pool, &source->variants, &mine->variants);
    mine->zone = source->zone;
    mine->forget_ms = source->forget_ms;
    mine->max_keys = source->max_keys;
    mine->max_concurrent = source->max_concurrent;
    mine->quota = source->quota;
    tk_budget_limit(&mine->budget, &mine->quota);
    tk_budget_limit(&mine->newcomer_budget, &mine->quota);
    tk_source_choose(mine, policy);
    return mine->name == NULL ? TK_ENOMEM : rc;
}

int tk_shadow_new(const struct tk_fleet *fleet, struct tk_source *source,
                  struct tk_policy *policy, int64_t now, struct tk_shadow **out)
{
    struct tk_shadow *shadow = calloc(1, sizeof *shadow);
    struct tk_fleet_options options = {
        .max_keys = source->max_keys < KEYS_MAX ? source->max_keys : KEYS_MAX,
        .mean_bytes = KEY_BYTES,
        .node = TK_STR("shadow"),
        .port = {.fetch = fetch,
                 .data = shadow,
                 .clock_us = clock_us,
                 .is_quiet = true},
    };
    int rc;

    *out = NULL;
    if (shadow == NULL) return TK_ENOMEM;
    shadow->real = fleet;
    shadow->source = source;
    tk_list_init(&shadow->seeming);
    tk_pool_init(&shadow->pool, VARIANTS_MAX_BYTES);
    rc = furnish(shadow, policy);
    if (rc == 0) rc = tk_fleet_new(&options, &shadow->fleet);
    if (rc != 0) {
        tk_shadow_free(shadow);
        return rc;
    }
    tk_tick_start(shadow->fleet, policy, now);
    *out = shadow;
    return 0;
}

void tk_shadow_free(struct tk_shadow *shadow)
{
    if (shadow == NULL) return;
    while (!tk_list_is_empty(&shadow->seeming)) {
        struct seeming *one =
            TK_LIST_ITEM(shadow->seeming.next, struct seeming, link);

        tk_list_drop(&one->link);
        free(one);
    }
    tk_fleet_free(shadow->fleet);
    tk_source_choose(&shadow->mine, NULL);
    tk_queue_fini(&shadow->mine.queue);
    tk_queue_fini(&shadow->mine.newcomers);
    tk_pool_fini(&shadow->pool);
    free(shadow);
}

struct tk_source *tk_shadow_source(const struct tk_shadow *shadow)
{
    return shadow->source;
}

const struct tk_policy *tk_shadow_policy(const struct tk_shadow *shadow)
{
    return shadow->mine.policy;
}

const struct tk_entry *tk_shadow_find(const struct tk_shadow *shadow,
                                      struct tk_str key)
{
    return tk_fleet_find(shadow->fleet, key);
}

const struct tk_fleet *tk_shadow_fleet(const struct tk_shadow *shadow)
{
    return shadow->fleet;
}

bool tk_shadow_move(struct tk_shadow *shadow, struct tk_source *source)
{
    if (source->kind_count != shadow->mine.kind_count) return false;
    for (size_t i = 0; i < source->kind_count; i++) {
        if (strcmp(source->kinds[i].name, shadow->mine.kinds[i].name) != 0) {
            return false;
        }
    }
    shadow->source = source;
    shadow->mine.zone = source->zone;
    return true;
}

/* --- the comparison --- */

static uint64_t count_calls(const struct tk_source_stats *stats)
{
    return stats->renewed + stats->extended + stats->early + stats->unchanged +
           stats->failed;
}

static struct tk_deeds deeds_since(const struct tk_source_stats *before,
                                   const struct tk_source_stats *now)
{
    return (struct tk_deeds){
        .uses = now->hits + now->cold - before->hits - before->cold,
        .calls = count_calls(now) - count_calls(before),
        .cold = now->cold - before->cold,
    };
}

void tk_shadow_compare(const struct tk_shadow *shadow,
                       struct tk_comparison *out)
{
    *out = (struct tk_comparison){
        .since = shadow->since,
        .keys = tk_fleet_count(shadow->fleet),
        .left_out = shadow->left_out,
    };
    if (shadow->since == 0) return;
    out->live = deeds_since(&shadow->live_before, &shadow->source->stats);
    out->would = deeds_since(&shadow->mine_before, &shadow->mine.stats);
}
