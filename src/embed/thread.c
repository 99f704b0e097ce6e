/* The thread makes, runs and frees everything of the engine. Others ask it for
 * one thing at a time: they put it down, knock, and wait for the answer.
 */
#define _GNU_SOURCE
#include "embed/thread.h"

#include "base/log.h"
#include "embed/running.h"
#include "engine/config.h"
#include "net/knock.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum asked { ASKED_NOTHING, ASKED_START, ASKED_RELOAD, ASKED_STOP };

/* The host's, from start to stop. */
struct tk_embedded {
    const struct tokeng_engine_options *o; /* while it is being started */
    void (*log)(uint32_t level, const char *line, size_t len, void *data);
    void *data;
    char config[PATH_MAX];
    pthread_t thread;
    pthread_mutex_t callers; /* held by the one whose turn it is to ask */
    pthread_mutex_t lock;    /* of the two below */
    pthread_cond_t answered;
    enum asked asked;
    int rc;
    /* The thread's. */
    struct tk_running *running;
    struct tk_knock *knock;
};

/* The process that has an engine; it is one, as its log is. */
static _Atomic pid_t holder;

static int from_tk(int rc)
{
    switch (rc) {
    case 0:
        return TOKENG_OK;
    case TK_ENOMEM:
        return TOKENG_ENOMEM;
    case TK_EBUSY:
        return TOKENG_EBUSY;
    case TK_EDENIED:
        return TOKENG_EDENIED;
    default:
        return TOKENG_ECONFIG;
    }
}

static void say(const struct tokeng_engine_options *o, struct tk_str text)
{
    if (o->why == NULL || o->why_cap == 0) return;
    if (text.len > 0 && text.data[text.len - 1] == '\n') text.len--;
    snprintf(o->why, o->why_cap, "%.*s", TK_ARG(text));
}

/* --- on the thread --- */

static void on_line(enum tk_log_level level, struct tk_str line, void *data)
{
    struct tk_embedded *embedded = data;

    embedded->log((uint32_t)level + TOKENG_LOG_DEBUG, line.data, line.len,
                  embedded->data);
}

static void answer(struct tk_embedded *embedded, int rc)
{
    pthread_mutex_lock(&embedded->lock);
    embedded->asked = ASKED_NOTHING;
    embedded->rc = rc;
    pthread_cond_signal(&embedded->answered);
    pthread_mutex_unlock(&embedded->lock);
}

static void on_knock(void *data)
{
    struct tk_embedded *embedded = data;
    enum asked asked;

    pthread_mutex_lock(&embedded->lock);
    asked = embedded->asked;
    pthread_mutex_unlock(&embedded->lock);
    if (asked == ASKED_RELOAD) {
        answer(embedded, from_tk(tk_running_reload(embedded->running)));
    } else if (asked == ASKED_STOP) {
        tk_running_stop(embedded->running);
        answer(embedded, 0);
    }
}

static int make(struct tk_embedded *embedded)
{
    const struct tokeng_engine_options *o = embedded->o;
    struct tk_running_options options = {.config = embedded->config,
                                         .dir = o->dir};
    struct tk_problems problems;
    struct tk_why why = {.text = ""};
    int rc = tk_config_find(o->config, embedded->config, &why);

    tk_problems_init(&problems);
    if (rc == 0) {
        rc = tk_running_new(&options, &problems, &embedded->running, &why);
    }
    if (rc == 0) {
        rc = tk_knock_new(tk_running_loop(embedded->running), on_knock,
                          embedded, &embedded->knock);
    }
    if (rc != 0) {
        say(o,
            problems.count > 0 ? tk_buf_str(&problems.text) : tk_str(why.text));
    }
    if (problems.count > 0) rc = TK_EINVAL;
    tk_problems_fini(&problems);
    return rc;
}

