#include "engine/turn.h"

#include "base/log.h"

enum {
    /* Darkness is compared by the second, so that demand has a say. */
    GRAIN_MS = 1000,
    ABANDONED_MS = 60 * 1000,
};

static struct tk_entry *entry_of(struct tk_queued *queued)
{
    return TK_LIST_ITEM(queued, struct tk_entry, queued);
}

static bool is_newcomer(const struct tk_entry *entry)
{
    return entry->life.expires_at == 0 && !entry->is_kept;
}

/* A key that is dark counts from when it was queued: one that lapsed a week
 * ago is no more urgent than one that lapses now. */
static int64_t rank_of(const struct tk_entry *entry)
{
    int64_t dark_at = entry->life.expires_at > entry->queued_at
                          ? entry->life.expires_at
                          : entry->queued_at;

    if (entry->urgency == TK_URGENCY_NEEDED) return INT64_MIN;
    if (entry->wait_count > 0) {
        dark_at = entry->queued_at - TK_TURN_HEAD_START_MS;
    }
    return dark_at / GRAIN_MS;
}

/* Callers may have come or gone since the rank was set. */
static void rank_anew(struct tk_entry *entry)
{
    entry->queued.rank = rank_of(entry);
    entry->queued.demand = entry->rate;
}

int tk_turn_enter(struct tk_entry *entry, enum tk_urgency urgency, int64_t now)
{
    struct tk_source *source = entry->source;
    int rc;

    if (entry->is_queued) {
        if (urgency > entry->urgency) entry->urgency = (unsigned)urgency & 3;
        rank_anew(entry);
        tk_queue_move(&entry->queued);
        return 0;
    }
    entry->urgency = (unsigned)urgency & 3;
    entry->queued_at = now;
    rank_anew(entry);
    rc = tk_queue_push(is_newcomer(entry) && urgency != TK_URGENCY_NEEDED
                           ? &source->newcomers
                           : &source->queue,
                       &entry->queued);
    entry->is_queued = rc == 0;
    return rc;
}

void tk_turn_leave(struct tk_entry *entry)
{
    tk_queue_drop(&entry->queued);
    entry->is_queued = false;
}

/* The first of a queue by the ranks of this moment: callers who have left
 * make a key less urgent, and nobody told the queue. */
static struct tk_entry *first_of(struct tk_queue *queue)
{
    for (;;) {
        struct tk_queued *first = tk_queue_first(queue);
        struct tk_entry *entry;

        if (first == NULL) return NULL;
        entry = entry_of(first);
        if (rank_of(entry) <= first->rank) return entry;
        rank_anew(entry);
        tk_queue_move(first);
    }
}

/* While the probe is on its way, what it needs for itself may leave too. */
static int64_t issuer_next(const struct tk_entry *entry)
{
    int64_t next = tk_issuer_next(entry->source->issuer);

    return next == TK_NEVER && entry->urgency == TK_URGENCY_NEEDED ? 0 : next;
}

/* A credential that is refused is probed by one refresh at a time, and by what
 * that one needs for itself. */
static bool has_place(const struct tk_source *source,
                      const struct tk_entry *entry, int64_t now)
{
    if (entry->urgency == TK_URGENCY_NEEDED) return true;
    if (source->secrets.refused_at != 0 &&
        (source->active > 0 || now < source->secrets.probe_at)) {
        return false;
    }
    return source->active < source->max_concurrent;
}

static bool is_before(const struct tk_source *source,
                      const struct tk_entry *known, const struct tk_entry *new)
{
    if (source->was_newcomer || known->urgency == TK_URGENCY_NEEDED)
        return true;
    return !tk_queue_is_before(&new->queued, &known->queued);
}

struct tk_entry *tk_turn_next(struct tk_source *source, int64_t now)
{
    struct tk_entry *known = first_of(&source->queue);
    struct tk_entry *new = first_of(&source->newcomers);

