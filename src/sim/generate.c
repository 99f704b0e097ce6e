#include "sim/generate.h"

#include "base/hash.h"

#include <math.h>
#include <stdio.h>

#define SECOND_MS INT64_C(1000)
#define HOUR_MS   (3600 * SECOND_MS)
#define DAY_MS    (24 * HOUR_MS)

enum { DAYS_OF_WORK = 5, WEEK = 7 };

/* Owned by tk_generate. */
struct maker {
    struct tk_trace *trace;
    struct tk_seed dice;
    int64_t end;
    uint32_t key; /* of which uses are being made */
    int failed;
};

/* From 0, inclusive, to 1. */
static double draw(struct maker *m)
{
    m->dice.k1++;
    return (double)(tk_hash(m->dice, TK_STR("")) >> 11) * 0x1p-53;
}

static double between(struct maker *m, double low, double high)
{
    return low + draw(m) * (high - low);
}

/* The time to the next of events that come by chance, `mean_ms` apart. */
static int64_t gap(struct maker *m, double mean_ms)
{
    return (int64_t)(-log(1 - draw(m)) * mean_ms) + 1;
}

static void use(struct maker *m, int64_t at_ms)
{
    int64_t whole = at_ms / SECOND_MS * SECOND_MS;

    if (at_ms < 0 || at_ms >= m->end || m->failed != 0) return;
    m->failed = tk_trace_add(m->trace, whole, m->key);
}

static void use_by_chance(struct maker *m, int64_t from, int64_t to,
                          double mean_ms)
{
    for (int64_t at = from + gap(m, mean_ms); at < to && m->failed == 0;
         at += gap(m, mean_ms)) {
        use(m, at);
    }
}

static bool is_weekend(int64_t day)
{
    return day % WEEK >= DAYS_OF_WORK;
}

/* People at work, wherever that is: a few hours of some days. */
static void make_office(struct maker *m)
{
    double begin = between(m, 7, 10) + (draw(m) < .3 ? between(m, -8, 8) : 0);
    double hours = between(m, 6, 10);
    double mean = between(m, 3, 40) * 60 * SECOND_MS;
    double comes = between(m, .7, 1), weekends = between(m, 0, .1);

    for (int64_t day = 0; day * DAY_MS < m->end; day++) {
        double late = between(m, -.5, .5);
        int64_t from =
            day * DAY_MS + (int64_t)((begin + late) * (double)HOUR_MS);

        if (draw(m) > (is_weekend(day) ? weekends : comes)) continue;
        use_by_chance(m, from, from + (int64_t)(hours * (double)HOUR_MS), mean);
    }
}

/* A job that runs every so often, and sometimes not. */
static void make_timer(struct maker *m)
{
    static const int minutes[] = {5, 15, 30, 60, 180, 360, 720, 1440};
    int64_t every = minutes[(int)(draw(m) * 8)] * 60 * SECOND_MS;
    int64_t at = (int64_t)(draw(m) * (double)every);

    for (; at < m->end && m->failed == 0; at += every) {
        if (draw(m) < .97) use(m, at + (int64_t)(between(m, 0, 20) * 1000));
    }
}

/* An hour or two of work each night. */
static void make_batch(struct maker *m)
{
    double hour = between(m, 0, 5), hours = between(m, .2, 3);

    for (int64_t day = 0; day * DAY_MS < m->end; day++) {
        int64_t from = day * DAY_MS + (int64_t)(hour * (double)HOUR_MS);

        if (draw(m) < .1) continue;
        use_by_chance(m, from, from + (int64_t)(hours * (double)HOUR_MS),
                      between(m, 1, 10) * 60 * SECOND_MS);
    }
}

static void make_busy(struct maker *m)
{
    use_by_chance(m, 0, m->end, between(m, 1, 20) * 60 * SECOND_MS);
}

static void make_sparse(struct maker *m)
{
    use_by_chance(m, 0, m->end, between(m, .3, 10) * (double)DAY_MS);
}

/* Weeks with work and weeks without. */
static void make_project(struct maker *m)
{
    bool is_on = draw(m) < .5;
    int64_t at = 0;

    while (at < m->end && m->failed == 0) {
        int64_t until = at + gap(m, 5 * (double)DAY_MS);

        if (is_on) use_by_chance(m, at, until, between(m, .2, 3) * HOUR_MS);
        is_on = !is_on;
        at = until;
    }
}

/* What the keys of a hundred are. */
static const struct share {
    uint32_t below;
    const char *name;
    void (*make)(struct maker *m);
} shares[] = {
    {40, "office", make_office}, {55, "timer", make_timer},
    {62, "batch", make_batch},   {70, "busy", make_busy},
    {92, "sparse", make_sparse}, {100, "project", make_project},
};

static int make_key(struct maker *m, uint32_t number)
{
    const struct share *share = shares;
    char name[32];
    int rc;

    while (number % 100 * 37 % 100 >= share->below) share++;
    snprintf(name, sizeof name, "saas/tenant/%s%u", share->name, number);
    rc = tk_trace_key(m->trace, tk_str(name), &m->key);
    if (rc == 0) share->make(m);
    return rc == 0 ? m->failed : rc;
}

int tk_generate(const struct tk_crowd *crowd, struct tk_trace *out)
{
    struct maker m = {.trace = out, .end = crowd->days * DAY_MS};
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < crowd->keys; i++) {
        m.dice = (struct tk_seed){crowd->seed, (uint64_t)i << 32};
        rc = make_key(&m, i);
    }
    if (rc == 0) tk_trace_sort(out);
    return rc;
}
