/* fake/fault.h - what a fake issuer does wrong, and when.
 *
 * Chance is a hash of the seed and the number of the call, so that a run with
 * the same seed and the same calls meets the same faults.
 */
#ifndef TK_FAKE_FAULT_H
#define TK_FAKE_FAULT_H

#include "base/value.h"

#include <stdint.h>

enum tk_outage {
    TK_OUTAGE_NONE,
    TK_OUTAGE_503,  /* every call is answered with 503 */
    TK_OUTAGE_HANG, /* no call is answered until the outage ends */
};

/* The switches. A rate is the share of calls, 0 to 1, that meet the fault; at
 * most one fault meets a call, and where the sum is above 1 the first ones
 * named here go first. All 0 is a good day. */
struct tk_switches {
    int64_t latency_ms;        /* from a call to its answer */
    int64_t latency_jitter_ms; /* up to that much more */
    double error_rate;         /* 500 */
    double rate_limit_rate;    /* 429 */
    double ok_error_rate;      /* 200 with the issuer's own error body */
    double empty_rate;         /* 200 with no body */
    double garbage_rate;       /* 200 with bytes that are no JSON */
    int64_t quota_per_minute;  /* calls to one issuer; 0: no limit */
    int64_t retry_after_s;     /* what a 429 by rate asks for; 0: 1 s */
    enum tk_outage outage;
};

enum tk_fault {
    TK_FAULT_NONE,
    TK_FAULT_ERROR,
    TK_FAULT_LIMIT,
    TK_FAULT_OK_ERROR,
    TK_FAULT_EMPTY,
    TK_FAULT_GARBAGE,
    TK_FAULT_503,
    TK_FAULT_HANG,
};

/* "error", "limit", ...; NULL for TK_FAULT_NONE. */
const char *tk_fault_name(enum tk_fault fault);

/* The fault that call number `call` meets, outages and rates taken together.
 * The quota is tk_quota_take's. */
enum tk_fault tk_fault_draw(const struct tk_switches *switches, uint64_t seed,
                            uint64_t call);
/* How long the answer to call number `call` takes. */
int64_t tk_fault_latency(const struct tk_switches *switches, uint64_t seed,
                         uint64_t call);

/* The calls of one issuer in the minute that began at `began_ms`. */
struct tk_quota {
    int64_t began_ms;
    int64_t calls;
};

/* Counts a call. Returns 0, or the seconds until the next minute begins if the
 * quota (0: none) is used up. */
int64_t tk_quota_take(struct tk_quota *quota, int64_t per_minute,
                      int64_t now_ms);

/* Changes the switches that `table` names, all or none: `outage` is true,
 * false, "503" or "hang", all else a number that is not negative. */
TK_MUST_USE int tk_switches_change(struct tk_switches *switches,
                                   const struct tk_value *table,
                                   struct tk_why *why);

#endif
