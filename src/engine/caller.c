#include "engine/caller.h"

#include "base/log.h"
#include "engine/credential.h"
#include "engine/habit.h"
#include "engine/report.h"
#include "engine/tick.h"
#include "vault/crypto.h"

static uint64_t generation_of(const struct tk_fleet *fleet,
                              const struct tk_entry *entry)
{
    struct tk_record record;

    tk_fleet_read(fleet, entry, &record);
    return record.generation;
}

/* Would a refresh now give a token with the life that is wanted? If not, the
 * one that is there is the best answer. */
static bool can_improve(const struct tk_entry *entry,
                        const struct tk_want *want, int64_t now)
{
    if (want->min_ttl_ms > entry->life.expires_at - entry->life.sent_at) {
        return false;
    }
    return now >= tk_plan_earliest(entry->kind, &entry->life,
                                   tk_schedule_not_before(entry), NULL);
}

static bool is_good_enough(const struct tk_fleet *fleet,
                           const struct tk_entry *entry,
                           const struct tk_want *want, int64_t now)
{
    if (tk_wait_is_met(fleet, entry, want, now, false)) return true;
    return tk_wait_is_met(fleet, entry, want, now, true) &&
           (entry->source->is_paused || !can_improve(entry, want, now));
}

/* The refresh that a report of this generation is worth has been forced: it
 * has brought the same token, or it is held back and due later. */
static bool is_spent(const struct tk_fleet *fleet, const struct tk_entry *entry,
                     const struct tk_want *want, int64_t now)
{
    uint64_t generation = generation_of(fleet, entry);

    return tk_entry_has_token(entry, now) && want->newer_than >= generation &&
           entry->forced == generation && entry->failure == NULL &&
           entry->flight == NULL && !entry->is_queued;
}

/* Nothing can come before the caller's time is up: say so at once. */
static enum tk_refusal hopeless(const struct tk_fleet *fleet,
                                const struct tk_entry *entry,
                                const struct tk_want *want, int64_t now)
{
    if (entry->source->is_paused) return TK_REFUSAL_PAUSED;
    if (entry->flight != NULL) return TK_REFUSAL_NONE;
    if (tk_issuer_down_until(entry->source->issuer) > now + want->wait_ms) {
        return TK_REFUSAL_DOWN;
    }
    if (entry->source->budget.held_until > now + want->wait_ms) {
        return TK_REFUSAL_BUSY;
    }
    if (entry->is_queued) return TK_REFUSAL_NONE;
    if (entry->failure != NULL &&
        entry->failure->next_try_at > now + want->wait_ms) {
        return TK_REFUSAL_FAILED;
    }
    if (is_spent(fleet, entry, want, now) &&
        tk_fleet_due(fleet, entry) > now + want->wait_ms) {
        return tk_report_free_at(entry) > now ? TK_REFUSAL_HELD
                                              : TK_REFUSAL_POISONED;
    }
    return TK_REFUSAL_NONE;
}

/* A key that was made for a caller who could not even wait: looked at again,
 * and dropped, when nobody else has come for it. */
static void forget_if_new(struct tk_fleet *fleet, struct tk_entry *entry,
                          int64_t now)
{
    if (entry->life.expires_at == 0 && entry->flight == NULL &&
        !entry->is_queued && !entry->is_kept &&
        tk_fleet_due(fleet, entry) == TK_NEVER) {
        tk_fleet_set_due(fleet, entry, now);
    }
}

bool tk_caller_peek(struct tk_fleet *fleet, struct tk_entry *entry,
                    const struct tk_want *want, int64_t now, struct tk_got *got)
{
    enum tk_refusal refusal = TK_REFUSAL_NONE;

    if (!is_good_enough(fleet, entry, want, now)) {
        refusal = hopeless(fleet, entry, want, now);
        if (refusal == TK_REFUSAL_NONE) return false;
        forget_if_new(fleet, entry, now);
    }
    tk_wait_fill(fleet, entry, refusal, now, got);
    return true;
}

static void note_use(struct tk_fleet *fleet, struct tk_entry *entry,
                     int64_t now)
{
    tk_schedule_end_day(fleet, entry, now);
    tk_habit_use(fleet, entry, now);
    tk_schedule_used(fleet, entry, now);
}

void tk_caller_note_use(struct tk_fleet *fleet, struct tk_entry *entry,
                        int64_t now)
{
    note_use(fleet, entry, now);
    entry->source->stats.hits++;
}

/* Ten thousand callers of one key are one event; it comes before this use is
 * noted, so that a policy sees how long the key was idle. */
static void note_cold(struct tk_fleet *fleet, struct tk_entry *entry,
                      int64_t now)
{
    entry->source->stats.cold++;
    if (entry->is_cold || tk_entry_has_token(entry, now)) return;
    entry->is_cold = true;
    tk_schedule_tell(fleet, entry, TK_EVENT_COLD, now);
}

bool tk_caller_get(struct tk_fleet *fleet, struct tk_entry *entry,
                   const struct tk_want *want, int64_t now, struct tk_got *got)
{
    struct tk_source_stats *stats = &entry->source->stats;
    bool answered = tk_caller_peek(fleet, entry, want, now, got);

    if (answered && got->refusal == TK_REFUSAL_NONE) {
        stats->hits++;
    } else {
        note_cold(fleet, entry, now);
        if (answered) stats->cold_failed++;
    }
    note_use(fleet, entry, now);
    return answered;
}

