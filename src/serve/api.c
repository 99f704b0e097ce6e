#include "serve/api.h"

#include "serve/access.h"
#include "serve/admin.h"
#include "serve/compare.h"
#include "serve/explain.h"
#include "serve/handout.h"
#include "serve/health.h"
#include "serve/listeners.h"
#include "serve/listing.h"
#include "serve/metrics.h"
#include "serve/policies.h"
#include "serve/reject.h"
#include "serve/route.h"
#include "serve/token.h"

#include <stdlib.h>
#include <unistd.h>

/* More than anybody is in. */
enum { GROUPS_MAX = 256 };

/* Owned by whoever called tk_api_new. */
struct tk_api {
    struct tk_desk desk;
    uid_t owner;
    gid_t group;
    struct tk_listeners listeners;
};

static void refuse_path(struct tk_request *request)
{
    struct tk_http_problem problem = {
        .status = 404,
        .code = "not_found",
        .detail = "there is no such path; GET /v1/token/{key} gets a token"};

    tk_desk_refuse(request, &problem);
}

static void refuse_method(struct tk_request *request, const char *allow)
{
    struct tk_http_problem problem = {
        .status = 405,
        .code = "method_not_allowed",
        .detail = "this path takes other methods: see Allow",
        .allow = allow};

    tk_desk_refuse(request, &problem);
}

static void refuse_stranger(struct tk_request *request)
{
    struct tk_http_problem problem = {
        .status = 401,
        .code = "unauthorized",
        .detail = "send an API key that is configured, as Authorization: "
                  "Bearer KEY",
        .challenge = "Bearer realm=\"tokeng\""};

    tk_desk_refuse(request, &problem);
}

static void refuse_caller(struct tk_request *request,
                          const struct tk_principal *principal)
{
    struct tk_http_problem problem = {
        .status = 403,
        .code = "forbidden",
        .detail =
            principal->caller == TK_CALLER_HOLDER
                ? "this API key may not do this: see its allow in api_keys"
            : principal->caller == TK_CALLER_MEMBER
                ? "members of your groups may get and reject the keys that "
                  "readers names for them, and nothing else"
                : "only root and the user that the engine runs as may do this"};

    tk_desk_refuse(request, &problem);
}

static void refuse_page(struct tk_request *request)
{
    struct tk_http_problem problem = {
        .status = 403,
        .code = "foreign",
        .detail = "over TCP the Host must be localhost or a loopback address, "
                  "and no Origin is taken: this is not for web pages"};

    tk_desk_refuse(request, &problem);
}

/* Calls that name a source; returns false for any other. */
static bool dispatch_of_source(struct tk_desk *desk, struct tk_request *request,
                               const struct tk_route *route)
{
    switch (route->call) {
    case TK_CALL_PAUSE:
        tk_admin_pause(desk, request, route->rest, true);
        return true;
    case TK_CALL_RESUME:
        tk_admin_pause(desk, request, route->rest, false);
        return true;
    case TK_CALL_POLICY_SET:
        tk_policies_put(desk, request, route->rest);
        return true;
    case TK_CALL_POLICY_RESET:
        tk_policies_drop(desk, request, route->rest);
        return true;
    case TK_CALL_ROLLBACK:
        tk_policies_roll_back(desk, request, route->rest);
        return true;
    case TK_CALL_SHADOW:
        tk_compare_answer(desk, request, route->rest);
        return true;
    case TK_CALL_SHADOW_START:
        tk_compare_start(desk, request, route->rest);
        return true;
    case TK_CALL_SHADOW_END:
        tk_compare_end(desk, request, route->rest);
        return true;
    default:
        return false;
    }
}

static void dispatch(struct tk_api *api, struct tk_request *request,
                     const struct tk_route *route)
{
    struct tk_desk *desk = &api->desk;

    if (dispatch_of_source(desk, request, route)) return;
    switch (route->call) {
    case TK_CALL_GET:
        tk_token_get(desk, request, route->rest);
        break;
    case TK_CALL_DROP:
        tk_admin_drop(desk, request, route->rest);
        break;
    case TK_CALL_REJECT:
        tk_reject_answer(desk, request, route->rest);
        break;
    case TK_CALL_REFRESH:
        tk_admin_refresh(desk, request, route->rest);
        break;
    case TK_CALL_LIST:
        tk_listing_answer(desk, request);
        break;
    case TK_CALL_EXPLAIN:
        tk_explain_answer(desk, request, route->rest);
        break;
    case TK_CALL_RELOAD:
        tk_admin_reload(desk, request);
        break;
    case TK_CALL_POLICIES:
        tk_policies_answer(desk, request);
        break;
    case TK_CALL_VERSION:
        tk_health_version(desk, request);
        break;
    case TK_CALL_METRICS:
        tk_metrics_answer(desk, request,
                          tk_listeners_connections(&api->listeners));
        break;
    case TK_CALL_LIVEZ:
        tk_health_live(request);
        break;
    case TK_CALL_READYZ:
        tk_health_ready(desk, request);
        break;
    case TK_CALL_NO_METHOD:
        refuse_method(request, route->allow);
        break;
    default:
        refuse_path(request);
        break;
    }
}

