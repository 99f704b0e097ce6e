/* engine/share.h - one shared cache: the file that a table lies in, and the
 * memory in which its readers count their uses.
 */
#ifndef TK_ENGINE_SHARE_H
#define TK_ENGINE_SHARE_H

#include "base/clock.h"
#include "cache/table.h"
#include "net/loop.h"

#include <sys/types.h>

struct tk_share;

struct tk_share_options {
    struct tk_loop *loop;
    const char *dir;     /* the runtime directory */
    gid_t group;         /* of its readers; (gid_t)-1: for all keys, and the
                          * engine's own */
    uint32_t max_keys;   /* of the table, */
    uint32_t mean_bytes; /* and this of a key and its token */
};

/* Makes the file; nobody sees it yet. `table` is told where it is to lie. */
TK_MUST_USE int tk_share_new(const struct tk_share_options *options,
                             struct tk_table_options *table,
                             struct tk_share **out, struct tk_why *why);
/* Lets readers see it, instead of the one of an engine before. What fails is
 * logged: then they ask at the engine's socket. */
void tk_share_publish(struct tk_share *share, const struct tk_clocks *clocks);
void tk_share_beat(struct tk_share *share, const struct tk_clocks *clocks);
/* As tk_demand_fold. */
void tk_share_fold(struct tk_share *share,
                   void (*used)(uint32_t slot, void *data), void *data);

/* Takes every token out of the file, also for those who have mapped it. */
void tk_share_wipe(struct tk_share *share);
/* The file stays: tokens are served to their end without an engine. */
void tk_share_free(struct tk_share *share);

#endif
