#include "engine/habit.h"

#include <stdlib.h>

/* 1 January 1970 was a Thursday. */
#define FROM_MONDAY_S (3 * 24 * 3600)

int64_t tk_fleet_local_s(const struct tk_fleet *fleet,
                         const struct tk_source *source, int64_t now)
{
    int64_t utc_s = tk_fleet_wall_ms(fleet, now) / 1000;

    return utc_s + tk_zone_ahead_s(source->zone, utc_s) + FROM_MONDAY_S;
}

/* Made at the first use: most made-up keys never have one that succeeds.
 * Without memory the key has no habits yet. */
static struct tk_profile *profile_of(struct tk_entry *entry, int64_t local_s)
{
    if (entry->profile != NULL) return entry->profile;
    entry->profile = malloc(sizeof *entry->profile);
    if (entry->profile == NULL) return NULL;
    tk_profile_begin(entry->profile, tk_profile_phase(tk_entry_text(entry)),
                     local_s);
    return entry->profile;
}

void tk_habit_use(struct tk_fleet *fleet, struct tk_entry *entry, int64_t now)
{
    int64_t local_s = tk_fleet_local_s(fleet, entry->source, now);
    struct tk_profile *profile = profile_of(entry, local_s);

    tk_entry_note_use(entry, now);
    if (profile != NULL) tk_profile_use(profile, local_s);
}

bool tk_habit_is_over(const struct tk_fleet *fleet,
                      const struct tk_entry *entry, int64_t now)
{
    return entry->profile != NULL &&
           tk_profile_is_over(entry->profile,
                              tk_fleet_local_s(fleet, entry->source, now));
}

void tk_habit_roll(struct tk_fleet *fleet, struct tk_entry *entry, int64_t now)
{
    if (entry->profile == NULL) return;
    tk_profile_roll(entry->profile,
                    tk_fleet_local_s(fleet, entry->source, now));
}
