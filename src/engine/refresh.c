#include "engine/refresh.h"

#include "base/log.h"
#include "engine/credential.h"
#include "engine/report.h"
#include "engine/slice.h"
#include "engine/tick.h"
#include "vault/crypto.h"

#include <stdio.h>

/* A longer life than before, by more than what rounding to seconds explains. */
enum { EXTENSION_MIN_MS = 2000 };

/* --- start --- */

static void fail_to_start(struct tk_fleet *fleet, struct tk_entry *entry,
                          int64_t now)
{
    struct tk_answer answer = {.order = entry->commits,
                               .class = TK_CLASS_TRANSIENT,
                               .code = "no_memory"};

    entry->source->active++;
    tk_refresh_land(fleet, entry, entry->source, &answer, now);
}

static void start(struct tk_fleet *fleet, struct tk_entry *entry, int64_t now)
{
    const struct tk_fleet_port *port = tk_fleet_port(fleet);

    tk_fleet_set_due(fleet, entry, TK_NEVER);
    if (port->fetch(entry, now, port->data) != 0) {
        fail_to_start(fleet, entry, now);
        return;
    }
    entry->source->active++;
}

static bool is_backing_off(const struct tk_entry *entry, int64_t now)
{
    return entry->failure != NULL && entry->failure->next_try_at > now;
}

/* An abandoned key is not retried by itself; now somebody wants it. */
static void wake_after_back_off(struct tk_fleet *fleet, struct tk_entry *entry)
{
    if (tk_fleet_due(fleet, entry) <= entry->failure->next_try_at) return;
    entry->plan.verb = TK_RENEW;
    tk_fleet_set_due(fleet, entry, entry->failure->next_try_at);
}

void tk_refresh_want(struct tk_fleet *fleet, struct tk_entry *entry,
                     enum tk_urgency urgency, int64_t now)
{
    if (entry->flight != NULL) {
        if (urgency > entry->urgency) entry->urgency = (unsigned)urgency & 3;
        return;
    }
    if (is_backing_off(entry, now) && urgency != TK_URGENCY_FORCED) {
        wake_after_back_off(fleet, entry);
        return;
    }
    if (tk_credential_is_held(entry->source, now)) {
        tk_credential_fail(fleet, entry, now);
        return;
    }
    if (tk_turn_enter(entry, urgency, now) != 0) {
        fail_to_start(fleet, entry, now);
        return;
    }
    tk_fleet_set_due(fleet, entry, tk_turn_review_at(entry, now));
    tk_fleet_show_state(fleet, entry, now);
    tk_refresh_drain(fleet, entry->source, now);
}

/* A start that fails lands at once and asks for the next, and a script that
 * starts may ask for another token: the flag turns that recursion into this
 * loop. */
void tk_refresh_drain(struct tk_fleet *fleet, struct tk_source *source,
                      int64_t now)
{
    struct tk_slice slice = tk_slice_begin(fleet);
    struct tk_entry *entry;

    if (source->is_draining) return;
    tk_credential_look(fleet, source, now);
    source->is_draining = true;
    while ((entry = tk_turn_next(source, now)) != NULL) {
        start(fleet, entry, now);
        if (tk_slice_is_over(&slice)) break;
    }
    source->is_draining = false;
    tk_fleet_set_turn(fleet, source, tk_turn_at(source, now));
}

/* --- landing --- */

enum landing { RENEWED, EXTENDED, EARLY, UNCHANGED };

static bool is_same_token(const struct tk_fleet *fleet,
                          const struct tk_entry *entry, struct tk_str token)
{
    struct tk_record record;

    tk_fleet_read(fleet, entry, &record);
    return tk_same_bytes(record.token, token);
}

/* The same token again. Its life grows only if the issuer is known to extend
 * it, or if by our count it had ended: some answer the same number of seconds
 * again and again, and believing them would serve an expired token. */
static bool is_extension(const struct tk_entry *entry,
                         const struct tk_answer *answer, int64_t now)
{
    int64_t end = answer->sent_at + answer->life_ms;

    if (end < entry->life.expires_at + EXTENSION_MIN_MS) return false;
    return entry->kind->renewable == TK_RENEWABLE_EXTENDS ||
           !tk_entry_has_token(entry, now);
}

static int store(struct tk_fleet *fleet, struct tk_entry *entry,
                 const struct tk_answer *answer, uint64_t generation)
{
    struct tk_record record = {
        .token = answer->token,
        .attributes = answer->attributes,
        .generation = generation,
        .expires_at = answer->sent_at + answer->life_ms,
    };
    int rc = tk_fleet_store(fleet, entry, &record);

    if (rc != 0) return rc;
    entry->life = (struct tk_life){answer->sent_at, answer->received_at,
                                   record.expires_at};
    entry->not_before = 0;
    entry->is_cold = false;
    return 0;
}

