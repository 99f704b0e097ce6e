/* serve/reject.h - POST /v1/reject/{key}: a caller reports that the issuer no
 * longer accepts a token that he was given.
 */
#ifndef TK_SERVE_REJECT_H
#define TK_SERVE_REJECT_H

#include "serve/desk.h"

/* What is reported: a generation, or the token itself (data not NULL). */
struct tk_report {
    uint64_t generation;
    struct tk_str token;
};

/* Reads {"generation":N} or {"token":"..."}; the token lies in `pool`. Returns
 * 0 or TK_EINVAL with a reason that never shows a byte of the body. */
TK_MUST_USE int tk_reject_read(struct tk_str body, struct tk_pool *pool,
                               struct tk_report *out, struct tk_why *why);

void tk_reject_answer(struct tk_desk *desk, struct tk_request *request,
                      struct tk_str key);

#endif
