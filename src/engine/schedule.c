#include "engine/schedule.h"

#include "engine/habit.h"

/* Of an issuer that fails one call in twenty, all fail once in three million.
 */
enum { TRIES_AHEAD = 5 };

static int64_t span_since(int64_t moment, int64_t now)
{
    return moment == 0 ? -1 : now - moment;
}

void tk_schedule_view(const struct tk_fleet *fleet,
                      const struct tk_entry *entry, int64_t now,
                      struct tk_token_view *out)
{
    const struct tk_life *life = &entry->life;
    int64_t opens = tk_plan_opens(entry->kind, life);
    struct tk_key key = tk_entry_key(entry);
    struct tk_record record;

    tk_fleet_read(fleet, entry, &record);
    *out = (struct tk_token_view){
        .key = key.text,
        .source = key.source,
        .kind = key.kind,
        .subject = key.subject,
        .state = tk_state_name(tk_entry_state(entry, now)),
        .generation = (int64_t)record.generation,
        .age_ms = now - life->sent_at,
        .life_ms = life->expires_at - life->sent_at,
        .remaining_ms = life->expires_at > now ? life->expires_at - now : 0,
        .renewable_in_ms = opens > now ? opens - now : 0,
        .idle_ms = span_since(entry->last_use_at, now),
        .uses = (int64_t)entry->uses,
        .rate = entry->rate,
        .failures = entry->failure == NULL ? 0 : (int)entry->failure->count,
        .profile = entry->profile,
        .phase_s = tk_profile_phase(key.text),
        .local_s = tk_fleet_local_s(fleet, entry->source, now),
    };
}

int64_t tk_schedule_not_before(const struct tk_entry *entry)
{
    int64_t learned = tk_learned_not_before(
        tk_source_learned(entry->source, entry->kind), &entry->life);

    return entry->not_before > learned ? entry->not_before : learned;
}

/* A lapsed key is dropped when nobody has used it for `forget`. */
static int64_t forget_at(const struct tk_entry *entry, int64_t now)
{
    int64_t last = entry->last_use_at > entry->life.expires_at
                       ? entry->last_use_at
                       : entry->life.expires_at;

    if (entry->is_kept) return TK_NEVER;
    return (last > now ? last : now) + entry->source->forget_ms;
}

/* `keep` promises a token whether it is used or not, so a policy cannot let
 * such a key lapse: it is renewed when a quarter of its life is left. */
static void overrule_lapse(const struct tk_token_view *view,
                           struct tk_decision *decision, struct tk_plan *plan)
{
    plan->kept = true;
    decision->verb = TK_RENEW;
    decision->seconds = (double)(view->remaining_ms - view->life_ms / 4) / 1000;
}

static void set_plan(struct tk_fleet *fleet, struct tk_entry *entry,
                     const struct tk_decision *decision, int64_t now)
{
    struct tk_plan *plan = &entry->plan;
    struct tk_record record;
    int64_t asked = now + (int64_t)(decision->seconds * 1000);

    plan->verb = (uint8_t)decision->verb;
    plan->asked = asked;
    switch (decision->verb) {
    case TK_RENEW:
        if (!tk_entry_has_token(entry, now)) {
            tk_plan_revive(entry->kind, &entry->life, asked > now ? asked : now,
                           tk_schedule_not_before(entry), plan);
            break;
        }
        tk_fleet_read(fleet, entry, &record);
        tk_plan_renew(entry->kind, &entry->life, asked,
                      tk_schedule_not_before(entry),
                      tk_learned_latency(
                          tk_source_learned(entry->source, entry->kind), 99),
                      tk_fleet_dice(fleet, entry, record.generation), plan);
        break;
    case TK_ASK:
        plan->at = tk_policy_tick_at(entry->source->policy,
                                     asked > now ? asked : now + 1);
        break;
    case TK_LAPSE:
        plan->at = forget_at(entry, now);
        break;
    }
    tk_fleet_set_due(fleet, entry, plan->at);
}

