#include "script/task_bind.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/span.h"
#include "script/bind.h"
#include "script/box.h"
#include "script/convert.h"
#include "script/opaque.h"
#include "script/task_state.h"

#include <lauxlib.h>

enum {
    /* A request counts like so many instructions, so that a script that sends
     * one after the other comes to an end: 200 of them in a task. */
    REQUEST_COST = 50 * 1000,
    HEADER_NAME = 64,
    /* Per cent of what is alive. All garbage is collected when the tasks of a
     * turn have ended, so that the collector rarely needs to begin before. */
    GC_PAUSE = 400,
    HEADERS = 8, /* that an answer has; the table grows with more */
};

static const char engine_key;

/* The task that runs here, if it can wait at this place. */
static struct tk_task *check_task(lua_State *L, const char *name)
{
    struct tk_task *task = tk_vm_of(L)->context;

    if (task == NULL) luaL_error(L, "%s: only a running fetch has it", name);
    if (!lua_isyieldable(L)) {
        luaL_error(L,
                   "%s cannot wait here: not inside sort, require or a "
                   "metamethod called from C",
                   name);
    }
    return task;
}

/* --- failures: nil, { class =, code =, message = } --- */

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
    case TK_EPROTO:
        return "protocol";
    case TK_ETOOBIG:
        return "too_large";
    case TK_ECANCELED:
        return "canceled";
    case TK_ENOMEM:
        return "no_memory";
    default:
        return "internal";
    }
}

/* The request or the question was not even put. What the script got wrong is
 * the same at the next try; lack of memory is not. */
static int push_refusal(lua_State *L, const struct tk_why *why,
                        const char *code)
{
    if (why->code == TK_ENOMEM) {
        return push_failure(L, "transient", "no_memory", why->text);
    }
    return push_failure(L, "config", code, why->text);
}

/* --- the reply --- */

/* Owned by push_reply, on its stack. */
struct headers {
    lua_State *L;
    struct tk_str retry_after; /* the first of each */
    struct tk_str rate_reset;
};

static void note_header(struct tk_str name, struct tk_str value,
                        const char *wanted, struct tk_str *out)
{
    if (out->data == NULL && tk_str_same_word(name, tk_str(wanted))) {
        *out = value;
    }
}

/* Headers of one name are joined as RFC 9110, 5.3 says. The table lies on
 * top. */
static void add_header(struct tk_str name, struct tk_str value, void *data)
{
    struct headers *headers = data;
    lua_State *L = headers->L;
    char lower[HEADER_NAME];

    note_header(name, value, "retry-after", &headers->retry_after);
    note_header(name, value, "x-ogw-ratelimit-reset", &headers->rate_reset);

    if (name.len > sizeof lower) return;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    lua_pushlstring(L, lower, name.len);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, value.data, value.len);
    } else {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, value.data, value.len);
        lua_concat(L, 3);
    }
    lua_rawset(L, -3);
}

enum { SECONDS_MAX = TK_SPAN_MAX_MS / 1000 };

static bool parse_seconds(struct tk_str text, int64_t *seconds)
{
    *seconds = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        *seconds = *seconds * 10 + (text.data[i] - '0');
        if (*seconds > SECONDS_MAX) *seconds = SECONDS_MAX;
    }
    return text.len > 0;
}

static int64_t seconds_until(int64_t at_ms)
{
    int64_t seconds = (at_ms - tk_clock_wall_ms() + 999) / 1000;

    if (seconds < 0) return 0;
    return seconds < SECONDS_MAX ? seconds : SECONDS_MAX;
}

/* Retry-After names seconds or a moment (RFC 9110, 10.2.3); Feishu's gateway
 * has a header of its own. */
static void push_retry_after(lua_State *L, const struct headers *headers)
{
    struct tk_str text = headers->retry_after;
    int64_t seconds;
    int64_t at_ms;

    if (parse_seconds(text, &seconds)) {
        lua_pushinteger(L, seconds);
    } else if (text.len > 0 && tk_date_parse_http(text, &at_ms) == 0) {
        lua_pushinteger(L, seconds_until(at_ms));
    } else if (parse_seconds(headers->rate_reset, &seconds)) {
        lua_pushinteger(L, seconds);
    } else {
        lua_pushnil(L);
    }
}

