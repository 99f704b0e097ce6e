/* cache/mapping.h - a segment's file as a reader maps it.
 */
#ifndef TK_CACHE_MAPPING_H
#define TK_CACHE_MAPPING_H

#include "cache/view.h"

#include <sys/types.h>

struct tk_segment_head;

/* Owned by whoever called tk_mapping_open. Nothing in it changes after that but
 * by tk_mapping_hear, so that threads may share it; `next` and `number` are the
 * owner's. */
struct tk_mapping {
    struct tk_mapping *next;
    uint32_t number;
    struct tk_view view;
    const struct tk_segment_head *head;
    size_t size;
    dev_t dev;
    ino_t inode;
    uint32_t *demand; /* one stamp a slot; NULL: use is not counted */
    int asked;        /* where its memory is to come from; -1: nowhere */
};

/* Maps DIR/NAME for reading and asks at the socket DIR/DEMAND, if it is not
 * NULL, for memory in which to count uses.
 * TK_ENOENT: there is no such file. TK_EDENIED: it may not be read.
 * TK_EVERSION: it is of another version. TK_EPROTO: it is no segment, is
 * damaged, or could be written by others than its engine. `why` (may be NULL)
 * says which. */
TK_MUST_USE int tk_mapping_open(const char *dir, const char *name,
                                const char *demand, struct tk_mapping **out,
                                struct tk_why *why);
void tk_mapping_close(struct tk_mapping *mapping);

/* Takes the memory if it has come, or comes within `wait_ms`; from one thread
 * at a time. */
void tk_mapping_hear(struct tk_mapping *mapping, int wait_ms);
/* Is it still to come? */
static inline bool tk_mapping_is_waiting(const struct tk_mapping *mapping)
{
    return __atomic_load_n(&mapping->asked, __ATOMIC_RELAXED) >= 0;
}

/* Has a newer file taken its name? */
bool tk_mapping_is_retired(const struct tk_mapping *mapping);

/* What the engine has published of the clocks, in milliseconds: as in
 * cache/segment_head.h. */
int64_t tk_mapping_beat_at(const struct tk_mapping *mapping);
int64_t tk_mapping_boot_ahead(const struct tk_mapping *mapping);
int64_t tk_mapping_wall_ahead(const struct tk_mapping *mapping);

/* A key was used in this second (of any clock that the process keeps to). */
static inline void tk_mapping_note_use(const struct tk_mapping *mapping,
                                       uint32_t slot, uint32_t second)
{
    uint32_t *demand = __atomic_load_n(&mapping->demand, __ATOMIC_ACQUIRE);

    if (demand != NULL &&
        __atomic_load_n(&demand[slot], __ATOMIC_RELAXED) != second) {
        __atomic_store_n(&demand[slot], second, __ATOMIC_RELAXED);
    }
}

#endif
