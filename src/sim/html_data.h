/* sim/html_data.h - what web/simulate.js reads, as JSON:
 *
 *   { "name": of the trace, "report": as sim/report.h writes it,
 *     "minutes": [[calls by the minute of the day] by trial],
 *     "key": { "name": of the key that is shown, "from_ms", "to_ms",
 *              "uses": [moments],
 *              "optimum": [[from, to] of each token],
 *              "tokens": [[[from, to] of each token] by trial] } }
 *
 * The trials are in the order of the report.
 */
#ifndef TK_SIM_HTML_DATA_H
#define TK_SIM_HTML_DATA_H

#include "sim/report.h"

/* All borrowed. */
struct tk_html_data {
    struct tk_str trace; /* what it is called */
    const struct tk_contest *contest;
    const struct tk_optimum *optimum; /* NULL: there is none */
};

/* Which key to show: the one that is called `name`, or, if that is NULL, one
 * that is used as often as most: half of the keys are used less. TK_ENOENT for
 * a name that is not in the trace. */
TK_MUST_USE int tk_html_data_pick(const struct tk_trace *trace,
                                  const char *name, uint32_t *key,
                                  struct tk_why *why);

/* Appends it. */
TK_MUST_USE int tk_html_data_put(struct tk_buf *out,
                                 const struct tk_html_data *data);

#endif
