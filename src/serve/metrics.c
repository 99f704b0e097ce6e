#include "serve/metrics.h"

#include "engine/feasibility.h"
#include "engine/turn.h"
#include "serve/metrics_policies.h"
#include "serve/prom.h"

/* --- counters of sources --- */

/* One sample for every source. A family may have several; then they stand
 * together, and only the first has a help text. */
struct counter {
    const char *family;
    const char *help;
    const char *result; /* the label of that name; NULL: none */
    size_t offset;      /* in struct tk_source_stats */
};

#define COUNTER(family, help, result, member)                                  \
    {                                                                          \
        family, help, result, offsetof(struct tk_source_stats, member)         \
    }

static const struct counter counters[] = {
    COUNTER("tokeng_hits_total", "Callers answered from the cache.", NULL,
            hits),
    COUNTER("tokeng_cold_total", "Callers who had to wait for the issuer.",
            NULL, cold),
    COUNTER("tokeng_cold_failed_total", "Cold callers who got no token.", NULL,
            cold_failed),
    COUNTER("tokeng_refreshes_total", "Refreshes by what came of them.",
            "renewed", renewed),
    COUNTER("tokeng_refreshes_total", NULL, "extended", extended),
    COUNTER("tokeng_refreshes_total", NULL, "early", early),
    COUNTER("tokeng_refreshes_total", NULL, "unchanged", unchanged),
    COUNTER("tokeng_refreshes_total", NULL, "failed", failed),
    COUNTER("tokeng_rejects_total",
            "Reports of tokens that the issuer did not accept.", "current",
            rejected),
    COUNTER("tokeng_rejects_total", NULL, "late", late_rejects),
    COUNTER("tokeng_rejects_total", NULL, "held", held_rejects),
    COUNTER("tokeng_rejects_total", NULL, "unknown", false_rejects),
    COUNTER("tokeng_late_answers_total",
            "Answers of issuers that something had overtaken.", NULL,
            late_answers),
    COUNTER("tokeng_withdrawn_total",
            "Tokens withdrawn because their source changed.", NULL, withdrawn),
};
enum { COUNTERS = sizeof counters / sizeof counters[0] };

static uint64_t read_counter(const struct tk_source *source, size_t offset)
{
    uint64_t value;

    memcpy(&value, (const char *)&source->stats + offset, sizeof value);
    return value;
}

static void put_counters(const struct tk_config *config, struct tk_buf *out)
{
    for (int i = 0; i < COUNTERS; i++) {
        const struct counter *counter = &counters[i];

        if (counter->help != NULL) {
            tk_prom_head(out, counter->family, "counter", counter->help);
        }
        for (size_t s = 0; s < config->source_count; s++) {
            const struct tk_source *source = config->sources[s];
            struct tk_prom_label labels[] = {
                {"source", source->name},
                {counter->result == NULL ? NULL : "result", counter->result},
                {NULL, NULL},
            };

            tk_prom_count(out, counter->family, labels,
                          read_counter(source, counter->offset));
        }
    }
}

/* --- what sources are doing --- */

static uint64_t is_paused(const struct tk_source *source)
{
    return source->is_paused;
}

static uint64_t is_down(const struct tk_source *source)
{
    return source->issuer != NULL && source->issuer->breaker.is_open;
}

static uint64_t count_outages(const struct tk_source *source)
{
    return source->issuer == NULL ? 0 : source->issuer->breaker.outages;
}

static uint64_t is_refused(const struct tk_source *source)
{
    return source->secrets.refused_at != 0;
}

static uint64_t uses_next_secret(const struct tk_source *source)
{
    return source->secrets.uses_next;
}

static uint64_t count_active(const struct tk_source *source)
{
    return source->active;
}

static uint64_t count_queued(const struct tk_source *source)
{
    return tk_turn_count(source);
}

static void put_sources(const struct tk_config *config, const char *family,
                        const char *type, const char *help,
                        uint64_t (*read)(const struct tk_source *source),
                        struct tk_buf *out)
{
    tk_prom_head(out, family, type, help);
    for (size_t i = 0; i < config->source_count; i++) {
        struct tk_prom_label labels[] = {{"source", config->sources[i]->name},
                                         {NULL, NULL}};

        tk_prom_count(out, family, labels, read(config->sources[i]));
    }
}

/* --- what was learned --- */

