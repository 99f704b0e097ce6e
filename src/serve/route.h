/* serve/route.h - which call of the HTTP API a method and a path name.
 */
#ifndef TK_SERVE_ROUTE_H
#define TK_SERVE_ROUTE_H

#include "base/str.h"

enum tk_call {
    TK_CALL_NO_PATH,   /* there is no such path */
    TK_CALL_NO_METHOD, /* the path takes other methods: see `allow` */
    TK_CALL_GET,
    TK_CALL_DROP,
    TK_CALL_REJECT,
    TK_CALL_REFRESH,
    TK_CALL_LIST,
    TK_CALL_EXPLAIN,
    TK_CALL_PAUSE,
    TK_CALL_RESUME,
    TK_CALL_RELOAD,
    TK_CALL_POLICIES,
    TK_CALL_POLICY_SET,
    TK_CALL_POLICY_RESET,
    TK_CALL_ROLLBACK,
    TK_CALL_SHADOW,
    TK_CALL_SHADOW_START,
    TK_CALL_SHADOW_END,
    TK_CALL_VERSION,
    TK_CALL_METRICS,
    TK_CALL_LIVEZ,
    TK_CALL_READYZ,
};

/* Views are into the path. */
struct tk_route {
    enum tk_call call;
    struct tk_str rest; /* what follows a path that ends in '/': the key or
                         * the source, not checked; else empty */
    const char *allow;  /* the methods of the path, for TK_CALL_NO_METHOD */
};

/* `path` is as it was sent: nothing is unescaped, nothing resolved. */
struct tk_route tk_route_find(struct tk_str method, struct tk_str path);

#endif
