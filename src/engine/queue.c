#include "engine/queue.h"

#include <stdlib.h>

enum { CAP_MIN = 16 };

void tk_queue_fini(struct tk_queue *queue)
{
    free(queue->heap);
    *queue = (struct tk_queue){0};
}

bool tk_queue_is_before(const struct tk_queued *a, const struct tk_queued *b)
{
    if (a->rank != b->rank) return a->rank < b->rank;
    return a->demand > b->demand;
}

static void put(struct tk_queue *queue, uint32_t at, struct tk_queued *item)
{
    queue->heap[at] = item;
    item->place = at;
}

static void rise(struct tk_queue *queue, struct tk_queued *item)
{
    uint32_t at = item->place;

    while (at > 0) {
        uint32_t parent = (at - 1) / 2;

        if (!tk_queue_is_before(item, queue->heap[parent])) break;
        put(queue, at, queue->heap[parent]);
        at = parent;
    }
    put(queue, at, item);
}

static void sink(struct tk_queue *queue, struct tk_queued *item)
{
    uint32_t at = item->place;

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child >= queue->count) break;
        if (child + 1 < queue->count &&
            tk_queue_is_before(queue->heap[child + 1], queue->heap[child])) {
            child++;
        }
        if (!tk_queue_is_before(queue->heap[child], item)) break;
        put(queue, at, queue->heap[child]);
        at = child;
    }
    put(queue, at, item);
}

int tk_queue_push(struct tk_queue *queue, struct tk_queued *item)
{
    if (queue->count == queue->cap) {
        uint32_t cap = queue->cap == 0 ? CAP_MIN : queue->cap * 2;
        struct tk_queued **heap =
            realloc(queue->heap, cap * sizeof *queue->heap);

        if (heap == NULL) return TK_ENOMEM;
        queue->heap = heap;
        queue->cap = cap;
    }
    item->queue = queue;
    put(queue, queue->count++, item);
    rise(queue, item);
    return 0;
}

struct tk_queued *tk_queue_first(const struct tk_queue *queue)
{
    return queue->count == 0 ? NULL : queue->heap[0];
}

int64_t tk_queue_first_rank(const struct tk_queue *queue)
{
    return queue->count == 0 ? INT64_MAX : queue->heap[0]->rank;
}

void tk_queue_move(struct tk_queued *item)
{
    rise(item->queue, item);
    sink(item->queue, item);
}

/* A storm leaves no room behind; without memory to move it stays. */
static void shrink(struct tk_queue *queue)
{
    struct tk_queued **heap;

    if (queue->cap == CAP_MIN || queue->count > queue->cap / 4) return;
    heap = realloc(queue->heap, queue->cap / 2 * sizeof *heap);
    if (heap == NULL) return;
    queue->heap = heap;
    queue->cap /= 2;
}

void tk_queue_drop(struct tk_queued *item)
{
    struct tk_queue *queue = item->queue;
    uint32_t at = item->place;
    struct tk_queued *last;

    if (queue == NULL) return;
    last = queue->heap[--queue->count];
    item->queue = NULL;
    if (last != item) {
        put(queue, at, last);
        tk_queue_move(last);
    }
    shrink(queue);
}

uint32_t tk_queue_count_before(const struct tk_queue *queue,
                               const struct tk_queued *item)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < queue->count; i++) {
        count += tk_queue_is_before(queue->heap[i], item);
    }
    return count;
}
