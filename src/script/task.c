/* Only resume() enters Lua. What the coroutine wants when it yields is done
 * outside of it, so that the host may start, end and answer other tasks of the
 * same unit there. */
#include "script/task.h"

#include "script/convert.h"
#include "script/task_bind.h"
#include "script/task_state.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RESUME_BUDGET = 1000 * 1000,
    TASK_BUDGET = 10 * 1000 * 1000,
    RESULT_MAX = 256 * 1024,
    RESULT_DEPTH = 16,
};

enum outcome { DONE, WAITS, FAILED, OVER_BUDGET, NO_MEMORY };

/* --- the coroutine --- */

/* Owned by tk_task_start, on its stack. */
struct birth {
    struct tk_task *task;
    int function;
    const struct tk_task_call *call;
};

static void push_key(lua_State *L, const struct tk_key *key)
{
    lua_createtable(L, 0, 4);
    lua_pushlstring(L, key->text.data, key->text.len);
    lua_setfield(L, -2, "text");
    lua_pushlstring(L, key->source.data, key->source.len);
    lua_setfield(L, -2, "source");
    lua_pushlstring(L, key->kind.data, key->kind.len);
    lua_setfield(L, -2, "kind");
    lua_pushlstring(L, key->subject.data, key->subject.len);
    lua_setfield(L, -2, "subject");
}

static void copy_pairs(lua_State *L, int from, int to)
{
    lua_pushnil(L);
    while (lua_next(L, from) != 0) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, to);
    }
}

/* Replaces the settings on top by a copy in which those of the variant stand
 * before them. */
static void lay_over(lua_State *L, const struct tk_value *variant)
{
    int top = lua_gettop(L);

    lua_newtable(L);
    copy_pairs(L, top, top + 1);
    tk_convert_push(L, variant);
    if (lua_istable(L, -1)) copy_pairs(L, top + 2, top + 1);
    lua_pop(L, 1);
    lua_replace(L, top);
}

/* Those of a variant are made at its first task and kept. */
static void push_settings(lua_State *L, const struct tk_unit *unit,
                          const struct tk_value *variant)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->options);
    if (variant == NULL || !lua_istable(L, -1)) return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->variants);
    if (lua_rawgetp(L, -1, variant) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_insert(L, -2);
        lay_over(L, variant);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, variant);
    } else {
        lua_remove(L, -3);
    }
    lua_remove(L, -2);
}

static int give_birth(lua_State *L)
{
    struct birth *birth = lua_touserdata(L, 1);
    struct tk_task *task = birth->task;

    task->L = lua_newthread(L);
    task->thread_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_rawgeti(L, LUA_REGISTRYINDEX, birth->function);
    push_key(L, &birth->call->key);
    push_settings(L, task->unit, birth->call->variant);
    tk_task_bind_push_engine(L);
    lua_xmove(L, task->L, 4);
    return 0;
}

static void collect(void *data)
{
    struct tk_unit *unit = data;

    unit->collects_on = NULL;
    lua_gc(unit->vm->L, LUA_GCCOLLECT, 0);
}

/* The collector does not keep its own pace, because the coroutine held tokens.
 * But it walks all that is alive, so it runs once for the tasks that end in
 * one turn of the loop. */
static void collect_soon(struct tk_unit *unit, struct tk_loop *loop)
{
    if (unit->collects_on != NULL) return;
    if (tk_loop_defer(loop, collect, unit) == 0) {
        unit->collects_on = loop;
    } else {
        collect(unit);
    }
}

static void release(struct tk_task *task)
{
    struct tk_vm *vm = task->unit->vm;

    if (task->transfer != NULL) tk_transfer_drop(task->transfer);
    task->transfer = NULL;
    if (task->L == NULL) return;
    luaL_unref(vm->L, LUA_REGISTRYINDEX, task->thread_ref);
    task->L = NULL;
    collect_soon(task->unit, task->host->loop);
}

static enum outcome resume(struct tk_task *task, int *results)
{
    int64_t budget = task->left < RESUME_BUDGET ? task->left : RESUME_BUDGET;
    struct tk_vm *vm = task->unit->vm;
    int status;

    task->want = TK_TASK_NOTHING;
    vm->context = task;
    tk_vm_begin(vm, task->L, budget);
    status = lua_resume(task->L, NULL, lua_status(task->L) == LUA_YIELD ? 0 : 3,
                        results);
    vm->context = NULL;
    task->left -= budget - vm->budget;
    task->answer = (struct tk_task_answer){0};
    switch (tk_vm_end(vm, task->L, status, &task->why)) {
    case 0:
        return status == LUA_YIELD ? WAITS : DONE;
    case TK_EBUDGET:
        return OVER_BUDGET;
    case TK_ENOMEM:
        return NO_MEMORY;
    default:
        return FAILED;
    }
}

/* --- the end --- */

static int take_results(struct tk_task *task, int count)
{
    static const struct tk_convert how = {.depth_max = RESULT_DEPTH,
                                          .root = "what it returned"};
    struct tk_why why;
    int rc = 0;

    if (count > 0) {
        rc = tk_convert_take(task->L, -count, &how, &task->pool, &task->first,
                             &why);
    }
    if (rc == 0 && count > 1) {
        rc = tk_convert_take(task->L, 1 - count, &how, &task->pool,
                             &task->second, &why);
    }
    if (rc == 0) return 0;
    return tk_fail(&task->why, rc == TK_ENOMEM ? rc : TK_ESCRIPT, "%s: %s",
                   task->unit->vm->name, why.text);
}

