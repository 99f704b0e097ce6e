/* base/profile.h - at which half hours a key is used, on working days and at
 * weekends, as far as it has shown: 120 bytes. Of whole hours it would be 60,
 * and predictions cost a twentieth more in calls and cold callers, a fifth more
 * where tokens live an hour.
 *
 * All times are local seconds, counted from a Monday 00:00 of the place where
 * the key is used; where that is, and what time it is there, the caller knows.
 * Every key lives by a clock of its own, ahead of the local one by its phase,
 * up to an hour: so that keys used at the same times do not all act at the
 * same moment. Hours, days and weekends of a profile are those of this clock.
 */
#ifndef TK_BASE_PROFILE_H
#define TK_BASE_PROFILE_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TK_PROFILE_SLOTS = 48, /* half hours of a day */
    TK_PROFILE_SLOT_S = 1800,
    TK_PROFILE_PHASES = 3600, /* in seconds */
};

/* Plain data, so that it can be kept and copied as it is. */
struct tk_profile {
    /* Of working days and of weekend days: the share that had a use in this
     * half hour, of 255, newer days counting more. */
    uint8_t share[2][TK_PROFILE_SLOTS];
    uint64_t today; /* a bit for each half hour with a use */
    int32_t day;    /* today's number; day 0 is a Monday */
    uint16_t phase_s;
    uint16_t idle_slots; /* since the last use, when today began */
    uint8_t days[2];     /* folded so far, up to 255 */
};

/* The phase of a key: the same on every host and after every start. */
uint16_t tk_profile_phase(struct tk_str key);

/* An empty profile whose first day is that of `local_s`. */
void tk_profile_begin(struct tk_profile *profile, uint16_t phase_s,
                      int64_t local_s);
/* Somebody used the key. */
void tk_profile_use(struct tk_profile *profile, int64_t local_s);

/* The local second at which the profile's day ends. */
int64_t tk_profile_end(const struct tk_profile *profile);
/* Has it ended? */
bool tk_profile_is_over(const struct tk_profile *profile, int64_t local_s);
/* Folds the days that have ended into the shares, those without a use too. A
 * clock that was set, back by more than a day or forward by more than three
 * months, ends no days: it begins another. */
void tk_profile_roll(struct tk_profile *profile, int64_t local_s);

/* May these bytes be a profile? For one that was kept elsewhere. */
bool tk_profile_is_sound(const struct tk_profile *profile);

/* The share of days, 0 to 1, with a use in this half hour, 0 to 47. */
double tk_profile_share(const struct tk_profile *profile, int slot,
                        bool weekend);
/* Was it used today in this half hour? */
bool tk_profile_today(const struct tk_profile *profile, int slot);
/* How long it had been idle when today began; infinite if it is not known. */
double tk_profile_idle_before_s(const struct tk_profile *profile);

/* What the key's own clock says: 0 to below 24. */
double tk_profile_hour(uint16_t phase_s, int64_t local_s);
bool tk_profile_is_weekend(uint16_t phase_s, int64_t local_s);

#endif
