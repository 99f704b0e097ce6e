#define _DEFAULT_SOURCE
#include "base/heap.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void *tk_heap_malloc(size_t size)
{
    return malloc(size);
}

void *tk_heap_calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void *tk_heap_realloc(void *block, size_t size)
{
    size_t old_size = block == NULL ? 0 : malloc_usable_size(block);
    void *moved = malloc(size);

    if (moved == NULL) return NULL;
    if (block != NULL) memcpy(moved, block, old_size < size ? old_size : size);
    tk_heap_free(block);
    return moved;
}

char *tk_heap_strdup(const char *text)
{
    return strdup(text);
}

void tk_heap_free(void *block)
{
    if (block == NULL) return;
    explicit_bzero(block, malloc_usable_size(block));
    free(block);
}
