/* net/watch.h - told by the loop when a descriptor can be read.
 */
#ifndef TK_NET_WATCH_H
#define TK_NET_WATCH_H

#include "net/loop.h"

struct tk_watch;

/* Calls `cb` in each turn in which there is something to read on `fd`, which
 * the caller closes after tk_watch_free (NULL is allowed). */
TK_MUST_USE int tk_watch_new(struct tk_loop *loop, int fd, tk_loop_cb cb,
                             void *data, struct tk_watch **out);
void tk_watch_free(struct tk_watch *watch);

#endif
