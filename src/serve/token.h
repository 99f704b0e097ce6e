/* serve/token.h - GET /v1/token/{key}: the call that matters most.
 */
#ifndef TK_SERVE_TOKEN_H
#define TK_SERVE_TOKEN_H

#include "serve/desk.h"

/* Answers at once, or when the token is there, or when the caller's time is
 * up. */
void tk_token_get(struct tk_desk *desk, struct tk_request *request,
                  struct tk_str key);

/* Answers all callers that still wait with 503 and takes them from the engine,
 * which must still be there. */
void tk_token_turn_away(struct tk_desk *desk);

#endif
