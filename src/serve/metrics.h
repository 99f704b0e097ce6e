/* serve/metrics.h - GET /metrics.
 */
#ifndef TK_SERVE_METRICS_H
#define TK_SERVE_METRICS_H

#include "serve/census.h"
#include "serve/desk.h"

/* What the numbers come from. All borrowed. */
struct tk_metrics_view {
    const struct tk_config *config;
    const struct tk_census *census;
    const struct tk_shadows *shadows; /* or NULL */
    int64_t now;
    int64_t uptime_ms;
    struct tk_loop_longest longest;
    unsigned connections;
    uint64_t rows_lost;
};

void tk_metrics_write(const struct tk_metrics_view *view, struct tk_buf *out);

/* `connections` are those of all listeners. */
void tk_metrics_answer(struct tk_desk *desk, struct tk_request *request,
                       unsigned connections);

#endif
