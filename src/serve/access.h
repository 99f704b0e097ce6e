/* serve/access.h - who is calling, and which calls he may make.
 *
 * On a unix socket the kernel says who it is. The engine's own user and root
 * may do everything. Whoever else was let in by the rights of the socket may
 * get tokens, report those that were refused, and look whether the engine is
 * well; where the configuration names reader groups, their members may do so
 * with the keys of their groups, and nobody else with any. Over TCP an API key
 * says who it is, and its grants what he may do.
 */
#ifndef TK_SERVE_ACCESS_H
#define TK_SERVE_ACCESS_H

#include "engine/api_keys.h"
#include "engine/readers.h"
#include "net/server_request.h"
#include "serve/route.h"

enum tk_caller {
    TK_CALLER_NOBODY, /* no API key, or one that is not configured */
    TK_CALLER_HOLDER, /* of an API key */
    TK_CALLER_MEMBER, /* of reader groups, or of none */
    TK_CALLER_GUEST,
    TK_CALLER_OWNER,
};

/* What it points at is borrowed from the configuration. */
struct tk_principal {
    enum tk_caller caller;
    const struct tk_api_key *api_key; /* of a holder */
    const struct tk_readers *readers; /* of a member */
    tk_readers_set groups;
};

enum tk_access {
    TK_ACCESS_YES,
    TK_ACCESS_WHO, /* he is to say who he is */
    TK_ACCESS_NO,
    TK_ACCESS_HIDDEN, /* the source is as if it were not there */
};

/* `owner` is the user that the engine runs as. */
struct tk_principal tk_access_local(uid_t uid, uid_t owner);
/* Where there are reader groups: he is in these `count` groups. `own` is the
 * engine's, for whom its socket would be without them. */
struct tk_principal tk_access_member(const struct tk_readers *readers,
                                     const gid_t *groups, size_t count,
                                     gid_t own);
/* By the value of Authorization: "Bearer KEY". */
struct tk_principal tk_access_remote(const struct tk_api_keys *keys,
                                     struct tk_str authorization);

enum tk_access tk_access_judge(const struct tk_principal *principal,
                               const struct tk_route *route);

/* Is this the request of a web page, sent by somebody's browser? Such a page
 * has a foreign name, also where that name was made to lead here, or says where
 * it comes from. */
bool tk_access_is_foreign(struct tk_str host, struct tk_str origin);

#endif
