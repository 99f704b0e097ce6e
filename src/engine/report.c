#include "engine/report.h"

enum {
    /* Young tokens reported in a row before the next has to wait: a service
     * may have lost its issuer's database once, or twice. */
    FREE_STRIKES = 3,
    /* 2^20 floors are longer than half of any life. */
    STEPS_MAX = 20,
    COUNT_MAX = FREE_STRIKES + STEPS_MAX,
};

_Static_assert(COUNT_MAX < 1 << 5, "a count fits its field");

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t life_of(const struct tk_entry *entry)
{
    return entry->life.expires_at - entry->life.sent_at;
}

static int64_t step_ms(const struct tk_entry *entry, int steps)
{
    return tk_plan_retry_floor(life_of(entry)) << steps;
}

static unsigned one_more(unsigned count)
{
    return count < COUNT_MAX ? count + 1 : COUNT_MAX;
}

void tk_report_note(struct tk_entry *entry, uint64_t generation, int64_t now)
{
    entry->forced = generation;
    if (now < entry->life.sent_at + life_of(entry) / 2) {
        entry->strikes = one_more(entry->strikes) & 31;
    } else {
        entry->strikes = 0;
    }
}

int64_t tk_report_free_at(const struct tk_entry *entry)
{
    int64_t half = life_of(entry) / 2;
    int64_t step;

    if (entry->strikes <= FREE_STRIKES) return entry->life.sent_at;
    step = step_ms(entry, entry->strikes - FREE_STRIKES);
    return entry->life.sent_at + (step < half ? step : half);
}

int64_t tk_report_poisoned(struct tk_entry *entry, int64_t now)
{
    int64_t floor_ms = step_ms(entry, 0);
    int64_t half = (entry->life.expires_at - now) / 2;
    int64_t step;

    entry->poisonings = one_more(entry->poisonings) & 31;
    step = step_ms(entry, entry->poisonings < STEPS_MAX ? entry->poisonings
                                                        : STEPS_MAX);
    step = later(step < half ? step : half, floor_ms);
    return later(now + step, tk_plan_opens(entry->kind, &entry->life));
}

void tk_report_renewed(struct tk_entry *entry, bool was_reported)
{
    entry->poisonings = 0;
    if (!was_reported) entry->strikes = 0;
}
