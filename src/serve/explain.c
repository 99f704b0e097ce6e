#include "serve/explain.h"

#include "base/date.h"
#include "serve/next.h"

enum { EXPLAIN_MAX_BYTES = 64 * 1024, FACTS_TEXT = 128 };

static void put_text(struct tk_json *json, const char *name, const char *text)
{
    tk_json_name(json, name);
    if (text == NULL) {
        tk_json_null(json);
    } else {
        tk_json_text(json, tk_str(text));
    }
}

static void put_count(struct tk_json *json, const char *name, uint64_t count)
{
    tk_json_name(json, name);
    tk_json_int(json, (int64_t)count);
}

static void put_flag(struct tk_json *json, const char *name, bool flag)
{
    tk_json_name(json, name);
    tk_json_bool(json, flag);
}

/* A span that may lie in the past; null would say that there is none. */
static void put_signed_span(struct tk_json *json, const char *name,
                            int64_t span_ms)
{
    tk_json_name(json, name);
    tk_json_num(json, (double)span_ms / 1000);
}

static void put_token(struct tk_json *json, const struct tk_entry *entry,
                      int64_t now, int64_t wall_ms)
{
    const struct tk_life *life = &entry->life;
    char date[TK_DATE_TEXT];

    tk_json_name(json, "token");
    if (!tk_entry_has_token(entry, now)) {
        tk_json_null(json);
        return;
    }
    tk_json_open(json, '{');
    tk_next_write_span(json, "age", now - life->sent_at);
    tk_next_write_span(json, "life", life->expires_at - life->sent_at);
    tk_next_write_span(json, "remaining", life->expires_at - now);
    put_text(json, "expires_at",
             tk_date_print(wall_ms + life->expires_at - now, date));
    tk_json_close(json, '}');
}

static void put_issuer(struct tk_json *json, const struct tk_entry *entry,
                       int64_t now)
{
    int64_t opens = tk_plan_opens(entry->kind, &entry->life) - now;
    int64_t learned = entry->not_before == 0 ? -1 : entry->not_before - now;
    bool has_token = tk_entry_has_token(entry, now);
    char facts[FACTS_TEXT];

    tk_json_name(json, "issuer");
    tk_json_open(json, '{');
    put_text(json, "facts", tk_kind_describe(entry->kind, facts, sizeof facts));
    tk_next_write_span(json, "renewable_in",
                       !has_token  ? -1
                       : opens > 0 ? opens
                                   : 0);
    tk_json_name(json, "learned");
    tk_json_open(json, '{');
    tk_next_write_span(json, "not_before_in", learned);
    tk_json_close(json, '}');
    tk_json_close(json, '}');
}

static const char *verb_name(uint8_t verb)
{
    static const char *const names[] = {"renew", "ask", "lapse"};

    return names[verb];
}

static void put_policy(struct tk_json *json, const struct tk_fleet *fleet,
                       const struct tk_entry *entry, int64_t now)
{
    const struct tk_policy *policy = entry->source->policy;
    const struct tk_plan *plan = &entry->plan;
    bool was_asked = entry->life.expires_at != 0;

    tk_json_name(json, "policy");
    tk_json_open(json, '{');
    put_text(json, "name", policy->name);
    tk_next_write_span(json, "check_interval", policy->check_interval_ms);
    put_text(json, "verb", was_asked ? verb_name(plan->verb) : NULL);
    if (was_asked) {
        put_signed_span(json, "asked_in", plan->asked - now);
    } else {
        put_text(json, "asked_in", NULL);
    }
    put_text(json, "why", was_asked ? tk_fleet_word(fleet, plan->why) : NULL);
    put_flag(json, "fallback", plan->fallback);
    put_flag(json, "kept", plan->kept);
    tk_json_close(json, '}');
}

static void put_refresh(struct tk_json *json, const struct tk_entry *entry)
{
    tk_json_name(json, "refresh");
    tk_json_open(json, '{');
    put_flag(json, "running", entry->flight != NULL);
    put_flag(json, "queued", entry->is_queued);
    put_count(json, "active", entry->source->active);
    put_count(json, "max_concurrent", entry->source->max_concurrent);
    tk_json_close(json, '}');
}

