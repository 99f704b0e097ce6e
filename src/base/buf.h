/* base/buf.h - a byte buffer that is born with its largest size.
 *
 * Errors stick: after a put that did not fit or found no memory the buffer is
 * empty, `failed` holds the code and all later puts do nothing, so that a
 * writer checks once at the end. Every byte that is given back to the
 * allocator is wiped first, because most buffers here hold a token.
 */
#ifndef TK_BASE_BUF_H
#define TK_BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>

/* Owned by whoever called tk_buf_init; tk_buf_fini gives the bytes back. */
struct tk_buf {
    char *data;
    size_t len;
    size_t cap;
    size_t max;
    int failed;
};

void tk_buf_init(struct tk_buf *buf, size_t max);
void tk_buf_fini(struct tk_buf *buf);
/* Forgets the bytes and the error, keeps the memory. */
void tk_buf_clear(struct tk_buf *buf);

/* Appends; returns 0 or the error that now sticks. */
int tk_buf_put(struct tk_buf *buf, const void *data, size_t len);
int tk_buf_put_str(struct tk_buf *buf, struct tk_str text);
int tk_buf_put_text(struct tk_buf *buf, const char *text);
int tk_buf_put_byte(struct tk_buf *buf, char byte);
int tk_buf_put_int(struct tk_buf *buf, int64_t number);
int tk_buf_printf(struct tk_buf *buf, const char *format, ...) TK_PRINTF(2, 3);

/* Makes room for `more` bytes behind the end and returns where they go, or
 * NULL. The caller then adds what it wrote to `len`. */
char *tk_buf_room(struct tk_buf *buf, size_t more);

/* Borrowed until the next put. */
struct tk_str tk_buf_str(const struct tk_buf *buf);
/* The same, terminated; an empty text if the buffer failed. */
const char *tk_buf_text(struct tk_buf *buf);

#endif
