#include "engine/expiry.h"

#include "base/date.h"
#include "base/span.h"

#include <math.h>

/* A text of digits, as some issuers write numbers. At most 17 of them: more
 * would be no date and no life, and 18 still fit an int64. */
static bool read_digits(struct tk_str text, double *out)
{
    int64_t number = 0;

    if (text.len == 0 || text.len > 17) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        number = number * 10 + (text.data[i] - '0');
    }
    *out = (double)number;
    return true;
}

static bool read_number(const struct tk_value *value, double *out)
{
    switch (value->type) {
    case TK_INT:
        *out = (double)value->as.integer;
        return true;
    case TK_NUM:
        *out = value->as.number;
        return isfinite(*out);
    case TK_TEXT:
        return read_digits(value->as.text, out);
    default:
        return false;
    }
}

int tk_expiry_in(const struct tk_value *value, int64_t *out_ms)
{
    double seconds;

    if (value == NULL || value->type == TK_NIL) return TK_ENOENT;
    if (!read_number(value, &seconds)) return TK_EINVAL;
    if (seconds < 1) return TK_ETIMEDOUT;
    if (seconds > (double)TK_SPAN_MAX_MS / 1000) return TK_EINVAL;
    *out_ms = (int64_t)seconds * 1000;
    return 0;
}

int tk_expiry_at(const struct tk_value *value, int64_t wall_ms, int64_t *out_ms)
{
    int64_t at_ms;
    double number;

    if (value == NULL || value->type == TK_NIL) return TK_ENOENT;
    if (read_number(value, &number)) {
        double scaled = number < 1e11 ? number * 1000 : number;

        if (scaled < 0 || scaled > 1e15) return TK_EINVAL;
        at_ms = (int64_t)scaled;
    } else if (value->type != TK_TEXT ||
               tk_date_parse_rfc3339(value->as.text, &at_ms) != 0) {
        return TK_EINVAL;
    }
    if (at_ms <= wall_ms) return TK_ETIMEDOUT;
    if (at_ms - wall_ms > TK_SPAN_MAX_MS) return TK_EINVAL;
    *out_ms = at_ms - wall_ms;
    return 0;
}
