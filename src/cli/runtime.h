/* cli/runtime.h - the engine's runtime directory, and that it has one engine.
 */
#ifndef TK_CLI_RUNTIME_H
#define TK_CLI_RUNTIME_H

#include "base/err.h"

#include <limits.h>

/* Owned by whoever opened it. */
struct tk_runtime {
    char dir[PATH_MAX];
    int lock; /* held as long as it is open */
};

/* $RUNTIME_DIRECTORY, else /run/tokeng, else $XDG_RUNTIME_DIR/tokeng: the
 * first that is there or can be made. TK_EBUSY if another engine holds it. */
TK_MUST_USE int tk_runtime_open(struct tk_runtime *runtime, struct tk_why *why);
void tk_runtime_close(struct tk_runtime *runtime);

#endif
