#include "cli/scores.h"

#include "cli/grid.h"

#include <math.h>
#include <stdio.h>

enum { CELL_BYTES = 128 };

static const struct tk_column price[] = {
    {"POLICY", TK_COLUMN_TEXT, 12},   {"CALLS", TK_COLUMN_NUMBER, 0},
    {"FRESH", TK_COLUMN_NUMBER, 0},   {"COLD/10K", TK_COLUMN_NUMBER, 0},
    {"AVOIDED", TK_COLUMN_NUMBER, 0}, {"4:1", TK_COLUMN_NUMBER, 0},
    {"10:1", TK_COLUMN_NUMBER, 0},    {"30:1", TK_COLUMN_NUMBER, 0},
};
enum { PRICE = sizeof price / sizeof price[0] };

static const struct tk_column work[] = {
    {"POLICY", TK_COLUMN_TEXT, 12},   {"AHEAD", TK_COLUMN_NUMBER, 0},
    {"AWAITED", TK_COLUMN_NUMBER, 0}, {"NO-OP", TK_COLUMN_NUMBER, 0},
    {"FAILED", TK_COLUMN_NUMBER, 0},  {"UNUSED", TK_COLUMN_NUMBER, 0},
    {"DENIED", TK_COLUMN_NUMBER, 0},  {"PEAK", TK_COLUMN_NUMBER, 0},
    {"AT RISK", TK_COLUMN_NUMBER, 0},
};
enum { WORK = sizeof work / sizeof work[0] };

