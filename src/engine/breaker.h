/* engine/breaker.h - when an issuer that does not answer is asked again.
 *
 * Closed: calls leave. After TK_BREAKER_FAILURES in a row that brought no
 * answer, whichever keys they were for, it opens: none leaves until `probe_at`.
 * Then exactly one does, the probe. Any answer closes it; another failure opens
 * it for twice as long, at most a minute. The times shrink with the life of the
 * issuer's tokens and with what is left of the one that the probe was for, so
 * that shortened time behaves alike and no token ends in a long pause.
 */
#ifndef TK_ENGINE_BREAKER_H
#define TK_ENGINE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { TK_BREAKER_FAILURES = 5, TK_BREAKER_LONGEST_MS = 60 * 1000 };

/* All 0: closed. Owned by its issuer. */
struct tk_breaker {
    bool is_open;
    const void *probe; /* whose call is the probe on its way; NULL: none is */
    int64_t probe_at;  /* while it is open: the next probe is not before */
    unsigned failures; /* in a row, while it is closed */
    unsigned openings; /* in a row */
    uint64_t outages;  /* since the start */
    int64_t life_ms;   /* of the last token that came; 0: unknown */
};

/* A call that has ended without any answer. */
struct tk_unanswered {
    int64_t now;
    int64_t expires_at; /* of the token that it should replace; 0: none */
    uint64_t dice;
};

/* When the next call may leave: `now` or before if at once, TK_NEVER while the
 * probe is on its way. */
int64_t tk_breaker_next(const struct tk_breaker *breaker);
/* The call of `who` leaves; while it is open, as the probe. */
void tk_breaker_leave(struct tk_breaker *breaker, const void *who);

/* What came of a call; true if the breaker has opened or closed by it. */
bool tk_breaker_answered(struct tk_breaker *breaker);
bool tk_breaker_unanswered(struct tk_breaker *breaker,
                           const struct tk_unanswered *call);
/* The refresh of `who` has ended, whatever came of it. If it was the probe and
 * has told nothing of the issuer, another may be sent at `again_at`. */
bool tk_breaker_ended(struct tk_breaker *breaker, const void *who,
                      int64_t again_at);

#endif