/* --- what the policy hears --- */

static bool learns(const struct tk_entry *entry)
{
    return entry->life.expires_at != 0 &&
           tk_policy_learns(entry->source->policy);
}

static void tell(struct tk_fleet *fleet, struct tk_entry *entry,
                 const struct tk_token_view *view, enum tk_event event,
                 int64_t now)
{
    struct tk_policy *policy = entry->source->policy;
    int64_t since = tk_fleet_clock_us(fleet);

    tk_policy_learn(policy, view, event);
    tk_policy_took(policy, &policy->learn, view->key,
                   tk_fleet_clock_us(fleet) - since, now);
}

void tk_schedule_tell(struct tk_fleet *fleet, struct tk_entry *entry,
                      enum tk_event event, int64_t now)
{
    struct tk_token_view view;

    if (!learns(entry)) return;
    tk_schedule_view(fleet, entry, now, &view);
    tell(fleet, entry, &view, event, now);
}

/* Told as of its last second, so that the script's clock still shows that
 * day. */
void tk_schedule_end_day(struct tk_fleet *fleet, struct tk_entry *entry,
                         int64_t now)
{
    struct tk_token_view view;

    if (!tk_habit_is_over(fleet, entry, now)) return;
    if (learns(entry)) {
        tk_schedule_view(fleet, entry, now, &view);
        view.local_s = tk_profile_end(entry->profile) - 1;
        tell(fleet, entry, &view, TK_EVENT_DAY, now);
    }
    tk_habit_roll(fleet, entry, now);
}

/* --- demand --- */

/* As long as a token lives without a use, it may as well not be there. */
static int64_t idle_from(const struct tk_entry *entry)
{
    if (entry->last_use_at == 0) return 0;
    return entry->last_use_at + entry->life.expires_at - entry->life.sent_at;
}

static int64_t day_ends_at(const struct tk_fleet *fleet,
                           const struct tk_entry *entry, int64_t now)
{
    int64_t local_s;

    if (entry->profile == NULL || !learns(entry)) return TK_NEVER;
    local_s = tk_fleet_local_s(fleet, entry->source, now);
    return now + (tk_profile_end(entry->profile) - local_s) * 1000;
}

static void look_again(struct tk_fleet *fleet, const struct tk_entry *entry,
                       int64_t now)
{
    int64_t idle_at = entry->is_idle ? TK_NEVER : idle_from(entry);
    int64_t day_at = day_ends_at(fleet, entry, now);

    tk_fleet_set_look(fleet, entry, idle_at < day_at ? idle_at : day_at);
}

void tk_schedule_look(struct tk_fleet *fleet, struct tk_entry *entry,
                      int64_t now)
{
    bool is_idle = now >= idle_from(entry);

    tk_schedule_end_day(fleet, entry, now);
    if (is_idle != entry->is_idle) {
        entry->is_idle = is_idle;
        tk_schedule_ask_soon(fleet, entry, now);
    }
    look_again(fleet, entry, now);
}

/* --- what the policy is asked --- */

static void decide(struct tk_fleet *fleet, struct tk_entry *entry,
                   const struct tk_token_view *view,
                   struct tk_decision *decision, int64_t now)
{
    struct tk_policy *policy = entry->source->policy;
    int64_t since = tk_fleet_clock_us(fleet);
    bool fallback;

    tk_policy_decide(policy, view, decision, &fallback);
    entry->plan.fallback = fallback;
    tk_policy_took(policy, &policy->decide, view->key,
                   tk_fleet_clock_us(fleet) - since, now);
}

