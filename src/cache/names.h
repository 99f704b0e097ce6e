/* cache/names.h - how the shared caches are called, in the runtime directory:
 * one for whoever may read all, and one for each group that may read some.
 */
#ifndef TK_CACHE_NAMES_H
#define TK_CACHE_NAMES_H

#include <stdio.h>
#include <sys/types.h>

#define TK_SEGMENT_FILE "tokeng.cache"
#define TK_DEMAND_FILE  "tokeng.demand"

enum { TK_CACHE_NAME = 32 };

static inline void tk_segment_name(gid_t group, char out[TK_CACHE_NAME])
{
    snprintf(out, TK_CACHE_NAME, "tokeng-%u.cache", (unsigned)group);
}

static inline void tk_demand_name(gid_t group, char out[TK_CACHE_NAME])
{
    snprintf(out, TK_CACHE_NAME, "tokeng-%u.demand", (unsigned)group);
}

#endif
