/* cli/host.h - the process that the engine was started by and belongs to, such
 * as nginx: what it leaves open is not ours, and its end is our end. */
#ifndef TK_CLI_HOST_H
#define TK_CLI_HOST_H

#include "net/loop.h"

struct tk_host;

/* Closes what was inherited, but for the three standard descriptors. To be
 * called before anything of ours is open. */
void tk_host_close_inherited(void);

/* Calls `gone` once when the process has ended, within half a second. TK_ENOENT
 * if there is no such process. `*out` is the caller's until tk_host_free. */
TK_MUST_USE int tk_host_watch(struct tk_loop *loop, int64_t pid,
                              tk_loop_cb gone, void *data, struct tk_host **out,
                              struct tk_why *why);
/* NULL is allowed. */
void tk_host_free(struct tk_host *host);

#endif
