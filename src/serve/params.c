#include "serve/params.h"

#include "base/span.h"

/* Generations stay below 2^53, so that JSON's readers get them whole. */
#define GENERATION_MAX ((UINT64_C(1) << 53) - 1)

/* More digits cannot overflow, and no number here has as many. */
enum { DIGITS_MAX = 18 };

static bool read_digits(struct tk_str text, uint64_t *out)
{
    *out = 0;
    if (text.len == 0 || text.len > DIGITS_MAX) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        *out = *out * 10 + (uint64_t)(text.data[i] - '0');
    }
    return true;
}

int tk_params_count(const char *name, struct tk_str text, uint64_t min,
                    uint64_t max, uint64_t *out, struct tk_why *why)
{
    uint64_t number;

    if (text.data == NULL) return 0;
    if (!read_digits(text, &number) || number < min || number > max) {
        return tk_fail(why, TK_EINVAL,
                       "%s must be a whole number from %llu to %llu", name,
                       (unsigned long long)min, (unsigned long long)max);
    }
    *out = number;
    return 0;
}

/* "60", "1.5"; beyond milliseconds nothing counts. */
static bool read_seconds(struct tk_str text, int64_t *out_ms)
{
    struct tk_str rest = text;
    struct tk_str whole = tk_str_cut(&rest, '.');
    struct tk_str fraction = rest;
    uint64_t seconds;
    uint64_t part = 0;

    if (!read_digits(whole, &seconds) || seconds > TK_SPAN_MAX_MS / 1000) {
        return false;
    }
    if (fraction.data != NULL && !read_digits(fraction, &part)) return false;
    for (size_t i = fraction.len; i < 3; i++) part *= 10;
    for (size_t i = 3; i < fraction.len; i++) part /= 10;
    *out_ms = (int64_t)(seconds * 1000 + part);
    return true;
}

static int read_min_ttl(struct tk_str text, int64_t *out_ms, struct tk_why *why)
{
    if (text.data == NULL || read_seconds(text, out_ms) ||
        tk_span_parse(text, out_ms) == 0) {
        return 0;
    }
    return tk_fail(why, TK_EINVAL,
                   "min_ttl must be seconds or a span, like 60 or 5m");
}

static int read_wait(struct tk_str text, int64_t *out_ms, struct tk_why *why)
{
    *out_ms = TK_WAIT_DEFAULT_MS;
    if (text.data == NULL) return 0;
    if (tk_str_is(text, "0")) {
        *out_ms = 0;
        return 0;
    }
    if (tk_span_parse(text, out_ms) != 0 || *out_ms > TK_WAIT_MAX_MS) {
        return tk_fail(why, TK_EINVAL,
                       "wait must be 0 or a span of at most 60s, like 5s or "
                       "250ms");
    }
    return 0;
}

int tk_params_want(struct tk_str min_ttl, struct tk_str wait,
                   struct tk_str newer_than, struct tk_want *out,
                   struct tk_why *why)
{
    int rc;

    *out = (struct tk_want){0};
    rc = read_min_ttl(min_ttl, &out->min_ttl_ms, why);
    if (rc == 0) rc = read_wait(wait, &out->wait_ms, why);
    if (rc == 0) {
        rc = tk_params_count("newer_than", newer_than, 0, GENERATION_MAX,
                             &out->newer_than, why);
    }
    return rc;
}

bool tk_params_is_plain(struct tk_str accept)
{
    struct tk_str first = tk_str_cut(&accept, ',');
    struct tk_str type = tk_str_cut(&first, ';');

    while (type.len > 0 && type.data[type.len - 1] == ' ') type.len--;
    return tk_str_same_word(type, TK_STR("text/plain"));
}