void tk_schedule_ask(struct tk_fleet *fleet, struct tk_entry *entry,
                     int64_t now)
{
    struct tk_token_view view;
    struct tk_decision decision;

    entry->plan = (struct tk_plan){0};
    tk_schedule_end_day(fleet, entry, now);
    tk_schedule_view(fleet, entry, now, &view);
    decide(fleet, entry, &view, &decision, now);
    entry->plan.why = tk_fleet_keep_word(fleet, decision.why);
    if (decision.verb == TK_LAPSE && entry->is_kept) {
        overrule_lapse(&view, &decision, &entry->plan);
    }
    set_plan(fleet, entry, &decision, now);
    entry->is_idle = now >= idle_from(entry);
    look_again(fleet, entry, now);
}

void tk_schedule_ask_soon(struct tk_fleet *fleet, struct tk_entry *entry,
                          int64_t now)
{
    if (entry->flight != NULL || entry->is_queued || entry->failure != NULL ||
        entry->life.expires_at == 0) {
        return;
    }
    entry->plan.verb = TK_ASK;
    entry->plan.at = now;
    tk_fleet_set_due(fleet, entry, now);
}

static bool was_ever_there(const struct tk_entry *entry)
{
    return entry->life.expires_at != 0;
}

/* A token that is fetched ahead of its use has its retries too. */
static bool may_retry_ahead(const struct tk_entry *entry)
{
    const struct tk_failure *failure = entry->failure;

    return failure != NULL && failure->count < TRIES_AHEAD &&
           !tk_class_is_hard(failure->class);
}

/* Nobody keeps it, nobody has used it for a whole life: it is left alone until
 * somebody asks. */
static bool is_abandoned(const struct tk_entry *entry, int64_t now)
{
    int64_t life_ms = entry->life.expires_at - entry->life.sent_at;

    if (entry->is_kept || tk_entry_has_token(entry, now)) return false;
    if (!was_ever_there(entry)) return true;
    return now - entry->last_use_at > life_ms && !may_retry_ahead(entry);
}

void tk_schedule_retry_at(struct tk_fleet *fleet, struct tk_entry *entry,
                          int64_t at, int64_t now)
{
    if (entry->failure != NULL) entry->failure->next_try_at = at;
    entry->plan.verb = TK_RENEW;
    if (is_abandoned(entry, now) && was_ever_there(entry)) {
        entry->plan.verb = TK_LAPSE;
        at = forget_at(entry, now);
    }
    entry->plan.at = at;
    tk_fleet_set_due(fleet, entry, at);
}

void tk_schedule_retry(struct tk_fleet *fleet, struct tk_entry *entry,
                       int64_t retry_after_ms, int64_t now)
{
    const struct tk_failure *failure = entry->failure;
    struct tk_retry retry = {
        .now = now,
        .expires_at = entry->life.expires_at,
        .life_ms = entry->life.expires_at - entry->life.sent_at,
        .retry_after_ms = retry_after_ms,
        .failures = failure == NULL ? 1 : failure->count,
        .is_hard = failure != NULL && tk_class_is_hard(failure->class),
    };

    retry.dice = tk_fleet_dice(fleet, entry, retry.failures);
    tk_schedule_retry_at(fleet, entry, tk_plan_retry(&retry), now);
}

void tk_schedule_sooner(struct tk_fleet *fleet, struct tk_entry *entry,
                        int64_t at)
{
    if (entry->plan.verb == TK_RENEW && tk_fleet_due(fleet, entry) <= at) {
        return;
    }
    entry->plan.verb = TK_RENEW;
    entry->plan.at = at;
    tk_fleet_set_due(fleet, entry, at);
}

void tk_schedule_used(struct tk_fleet *fleet, struct tk_entry *entry,
                      int64_t now)
{
    if (entry->is_idle) tk_fleet_set_look(fleet, entry, now);
    if (entry->plan.verb != TK_LAPSE || entry->flight != NULL ||
        entry->is_queued || !tk_entry_has_token(entry, now)) {
        return;
    }
    entry->plan.verb = TK_ASK;
    entry->plan.at = tk_policy_tick_at(entry->source->policy, now + 1);
    tk_fleet_set_due(fleet, entry, entry->plan.at);
}
