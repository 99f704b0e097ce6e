/* serve/api.h - the HTTP API of an engine, on one or more listeners.
 */
#ifndef TK_SERVE_API_H
#define TK_SERVE_API_H

#include "engine/engine.h"

struct tk_api;

/* Listens on every address of `listen`, which ends with NULL; the texts are
 * borrowed during the call. Engine and loop must outlive the api. */
TK_MUST_USE int tk_api_new(struct tk_loop *loop, struct tk_engine *engine,
                           const char *const *listen, struct tk_api **out,
                           struct tk_why *why);
/* Takes no new connections and turns away those who wait. */
void tk_api_stop(struct tk_api *api);
/* Writes the answers that are under way and closes. The engine must still be
 * there. `api` may be NULL. */
void tk_api_free(struct tk_api *api);

#endif
