#include "sim/report.h"

#include "net/json.h"

#include <stdio.h>

static void put_seconds(struct tk_json *json, const char *name, int64_t ms)
{
    tk_json_put_num(json, name, (double)ms / 1000);
}

static void put_by_ratio(struct tk_json *json, const char *name,
                         const double numbers[TK_RATIOS])
{
    char ratio[16];

    tk_json_name(json, name);
    tk_json_open(json, '{');
    for (int i = 0; i < TK_RATIOS; i++) {
        snprintf(ratio, sizeof ratio, "%d", tk_ratios[i]);
        tk_json_put_num(json, ratio, numbers[i]);
    }
    tk_json_close(json, '}');
}

static void put_score(struct tk_json *json, const struct tk_score *score)
{
    tk_json_put_num(json, "of_fresh", score->of_fresh);
    tk_json_put_num(json, "cold_per_10k", score->cold_per_10k);
    tk_json_put_num(json, "avoided", score->avoided);
    put_by_ratio(json, "cost", score->cost);
    put_by_ratio(json, "over_optimum", score->over);
    put_by_ratio(json, "regret", score->regret);
}

static void put_work(struct tk_json *json, const struct tk_tally *tally,
                     double at_risk)
{
    tk_json_put_count(json, "background", tally->background);
    tk_json_put_count(json, "awaited", tally->awaited);
    tk_json_put_count(json, "no_op", tally->no_op);
    tk_json_put_count(json, "failed", tally->failed);
    tk_json_put_count(json, "unused", tally->unused);
    tk_json_put_count(json, "denied", tally->denied);
    tk_json_put_count(json, "peak_per_minute", tally->peak);
    put_seconds(json, "at_risk_seconds", tally->at_risk_ms);
    tk_json_put_num(json, "at_risk", at_risk);
    tk_json_put_count(json, "asked", tally->asked);
    tk_json_put_count(json, "failures_of_policy", tally->troubles);
}

enum row { OPTIMUM, REFERENCE, POLICY };

static void put_row(struct tk_json *json, const struct tk_contest *contest,
                    const struct tk_optimum *optimum,
                    const struct tk_tally *tally, enum row row)
{
    static const char *const names[] = {
        [OPTIMUM] = "optimum", [REFERENCE] = "reference", [POLICY] = "policy"};
    struct tk_score score;

    tk_score_of(contest, optimum, tally, &score);
    tk_json_open(json, '{');
    tk_json_put_text(json, "name", tally->name);
    tk_json_put_text(json, "is", names[row]);
    tk_json_put_count(json, "calls", tally->calls);
    tk_json_put_count(json, "uses", tally->uses);
    tk_json_put_count(json, "cold", tally->cold);
    tk_json_put_count(json, "first", tally->first);
    put_score(json, &score);
    if (row != OPTIMUM) put_work(json, tally, score.at_risk);
    tk_json_close(json, '}');
}

static void put_rows(struct tk_json *json, const struct tk_contest *contest,
                     const struct tk_optimum *optimum)
{
    struct tk_tally optima[TK_OPTIMA];

    tk_json_name(json, "rows");
    tk_json_open(json, '[');
    if (optimum != NULL) {
        tk_score_optima(contest, optimum, optima);
        for (int i = 0; i < TK_OPTIMA; i++) {
            put_row(json, contest, optimum, &optima[i], OPTIMUM);
        }
    }
    for (size_t i = 0; i < contest->count; i++) {
        put_row(json, contest, optimum, &contest->tallies[i],
                i < contest->terms->lineup->references ? REFERENCE : POLICY);
    }
    tk_json_close(json, ']');
}

static void put_terms(struct tk_json *json, const struct tk_trace *trace,
                      const struct tk_terms *terms)
{
    tk_json_name(json, "issuer");
    tk_json_open(json, '{');
    put_seconds(json, "life", terms->life_ms);
    put_seconds(json, "window", terms->window_ms);
    put_seconds(json, "latency", terms->latency_ms);
    tk_json_put_bool(json, "as_recorded",
                     terms->is_as_recorded && trace->answer_count > 0);
    put_seconds(json, "skew", terms->skew_ms);
    tk_json_put_num(json, "fail_rate", terms->fail_share);
    tk_json_put_count(json, "concurrent", terms->max_concurrent);
    tk_json_put_count(json, "per_minute", terms->quota.limits[TK_MINUTE]);
    tk_json_put_count(json, "per_day", terms->quota.limits[TK_DAY]);
    tk_json_close(json, '}');
}

void tk_report_write(const struct tk_contest *contest,
                     const struct tk_optimum *optimum, struct tk_buf *out)
{
    const struct tk_trace *trace = contest->terms->trace;
    struct tk_json json = {.out = out};

    tk_json_open(&json, '{');
    tk_json_name(&json, "trace");
    tk_json_open(&json, '{');
    tk_json_put_count(&json, "uses", trace->use_count);
    tk_json_put_count(&json, "keys", trace->key_count);
    tk_json_put_count(&json, "answers", trace->answer_count);
    put_seconds(&json, "seconds", trace->end_ms - trace->begin_ms);
    tk_json_close(&json, '}');
    put_seconds(&json, "learn", contest->terms->learn_ms);
    put_terms(&json, trace, &contest->terms->issuer);
    put_rows(&json, contest, optimum);
    tk_json_close(&json, '}');
    tk_buf_put_byte(out, '\n');
}
