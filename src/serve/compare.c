#include "serve/compare.h"

#include "base/span.h"
#include "serve/policies.h"

#include <stdio.h>

/* What a cold caller is worth in calls: the costs that are told. */
static const int prices[] = {4, 10, 30};
enum { PRICES = sizeof prices / sizeof prices[0] };

static double per_10k(const struct tk_deeds *deeds)
{
    return deeds->uses == 0 ? 0
                            : (double)deeds->cold * 10000 / (double)deeds->uses;
}

/* Each call is one; a cold caller makes his own dearer. */
static uint64_t cost_of(const struct tk_deeds *deeds, int price)
{
    return deeds->calls + deeds->cold * (uint64_t)(price - 1);
}

static void put_deeds(struct tk_json *json, const char *name,
                      const struct tk_deeds *deeds)
{
    char text[24];

    tk_json_name(json, name);
    tk_json_open(json, '{');
    tk_json_put_count(json, "uses", deeds->uses);
    tk_json_put_count(json, "calls", deeds->calls);
    tk_json_put_count(json, "cold", deeds->cold);
    tk_json_name(json, "cold_per_10k");
    tk_json_num(json, per_10k(deeds));
    tk_json_name(json, "cost");
    tk_json_open(json, '{');
    for (int i = 0; i < PRICES; i++) {
        snprintf(text, sizeof text, "%d", prices[i]);
        tk_json_put_count(json, text, cost_of(deeds, prices[i]));
    }
    tk_json_close(json, '}');
    tk_json_close(json, '}');
}

static void say(const struct tk_shadow *shadow, const struct tk_comparison *c,
                int64_t now, struct tk_buf *out)
{
    const char *name = tk_shadow_policy(shadow)->name;
    const struct tk_source *source = tk_shadow_source(shadow);
    char span[TK_SPAN_TEXT];

    if (c->since == 0) {
        tk_buf_printf(out,
                      "%s is being compared with %s for %s: its keys are "
                      "being taken over",
                      name, source->policy->name, source->name);
        return;
    }
    tk_buf_printf(
        out,
        "in %s, for %llu uses of %s: %s made %llu calls and %llu "
        "callers were cold; %s would have made %llu calls, and %llu "
        "callers would have been cold (%.1f in 10,000 instead of "
        "%.1f)",
        tk_span_print(now - c->since, span), (unsigned long long)c->live.uses,
        source->name, source->policy->name, (unsigned long long)c->live.calls,
        (unsigned long long)c->live.cold, name,
        (unsigned long long)c->would.calls, (unsigned long long)c->would.cold,
        per_10k(&c->would), per_10k(&c->live));
}

void tk_compare_write(const struct tk_shadow *shadow, int64_t now,
                      struct tk_buf *out)
{
    struct tk_json json = {.out = out};
    struct tk_comparison c;
    struct tk_buf detail;

    tk_shadow_compare(shadow, &c);
    tk_buf_init(&detail, TK_DESK_ANSWER_MAX);
    say(shadow, &c, now, &detail);
    tk_json_open(&json, '{');
    tk_json_name(&json, "source");
    tk_json_text(&json, tk_str(tk_shadow_source(shadow)->name));
    tk_choice_write(&tk_shadow_policy(shadow)->choice, &json);
    tk_json_name(&json, "in_force");
    tk_json_text(&json, tk_str(tk_shadow_source(shadow)->policy->name));
    tk_json_name(&json, "seconds");
    tk_json_num(&json, c.since == 0 ? 0 : (double)(now - c.since) / 1000);
    tk_json_put_count(&json, "keys", c.keys);
    tk_json_put_count(&json, "left_out", c.left_out);
    put_deeds(&json, "live", &c.live);
    put_deeds(&json, "would", &c.would);
    tk_json_name(&json, "detail");
    tk_json_text(&json, tk_buf_str(&detail));
    tk_json_close(&json, '}');
    tk_buf_fini(&detail);
}

static void send(struct tk_desk *desk, struct tk_request *request,
                 const struct tk_shadow *shadow)
{
    struct tk_buf out;

    tk_buf_init(&out, TK_DESK_ANSWER_MAX);
    tk_compare_write(shadow, tk_engine_now(desk->engine), &out);
    tk_desk_send_json(request, 200, &out);
    tk_buf_fini(&out);
}

static struct tk_shadows *shadows_of(struct tk_desk *desk)
{
    return tk_chooser_shadows(tk_engine_chooser(desk->engine));
}

static void refuse_nothing(struct tk_request *request)
{
    struct tk_http_problem problem = {
        .status = 404,
        .code = "no_comparison",
        .detail = "no policy is being compared for this source"};

    tk_desk_refuse(request, &problem);
}

void tk_compare_answer(struct tk_desk *desk, struct tk_request *request,
                       struct tk_str name)
{
    struct tk_source *source = tk_policies_find(desk, request, name);
    const struct tk_shadow *shadow;

    if (source == NULL) return;
    shadow = tk_shadows_find(shadows_of(desk), source);
    if (shadow == NULL) {
        refuse_nothing(request);
    } else {
        send(desk, request, shadow);
    }
}

static void start(struct tk_desk *desk, struct tk_request *request,
                  struct tk_source *source, const struct tk_value *choice)
{
    struct tk_problems problems;
    struct tk_trial trial;

    tk_problems_init(&problems);
    if (tk_chooser_compare(tk_engine_chooser(desk->engine), source, choice,
                           &trial, &problems) != 0) {
        tk_policies_refuse(request, &problems);
    } else {
        send(desk, request, tk_shadows_find(shadows_of(desk), source));
    }
    tk_problems_fini(&problems);
}

void tk_compare_start(struct tk_desk *desk, struct tk_request *request,
                      struct tk_str name)
{
    struct tk_source *source = tk_policies_find(desk, request, name);
    struct tk_value choice;
    struct tk_pool pool;

    if (source == NULL) return;
    tk_pool_init(&pool, TK_POLICIES_BODY_MAX);
    if (tk_policies_read(request, &pool, &choice)) {
        start(desk, request, source, &choice);
    }
    tk_pool_fini(&pool);
}

void tk_compare_end(struct tk_desk *desk, struct tk_request *request,
                    struct tk_str name)
{
    struct tk_source *source = tk_policies_find(desk, request, name);
    struct tk_shadow *shadow;

    if (source == NULL) return;
    shadow = tk_shadows_find(shadows_of(desk), source);
    if (shadow == NULL) {
        refuse_nothing(request);
        return;
    }
    send(desk, request, shadow);
    (void)tk_shadows_end(shadows_of(desk), source);
}
