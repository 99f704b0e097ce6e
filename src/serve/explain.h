/* serve/explain.h - GET /v1/explain/{key}: everything that led to the next
 * moment of a key, from the issuer's rules to the spread. Never the token.
 */
#ifndef TK_SERVE_EXPLAIN_H
#define TK_SERVE_EXPLAIN_H

#include "serve/desk.h"

void tk_explain_write(const struct tk_fleet *fleet,
                      const struct tk_entry *entry,
                      const struct tk_shadow *shadow, int64_t now,
                      int64_t wall_ms, struct tk_buf *out);

void tk_explain_answer(struct tk_desk *desk, struct tk_request *request,
                       struct tk_str key);

#endif
