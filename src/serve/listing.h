/* serve/listing.h - GET /v1/tokens: what is known of the keys, page by page,
 * and of their sources. Never a token.
 */
#ifndef TK_SERVE_LISTING_H
#define TK_SERVE_LISTING_H

#include "serve/desk.h"
#include "serve/page.h"

/* What the parameters ask for; an empty view asks for nothing. */
struct tk_listing_query {
    struct tk_str source;
    struct tk_str state;
    struct tk_str after;
    struct tk_str limit;
};

/* TK_EINVAL for what makes no sense, TK_ENOENT for an unknown source. */
TK_MUST_USE int tk_listing_read(const struct tk_listing_query *query,
                                const struct tk_config *config,
                                struct tk_page_want *out, struct tk_why *why);

void tk_listing_write(const struct tk_fleet *fleet,
                      const struct tk_config *config,
                      const struct tk_page_want *want, int64_t now,
                      struct tk_buf *out);

void tk_listing_answer(struct tk_desk *desk, struct tk_request *request);

#endif
