/* engine/wait.h - callers that wait for a token, each with a deadline of his
 * own; and the answer that every caller gets, at once or later.
 */
#ifndef TK_ENGINE_WAIT_H
#define TK_ENGINE_WAIT_H

#include "engine/fleet.h"

/* What a caller asks for. */
struct tk_want {
    int64_t min_ttl_ms;  /* life that the token should still have */
    int64_t wait_ms;     /* how long the caller is willing to wait */
    uint64_t newer_than; /* a generation that did not do; 0: any will */
};

/* Why there is no token. */
enum tk_refusal {
    TK_REFUSAL_NONE,
    TK_REFUSAL_FAILED,   /* the issuer did not give one: see class and code */
    TK_REFUSAL_POISONED, /* it gave the rejected one again */
    TK_REFUSAL_HELD,     /* too many young tokens were reported */
    TK_REFUSAL_DOWN,     /* it does not answer, and is not asked before */
    TK_REFUSAL_BUSY,     /* it has asked not to be called before a time */
    TK_REFUSAL_PAUSED,
    TK_REFUSAL_TIMEOUT,   /* the caller's time was up first */
    TK_REFUSAL_WITHDRAWN, /* the source was changed or taken out */
    TK_REFUSAL_STOPPING,
};

/* Borrowed during the call that hands it over. */
struct tk_got {
    enum tk_refusal refusal;
    const struct tk_entry *entry;
    struct tk_str token;
    struct tk_str attributes;
    uint64_t generation;
    int64_t expires_in_ms;
    enum tk_state state;
    int64_t retry_in_ms; /* with a refusal: when asking again makes sense */
};

typedef void (*tk_got_cb)(const struct tk_got *got, void *data);

/* Owned by the caller until `done` has been called or tk_wait_leave. */
struct tk_wait {
    struct tk_link of_entry;
    struct tk_link of_fleet;
    struct tk_entry *entry;
    struct tk_want want;
    int64_t deadline;
    bool is_settled; /* the refresh has landed; its answer is on its way, */
    enum tk_refusal refusal; /* this one, unless there is a token */
    tk_got_cb done;
    void *data;
};

/* Does the token of the entry do? `is_final`: the issuer has just been asked,
 * so a life shorter than min_ttl is the best there is. */
bool tk_wait_is_met(const struct tk_fleet *fleet, const struct tk_entry *entry,
                    const struct tk_want *want, int64_t now, bool is_final);

/* Fills `got` with the token of the entry, or with a refusal. */
void tk_wait_fill(const struct tk_fleet *fleet, const struct tk_entry *entry,
                  enum tk_refusal refusal, int64_t now, struct tk_got *got);

/* Puts a caller on the list. `wait` holds entry, want, done and data. */
void tk_wait_enter(struct tk_fleet *fleet, struct tk_wait *wait, int64_t now);
/* The caller goes away; `done` will not be called. */
void tk_wait_leave(struct tk_wait *wait);

/* A refresh of the entry has landed: callers whose want is met get the token,
 * the others the refusal. */
void tk_wait_settle(struct tk_fleet *fleet, struct tk_entry *entry,
                    enum tk_refusal refusal, int64_t now);

/* The same, but of a great many callers only the first are answered at once,
 * and the others by tk_wait_expire, which is made to be called. */
void tk_wait_settle_soon(struct tk_fleet *fleet, struct tk_entry *entry,
                         enum tk_refusal refusal, int64_t now);

/* Refuses callers whose deadline has come, and answers those who were settled:
 * a part of them if they are very many. Returns the next deadline, which may
 * have come, too. */
int64_t tk_wait_expire(struct tk_fleet *fleet, int64_t now);

/* "paused", "timeout", ... */
const char *tk_refusal_name(enum tk_refusal refusal);

#endif
