/* base/span.h - lengths of time as people write them: "15m", "1h30m", "250ms".
 *
 * Units: ms, s, m, h, d. The longest span is ten years, so that sums of spans
 * and moments cannot overflow.
 */
#ifndef TK_BASE_SPAN_H
#define TK_BASE_SPAN_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

#define TK_SPAN_MAX_MS (INT64_C(3650) * 24 * 3600 * 1000)
enum { TK_SPAN_TEXT = 48 };

/* Returns 0 or TK_EINVAL. A number without a unit is refused. */
TK_MUST_USE int tk_span_parse(struct tk_str text, int64_t *out_ms);

/* Writes at most the two largest units ("1h 59m", "12s", "250ms") into `out`
 * and returns it. */
char *tk_span_print(int64_t span_ms, char out[TK_SPAN_TEXT]);

#endif
