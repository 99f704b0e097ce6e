/* serve/admin.h - calls that change what the engine does: refresh, drop,
 * pause, resume, reload.
 */
#ifndef TK_SERVE_ADMIN_H
#define TK_SERVE_ADMIN_H

#include "serve/desk.h"

/* A refresh now; the key is made if need be. */
void tk_admin_refresh(struct tk_desk *desk, struct tk_request *request,
                      struct tk_str key);
/* Drops the token of a key. */
void tk_admin_drop(struct tk_desk *desk, struct tk_request *request,
                   struct tk_str key);
void tk_admin_pause(struct tk_desk *desk, struct tk_request *request,
                    struct tk_str source, bool is_paused);
void tk_admin_reload(struct tk_desk *desk, struct tk_request *request);

#endif