static void put_latency(const struct tk_config *config, unsigned percent,
                        const char *quantile, struct tk_buf *out)
{
    for (size_t i = 0; i < config->source_count; i++) {
        struct tk_source *source = config->sources[i];

        for (size_t k = 0; k < source->kind_count; k++) {
            struct tk_prom_label labels[] = {{"source", source->name},
                                             {"kind", source->kinds[k].name},
                                             {"quantile", quantile},
                                             {NULL, NULL}};
            int64_t ms = tk_learned_latency(&source->learned[k], percent);

            if (ms == 0) continue;
            tk_prom_seconds(out, "tokeng_refresh_latency_seconds", labels,
                            ms * 1000);
        }
    }
}

static void put_learned(const struct tk_config *config, struct tk_buf *out)
{
    tk_prom_head(out, "tokeng_refresh_latency_seconds", "gauge",
                 "What a refresh takes, by the last few hundred.");
    put_latency(config, 50, "0.5", out);
    put_latency(config, 99, "0.99", out);
}

static void put_budgets(const struct tk_config *config, int64_t now,
                        struct tk_buf *out)
{
    tk_prom_head(out, "tokeng_budget_left", "gauge",
                 "Calls that the quota of the source still allows.");
    for (size_t i = 0; i < config->source_count * TK_WINDOWS; i++) {
        struct tk_source *source = config->sources[i / TK_WINDOWS];
        enum tk_window_name window = (enum tk_window_name)(i % TK_WINDOWS);
        struct tk_prom_label labels[] = {{"source", source->name},
                                         {"window", tk_window_text(window)},
                                         {NULL, NULL}};

        if (source->budget.windows[window].limit == 0) continue;
        tk_prom_count(out, "tokeng_budget_left", labels,
                      tk_budget_left(&source->budget, window, now));
    }
}

static void put_strains(const struct tk_config *config, struct tk_buf *out)
{
    tk_prom_head(out, "tokeng_not_feasible", "gauge",
                 "1 where the configuration asks for more than can be done.");
    for (size_t i = 0; i < config->source_count; i++) {
        struct tk_strains strains;

        tk_feasibility_of(config->sources[i], &strains);
        for (int s = 0; s < TK_STRAINS; s++) {
            struct tk_prom_label labels[] = {
                {"source", config->sources[i]->name},
                {"what", tk_strain_name((enum tk_strain)s)},
                {NULL, NULL}};

            tk_prom_count(out, "tokeng_not_feasible", labels,
                          strains.texts[s][0] != '\0');
        }
    }
}

/* --- keys --- */

static void put_states(const struct tk_census *census, struct tk_buf *out)
{
    tk_prom_head(out, "tokeng_tokens", "gauge", "Keys by state.");
    for (size_t i = 0; i < census->count; i++) {
        const struct tk_census_source *at = &census->sources[i];

        for (int state = 0; state < TK_STATES; state++) {
            struct tk_prom_label labels[] = {
                {"source", at->source->name},
                {"state", tk_state_name((enum tk_state)state)},
                {NULL, NULL},
            };

            tk_prom_count(out, "tokeng_tokens", labels, at->states[state]);
        }
    }
}

static void put_expiry(const struct tk_census *census, struct tk_buf *out)
{
    static const char family[] = "tokeng_token_expiry_seconds";

    tk_prom_head(out, family, "gauge",
                 "Shortest life left among the fresh tokens.");
    for (size_t i = 0; i < census->count; i++) {
        const struct tk_census_source *at = &census->sources[i];
        struct tk_prom_label labels[] = {{"source", at->source->name},
                                         {NULL, NULL}};

        if (at->shortest_ms < 0) continue;
        tk_prom_seconds(out, family, labels, at->shortest_ms * 1000);
    }
}

/* --- the whole --- */

