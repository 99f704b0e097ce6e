/* script/blocks.h - the small blocks of one Lua state.
 *
 * A turn of the loop makes thousands of them and frees them together, which
 * costs malloc a walk each. A block that is given back is wiped and waits here
 * for the next of its size, up to a bound.
 */
#ifndef TK_SCRIPT_BLOCKS_H
#define TK_SCRIPT_BLOCKS_H

#include <stddef.h>

enum {
    TK_BLOCKS_GRAIN = 16,
    TK_BLOCKS_SIZES = 32, /* to 512 bytes */
    /* What the tasks of one turn make, some 3 KiB each. */
    TK_BLOCKS_KEPT = 256 * 1024,
};

struct tk_block;

/* Owned by its state; all 0 is empty. */
struct tk_blocks {
    struct tk_block *first[TK_BLOCKS_SIZES]; /* of 16, 32, ... bytes */
    size_t kept;                             /* bytes of all that wait */
};

/* NULL: no memory. `size` is not 0. */
void *tk_blocks_take(struct tk_blocks *blocks, size_t size);
/* Wipes the block and takes it back; `size` is what was asked for. */
void tk_blocks_give(struct tk_blocks *blocks, void *block, size_t size);
/* Frees all that wait. */
void tk_blocks_fini(struct tk_blocks *blocks);

#endif
