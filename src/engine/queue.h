/* engine/queue.h - refreshes that wait for their turn, the most urgent first.
 *
 * A binary heap whose members know their own place in it, so that leaving and
 * moving up cost no search: a storm of 100,000 keys stays cheap.
 */
#ifndef TK_ENGINE_QUEUE_H
#define TK_ENGINE_QUEUE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct tk_queue;

/* Lies inside its member. All 0: in no queue. */
struct tk_queued {
    struct tk_queue *queue;
    int64_t rank; /* the lowest leaves first, */
    float demand; /* and of equals the one most in demand */
    uint32_t place;
};

/* Owned by whoever zeroed it; tk_queue_fini frees it. */
struct tk_queue {
    struct tk_queued **heap;
    uint32_t count;
    uint32_t cap;
};

void tk_queue_fini(struct tk_queue *queue);
/* Enters with the rank and demand that are set in `item`. */
TK_MUST_USE int tk_queue_push(struct tk_queue *queue, struct tk_queued *item);
/* The first, left where it is; NULL if there is none. */
struct tk_queued *tk_queue_first(const struct tk_queue *queue);
/* Its rank; INT64_MAX of an empty queue. */
int64_t tk_queue_first_rank(const struct tk_queue *queue);
/* Rank or demand of a member have been changed: it moves to its new place. */
void tk_queue_move(struct tk_queued *item);
/* Takes it out, wherever it stands; harmless for one that is in no queue. */
void tk_queue_drop(struct tk_queued *item);
/* Does `a` leave before `b`? */
bool tk_queue_is_before(const struct tk_queued *a, const struct tk_queued *b);
/* How many leave before `item`; a scan, for explain. */
uint32_t tk_queue_count_before(const struct tk_queue *queue,
                               const struct tk_queued *item);

#endif
