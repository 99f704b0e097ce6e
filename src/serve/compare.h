/* serve/compare.h - a policy beside the one in force: what it would have done.
 */
#ifndef TK_SERVE_COMPARE_H
#define TK_SERVE_COMPARE_H

#include "serve/desk.h"

/* PUT /v1/shadow/{source} {"policy","options"}: starts a comparison. */
void tk_compare_start(struct tk_desk *desk, struct tk_request *request,
                      struct tk_str source);
/* GET /v1/shadow/{source}: what came of it so far. */
void tk_compare_answer(struct tk_desk *desk, struct tk_request *request,
                       struct tk_str source);
/* DELETE /v1/shadow/{source}: ends it. */
void tk_compare_end(struct tk_desk *desk, struct tk_request *request,
                    struct tk_str source);

/* As JSON. */
void tk_compare_write(const struct tk_shadow *shadow, int64_t now,
                      struct tk_buf *out);

#endif
