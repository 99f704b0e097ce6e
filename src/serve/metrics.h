/* serve/metrics.h - GET /metrics: Prometheus text format 0.0.4.
 *
 * Labels are names of the configuration and words of the program; never a key,
 * a subject or anything an issuer said.
 */
#ifndef TK_SERVE_METRICS_H
#define TK_SERVE_METRICS_H

#include "serve/desk.h"

/* What the fleet and the configuration do not know. */
struct tk_metrics_host {
    int64_t uptime_ms;
    int64_t longest_turn_us;
    unsigned connections;
};

void tk_metrics_write(const struct tk_fleet *fleet,
                      const struct tk_config *config,
                      const struct tk_metrics_host *host, int64_t now,
                      struct tk_buf *out);

void tk_metrics_answer(struct tk_desk *desk, struct tk_request *request);

#endif
