/* engine/habit.h - who uses which key at what time of day: the fleet's demand
 * record.
 */
#ifndef TK_ENGINE_HABIT_H
#define TK_ENGINE_HABIT_H

#include "engine/fleet.h"

/* The time of day where the source's users live, counted in seconds from a
 * Monday 00:00 there. */
int64_t tk_fleet_local_s(const struct tk_fleet *fleet,
                         const struct tk_source *source, int64_t now);

/* Somebody uses the key. A refresh that asks for another token is nobody. */
void tk_habit_use(struct tk_fleet *fleet, struct tk_entry *entry, int64_t now);

/* Has a day of the key's own clock ended that is not folded into its profile?
 * A key that was never used has no days. */
bool tk_habit_is_over(const struct tk_fleet *fleet,
                      const struct tk_entry *entry, int64_t now);
/* Folds it. Done before a policy is asked, so that it sees today. */
void tk_habit_roll(struct tk_fleet *fleet, struct tk_entry *entry, int64_t now);

/* What is known of the use of a key, as it may be kept over a restart: it
 * means the same after another boot. Plain data; not trusted when it comes
 * back. */
struct tk_habit {
    struct tk_profile profile;
    int64_t last_use_wall_ms;
    uint64_t uses;
    float rate;
};

/* False for a key that was never used. */
bool tk_fleet_export_habit(const struct tk_fleet *fleet,
                           const struct tk_entry *entry, struct tk_habit *out);
/* Gives it back to its key, unless it was used again already. TK_EINVAL for
 * what no key can have done. */
TK_MUST_USE int tk_fleet_import_habit(struct tk_fleet *fleet,
                                      struct tk_entry *entry,
                                      const struct tk_habit *habit,
                                      int64_t now);

#endif
