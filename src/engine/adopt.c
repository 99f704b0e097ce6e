#include "engine/adopt.h"

#include "base/log.h"
#include "engine/slice.h"

/* Returns 1 if the tokens are for the same thing, 0, or an error. */
static int compare_identities(const struct tk_entry *entry,
                              const struct tk_source *source,
                              const struct tk_kind *kind)
{
    struct tk_key key = tk_entry_key(entry);
    unsigned char identity[TK_IDENTITY_LEN];
    unsigned char before[TK_IDENTITY_LEN];
    int rc = tk_source_identity(source, &key, kind, identity);

    if (rc == 0) {
        rc = tk_source_identity(entry->source, &key, entry->kind, before);
    }
    if (rc != 0) return rc;
    return memcmp(identity, before, TK_IDENTITY_LEN) == 0;
}

/* All keys of a kind are for the same thing, but for variants: there may be a
 * hundred thousand of them, and two digests for each would hold the loop. */
static int is_same_identity(const struct tk_entry *entry, struct tk_str subject,
                            struct tk_source *source,
                            const struct tk_kind *kind)
{
    enum tk_sameness *known = &source->sameness[kind - source->kinds];
    int rc;

    if (tk_source_variant(source, kind, subject) != NULL ||
        tk_source_variant(entry->source, entry->kind, subject) != NULL) {
        return compare_identities(entry, source, kind);
    }
    if (*known != TK_SAMENESS_UNKNOWN) return *known == TK_SAMENESS_SAME;
    rc = compare_identities(entry, source, kind);
    if (rc >= 0) *known = rc > 0 ? TK_SAMENESS_SAME : TK_SAMENESS_OTHER;
    return rc;
}

/* Keys of one source mostly lie together: the last look-up is kept. */
struct successor {
    const struct tk_source *of;
    struct tk_source *source; /* NULL: it is taken out */
};

static struct tk_source *find_successor(struct successor *last,
                                        const struct tk_entry *entry,
                                        const struct tk_config *new)
{
    if (last->of != entry->source) {
        last->of = entry->source;
        last->source = tk_config_source(new, tk_entry_key(entry).source);
    }
    return last->source;
}

bool tk_adopt_judge(struct tk_fleet *fleet, const struct tk_config *new,
                    struct tk_problems *problems)
{
    struct successor last = {NULL, NULL};

    for (size_t i = 0; i < new->source_count; i++) {
        struct tk_source *source = new->sources[i];

        for (int k = 0; k < TK_KINDS_MAX; k++) {
            source->sameness[k] = TK_SAMENESS_UNKNOWN;
        }
    }
    for (uint32_t id = 0; id < tk_fleet_count(fleet); id++) {
        struct tk_entry *entry = tk_fleet_at(fleet, id);
        struct tk_key key = tk_entry_key(entry);
        struct tk_source *source = find_successor(&last, entry, new);
        const struct tk_kind *kind =
            source == NULL ? NULL : tk_source_accepts(source, &key, NULL);
        int rc = kind == NULL
                     ? 0
                     : is_same_identity(entry, key.subject, source, kind);

        if (rc < 0) {
            tk_problem(problems, new->path, "%s", tk_err_text(rc));
            return false;
        }
        entry->is_leaving = rc == 0;
    }
    return true;
}

/* Returns whether somebody has forced a refresh that is still queued. What was
 * only planned is planned anew: the new policy may not want it. */
static bool move_to(struct tk_fleet *fleet, struct tk_entry *entry,
                    struct tk_source *source, const struct tk_key *key)
{
    bool was_forced = entry->is_queued && entry->urgency == TK_URGENCY_FORCED;

    tk_turn_leave(entry);
    entry->source->key_count--;
    entry->source = source;
    entry->kind = tk_source_accepts(source, key, NULL);
    entry->is_kept = tk_source_keeps(source, key);
    source->key_count++;
    tk_fleet_meet_issuer(fleet, source);
    return was_forced;
}

/* Was a successor asked for, by a report or by callers that still wait? */
static bool is_wanted(const struct tk_fleet *fleet,
                      const struct tk_entry *entry)
{
    struct tk_record record;

    if (entry->wait_count > 0) return true;
    if (entry->forced == 0 || entry->is_poisoned) return false;
    tk_fleet_read(fleet, entry, &record);
    return record.generation == entry->forced;
}

/* A failure of the old configuration says nothing about the new one. A policy
 * that is asked about many keys holds up nobody: the rest is due, and asked
 * from the next turn on. */
