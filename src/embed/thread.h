/* embed/thread.h - an engine on a thread of its own, inside a host. */
#ifndef TK_EMBED_THREAD_H
#define TK_EMBED_THREAD_H

#include "reader/embedded.h"

/* As tokeng_engine_start and its sisters. At most one in a process at a time,
 * because a process has one log. */
int tk_embedded_start(const struct tokeng_engine_options *o,
                      struct tk_embedded **out);
int tk_embedded_reload(struct tk_embedded *embedded);
void tk_embedded_stop(struct tk_embedded *embedded);

#endif
