#include "base/key.h"

static bool is_key_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._:@=+~|-", c) != NULL);
}

bool tk_key_is_part(struct tk_str text)
{
    if (text.len == 0 || text.len > TK_KEY_MAX || tk_str_is(text, ".") ||
        tk_str_is(text, "..")) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_key_byte((unsigned char)text.data[i])) return false;
    }
    return true;
}

struct tk_key tk_key_split(struct tk_str text)
{
    struct tk_key key = {.text = text, .subject = text};

    key.source = tk_str_cut(&key.subject, '/');
    key.kind = tk_str_cut(&key.subject, '/');
    return key;
}

int tk_key_parse(struct tk_str text, struct tk_key *out, struct tk_why *why)
{
    struct tk_str rest = text;
    size_t parts = 0;

    *out = tk_key_split(text);
    if (text.len > TK_KEY_MAX) {
        return tk_fail(why, TK_EINVAL, "a key has at most %d bytes",
                       TK_KEY_MAX);
    }
    while (rest.data != NULL) {
        struct tk_str part = tk_str_cut(&rest, '/');

        if (!tk_key_is_part(part)) {
            return tk_fail(why, TK_EINVAL,
                           "part %zu of the key is empty, '.', '..' or has a "
                           "byte outside [A-Za-z0-9._:@=+~|-]",
                           parts + 1);
        }
        parts++;
    }
    if (parts < 2) {
        return tk_fail(why, TK_EINVAL, "a key is source/kind[/subject]");
    }
    return 0;
}
