/* engine/schedule.h - tells and asks the policy about a key, and sets when it
 * is acted upon.
 */
#ifndef TK_ENGINE_SCHEDULE_H
#define TK_ENGINE_SCHEDULE_H

#include "engine/wait.h"

/* What the policy may know of a key. Borrowed from the entry. */
void tk_schedule_view(const struct tk_fleet *fleet,
                      const struct tk_entry *entry, int64_t now,
                      struct tk_token_view *out);

/* The moment before which a refresh is known to give nothing new, by what was
 * learned of this token and of its kind; 0: nothing. */
int64_t tk_schedule_not_before(const struct tk_entry *entry);

/* Asks the policy about a key and sets its due moment. Called for a new
 * generation, at a tick that is due, after a refresh that gained nothing, and
 * when the policy or its options have changed. */
void tk_schedule_ask(struct tk_fleet *fleet, struct tk_entry *entry,
                     int64_t now);

/* After a failure: the next try. Sets failure->next_try_at and the due moment;
 * a key that never had a token and that nobody keeps is only retried when it
 * is asked for, and forgotten when its back-off is over. */
void tk_schedule_retry(struct tk_fleet *fleet, struct tk_entry *entry,
                       int64_t retry_after_ms, int64_t now);
/* The same where the moment is known. */
void tk_schedule_retry_at(struct tk_fleet *fleet, struct tk_entry *entry,
                          int64_t at, int64_t now);

/* Renews the key at `at`, unless something is due before. */
void tk_schedule_sooner(struct tk_fleet *fleet, struct tk_entry *entry,
                        int64_t at);

/* The same at the next chance, so that many keys share the time that there is
 * for it. A key that is queued, on its way or failing is left alone: it is
 * asked about when that is over. */
void tk_schedule_ask_soon(struct tk_fleet *fleet, struct tk_entry *entry,
                          int64_t now);

/* Tells the policy what has happened to the key. One that has never had a
 * token is none of its business. */
void tk_schedule_tell(struct tk_fleet *fleet, struct tk_entry *entry,
                      enum tk_event event, int64_t now);

/* If the key's own day is over: tells the policy and folds the day into the
 * profile. Before a use in the next one is noted. */
void tk_schedule_end_day(struct tk_fleet *fleet, struct tk_entry *entry,
                         int64_t now);

/* At a tick, when the look of the key is due: has its day ended, has it come
 * into use, or out of it? Sets the next look. */
void tk_schedule_look(struct tk_fleet *fleet, struct tk_entry *entry,
                      int64_t now);

/* A key was used: the policy is asked again at its next tick if the plan is to
 * let it lapse, or if nobody has used it for long. Cheap when nothing is to be
 * done. */
void tk_schedule_used(struct tk_fleet *fleet, struct tk_entry *entry,
                      int64_t now);

#endif
