#include "serve/explain.h"

#include "base/date.h"
#include "engine/feasibility.h"
#include "engine/turn.h"
#include "net/json.h"
#include "serve/next.h"

/* What every part of the explanation is made from. */
struct subject {
    const struct tk_fleet *fleet;
    const struct tk_entry *entry;
    int64_t now;
    int64_t wall_ms;
};

/* Unlike other spans this one may lie in the past. */
static void put_moment(struct tk_json *json, const char *name, int64_t in_ms)
{
    tk_json_name(json, name);
    tk_json_num(json, (double)in_ms / 1000);
}

static void put_token(struct tk_json *json, const struct subject *s)
{
    const struct tk_life *life = &s->entry->life;
    char date[TK_DATE_TEXT];

    if (!tk_entry_has_token(s->entry, s->now)) {
        tk_json_put_null(json, "token");
        return;
    }
    tk_json_name(json, "token");
    tk_json_open(json, '{');
    put_moment(json, "age", s->now - life->sent_at);
    put_moment(json, "life", life->expires_at - life->sent_at);
    put_moment(json, "remaining", life->expires_at - s->now);
    tk_json_put_text(
        json, "expires_at",
        tk_date_print(s->wall_ms + life->expires_at - s->now, date));
    tk_json_close(json, '}');
}

/* A length of time that is 0 where nothing was learned. */
static void put_lesson(struct tk_json *json, const char *name, int64_t ms)
{
    if (ms == 0) {
        tk_json_put_null(json, name);
    } else {
        put_moment(json, name, ms);
    }
}

static void put_learned(struct tk_json *json, const struct subject *s)
{
    const struct tk_entry *entry = s->entry;
    const struct tk_learned *learned =
        tk_source_learned(entry->source, entry->kind);
    int64_t not_before = tk_schedule_not_before(entry);

    tk_json_name(json, "learned");
    tk_json_open(json, '{');
    put_lesson(json, "not_before_in",
               not_before == 0 ? 0 : not_before - s->now);
    put_lesson(json, "latency_p50", tk_learned_latency(learned, 50));
    put_lesson(json, "latency_p99", tk_learned_latency(learned, 99));
    put_lesson(json, "life", learned->life_ms);
    put_lesson(json, "shortest_life", learned->shortest_ms);
    tk_json_put_count(json, "early_ends", learned->early_ends);
    put_lesson(json, "same_token_at", learned->same_left_ms);
    put_lesson(json, "new_token_at", learned->new_left_ms);
    tk_json_close(json, '}');
}

static void put_issuer(struct tk_json *json, const struct subject *s)
{
    const struct tk_entry *entry = s->entry;
    int64_t opens = tk_plan_opens(entry->kind, &entry->life) - s->now;
    char facts[TK_KIND_TEXT];

    tk_json_name(json, "issuer");
    tk_json_open(json, '{');
    tk_json_put_text(json, "facts", tk_kind_describe(entry->kind, facts));
    if (entry->life.expires_at == 0) {
        tk_json_put_null(json, "renewable_in");
    } else {
        put_moment(json, "renewable_in", opens > 0 ? opens : 0);
    }
    put_learned(json, s);
    tk_json_close(json, '}');
}

static const char *name_of(uint8_t verb)
{
    static const char *const names[] = {
        [TK_RENEW] = "renew", [TK_ASK] = "ask", [TK_LAPSE] = "lapse"};

    return names[verb];
}

/* A policy is asked about tokens: before the first there is no answer of it. */
static void put_decision(struct tk_json *json, const struct subject *s)
{
    const struct tk_plan *plan = &s->entry->plan;

    if (s->entry->life.expires_at == 0) {
        tk_json_put_null(json, "verb");
        tk_json_put_null(json, "asked_in");
        tk_json_put_null(json, "why");
        return;
    }
    tk_json_put_text(json, "verb", name_of(plan->verb));
    if (plan->verb == TK_LAPSE) {
        tk_json_put_null(json, "asked_in");
    } else {
        put_moment(json, "asked_in", plan->asked - s->now);
    }
    tk_json_put_text(json, "why", tk_fleet_word(s->fleet, plan->why));
}

static void put_policy(struct tk_json *json, const struct subject *s)
{
    const struct tk_policy *policy = s->entry->source->policy;

    tk_json_name(json, "policy");
    tk_json_open(json, '{');
    tk_json_put_text(json, "name", policy->name);
    tk_json_put_text(json, "chosen",
                     s->entry->source->post.is_chosen ? "api"
                                                      : "configuration");
    put_moment(json, "check_interval", policy->check_interval_ms);
    put_moment(json, "tick_in", tk_policy_tick_at(policy, s->now + 1) - s->now);
    put_decision(json, s);
    tk_json_put_bool(json, "fallback", s->entry->plan.fallback);
    tk_json_put_bool(json, "kept", s->entry->plan.kept);
    tk_json_close(json, '}');
}

