/* serve/access.h - who may make which call.
 *
 * The engine's own user and root may do everything. Whoever else was let in by
 * the rights of the socket may get tokens, report those that were refused, and
 * look whether the engine is well. A peer without credentials may do nothing.
 */
#ifndef TK_SERVE_ACCESS_H
#define TK_SERVE_ACCESS_H

#include "net/server_request.h"
#include "serve/route.h"

/* `owner` is the user that the engine runs as. */
bool tk_access_is_allowed(const struct tk_peer *peer, uid_t owner,
                          enum tk_call call);

#endif
