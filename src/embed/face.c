#include "embed/thread.h"

const struct tk_embedded_face *tokeng_engine_face(void)
{
    static const struct tk_embedded_face face = {
        .abi = TOKENG_ABI,
        .size = sizeof face,
        .start = tk_embedded_start,
        .reload = tk_embedded_reload,
        .stop = tk_embedded_stop,
    };

    return &face;
}