/* The token that is replaced now: was it fetched for nobody? */
static void note_waste(struct tk_fleet *fleet, struct tk_entry *entry,
                       int64_t now)
{
    if (entry->was_used || entry->life.expires_at == 0) return;
    entry->source->stats.wasted++;
    tk_schedule_tell(fleet, entry, TK_EVENT_WASTED, now);
}

/* A refresh that was forced may have come before the issuer gives another
 * token: then the same one says nothing, and the plan is right as it is. */
static enum landing read_same(struct tk_entry *entry,
                              const struct tk_answer *answer, int64_t now)
{
    if (is_extension(entry, answer, now)) return EXTENDED;
    if (answer->sent_at < tk_plan_opens(entry->kind, &entry->life)) {
        return EARLY;
    }
    entry->not_before = tk_plan_not_before(&entry->life, now);
    return UNCHANGED;
}

static bool is_forced(const struct tk_fleet *fleet,
                      const struct tk_entry *entry)
{
    struct tk_record record;

    tk_fleet_read(fleet, entry, &record);
    return record.generation != 0 && entry->forced == record.generation;
}

/* A token that was reported may be gone at the issuer; what comes then says
 * nothing of the time at which others are renewed. */
static void learn(const struct tk_entry *entry, const struct tk_life *before,
                  const struct tk_answer *answer, enum landing landing,
                  bool was_forced)
{
    struct tk_learned *learned = tk_source_learned(entry->source, entry->kind);

    tk_learned_took(learned, answer->life_ms,
                    answer->received_at - answer->sent_at);
    if (was_forced || before->expires_at == 0) return;
    if (landing == RENEWED || landing == UNCHANGED) {
        tk_learned_saw(learned, landing == RENEWED,
                       before->expires_at - answer->sent_at);
    }
}

static int land_token(struct tk_fleet *fleet, struct tk_entry *entry,
                      const struct tk_answer *answer, int64_t now,
                      enum landing *landing)
{
    struct tk_record record;

    if (!is_same_token(fleet, entry, answer->token)) {
        *landing = RENEWED;
        entry->is_poisoned = false;
        note_waste(fleet, entry, now);
        entry->was_used = entry->wait_count > 0;
        return store(fleet, entry, answer,
                     tk_fleet_next_generation(fleet, entry));
    }
    tk_fleet_read(fleet, entry, &record);
    entry->is_poisoned = record.generation == entry->rejected;
    *landing = read_same(entry, answer, now);
    if (*landing != EXTENDED) return 0;
    return store(fleet, entry, answer, record.generation);
}

static void count_landing(struct tk_source *source, enum landing landing)
{
    switch (landing) {
    case RENEWED:
        source->stats.renewed++;
        break;
    case EXTENDED:
        source->stats.extended++;
        break;
    case EARLY:
        source->stats.early++;
        break;
    case UNCHANGED:
        source->stats.unchanged++;
        break;
    }
}

static void log_landing(const struct tk_fleet *fleet,
                        const struct tk_entry *entry,
                        const struct tk_answer *answer, enum landing landing)
{
    static const char *const events[] = {
        [RENEWED] = "token renewed",
        [EXTENDED] = "token extended",
        [EARLY] = "token unchanged, as it was too early",
        [UNCHANGED] = "token unchanged"};
    char fingerprint[TK_FINGERPRINT_TEXT];
    struct tk_record record;

    if (!tk_log_wants(TK_LOG_INFO)) return;
    if (tk_fleet_port(fleet)->is_quiet) return;
    tk_fleet_read(fleet, entry, &record);
    tk_fleet_fingerprint(fleet, record.token, fingerprint);
    tk_log(TK_LOG_INFO, events[landing], tk_view("key", tk_entry_text(entry)),
           tk_num("generation", (int64_t)record.generation),
           tk_text("fingerprint", fingerprint),
           tk_num("life_s", answer->life_ms / 1000),
           tk_num("took_ms", answer->received_at - answer->sent_at));
}

/* A key exists once it has succeeded. One that the issuer refuses leaves at
 * the next turn; that it was refused is remembered. */
static void dismiss_unknown(struct tk_fleet *fleet, struct tk_entry *entry,
                            const struct tk_answer *answer, int64_t now)
{
    if (entry->life.expires_at != 0 || entry->is_kept ||
        entry->failure == NULL ||
        (answer->class != TK_CLASS_CONFIG &&
         answer->class != TK_CLASS_REAUTHORIZE)) {
        return;
    }
    tk_unknown_remember(tk_fleet_unknowns(fleet), tk_entry_text(entry),
                        answer->class, answer->code,
                        entry->failure->next_try_at);
    tk_fleet_set_due(fleet, entry, now);
}

