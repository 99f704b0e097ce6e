#include "engine/wait.h"

#include "engine/slice.h"

enum { RETRY_UNKNOWN_MS = 1000 };

bool tk_wait_is_met(const struct tk_fleet *fleet, const struct tk_entry *entry,
                    const struct tk_want *want, int64_t now, bool is_final)
{
    struct tk_record record;

    if (!tk_entry_has_token(entry, now)) return false;
    tk_fleet_read(fleet, entry, &record);
    if (record.generation <= want->newer_than) return false;
    return is_final || entry->life.expires_at - now >= want->min_ttl_ms;
}

static int64_t retry_in(const struct tk_entry *entry, enum tk_refusal refusal,
                        int64_t now)
{
    int64_t at = tk_issuer_down_until(entry->source->issuer);

    if (refusal == TK_REFUSAL_NONE) return 0;
    if (entry->source->budget.held_until > at) {
        at = entry->source->budget.held_until;
    }
    if (entry->failure != NULL && entry->failure->next_try_at > at) {
        at = entry->failure->next_try_at;
    }
    if (at > now) return at - now;
    if ((refusal == TK_REFUSAL_POISONED || refusal == TK_REFUSAL_HELD) &&
        entry->plan.at != TK_NEVER && entry->plan.at > now) {
        return entry->plan.at - now;
    }
    return RETRY_UNKNOWN_MS;
}

void tk_wait_fill(const struct tk_fleet *fleet, const struct tk_entry *entry,
                  enum tk_refusal refusal, int64_t now, struct tk_got *got)
{
    struct tk_record record;

    tk_fleet_read(fleet, entry, &record);
    *got = (struct tk_got){
        .refusal = refusal,
        .entry = entry,
        .generation = record.generation,
        .state = tk_entry_state(entry, now),
        .retry_in_ms = retry_in(entry, refusal, now),
    };
    if (refusal != TK_REFUSAL_NONE) return;
    got->token = record.token;
    got->attributes = record.attributes;
    got->expires_in_ms = entry->life.expires_at - now;
}

void tk_wait_enter(struct tk_fleet *fleet, struct tk_wait *wait, int64_t now)
{
    wait->is_settled = false;
    wait->deadline = now + wait->want.wait_ms;
    wait->entry->wait_count++;
    tk_list_push(&wait->entry->waits, &wait->of_entry);
    tk_list_push(tk_fleet_waits(fleet), &wait->of_fleet);
}

void tk_wait_leave(struct tk_wait *wait)
{
    wait->entry->wait_count--;
    tk_list_drop(&wait->of_entry);
    tk_list_drop(&wait->of_fleet);
}

static void answer(struct tk_fleet *fleet, struct tk_wait *wait,
                   enum tk_refusal refusal, int64_t now)
{
    struct tk_got got;

    tk_wait_leave(wait);
    tk_wait_fill(fleet, wait->entry, refusal, now, &got);
    if (refusal != TK_REFUSAL_NONE) wait->entry->source->stats.cold_failed++;
    wait->done(&got, wait->data);
}

/* Callers are moved to a list of their own first: one that asks again from
 * inside `done` must not be answered twice by the same landing. Returns whether
 * some are left. */
static bool settle(struct tk_fleet *fleet, struct tk_entry *entry,
                   enum tk_refusal refusal, int64_t now, bool in_one_go)
{
    struct tk_slice slice = tk_slice_begin(fleet);
    bool is_over = false;
    struct tk_link landed;

    tk_list_init(&landed);
    tk_list_move(&landed, &entry->waits);
    while (!tk_list_is_empty(&landed) && !is_over) {
        struct tk_wait *wait =
            TK_LIST_ITEM(landed.next, struct tk_wait, of_entry);

        bool is_met = tk_wait_is_met(fleet, entry, &wait->want, now, true);

        answer(fleet, wait, is_met ? TK_REFUSAL_NONE : refusal, now);
        is_over = !in_one_go && tk_slice_is_over(&slice);
    }
    if (tk_list_is_empty(&landed)) return false;
    for (struct tk_link *at = landed.next; at != &landed; at = at->next) {
        struct tk_wait *wait = TK_LIST_ITEM(at, struct tk_wait, of_entry);

        wait->is_settled = true;
        wait->refusal = refusal;
        wait->deadline = now;
    }
    tk_list_move(&entry->waits, &landed);
    return true;
}

void tk_wait_settle(struct tk_fleet *fleet, struct tk_entry *entry,
                    enum tk_refusal refusal, int64_t now)
{
    (void)settle(fleet, entry, refusal, now, true);
}

void tk_wait_settle_soon(struct tk_fleet *fleet, struct tk_entry *entry,
                         enum tk_refusal refusal, int64_t now)
{
    if (settle(fleet, entry, refusal, now, false)) {
        tk_fleet_wake(fleet, now);
    }
}

/* The time of a caller is up, or its refresh has landed some turns ago. */
static void answer_late(struct tk_fleet *fleet, struct tk_wait *wait,
                        int64_t now)
{
    enum tk_refusal refusal = TK_REFUSAL_TIMEOUT;

    if (wait->is_settled) {
        refusal = tk_wait_is_met(fleet, wait->entry, &wait->want, now, true)
                      ? TK_REFUSAL_NONE
                      : wait->refusal;
    } else if (tk_issuer_down_until(wait->entry->source->issuer) > now) {
        refusal = TK_REFUSAL_DOWN;
    } else if (wait->entry->source->budget.held_until > now) {
        refusal = TK_REFUSAL_BUSY;
    }
    answer(fleet, wait, refusal, now);
}

/* Late callers are moved to a list of their own first, because `done` may let
 * others in and out. */
int64_t tk_wait_expire(struct tk_fleet *fleet, int64_t now)
{
    struct tk_link *all = tk_fleet_waits(fleet);
    struct tk_link late;
    int64_t next = TK_NEVER;
    struct tk_link *link = all->next;
    struct tk_slice slice;

    tk_list_init(&late);
    while (link != all) {
        struct tk_wait *wait = TK_LIST_ITEM(link, struct tk_wait, of_fleet);

        link = link->next;
        if (wait->deadline <= now) {
            tk_list_drop(&wait->of_fleet);
            tk_list_push(&late, &wait->of_fleet);
        } else if (wait->deadline < next) {
            next = wait->deadline;
        }
    }
    slice = tk_slice_begin(fleet);
    while (!tk_list_is_empty(&late)) {
        answer_late(fleet, TK_LIST_ITEM(late.next, struct tk_wait, of_fleet),
                    now);
        if (tk_slice_is_over(&slice)) break;
    }
    if (tk_list_is_empty(&late)) return next;
    tk_list_move(all, &late);
    return now;
}

const char *tk_refusal_name(enum tk_refusal refusal)
{
    static const char *const names[] = {
        [TK_REFUSAL_NONE] = "none",
        [TK_REFUSAL_FAILED] = "issuer_failed",
        [TK_REFUSAL_POISONED] = "poisoned",
        [TK_REFUSAL_HELD] = "held",
        [TK_REFUSAL_DOWN] = "issuer_down",
        [TK_REFUSAL_BUSY] = "issuer_busy",
        [TK_REFUSAL_PAUSED] = "paused",
        [TK_REFUSAL_TIMEOUT] = "timeout",
        [TK_REFUSAL_WITHDRAWN] = "withdrawn",
        [TK_REFUSAL_STOPPING] = "stopping",
    };

    return names[refusal];
}
