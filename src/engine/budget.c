#include "engine/budget.h"

static const struct {
    const char *text;
    int64_t span_ms; /* TK_WINDOW_SHARES divide it */
} spans[TK_WINDOWS] = {
    [TK_SECOND] = {"second", 1000},
    [TK_MINUTE] = {"minute", 60 * 1000},
    [TK_DAY] = {"day", 24 * 3600 * INT64_C(1000)},
};

int64_t tk_window_span_ms(enum tk_window_name window)
{
    return spans[window].span_ms;
}

const char *tk_window_text(enum tk_window_name window)
{
    return spans[window].text;
}

struct tk_limits tk_limits_half(const struct tk_limits *quota)
{
    struct tk_limits half = {{0}};

    for (int i = 0; i < TK_WINDOWS; i++) {
        uint32_t limit = quota->limits[i];

        half.limits[i] = limit > 1 ? limit / 2 : limit;
    }
    return half;
}

void tk_budget_limit(struct tk_budget *budget, const struct tk_limits *quota)
{
    for (int i = 0; i < TK_WINDOWS; i++) {
        budget->windows[i].limit = quota->limits[i];
    }
}

void tk_budget_carry(struct tk_budget *to, const struct tk_budget *from)
{
    for (int i = 0; i < TK_WINDOWS; i++) {
        uint32_t limit = to->windows[i].limit;

        to->windows[i] = from->windows[i];
        to->windows[i].limit = limit;
    }
}

void tk_budget_hold(struct tk_budget *budget, int64_t until)
{
    if (until > budget->held_until) budget->held_until = until;
}

static int64_t width_of(int window)
{
    return spans[window].span_ms / TK_WINDOW_SHARES;
}

/* Empties the cells that have become too old. */
static void advance(struct tk_window *window, int64_t cell)
{
    int64_t steps = cell - window->newest;

    if (steps <= 0) return;
    if (steps > TK_WINDOW_CELLS) steps = TK_WINDOW_CELLS;
    for (int64_t i = 0; i < steps; i++) {
        uint32_t *old = &window->cells[(cell - i) % TK_WINDOW_CELLS];

        window->used -= *old;
        *old = 0;
    }
    window->newest = cell;
}

static int64_t next_of(const struct tk_window *window, int64_t width,
                       int64_t now)
{
    uint32_t used = window->used;

    if (window->limit == 0 || used < window->limit) return now;
    for (int64_t i = 1; i <= TK_WINDOW_CELLS; i++) {
        /* The oldest first; it is given back as the i-th from now. */
        used -= window->cells[(window->newest + i) % TK_WINDOW_CELLS];
        if (used < window->limit) return (window->newest + i) * width;
    }
    return now;
}

int64_t tk_budget_next(struct tk_budget *budget, int64_t now)
{
    int64_t next = budget->held_until > now ? budget->held_until : now;

    for (int i = 0; i < TK_WINDOWS; i++) {
        struct tk_window *window = &budget->windows[i];
        int64_t at;

        advance(window, now / width_of(i));
        at = next_of(window, width_of(i), now);
        if (at > next) next = at;
    }
    return next;
}

void tk_budget_take(struct tk_budget *budget, int64_t now)
{
    for (int i = 0; i < TK_WINDOWS; i++) {
        struct tk_window *window = &budget->windows[i];

        advance(window, now / width_of(i));
        window->cells[window->newest % TK_WINDOW_CELLS]++;
        window->used++;
    }
}

uint32_t tk_budget_left(struct tk_budget *budget, enum tk_window_name name,
                        int64_t now)
{
    struct tk_window *window = &budget->windows[name];

    if (window->limit == 0) return UINT32_MAX;
    advance(window, now / width_of((int)name));
    return window->used < window->limit ? window->limit - window->used : 0;
}
