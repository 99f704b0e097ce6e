/* cache/area.h - pieces of one stretch of bytes, for the writer alone.
 *
 * Pieces are whole cache lines, and their sizes four per doubling, so that of
 * a long one a fifth at most is unused. One that is given back goes to the list
 * of its size; a new one is cut from the untouched rest, or split off a larger
 * one when that is used up. Pieces are never merged: a source's tokens keep
 * about the same length, so sizes find their number.
 */
#ifndef TK_CACHE_AREA_H
#define TK_CACHE_AREA_H

#include "base/err.h"

#include <stdint.h>

enum { TK_AREA_SIZES = 33 };

/* Backs the bytes from `at`, counted from the start of the area, with memory.
 * Called before they are touched for the first time. */
typedef int (*tk_area_back_cb)(uint64_t at, uint64_t len, void *data);

/* Owned by its table. Places are as in cache/layout.h; 0 is none. */
struct tk_area {
    uint64_t *words;
    uint64_t size;
    uint64_t used;   /* what is behind it was never touched, */
    uint64_t backed; /* and behind this there may be no memory */
    tk_area_back_cb back;
    void *data;
    uint32_t free[TK_AREA_SIZES];
};

/* A NULL `back`: all of it has memory. */
void tk_area_init(struct tk_area *area, void *bytes, uint64_t size,
                  tk_area_back_cb back, void *data);

/* A piece of at least `len` bytes; 0 if there is no room. What it holds is not
 * defined, but for its first word, which is 0. */
uint32_t tk_area_take(struct tk_area *area, size_t len);
/* Gives back a piece that was taken for `len`, and wipes it. Readers may still
 * be looking at it. */
void tk_area_give(struct tk_area *area, uint32_t place, size_t len);

uint64_t *tk_area_at(const struct tk_area *area, uint32_t place);

/* What a piece for `len` bytes takes. */
size_t tk_area_piece_size(size_t len);

#endif