static void land_failure(struct tk_fleet *fleet, struct tk_entry *entry,
                         const struct tk_answer *answer, int64_t now)
{
    struct tk_failure failure = {
        .class = answer->class,
        .count = entry->failure == NULL ? 1 : entry->failure->count + 1,
        .at = now,
    };

    snprintf(failure.code, sizeof failure.code, "%s", answer->code);
    snprintf(failure.detail, sizeof failure.detail, "%s", answer->detail);
    tk_entry_set_failure(entry, &failure);
    entry->source->stats.failed++;
    tk_schedule_tell(fleet, entry, TK_EVENT_FAILED, now);
    tk_log(TK_LOG_WARN, "refresh failed", tk_view("key", tk_entry_text(entry)),
           tk_text("class", tk_class_name(answer->class)),
           tk_text("code", answer->code), tk_num("failures", failure.count),
           answer->detail[0] == '\0' ? (struct tk_log_field){0}
                                     : tk_text("detail", answer->detail));
    tk_schedule_retry(fleet, entry, answer->retry_after_ms, now);
    dismiss_unknown(fleet, entry, answer, now);
}

static bool is_usable(const struct tk_answer *answer, int64_t now)
{
    return answer->is_token && answer->sent_at + answer->life_ms > now;
}

static enum tk_refusal land(struct tk_fleet *fleet, struct tk_entry *entry,
                            const struct tk_answer *answer, int64_t now)
{
    struct tk_answer useless = {.class = TK_CLASS_TRANSIENT,
                                .code = "expired_on_arrival"};
    struct tk_life before = entry->life;
    bool was_forced = is_forced(fleet, entry);
    enum landing landing;

    if (!answer->is_token || !is_usable(answer, now)) {
        land_failure(fleet, entry, answer->is_token ? &useless : answer, now);
        return TK_REFUSAL_FAILED;
    }
    if (land_token(fleet, entry, answer, now, &landing) != 0) {
        snprintf(useless.code, sizeof useless.code, "cache_full");
        land_failure(fleet, entry, &useless, now);
        return TK_REFUSAL_FAILED;
    }
    tk_entry_forget_failure(entry);
    tk_credential_accepted(fleet, entry->source, now);
    learn(entry, &before, answer, landing, was_forced);
    if (entry->source->issuer != NULL) {
        entry->source->issuer->breaker.life_ms = answer->life_ms;
    }
    count_landing(entry->source, landing);
    log_landing(fleet, entry, answer, landing);
    if (landing == RENEWED || landing == EXTENDED) {
        tk_schedule_tell(fleet, entry, TK_EVENT_ISSUED, now);
    }
    tk_schedule_ask(fleet, entry, now);
    if (landing == RENEWED) tk_report_renewed(entry, was_forced);
    if (!entry->is_poisoned) return TK_REFUSAL_FAILED;
    tk_schedule_sooner(fleet, entry, tk_report_poisoned(entry, now));
    return TK_REFUSAL_POISONED;
}

/* Ordered commit: an answer to a question that is older than the last token,
 * or than its drop, is void. So is a failure under a configuration that was
 * replaced: it says nothing about the one in force. */
static bool is_void(const struct tk_entry *entry, const struct tk_source *place,
                    const struct tk_answer *answer)
{
    return answer->order != entry->commits ||
           (!answer->is_token && place != entry->source);
}

/* As urgently as before: another refresh may wait for it and hold the only
 * place. */
static void want_again(struct tk_fleet *fleet, struct tk_entry *entry,
                       int64_t now)
{
    tk_refresh_want(fleet, entry, (enum tk_urgency)entry->urgency, now);
}

/* Who still wants a token gets a refresh of his own. */
static void land_void(struct tk_fleet *fleet, struct tk_entry *entry,
                      int64_t now)
{
    entry->source->stats.late_answers++;
    tk_log(TK_LOG_INFO, "answer came too late and is dropped",
           tk_view("key", tk_entry_text(entry)));
    if (entry->is_kept || entry->wait_count > 0 ||
        entry->life.expires_at != 0) {
        want_again(fleet, entry, now);
    } else {
        tk_fleet_set_due(fleet, entry, now);
    }
    tk_fleet_show_state(fleet, entry, now);
}

/* What was refused is not in use any more, or something else is now: those who
 * wait need not hear of it. */
static bool has_new_credential(struct tk_fleet *fleet, struct tk_entry *entry,
                               const struct tk_answer *answer, int64_t now)
{
    if (answer->is_token || answer->class != TK_CLASS_CREDENTIAL ||
        !tk_credential_refused(fleet, entry->source, answer->secret,
                               answer->code, now)) {
        return false;
    }
    entry->source->stats.failed++;
    if (entry->failure != NULL) entry->failure->next_try_at = 0;
    return true;
}

