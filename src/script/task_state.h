/* script/task_state.h - a task as the files of this room see it. */
#ifndef TK_SCRIPT_TASK_STATE_H
#define TK_SCRIPT_TASK_STATE_H

#include "script/task.h"
#include "script/unit_state.h"

/* What a task that yielded wants. */
enum tk_task_want { TK_TASK_NOTHING, TK_TASK_HTTP, TK_TASK_TOKEN };

enum { TK_TASK_WORD = 64 };

/* What it gets; borrowed while it is resumed. All empty: what it wanted could
 * not even be asked for, and the task's `why` says so. */
struct tk_task_answer {
    const struct tk_http_reply *reply;
    struct tk_str token;
    const char *error_class;
    const char *error_code;
};

/* Owned by whoever called tk_task_start, until `done` is called; the coroutine
 * by the unit's state. */
struct tk_task {
    struct tk_unit *unit;
    const struct tk_task_host *host;
    tk_task_done_cb done;
    void *data;

    lua_State *L; /* NULL once it has ended */
    int thread_ref;
    int64_t left; /* instructions, in all */
    bool is_starting;
    bool is_deferred; /* the end, because it came inside tk_task_start */

    enum tk_task_want want;  /* TK_TASK_HTTP: unit->outgoing */
    char kind[TK_TASK_WORD]; /* by engine.token */
    char subject[TK_KEY_MAX + 1];
    struct tk_transfer *transfer;
    struct tk_task_answer answer;

    struct tk_task_result result;
    struct tk_pool pool; /* of the result */
    struct tk_value first;
    struct tk_value second;
    struct tk_why why;
};

#endif