static void put_engine(const struct tk_metrics_view *view, struct tk_buf *out)
{
    struct tk_prom_label version[] = {{"version", TOKENG_VERSION},
                                      {NULL, NULL}};

    tk_prom_head(out, "tokeng_build_info", "gauge", "What is running.");
    tk_prom_count(out, "tokeng_build_info", version, 1);
    tk_prom_head(out, "tokeng_uptime_seconds", "gauge", "Since the start.");
    tk_prom_seconds(out, "tokeng_uptime_seconds", NULL, view->uptime_ms * 1000);
    tk_prom_head(out, "tokeng_loop_longest_turn_seconds", "gauge",
                 "Longest turn of the loop since the last scrape.");
    tk_prom_seconds(out, "tokeng_loop_longest_turn_seconds", NULL,
                    view->longest.turn_us);
    tk_prom_head(out, "tokeng_loop_longest_turn_cpu_seconds", "gauge",
                 "Most processor time of a turn since the last scrape.");
    tk_prom_seconds(out, "tokeng_loop_longest_turn_cpu_seconds", NULL,
                    view->longest.cpu_us);
    tk_prom_head(out, "tokeng_connections", "gauge",
                 "Open connections to the HTTP API.");
    tk_prom_count(out, "tokeng_connections", NULL, view->connections);
    tk_prom_head(out, "tokeng_recording_lost_total", "counter",
                 "Rows of the recording that could not be written.");
    tk_prom_count(out, "tokeng_recording_lost_total", NULL, view->rows_lost);
    tk_prom_head(out, "tokeng_callers_waiting", "gauge",
                 "Callers who wait for a token.");
    tk_prom_count(out, "tokeng_callers_waiting", NULL, view->census->waiting);
}

static void put_memory(const struct tk_config *config, struct tk_buf *out)
{
    size_t bytes;
    bool is_locked = tk_config_secret_memory(config, &bytes);

    tk_prom_head(out, "tokeng_secret_memory_locked", "gauge",
                 "0 where secrets may be swapped out.");
    tk_prom_count(out, "tokeng_secret_memory_locked", NULL, is_locked);
    tk_prom_head(out, "tokeng_secret_memory_bytes", "gauge",
                 "Memory that holds the configured secrets.");
    tk_prom_count(out, "tokeng_secret_memory_bytes", NULL, bytes);
}

void tk_metrics_write(const struct tk_metrics_view *view, struct tk_buf *out)
{
    const struct tk_config *config = view->config;

    put_engine(view, out);
    put_memory(config, out);
    put_counters(config, out);
    put_sources(config, "tokeng_refreshes_active", "gauge",
                "Refreshes on their way.", count_active, out);
    put_sources(config, "tokeng_refreshes_queued", "gauge",
                "Refreshes that wait for their turn.", count_queued, out);
    put_budgets(config, view->now, out);
    put_strains(config, out);
    put_sources(config, "tokeng_issuer_down", "gauge",
                "1 while the issuer of the source does not answer and is asked "
                "by probes only.",
                is_down, out);
    put_sources(config, "tokeng_issuer_outages_total", "counter",
                "Times that calls to the issuer of the source were stopped.",
                count_outages, out);
    put_sources(config, "tokeng_source_paused", "gauge",
                "1 while the source is paused.", is_paused, out);
    put_sources(config, "tokeng_credential_refused", "gauge",
                "1 while the issuer refuses the credential.", is_refused, out);
    put_sources(config, "tokeng_next_credential_in_use", "gauge",
                "1 while the second of two is the one in use.",
                uses_next_secret, out);
    put_learned(config, out);
    put_states(view->census, out);
    put_expiry(view->census, out);
    tk_metrics_policies_write(config, view->shadows, out);
}

void tk_metrics_answer(struct tk_desk *desk, struct tk_request *request,
                       unsigned connections)
{
    struct tk_census census;
    struct tk_metrics_view view = {
        .config = tk_engine_config(desk->engine),
        .census = &census,
        .shadows = tk_chooser_shadows(tk_engine_chooser(desk->engine)),
        .now = tk_engine_now(desk->engine),
        .uptime_ms = tk_engine_uptime_ms(desk->engine),
        .longest = tk_loop_take_longest(desk->loop),
        .connections = connections,
        .rows_lost = tk_engine_rows_lost(desk->engine),
    };
    struct tk_buf out;

    if (tk_census_take(tk_engine_fleet(desk->engine), view.config,
                       tk_engine_now(desk->engine), &census) != 0) {
        tk_desk_refuse_internal(request);
        return;
    }
    tk_buf_init(&out, TK_DESK_ANSWER_MAX);
    tk_metrics_write(&view, &out);
    tk_desk_send(request, 200, TK_PROM_CONTENT_TYPE, &out);
    tk_buf_fini(&out);
    tk_census_fini(&census);
}
