/* The cheapest way when refreshes start at ticks or for a cold caller: exact
 * dynamic programming over the start of the newest refresh.
 *
 * Behind a refresh at s everything is served up to the first use x at or after
 * s + useful. What comes next is a cold refresh at x, or one at a tick t that
 * is still good at x; a tick before that one would serve nothing more. Of t
 * the issuer asks that it lies in the window of the token before it.
 *
 * The sweep goes from the last moment to the first. As s falls, so do both
 * ends of the span in which t may lie: the cheapest t is the front of a
 * monotone queue, and each tick costs constant time however long a life is.
 * Only ticks that are good at some use are looked at; between two uses that
 * are far apart there is none.
 */
#include "sim/oracle.h"

#include <stdlib.h>

/* What is to be paid from some moment on. */
struct rest {
    uint64_t worth;
    uint64_t calls; /* that are counted, as is `cold` */
    uint64_t cold;
};

struct tick {
    int64_t at_ms;
    struct rest rest; /* behind a refresh at this tick */
};

/* Owned by tk_oracle_ticks. Ticks and the queue are rings, indexed by numbers
 * that only grow. */
struct sweep {
    const int64_t *at_ms;
    size_t n;
    const struct tk_oracle_terms *terms;
    int64_t useful_ms;
    size_t x;             /* the first use that is not served */
    struct rest *by_cold; /* per use: a cold refresh for it, and all behind */
    struct tick *ticks;
    size_t *queue;
    size_t mask;
    size_t pushed;      /* ticks so far, in falling order */
    size_t entered;     /* of these, considered for the queue */
    size_t above;       /* of these, after x */
    size_t front, back; /* of the queue */
};

static bool is_cheaper(const struct rest *a, const struct rest *b)
{
    return a->worth != b->worth ? a->worth < b->worth : a->cold < b->cold;
}

/* What a refresh at `at_ms` and its `cold` callers add to `rest`. */
static struct rest add_call(const struct sweep *sweep, int64_t at_ms,
                            size_t cold, const struct rest *rest)
{
    bool is_counted = at_ms >= sweep->terms->count_from_ms;

    return (struct rest){
        .worth = rest->worth + 1 + cold * (sweep->terms->cold_cost - 1),
        .calls = rest->calls + (is_counted ? 1 : 0),
        .cold = rest->cold + (is_counted ? cold : 0),
    };
}

static struct tick *tick_of(const struct sweep *sweep, size_t number)
{
    return &sweep->ticks[number & sweep->mask];
}

static const struct rest *queued(const struct sweep *sweep, size_t number)
{
    return &tick_of(sweep, sweep->queue[number & sweep->mask])->rest;
}

/* Beside an earlier one that is cheaper, a tick is never the best again: it
 * leaves the span first. Of equals the latest stands in front. */
static void enter(struct sweep *sweep, size_t number)
{
    const struct rest *rest = &tick_of(sweep, number)->rest;

    while (sweep->back > sweep->front &&
           is_cheaper(rest, queued(sweep, sweep->back - 1))) {
        sweep->back--;
    }
    sweep->queue[sweep->back++ & sweep->mask] = number;
}

/* Moves the span of ticks to the one of a refresh at `start`. */
static void move_span(struct sweep *sweep, int64_t start)
{
    const struct tk_oracle_terms *terms = sweep->terms;
    int64_t x_ms = sweep->at_ms[sweep->x];
    int64_t low = start + terms->latency_ms;
    int64_t opens = start + terms->life_ms - terms->window_ms;
    int64_t reaches = x_ms - sweep->useful_ms + 1;

    low = low > opens ? low : opens;
    low = low > reaches ? low : reaches;
    while (sweep->entered < sweep->pushed &&
           tick_of(sweep, sweep->entered)->at_ms >= low) {
        enter(sweep, sweep->entered++);
    }
    while (sweep->above < sweep->pushed &&
           tick_of(sweep, sweep->above)->at_ms > x_ms) {
        sweep->above++;
    }
    while (sweep->front < sweep->back &&
           tick_of(sweep, sweep->queue[sweep->front & sweep->mask])->at_ms >
               x_ms - terms->latency_ms) {
        sweep->front++;
    }
}