static void report(struct tk_task *task)
{
    task->result.detail = task->why.text;
    task->done(&task->result, task->data);
    tk_pool_fini(&task->pool);
    free(task);
}

static void report_later(void *data)
{
    report(data);
}

static void finish(struct tk_task *task, enum outcome outcome, int results)
{
    static const int codes[] = {[DONE] = 0,
                                [WAITS] = TK_EINTERNAL,
                                [FAILED] = TK_ESCRIPT,
                                [OVER_BUDGET] = TK_EBUDGET,
                                [NO_MEMORY] = TK_ENOMEM};
    int code = codes[outcome];

    if (code == 0) code = take_results(task, results);
    if (code != 0) {
        task->first = (struct tk_value){.type = TK_NIL};
        task->second = task->first;
    }
    task->result.code = code;
    task->result.first = &task->first;
    task->result.second = &task->second;
    release(task);
    if (!task->is_starting) report(task);
}

/* --- what it waits for --- */

static void go_on(struct tk_task *task);

static enum tk_reach reach_of(const struct tk_http_reply *reply)
{
    switch (reply->error) {
    case 0:
        return reply->status >= 500 ? TK_REACH_DOWN : TK_REACH_ANSWERED;
    case TK_ECONNECT:
    case TK_ERESOLVE:
    case TK_ETLS:
    case TK_ETIMEDOUT:
    case TK_EPROTO:
        return TK_REACH_DOWN;
    case TK_ETOOBIG:
        return TK_REACH_ANSWERED;
    default:
        return TK_REACH_UNASKED;
    }
}

static void on_reply(const struct tk_http_reply *reply, void *data)
{
    struct tk_task *task = data;

    task->transfer = NULL;
    /* A life that is counted from the first request is never too long. */
    if (task->result.sent_at == 0) task->result.sent_at = reply->sent_at;
    task->result.received_at = reply->received_at;
    task->result.reach = reach_of(reply);
    task->answer = (struct tk_task_answer){.reply = reply};
    go_on(task);
}

static int send_request(struct tk_task *task)
{
    struct tk_outgoing *outgoing = &task->unit->outgoing;
    struct tk_http_request request = {
        .method = outgoing->method,
        .url = tk_buf_text(&outgoing->url),
        .headers = outgoing->headers,
        .header_count = outgoing->header_count,
        .route = task->host->route,
    };
    int rc;

    if (outgoing->has_body) request.body = tk_buf_str(&outgoing->body);
    rc = tk_client_send(task->host->client, &request, on_reply, task,
                        &task->transfer, &task->why);
    tk_outgoing_fini(outgoing);
    task->why.code = rc;
    if (rc == 0 && task->host->sent != NULL) {
        task->host->sent(task->host->data);
    }
    return rc;
}

static int ask_for_token(struct tk_task *task)
{
    int rc = TK_EINVAL;

    if (task->host->token != NULL) {
        rc = task->host->token(task, tk_str(task->kind), tk_str(task->subject),
                               task->host->data);
    }
    if (rc == 0) return 0;
    return tk_fail(&task->why, rc, "this source has no such token to wait for");
}

/* Resumes until the task waits for something that is really under way, or
 * ends. */
static void go_on(struct tk_task *task)
{
    for (;;) {
        int results = 0;
        enum outcome outcome = resume(task, &results);
        int rc;

        if (outcome != WAITS || task->want == TK_TASK_NOTHING) {
            finish(task, outcome, results);
            return;
        }
        rc = task->want == TK_TASK_HTTP ? send_request(task)
                                        : ask_for_token(task);
        if (rc == 0) return;
    }
}

void tk_task_give_token(struct tk_task *task, struct tk_str token,
                        const char *error_class, const char *error_code)
{
    if (task->want != TK_TASK_TOKEN) return;
    task->answer = (struct tk_task_answer){
        .token = token,
        .error_class = error_class == NULL ? "transient" : error_class,
        .error_code = error_code == NULL ? "" : error_code,
    };
    go_on(task);
}

/* --- life --- */

static int start(struct tk_task *task, struct birth *birth)
{
    int rc = tk_vm_protect(task->unit->vm, give_birth, birth,
                           TK_UNIT_HANDLE_BUDGET, &task->why);

    if (rc != 0) return rc;
    task->is_starting = true;
    go_on(task);
    task->is_starting = false;
    if (task->L != NULL) return 0;
    task->is_deferred = true;
    return tk_loop_defer(task->host->loop, report_later, task);
}

static void discard(struct tk_task *task)
{
    release(task);
    tk_pool_fini(&task->pool);
    free(task);
}

int tk_task_start(struct tk_unit *unit, const struct tk_task_call *call,
                  const struct tk_task_host *host, tk_task_done_cb done,
                  void *data, struct tk_task **out)
{
    struct birth birth = {.function = tk_unit_function(unit, call->function),
                          .call = call};
    struct tk_task *task;
    int rc;

    *out = NULL;
    if (birth.function == LUA_NOREF) return TK_ENOENT;
    task = malloc(sizeof *task);
    if (task == NULL) return TK_ENOMEM;
    *task = (struct tk_task){
        .unit = unit,
        .host = host,
        .done = done,
        .data = data,
        .left = TASK_BUDGET,
    };
    tk_pool_init(&task->pool, RESULT_MAX);
    birth.task = task;
    *out = task; /* host->token may be called with it from here on */
    rc = start(task, &birth);
    if (rc != 0) {
        *out = NULL;
        discard(task);
    }
    return rc;
}

void tk_task_drop(struct tk_task *task)
{
    if (task == NULL) return;
    if (task->is_deferred) tk_loop_undefer(task->host->loop, task);
    discard(task);
}
