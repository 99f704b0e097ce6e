/* cache/segment.h - the file that a table lies in, for the engine that writes
 * it. Readers map it by cache/mapping.h.
 *
 * A new engine makes a new file and renames it over the old one, which it marks
 * as retired: readers look at that mark and follow. A file is never made
 * shorter, so that nobody who maps it gets a SIGBUS; what a retired one takes
 * is given back by punching it out, which reads as an empty table.
 */
#ifndef TK_CACHE_SEGMENT_H
#define TK_CACHE_SEGMENT_H

#include "base/clock.h"
#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct tk_segment;

struct tk_segment_options {
    const char *dir;
    const char *name; /* in `dir` */
    gid_t group;      /* of the readers; (gid_t)-1: the engine's own */
    size_t size;      /* of the table's block */
    size_t fixed;     /* so much of it is touched from the beginning */
    ino_t demand;     /* of the memory for uses; 0: none */
};

/* Makes the file under a name that readers do not look for. `why` names it. */
TK_MUST_USE int tk_segment_make(const struct tk_segment_options *options,
                                struct tk_segment **out, struct tk_why *why);
/* Gives it its name, retires the one that had it, and removes what engines
 * left that died before they came so far. For the one engine of this directory
 * only. */
TK_MUST_USE int tk_segment_publish(struct tk_segment *segment,
                                   struct tk_why *why);
/* Readers that see no beat for two seconds read a slower clock. The first one
 * comes before the file is published. */
void tk_segment_beat(struct tk_segment *segment,
                     const struct tk_clocks *clocks);
/* The file stays, so that what is in it is served on. One that was never
 * published is removed. */
void tk_segment_close(struct tk_segment *segment);

/* Takes all tokens out of the file, at once and for good: readers find none. */
void tk_segment_wipe(struct tk_segment *segment);
/* The same for the file DIR/NAME, if it is this user's; and takes its name. */
void tk_segment_withdraw(const char *dir, const char *name);

void *tk_segment_block(struct tk_segment *segment);
/* A tk_area_back_cb whose data is the segment; offsets count from the block's
 * start. TK_EFULL when the file system is full. */
int tk_segment_back(uint64_t at, uint64_t len, void *segment);

#endif
