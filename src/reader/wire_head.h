/* reader/wire_head.h - the head of an HTTP answer, read strictly.
 *
 * What answers on the socket need not be an engine. Everything that HTTP
 * allows and an engine never sends is refused: bare line ends, folded lines,
 * two lengths, a length beside chunks, an answer without either, 1xx.
 */
#ifndef TK_READER_WIRE_HEAD_H
#define TK_READER_WIRE_HEAD_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

struct tk_wire_head {
    int status;
    bool is_last;    /* the connection ends after it */
    bool is_chunked; /* else `length` is the body's */
    bool has_length;
    uint64_t length;
};

/* `text` is all of the head, with the empty line that ends it. Returns 0 or
 * TK_EPROTO. */
TK_MUST_USE int tk_wire_head_read(struct tk_str text, struct tk_wire_head *out);

/* The value of the first header `name` (compared without case), without the
 * spaces around it, or a view whose data is NULL. `text` as above, and read
 * without an error before. */
struct tk_str tk_wire_head_find(struct tk_str text, const char *name);

#endif
