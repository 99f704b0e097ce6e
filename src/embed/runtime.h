/* embed/runtime.h - the engine's runtime directory: its socket lies there, and
 * a lock that only one engine holds.
 */
#ifndef TK_EMBED_RUNTIME_H
#define TK_EMBED_RUNTIME_H

#include "base/err.h"

#include <limits.h>

/* Chooses the directory and makes it (0750) if it is not there: `given`, else
 * $RUNTIME_DIRECTORY, else /run/tokeng if this user may write there, else
 * $XDG_RUNTIME_DIR/tokeng. The path is absolute. */
TK_MUST_USE int tk_runtime_open(const char *given, char out[PATH_MAX],
                                struct tk_why *why);

/* Chooses where what outlives the engine is kept, and makes nothing:
 * $STATE_DIRECTORY, else /var/lib/tokeng if this user may write there, else
 * $XDG_STATE_HOME/tokeng, else ~/.local/state/tokeng. */
TK_MUST_USE int tk_runtime_find_state(char out[PATH_MAX], struct tk_why *why);

/* Takes the lock tokeng.lock of the directory, and leaves this process's
 * number in it. It is held until the descriptor is closed, so it ends with the
 * process, however that ends; the file stays. TK_EBUSY with the number of the
 * holder if another has it. */
TK_MUST_USE int tk_runtime_lock(const char *dir, int *out, struct tk_why *why);

/* Gives the lock back, also where a child that was forked without exec still
 * has the descriptor. */
void tk_runtime_unlock(int lock);

#endif
