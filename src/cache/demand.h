/* cache/demand.h - who used which key, as its readers say: one 32-bit stamp a
 * slot, in memory that its readers may write.
 *
 * The memory is sealed: none of them can make it shorter, which would kill
 * whoever else writes there. That can be done only for memory without a name,
 * so readers ask for it at a socket beside the segment (cache/demand_link.h).
 *
 * What stands in it is not trusted. A stamp says nothing but that it is not the
 * one of last time. Uses that are claimed falsely cost refreshes, no more.
 */
#ifndef TK_CACHE_DEMAND_H
#define TK_CACHE_DEMAND_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Owned by the engine. */
struct tk_demand;

/* For tables of `slots` slots. */
TK_MUST_USE int tk_demand_make(uint32_t slots, struct tk_demand **out,
                               struct tk_why *why);
/* Readers keep what they have. */
void tk_demand_close(struct tk_demand *demand);

ino_t tk_demand_inode(const struct tk_demand *demand);

/* Opens the socket DIR/NAME, instead of the one of an engine before; for the
 * group ((gid_t)-1: the engine's own) and nobody else. */
TK_MUST_USE int tk_demand_offer(struct tk_demand *demand, const char *dir,
                                const char *name, gid_t group,
                                struct tk_why *why);
/* The socket, to be watched; and what is to be done when it can be read: hands
 * the memory to those who have asked. False: there is no descriptor left to do
 * it with, so it had better wait. */
int tk_demand_socket(const struct tk_demand *demand);
bool tk_demand_serve(struct tk_demand *demand);

/* Calls `used` for every slot whose stamp has changed since the last fold,
 * looking at no more than `most` slots; the next fold goes on from there.
 * Returns whether all were seen. */
bool tk_demand_fold(struct tk_demand *demand, uint32_t most,
                    void (*used)(uint32_t slot, void *data), void *data);

#endif