static void plan_anew(struct tk_fleet *fleet, struct tk_entry *entry,
                      bool was_forced, bool is_over, int64_t now)
{
    tk_entry_forget_failure(entry);
    if (entry->flight != NULL) return;
    if (entry->life.expires_at == 0) {
        tk_fleet_set_due(fleet, entry, now);
    } else if (is_over) {
        entry->plan.verb = TK_ASK;
        tk_fleet_set_due(fleet, entry, now);
    } else {
        tk_schedule_ask(fleet, entry, now);
    }
    if (was_forced || is_wanted(fleet, entry)) {
        tk_refresh_want(fleet, entry, TK_URGENCY_PLANNED, now);
    }
}

static void withdraw(struct tk_fleet *fleet, struct tk_entry *entry,
                     int64_t now)
{
    entry->source->stats.withdrawn++;
    tk_log(TK_LOG_INFO, "token withdrawn", tk_view("key", tk_entry_text(entry)),
           tk_text("why", "the source was changed or taken out"));
    tk_fleet_clear(fleet, entry);
    tk_wait_settle(fleet, entry, TK_REFUSAL_WITHDRAWN, now);
    tk_fleet_remove(fleet, entry);
}

/* Calls `each` for every source of `old` that `new` has too. */
static void each_pair(const struct tk_config *old, const struct tk_config *new,
                      void (*each)(const struct tk_source *from,
                                   struct tk_source *to))
{
    for (size_t i = 0; old != NULL && i < old->source_count; i++) {
        struct tk_source *to =
            tk_config_source(new, tk_str(old->sources[i]->name));

        if (to != NULL) each(old->sources[i], to);
    }
}

static void carry_pause(const struct tk_source *from, struct tk_source *to)
{
    to->is_paused = from->is_paused;
}

/* The issuer has counted those calls, whatever is configured now. */
static void carry_budget(const struct tk_source *from, struct tk_source *to)
{
    tk_budget_carry(&to->budget, &from->budget);
    tk_budget_carry(&to->newcomer_budget, &from->newcomer_budget);
    if (strcmp(to->origin, from->origin) == 0) {
        tk_budget_hold(&to->budget, from->budget.held_until);
    }
}

static void carry_stats(const struct tk_source *from, struct tk_source *to)
{
    to->stats = from->stats;
}

/* By name: a new provider file may declare its kinds in another order. */
static void carry_learned(const struct tk_source *from, struct tk_source *to)
{
    for (size_t i = 0; i < from->kind_count; i++) {
        const struct tk_kind *kind =
            tk_source_kind(to, tk_str(from->kinds[i].name));

        if (kind != NULL) *tk_source_learned(to, kind) = from->learned[i];
    }
}

void tk_adopt(struct tk_fleet *fleet, const struct tk_config *old,
              const struct tk_config *new, int64_t now,
              void (*flight_dropped)(struct tk_entry *entry, void *data),
              void *data)
{
    struct successor last = {NULL, NULL};
    struct tk_slice slice = tk_slice_begin(fleet);
    bool is_over = false;
    uint32_t id = 0;

    tk_unknown_forget_all(tk_fleet_unknowns(fleet));
    each_pair(old, new, carry_pause);
    each_pair(old, new, carry_learned);
    each_pair(old, new, carry_budget);
    while (id < tk_fleet_count(fleet)) {
        struct tk_entry *entry = tk_fleet_at(fleet, id);
        struct tk_key key = tk_entry_key(entry);
        struct tk_source *source = find_successor(&last, entry, new);

        if (entry->is_leaving) {
            if (entry->flight != NULL) flight_dropped(entry, data);
            withdraw(fleet, entry, now);
        } else {
            /* Once it is, it stays so: the clock would cost more than all the
             * rest. */
            is_over = is_over || tk_slice_is_over(&slice);
            plan_anew(fleet, entry, move_to(fleet, entry, source, &key),
                      is_over, now);
            id++;
        }
    }
    each_pair(old, new, carry_stats);
}

struct keeping {
    struct tk_fleet *fleet;
    struct tk_source *source;
    int64_t now;
};

static void keep_key(struct tk_str text, void *data)
{
    struct keeping *k = data;
    struct tk_entry *entry;
    struct tk_key key;
    struct tk_why why;

    if (tk_key_parse(text, &key, &why) != 0 ||
        tk_fleet_claim(k->fleet, k->source, &key, &entry, &why) != 0) {
        tk_log(TK_LOG_ERROR, "key cannot be kept", tk_view("key", text),
               tk_text("why", why.text));
        return;
    }
    entry->is_kept = true;
    if (entry->life.expires_at == 0) {
        tk_refresh_want(k->fleet, entry, TK_URGENCY_PLANNED, k->now);
    }
}

void tk_adopt_kept(struct tk_fleet *fleet, const struct tk_config *config,
                   int64_t now)
{
    for (size_t i = 0; i < config->source_count; i++) {
        struct keeping k = {fleet, config->sources[i], now};

        tk_source_each_kept(config->sources[i], keep_key, &k);
    }
}
