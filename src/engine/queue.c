#include "engine/queue.h"

#include <stdlib.h>

void tk_queue_fini(struct tk_queue *queue)
{
    free(queue->heap);
    *queue = (struct tk_queue){0};
}

static void swap(struct tk_queue *queue, uint32_t a, uint32_t b)
{
    struct tk_queued kept = queue->heap[a];

    queue->heap[a] = queue->heap[b];
    queue->heap[b] = kept;
}

static void rise(struct tk_queue *queue, uint32_t at)
{
    while (at > 0) {
        uint32_t parent = (at - 1) / 2;

        if (queue->heap[parent].rank <= queue->heap[at].rank) return;
        swap(queue, parent, at);
        at = parent;
    }
}

static void sink(struct tk_queue *queue, uint32_t at)
{
    for (;;) {
        uint32_t least = at;

        for (uint32_t child = 2 * at + 1;
             child <= 2 * at + 2 && child < queue->count; child++) {
            if (queue->heap[child].rank < queue->heap[least].rank) {
                least = child;
            }
        }
        if (least == at) return;
        swap(queue, least, at);
        at = least;
    }
}

int tk_queue_push(struct tk_queue *queue, int64_t rank, void *item)
{
    if (queue->count == queue->cap) {
        uint32_t cap = queue->cap == 0 ? 16 : queue->cap * 2;
        struct tk_queued *heap = realloc(queue->heap, cap * sizeof *heap);

        if (heap == NULL) return TK_ENOMEM;
        queue->heap = heap;
        queue->cap = cap;
    }
    queue->heap[queue->count] = (struct tk_queued){rank, item};
    rise(queue, queue->count++);
    return 0;
}

static void take_out(struct tk_queue *queue, uint32_t at)
{
    queue->count--;
    if (at == queue->count) return;
    queue->heap[at] = queue->heap[queue->count];
    rise(queue, at);
    sink(queue, at);
}

void *tk_queue_pop(struct tk_queue *queue)
{
    void *item;

    if (queue->count == 0) return NULL;
    item = queue->heap[0].item;
    take_out(queue, 0);
    return item;
}

void tk_queue_drop(struct tk_queue *queue, const void *item)
{
    for (uint32_t i = 0; i < queue->count; i++) {
        if (queue->heap[i].item != item) continue;
        take_out(queue, i);
        return;
    }
}