static void *live(void *data)
{
    struct tk_embedded *embedded = data;
    int rc = make(embedded);

    answer(embedded, from_tk(rc));
    if (rc == 0) tk_running_run(embedded->running);
    tk_knock_free(embedded->knock);
    (void)tk_running_free(embedded->running);
    return NULL;
}

/* --- on the host's threads --- */

static int take_process(const struct tokeng_engine_options *o)
{
    pid_t nobody = 0;

    if (atomic_compare_exchange_strong(&holder, &nobody, getpid())) return 0;
    if (nobody == getpid()) {
        say(o, TK_STR("this process has an engine: one runs at a time"));
        return TOKENG_EBUSY;
    }
    say(o, TK_STR("this process was forked from one with an engine: start it "
                  "after the fork, or exec"));
    return TOKENG_EHOST;
}

static void set_log(struct tk_embedded *embedded, uint32_t level)
{
    if (level == 0) level = TOKENG_LOG_INFO;
    if (embedded->log == NULL) {
        tk_log_setup(TK_LOG_OFF, NULL, NULL);
    } else {
        tk_log_setup((enum tk_log_level)(level - TOKENG_LOG_DEBUG), on_line,
                     embedded);
    }
}

/* A thread has the mask of the one that makes it: none of the host's signals
 * is delivered to this one, nor to those that it makes. */
static int make_thread(struct tk_embedded *embedded)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&embedded->thread, NULL, live, embedded);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0) (void)pthread_setname_np(embedded->thread, "tokeng");
    return rc == 0 ? 0 : TOKENG_ENOMEM;
}

static int await(struct tk_embedded *embedded)
{
    int rc;

    pthread_mutex_lock(&embedded->lock);
    while (embedded->asked != ASKED_NOTHING) {
        pthread_cond_wait(&embedded->answered, &embedded->lock);
    }
    rc = embedded->rc;
    pthread_mutex_unlock(&embedded->lock);
    return rc;
}

static int ask(struct tk_embedded *embedded, enum asked what)
{
    int rc;

    pthread_mutex_lock(&embedded->callers);
    pthread_mutex_lock(&embedded->lock);
    embedded->asked = what;
    pthread_mutex_unlock(&embedded->lock);
    tk_knock(embedded->knock);
    rc = await(embedded);
    pthread_mutex_unlock(&embedded->callers);
    return rc;
}

static void give_back(struct tk_embedded *embedded)
{
    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    pthread_cond_destroy(&embedded->answered);
    pthread_mutex_destroy(&embedded->lock);
    pthread_mutex_destroy(&embedded->callers);
    free(embedded);
    atomic_store(&holder, 0);
}

static int start(struct tk_embedded *embedded)
{
    int rc = make_thread(embedded);

    if (rc != 0) return rc;
    rc = await(embedded);
    if (rc != 0) pthread_join(embedded->thread, NULL);
    return rc;
}

int tk_embedded_start(const struct tokeng_engine_options *o,
                      struct tk_embedded **out)
{
    struct tk_embedded *embedded;
    int rc = take_process(o);

    if (rc != 0) return rc;
    embedded = calloc(1, sizeof *embedded);
    if (embedded == NULL) {
        atomic_store(&holder, 0);
        return TOKENG_ENOMEM;
    }
    pthread_mutex_init(&embedded->callers, NULL);
    pthread_mutex_init(&embedded->lock, NULL);
    pthread_cond_init(&embedded->answered, NULL);
    embedded->asked = ASKED_START;
    embedded->o = o;
    embedded->log = o->log;
    embedded->data = o->data;
    set_log(embedded, o->log_level);
    rc = start(embedded);
    if (rc == 0) {
        *out = embedded;
    } else {
        give_back(embedded);
    }
    return rc;
}

int tk_embedded_reload(struct tk_embedded *embedded)
{
    return ask(embedded, ASKED_RELOAD);
}

void tk_embedded_stop(struct tk_embedded *embedded)
{
    (void)ask(embedded, ASKED_STOP);
    pthread_join(embedded->thread, NULL);
    give_back(embedded);
}
