/* cache/block.h - the memory that a table lies in.
 */
#ifndef TK_CACHE_BLOCK_H
#define TK_CACHE_BLOCK_H

#include "base/err.h"

#include <stddef.h>

/* Zeroed pages that cost nothing until they are touched, left out of core
 * dumps. Owned by the caller until tk_block_free. */
TK_MUST_USE int tk_block_new(size_t size, void **out);
void tk_block_free(void *block, size_t size);

#endif
