#include "base/span.h"

#include <stdio.h>

struct unit {
    const char *name;
    int64_t ms;
};

static const struct unit units[] = {
    {"d", 24 * 3600 * 1000},
    {"h", 3600 * 1000},
    {"m", 60 * 1000},
    {"s", 1000},
    {"ms", 1},
};
enum { UNITS = sizeof units / sizeof units[0] };

static int64_t unit_ms(struct tk_str name)
{
    for (int i = 0; i < UNITS; i++) {
        if (tk_str_is(name, units[i].name)) return units[i].ms;
    }
    return 0;
}

static struct tk_str take_while(struct tk_str *rest, char low, char high)
{
    struct tk_str taken = {rest->data, 0};

    while (taken.len < rest->len && rest->data[taken.len] >= low &&
           rest->data[taken.len] <= high) {
        taken.len++;
    }
    *rest = tk_str_skip(*rest, taken.len);
    return taken;
}

int tk_span_parse(struct tk_str text, int64_t *out_ms)
{
    int64_t sum = 0;

    if (text.len == 0) return TK_EINVAL;
    while (text.len > 0) {
        struct tk_str digits = take_while(&text, '0', '9');
        int64_t scale = unit_ms(take_while(&text, 'a', 'z'));
        int64_t count = 0;

        if (digits.len == 0 || digits.len > 15 || scale == 0) return TK_EINVAL;
        for (size_t i = 0; i < digits.len; i++) {
            count = count * 10 + (digits.data[i] - '0');
        }
        if (count > (TK_SPAN_MAX_MS - sum) / scale) return TK_EINVAL;
        sum += count * scale;
    }
    *out_ms = sum;
    return 0;
}

char *tk_span_print(int64_t span_ms, char out[TK_SPAN_TEXT])
{
    const char *sign = span_ms < 0 ? "-" : "";
    int64_t rest;
    int at = 0;

    if (span_ms == INT64_MIN) span_ms++; /* it has no opposite */
    rest = span_ms < 0 ? -span_ms : span_ms;
    while (at < UNITS - 1 && rest < units[at].ms) at++;
    int64_t first = rest / units[at].ms;
    int64_t left = rest % units[at].ms;

    /* Seconds stand alone: nobody plans by "12s 340ms". */
    if (at >= 3 || left < units[at + 1].ms) {
        snprintf(out, TK_SPAN_TEXT, "%s%lld%s", sign, (long long)first,
                 units[at].name);
    } else {
        snprintf(out, TK_SPAN_TEXT, "%s%lld%s %lld%s", sign, (long long)first,
                 units[at].name, (long long)(left / units[at + 1].ms),
                 units[at + 1].name);
    }
    return out;
}
