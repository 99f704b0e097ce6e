/* net/json_check.h - is a text one JSON document, in our strict sense?
 *
 * RFC 8259 to the letter, and narrower where a lax reader was seen to lose or
 * change something: well-formed UTF-8 only, no \u0000, no half of a surrogate
 * pair, no byte order mark, nothing behind the document.
 */
#ifndef TK_NET_JSON_CHECK_H
#define TK_NET_JSON_CHECK_H

#include "base/err.h"
#include "base/str.h"

/* cJSON keeps 63 bytes of a number and would take the rest for another. */
enum { TK_JSON_CHECK_NUMBER = 63 };

/* Returns 0 and the count of values in the document, or TK_EINVAL with the
 * rule that was broken and the offset. */
TK_MUST_USE int tk_json_check(struct tk_str text, int max_levels,
                              size_t *values, struct tk_why *why);

/* The length of the well-formed UTF-8 sequence in front of `text`, or 0 if
 * there is none. */
size_t tk_json_check_utf8(struct tk_str text);

#endif
