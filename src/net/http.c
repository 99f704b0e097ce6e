#include "net/http.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct tk_str trim(struct tk_str text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text = tk_str_skip(text, 1);
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1])) text.len--;
    return text;
}

/* The next header in the lines of `rest`. The status line and continued lines
 * are passed over: what stands before their first colon holds a blank. */
static bool next_header(struct tk_str *rest, struct tk_http_header *out)
{
    while (rest->len > 0) {
        struct tk_str value = tk_str_cut(rest, '\n');

        out->name = tk_str_cut(&value, ':');
        out->value = trim(value);
        if (value.data == NULL || out->name.len == 0) continue;
        if (memchr(out->name.data, ' ', out->name.len) == NULL &&
            memchr(out->name.data, '\t', out->name.len) == NULL) {
            return true;
        }
    }
    return false;
}

void tk_http_reply_each_header(const struct tk_http_reply *reply,
                               void (*each)(struct tk_str name,
                                            struct tk_str value, void *data),
                               void *data)
{
    struct tk_str rest = reply->head;
    struct tk_http_header header;

    while (next_header(&rest, &header)) each(header.name, header.value, data);
}
