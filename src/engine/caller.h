/* engine/caller.h - what callers may ask of a key.
 */
#ifndef TK_ENGINE_CALLER_H
#define TK_ENGINE_CALLER_H

#include "engine/refresh.h"

/* Answers at once if that is possible: with the token, or with a refusal.
 * Returns false if the caller has to wait: he calls tk_caller_wait or goes.
 * Counts as a use of the key; tk_caller_peek, for refreshes that need another
 * token, does not. */
TK_MUST_USE bool tk_caller_get(struct tk_fleet *fleet, struct tk_entry *entry,
                               const struct tk_want *want, int64_t now,
                               struct tk_got *got);
TK_MUST_USE bool tk_caller_peek(struct tk_fleet *fleet, struct tk_entry *entry,
                                const struct tk_want *want, int64_t now,
                                struct tk_got *got);

/* The token was used by somebody who reads the table himself. */
void tk_caller_note_use(struct tk_fleet *fleet, struct tk_entry *entry,
                        int64_t now);

/* Waits for a refresh, which is started with `urgency` if none is on its way.
 * `wait` holds entry, want, done and data; `done` is called exactly once
 * unless the caller leaves (tk_wait_leave). */
void tk_caller_wait(struct tk_fleet *fleet, struct tk_wait *wait,
                    enum tk_urgency urgency, int64_t now);

enum tk_verdict {
    TK_VERDICT_REFRESHING, /* the token is current: its successor is fetched */
    TK_VERDICT_KNOWN,      /* was reported before; nothing new happens */
    TK_VERDICT_LATE,       /* it has been replaced already */
    TK_VERDICT_REFUSED,    /* noted; the issuer refuses the credential */
    TK_VERDICT_HELD,       /* noted; reported too often: the refresh waits */
    TK_VERDICT_UNKNOWN,    /* no such token was given out under this key */
    TK_VERDICT_PAUSED,     /* noted; the refresh waits for resume */
};

/* The issuer does not accept a token: named by its generation, or shown
 * (`token` data not NULL). It stays readable to others until its successor is
 * there. At most one refresh is forced per generation. */
enum tk_verdict tk_caller_reject(struct tk_fleet *fleet, struct tk_entry *entry,
                                 uint64_t generation, struct tk_str token,
                                 int64_t now);

/* A refresh now, whatever the plan says. */
enum tk_verdict tk_caller_refresh(struct tk_fleet *fleet,
                                  struct tk_entry *entry, int64_t now);

/* Drops the token. A kept key gets a new one at once, any other when it is
 * next asked for. */
void tk_caller_drop(struct tk_fleet *fleet, struct tk_entry *entry,
                    int64_t now);

/* No issuer calls for this source until it is resumed. Good tokens are served;
 * callers that wait are refused. */
void tk_caller_pause(struct tk_fleet *fleet, struct tk_source *source,
                     int64_t now);
void tk_caller_resume(struct tk_fleet *fleet, struct tk_source *source,
                      int64_t now);

#endif