static void put_plan(struct tk_json *json, const struct subject *s)
{
    const struct tk_plan *plan = &s->entry->plan;
    struct tk_next next = tk_next_of(s->fleet, s->entry, s->now);
    const char *clamp = tk_clamp_name((enum tk_clamp)plan->clamp);

    if (clamp == NULL) {
        tk_json_put_null(json, "clamp");
    } else {
        tk_json_put_text(json, "clamp", clamp);
    }
    put_moment(json, "spread", plan->spread_ms);
    tk_json_name(json, "next");
    tk_next_write(&next, json);
}

/* Calls that are left in each window that has a limit. */
static void put_budget(struct tk_json *json, const struct subject *s)
{
    struct tk_budget *budget = &s->entry->source->budget;

    tk_json_name(json, "budget");
    tk_json_open(json, '{');
    for (int i = 0; i < TK_WINDOWS; i++) {
        uint32_t left = tk_budget_left(budget, (enum tk_window_name)i, s->now);

        if (budget->windows[i].limit == 0) continue;
        tk_json_put_count(json, tk_window_text((enum tk_window_name)i), left);
    }
    tk_json_close(json, '}');
}

static void put_refresh(struct tk_json *json, const struct subject *s)
{
    const struct tk_source *source = s->entry->source;

    tk_json_name(json, "refresh");
    tk_json_open(json, '{');
    tk_json_put_bool(json, "running", s->entry->flight != NULL);
    tk_json_put_bool(json, "queued", s->entry->is_queued);
    tk_json_put_count(json, "active", source->active);
    tk_json_put_count(json, "max_concurrent", source->max_concurrent);
    if (s->entry->is_queued) {
        /* The turn is set while nothing but the budget is in the way. */
        put_moment(json, "budget_wait",
                   source->turn_at > s->now ? source->turn_at - s->now : 0);
        tk_json_put_count(json, "ahead", tk_turn_count_before(s->entry));
    }
    put_budget(json, s);
    tk_json_close(json, '}');
}

static void put_failure(struct tk_json *json, const struct subject *s)
{
    const struct tk_failure *failure = s->entry->failure;
    int64_t next;

    if (failure == NULL) {
        tk_json_put_null(json, "failure");
        return;
    }
    next = failure->next_try_at - s->now;
    tk_json_name(json, "failure");
    tk_json_open(json, '{');
    tk_json_put_text(json, "class", tk_class_name(failure->class));
    tk_json_put_text(json, "code", failure->code);
    if (failure->detail[0] != '\0')
        tk_json_put_text(json, "detail", failure->detail);
    tk_json_put_count(json, "count", failure->count);
    put_moment(json, "ago", s->now - failure->at);
    put_moment(json, "next_try_in", next > 0 ? next : 0);
    tk_json_close(json, '}');
}

static void put_demand(struct tk_json *json, const struct subject *s)
{
    const struct tk_entry *entry = s->entry;

    tk_json_name(json, "demand");
    tk_json_open(json, '{');
    tk_json_put_count(json, "uses", entry->uses);
    tk_next_write_span(json, "idle",
                       entry->last_use_at == 0 ? -1
                                               : s->now - entry->last_use_at);
    tk_json_name(json, "rate");
    tk_json_num(json, entry->rate);
    tk_json_close(json, '}');
}

/* How the server that the source calls is doing, as all its sources know. */
static void put_down(struct tk_json *json, const struct subject *s)
{
    const struct tk_issuer *issuer = s->entry->source->issuer;
    const struct tk_breaker *breaker;

    if (issuer == NULL) return;
    breaker = &issuer->breaker;
    tk_json_put_text(json, "origin", issuer->origin);
    tk_json_put_bool(json, "down", breaker->is_open);
    tk_json_put_count(json, "unanswered_in_a_row", breaker->failures);
    if (!breaker->is_open) return;
    tk_json_put_bool(json, "probing", breaker->probe != NULL);
    if (breaker->probe != NULL) return;
    put_moment(json, "next_probe_in",
               breaker->probe_at > s->now ? breaker->probe_at - s->now : 0);
}

