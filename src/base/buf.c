#define _DEFAULT_SOURCE
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

enum { SMALLEST = 64 };

/* No sum or doubling of sizes up to this one can overflow. */
static const size_t largest = SIZE_MAX / 4;

void tk_buf_init(struct tk_buf *buf, size_t max)
{
    *buf = (struct tk_buf){.max = max < largest ? max : largest};
}

static void give_back(char *data, size_t cap)
{
    if (data == NULL) return;
    explicit_bzero(data, cap);
    free(data);
}

void tk_buf_fini(struct tk_buf *buf)
{
    give_back(buf->data, buf->cap);
    *buf = (struct tk_buf){.max = buf->max};
}

void tk_buf_clear(struct tk_buf *buf)
{
    if (buf->data != NULL) explicit_bzero(buf->data, buf->len);
    buf->len = 0;
    buf->failed = 0;
}

static int fail(struct tk_buf *buf, int code)
{
    give_back(buf->data, buf->cap);
    *buf = (struct tk_buf){.max = buf->max, .failed = code};
    return code;
}

/* realloc may leave a copy of the old bytes behind, so growing is done by
 * hand: new block, copy, wipe, free. */
static int grow(struct tk_buf *buf, size_t need)
{
    size_t cap = buf->cap < SMALLEST ? SMALLEST : buf->cap;
    char *data;

    while (cap < need) cap *= 2;
    data = malloc(cap);
    if (data == NULL) return fail(buf, TK_ENOMEM);
    if (buf->len > 0) memcpy(data, buf->data, buf->len);
    give_back(buf->data, buf->cap);
    buf->data = data;
    buf->cap = cap;
    return 0;
}

/* One byte more than asked, so that tk_buf_text can always terminate. */
char *tk_buf_room(struct tk_buf *buf, size_t more)
{
    if (buf->failed != 0) return NULL;
    if (more > buf->max - buf->len) {
        fail(buf, TK_ETOOBIG);
        return NULL;
    }
    if (buf->len + more + 1 > buf->cap && grow(buf, buf->len + more + 1) != 0) {
        return NULL;
    }
    return buf->data + buf->len;
}

int tk_buf_put(struct tk_buf *buf, const void *data, size_t len)
{
    char *room = tk_buf_room(buf, len);

    if (room == NULL) return buf->failed;
    if (len > 0) memcpy(room, data, len);
    buf->len += len;
    return 0;
}

int tk_buf_put_str(struct tk_buf *buf, struct tk_str text)
{
    return tk_buf_put(buf, text.data, text.len);
}

int tk_buf_put_text(struct tk_buf *buf, const char *text)
{
    return tk_buf_put(buf, text, strlen(text));
}

int tk_buf_put_byte(struct tk_buf *buf, char byte)
{
    return tk_buf_put(buf, &byte, 1);
}

int tk_buf_put_int(struct tk_buf *buf, int64_t number)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) *--at = '-';
    return tk_buf_put(buf, at, (size_t)(digits + sizeof digits - at));
}

int tk_buf_printf(struct tk_buf *buf, const char *format, ...)
{
    va_list args;
    char *room;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) return fail(buf, TK_EINVAL);
    room = tk_buf_room(buf, (size_t)len);
    if (room == NULL) return buf->failed;
    va_start(args, format);
    vsnprintf(room, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return 0;
}

struct tk_str tk_buf_str(const struct tk_buf *buf)
{
    return tk_str_of(buf->data == NULL ? "" : buf->data, buf->len);
}

const char *tk_buf_text(struct tk_buf *buf)
{
    if (tk_buf_room(buf, 0) == NULL) return "";
    buf->data[buf->len] = '\0';
    return buf->data;
}
