/* cache/view.h - a table as its readers see it: from any thread or process,
 * without a lock, a system call or a wait, whatever becomes of the writer.
 *
 * Nothing in the block is trusted further than its bounds: a block that is
 * damaged gives wrong answers, never a bad access.
 */
#ifndef TK_CACHE_VIEW_H
#define TK_CACHE_VIEW_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* Owned by whoever filled it; the block is borrowed. */
struct tk_view {
    const uint32_t *index;
    const uint64_t *area;
    const uint32_t *probes;
    uint32_t mask;             /* of the index */
    uint32_t place_mask;       /* of an entry */
    uint32_t places;           /* all that the area has */
    unsigned char secret[192]; /* of the hash */
};

/* What a reader asks for. */
struct tk_view_want {
    int64_t good_until; /* the token's end must not be before; CLOCK_BOOTTIME in
                         * milliseconds, later than now */
    uint64_t newer_than;
};

/* What a reader finds, as far as the key is there. */
struct tk_sight {
    uint32_t slot;
    uint32_t claim; /* the slot is that key's while this does not change */
    uint64_t stamp; /* and this token's while this does not */
    uint64_t generation;
    int64_t expires_at;
    uint16_t token_len;
    uint16_t attributes_len;
    uint8_t state;
};

/* `block` is `size` bytes that somebody else may have written. TK_EPROTO if
 * they are no table of this layout. */
TK_MUST_USE int tk_view_init(struct tk_view *view, const void *block,
                             size_t size);

/* Copies the token of `key` into `buf` and returns its length. TK_ENOENT: the
 * key is not there. TK_ETIMEDOUT: it is, but has no token with the life or the
 * generation wanted. TK_ETOOBIG: it does not fit. TK_EBUSY: written again and
 * again while it was read, or damaged. `slot` and, if it is not NULL, `sight`
 * are filled in the first three cases, where the key is there; `buf` may have
 * been written to in all. */
TK_MUST_USE int tk_view_get(const struct tk_view *view, struct tk_str key,
                            struct tk_view_want want, char *buf, size_t cap,
                            uint32_t *slot, struct tk_sight *sight);

/* Looks without copying: 0, and `sight` is filled; TK_ENOENT or TK_EBUSY. */
TK_MUST_USE int tk_view_find(const struct tk_view *view, struct tk_str key,
                             struct tk_sight *sight);

/* As tk_view_get for a slot that was found before; TK_ENOENT if it is no longer
 * claim `claim`. */
TK_MUST_USE int tk_view_get_slot(const struct tk_view *view, uint32_t slot,
                                 uint32_t claim, struct tk_view_want want,
                                 char *buf, size_t cap, struct tk_sight *sight);

/* Copies the attributes of the token that `sight` has seen; returns their
 * length. TK_ENOENT: that token is gone. */
TK_MUST_USE int tk_view_attributes(const struct tk_view *view,
                                   const struct tk_sight *sight, char *buf,
                                   size_t cap);

/* Does the slot still hold the token with this stamp? */
bool tk_view_is_same(const struct tk_view *view, uint32_t slot, uint64_t stamp);

uint32_t tk_view_slots(const struct tk_view *view);

#endif
