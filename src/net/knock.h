/* net/knock.h - the one way in from another thread: it wakes the loop. */
#ifndef TK_NET_KNOCK_H
#define TK_NET_KNOCK_H

#include "net/loop.h"

struct tk_knock;

/* `cb` is called on the loop after each tk_knock; several that come close
 * together may be one call. Keeps the loop running. Owned by the caller, who
 * frees it on the loop's thread. */
TK_MUST_USE int tk_knock_new(struct tk_loop *loop, tk_loop_cb cb, void *data,
                             struct tk_knock **out);
/* From any thread, while the knock is there. */
void tk_knock(struct tk_knock *knock);
/* NULL is allowed. */
void tk_knock_free(struct tk_knock *knock);

#endif
