#include "engine/feasibility.h"

#include "base/log.h"
#include "base/span.h"

#include <stdio.h>

enum {
    ASSUMED_LIFE_MS = 2 * 3600 * 1000,
    /* A renewal that fails should have two more tries before the end. */
    TRIES = 3,
    RETRY_SHARE = 720,
    RETRY_MIN_MS = 250,
    RETRY_MAX_MS = 10 * 1000,
};

#define MINUTE_MS 60000.0

const char *tk_strain_name(enum tk_strain strain)
{
    static const char *const names[] = {
#define TK_STRAIN_NAME(name, word) word,
        TK_STRAIN_MAP(TK_STRAIN_NAME)
#undef TK_STRAIN_NAME
    };

    return names[strain];
}

/* Calls a minute, by the tightest window; 0: no limit. */
static double limit_of(const struct tk_limits *quota)
{
    double least = 0;

    for (int i = 0; i < TK_WINDOWS; i++) {
        double limit = quota->limits[i] * MINUTE_MS /
                       (double)tk_window_span_ms((enum tk_window_name)i);

        if (limit > 0 && (least == 0 || limit < least)) least = limit;
    }
    return least;
}

/* Refreshed in turn, a key is good for a life of every round. */
static int cold_percent(const struct tk_load *load, double limit)
{
    double round_ms = load->keys / limit * MINUTE_MS;
    double share = 1 - (double)load->life_ms / round_ms;

    return share > 0 ? (int)(share * 100 + 0.5) : 0;
}

static void judge_rate(const struct tk_load *load, double limit,
                       const char *what, char *out)
{
    double need = load->keys * MINUTE_MS / (double)load->every_ms;
    char every[TK_SPAN_TEXT];

    if (limit == 0 || need <= limit) return;
    snprintf(out, TK_STRAIN_TEXT,
             "%u keys at one refresh per %s need %.3g/min; %s %.3g/min; %d %% "
             "will go cold",
             load->keys, tk_span_print(load->every_ms / 1000 * 1000, every),
             need, what, limit, cold_percent(load, limit));
}

static void judge_lead(const struct tk_load *load, char *out)
{
    int64_t lead = load->life_ms - load->every_ms;
    int64_t pause = load->life_ms / RETRY_SHARE;
    char usable[TK_SPAN_TEXT];
    char needed[TK_SPAN_TEXT];
    int64_t need;

    if (pause < RETRY_MIN_MS) pause = RETRY_MIN_MS;
    if (pause > RETRY_MAX_MS) pause = RETRY_MAX_MS;
    need = TRIES * load->took_ms + (TRIES - 1) * pause;
    if (lead >= need) return;
    snprintf(out, TK_STRAIN_TEXT,
             "tokens are renewed %s before their end, but %d tries need %s: "
             "renew earlier",
             tk_span_print(lead, usable), TRIES, tk_span_print(need, needed));
}

static void judge_clamp(const struct tk_load *load, enum tk_clamp clamp,
                        const char *why, char *out)
{
    char asked[TK_SPAN_TEXT];
    char given[TK_SPAN_TEXT];

    if (load->clamp != clamp) return;
    snprintf(
        out, TK_STRAIN_TEXT,
        "the policy renews %s before the end, but %s: it will be %s",
        tk_span_print(load->lead_ms / 1000 * 1000, asked), why,
        tk_span_print((load->life_ms - load->every_ms) / 1000 * 1000, given));
}

void tk_feasibility_judge(const struct tk_load *load, struct tk_strains *out)
{
    *out = (struct tk_strains){{""}};
    if (load->every_ms <= 0) return;
    judge_rate(load, limit_of(&load->quota), "the limit is",
               out->texts[TK_STRAIN_QUOTA]);
    if (load->took_ms > 0) {
        judge_rate(load,
                   load->max_concurrent * MINUTE_MS / (double)load->took_ms,
                   "max_concurrent lets through", out->texts[TK_STRAIN_PLACES]);
    }
    judge_lead(load, out->texts[TK_STRAIN_LEAD]);
    judge_clamp(load, TK_CLAMP_WINDOW,
                "the issuer would give the same token again",
                out->texts[TK_STRAIN_WINDOW]);
    judge_clamp(load, TK_CLAMP_HALF_LIFE,
                "no token is renewed before half of its life",
                out->texts[TK_STRAIN_HALF_LIFE]);
}

/* --- what a source asks --- */

static void count_kept(struct tk_str key, void *data)
{
    (void)key;
    ++*(uint32_t *)data;
}

static void measure(struct tk_source *source, struct tk_load *load)
{
    *load = (struct tk_load){.keys = source->key_count,
                             .quota = source->quota,
                             .max_concurrent = source->max_concurrent};
    if (load->keys == 0) {
        tk_source_each_kept(source, count_kept, &load->keys);
    }
}

/* Asks the policy about a new token of this kind, one that is in use. */
static bool plan_for(struct tk_source *source, const struct tk_kind *kind,
                     struct tk_load *load)
{
    const struct tk_learned *learned = tk_source_learned(source, kind);
    struct tk_life life = {.expires_at = learned->life_ms > 0
                                             ? learned->life_ms
                                             : ASSUMED_LIFE_MS};
    struct tk_token_view view = {
        .key = tk_str(source->name),
        .source = tk_str(source->name),
        .kind = tk_str(kind->name),
        .subject = TK_STR(""),
        .state = "fresh",
        .generation = 1,
        .life_ms = life.expires_at,
        .remaining_ms = life.expires_at,
        .uses = 1,
        .rate = 1,
    };
    struct tk_decision decision;
    struct tk_plan plan = {0};
    bool fallback;

    tk_policy_decide(source->policy, &view, &decision, &fallback);
    if (decision.verb != TK_RENEW) return false;
    tk_plan_renew(kind, &life, (int64_t)(decision.seconds * 1000), 0,
                  tk_learned_latency(learned, 99), 0, &plan);
    load->life_ms = life.expires_at;
    load->every_ms = plan.at;
    load->took_ms = tk_learned_latency(learned, 50);
    load->lead_ms = life.expires_at - plan.asked;
    load->clamp = (enum tk_clamp)plan.clamp;
    return true;
}

/* The first sentence of each sort stands for all kinds. */
void tk_feasibility_of(struct tk_source *source, struct tk_strains *out)
{
    *out = (struct tk_strains){{""}};
    for (size_t i = 0; i < source->kind_count; i++) {
        struct tk_strains one;
        struct tk_load load;

        measure(source, &load);
        if (!plan_for(source, &source->kinds[i], &load)) continue;
        tk_feasibility_judge(&load, &one);
        for (int s = 0; s < TK_STRAINS; s++) {
            if (out->texts[s][0] != '\0') continue;
            memcpy(out->texts[s], one.texts[s], TK_STRAIN_TEXT);
        }
    }
}

void tk_feasibility_warn(const struct tk_config *config)
{
    for (size_t i = 0; i < config->source_count; i++) {
        struct tk_source *source = config->sources[i];
        struct tk_strains strains;
        unsigned now = 0;

        tk_feasibility_of(source, &strains);
        for (int s = 0; s < TK_STRAINS; s++) {
            if (strains.texts[s][0] == '\0') continue;
            now |= 1u << s;
            if ((source->strains & (1u << s)) != 0) continue;
            tk_log(TK_LOG_WARN, "not feasible", tk_text("source", source->name),
                   tk_text("what", tk_strain_name((enum tk_strain)s)),
                   tk_text("why", strains.texts[s]));
        }
        source->strains = now;
    }
}