static void put_failure(struct tk_json *json, const struct tk_failure *failure,
                        int64_t now)
{
    tk_json_name(json, "failure");
    if (failure == NULL) {
        tk_json_null(json);
        return;
    }
    tk_json_open(json, '{');
    put_text(json, "class", tk_class_name(failure->class));
    put_text(json, "code", failure->code);
    put_count(json, "count", failure->count);
    tk_next_write_span(json, "ago", now - failure->at);
    tk_next_write_span(json, "next_try_in",
                       failure->next_try_at > now ? failure->next_try_at - now
                                                  : 0);
    tk_json_close(json, '}');
}

static void put_demand(struct tk_json *json, const struct tk_entry *entry,
                       int64_t now)
{
    tk_json_name(json, "demand");
    tk_json_open(json, '{');
    put_count(json, "uses", entry->uses);
    tk_next_write_span(json, "idle",
                       entry->last_use_at == 0 ? -1 : now - entry->last_use_at);
    tk_json_name(json, "rate");
    tk_json_num(json, entry->rate);
    tk_json_close(json, '}');
}

static void put_rest(struct tk_json *json, const struct tk_entry *entry)
{
    tk_json_name(json, "source");
    tk_json_open(json, '{');
    put_text(json, "name", entry->source->name);
    put_text(json, "provider", entry->source->provider);
    put_flag(json, "paused", entry->source->is_paused);
    tk_json_close(json, '}');
    tk_json_name(json, "reject");
    tk_json_open(json, '{');
    put_count(json, "rejected", entry->rejected);
    put_flag(json, "poisoned", entry->is_poisoned);
    tk_json_close(json, '}');
}

static void put_plan(struct tk_json *json, const struct tk_fleet *fleet,
                     const struct tk_entry *entry, int64_t now)
{
    struct tk_next next = tk_next_of(fleet, entry, now);
    bool is_renew = entry->plan.verb == TK_RENEW && entry->failure == NULL;

    put_text(json, "clamp",
             is_renew ? tk_clamp_name((enum tk_clamp)entry->plan.clamp) : NULL);
    tk_next_write_span(json, "spread", is_renew ? entry->plan.spread_ms : 0);
    tk_json_name(json, "next");
    tk_next_write(&next, json);
}

void tk_explain_write(const struct tk_fleet *fleet,
                      const struct tk_entry *entry, int64_t now,
                      int64_t wall_ms, struct tk_buf *out)
{
    struct tk_json json = {.out = out};
    struct tk_record record;
    char date[TK_DATE_TEXT];

    tk_fleet_read(fleet, entry, &record);
    tk_json_open(&json, '{');
    tk_json_name(&json, "key");
    tk_json_text(&json, entry->key.text);
    put_text(&json, "state", tk_state_name(tk_entry_state(entry, now)));
    put_count(&json, "generation", record.generation);
    put_text(&json, "now", tk_date_print(wall_ms, date));
    put_token(&json, entry, now, wall_ms);
    put_issuer(&json, entry, now);
    put_policy(&json, fleet, entry, now);
    put_plan(&json, fleet, entry, now);
    put_refresh(&json, entry);
    put_failure(&json, entry->failure, now);
    put_demand(&json, entry, now);
    put_rest(&json, entry);
    tk_json_close(&json, '}');
}

void tk_explain_answer(struct tk_desk *desk, struct tk_request *request,
                       struct tk_str key)
{
    struct tk_entry *entry = tk_desk_find(desk, request, key);
    struct tk_buf out;

    if (entry == NULL) return;
    tk_buf_init(&out, EXPLAIN_MAX_BYTES);
    tk_explain_write(tk_engine_fleet(desk->engine), entry,
                     tk_engine_now(desk->engine), tk_clock_wall_ms(), &out);
    tk_desk_send_json(request, 200, &out);
    tk_buf_fini(&out);
}
