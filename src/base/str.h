/* base/str.h - a view of bytes that somebody else owns.
 *
 * A view is valid as long as the bytes it points at; it is not terminated.
 */
#ifndef TK_BASE_STR_H
#define TK_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct tk_str {
    const char *data;
    size_t len;
};

#define TK_STR(literal) ((struct tk_str){"" literal, sizeof(literal) - 1})

/* For printf: printf("%.*s", TK_ARG(view)). */
#define TK_ARG(view) (int)(view).len, (view).data

static inline struct tk_str tk_str(const char *text)
{
    return (struct tk_str){text, text == NULL ? 0 : strlen(text)};
}

static inline struct tk_str tk_str_of(const char *data, size_t len)
{
    return (struct tk_str){data, len};
}

static inline bool tk_str_eq(struct tk_str a, struct tk_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool tk_str_is(struct tk_str a, const char *text)
{
    return tk_str_eq(a, tk_str(text));
}

static inline bool tk_str_starts(struct tk_str a, struct tk_str prefix)
{
    return a.len >= prefix.len &&
           (prefix.len == 0 || memcmp(a.data, prefix.data, prefix.len) == 0);
}

static inline struct tk_str tk_str_skip(struct tk_str a, size_t count)
{
    if (a.len == 0) return a; /* `data` may be NULL */
    if (count > a.len) count = a.len;
    return (struct tk_str){a.data + count, a.len - count};
}

/* Splits `*rest` at the first `mark`: returns what stands before it and leaves
 * in `*rest` what follows. Without a mark the whole is returned and `*rest`
 * becomes a view whose data is NULL. */
static inline struct tk_str tk_str_cut(struct tk_str *rest, char mark)
{
    struct tk_str head = *rest;
    const char *at =
        rest->len == 0 ? NULL : memchr(rest->data, mark, rest->len);

    if (at == NULL) {
        *rest = (struct tk_str){NULL, 0};
        return head;
    }
    head.len = (size_t)(at - rest->data);
    *rest = tk_str_skip(*rest, head.len + 1);
    return head;
}

/* ASCII only: header names and units, never text of people. */
static inline bool tk_str_same_word(struct tk_str a, struct tk_str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        unsigned char x = (unsigned char)a.data[i];
        unsigned char y = (unsigned char)b.data[i];

        if (x >= 'A' && x <= 'Z') x = (unsigned char)(x + 32);
        if (y >= 'A' && y <= 'Z') y = (unsigned char)(y + 32);
        if (x != y) return false;
    }
    return true;
}

#endif
