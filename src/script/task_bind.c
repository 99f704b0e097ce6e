/* Each function that waits is in two halves: the first starts something and
 * yields, the second runs in the resume that brings the answer, where it may
 * raise. Before anything is sent the first half makes sure that it can yield.
 */
#include "script/task_bind.h"

#include "base/clock.h"
#include "script/box.h"
#include "script/convert.h"
#include "script/opaque.h"
#include "script/request.h"
#include "script/task_state.h"

#include <lauxlib.h>
#include <string.h>

enum { LOG_MAX = 400, ARGUMENTS_DEPTH = 16 };

static struct tk_task *check_task(lua_State *L, const char *name)
{
    struct tk_task *task = tk_vm_of(L)->context;

    if (task == NULL || !lua_isyieldable(L)) {
        luaL_error(L, "%s may be used inside fetch only", name);
    }
    return task;
}

static int push_failure(lua_State *L, const char *class, const char *code,
                        const char *message)
{
    lua_pushnil(L);
    lua_createtable(L, 0, 3);
    lua_pushstring(L, class);
    lua_setfield(L, -2, "class");
    lua_pushstring(L, code);
    lua_setfield(L, -2, "code");
    lua_pushstring(L, message);
    lua_setfield(L, -2, "message");
    return 2;
}

/* --- http --------------------------------------------------------------- */

static const char *code_of(int error)
{
    switch (error) {
    case TK_ECONNECT:
        return "connect";
    case TK_ERESOLVE:
        return "resolve";
    case TK_ETLS:
        return "tls";
    case TK_ETIMEDOUT:
        return "timeout";
    case TK_ETOOBIG:
        return "too_large";
    case TK_EPROTO:
        return "protocol";
    case TK_ECANCELED:
        return "canceled";
    default:
        return "internal";
    }
}

/* Names in lower case; of two headers with one name the first stays. */
static void set_header(struct tk_str name, struct tk_str value, void *data)
{
    lua_State *L = data;
    char lower[64];

    if (name.len >= sizeof lower) return;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    lua_pushlstring(L, lower, name.len);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) != LUA_TNIL) {
        lua_pop(L, 2);
        return;
    }
    lua_pop(L, 1);
    lua_pushlstring(L, value.data, value.len);
    lua_rawset(L, -3);
}

static int push_reply(lua_State *L, const struct tk_http_reply *reply)
{
    double retry_after = tk_request_retry_after(reply, tk_clock_wall_ms());

    lua_createtable(L, 0, 4);
    lua_pushinteger(L, reply->status);
    lua_setfield(L, -2, "status");
    lua_pushlstring(L, reply->body.len == 0 ? "" : reply->body.data,
                    reply->body.len);
    lua_setfield(L, -2, "body");
    lua_newtable(L);
    tk_http_reply_each_header(reply, set_header, L);
    lua_setfield(L, -2, "headers");
    if (retry_after >= 0) {
        lua_pushnumber(L, retry_after);
        lua_setfield(L, -2, "retry_after");
    }
    return 1;
}

static int after_http(lua_State *L, int status, lua_KContext context)
{
    const struct tk_http_reply *reply = check_task(L, "http")->reply;

    (void)status;
    (void)context;
    if (reply->error != 0) {
        return push_failure(L, "transient", code_of(reply->error),
                            reply->detail);
    }
    return push_reply(L, reply);
}

static int send_request(lua_State *L, struct tk_task *task, struct tk_box *box,
                        const char *method, struct tk_why *why)
{
    static const struct tk_convert how = {.depth_max = ARGUMENTS_DEPTH,
                                          .root = "http"};
    struct tk_http_request request;
    struct tk_value args;
    int rc = tk_convert_take(L, 1, &how, &box->pool, &args, why);

    if (rc == 0) {
        rc = tk_request_build(method, &args, &box->pool, &box->buf, &request,
                              why);
    }
    if (rc != 0) return rc;
    request.route = task->host->route;
    return tk_client_send(task->host->client, &request, tk_task_http_done, task,
                          &task->transfer, why);
}

/* http.get "url" is http.get { url = "url" }. */
static void wrap_url(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TSTRING) return;
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "url");
    lua_replace(L, 1);
}

static int start_http(lua_State *L, const char *method)
{
    struct tk_task *task = check_task(L, "http");
    struct tk_box *box;
    struct tk_why why = {0};
    int rc;

    wrap_url(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    box = tk_box_push(L);
    rc = send_request(L, task, box, method, &why);
    tk_box_empty(box);
    if (rc != 0) return push_failure(L, "config", "bad_request", why.text);
    task->waits = TK_TASK_WAITS_HTTP;
    return lua_yieldk(L, 0, 0, after_http);
}

static int http_get(lua_State *L)
{
    return start_http(L, "GET");
}

static int http_post(lua_State *L)
{
    return start_http(L, "POST");
}

/* --- engine ------------------------------------------------------------- */

static int after_token(lua_State *L, int status, lua_KContext context)
{
    struct tk_task *task = check_task(L, "engine.token");

    (void)status;
    (void)context;
    if (task->token.data == NULL) {
        return push_failure(L, task->error_class, task->error_code,
                            "the token it depends on cannot be had");
    }
    tk_opaque_push_copy(L, task->token);
    return 1;
}

static int engine_token(lua_State *L)
{
    struct tk_task *task = check_task(L, "engine.token");
    struct tk_str kind;
    struct tk_str subject = {"", 0};

    kind.data = luaL_checklstring(L, 1, &kind.len);
    if (!lua_isnoneornil(L, 2)) {
        subject.data = luaL_checklstring(L, 2, &subject.len);
    }
    if (task->host->token == NULL ||
        task->host->token(task, kind, subject, task->host->data) != 0) {
        return push_failure(L, "config", "no_such_token",
                            "the source has no such key");
    }
    task->waits = TK_TASK_WAITS_TOKEN;
    return lua_yieldk(L, 0, 0, after_token);
}

static int write_log(lua_State *L)
{
    struct tk_task *task = check_task(L, "log");
    char line[LOG_MAX];
    struct tk_str text;

    text.data = luaL_checklstring(L, 1, &text.len);
    tk_vm_make_printable(text, line, sizeof line);
    if (task->host->log != NULL) {
        task->host->log(tk_str(line), task->host->data);
    }
    return 0;
}

void tk_task_bind_push_engine(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, engine_token);
    lua_setfield(L, -2, "token");
}

int tk_task_bind(lua_State *L)
{
    static const luaL_Reg http[] = {
        {"get", http_get}, {"post", http_post}, {NULL, NULL}};

    luaL_newlib(L, http);
    lua_setglobal(L, "http");
    lua_register(L, "log", write_log);
    return 0;
}