/* The best of the ticks whose token comes only after x: some wait for it. */
static void try_late_ticks(struct sweep *sweep, struct rest *best)
{
    int64_t latency_ms = sweep->terms->latency_ms;
    int64_t x_ms = sweep->at_ms[sweep->x];

    for (size_t i = sweep->above; i < sweep->entered; i++) {
        const struct tick *tick = tick_of(sweep, i);
        struct rest rest;

        if (tick->at_ms <= x_ms - latency_ms) {
            return;
        }
        rest = add_call(sweep, tick->at_ms,
                        tk_oracle_waiting(sweep->at_ms, sweep->n, sweep->x,
                                          tick->at_ms + latency_ms),
                        &tick->rest);
        *best = is_cheaper(&rest, best) ? rest : *best;
    }
}

/* What is to be paid behind a refresh at `start`. */
static struct rest rest_behind(struct sweep *sweep, int64_t start)
{
    struct rest best = {0};

    while (sweep->x > 0 &&
           sweep->at_ms[sweep->x - 1] >= start + sweep->useful_ms) {
        sweep->x--;
    }
    if (sweep->x == sweep->n) {
        return best;
    }
    move_span(sweep, start);
    best = sweep->by_cold[sweep->x];
    if (sweep->front < sweep->back) {
        const struct tick *tick =
            tick_of(sweep, sweep->queue[sweep->front & sweep->mask]);
        struct rest rest = add_call(sweep, tick->at_ms, 0, &tick->rest);

        best = is_cheaper(&rest, &best) ? rest : best;
    }
    try_late_ticks(sweep, &best);
    return best;
}

static void visit_use(struct sweep *sweep, size_t i)
{
    int64_t at_ms = sweep->at_ms[i];
    struct rest rest = rest_behind(sweep, at_ms);
    size_t cold = tk_oracle_waiting(sweep->at_ms, sweep->n, i,
                                    at_ms + sweep->terms->latency_ms);

    sweep->by_cold[i] = add_call(sweep, at_ms, cold, &rest);
}

/* The ticks that are good at the use `i`, down to the use before it. */
static void visit_ticks(struct sweep *sweep, size_t i)
{
    int64_t step = sweep->terms->step_ms;
    int64_t low = sweep->at_ms[i] - sweep->useful_ms;
    int64_t over = (sweep->at_ms[i] - sweep->terms->phase_ms) % step;
    int64_t at = sweep->at_ms[i] - (over < 0 ? over + step : over);

    low = low > sweep->at_ms[i - 1] ? low : sweep->at_ms[i - 1];
    for (; at > low; at -= step) {
        struct rest rest = rest_behind(sweep, at);

        *tick_of(sweep, sweep->pushed++) = (struct tick){at, rest};
    }
}

/* Ticks that may still be asked for lie within a life behind s, or within one
 * before x; and all of them between the first use and the last. */
static int open_rings(struct sweep *sweep)
{
    int64_t life_ms = sweep->terms->life_ms;
    int64_t span_ms = sweep->at_ms[sweep->n - 1] - sweep->at_ms[0];
    int64_t reach_ms = life_ms < span_ms ? life_ms : span_ms;
    uint64_t need = 2 * ((uint64_t)(reach_ms / sweep->terms->step_ms) + 2);
    size_t room = 1;

    while (room < need) {
        room *= 2;
    }
    sweep->mask = room - 1;
    sweep->ticks = calloc(room, sizeof *sweep->ticks);
    sweep->queue = calloc(room, sizeof *sweep->queue);
    sweep->by_cold = calloc(sweep->n, sizeof *sweep->by_cold);
    return sweep->ticks == NULL || sweep->queue == NULL ||
                   sweep->by_cold == NULL
               ? TK_ENOMEM
               : 0;
}

static void close_rings(struct sweep *sweep)
{
    free(sweep->ticks);
    free(sweep->queue);
    free(sweep->by_cold);
}

int tk_oracle_ticks(const int64_t *at_ms, size_t n,
                    const struct tk_oracle_terms *terms,
                    struct tk_oracle_cost *out)
{
    struct sweep sweep = {
        .at_ms = at_ms,
        .n = n,
        .terms = terms,
        .useful_ms = terms->life_ms - terms->margin_ms,
        .x = n,
    };
    int err;

    *out = (struct tk_oracle_cost){0};
    if (n == 0) {
        return 0;
    }
    err = open_rings(&sweep);
    if (err == 0) {
        for (size_t i = n - 1; i > 0; i--) {
            visit_use(&sweep, i);
            visit_ticks(&sweep, i);
        }
        visit_use(&sweep, 0);
        out->calls = sweep.by_cold[0].calls;
        out->cold = sweep.by_cold[0].cold;
        out->first =
            at_ms[0] >= terms->count_from_ms
                ? tk_oracle_waiting(at_ms, n, 0, at_ms[0] + terms->latency_ms)
                : 0;
    }
    close_rings(&sweep);
    return err;
}
