/* A task is a coroutine in its unit's state. Only `resume` enters it. What the
 * script is to be handed is pushed by the second half of the function that
 * yielded (task_bind.c), inside the resume, because only there may Lua raise.
 */
#include "script/task.h"

#include "script/convert.h"
#include "script/task_bind.h"
#include "script/task_state.h"

#include <lauxlib.h>
#include <stdlib.h>

enum {
    RESUME_BUDGET = 1000 * 1000,
    TASK_BUDGET = 10 * 1000 * 1000,
    RESULT_DEPTH = 16,
    RESULT_MAX = 1 << 20,
};

/* Owned by tk_task_start, on its stack. */
struct starting {
    struct tk_task *task;
    const struct tk_value *key;
    int function;
};

static int make_coroutine(lua_State *L)
{
    struct starting *starting = lua_touserdata(L, 1);
    struct tk_task *task = starting->task;
    lua_State *co = lua_newthread(L);

    task->reference = luaL_ref(L, LUA_REGISTRYINDEX);
    task->L = co;
    lua_rawgeti(L, LUA_REGISTRYINDEX, starting->function);
    tk_convert_push(L, starting->key);
    lua_rawgeti(L, LUA_REGISTRYINDEX, task->unit->options);
    tk_task_bind_push_engine(L);
    lua_xmove(L, co, 4);
    return 0;
}

/* A thread that was left in the middle is closed, so that nothing of it runs
 * again; it has no to-be-closed variables, so this runs no script. */
static void free_task(struct tk_task *task)
{
    if (task->L != NULL) lua_resetthread(task->L);
    luaL_unref(task->unit->vm->L, LUA_REGISTRYINDEX, task->reference);
    free(task);
}

static void finish(struct tk_task *task, int code, const struct tk_why *why)
{
    static const struct tk_convert how = {.depth_max = RESULT_DEPTH,
                                          .root = "the result"};
    struct tk_value values[2] = {{.type = TK_NIL}, {.type = TK_NIL}};
    struct tk_task_result result = {
        .code = code,
        .first = &values[0],
        .second = &values[1],
        .sent_at = task->sent_at,
        .received_at = task->received_at,
        .detail = code == 0 ? "" : why->text,
    };
    struct tk_why bad = {0};
    struct tk_pool pool;

    tk_pool_init(&pool, RESULT_MAX);
    for (int i = 0; result.code == 0 && i < 2 && i < lua_gettop(task->L); i++) {
        int rc = tk_convert_take(task->L, i + 1, &how, &pool, &values[i], &bad);

        if (rc == 0) continue;
        result.code = rc == TK_EINVAL ? TK_ESCRIPT : rc;
        result.detail = bad.text;
    }
    task->done(&result, task->data);
    tk_pool_fini(&pool);
    free_task(task);
}

static void resume(struct tk_task *task, int arguments)
{
    struct tk_vm *vm = task->unit->vm;
    int64_t budget =
        task->budget < RESUME_BUDGET ? task->budget : RESUME_BUDGET;
    struct tk_why why = {0};
    int results = 0;
    int status;
    int rc;

    task->waits = TK_TASK_RUNS;
    tk_vm_begin(vm, task->L, budget);
    vm->context = task;
    status = lua_resume(task->L, NULL, arguments, &results);
    vm->context = NULL;
    task->budget -= budget - vm->budget;
    rc = tk_vm_end(vm, task->L, status, &why);
    if (rc == 0 && status == LUA_YIELD) return;
    finish(task, rc, &why);
}

static void begin(void *data)
{
    struct tk_task *task = data;

    resume(task, 3);
}

int tk_task_start(struct tk_unit *unit, const char *function,
                  const struct tk_value *key, const struct tk_task_host *host,
                  tk_task_done_cb done, void *data, struct tk_task **out)
{
    struct tk_task *task = calloc(1, sizeof *task);
    struct starting starting = {task, key, tk_unit_function(unit, function)};
    int rc;

    if (task == NULL) return TK_ENOMEM;
    *task = (struct tk_task){.unit = unit,
                             .reference = LUA_NOREF,
                             .host = host,
                             .done = done,
                             .data = data,
                             .budget = TASK_BUDGET};
    rc = starting.function == LUA_NOREF
             ? TK_EINVAL
             : tk_vm_protect(unit->vm, make_coroutine, &starting, RESUME_BUDGET,
                             NULL);
    if (rc == 0) rc = tk_loop_defer(host->loop, begin, task);
    if (rc != 0) {
        free_task(task);
        return rc;
    }
    *out = task;
    return 0;
}

void tk_task_http_done(const struct tk_http_reply *reply, void *data)
{
    struct tk_task *task = data;

    task->transfer = NULL;
    task->reply = reply;
    task->sent_at = reply->sent_at;
    task->received_at = reply->received_at;
    resume(task, 0);
}

void tk_task_give_token(struct tk_task *task, struct tk_str token,
                        const char *error_class, const char *error_code)
{
    if (task->waits != TK_TASK_WAITS_TOKEN) return;
    task->token = token;
    task->error_class = error_class;
    task->error_code = error_code;
    resume(task, 0);
}

void tk_task_drop(struct tk_task *task)
{
    if (task->transfer != NULL) tk_transfer_drop(task->transfer);
    tk_loop_undefer(task->host->loop, task);
    free_task(task);
}
