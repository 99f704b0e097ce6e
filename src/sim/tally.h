/* sim/tally.h - what came of one run of a trace under one policy.
 *
 * Only what happens after the learning period is counted. The first token of a
 * key is cold under every policy: who waits for it is counted apart, and its
 * call like any other.
 */
#ifndef TK_SIM_TALLY_H
#define TK_SIM_TALLY_H

#include <stddef.h>
#include <stdint.h>

enum {
    TK_TALLY_NAME = 96,
    TK_TALLY_TROUBLE = 400,
    TK_DAY_MINUTES = 24 * 60,
};

/* A token of the key that is shown: usable from when it came to its end, or
 * until its successor came. */
struct tk_stretch {
    int64_t from_ms; /* of the trace, as everywhere here */
    int64_t to_ms;
};

/* Owned by whoever ran it; tk_tally_fini frees what it holds. */
struct tk_tally {
    char name[TK_TALLY_NAME]; /* "foresight cold_cost=10" */
    int64_t from_ms;          /* the span that is judged */
    int64_t to_ms;

    uint64_t uses;
    uint64_t cold;   /* callers that had to wait, */
    uint64_t first;  /* but for those that waited for a key's first token */
    uint64_t denied; /* of both, those that got no token in time */

    uint64_t calls;      /* all that left for the issuer, which are */
    uint64_t background; /* those that nobody waited for, */
    uint64_t awaited;    /* and those that a cold caller made */
    uint64_t no_op;      /* of both: brought the same token again, */
    uint64_t failed;     /* or none; */
    uint64_t unused;     /* tokens that ended or were replaced unused */

    uint32_t peak;                    /* the most calls in one minute */
    uint64_t minutes[TK_DAY_MINUTES]; /* calls by the minute of the day */
    int64_t at_risk_ms; /* without a valid token, over all keys: a use then
                           would have been cold */
    int64_t key_ms;     /* what that is a part of */

    struct tk_stretch *shown; /* tokens of the key that is shown */
    size_t shown_count;
    size_t shown_cap;

    /* Learning included: how often the policy was asked, how often its script
     * failed, and the last time why. */
    uint64_t asked;
    uint64_t troubles;
    char trouble[TK_TALLY_TROUBLE];
};

void tk_tally_fini(struct tk_tally *tally);

/* In calls, if a cold call costs `ratio` of them. */
double tk_tally_cost(const struct tk_tally *tally, double ratio);
double tk_tally_cold_per_10k(const struct tk_tally *tally);

#endif
