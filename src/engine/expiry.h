/* engine/expiry.h - how long does a token live, as issuers say it.
 *
 * They say it as seconds (an integer, a text of digits, a float), as a moment
 * (RFC 3339, epoch seconds, epoch milliseconds), or not at all.
 */
#ifndef TK_ENGINE_EXPIRY_H
#define TK_ENGINE_EXPIRY_H

#include "base/value.h"

/* Reads a span ("expires_in"): 1 second to ten years. Returns 0, TK_ENOENT if
 * the value is absent or null, TK_ETIMEDOUT if nothing is left, or TK_EINVAL.
 */
TK_MUST_USE int tk_expiry_in(const struct tk_value *value, int64_t *out_ms);

/* Reads a moment ("expires_at") and turns it into the life left at the wall
 * time `wall_ms`, at least 1 ms. Numbers below 10^11 are epoch seconds, above
 * it milliseconds (10^11 s is the year 5138). Results as above. */
TK_MUST_USE int tk_expiry_at(const struct tk_value *value, int64_t wall_ms,
                             int64_t *out_ms);

#endif
