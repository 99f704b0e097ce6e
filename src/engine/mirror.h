/* engine/mirror.h - the shared caches of reader groups: in each, of all that
 * the fleet's table shows, the keys that the group may read.
 */
#ifndef TK_ENGINE_MIRROR_H
#define TK_ENGINE_MIRROR_H

#include "base/clock.h"
#include "engine/config.h"
#include "engine/fleet.h"
#include "net/loop.h"

struct tk_mirror;

/* Makes the files of all groups of `config` in `dir`, which is borrowed; their
 * readers do not see them yet. The configuration is borrowed until
 * tk_mirror_follow. */
TK_MUST_USE int tk_mirror_new(struct tk_loop *loop, const char *dir,
                              const struct tk_config *config,
                              struct tk_mirror **out, struct tk_why *why);
/* Does it show what `config` asks for? */
bool tk_mirror_suits(const struct tk_mirror *mirror,
                     const struct tk_config *config);
/* It does, and this one is borrowed from now on. */
void tk_mirror_follow(struct tk_mirror *mirror, const struct tk_config *config);

/* Fills the caches from the fleet and lets readers see them. Those in `dir`
 * that are of no group any more are withdrawn; and so is what `before` shows
 * (NULL: nothing). */
void tk_mirror_publish(struct tk_mirror *mirror, const struct tk_fleet *fleet,
                       struct tk_mirror *before);
/* As tk_fleet_options.shown. */
void tk_mirror_show(struct tk_mirror *mirror, struct tk_str key,
                    const struct tk_record *record);

void tk_mirror_beat(struct tk_mirror *mirror, const struct tk_clocks *clocks);
/* Calls `used` for each key that its readers have used. */
void tk_mirror_fold(struct tk_mirror *mirror,
                    void (*used)(struct tk_str key, void *data), void *data);
/* The files stay. */
void tk_mirror_free(struct tk_mirror *mirror);

#endif
