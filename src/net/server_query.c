#include "net/server_query.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static struct tk_str decode(struct tk_str text, char *room)
{
    const struct tk_str refused = {NULL, 0};
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        int byte = (unsigned char)text.data[i];

        if (byte == '%') {
            int high = text.len - i > 2 ? hex(text.data[i + 1]) : -1;
            int low = text.len - i > 2 ? hex(text.data[i + 2]) : -1;

            if (high < 0 || low < 0) return refused;
            byte = high * 16 + low;
            i += 2;
        }
        if (byte < 0x20 || byte == 0x7f) return refused;
        room[len++] = (char)byte;
    }
    return tk_str_of(room, len);
}

struct tk_str tk_server_query_find(struct tk_str query, const char *name,
                                   char *room)
{
    struct tk_str rest = query;

    while (rest.data != NULL) {
        struct tk_str value = tk_str_cut(&rest, '&');
        struct tk_str word = tk_str_cut(&value, '=');

        if (!tk_str_is(word, name)) continue;
        if (value.data == NULL) return tk_str("");
        return decode(value, room + (value.data - query.data));
    }
    return (struct tk_str){NULL, 0};
}
