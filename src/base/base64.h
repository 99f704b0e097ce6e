/* base/base64.h - RFC 4648, both alphabets. */
#ifndef TK_BASE_BASE64_H
#define TK_BASE_BASE64_H

#include "base/buf.h"

enum tk_base64 {
    TK_BASE64_STANDARD, /* with padding */
    TK_BASE64_URL,      /* without padding */
};

int tk_base64_encode(struct tk_buf *out, struct tk_str bytes,
                     enum tk_base64 alphabet);
/* Strict: no white space, no bits left over; padding as the alphabet says.
 * Returns 0, TK_EINVAL or what stuck to `out`. */
TK_MUST_USE int tk_base64_decode(struct tk_buf *out, struct tk_str text,
                                 enum tk_base64 alphabet);

#endif
