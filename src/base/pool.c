#define _DEFAULT_SOURCE
#include "base/pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct tk_pool_block {
    struct tk_pool_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

/* What malloc still keeps at hand for the next of its size: a larger block is
 * split off and merged again each time, 0.3 us. */
enum { BLOCK_SIZE = 1032 - sizeof(struct tk_pool_block) };

/* No sum of sizes up to this one can overflow. */
static const size_t largest = SIZE_MAX / 4;

void tk_pool_init(struct tk_pool *pool, size_t max)
{
    *pool = (struct tk_pool){.max = max < largest ? max : largest};
}

void tk_pool_fini(struct tk_pool *pool)
{
    struct tk_pool_block *block = pool->blocks;

    while (block != NULL) {
        struct tk_pool_block *next = block->next;

        explicit_bzero(block->bytes, block->used);
        free(block);
        block = next;
    }
    *pool = (struct tk_pool){.max = pool->max};
}

static struct tk_pool_block *add_block(struct tk_pool *pool, size_t need)
{
    size_t size = need > BLOCK_SIZE ? need : BLOCK_SIZE;
    struct tk_pool_block *block = malloc(sizeof *block + size);

    if (block == NULL) return NULL;
    block->size = size;
    block->used = 0;
    block->next = pool->blocks;
    pool->blocks = block;
    return block;
}

void *tk_pool_take(struct tk_pool *pool, size_t size)
{
    size_t step = alignof(max_align_t);
    struct tk_pool_block *block = pool->blocks;
    void *taken;

    if (size > pool->max) return NULL;
    size = (size + step - 1) / step * step;
    if (size > pool->max - pool->used) return NULL;
    if (block == NULL || block->size - block->used < size) {
        block = add_block(pool, size);
        if (block == NULL) return NULL;
    }
    taken = block->bytes + block->used;
    block->used += size;
    pool->used += size;
    return memset(taken, 0, size);
}

char *tk_pool_dup(struct tk_pool *pool, struct tk_str text)
{
    char *copy = tk_pool_take(pool, text.len + 1);

    if (copy != NULL && text.len > 0) memcpy(copy, text.data, text.len);
    return copy;
}
