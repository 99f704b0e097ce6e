#define _DEFAULT_SOURCE
#include "script/blocks.h"

#include <stdlib.h>
#include <string.h>

/* Under the address sanitizer nothing waits, so that it sees every use of what
 * was freed. */
#if defined(__SANITIZE_ADDRESS__)
#define KEPT 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEPT 0
#endif
#endif
#ifndef KEPT
#define KEPT TK_BLOCKS_KEPT
#endif

struct tk_block {
    struct tk_block *next;
};

static size_t number_of(size_t size)
{
    return (size - 1) / TK_BLOCKS_GRAIN;
}

static size_t bytes_of(size_t number)
{
    return (number + 1) * TK_BLOCKS_GRAIN;
}

void *tk_blocks_take(struct tk_blocks *blocks, size_t size)
{
    size_t number = number_of(size);
    struct tk_block *block;

    if (number >= TK_BLOCKS_SIZES) return malloc(size);
    block = blocks->first[number];
    if (block == NULL) return malloc(bytes_of(number));
    blocks->first[number] = block->next;
    blocks->kept -= bytes_of(number);
    return block;
}

void tk_blocks_give(struct tk_blocks *blocks, void *block, size_t size)
{
    size_t number = number_of(size);
    struct tk_block *waiting = block;

    explicit_bzero(block, size);
    if (number >= TK_BLOCKS_SIZES || blocks->kept + bytes_of(number) > KEPT) {
        free(block);
        return;
    }
    waiting->next = blocks->first[number];
    blocks->first[number] = waiting;
    blocks->kept += bytes_of(number);
}

void tk_blocks_fini(struct tk_blocks *blocks)
{
    for (size_t i = 0; i < TK_BLOCKS_SIZES; i++) {
        while (blocks->first[i] != NULL) {
            struct tk_block *block = blocks->first[i];

            blocks->first[i] = block->next;
            free(block);
        }
    }
    *blocks = (struct tk_blocks){0};
}