static void put_credential(struct tk_json *json, const struct subject *s)
{
    const struct tk_secrets *secrets = &s->entry->source->secrets;

    tk_json_name(json, "credential");
    tk_json_open(json, '{');
    if (tk_secrets_have_next(secrets)) {
        tk_json_put_text(json, "in_use",
                         secrets->uses_next ? "next" : "current");
    }
    tk_json_put_bool(json, "refused", secrets->refused_at != 0);
    if (secrets->refused_at != 0) {
        tk_json_put_text(json, "code", secrets->code);
        put_moment(json, "ago", s->now - secrets->refused_at);
        put_moment(json, "next_try_in", secrets->probe_at - s->now);
    }
    tk_json_close(json, '}');
}

static void put_source(struct tk_json *json, const struct subject *s)
{
    const struct tk_source *source = s->entry->source;

    tk_json_name(json, "source");
    tk_json_open(json, '{');
    tk_json_put_text(json, "name", source->name);
    tk_json_put_text(json, "provider", source->provider);
    tk_json_put_bool(json, "paused", source->is_paused);
    put_down(json, s);
    if (source->budget.held_until > s->now) {
        put_moment(json, "held_for", source->budget.held_until - s->now);
    }
    put_credential(json, s);
    tk_json_close(json, '}');
}

static void put_strains(struct tk_json *json, const struct subject *s)
{
    struct tk_strains strains;

    tk_feasibility_of(s->entry->source, &strains);
    tk_json_name(json, "warnings");
    tk_json_open(json, '[');
    for (int i = 0; i < TK_STRAINS; i++) {
        if (strains.texts[i][0] == '\0') continue;
        tk_json_text(json, tk_str(strains.texts[i]));
    }
    tk_json_close(json, ']');
}

static void put_reject(struct tk_json *json, const struct subject *s)
{
    tk_json_name(json, "reject");
    tk_json_open(json, '{');
    tk_json_put_count(json, "rejected", s->entry->rejected);
    tk_json_put_bool(json, "poisoned", s->entry->is_poisoned);
    tk_json_put_count(json, "young_in_a_row", s->entry->strikes);
    tk_json_close(json, '}');
}

/* What the policy that is compared with the one in force would do. */
static void put_shadow(struct tk_json *json, const struct subject *s,
                       const struct tk_shadow *shadow)
{
    const struct tk_entry *entry =
        shadow == NULL ? NULL : tk_shadow_find(shadow, tk_entry_text(s->entry));
    struct subject other = *s;

    if (entry == NULL) {
        tk_json_put_null(json, "shadow");
        return;
    }
    other.fleet = tk_shadow_fleet(shadow);
    other.entry = entry;
    tk_json_name(json, "shadow");
    tk_json_open(json, '{');
    tk_json_put_text(json, "policy", tk_shadow_policy(shadow)->name);
    put_decision(json, &other);
    put_plan(json, &other);
    tk_json_close(json, '}');
}

void tk_explain_write(const struct tk_fleet *fleet,
                      const struct tk_entry *entry,
                      const struct tk_shadow *shadow, int64_t now,
                      int64_t wall_ms, struct tk_buf *out)
{
    struct subject subject = {fleet, entry, now, wall_ms};
    struct tk_json json = {.out = out};
    struct tk_record record;
    char date[TK_DATE_TEXT];

    tk_fleet_read(fleet, entry, &record);
    tk_json_open(&json, '{');
    tk_json_name(&json, "key");
    tk_json_text(&json, tk_entry_text(entry));
    tk_json_put_text(&json, "state", tk_state_name(tk_entry_state(entry, now)));
    tk_json_put_count(&json, "generation", record.generation);
    tk_json_put_text(&json, "now", tk_date_print(wall_ms, date));
    put_token(&json, &subject);
    put_issuer(&json, &subject);
    put_policy(&json, &subject);
    put_plan(&json, &subject);
    put_shadow(&json, &subject, shadow);
    put_refresh(&json, &subject);
    put_failure(&json, &subject);
    put_demand(&json, &subject);
    put_source(&json, &subject);
    put_reject(&json, &subject);
    put_strains(&json, &subject);
    tk_json_close(&json, '}');
}

void tk_explain_answer(struct tk_desk *desk, struct tk_request *request,
                       struct tk_str key)
{
    struct tk_entry *entry = tk_desk_find(desk, request, key);
    struct tk_buf out;

    if (entry == NULL) return;
    tk_buf_init(&out, TK_DESK_ANSWER_MAX);
    tk_explain_write(
        tk_engine_fleet(desk->engine), entry,
        tk_shadows_find(tk_chooser_shadows(tk_engine_chooser(desk->engine)),
                        entry->source),
        tk_engine_now(desk->engine), tk_clock_wall_ms(), &out);
    tk_desk_send_json(request, 200, &out);
    tk_buf_fini(&out);
}
