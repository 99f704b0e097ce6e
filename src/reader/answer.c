#include "reader/answer.h"

int tk_answer_from_status(int status)
{
    if (status >= 200 && status <= 299) return 0;
    switch (status) {
    case 400:
    case 413:
    case 414:
    case 431:
        return TOKENG_EINVAL;
    case 401:
    case 403:
        return TOKENG_EDENIED;
    case 404:
        return TOKENG_ENOENT;
    case 429:
        return TOKENG_EMISS;
    default:
        return status >= 500 ? TOKENG_EMISS : TOKENG_EPROTO;
    }
}

/* A whole number of at most `max`, cut from the front of `*text`. */
static bool cut_number(struct tk_str *text, uint64_t max, uint64_t *out)
{
    size_t len = 0;

    *out = 0;
    while (len < text->len && text->data[len] >= '0' &&
           text->data[len] <= '9') {
        uint64_t digit = (uint64_t)(text->data[len] - '0');

        if (*out > (max - digit) / 10) return false;
        *out = *out * 10 + digit;
        len++;
    }
    *text = tk_str_skip(*text, len);
    return len > 0;
}

static bool read_number(struct tk_str text, uint64_t max, uint64_t *out)
{
    return cut_number(&text, max, out) && text.len == 0;
}

/* Seconds, with up to three digits behind a point, as milliseconds; at most ten
 * years. */
static bool read_seconds(struct tk_str text, int64_t *out_ms)
{
    const uint64_t most = UINT64_C(3650) * 24 * 3600;
    uint64_t whole, part = 0;
    size_t digits;

    if (!cut_number(&text, most, &whole)) return false;
    if (text.len > 0) {
        if (text.data[0] != '.') return false;
        text = tk_str_skip(text, 1);
        digits = text.len;
        if (digits > 3 || !read_number(text, 999, &part)) return false;
        for (; digits < 3; digits++) part *= 10;
    }
    *out_ms = (int64_t)(whole * 1000 + part);
    return true;
}

/* A state that this library does not know comes from a newer engine, which says
 * with its 200 that the token can be used. */
static uint32_t read_state(struct tk_str text)
{
    static const char *const names[] = {
        [TOKENG_FRESH] = "fresh",
        [TOKENG_DUE] = "due",
        [TOKENG_STALE] = "stale",
        [TOKENG_LAPSED] = "lapsed",
        [TOKENG_POISONED] = "poisoned",
        [TOKENG_IN_DOUBT] = "in_doubt",
        [TOKENG_NEEDS_LOGIN] = "needs_login",
        [TOKENG_NEEDS_TICKET] = "needs_ticket",
    };

    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (tk_str_is(text, names[i])) return i;
    }
    return TOKENG_FRESH;
}

/* Only visible bytes: a token that goes into a header line as it is must not be
 * able to end that line. */
static bool is_token(struct tk_str text)
{
    if (text.len == 0 || text.len > TK_ANSWER_TOKEN_MAX) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x21 || text.data[i] > 0x7e) return false;
    }
    return true;
}

static int read_good(const struct tk_wire_reply *reply, struct tokeng_info *out)
{
    struct tk_str body = tk_buf_str(&reply->body);

    if (reply->status != 200 || !is_token(body) ||
        !tk_str_starts(tk_wire_reply_header(reply, "Content-Type"),
                       TK_STR("text/plain")) ||
        !read_number(tk_wire_reply_header(reply, "Tokeng-Generation"),
                     TK_ANSWER_GENERATION_MAX, &out->generation) ||
        !read_seconds(tk_wire_reply_header(reply, "Tokeng-Expires-In"),
                      &out->expires_in_ms)) {
        return TOKENG_EPROTO;
    }
    out->token_len = (uint32_t)body.len;
    return 0;
}

int tk_answer_read_token(const struct tk_wire_reply *reply,
                         struct tokeng_info *out)
{
    int rc = tk_answer_from_status(reply->status);

    out->state = read_state(tk_wire_reply_header(reply, "Tokeng-State"));
    out->retry_in_ms = -1;
    if (rc == 0) return read_good(reply, out);
    if (!read_seconds(tk_wire_reply_header(reply, "Retry-After"),
                      &out->retry_in_ms)) {
        out->retry_in_ms = -1;
    }
    return rc;
}
