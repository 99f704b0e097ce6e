#include "base/profile.h"

#include "base/hash.h"

#include <math.h>

enum {
    HOUR_S = 3600,
    DAY_S = 24 * HOUR_S,
    FULL = 255,
    /* From then on the last ten days or so count: a new habit is learned in a
     * week or two, and one odd day does no harm. */
    MEMORY_DAYS = 10,
    /* Ten times the memory: nothing is left of what was before. */
    GAP_MAX_DAYS = 100,
    DAY_MAX = INT32_MAX / 2,
};

/* --- the key's own clock --- */

static int64_t own_time(uint16_t phase_s, int64_t local_s)
{
    const int64_t most = (int64_t)DAY_MAX * DAY_S;

    if (local_s > most) local_s = most;
    if (local_s < -most) local_s = -most;
    return local_s + phase_s;
}

static int32_t day_of(int64_t own_s)
{
    return (int32_t)((own_s - (own_s < 0 ? DAY_S - 1 : 0)) / DAY_S);
}

static int second_of(int64_t own_s)
{
    return (int)(own_s - (int64_t)day_of(own_s) * DAY_S);
}

/* Of a week from Monday, 0, to Sunday, 6. */
static bool is_weekend_day(int32_t day)
{
    return (day % 7 + 7) % 7 >= 5;
}

uint16_t tk_profile_phase(struct tk_str key)
{
    return (uint16_t)(tk_hash((struct tk_seed){0}, key) % TK_PROFILE_PHASES);
}

double tk_profile_hour(uint16_t phase_s, int64_t local_s)
{
    return (double)second_of(own_time(phase_s, local_s)) / HOUR_S;
}

bool tk_profile_is_weekend(uint16_t phase_s, int64_t local_s)
{
    return is_weekend_day(day_of(own_time(phase_s, local_s)));
}

/* --- days --- */

void tk_profile_begin(struct tk_profile *profile, uint16_t phase_s,
                      int64_t local_s)
{
    *profile = (struct tk_profile){
        .phase_s = phase_s,
        .day = day_of(own_time(phase_s, local_s)),
        .idle_slots = UINT16_MAX,
    };
}

int64_t tk_profile_end(const struct tk_profile *profile)
{
    return ((int64_t)profile->day + 1) * DAY_S - profile->phase_s;
}

/* A number of 0 to `below` - 1 that is another for each key, half hour and day:
 * rounding by it is fair in the long run, where to the nearest would keep a
 * share of some percent for ever. */
static int dither(const struct tk_profile *profile, int slot, int below)
{
    uint32_t mixed = (uint32_t)profile->day * TK_PROFILE_SLOTS + (uint32_t)slot;

    mixed = (mixed ^ (uint32_t)profile->phase_s << 16) * 2654435761U;
    mixed = (mixed ^ mixed >> 15) * 2246822519U;
    return (int)((mixed >> 8) % (uint32_t)below);
}

static uint8_t move_share(const struct tk_profile *profile, int slot, int old,
                          int weight)
{
    int target = tk_profile_today(profile, slot) ? FULL : 0;
    int sum = old * (weight - 1) + target;

    return (uint8_t)((sum + dither(profile, slot, weight)) / weight);
}

static uint16_t idle_after(const struct tk_profile *profile)
{
    int idle = profile->idle_slots + TK_PROFILE_SLOTS;

    for (int slot = 0; slot < TK_PROFILE_SLOTS; slot++) {
        if (tk_profile_today(profile, slot)) idle = TK_PROFILE_SLOTS - 1 - slot;
    }
    return (uint16_t)(idle < UINT16_MAX ? idle : UINT16_MAX);
}

static void fold(struct tk_profile *profile)
{
    int row = is_weekend_day(profile->day);
    int weight =
        profile->days[row] < MEMORY_DAYS ? profile->days[row] + 1 : MEMORY_DAYS;

    for (int slot = 0; slot < TK_PROFILE_SLOTS; slot++) {
        uint8_t *share = &profile->share[row][slot];

        *share = move_share(profile, slot, *share, weight);
    }
    profile->idle_slots = idle_after(profile);
    if (profile->days[row] < UINT8_MAX) profile->days[row]++;
    profile->today = 0;
    profile->day++;
}

/* How many days have passed since the profile's; the clock may be behind. */
static int32_t days_since(const struct tk_profile *profile, int64_t local_s)
{
    return day_of(own_time(profile->phase_s, local_s)) - profile->day;
}

static bool was_set(int32_t days)
{
    return days < -1 || days > GAP_MAX_DAYS;
}

bool tk_profile_is_over(const struct tk_profile *profile, int64_t local_s)
{
    int32_t days = days_since(profile, local_s);

    return days > 0 || was_set(days);
}

void tk_profile_roll(struct tk_profile *profile, int64_t local_s)
{
    int32_t days = days_since(profile, local_s);

    if (was_set(days)) {
        profile->today = 0;
        profile->idle_slots = UINT16_MAX;
        profile->day += days;
        return;
    }
    while (days-- > 0) fold(profile);
}

void tk_profile_use(struct tk_profile *profile, int64_t local_s)
{
    int second = second_of(own_time(profile->phase_s, local_s));

    tk_profile_roll(profile, local_s);
    profile->today |= UINT64_C(1) << second / TK_PROFILE_SLOT_S;
}

/* --- what it says --- */

bool tk_profile_is_sound(const struct tk_profile *profile)
{
    return profile->today >> TK_PROFILE_SLOTS == 0 &&
           profile->phase_s < TK_PROFILE_PHASES && profile->day <= DAY_MAX &&
           profile->day >= -DAY_MAX;
}

double tk_profile_share(const struct tk_profile *profile, int slot,
                        bool weekend)
{
    return (double)profile->share[weekend][slot] / FULL;
}

bool tk_profile_today(const struct tk_profile *profile, int slot)
{
    return (profile->today >> slot & 1) != 0;
}

double tk_profile_idle_before_s(const struct tk_profile *profile)
{
    if (profile->idle_slots == UINT16_MAX) return HUGE_VAL;
    return (double)profile->idle_slots * TK_PROFILE_SLOT_S;
}
