#include "serve/metrics.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* Sums over the keys of one source. */
struct totals {
    uint64_t states[TK_STATES];
    uint64_t waiting;
    int64_t least_left_ms; /* of its valid tokens; -1: it has none */
};

/* All that is needed while the text is written. */
struct writing {
    struct tk_buf *out;
    const struct tk_config *config;
    struct totals *totals; /* one for each source of the configuration */
};

static void put_head(struct tk_buf *out, const char *name, const char *type,
                     const char *help)
{
    tk_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Backslash, quote and line end are escaped in a label's value. */
static void put_label(struct tk_buf *out, const char *name, const char *value)
{
    tk_buf_printf(out, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') tk_buf_put_byte(out, '\\');
        if (*value == '\n') {
            tk_buf_put_text(out, "\\n");
        } else {
            tk_buf_put_byte(out, *value);
        }
    }
    tk_buf_put_byte(out, '"');
}

static void put_sample(struct tk_buf *out, const char *name, const char *label,
                       const char *value, const char *label2,
                       const char *value2, double number)
{
    tk_buf_put_text(out, name);
    if (label != NULL) {
        tk_buf_put_byte(out, '{');
        put_label(out, label, value);
        if (label2 != NULL) {
            tk_buf_put_byte(out, ',');
            put_label(out, label2, value2);
        }
        tk_buf_put_byte(out, '}');
    }
    tk_buf_printf(out, " %.15g\n", number);
}

/* One number of every source. */
struct counter {
    const char *name;
    const char *type;
    const char *help;
    const char *label; /* a second label, or NULL */
    struct {
        const char *value;
        size_t offset; /* in struct tk_source_stats */
    } of[4];
};

#define AT(field) offsetof(struct tk_source_stats, field)

static const struct counter counters[] = {
    {"tokeng_hits_total",
     "counter",
     "Calls that were answered from the cache.",
     NULL,
     {{"", AT(hits)}}},
    {"tokeng_cold_total",
     "counter",
     "Calls that had to wait for the issuer.",
     NULL,
     {{"", AT(cold)}}},
    {"tokeng_cold_failed_total",
     "counter",
     "Calls that got no token.",
     NULL,
     {{"", AT(cold_failed)}}},
    {"tokeng_refreshes_total",
     "counter",
     "Refreshes by what they gave.",
     "result",
     {{"renewed", AT(renewed)},
      {"extended", AT(extended)},
      {"unchanged", AT(unchanged)},
      {"failed", AT(failed)}}},
    {"tokeng_rejects_total",
     "counter",
     "Reports of refused tokens, by whether the token was current.",
     "result",
     {{"current", AT(rejected)}, {"late", AT(late_rejects)}}},
    {"tokeng_withdrawn_total",
     "counter",
     "Tokens withdrawn because their source was changed or taken out.",
     NULL,
     {{"", AT(withdrawn)}}},
};

static void put_counter(struct writing *w, const struct counter *counter)
{
    put_head(w->out, counter->name, counter->type, counter->help);
    for (size_t i = 0; i < w->config->source_count; i++) {
        const struct tk_source *source = w->config->sources[i];
        const char *stats = (const char *)&source->stats;

        for (size_t j = 0; j < 4 && counter->of[j].value != NULL; j++) {
            uint64_t number;

            memcpy(&number, stats + counter->of[j].offset, sizeof number);
            put_sample(w->out, counter->name, "source", source->name,
                       counter->label, counter->of[j].value, (double)number);
        }
    }
}

static size_t place_of(const struct tk_config *config,
                       const struct tk_source *source)
{
    size_t place = 0;

    while (place < config->source_count && config->sources[place] != source) {
        place++;
    }
    return place;
}

static void add_entry(struct totals *totals, const struct tk_entry *entry,
                      int64_t now)
{
    int64_t left = entry->life.expires_at - now;

    totals->states[tk_entry_state(entry, now)]++;
    totals->waiting += entry->wait_count;
    if (!tk_entry_has_token(entry, now)) return;
    if (totals->least_left_ms < 0 || left < totals->least_left_ms) {
        totals->least_left_ms = left;
    }
}

/* Keys of one source mostly follow each other, so its place is looked up when
 * the source changes and not for every key. */
static void add_up(struct writing *w, const struct tk_fleet *fleet, int64_t now)
{
    const struct tk_source *source = NULL;
    size_t place = 0;

    for (size_t i = 0; i < w->config->source_count; i++) {
        w->totals[i].least_left_ms = -1;
    }
    for (uint32_t i = 0; i < tk_fleet_count(fleet); i++) {
        const struct tk_entry *entry = tk_fleet_at(fleet, i);

        if (entry->source != source) {
            source = entry->source;
            place = place_of(w->config, source);
        }
        if (place < w->config->source_count) {
            add_entry(&w->totals[place], entry, now);
        }
    }
}

static void put_tokens(struct writing *w)
{
    put_head(w->out, "tokeng_tokens", "gauge", "Keys by state.");
    for (size_t i = 0; i < w->config->source_count; i++) {
        for (int state = 0; state < TK_STATES; state++) {
            put_sample(w->out, "tokeng_tokens", "source",
                       w->config->sources[i]->name, "state",
                       tk_state_name((enum tk_state)state),
                       (double)w->totals[i].states[state]);
        }
    }
}

static double gauge_of(const struct writing *w, size_t i, int which)
{
    switch (which) {
    case 0:
        return w->config->sources[i]->active;
    case 1:
        return w->config->sources[i]->queue.count;
    case 2:
        return (double)w->totals[i].waiting;
    case 3:
        return w->config->sources[i]->is_paused;
    default:
        return (double)w->totals[i].least_left_ms / 1000;
    }
}

static void put_gauges(struct writing *w)
{
    static const char *const gauges[][2] = {
        {"tokeng_refreshes_active", "Refreshes on their way."},
        {"tokeng_refreshes_queued", "Refreshes that wait for a place."},
        {"tokeng_callers_waiting", "Callers that wait for a token."},
        {"tokeng_source_paused", "1 while the source is paused."},
        {"tokeng_token_expiry_seconds",
         "Life left of the token that ends first."},
    };

    for (int which = 0; which < 5; which++) {
        put_head(w->out, gauges[which][0], "gauge", gauges[which][1]);
        for (size_t i = 0; i < w->config->source_count; i++) {
            if (which == 4 && w->totals[i].least_left_ms < 0) continue;
            put_sample(w->out, gauges[which][0], "source",
                       w->config->sources[i]->name, NULL, NULL,
                       gauge_of(w, i, which));
        }
    }
}

/* Several sources may have policies of one name: they are told apart by the
 * number of their place. */
static void put_policy(struct writing *w, const char *name, const char *type,
                       const char *help, double (*of)(const struct tk_policy *))
{
    put_head(w->out, name, type, help);
    for (size_t i = 0; i < w->config->policy_count; i++) {
        char place[24];

        snprintf(place, sizeof place, "%zu", i);
        put_sample(w->out, name, "policy", w->config->policies[i]->name,
                   "place", place, of(w->config->policies[i]));
    }
}

static double calls_of(const struct tk_policy *policy)
{
    return (double)policy->calls;
}

static double failures_of(const struct tk_policy *policy)
{
    return (double)policy->failures;
}

static double is_out(const struct tk_policy *policy)
{
    return policy->is_out;
}

static void put_policies(struct writing *w)
{
    put_policy(w, "tokeng_policy_calls_total", "counter",
               "Calls of the policy.", calls_of);
    put_policy(w, "tokeng_policy_failures_total", "counter",
               "Calls that the built-in rule had to answer.", failures_of);
    put_policy(w, "tokeng_policy_out", "gauge",
               "1 if the policy failed too often and is not asked any more.",
               is_out);
}

static void put_host(struct tk_buf *out, const struct tk_metrics_host *host)
{
    put_head(out, "tokeng_build_info", "gauge", "The version that runs.");
    put_sample(out, "tokeng_build_info", "version", TOKENG_VERSION, NULL, NULL,
               1);
    put_head(out, "tokeng_uptime_seconds", "gauge", "Time since the start.");
    put_sample(out, "tokeng_uptime_seconds", NULL, NULL, NULL, NULL,
               (double)host->uptime_ms / 1000);
    put_head(out, "tokeng_loop_longest_turn_seconds", "gauge",
             "Longest time one turn held the loop since the last scrape.");
    put_sample(out, "tokeng_loop_longest_turn_seconds", NULL, NULL, NULL, NULL,
               (double)host->longest_turn_us / 1e6);
    put_head(out, "tokeng_connections", "gauge", "Open client connections.");
    put_sample(out, "tokeng_connections", NULL, NULL, NULL, NULL,
               host->connections);
}

void tk_metrics_write(const struct tk_fleet *fleet,
                      const struct tk_config *config,
                      const struct tk_metrics_host *host, int64_t now,
                      struct tk_buf *out)
{
    struct writing w = {.out = out, .config = config};

    w.totals = calloc(config->source_count + 1, sizeof *w.totals);
    if (w.totals == NULL) {
        tk_buf_clear(out);
        out->failed = TK_ENOMEM;
        return;
    }
    add_up(&w, fleet, now);
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        put_counter(&w, &counters[i]);
    }
    put_tokens(&w);
    put_gauges(&w);
    put_policies(&w);
    put_host(out, host);
    free(w.totals);
}

void tk_metrics_answer(struct tk_desk *desk, struct tk_request *request)
{
    struct tk_metrics_host host = {
        .uptime_ms = tk_engine_uptime_ms(desk->engine),
        .longest_turn_us = tk_loop_take_longest_turn_us(desk->loop),
        .connections = desk->connections,
    };
    struct tk_buf out;

    tk_buf_init(&out, TK_DESK_ANSWER_MAX);
    tk_metrics_write(tk_engine_fleet(desk->engine),
                     tk_engine_config(desk->engine), &host,
                     tk_engine_now(desk->engine), &out);
    tk_desk_send(request, 200, "text/plain; version=0.0.4; charset=utf-8",
                 &out);
    tk_buf_fini(&out);
}
