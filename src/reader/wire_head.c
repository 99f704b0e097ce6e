#include "reader/wire_head.h"

/* The next line of `*rest` without its end. False if the end is not CR LF. */
static bool cut_line(struct tk_str *rest, struct tk_str *line)
{
    *line = tk_str_cut(rest, '\n');
    if (rest->data == NULL || line->len == 0) return false;
    line->len--;
    return line->data[line->len] == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 9110's token. */
static bool is_name_byte(unsigned char c)
{
    return is_digit((char)c) || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_value_byte(unsigned char c)
{
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

static struct tk_str trim(struct tk_str text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = tk_str_skip(text, 1);
    }
    while (text.len > 0 && (text.data[text.len - 1] == ' ' ||
                            text.data[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

/* "Name: value" in its two parts. */
static bool split(struct tk_str line, struct tk_str *name, struct tk_str *value)
{
    *value = line;
    *name = tk_str_cut(value, ':');
    if (value->data == NULL || name->len == 0) return false;
    for (size_t i = 0; i < name->len; i++) {
        if (!is_name_byte((unsigned char)name->data[i])) return false;
    }
    for (size_t i = 0; i < value->len; i++) {
        if (!is_value_byte((unsigned char)value->data[i])) return false;
    }
    *value = trim(*value);
    return true;
}

/* "HTTP/1.1 200 OK"; the words behind the number may be missing. */
static bool read_status(struct tk_str line, struct tk_wire_head *out)
{
    const char *text = line.data;

    if (line.len < 12 || !tk_str_starts(line, TK_STR("HTTP/1.")) ||
        (text[7] != '0' && text[7] != '1') || text[8] != ' ' ||
        !is_digit(text[9]) || !is_digit(text[10]) || !is_digit(text[11]) ||
        (line.len > 12 && text[12] != ' ')) {
        return false;
    }
    out->status =
        (text[9] - '0') * 100 + (text[10] - '0') * 10 + (text[11] - '0');
    out->is_last = text[7] == '0';
    return out->status >= 200 && out->status <= 599;
}

/* Ten digits are enough for any length that a reader takes. */
static bool read_length(struct tk_str value, struct tk_wire_head *out)
{
    if (out->has_length || value.len == 0 || value.len > 10) return false;
    for (size_t i = 0; i < value.len; i++) {
        if (!is_digit(value.data[i])) return false;
        out->length = out->length * 10 + (uint64_t)(value.data[i] - '0');
    }
    out->has_length = true;
    return true;
}

static bool read_header(struct tk_str line, struct tk_wire_head *out)
{
    struct tk_str name, value;

    if (!split(line, &name, &value)) return false;
    if (tk_str_same_word(name, TK_STR("Content-Length"))) {
        return read_length(value, out);
    }
    if (tk_str_same_word(name, TK_STR("Transfer-Encoding"))) {
        if (out->is_chunked) return false;
        out->is_chunked = true;
        return tk_str_same_word(value, TK_STR("chunked"));
    }
    if (tk_str_same_word(name, TK_STR("Connection")) &&
        tk_str_same_word(value, TK_STR("close"))) {
        out->is_last = true;
    }
    return true;
}

int tk_wire_head_read(struct tk_str text, struct tk_wire_head *out)
{
    struct tk_str rest = text;
    struct tk_str line;

    *out = (struct tk_wire_head){.status = 0};
    if (!cut_line(&rest, &line) || !read_status(line, out)) return TK_EPROTO;
    for (;;) {
        if (!cut_line(&rest, &line)) return TK_EPROTO;
        if (line.len == 0) break;
        if (!read_header(line, out)) return TK_EPROTO;
    }
    if (rest.len != 0 || (out->is_chunked && out->has_length)) return TK_EPROTO;
    return 0;
}

struct tk_str tk_wire_head_find(struct tk_str text, const char *name)
{
    struct tk_str rest = text;
    struct tk_str line, found, value;

    while (cut_line(&rest, &line)) {
        if (split(line, &found, &value) &&
            tk_str_same_word(found, tk_str(name))) {
            return value;
        }
    }
    return (struct tk_str){NULL, 0};
}
