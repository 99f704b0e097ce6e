/* engine/queue.h - refreshes that wait for a place, the most urgent first.
 *
 * A binary heap of numbers with a rank each. The rank is the moment at which
 * a key goes dark; it is fixed when the key enters.
 */
#ifndef TK_ENGINE_QUEUE_H
#define TK_ENGINE_QUEUE_H

#include "base/err.h"

#include <stdint.h>

struct tk_queued {
    int64_t rank;
    void *item;
};

/* Owned by whoever zeroed it; tk_queue_fini frees it. */
struct tk_queue {
    struct tk_queued *heap;
    uint32_t count;
    uint32_t cap;
};

void tk_queue_fini(struct tk_queue *queue);
TK_MUST_USE int tk_queue_push(struct tk_queue *queue, int64_t rank, void *item);
/* The item of the lowest rank, taken out; NULL if there is none. */
void *tk_queue_pop(struct tk_queue *queue);
/* Takes `item` out, wherever it stands. */
void tk_queue_drop(struct tk_queue *queue, const void *item);

#endif
