/* script/task.h - a provider's straight-line function as a coroutine.
 *
 * http.* and engine.token wait without blocking the loop. One function,
 * resume, enters Lua; its outcome is one of: done, waits, failed, over budget,
 * out of memory. When a task ends, for whatever reason, its request in flight
 * is dropped.
 */
#ifndef TK_SCRIPT_TASK_H
#define TK_SCRIPT_TASK_H

#include "base/key.h"
#include "net/client.h"
#include "script/unit.h"

struct tk_task;

/* What a task may ask of the engine. Borrowed until the task is done. `token`
 * and `log` may be called from inside tk_task_start, after its `out` is set. */
struct tk_task_host {
    struct tk_loop *loop;
    struct tk_client *client;
    const struct tk_http_route *route;
    /* engine.token(kind, subject): the token of another key of the same
     * source. The host answers later by tk_task_give_token, or returns an
     * error, which the script sees as nil, { class = "config" }. */
    int (*token)(struct tk_task *task, struct tk_str kind,
                 struct tk_str subject, void *data);
    /* A request has left; NULL: nobody counts them. */
    void (*sent)(void *data);
    /* log("..."): one line, already bounded and printable. */
    void (*log)(struct tk_str text, void *data);
    void *data;
};

/* What a task has seen of the server it called, at its last request. */
enum tk_reach {
    TK_REACH_UNASKED,  /* it sent none, or none could be made */
    TK_REACH_ANSWERED, /* the server answered, be it with a refusal */
    TK_REACH_DOWN,     /* no connection, no answer in time, or a 5xx */
};

/* Borrowed during the callback. */
struct tk_task_result {
    int code;                      /* 0, TK_ESCRIPT, TK_EBUDGET, TK_ENOMEM */
    const struct tk_value *first;  /* the function's results; type TK_NIL */
    const struct tk_value *second; /* where it returned fewer */
    int64_t sent_at; /* of the first HTTP request it made; 0: it made none */
    int64_t received_at;
    enum tk_reach reach;
    const char *detail; /* of `code`, with file and line */
};

typedef void (*tk_task_done_cb)(const struct tk_task_result *result,
                                void *data);

/* What is to be run: unit.function(key, settings, engine), where key is a table
 * of the four texts, and settings are those of tk_unit_set_options with those
 * of the variant laid over them. */
struct tk_task_call {
    const char *function;
    struct tk_key key;              /* borrowed during tk_task_start */
    const struct tk_value *variant; /* as long as the unit; NULL: none */
};

/* If 0 is returned, `done` is called exactly once, never from inside this call;
 * it may start tasks and close the unit. TK_ENOENT: the unit has no such
 * function. Many tasks of one unit may be alive at a time. */
TK_MUST_USE int tk_task_start(struct tk_unit *unit,
                              const struct tk_task_call *call,
                              const struct tk_task_host *host,
                              tk_task_done_cb done, void *data,
                              struct tk_task **out);

/* The answer to host->token: the token, or data NULL and the class and code
 * of the failure. Never call it from inside host->token. */
void tk_task_give_token(struct tk_task *task, struct tk_str token,
                        const char *error_class, const char *error_code);

/* Ends a task whose owner goes away: `done` will not be called. */
void tk_task_drop(struct tk_task *task);

#endif
