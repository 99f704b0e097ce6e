/* net/client_check.h - may this request be sent at all?
 *
 * Scripts build URLs and headers from what they are given, so everything that
 * could end a line, name a user or change the protocol stops here, before curl
 * sees it.
 */
#ifndef TK_NET_CLIENT_CHECK_H
#define TK_NET_CLIENT_CHECK_H

#include "base/err.h"
#include "net/http.h"

/* Returns 0, TK_EINVAL with the rule that was broken (never with the bytes),
 * or TK_ENOMEM. `sound_url` is one that has passed before, or empty: curl need
 * not parse it again. */
TK_MUST_USE int tk_client_check(const struct tk_http_request *request,
                                const char *sound_url, struct tk_why *why);

#endif
