#include "engine/habit.h"

#include <math.h>
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
    const struct tk_fleet_port *port = tk_fleet_port(fleet);

    if (port->used != NULL) port->used(entry, now, port->data);
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

bool tk_fleet_export_habit(const struct tk_fleet *fleet,
                           const struct tk_entry *entry, struct tk_habit *out)
{
    if (entry->profile == NULL) return false;
    *out = (struct tk_habit){
        .profile = *entry->profile,
        .last_use_wall_ms = tk_fleet_wall_ms(fleet, entry->last_use_at),
        .uses = entry->uses,
        .rate = entry->rate,
    };
    return true;
}

/* By the clocks of now. A use in the future was told by a clock that was wrong;
 * 0 would say that there was none. */
static int64_t moment_of(const struct tk_fleet *fleet, int64_t wall_ms,
                         int64_t now)
{
    int64_t wall_now = tk_fleet_wall_ms(fleet, now);
    int64_t at = wall_ms < wall_now ? now - (wall_now - wall_ms) : now;

    return at == 0 ? -1 : at;
}

int tk_fleet_import_habit(struct tk_fleet *fleet, struct tk_entry *entry,
                          const struct tk_habit *habit, int64_t now)
{
    if (habit->uses == 0 || habit->last_use_wall_ms <= 0 ||
        !isfinite(habit->rate) || habit->rate < 0 ||
        !tk_profile_is_sound(&habit->profile)) {
        return TK_EINVAL;
    }
    if (entry->profile != NULL) return 0;
    entry->profile = malloc(sizeof *entry->profile);
    if (entry->profile == NULL) return TK_ENOMEM;
    *entry->profile = habit->profile;
    entry->profile->phase_s = tk_profile_phase(tk_entry_text(entry));
    entry->last_use_at = moment_of(fleet, habit->last_use_wall_ms, now);
    entry->uses = habit->uses;
    entry->rate = habit->rate;
    return 0;
}