static struct tk_principal who_is_here(const struct tk_api *api,
                                       const struct tk_request *request,
                                       uid_t uid)
{
    const struct tk_readers *readers =
        &tk_engine_config(api->desk.engine)->readers;
    struct tk_principal principal = tk_access_local(uid, api->owner);
    gid_t groups[GROUPS_MAX];
    size_t count;

    if (principal.caller == TK_CALLER_OWNER || readers->count == 0) {
        return principal;
    }
    count = tk_request_peer_groups(request, groups, GROUPS_MAX);
    return tk_access_member(readers, groups, count, api->group);
}

static struct tk_principal who_asks(const struct tk_api *api,
                                    struct tk_request *request)
{
    const struct tk_peer *peer = tk_request_peer(request);

    if (peer->is_local) {
        return who_is_here(api, request, peer->uid);
    }
    return tk_access_remote(&tk_engine_config(api->desk.engine)->api_keys,
                            tk_request_header(request, "Authorization"));
}

static bool is_foreign(struct tk_request *request)
{
    return !tk_request_peer(request)->is_local &&
           tk_access_is_foreign(tk_request_header(request, "Host"),
                                tk_request_header(request, "Origin"));
}

static void handle_for(struct tk_api *api, struct tk_request *request,
                       const struct tk_principal *principal)
{
    struct tk_route route =
        tk_route_find(tk_request_method(request), tk_request_path(request));

    switch (tk_access_judge(principal, &route)) {
    case TK_ACCESS_YES:
        dispatch(api, request, &route);
        break;
    case TK_ACCESS_WHO:
        refuse_stranger(request);
        break;
    case TK_ACCESS_NO:
        refuse_caller(request, principal);
        break;
    case TK_ACCESS_HIDDEN:
        tk_desk_refuse_source(request, tk_str_cut(&route.rest, '/'));
        break;
    }
}

static void handle(struct tk_request *request, void *data)
{
    struct tk_api *api = data;
    struct tk_principal principal;

    if (is_foreign(request)) {
        refuse_page(request);
        return;
    }
    principal = who_asks(api, request);
    handle_for(api, request, &principal);
}

/* The members of several groups cannot be let in by a mode: the kernel says
 * which ones a caller is in, and the rest is for tk_access_judge. */
static unsigned mode_for(const struct tk_config *config)
{
    return config->readers.count > 0 ? 0666 : 0660;
}

int tk_api_new(struct tk_loop *loop, struct tk_engine *engine,
               const char *const *listen, struct tk_api **out,
               struct tk_why *why)
{
    struct tk_api *api = calloc(1, sizeof *api);
    int rc;

    if (api == NULL) {
        return tk_fail(why, TK_ENOMEM, "%s", tk_err_text(TK_ENOMEM));
    }
    api->owner = geteuid();
    api->group = getegid();
    api->desk.loop = loop;
    api->desk.engine = engine;
    tk_buf_init(&api->desk.token, TK_HANDOUT_MAX);
    tk_list_init(&api->desk.waiting);
    api->listeners =
        (struct tk_listeners){.loop = loop, .handler = handle, .data = api};
    if (engine != NULL) {
        api->listeners.mode = mode_for(tk_engine_config(engine));
    }
    rc = tk_listeners_set(&api->listeners, listen, why);
    if (rc != 0) {
        tk_api_free(api);
        return rc;
    }
    *out = api;
    return 0;
}

/* What is open gets its rights last: a configuration that is refused may not
 * open the sockets of the one before to everybody. */
int tk_api_listen(struct tk_api *api, const struct tk_config *config,
                  const char *const *listen, struct tk_why *why)
{
    unsigned before = api->listeners.mode;
    int rc;

    api->listeners.mode = mode_for(config);
    rc = tk_listeners_set(&api->listeners, listen, why);
    if (rc == 0) {
        rc = tk_listeners_set_mode(&api->listeners, mode_for(config), why);
    }
    if (rc != 0) api->listeners.mode = before;
    return rc;
}

void tk_api_stop(struct tk_api *api)
{
    tk_listeners_stop(&api->listeners);
}

void tk_api_free(struct tk_api *api)
{
    if (api == NULL) return;
    tk_api_stop(api);
    tk_token_turn_away(&api->desk);
    tk_listeners_fini(&api->listeners);
    tk_buf_fini(&api->desk.token);
    free(api);
}
