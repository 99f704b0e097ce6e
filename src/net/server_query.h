/* net/server_query.h - the part of a request's target behind the '?'. */
#ifndef TK_NET_SERVER_QUERY_H
#define TK_NET_SERVER_QUERY_H

#include "base/str.h"

/* The percent-decoded value of the first parameter `name` in `query`: "" if it
 * has none; data NULL if it is not there or its escapes are broken or decode
 * to a control byte. Names are compared as they were sent. The view is into
 * `room`, which holds as many bytes as `query`; each parameter has its own
 * place there, so that views of several stay valid. */
struct tk_str tk_server_query_find(struct tk_str query, const char *name,
                                   char *room);

#endif
