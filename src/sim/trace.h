/* sim/trace.h - who used which key when: a recording of `tokeng run`, or any
 * CSV of two columns, plain or gz.
 *
 *   seconds,key[,event,took_ms,life_s]
 *   97,crm/client
 *   97.5,crm/client,issued,312,7200
 *   98,crm/client,failed,15000,
 *
 * Seconds are counted from local midnight of some Monday, with up to three
 * decimals; a column `unix` counts them from 1 January 1970 instead. Without
 * a head the columns are seconds and key; with one they come in any order, and
 * others are passed over. An empty event, or "use", is a use. Rows need not be
 * sorted.
 */
#ifndef TK_SIM_TRACE_H
#define TK_SIM_TRACE_H

#include "base/err.h"
#include "base/map.h"
#include "base/pool.h"

#include <stdbool.h>
#include <stdint.h>

struct tk_use {
    int64_t at_ms;
    uint32_t key; /* number of it */
};

/* What an issuer answered while a trace was recorded. */
struct tk_recorded {
    int64_t took_ms;
    int64_t life_ms; /* left of the token; 0: none came */
    bool is_new;     /* it was not there before */
};

/* Owned by whoever loaded it. */
struct tk_trace {
    const char *only;    /* "crm" or "crm/client": other keys are passed over;
                            borrowed, or NULL */
    struct tk_use *uses; /* by time, from the first week on */
    size_t use_count;
    size_t use_cap;
    struct tk_recorded *answers;
    size_t answer_count;
    size_t answer_cap;
    struct tk_str *keys; /* by number, in the order they were first read */
    uint32_t key_count;
    uint32_t key_cap;
    struct tk_map by_key;
    struct tk_pool pool;
    int64_t begin_ms; /* when the first use was, */
    int64_t end_ms;   /* and the last */
};

void tk_trace_init(struct tk_trace *trace);
void tk_trace_fini(struct tk_trace *trace);

/* A refusal names file and line. TK_EINVAL for what is no trace, TK_EFULL past
 * 100 million rows or a million keys. `only` is set before. */
TK_MUST_USE int tk_trace_load(struct tk_trace *trace, const char *path,
                              struct tk_why *why);

/* The longest life of a token that was recorded, and the shortest; 0: none
 * was. */
int64_t tk_trace_lives(const struct tk_trace *trace, int64_t *shortest);

/* Adding by hand; tk_trace_sort ends it. */
TK_MUST_USE int tk_trace_key(struct tk_trace *trace, struct tk_str key,
                             uint32_t *out);
TK_MUST_USE int tk_trace_add(struct tk_trace *trace, int64_t at_ms,
                             uint32_t key);
void tk_trace_sort(struct tk_trace *trace);

#endif