static int push_reply(lua_State *L, const struct tk_http_reply *reply)
{
    struct headers headers = {.L = L};

    if (reply->error != 0) {
        return push_failure(L, "transient", code_of(reply->error),
                            reply->detail);
    }
    if (reply->body.len > TK_VM_TEXT_MAX) {
        return push_failure(L, "transient", code_of(TK_ETOOBIG),
                            "the answer is larger than a script may hold");
    }
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, reply->status);
    lua_setfield(L, -2, "status");
    lua_pushlstring(L, reply->body.data == NULL ? "" : reply->body.data,
                    reply->body.len);
    lua_setfield(L, -2, "body");
    lua_createtable(L, 0, HEADERS);
    tk_http_reply_each_header(reply, add_header, &headers);
    lua_setfield(L, -2, "headers");
    push_retry_after(L, &headers);
    lua_setfield(L, -2, "retry_after");
    return 1;
}

/* --- http --- */

static int finish_request(lua_State *L, int status, lua_KContext context)
{
    struct tk_task *task = tk_vm_of(L)->context;

    (void)status;
    (void)context;
    if (task->answer.reply != NULL) return push_reply(L, task->answer.reply);
    return push_refusal(L, &task->why, "bad_request");
}

static int start_request(lua_State *L, const char *name, const char *method)
{
    static const struct tk_convert how = {.depth_max = TK_OUTGOING_DEPTH,
                                          .root = "the request"};
    struct tk_task *task = check_task(L, name);
    struct tk_outgoing *outgoing = &task->unit->outgoing;
    struct tk_value asked;
    struct tk_why why;
    struct tk_box *box;
    int rc;

    luaL_checkany(L, 1);
    tk_vm_charge(L, REQUEST_COST);
    box = tk_box_push(L);
    rc = tk_convert_take(L, 1, &how, &box->pool, &asked, &why);
    if (rc == 0) rc = tk_outgoing_fill(outgoing, method, &asked, &why);
    tk_box_empty(box);
    if (rc != 0) {
        tk_outgoing_fini(outgoing);
        return luaL_error(L, "%s: %s", name, why.text);
    }
    task->want = TK_TASK_HTTP;
    return lua_yieldk(L, 0, 0, finish_request);
}

static int http_get(lua_State *L)
{
    return start_request(L, "http.get", "GET");
}

static int http_post(lua_State *L)
{
    return start_request(L, "http.post", "POST");
}

/* --- engine.token --- */

static int finish_token(lua_State *L, int status, lua_KContext context)
{
    struct tk_task *task = tk_vm_of(L)->context;
    const struct tk_task_answer *answer = &task->answer;

    (void)status;
    (void)context;
    if (answer->token.data != NULL) {
        tk_opaque_push_copy(L, answer->token);
        return 1;
    }
    if (answer->error_class == NULL) {
        return push_refusal(L, &task->why, "no_such_token");
    }
    return push_failure(L, answer->error_class, answer->error_code,
                        "the token that this one needs is not there");
}

static void keep_word(lua_State *L, int index, char *out, size_t cap)
{
    struct tk_str word;

    word.data = luaL_optlstring(L, index, "", &word.len);
    luaL_argcheck(L, word.len < cap && strlen(word.data) == word.len, index,
                  "no name of a kind or subject");
    memcpy(out, word.data, word.len + 1);
}

static int engine_token(lua_State *L)
{
    struct tk_task *task = check_task(L, "engine.token");

    luaL_checkstring(L, 1);
    tk_vm_charge(L, REQUEST_COST);
    keep_word(L, 1, task->kind, sizeof task->kind);
    keep_word(L, 2, task->subject, sizeof task->subject);
    task->want = TK_TASK_TOKEN;
    return lua_yieldk(L, 0, 0, finish_token);
}

/* --- log --- */

static int log_line(lua_State *L)
{
    struct tk_task *task = tk_vm_of(L)->context;
    char line[TK_VM_SENTENCE];
    struct tk_str text;

    luaL_checkany(L, 1);
    lua_settop(L, 1);
    tk_bind_base_to_text(L);
    text.data = lua_tolstring(L, 1, &text.len);
    tk_vm_charge(L, sizeof line);
    tk_vm_make_printable(text, line, sizeof line);
    if (task != NULL && task->host->log != NULL) {
        task->host->log(tk_str(line), task->host->data);
    }
    return 0;
}

void tk_task_bind(lua_State *L)
{
    static const luaL_Reg http[] = {
        {"get", http_get}, {"post", http_post}, {NULL, NULL}};
    static const luaL_Reg engine[] = {{"token", engine_token}, {NULL, NULL}};

    luaL_newlib(L, http);
    lua_setglobal(L, "http");
    lua_register(L, "log", log_line);
    luaL_newlib(L, engine);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &engine_key);
    lua_gc(L, LUA_GCINC, GC_PAUSE, 0, 0);
}

void tk_task_bind_push_engine(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &engine_key);
}
