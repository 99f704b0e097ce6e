/* engine/turn.h - whose turn it is at a source, and when.
 *
 * A refresh waits until its source has a place (max_concurrent) and a call
 * left (quota). First comes what another refresh waits for; then the key that
 * goes dark first, where callers who wait count as darkness that began
 * TK_TURN_HEAD_START earlier; then the key most in demand. Ranks are moments,
 * so nobody starves: who waits long enough is first.
 *
 * Keys that never had a token stand in a queue of their own. They get at most
 * half of the budget, and every second turn while known keys wait, however
 * many of them somebody makes up.
 */
#ifndef TK_ENGINE_TURN_H
#define TK_ENGINE_TURN_H

#include "engine/fleet.h"
#include "script/task.h"

enum tk_urgency {
    TK_URGENCY_PLANNED, /* waits for the end of a back-off */
    TK_URGENCY_FORCED,  /* ignores our own back-off: somebody knows better, but
                           neither an outage nor what the issuer wishes */
    TK_URGENCY_NEEDED,  /* another refresh waits for it and holds a place: it
                           needs none, but a call of the budget it needs too */
};

enum { TK_TURN_HEAD_START_MS = 10 * 60 * 1000 };

/* Queues the key, or moves it up when it matters more now than before. */
TK_MUST_USE int tk_turn_enter(struct tk_entry *entry, enum tk_urgency urgency,
                              int64_t now);
void tk_turn_leave(struct tk_entry *entry);

/* The next that may start, taken out of its queue and charged to the budget;
 * NULL if none may now. */
struct tk_entry *tk_turn_next(struct tk_source *source, int64_t now);
/* When the budget lets the next one start; TK_NEVER if nothing waits for it
 * but a place or the end of a pause. */
int64_t tk_turn_at(struct tk_source *source, int64_t now);

/* What the refresh of an entry has shown of the issuer of `place`, the source
 * that it was started for. All sources of the issuer may go on, or none. */
void tk_turn_ended(struct tk_fleet *fleet, const struct tk_entry *entry,
                   struct tk_source *place, enum tk_reach reach, int64_t now);

/* A key that nobody keeps and never had a token waits for callers only. They
 * may ask again after a time-out, so it is given up a while later. */
bool tk_turn_is_abandoned(const struct tk_entry *entry, int64_t now);
/* When that is to be looked at; TK_NEVER for any other key. */
int64_t tk_turn_review_at(const struct tk_entry *entry, int64_t now);

/* How many start before this one. */
uint32_t tk_turn_count_before(const struct tk_entry *entry);
/* How many wait at a source. */
uint32_t tk_turn_count(const struct tk_source *source);

#endif
