/* cache/demand.h - who used which key, as its readers say: one 32-bit stamp a
 * slot, in a file that the readers' group may write.
 *
 * The file is not trusted. It is read and never mapped, so that whoever makes
 * it shorter does no harm here; a stamp says nothing but that it is not the
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

/* Makes DIR/NAME anew, for tables of `slots` slots. */
TK_MUST_USE int tk_demand_make(const char *dir, const char *name, gid_t group,
                               uint32_t slots, struct tk_demand **out,
                               struct tk_why *why);
/* The file stays for readers that map it. */
void tk_demand_close(struct tk_demand *demand);

ino_t tk_demand_inode(const struct tk_demand *demand);

/* Calls `used` for every slot whose stamp has changed since the last fold,
 * looking at no more than `most` slots; the next fold goes on from there.
 * Returns whether all were seen. */
bool tk_demand_fold(struct tk_demand *demand, uint32_t most,
                    void (*used)(uint32_t slot, void *data), void *data);

#endif
