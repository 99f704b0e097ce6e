/* cache/segment_head.h - the first page of a segment's file; for the files of
 * this room alone.
 */
#ifndef TK_CACHE_SEGMENT_HEAD_H
#define TK_CACHE_SEGMENT_HEAD_H

#include "cache/boot.h"

#include <stdint.h>

#define TK_SEGMENT_MAGIC UINT64_C(0x3153676e656b6f74) /* "tokengS1" */

enum {
    TK_SEGMENT_VERSION = 2,
    TK_SEGMENT_PAGE = 4096, /* the table's block starts behind it */
};

/* What stands above the line is written before the file gets its name. */
struct tk_segment_head {
    uint64_t magic;
    uint32_t version;
    uint32_t page;
    uint64_t size; /* of the file */
    unsigned char boot_id[TK_BOOT_ID_LEN];
    uint64_t pid;
    uint64_t
        demand_inode; /* of the memory for uses that goes with it; 0: none */
    uint64_t spare;

    /* A cache line that the writer touches twice a second. Milliseconds. */
    int64_t beat_at;    /* CLOCK_MONOTONIC */
    int64_t boot_ahead; /* CLOCK_BOOTTIME less CLOCK_MONOTONIC */
    int64_t wall_ahead; /* CLOCK_REALTIME less CLOCK_MONOTONIC */
    uint32_t is_retired;
    uint32_t spare2;
    uint64_t spare3[4];
};

_Static_assert(sizeof(struct tk_segment_head) == 128, "layout of the file");

#endif
