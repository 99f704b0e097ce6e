#define _DEFAULT_SOURCE
#include "base/heap.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Of the process, because an allocator's functions are given no owner. */
static struct {
    pthread_mutex_t lock;
    void *blocks[TK_HEAP_SPARES];
    size_t count;
    atomic_bool is_short;
} spares = {.lock = PTHREAD_MUTEX_INITIALIZER};

int tk_heap_reserve(void)
{
    void *block = NULL;
    bool is_full;

    pthread_mutex_lock(&spares.lock);
    while (spares.count < TK_HEAP_SPARES) {
        block = malloc(TK_HEAP_SPARE_BYTES);
        if (block == NULL) break;
        spares.blocks[spares.count++] = block;
    }
    is_full = spares.count == TK_HEAP_SPARES;
    atomic_store(&spares.is_short, !is_full);
    pthread_mutex_unlock(&spares.lock);
    return is_full ? 0 : TK_ENOMEM;
}

static void *take_spare(size_t size)
{
    void *block = NULL;

    if (size > TK_HEAP_SPARE_BYTES) return NULL;
    pthread_mutex_lock(&spares.lock);
    if (spares.count > 0) {
        block = spares.blocks[--spares.count];
        atomic_store(&spares.is_short, true);
    }
    pthread_mutex_unlock(&spares.lock);
    return block;
}

void *tk_heap_malloc(size_t size)
{
    void *block = malloc(size);

    return block != NULL ? block : take_spare(size);
}

void *tk_heap_calloc(size_t count, size_t size)
{
    void *block;

    if (count > 0 && size > SIZE_MAX / count) return NULL;
    block = tk_heap_malloc(count * size);
    if (block != NULL) memset(block, 0, count * size);
    return block;
}

void *tk_heap_realloc(void *block, size_t size)
{
    size_t old_size = block == NULL ? 0 : malloc_usable_size(block);
    void *moved = tk_heap_malloc(size);

    if (moved == NULL) return NULL;
    if (block != NULL) memcpy(moved, block, old_size < size ? old_size : size);
    tk_heap_free(block);
    return moved;
}

char *tk_heap_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = tk_heap_malloc(size);

    return copy == NULL ? NULL : memcpy(copy, text, size);
}

void tk_heap_free(void *block)
{
    if (block == NULL) return;
    explicit_bzero(block, malloc_usable_size(block));
    free(block);
    if (atomic_load(&spares.is_short)) (void)!tk_heap_reserve();
}
