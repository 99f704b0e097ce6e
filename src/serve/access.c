#include "serve/access.h"

#include "base/loopback.h"

/* What a caller must be allowed for a call. */
struct need {
    enum tk_right right;
    enum { OF_NONE, OF_KEY, OF_SOURCE, OF_ALL } of;
};

static struct need need_of(enum tk_call call)
{
    switch (call) {
    case TK_CALL_GET:
        return (struct need){TK_RIGHT_GET, OF_KEY};
    case TK_CALL_REJECT:
        return (struct need){TK_RIGHT_REJECT, OF_KEY};
    case TK_CALL_REFRESH:
        return (struct need){TK_RIGHT_REFRESH, OF_KEY};
    case TK_CALL_DROP:
    case TK_CALL_EXPLAIN:
        return (struct need){TK_RIGHT_ADMIN, OF_KEY};
    case TK_CALL_PAUSE:
    case TK_CALL_RESUME:
    case TK_CALL_POLICY_SET:
    case TK_CALL_POLICY_RESET:
    case TK_CALL_ROLLBACK:
    case TK_CALL_SHADOW:
    case TK_CALL_SHADOW_START:
    case TK_CALL_SHADOW_END:
        return (struct need){TK_RIGHT_ADMIN, OF_SOURCE};
    case TK_CALL_LIST:
    case TK_CALL_RELOAD:
    case TK_CALL_POLICIES:
    case TK_CALL_VERSION:
        return (struct need){TK_RIGHT_ADMIN, OF_ALL};
    case TK_CALL_METRICS:
        return (struct need){TK_RIGHT_METRICS, OF_ALL};
    case TK_CALL_LIVEZ:
    case TK_CALL_READYZ:
    case TK_CALL_NO_PATH:
    case TK_CALL_NO_METHOD:
        break;
    }
    return (struct need){TK_RIGHTS, OF_NONE};
}

struct tk_principal tk_access_local(uid_t uid, uid_t owner)
{
    bool is_owner = uid == owner || uid == 0;

    return (struct tk_principal){.caller = is_owner ? TK_CALLER_OWNER
                                                    : TK_CALLER_GUEST};
}

struct tk_principal tk_access_member(const struct tk_readers *readers,
                                     const gid_t *groups, size_t count,
                                     gid_t own)
{
    for (size_t i = 0; i < count; i++) {
        if (groups[i] == own) {
            return (struct tk_principal){.caller = TK_CALLER_GUEST};
        }
    }
    return (struct tk_principal){.caller = TK_CALLER_MEMBER,
                                 .readers = readers,
                                 .groups =
                                     tk_readers_of(readers, groups, count)};
}

struct tk_principal tk_access_remote(const struct tk_api_keys *keys,
                                     struct tk_str authorization)
{
    struct tk_str rest = authorization;
    struct tk_str scheme = tk_str_cut(&rest, ' ');
    const struct tk_api_key *api_key = NULL;

    while (tk_str_starts(rest, TK_STR(" "))) rest = tk_str_skip(rest, 1);
    if (tk_str_same_word(scheme, TK_STR("Bearer"))) {
        api_key = tk_api_keys_find(keys, rest);
    }
    return (struct tk_principal){.caller = api_key == NULL ? TK_CALLER_NOBODY
                                                           : TK_CALLER_HOLDER,
                                 .api_key = api_key};
}

static bool is_granted(const struct tk_api_key *api_key, struct need need,
                       struct tk_str what)
{
    switch (need.of) {
    case OF_NONE:
        return true;
    case OF_KEY:
        return tk_api_key_may(api_key, need.right, what);
    case OF_SOURCE:
        return tk_api_key_may_all(api_key, need.right, what);
    case OF_ALL:
        return tk_api_key_may_all(api_key, need.right, TK_STR(""));
    }
    return false;
}

static enum tk_access judge_holder(const struct tk_api_key *api_key,
                                   const struct tk_route *route)
{
    struct need need = need_of(route->call);
    struct tk_str rest = route->rest;

    if (is_granted(api_key, need, rest)) return TK_ACCESS_YES;
    if (need.of == OF_ALL) return TK_ACCESS_NO;
    return tk_api_key_sees(api_key, tk_str_cut(&rest, '/')) ? TK_ACCESS_NO
                                                            : TK_ACCESS_HIDDEN;
}

static enum tk_access judge_guest(struct need need)
{
    bool is_open = need.of == OF_NONE || need.right == TK_RIGHT_GET ||
                   need.right == TK_RIGHT_REJECT;

    return is_open ? TK_ACCESS_YES : TK_ACCESS_NO;
}

static enum tk_access judge_member(const struct tk_principal *member,
                                   const struct tk_route *route)
{
    struct need need = need_of(route->call);
    struct tk_str rest = route->rest;

    if (need.of == OF_NONE) return TK_ACCESS_YES;
    if (judge_guest(need) != TK_ACCESS_YES || member->groups == 0) {
        return TK_ACCESS_NO;
    }
    if (tk_readers_may(member->readers, member->groups, rest)) {
        return TK_ACCESS_YES;
    }
    return tk_readers_see(member->readers, member->groups,
                          tk_str_cut(&rest, '/'))
               ? TK_ACCESS_NO
               : TK_ACCESS_HIDDEN;
}

enum tk_access tk_access_judge(const struct tk_principal *principal,
                               const struct tk_route *route)
{
    switch (principal->caller) {
    case TK_CALLER_OWNER:
        return TK_ACCESS_YES;
    case TK_CALLER_MEMBER:
        return judge_member(principal, route);
    case TK_CALLER_GUEST:
        return judge_guest(need_of(route->call));
    case TK_CALLER_HOLDER:
        return judge_holder(principal->api_key, route);
    case TK_CALLER_NOBODY:
        break;
    }
    return TK_ACCESS_WHO;
}

bool tk_access_is_foreign(struct tk_str host, struct tk_str origin)
{
    return origin.data != NULL || !tk_loopback_is_host(host);
}
