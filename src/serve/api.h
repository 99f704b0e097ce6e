/* serve/api.h - the HTTP API of an engine, on the sockets that it listens on.
 *
 * Runs on the engine's loop. What it answers is in docs/http.md; who may
 * ask for what is in serve/access.h.
 */
#ifndef TK_SERVE_API_H
#define TK_SERVE_API_H

#include "engine/engine.h"

struct tk_api;

/* Listens on every address of `listen` ("unix:/path" or "tcp:127.0.0.1:7070",
 * NULL at the end), or on none: then `why` names the one that failed. The loop
 * and the engine are borrowed until tk_api_free. */
TK_MUST_USE int tk_api_new(struct tk_loop *loop, struct tk_engine *engine,
                           const char *const *listen, struct tk_api **out,
                           struct tk_why *why);

/* Listens on these addresses and no others from now on, or leaves everything
 * as it is. What is open stays open. */
TK_MUST_USE int tk_api_listen(struct tk_api *api,
                              const struct tk_config *config,
                              const char *const *listen, struct tk_why *why);

/* Takes no more connections; callers that wait go on waiting. */
void tk_api_stop(struct tk_api *api);
/* Answers all who wait, writes what is still to be written and closes. The
 * engine must still be there. Not from inside a request. */
void tk_api_free(struct tk_api *api);

#endif