static TK_PRINTF(2, 3) void put(struct tk_grid *grid, const char *format, ...)
{
    char text[CELL_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tk_grid_put(grid, tk_str(text), TK_COLOUR_NONE);
}

static void put_count(struct tk_grid *grid, uint64_t count)
{
    put(grid, "%llu", (unsigned long long)count);
}

static void put_percent(struct tk_grid *grid, double part)
{
    if (isnan(part)) {
        put(grid, "-");
    } else {
        put(grid, "%.1f%%", 100 * part);
    }
}

static void put_factor(struct tk_grid *grid, double factor)
{
    if (isnan(factor)) {
        put(grid, "-");
    } else {
        put(grid, "%.2f", factor);
    }
}

static void put_price(struct tk_grid *grid, const struct tk_contest *contest,
                      const struct tk_optimum *optimum,
                      const struct tk_tally *tally)
{
    struct tk_score score;

    tk_score_of(contest, optimum, tally, &score);
    put(grid, "%s", tally->name);
    put_count(grid, tally->calls);
    put_percent(grid, score.of_fresh);
    put(grid, "%.1f", score.cold_per_10k);
    put_percent(grid, score.avoided);
    for (int i = 0; i < TK_RATIOS; i++) put_factor(grid, score.over[i]);
}

static void print_price(const struct tk_contest *contest,
                        const struct tk_optimum *optimum,
                        const struct tk_show *show, struct tk_buf *out)
{
    struct tk_tally optima[TK_OPTIMA];
    struct tk_grid grid;

    tk_grid_init(&grid, price, PRICE);
    if (optimum != NULL) {
        tk_score_optima(contest, optimum, optima);
        for (int i = 0; i < TK_OPTIMA; i++) {
            put_price(&grid, contest, optimum, &optima[i]);
        }
    }
    for (size_t i = 0; i < contest->count; i++) {
        put_price(&grid, contest, optimum, &contest->tallies[i]);
    }
    tk_grid_print(&grid, show, out);
    tk_grid_fini(&grid);
}

static void put_work(struct tk_grid *grid, const struct tk_tally *tally,
                     double at_risk)
{
    put(grid, "%s", tally->name);
    put_count(grid, tally->background);
    put_count(grid, tally->awaited);
    put_count(grid, tally->no_op);
    put_count(grid, tally->failed);
    put_count(grid, tally->unused);
    put_count(grid, tally->denied);
    put_count(grid, tally->peak);
    put_percent(grid, at_risk);
}

static void print_work(const struct tk_contest *contest,
                       const struct tk_show *show, struct tk_buf *out)
{
    struct tk_grid grid;
    struct tk_score score;

    tk_grid_init(&grid, work, WORK);
    for (size_t i = 0; i < contest->count; i++) {
        tk_score_of(contest, NULL, &contest->tallies[i], &score);
        put_work(&grid, &contest->tallies[i], score.at_risk);
    }
    tk_grid_print(&grid, show, out);
    tk_grid_fini(&grid);
}

static void print_terms(const struct tk_contest *contest,
                        const struct tk_show *show, struct tk_buf *out)
{
    const struct tk_contest_terms *terms = contest->terms;
    const struct tk_terms *issuer = &terms->issuer;
    const struct tk_tally *any = &contest->tallies[0];
    char span[TK_SPAN_TEXT], learn[TK_SPAN_TEXT], life[TK_SPAN_TEXT],
        window[TK_SPAN_TEXT], latency[TK_SPAN_TEXT], text[512];

    snprintf(text, sizeof text,
             "%llu uses of %u keys in %s are judged%s%s%s. "
             "Tokens live %s and are renewed %s%s; a call takes %s.",
             (unsigned long long)any->uses, terms->trace->key_count,
             tk_span_print(any->to_ms - any->from_ms, span),
             terms->learn_ms > 0 ? ", after " : "",
             terms->learn_ms > 0 ? tk_span_print(terms->learn_ms, learn) : "",
             terms->learn_ms > 0 ? " of learning" : "",
             tk_span_print(issuer->life_ms, life),
             issuer->window_ms == 0 ? "at any time" : "in their last ",
             issuer->window_ms == 0 ? ""
                                    : tk_span_print(issuer->window_ms, window),
             issuer->is_as_recorded && terms->trace->answer_count > 0
                 ? "what was recorded"
                 : tk_span_print(issuer->latency_ms, latency));
    tk_show_wrap(show, out, 0, 0, tk_str(text));
}

static const char legend[] =
    "FRESH: calls, as a part of always-fresh's. COLD/10K: callers that had to "
    "wait, of 10,000. AVOIDED: of on-demand's cold callers. 4:1, 10:1, 30:1: "
    "cost as a multiple of the optimum's, if a cold call costs 4, 10 or 30 "
    "calls.";
static const char legend_of_work[] =
    "AHEAD: calls that nobody waited for. AWAITED: those of cold callers. "
    "NO-OP: brought the same token again. UNUSED: tokens that nobody used. "
    "DENIED: callers without a token after 5 s. PEAK: most calls in a minute. "
    "AT RISK: part of the time, over all keys, in which a use would have been "
    "cold.";

/* One model stands for all issuers of the trace. */
static void warn_of_lives(const struct tk_trace *trace,
                          const struct tk_show *show, struct tk_buf *out)
{
    char from[TK_SPAN_TEXT], to[TK_SPAN_TEXT], text[256];
    int64_t shortest, longest = tk_trace_lives(trace, &shortest);

    if (longest < 2 * shortest || longest == 0) return;
    snprintf(text, sizeof text,
             "warning: tokens of %s to %s were recorded: try one source at a "
             "time, by --source",
             tk_span_print(shortest, from), tk_span_print(longest, to));
    tk_show_wrap(show, out, 0, 0, tk_str(text));
}

/* The built-in rule has answered for it: the figures are not its own. */
static void warn_of_trouble(const struct tk_tally *tally,
                            const struct tk_show *show, struct tk_buf *out)
{
    char text[TK_TALLY_NAME + TK_TALLY_TROUBLE + 64];

    if (tally->troubles == 0) return;
    snprintf(text, sizeof text, "warning: %s failed %llu times, at last: %s",
             tally->name, (unsigned long long)tally->troubles, tally->trouble);
    tk_show_wrap(show, out, 0, 0, tk_str(text));
}

void tk_scores_print(const struct tk_contest *contest,
                     const struct tk_optimum *optimum,
                     const struct tk_show *show, struct tk_buf *out)
{
    print_terms(contest, show, out);
    warn_of_lives(contest->terms->trace, show, out);
    for (size_t i = 0; i < contest->count; i++) {
        warn_of_trouble(&contest->tallies[i], show, out);
    }
    tk_buf_put_byte(out, '\n');
    print_price(contest, optimum, show, out);
    tk_show_wrap(show, out, 0, 0, tk_str(legend));
    tk_buf_put_byte(out, '\n');
    print_work(contest, show, out);
    tk_show_wrap(show, out, 0, 0, tk_str(legend_of_work));
}
