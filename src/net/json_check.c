/* One function for each rule of the grammar. A function stands on the first
 * byte of its rule and leaves `at` behind the last one; on a refusal `at` is
 * the byte that broke the rule. Nesting is bounded, so recursion is too. */
#include "net/json_check.h"

#include <stdint.h>

struct scan {
    struct tk_str text;
    size_t at;
    size_t values;
    int levels_left;
    struct tk_why *why;
};

static int refuse(const struct scan *scan, const char *rule)
{
    return tk_fail(scan->why, TK_EINVAL, "JSON: %s at offset %zu", rule,
                   scan->at);
}

/* The byte at hand; -1 at the end. */
static int peek(const struct scan *scan)
{
    if (scan->at >= scan->text.len) return -1;
    return (unsigned char)scan->text.data[scan->at];
}

static bool take(struct scan *scan, char byte)
{
    if (peek(scan) != (unsigned char)byte) return false;
    scan->at++;
    return true;
}

static void skip_space(struct scan *scan)
{
    while (take(scan, ' ') || take(scan, '\t') || take(scan, '\n') ||
           take(scan, '\r')) {
    }
}

/* Table 3-7 of the Unicode standard: the first byte fixes the length and the
 * range of the second; this keeps out overlong forms, surrogates and all
 * above U+10FFFF. */
size_t tk_json_check_utf8(struct tk_str text)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t len;

    if (text.len == 0) return 0;
    if (bytes[0] < 0x80) return 1;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4) return 0;
    len = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    if (bytes[0] == 0xe0) low = 0xa0;
    if (bytes[0] == 0xed) high = 0x9f;
    if (bytes[0] == 0xf0) low = 0x90;
    if (bytes[0] == 0xf4) high = 0x8f;
    if (text.len < len || bytes[1] < low || bytes[1] > high) return 0;
    for (size_t i = 2; i < len; i++) {
        if (bytes[i] < 0x80 || bytes[i] > 0xbf) return 0;
    }
    return len;
}

static int hex_digit(int byte)
{
    if (byte >= '0' && byte <= '9') return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
    return -1;
}

/* The four digits behind \u, or -1. */
static int take_hex4(struct scan *scan)
{
    int code = 0;

    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(peek(scan));

        if (digit < 0) return -1;
        code = code * 16 + digit;
        scan->at++;
    }
    return code;
}

static int check_unicode_escape(struct scan *scan)
{
    int code = take_hex4(scan);
    int second;

    if (code < 0) return refuse(scan, "\\u wants four hex digits");
    if (code == 0) return refuse(scan, "\\u0000 is not allowed");
    if (code < 0xd800 || code > 0xdfff) return 0;
    if (code > 0xdbff || !take(scan, '\\') || !take(scan, 'u')) {
        return refuse(scan, "half of a surrogate pair");
    }
    second = take_hex4(scan);
    if (second < 0xdc00 || second > 0xdfff) {
        return refuse(scan, "half of a surrogate pair");
    }
    return 0;
}

static int check_escape(struct scan *scan)
{
    int byte = peek(scan);

    if (byte <= 0 || strchr("\"\\/bfnrtu", byte) == NULL) {
        return refuse(scan, "unknown escape");
    }
    scan->at++;
    return byte == 'u' ? check_unicode_escape(scan) : 0;
}

/* ASCII that stands for itself: most of what there is. */
static void skip_plain(struct scan *scan)
{
    int byte = peek(scan);

    while (byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\') {
        scan->at++;
        byte = peek(scan);
    }
}

static int check_string(struct scan *scan)
{
    if (!take(scan, '"')) return refuse(scan, "a string is expected");
    for (skip_plain(scan); !take(scan, '"'); skip_plain(scan)) {
        int byte = peek(scan);
        size_t len;

        if (byte < 0) return refuse(scan, "a string without an end");
        if (byte < ' ') return refuse(scan, "a control byte in a string");
        if (take(scan, '\\')) {
            if (check_escape(scan) != 0) return TK_EINVAL;
            continue;
        }
        len = tk_json_check_utf8(tk_str_skip(scan->text, scan->at));
        if (len == 0) return refuse(scan, "malformed UTF-8");
        scan->at += len;
    }
    return 0;
}

static bool take_digits(struct scan *scan)
{
    size_t start = scan->at;

    while (peek(scan) >= '0' && peek(scan) <= '9') scan->at++;
    return scan->at > start;
}

static int check_number(struct scan *scan)
{
    size_t start = scan->at;

    (void)take(scan, '-');
    if (!take(scan, '0') && !take_digits(scan)) {
        return refuse(scan, "a value is expected");
    }
    if (take(scan, '.') && !take_digits(scan)) {
        return refuse(scan, "a digit is expected");
    }
    if (take(scan, 'e') || take(scan, 'E')) {
        if (!take(scan, '+')) (void)take(scan, '-');
        if (!take_digits(scan)) return refuse(scan, "a digit is expected");
    }
    if (scan->at - start > TK_JSON_CHECK_NUMBER) {
        return refuse(scan, "a number that is too long ends");
    }
    return 0;
}

static int check_word(struct scan *scan, struct tk_str word)
{
    if (!tk_str_starts(tk_str_skip(scan->text, scan->at), word)) {
        return refuse(scan, "a value is expected");
    }
    scan->at += word.len;
    return 0;
}

static int check_value(struct scan *scan);

static int check_member(struct scan *scan)
{
    skip_space(scan);
    if (check_string(scan) != 0) return TK_EINVAL;
    skip_space(scan);
    if (!take(scan, ':')) return refuse(scan, "':' is expected");
    return check_value(scan);
}

/* An array or an object: they differ in what stands between the commas. */
static int check_nest(struct scan *scan, char end,
                      int (*check_part)(struct scan *scan))
{
    if (scan->levels_left == 0) return refuse(scan, "too many levels");
    scan->levels_left--;
    scan->at++;
    skip_space(scan);
    if (!take(scan, end)) {
        do {
            if (check_part(scan) != 0) return TK_EINVAL;
            skip_space(scan);
        } while (take(scan, ','));
        if (!take(scan, end)) return refuse(scan, "',' or the end is expected");
    }
    scan->levels_left++;
    return 0;
}

static int check_value(struct scan *scan)
{
    skip_space(scan);
    scan->values++;
    switch (peek(scan)) {
    case '{':
        return check_nest(scan, '}', check_member);
    case '[':
        return check_nest(scan, ']', check_value);
    case '"':
        return check_string(scan);
    case 't':
        return check_word(scan, TK_STR("true"));
    case 'f':
        return check_word(scan, TK_STR("false"));
    case 'n':
        return check_word(scan, TK_STR("null"));
    default:
        return check_number(scan);
    }
}

int tk_json_check(struct tk_str text, int max_levels, size_t *values,
                  struct tk_why *why)
{
    struct scan scan = {.text = text, .levels_left = max_levels, .why = why};

    if (check_value(&scan) != 0) return TK_EINVAL;
    skip_space(&scan);
    if (scan.at < text.len) return refuse(&scan, "more than one document");
    *values = scan.values;
    return 0;
}
