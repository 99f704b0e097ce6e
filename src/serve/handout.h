/* serve/handout.h - a token as it is handed out, or the reason why not.
 */
#ifndef TK_SERVE_HANDOUT_H
#define TK_SERVE_HANDOUT_H

#include "engine/wait.h"
#include "net/server_request.h"
#include "serve/problem.h"
#include "serve/seconds.h"

/* The most that tk_handout_write writes: a token whose every byte is escaped,
 * its attributes and some room. */
enum {
    TK_HANDOUT_MAX = 2 * TK_TOKEN_MAX + TK_ATTRIBUTES_MAX + 4 * 1024,
    TK_HANDOUT_HEADERS = 4,
    TK_HANDOUT_DETAIL = 400,
};

/* All that a caller may want to know of the token, as JSON. `wall_ms` is the
 * wall time now. */
void tk_handout_write(const struct tk_got *got, int64_t wall_ms,
                      struct tk_buf *out);

/* The same for the bare token: views into itself. */
struct tk_handout_headers {
    struct tk_http_header list[TK_HANDOUT_HEADERS];
    char generation[24];
    char expires_in[TK_SECONDS_TEXT];
};
void tk_handout_head(const struct tk_got *got, struct tk_handout_headers *out);

/* Why there is no token. `detail` is the room for the sentence; the views are
 * into it and into the entry. */
void tk_handout_refuse(const struct tk_got *got, char detail[TK_HANDOUT_DETAIL],
                       struct tk_http_problem *out);

#endif
