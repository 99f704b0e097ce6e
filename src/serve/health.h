/* serve/health.h - is the engine well, and which is it: /livez, /readyz and
 * /v1/version.
 */
#ifndef TK_SERVE_HEALTH_H
#define TK_SERVE_HEALTH_H

#include "serve/census.h"
#include "serve/desk.h"

enum { TK_HEALTH_TEXT = 128 };

/* Why the engine is not ready, in a line with its end. Returns `out`. */
char *tk_health_describe(const struct tk_census *census,
                         char out[TK_HEALTH_TEXT]);

void tk_health_live(struct tk_request *request);
void tk_health_ready(struct tk_desk *desk, struct tk_request *request);
void tk_health_version(struct tk_desk *desk, struct tk_request *request);

#endif
