#include "serve/access.h"

/* What the socket's group may do. */
static bool is_open(enum tk_call call)
{
    switch (call) {
    case TK_CALL_GET:
    case TK_CALL_REJECT:
    case TK_CALL_LIVEZ:
    case TK_CALL_READYZ:
        return true;
    default:
        return false;
    }
}

bool tk_access_is_allowed(const struct tk_peer *peer, uid_t owner,
                          enum tk_call call)
{
    if (!peer->is_local) return false;
    return peer->uid == owner || peer->uid == 0 || is_open(call);
}
