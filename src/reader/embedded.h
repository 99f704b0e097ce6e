/* reader/embedded.h - what libtokeng finds in libtokeng-engine. */
#ifndef TK_READER_EMBEDDED_H
#define TK_READER_EMBEDDED_H

#include "tokeng.h"

struct tk_embedded; /* of libtokeng-engine */

/* All that the two libraries know of each other. Results are of enum
 * tokeng_err. */
struct tk_embedded_face {
    uint32_t abi; /* TOKENG_ABI; the rest is of this shape only if it is ours */
    uint32_t size;
    int (*start)(const struct tokeng_engine_options *o,
                 struct tk_embedded **out);
    int (*reload)(struct tk_embedded *embedded);
    void (*stop)(struct tk_embedded *embedded);
};

/* The one function that libtokeng-engine shows. Weak: NULL unless the host
 * links that library itself, which then needs no loading. */
__attribute__((visibility("default"))) const struct tk_embedded_face *
tokeng_engine_face(void);

#endif
