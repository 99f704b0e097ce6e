/* base/date.h - moments of wall time as text: RFC 3339 and HTTP dates. */
#ifndef TK_BASE_DATE_H
#define TK_BASE_DATE_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum { TK_DATE_TEXT = 32 };

/* "2026-11-23T12:00:00Z", with a fraction or an offset if there is one.
 * Years 1970 to 9999. Returns 0 or TK_EINVAL. */
TK_MUST_USE int tk_date_parse_rfc3339(struct tk_str text, int64_t *wall_ms);

/* "Mon, 23 Nov 2026 12:00:00 GMT" (RFC 9110, the form that senders use). */
TK_MUST_USE int tk_date_parse_http(struct tk_str text, int64_t *wall_ms);

/* RFC 3339 in UTC with milliseconds, into `out`, which is returned. */
char *tk_date_print(int64_t wall_ms, char out[TK_DATE_TEXT]);

#endif
