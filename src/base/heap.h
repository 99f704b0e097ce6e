/* base/heap.h - an allocator for foreign libraries that wipes what it frees.
 *
 * A library that takes an allocator gets this one: its copies of a token or a
 * secret, which we never see, are gone when it frees them. Our own code uses
 * tk_buf, tk_pool and tk_secret.
 */
#ifndef TK_BASE_HEAP_H
#define TK_BASE_HEAP_H

#include "base/err.h"

#include <stddef.h>

enum { TK_HEAP_SPARES = 512, TK_HEAP_SPARE_BYTES = 512 };

/* Lays in the spare blocks that small allocations get when memory has run out,
 * so that a library that minds goes on until it asks for something large,
 * whose lack it handles. What was used is laid in again as memory is freed.
 * They are the process's and never given back. Any thread. */
TK_MUST_USE int tk_heap_reserve(void);

/* As the functions of the C library without the prefix, but tk_heap_realloc
 * always moves, since realloc may leave the old bytes behind. */
void *tk_heap_malloc(size_t size);
void *tk_heap_calloc(size_t count, size_t size);
void *tk_heap_realloc(void *block, size_t size);
char *tk_heap_strdup(const char *text);
void tk_heap_free(void *block);

#endif