/* Reported too often in a row? Then the refresh comes later. */
static bool hold_back(struct tk_fleet *fleet, struct tk_entry *entry,
                      int64_t now)
{
    int64_t free_at = tk_report_free_at(entry);

    if (free_at <= now || entry->flight != NULL || entry->is_queued) {
        return false;
    }
    entry->source->stats.held_rejects++;
    tk_log(TK_LOG_WARN, "too many new tokens reported in a row",
           tk_view("key", tk_entry_text(entry)),
           tk_num("next_try_in_s", (free_at - now) / 1000));
    tk_schedule_sooner(fleet, entry, free_at);
    return true;
}

/* A caller who has seen the current generation fail is as good as a report,
 * and gets the one refresh that a report gets. */
static enum tk_urgency force_once(struct tk_fleet *fleet,
                                  struct tk_entry *entry,
                                  const struct tk_wait *wait,
                                  enum tk_urgency urgency, int64_t now)
{
    uint64_t generation = generation_of(fleet, entry);

    if (!tk_entry_has_token(entry, now) || wait->want.newer_than < generation ||
        entry->forced == generation) {
        return urgency;
    }
    tk_report_note(entry, generation, now);
    if (hold_back(fleet, entry, now)) return urgency;
    return urgency == TK_URGENCY_PLANNED ? TK_URGENCY_FORCED : urgency;
}

void tk_caller_wait(struct tk_fleet *fleet, struct tk_wait *wait,
                    enum tk_urgency urgency, int64_t now)
{
    struct tk_entry *entry = wait->entry;
    uint64_t generation = generation_of(fleet, entry);

    /* Nothing above the current generation was ever given out. */
    if (wait->want.newer_than > generation) wait->want.newer_than = generation;
    tk_wait_enter(fleet, wait, now);
    urgency = force_once(fleet, entry, wait, urgency, now);
    if (urgency != TK_URGENCY_PLANNED ||
        !is_spent(fleet, entry, &wait->want, now)) {
        tk_refresh_want(fleet, entry, urgency, now);
    }
}

static bool shows_current(const struct tk_fleet *fleet,
                          const struct tk_entry *entry, struct tk_str token)
{
    struct tk_record record;

    tk_fleet_read(fleet, entry, &record);
    return tk_same_bytes(record.token, token);
}

enum tk_verdict tk_caller_reject(struct tk_fleet *fleet, struct tk_entry *entry,
                                 uint64_t generation, struct tk_str token,
                                 int64_t now)
{
    uint64_t current = generation_of(fleet, entry);

    if (token.data != NULL) {
        generation = shows_current(fleet, entry, token) ? current : 0;
    }
    if (current == 0 || generation > current) {
        entry->source->stats.false_rejects++;
        return TK_VERDICT_UNKNOWN;
    }
    if (generation < current || !tk_entry_has_token(entry, now)) {
        entry->source->stats.late_rejects++;
        return TK_VERDICT_LATE;
    }
    if (entry->rejected != current) {
        entry->source->stats.rejected++;
        tk_schedule_tell(fleet, entry, TK_EVENT_REJECTED, now);
        tk_learned_ended(tk_source_learned(entry->source, entry->kind),
                         now - entry->life.sent_at);
    }
    entry->rejected = current;
    if (entry->forced == current) return TK_VERDICT_KNOWN;
    tk_report_note(entry, current, now);
    tk_log(TK_LOG_WARN, "token rejected", tk_view("key", tk_entry_text(entry)),
           tk_num("generation", (int64_t)current));
    if (hold_back(fleet, entry, now)) return TK_VERDICT_HELD;
    return tk_caller_refresh(fleet, entry, now);
}

enum tk_verdict tk_caller_refresh(struct tk_fleet *fleet,
                                  struct tk_entry *entry, int64_t now)
{
    tk_refresh_want(fleet, entry, TK_URGENCY_FORCED, now);
    if (entry->source->is_paused) return TK_VERDICT_PAUSED;
    return tk_credential_is_held(entry->source, now) ? TK_VERDICT_REFUSED
                                                     : TK_VERDICT_REFRESHING;
}

void tk_caller_drop(struct tk_fleet *fleet, struct tk_entry *entry, int64_t now)
{
    tk_fleet_clear(fleet, entry);
    tk_entry_forget_failure(entry);
    if (entry->is_kept) {
        tk_refresh_want(fleet, entry, TK_URGENCY_FORCED, now);
    } else if (entry->flight == NULL && !entry->is_queued) {
        tk_fleet_set_due(fleet, entry, now);
    }
}

void tk_caller_pause(struct tk_fleet *fleet, struct tk_source *source,
                     int64_t now)
{
    source->is_paused = true;
    for (uint32_t i = 0; i < tk_fleet_count(fleet); i++) {
        struct tk_entry *entry = tk_fleet_at(fleet, i);

        if (entry->source == source && entry->flight == NULL) {
            tk_wait_settle(fleet, entry, TK_REFUSAL_PAUSED, now);
        }
    }
}

void tk_caller_resume(struct tk_fleet *fleet, struct tk_source *source,
                      int64_t now)
{
    source->is_paused = false;
    tk_refresh_drain(fleet, source, now);
}
