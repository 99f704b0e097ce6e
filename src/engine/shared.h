/* engine/shared.h - the shared caches of an engine: the one that its own table
 * lies in, and those of its reader groups; and the beat that readers set their
 * clocks by.
 */
#ifndef TK_ENGINE_SHARED_H
#define TK_ENGINE_SHARED_H

#include "engine/caller.h"
#include "engine/config.h"
#include "net/loop.h"

/* A NULL one is allowed everywhere: nothing is shared. */
struct tk_shared;

/* Makes the files in `dir`, the runtime directory, which is borrowed and which
 * the caller has locked; NULL: there is none, and `out` is NULL. Readers do not
 * see the files yet. `options` say how large the table is to be, and are told
 * where it goes. */
TK_MUST_USE int tk_shared_new(struct tk_loop *loop, const char *dir,
                              const struct tk_config *config,
                              struct tk_fleet_options *options,
                              struct tk_shared **out,
                              struct tk_problems *problems);

/* Lets readers see the files instead of those of the engine before; a failure
 * is logged, and then they ask at the socket. From now on their uses of `fleet`
 * are noted, and `changed` is called after that. */
void tk_shared_publish(struct tk_shared *shared, struct tk_fleet *fleet,
                       void (*changed)(void *data), void *data);

/* Makes what other reader groups need, before `config` replaces the one in
 * force; and lets them see it afterwards. */
TK_MUST_USE int tk_shared_prepare(struct tk_shared *shared,
                                  const struct tk_config *config,
                                  struct tk_problems *problems);
void tk_shared_adopt(struct tk_shared *shared, const struct tk_config *config);

/* The files stay: tokens are served to their end without an engine. */
void tk_shared_free(struct tk_shared *shared);

#endif
