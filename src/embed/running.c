#define _GNU_SOURCE
#include "embed/running.h"

#include "base/log.h"
#include "embed/runtime.h"
#include "engine/engine.h"
#include "serve/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    /* How often readiness is looked at until it is there; only for the log. */
    READY_EVERY_MS = 100,
    LISTEN_MAX = 16,
    ADDRESS_TEXT = PATH_MAX + 32,
};

/* Owns all it points at but the options' texts. */
struct tk_running {
    struct tk_running_options options;
    char dir[PATH_MAX];
    char state_dir[PATH_MAX];
    int lock;
    struct tk_loop *loop;
    struct tk_engine *engine;
    struct tk_api *api;
    struct tk_timer *ready;
};

struct tk_loop *tk_running_loop(struct tk_running *running)
{
    return running->loop;
}

void tk_running_stop(struct tk_running *running)
{
    tk_log(TK_LOG_INFO, "engine stops", tk_num("pid", getpid()));
    tk_loop_stop(running->loop);
}

static void log_problems(const struct tk_problems *problems)
{
    struct tk_str lines = tk_buf_str(&problems->text);

    while (lines.data != NULL) {
        struct tk_str line = tk_str_cut(&lines, '\n');

        if (line.len > 0) {
            tk_log(TK_LOG_ERROR, "configuration problem",
                   tk_view("problem", line));
        }
    }
}

int tk_running_reload(struct tk_running *running)
{
    struct tk_problems problems;
    int rc;

    tk_problems_init(&problems);
    rc = tk_engine_reload(running->engine, &problems);
    log_problems(&problems);
    if (rc == 0) {
        tk_log(TK_LOG_INFO, "configuration reloaded",
               tk_text("config", running->options.config));
    } else {
        tk_log(TK_LOG_ERROR, "configuration not reloaded; the old one stays",
               tk_text("config", running->options.config),
               tk_text("error", tk_err_name(rc)));
    }
    tk_problems_fini(&problems);
    return rc;
}

static void look_if_ready(void *data)
{
    struct tk_running *running = data;

    if (!tk_engine_is_ready(running->engine)) {
        tk_timer_set(running->ready,
                     tk_loop_now(running->loop) + READY_EVERY_MS);
        return;
    }
    tk_log(TK_LOG_INFO, "engine ready",
           tk_num("after_ms", tk_engine_uptime_ms(running->engine)));
}

/* --- starting --- */

/* What options.socket says, else the configuration, else tokeng.sock in the
 * runtime directory. `address` keeps the text that is made here. */
static void choose_listen(const struct tk_running *running,
                          const struct tk_config *config,
                          char address[ADDRESS_TEXT],
                          const char *listen[LISTEN_MAX + 1])
{
    const char *socket = running->options.socket;
    size_t count = 0;
    char here[PATH_MAX];

    if (socket != NULL && socket[0] != '/') {
        if (getcwd(here, sizeof here) == NULL) here[0] = '\0';
        snprintf(address, ADDRESS_TEXT, "unix:%s/%s", here, socket);
    } else if (socket != NULL) {
        snprintf(address, ADDRESS_TEXT, "unix:%s", socket);
    } else {
        while (count < LISTEN_MAX) {
            listen[count] = tk_config_listen(config, count);
            if (listen[count] == NULL) break;
            count++;
        }
        snprintf(address, ADDRESS_TEXT, "unix:%s/tokeng.sock", running->dir);
    }
    if (count == 0) listen[count++] = address;
    listen[count] = NULL;
}

static int take_listen(const struct tk_config *config,
                       struct tk_problems *problems, void *data)
{
    struct tk_running *running = data;
    const char *listen[LISTEN_MAX + 1];
    char address[ADDRESS_TEXT];
    struct tk_why why;
    int rc;

    choose_listen(running, config, address, listen);
    rc = tk_api_listen(running->api, config, listen, &why);
    if (rc != 0) tk_problem(problems, "listen", "%s", why.text);
    return rc;
}

static int make_engine(struct tk_running *running, struct tk_problems *problems)
{
    struct tk_engine_options options = {
        .config_path = running->options.config,
        .policy_file = running->options.policy,
        .runtime_dir = running->dir,
        .state_dir = running->state_dir,
        .accept = take_listen,
        .data = running,
    };

    return tk_engine_new(running->loop, &options, problems, &running->engine);
}

static int open_api(struct tk_running *running, struct tk_why *why)
{
    const struct tk_config *config = tk_engine_config(running->engine);
    const char *listen[LISTEN_MAX + 1];
    char address[ADDRESS_TEXT];
    int rc;

    choose_listen(running, config, address, listen);
    rc = tk_api_new(running->loop, running->engine, listen, &running->api, why);
    if (rc != 0) return rc;
    tk_log(TK_LOG_INFO, "engine started", tk_text("listen", listen[0]),
           tk_num("sources", (int64_t)config->source_count),
           tk_text("config", running->options.config), tk_num("pid", getpid()));
    return 0;
}

static int make_parts(struct tk_running *running, struct tk_problems *problems,
                      struct tk_why *why)
{
    int rc = tk_loop_new(&running->loop);

    if (rc == 0) rc = make_engine(running, problems);
    if (rc == 0) {
        rc = tk_timer_new(running->loop, look_if_ready, running,
                          &running->ready);
    }
    if (rc != 0) return tk_fail(why, rc, "%s", tk_err_text(rc));
    return open_api(running, why);
}

int tk_running_new(const struct tk_running_options *options,
                   struct tk_problems *problems, struct tk_running **out,
                   struct tk_why *why)
{
    struct tk_running *running = calloc(1, sizeof *running);
    int rc;

    *out = NULL;
    if (running == NULL) {
        return tk_fail(why, TK_ENOMEM, "%s", tk_err_text(TK_ENOMEM));
    }
    running->options = *options;
    running->lock = -1;
    rc = tk_runtime_find_state(running->state_dir, why);
    if (rc == 0) rc = tk_runtime_open(options->dir, running->dir, why);
    if (rc == 0) rc = tk_runtime_lock(running->dir, &running->lock, why);
    if (rc == 0) rc = make_parts(running, problems, why);
    if (rc == 0) {
        *out = running;
        return 0;
    }
    (void)tk_running_free(running);
    return rc;
}

void tk_running_run(struct tk_running *running)
{
    tk_engine_start(running->engine);
    look_if_ready(running);
    tk_loop_run(running->loop);
}

int tk_running_free(struct tk_running *running)
{
    int left_open;

    if (running == NULL) return 0;
    if (running->api != NULL) tk_api_stop(running->api);
    if (running->engine != NULL) tk_engine_stop(running->engine);
    tk_api_free(running->api);
    tk_timer_free(running->ready);
    tk_engine_free(running->engine);
    left_open = tk_loop_free(running->loop);
    if (running->lock >= 0) tk_runtime_unlock(running->lock);
    free(running);
    return left_open;
}
