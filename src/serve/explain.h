/* serve/explain.h - GET /v1/explain/{key}: why a key is renewed when it is.
 */
#ifndef TK_SERVE_EXPLAIN_H
#define TK_SERVE_EXPLAIN_H

#include "serve/desk.h"

/* The chain of one key, as JSON: issuer facts, the policy's answer, what bent
 * it, what comes next, the last failure, demand. */
void tk_explain_write(const struct tk_fleet *fleet,
                      const struct tk_entry *entry, int64_t now,
                      int64_t wall_ms, struct tk_buf *out);

void tk_explain_answer(struct tk_desk *desk, struct tk_request *request,
                       struct tk_str key);

#endif
