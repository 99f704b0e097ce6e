/* The writing half of net/json.h; it needs no cJSON. The HTTP answer for a
 * token passes through here: a token is one long run of plain bytes, which is
 * found eight bytes at a time and put at once. */
#include "net/json.h"

#include "net/json_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Does this byte stand in a JSON text as it is? */
static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

/* Are all of eight bytes plain? A byte that is not sets the top bit of its
 * lane: by itself, or by borrowing from it. */
static bool is_plain_word(const unsigned char *bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;
    uint64_t special;

    memcpy(&word, bytes, sizeof word);
    special = word | (word - ones * ' ') | ((word ^ ones * '"') - ones) |
              ((word ^ ones * '\\') - ones);
    return (special & ones * 0x80) == 0;
}

/* How many plain bytes stand in front. */
static size_t count_plain(struct tk_str text)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t at = 0;

    while (text.len - at >= 8 && is_plain_word(bytes + at)) at += 8;
    while (at < text.len && is_plain(bytes[at])) at++;
    return at;
}

static void put_escape(struct tk_buf *out, unsigned char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof letters - 1; i += 2) {
        if ((unsigned char)letters[i] != c) continue;
        tk_buf_put(out, (const char[]){'\\', letters[i + 1]}, 2);
        return;
    }
    tk_buf_put_str(out, TK_STR("\\u00"));
    tk_buf_put(out, (const char[]){hex[c >> 4], hex[c & 15]}, 2);
}

/* Writes the one character in front of `text` and returns its length. */
static size_t put_special(struct tk_buf *out, struct tk_str text)
{
    size_t len = tk_json_check_utf8(text);

    if (len == 0) {
        tk_buf_put_str(out, TK_STR("\xef\xbf\xbd"));
        return 1;
    }
    if (len == 1) {
        put_escape(out, (unsigned char)text.data[0]);
    } else {
        tk_buf_put(out, text.data, len);
    }
    return len;
}

void tk_json_quote(struct tk_buf *out, struct tk_str text)
{
    tk_buf_put_byte(out, '"');
    while (text.len > 0) {
        size_t plain = count_plain(text);

        if (plain > 0) tk_buf_put(out, text.data, plain);
        text = tk_str_skip(text, plain);
        if (text.len > 0) text = tk_str_skip(text, put_special(out, text));
    }
    tk_buf_put_byte(out, '"');
}

static void put_comma(struct tk_json *json)
{
    if (json->has_before) tk_buf_put_byte(json->out, ',');
    json->has_before = true;
}

void tk_json_open(struct tk_json *json, char bracket)
{
    put_comma(json);
    tk_buf_put_byte(json->out, bracket);
    json->has_before = false;
}

void tk_json_close(struct tk_json *json, char bracket)
{
    tk_buf_put_byte(json->out, bracket);
    json->has_before = true;
}

static void put_name(struct tk_json *json, struct tk_str name)
{
    put_comma(json);
    tk_json_quote(json->out, name);
    tk_buf_put_byte(json->out, ':');
    json->has_before = false;
}

void tk_json_name(struct tk_json *json, const char *name)
{
    put_name(json, tk_str(name));
}

void tk_json_text(struct tk_json *json, struct tk_str text)
{
    put_comma(json);
    tk_json_quote(json->out, text);
}

void tk_json_int(struct tk_json *json, int64_t number)
{
    put_comma(json);
    tk_buf_put_int(json->out, number);
}

/* The decimal point of printf is the locale's, which a host program may have
 * set: whatever cannot belong to a number in C's own locale is the point. */
static void put_digits(struct tk_buf *out, const char *digits)
{
    while (*digits != '\0') {
        size_t run = strspn(digits, "0123456789+-e");

        tk_buf_put(out, digits, run);
        digits += run;
        if (*digits == '\0') break;
        tk_buf_put_byte(out, '.');
        digits += strcspn(digits, "0123456789");
    }
}

/* With 15 digits most numbers look as they were written (0.1); 17 are always
 * enough to read the same double back. */
void tk_json_num(struct tk_json *json, double number)
{
    char digits[40];

    if (!isfinite(number)) {
        tk_json_null(json);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (strtod(digits, NULL) == number) break;
    }
    put_comma(json);
    put_digits(json->out, digits);
}

void tk_json_bool(struct tk_json *json, bool flag)
{
    tk_json_raw(json, flag ? TK_STR("true") : TK_STR("false"));
}

void tk_json_null(struct tk_json *json)
{
    tk_json_raw(json, TK_STR("null"));
}

void tk_json_raw(struct tk_json *json, struct tk_str json_text)
{
    put_comma(json);
    tk_buf_put_str(json->out, json_text);
}

static int write_value(struct tk_json *json, const struct tk_value *value,
                       int depth);

static int write_table(struct tk_json *json, const struct tk_value *value,
                       int depth)
{
    bool is_list = value->type == TK_LIST;
    int rc = 0;

    if (depth == TK_JSON_DEPTH) return TK_ETOOBIG;
    if ((is_list ? value->as.table.pair_count : value->as.table.item_count)) {
        return TK_EINVAL;
    }
    tk_json_open(json, is_list ? '[' : '{');
    for (uint32_t i = 0; i < value->as.table.item_count && rc == 0; i++) {
        rc = write_value(json, &value->as.table.items[i], depth + 1);
    }
    for (uint32_t i = 0; i < value->as.table.pair_count && rc == 0; i++) {
        put_name(json, value->as.table.pairs[i].name);
        rc = write_value(json, &value->as.table.pairs[i].value, depth + 1);
    }
    tk_json_close(json, is_list ? ']' : '}');
    return rc;
}

static int write_value(struct tk_json *json, const struct tk_value *value,
                       int depth)
{
    switch (value->type) {
    case TK_NIL:
        tk_json_null(json);
        break;
    case TK_BOOL:
        tk_json_bool(json, value->as.flag);
        break;
    case TK_INT:
        tk_json_int(json, value->as.integer);
        break;
    case TK_NUM:
        tk_json_num(json, value->as.number);
        return isfinite(value->as.number) ? 0 : TK_EINVAL;
    case TK_TEXT:
        tk_json_text(json, value->as.text);
        break;
    case TK_SECRET:
        if (!json->shows_secrets) return TK_EDENIED;
        tk_json_text(json, tk_secret_bytes(value->as.secret));
        break;
    case TK_TABLE:
    case TK_LIST:
        return write_table(json, value, depth);
    }
    return 0;
}

static int write_tree(struct tk_json *json, const struct tk_value *value)
{
    size_t before = json->out->len;
    int rc = write_value(json, value, 0);

    if (json->out->failed != 0) return json->out->failed;
    if (rc != 0) json->out->len = before;
    return rc;
}

int tk_json_write(struct tk_buf *out, const struct tk_value *value)
{
    struct tk_json json = {.out = out};

    return write_tree(&json, value);
}

int tk_json_write_with_secrets(struct tk_buf *out, const struct tk_value *value)
{
    struct tk_json json = {.out = out, .shows_secrets = true};

    return write_tree(&json, value);
}