    if (source->is_paused || tk_budget_next(&source->budget, now) > now) {
        return NULL;
    }
    if (known != NULL &&
        (!has_place(source, known, now) || issuer_next(known) > now)) {
        known = NULL;
    }
    if (new != NULL &&
        (!has_place(source, new, now) || issuer_next(new) > now ||
         tk_budget_next(&source->newcomer_budget, now) > now)) {
        new = NULL;
    }
    if (known != NULL && (new == NULL || is_before(source, known, new))) {
        new = NULL;
    } else {
        known = NULL;
    }
    if (known == NULL && new == NULL) return NULL;
    source->was_newcomer = new != NULL;
    tk_budget_take(&source->budget, now);
    if (new != NULL) tk_budget_take(&source->newcomer_budget, now);
    if (source->issuer != NULL) {
        tk_breaker_leave(&source->issuer->breaker, new != NULL ? new : known);
    }
    tk_turn_leave(new != NULL ? new : known);
    return new != NULL ? new : known;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* When this one may start, if it has a place; TK_NEVER otherwise. */
static int64_t start_at(const struct tk_source *source,
                        const struct tk_entry *entry, int64_t budget_next,
                        int64_t now)
{
    if (entry == NULL || !has_place(source, entry, now)) return TK_NEVER;
    return later(budget_next, issuer_next(entry));
}

int64_t tk_turn_at(struct tk_source *source, int64_t now)
{
    int64_t next = tk_budget_next(&source->budget, now);
    int64_t known_at = start_at(source, first_of(&source->queue), next, now);
    int64_t new_at;

    if (source->is_paused) return TK_NEVER;
    if (source->secrets.refused_at != 0) return source->secrets.look_at;
    next = later(next, tk_budget_next(&source->newcomer_budget, now));
    new_at = start_at(source, first_of(&source->newcomers), next, now);
    return known_at < new_at ? known_at : new_at;
}

static void tell(const struct tk_issuer *issuer, int64_t now)
{
    const struct tk_breaker *breaker = &issuer->breaker;

    if (!breaker->is_open) {
        tk_log(TK_LOG_INFO, "issuer answers again",
               tk_text("issuer", issuer->origin));
        return;
    }
    tk_log(TK_LOG_WARN,
           breaker->openings == 1 ? "issuer is down, its calls are held"
                                  : "issuer is still down",
           tk_text("issuer", issuer->origin),
           tk_num("next_probe_in_ms", breaker->probe_at - now));
}

static void wake_all(struct tk_fleet *fleet, struct tk_issuer *issuer,
                     int64_t now)
{
    for (struct tk_link *at = issuer->sources.next; at != &issuer->sources;
         at = at->next) {
        struct tk_source *source =
            TK_LIST_ITEM(at, struct tk_source, of_issuer);

        tk_fleet_set_turn(fleet, source, tk_turn_at(source, now));
    }
}

static bool note_reach(const struct tk_fleet *fleet,
                       const struct tk_entry *entry, struct tk_breaker *breaker,
                       enum tk_reach reach, int64_t now)
{
    struct tk_unanswered call = {.now = now,
                                 .expires_at = entry->life.expires_at};

    if (reach == TK_REACH_ANSWERED) return tk_breaker_answered(breaker);
    if (reach == TK_REACH_UNASKED) return false;
    call.dice = tk_fleet_dice(fleet, entry, breaker->openings);
    return tk_breaker_unanswered(breaker, &call);
}

void tk_turn_ended(struct tk_fleet *fleet, const struct tk_entry *entry,
                   struct tk_source *place, enum tk_reach reach, int64_t now)
{
    struct tk_issuer *issuer = place->issuer;
    struct tk_breaker *breaker;
    bool has_changed;

    if (issuer == NULL) return;
    breaker = &issuer->breaker;
    has_changed = note_reach(fleet, entry, breaker, reach, now);
    if (has_changed) tell(issuer, now);
    if (tk_breaker_ended(breaker, entry,
                         now + tk_plan_retry_floor(breaker->life_ms)) ||
        has_changed) {
        wake_all(fleet, issuer, now);
    }
}

bool tk_turn_is_abandoned(const struct tk_entry *entry, int64_t now)
{
    return is_newcomer(entry) && entry->wait_count == 0 &&
           entry->urgency != TK_URGENCY_FORCED &&
           now - later(entry->last_use_at, entry->queued_at) >= ABANDONED_MS;
}

int64_t tk_turn_review_at(const struct tk_entry *entry, int64_t now)
{
    return is_newcomer(entry) ? now + ABANDONED_MS : TK_NEVER;
}

uint32_t tk_turn_count_before(const struct tk_entry *entry)
{
    return tk_queue_count_before(&entry->source->queue, &entry->queued) +
           tk_queue_count_before(&entry->source->newcomers, &entry->queued);
}

uint32_t tk_turn_count(const struct tk_source *source)
{
    return source->queue.count + source->newcomers.count;
}
