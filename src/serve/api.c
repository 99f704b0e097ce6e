#include "serve/api.h"

#include "net/json.h"
#include "net/server.h"
#include "serve/access.h"
#include "serve/admin.h"
#include "serve/explain.h"
#include "serve/handout.h"
#include "serve/list.h"
#include "serve/metrics.h"
#include "serve/reject.h"
#include "serve/token.h"

#include <stdlib.h>
#include <unistd.h>

enum { LISTENERS_MAX = 8 };

/* Owned by whoever called tk_api_new. */
struct tk_api {
    struct tk_desk desk;
    struct tk_server *servers[LISTENERS_MAX];
    size_t server_count;
    uid_t owner;
};

static void refuse(struct tk_request *request, int status, const char *code,
                   const char *detail, const char *allow)
{
    struct tk_http_problem problem = {
        .status = status, .code = code, .detail = detail, .allow = allow};

    tk_desk_refuse(request, &problem);
}

static void answer_version(struct tk_desk *desk, struct tk_request *request)
{
    struct tk_buf out;
    struct tk_json json = {.out = &out};

    tk_buf_init(&out, TK_DESK_ANSWER_MAX);
    tk_json_open(&json, '{');
    tk_json_name(&json, "version");
    tk_json_text(&json, tk_str(TOKENG_VERSION));
    tk_json_name(&json, "uptime");
    tk_json_num(&json, (double)tk_engine_uptime_ms(desk->engine) / 1000);
    tk_json_name(&json, "config");
    tk_json_text(&json, tk_str(tk_engine_config(desk->engine)->path));
    tk_json_name(&json, "pid");
    tk_json_int(&json, getpid());
    tk_json_close(&json, '}');
    tk_desk_send_json(request, 200, &out);
    tk_buf_fini(&out);
}

static void answer_ready(struct tk_desk *desk, struct tk_request *request)
{
    if (tk_engine_is_ready(desk->engine)) {
        tk_desk_send_text(request, 200, "ready\n");
    } else {
        tk_desk_send_text(request, 503,
                          "not ready: a kept key has no token yet\n");
    }
}

static void refuse_path(struct tk_request *request,
                        const struct tk_route *route)
{
    if (route->call == TK_CALL_NO_METHOD) {
        refuse(request, 405, "method_not_allowed",
               "this path takes other methods", route->allow);
    } else {
        refuse(request, 404, "not_found", "there is no such path", NULL);
    }
}

static void dispatch(struct tk_desk *desk, struct tk_request *request,
                     const struct tk_route *route)
{
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
        tk_list_answer(desk, request);
        break;
    case TK_CALL_EXPLAIN:
        tk_explain_answer(desk, request, route->rest);
        break;
    case TK_CALL_PAUSE:
    case TK_CALL_RESUME:
        tk_admin_pause(desk, request, route->rest,
                       route->call == TK_CALL_PAUSE);
        break;
    case TK_CALL_RELOAD:
        tk_admin_reload(desk, request);
        break;
    case TK_CALL_VERSION:
        answer_version(desk, request);
        break;
    case TK_CALL_METRICS:
        tk_metrics_answer(desk, request);
        break;
    case TK_CALL_LIVEZ:
        tk_desk_send_text(request, 200, "ok\n");
        break;
    case TK_CALL_READYZ:
        answer_ready(desk, request);
        break;
    case TK_CALL_NO_PATH:
    case TK_CALL_NO_METHOD:
        refuse_path(request, route);
        break;
    }
}

static void count_connections(struct tk_api *api)
{
    api->desk.connections = 0;
    for (size_t i = 0; i < api->server_count; i++) {
        api->desk.connections += tk_server_connections(api->servers[i]);
    }
}

static void handle(struct tk_request *request, void *data)
{
    struct tk_api *api = data;
    struct tk_route route =
        tk_route_find(tk_request_method(request), tk_request_path(request));

    if (!tk_access_is_allowed(tk_request_peer(request), api->owner,
                              route.call)) {
        refuse(request, 403, "forbidden",
               "only the engine's own user and root may do this", NULL);
        return;
    }
    if (route.call == TK_CALL_METRICS) count_connections(api);
    dispatch(&api->desk, request, &route);
}

static int open_listeners(struct tk_api *api, const char *const *listen,
                          struct tk_why *why)
{
    for (size_t i = 0; listen[i] != NULL; i++) {
        struct tk_server_options options = {.listen = listen[i]};
        int rc;

        if (i == LISTENERS_MAX) {
            return tk_fail(why, TK_EINVAL, "listen: more than %d addresses",
                           LISTENERS_MAX);
        }
        rc = tk_server_new(api->desk.loop, &options, handle, api,
                           &api->servers[i], why);
        if (rc != 0) return rc;
        api->server_count++;
    }
    return 0;
}

int tk_api_new(struct tk_loop *loop, struct tk_engine *engine,
               const char *const *listen, struct tk_api **out,
               struct tk_why *why)
{
    struct tk_api *api = calloc(1, sizeof *api);
    int rc;

    if (api == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    api->desk.loop = loop;
    api->desk.engine = engine;
    api->owner = geteuid();
    tk_list_init(&api->desk.waiting);
    tk_buf_init(&api->desk.token, TK_HANDOUT_MAX);
    rc = open_listeners(api, listen, why);
    if (rc != 0) {
        tk_api_free(api);
        return rc;
    }
    *out = api;
    return 0;
}

void tk_api_stop(struct tk_api *api)
{
    for (size_t i = 0; i < api->server_count; i++) {
        tk_server_stop(api->servers[i]);
    }
    tk_token_turn_away(&api->desk);
}

void tk_api_free(struct tk_api *api)
{
    if (api == NULL) return;
    tk_token_turn_away(&api->desk);
    for (size_t i = 0; i < api->server_count; i++) {
        tk_server_free(api->servers[i]);
    }
    tk_buf_fini(&api->desk.token);
    free(api);
}
