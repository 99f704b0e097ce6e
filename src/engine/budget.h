/* engine/budget.h - how many calls an issuer may get from one source.
 *
 * The promise is the strict one: in no span of a second, minute or day, where
 * ever it begins, are there more calls than the limit. A bucket that is
 * refilled cannot promise that (a full one and what drips in meanwhile are
 * nearly twice the limit), nor can a counter that starts anew each minute. So
 * calls are counted in cells of a fiftieth of the span and are given back
 * when their cell is a whole span and a cell old. The extra cell, 2 % of the
 * rate, is there for calls that travel at different speeds.
 *
 * The whole limit may be used at once: a start or a return from an outage is
 * when it is needed.
 */
#ifndef TK_ENGINE_BUDGET_H
#define TK_ENGINE_BUDGET_H

#include <stdint.h>

enum tk_window_name { TK_SECOND, TK_MINUTE, TK_DAY, TK_WINDOWS };

enum { TK_WINDOW_SHARES = 50, TK_WINDOW_CELLS = TK_WINDOW_SHARES + 2 };

/* Calls allowed; 0: any number. */
struct tk_limits {
    uint32_t limits[TK_WINDOWS];
};

struct tk_window {
    uint32_t limit;
    uint32_t used;
    int64_t newest; /* number of the cell that is being filled */
    uint32_t cells[TK_WINDOW_CELLS];
};

/* Owned by its source. */
struct tk_budget {
    struct tk_window windows[TK_WINDOWS];
    int64_t held_until; /* the issuer wants no call before; 0: it may come */
};

/* Limits anew; calls that were counted stay counted. */
void tk_budget_limit(struct tk_budget *budget, const struct tk_limits *quota);
/* The calls that `from` has counted, under the limits of `to`; what an issuer
 * has asked for stays behind. */
void tk_budget_carry(struct tk_budget *to, const struct tk_budget *from);

/* The issuer has asked for no call before `until`; a later wish holds longer,
 * an earlier one does not take it back. */
void tk_budget_hold(struct tk_budget *budget, int64_t until);

/* When the next call is allowed; `now` if it is at once. */
int64_t tk_budget_next(struct tk_budget *budget, int64_t now);
/* Counts a call, also one beyond the limit: that makes the next wait longer. */
void tk_budget_take(struct tk_budget *budget, int64_t now);
/* Calls left at this moment; UINT32_MAX without a limit. */
uint32_t tk_budget_left(struct tk_budget *budget, enum tk_window_name window,
                        int64_t now);

/* Half of every limit, but at least 1: for keys that were never seen. */
struct tk_limits tk_limits_half(const struct tk_limits *quota);

int64_t tk_window_span_ms(enum tk_window_name window);
/* "second", "minute", "day" */
const char *tk_window_text(enum tk_window_name window);

#endif
