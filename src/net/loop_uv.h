/* net/loop_uv.h - the loop as the other files of this room see it. */
#ifndef TK_NET_LOOP_UV_H
#define TK_NET_LOOP_UV_H

#include "net/loop.h"

#include <uv.h>

/* Borrowed; lives as long as the loop. Handles that are put on it live in heap
 * objects that are freed in their close callback and nowhere else. */
uv_loop_t *tk_loop_uv(struct tk_loop *loop);

#endif
