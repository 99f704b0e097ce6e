/* script/request.h - from a script's table to an HTTP request.
 *
 * { url =, headers = { Name = value }, json =, form = { name = value }, body =,
 *   basic = { id, secret }, basic_raw = true }
 *
 * A secret may stand wherever a text may: its bytes are joined here and lie in
 * memory that is wiped, never in Lua's.
 */
#ifndef TK_SCRIPT_REQUEST_H
#define TK_SCRIPT_REQUEST_H

#include "base/buf.h"
#include "base/value.h"
#include "net/http.h"

enum { TK_REQUEST_HEADERS = 64, TK_REQUEST_BODY = 1 << 20 };

/* Fills method, url, headers and body of `out`; all of it lies in `args`,
 * `pool` and `body`. TK_EINVAL with a reason for what cannot be sent. */
TK_MUST_USE int tk_request_build(const char *method,
                                 const struct tk_value *args,
                                 struct tk_pool *pool, struct tk_buf *body,
                                 struct tk_http_request *out,
                                 struct tk_why *why);

/* The seconds that an answer asks to wait: Retry-After in both forms, or
 * x-ogw-ratelimit-reset. -1 if it says nothing. */
double tk_request_retry_after(const struct tk_http_reply *reply,
                              int64_t wall_ms);

#endif