/* Who may be called again at some time is asked by no key before, forced or
 * not. What is wrong with one key alone holds no other. */
static void heed(struct tk_entry *entry, const struct tk_source *place,
                 const struct tk_answer *answer, int64_t now)
{
    int64_t wish = answer->retry_after_ms < TK_RETRY_AFTER_MAX_MS
                       ? answer->retry_after_ms
                       : TK_RETRY_AFTER_MAX_MS;
    struct tk_budget *budget = &entry->source->budget;

    if (answer->is_token || wish <= 0 ||
        strcmp(place->origin, entry->source->origin) != 0 ||
        (answer->class != TK_CLASS_RATE &&
         answer->class != TK_CLASS_TRANSIENT &&
         answer->class != TK_CLASS_CREDENTIAL)) {
        return;
    }
    if (budget->held_until <= now) {
        tk_log(TK_LOG_WARN, "issuer asks for patience, its calls are held",
               tk_text("source", place->name), tk_num("for_ms", wish));
    }
    tk_budget_hold(budget, now + wish);
}

void tk_refresh_land(struct tk_fleet *fleet, struct tk_entry *entry,
                     struct tk_source *place, const struct tk_answer *answer,
                     int64_t now)
{
    enum tk_refusal refusal;

    place->active--;
    entry->flight = NULL;
    tk_turn_ended(fleet, entry, place, answer->reach, now);
    heed(entry, place, answer, now);
    if (is_void(entry, place, answer)) {
        land_void(fleet, entry, now);
    } else if (has_new_credential(fleet, entry, answer, now)) {
        want_again(fleet, entry, now);
    } else {
        refusal = land(fleet, entry, answer, now);
        tk_fleet_show_state(fleet, entry, now);
        tk_wait_settle_soon(fleet, entry, refusal, now);
    }
    tk_refresh_drain(fleet, place, now);
}

/* --- what is due --- */

static bool is_forgettable(const struct tk_entry *entry)
{
    return !entry->is_kept && entry->wait_count == 0 && entry->flight == NULL &&
           !entry->is_queued;
}

/* What a policy renews for ever is dropped all the same when nobody has used it
 * for `forget`. Keys that only other refreshes use are left alone. */
static bool is_unused(const struct tk_entry *entry, int64_t now)
{
    return entry->last_use_at != 0 &&
           now - entry->last_use_at >= entry->source->forget_ms;
}

/* Returns false if the entry is gone. */
static bool review(struct tk_fleet *fleet, struct tk_entry *entry, int64_t now)
{
    bool is_abandoned = tk_turn_is_abandoned(entry, now);

    if (is_abandoned) {
        tk_fleet_remove(fleet, entry);
    } else {
        tk_fleet_set_due(fleet, entry, tk_turn_review_at(entry, now));
    }
    return !is_abandoned;
}

/* Returns false if the entry is gone. */
static bool act(struct tk_fleet *fleet, struct tk_entry *entry, int64_t now)
{
    bool has_token = tk_entry_has_token(entry, now);
    bool had_token = entry->life.expires_at != 0;

    if (entry->is_queued) return review(fleet, entry, now);
    if (is_forgettable(entry) &&
        (is_unused(entry, now) ||
         (!has_token && (!had_token || entry->plan.verb == TK_LAPSE)))) {
        tk_fleet_remove(fleet, entry);
        return false;
    }
    tk_fleet_set_due(fleet, entry, TK_NEVER);
    if (entry->plan.verb == TK_ASK && entry->failure == NULL) {
        tk_schedule_ask(fleet, entry, now);
    } else {
        tk_refresh_want(fleet, entry, TK_URGENCY_PLANNED, now);
    }
    return true;
}

void tk_refresh_run_due(struct tk_fleet *fleet, int64_t now)
{
    struct tk_source *source;
    struct tk_slice slice;
    uint32_t id = 0;

    tk_tick_run_due(fleet, now);
    slice = tk_slice_begin(fleet);
    while ((source = tk_fleet_take_turn(fleet, now)) != NULL) {
        tk_refresh_drain(fleet, source, now);
        if (tk_slice_is_over(&slice)) break;
    }
    slice = tk_slice_begin(fleet);
    do {
        id = tk_fleet_next_due(fleet, id, now);
        if (id == tk_fleet_count(fleet)) break;
        if (act(fleet, tk_fleet_at(fleet, id), now)) id++;
    } while (!tk_slice_is_over(&slice));
    tk_fleet_find_earliest(fleet);
}
