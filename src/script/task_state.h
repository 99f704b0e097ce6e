/* script/task_state.h - a task as the files of this room see it.
 */
#ifndef TK_SCRIPT_TASK_STATE_H
#define TK_SCRIPT_TASK_STATE_H

#include "script/task.h"
#include "script/unit_state.h"

/* What the coroutine that has yielded waits for. */
enum tk_task_wait { TK_TASK_RUNS, TK_TASK_WAITS_HTTP, TK_TASK_WAITS_TOKEN };

/* Owned by its engine until `done`, or tk_task_drop. */
struct tk_task {
    struct tk_unit *unit;
    lua_State *L;  /* the coroutine */
    int reference; /* keeps it in the registry */
    const struct tk_task_host *host;
    tk_task_done_cb done;
    void *data;
    int64_t budget; /* instructions left, over all resumes */
    enum tk_task_wait waits;
    struct tk_transfer *transfer;
    int64_t sent_at;
    int64_t received_at;

    /* The answer that a resume brings; borrowed during it. */
    const struct tk_http_reply *reply;
    struct tk_str token;
    const char *error_class;
    const char *error_code;
};

/* Handed to tk_client_send with the task as data. */
void tk_task_http_done(const struct tk_http_reply *reply, void *task);

#endif
