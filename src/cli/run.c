#define _GNU_SOURCE
#include "cli/run.h"

#include "base/log.h"
#include "cli/host.h"
#include "cli/runtime.h"
#include "cli/setup.h"
#include "engine/engine.h"
#include "serve/api.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* How often readiness is looked at until it is there; only for the log. */
    READY_EVERY_MS = 100,
    LISTEN_MAX = 16,
    ADDRESS_TEXT = PATH_MAX + 32,
    /* An engine with one source opens 22 before anybody asks it. */
    DESCRIPTORS_LEAST = 32,
};

static const struct tk_option options[] = {
    TK_SETUP_OPTIONS,
    {"log-level", '\0', TK_OPTION_TEXT, "LEVEL",
     "debug, info (the default), warn or error"},
    {"socket", '\0', TK_OPTION_TEXT, "PATH",
     "listen here and nowhere else, whatever the configuration says"},
    {"dir", '\0', TK_OPTION_TEXT, "DIR",
     "the runtime directory ($RUNTIME_DIRECTORY, /run/tokeng)"},
    {"while-pid", '\0', TK_OPTION_COUNT, "PID",
     "keep none of its open files, and end when this process has ended"},
};

/* Everything that one run of the engine owns. */
struct running {
    const struct tk_args *args;
    const struct tk_show *show;
    struct tk_setup setup;
    char dir[PATH_MAX];
    int lock;
    struct tk_loop *loop;
    struct tk_engine *engine;
    struct tk_api *api;
    struct tk_timer *ready;
    struct tk_host *host; /* NULL: it belongs to nobody */
};

/* A connection is a descriptor; 1024 is for programs that call select(). With
 * too few an engine would run that nobody can connect to. */
static enum tk_exit raise_descriptors(const struct tk_show *show)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return TK_EXIT_OK;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max >= DESCRIPTORS_LEAST) return TK_EXIT_OK;
    return tk_show_fail(show, TK_EXIT_CONFIG,
                        "the limit of open files is %llu: raise it to %d or "
                        "more (LimitNOFILE, ulimit -n)",
                        (unsigned long long)limit.rlim_max, DESCRIPTORS_LEAST);
}

static void stop(void *data)
{
    struct running *running = data;

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

static void reload(void *data)
{
    struct running *running = data;
    struct tk_problems problems;
    int rc;

    tk_problems_init(&problems);
    rc = tk_engine_reload(running->engine, &problems);
    log_problems(&problems);
    if (rc == 0) {
        tk_log(TK_LOG_INFO, "configuration reloaded",
               tk_text("config", running->setup.config));
    } else {
        tk_log(TK_LOG_ERROR, "configuration not reloaded; the old one stays",
               tk_text("config", running->setup.config),
               tk_text("error", tk_err_name(rc)));
    }
    tk_problems_fini(&problems);
}

static void look_if_ready(void *data)
{
    struct running *running = data;

    if (!tk_engine_is_ready(running->engine)) {
        tk_timer_set(running->ready,
                     tk_loop_now(running->loop) + READY_EVERY_MS);
        return;
    }
    tk_log(TK_LOG_INFO, "engine ready",
           tk_num("after_ms", tk_engine_uptime_ms(running->engine)));
}

/* --- starting --- */

static enum tk_exit set_log_level(const struct tk_args *args,
                                  const struct tk_show *show)
{
    const char *word = tk_args_text(args, "log-level");
    enum tk_log_level level = TK_LOG_INFO;

    if (word != NULL && !tk_log_level_parse(tk_str(word), &level)) {
        return tk_show_fail(show, TK_EXIT_USAGE,
                            "run: --log-level is debug, info, warn or error, "
                            "not '%s'",
                            word);
    }
    tk_log_setup(level, NULL, NULL);
    return TK_EXIT_OK;
}

static enum tk_exit fail(const struct running *running, int rc,
                         const char *text)
{
    enum tk_exit status = TK_EXIT_CONFIG;

    if (rc == TK_EBUSY) status = TK_EXIT_TEMPORARY;
    if (rc == TK_ENOMEM || rc == TK_EINTERNAL) status = TK_EXIT_INTERNAL;
    return tk_show_fail(running->show, status, "%s", text);
}

static enum tk_exit take_place(struct running *running)
{
    struct tk_why why;
    int rc =
        tk_runtime_open(tk_args_text(running->args, "dir"), running->dir, &why);

    if (rc == 0) rc = tk_runtime_lock(running->dir, &running->lock, &why);
    return rc == 0 ? TK_EXIT_OK : fail(running, rc, why.text);
}

/* What --socket says, else the configuration, else tokeng.sock in the runtime
 * directory. `address` keeps the text that is made here. */
static void choose_listen(const struct running *running,
                          const struct tk_config *config,
                          char address[ADDRESS_TEXT],
                          const char *listen[LISTEN_MAX + 1])
{
    const char *socket = tk_args_text(running->args, "socket");
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
    struct running *running = data;
    const char *listen[LISTEN_MAX + 1];
    char address[ADDRESS_TEXT];
    struct tk_why why;
    int rc;

    choose_listen(running, config, address, listen);
    rc = tk_api_listen(running->api, listen, &why);
    if (rc != 0) tk_problem(problems, "listen", "%s", why.text);
    return rc;
}

static enum tk_exit make_engine(struct running *running)
{
    struct tk_engine_options engine_options = {
        .config_path = running->setup.config,
        .policy_file = tk_setup_policy(&running->setup),
        .runtime_dir = running->dir,
        .accept = take_listen,
        .data = running,
    };
    struct tk_problems problems;
    enum tk_exit status = TK_EXIT_OK;
    int rc;

    tk_problems_init(&problems);
    rc = tk_engine_new(running->loop, &engine_options, &problems,
                       &running->engine);
    if (problems.count > 0) {
        status = tk_setup_say_problems(running->show, running->setup.config,
                                       &problems);
    } else if (rc != 0) {
        status = fail(running, rc, tk_err_text(rc));
    }
    tk_problems_fini(&problems);
    return status;
}

static enum tk_exit open_api(struct running *running)
{
    const char *listen[LISTEN_MAX + 1];
    char address[ADDRESS_TEXT];
    struct tk_why why;
    int rc;

    choose_listen(running, tk_engine_config(running->engine), address, listen);
    rc =
        tk_api_new(running->loop, running->engine, listen, &running->api, &why);
    if (rc != 0) return fail(running, rc, why.text);
    tk_log(TK_LOG_INFO, "engine started", tk_text("listen", listen[0]),
           tk_num("sources",
                  (int64_t)tk_engine_config(running->engine)->source_count),
           tk_text("config", running->setup.config), tk_num("pid", getpid()));
    return TK_EXIT_OK;
}

static void stop_with_host(void *data)
{
    struct running *running = data;

    tk_log(TK_LOG_INFO, "its process has ended",
           tk_num("while_pid", tk_args_count(running->args, "while-pid", 0)));
    stop(running);
}

static enum tk_exit watch_host(struct running *running)
{
    int64_t pid = tk_args_count(running->args, "while-pid", 0);
    struct tk_why why;
    int rc;

    if (!tk_args_has(running->args, "while-pid")) return TK_EXIT_OK;
    rc = tk_host_watch(running->loop, pid, stop_with_host, running,
                       &running->host, &why);
    return rc == 0 ? TK_EXIT_OK : fail(running, rc, why.text);
}

static enum tk_exit watch_signals(struct running *running)
{
    int rc = tk_loop_on_signal(running->loop, SIGTERM, stop, running);

    if (rc == 0) rc = tk_loop_on_signal(running->loop, SIGINT, stop, running);
    if (rc == 0) rc = tk_loop_on_signal(running->loop, SIGHUP, reload, running);
    if (rc == 0) {
        rc = tk_timer_new(running->loop, look_if_ready, running,
                          &running->ready);
    }
    return rc == 0 ? TK_EXIT_OK : fail(running, rc, tk_err_text(rc));
}

/* Ours are closed in a child as they are; libcurl's pair of sockets that wakes
 * it, and what we were started with, are not. */
static void keep_descriptors(void)
{
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

static enum tk_exit start(struct running *running)
{
    enum tk_exit status = take_place(running);
    int rc;

    if (status != TK_EXIT_OK) return status;
    rc = tk_loop_new(&running->loop);
    if (rc != 0) return fail(running, rc, tk_err_text(rc));
    status = watch_host(running);
    if (status == TK_EXIT_OK) status = make_engine(running);
    if (status == TK_EXIT_OK) status = watch_signals(running);
    if (status == TK_EXIT_OK) status = open_api(running);
    keep_descriptors();
    return status;
}

/* --- the end --- */

/* Everybody who waits is answered before anything is taken apart. */
static enum tk_exit end(struct running *running, enum tk_exit status)
{
    int left_open;

    if (running->api != NULL) tk_api_stop(running->api);
    if (running->engine != NULL) tk_engine_stop(running->engine);
    tk_api_free(running->api);
    tk_timer_free(running->ready);
    tk_host_free(running->host);
    tk_engine_free(running->engine);
    left_open = tk_loop_free(running->loop);
    if (running->lock >= 0) close(running->lock);
    if (left_open == 0 || status != TK_EXIT_OK) return status;
    return tk_show_fail(running->show, TK_EXIT_INTERNAL,
                        "%d handles were left open at the end", left_open);
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    struct running running = {.args = args, .show = show, .lock = -1};
    enum tk_exit status = set_log_level(args, show);

    if (status != TK_EXIT_OK) return status;
    if (tk_args_has(args, "while-pid")) tk_host_close_inherited();
    umask(0077);
    status = raise_descriptors(show);
    if (status == TK_EXIT_OK) {
        status = tk_setup_find(args, show, &running.setup);
    }
    if (status == TK_EXIT_OK) status = start(&running);
    if (status == TK_EXIT_OK) {
        tk_engine_start(running.engine);
        look_if_ready(&running);
        tk_loop_run(running.loop);
    }
    return end(&running, status);
}

const struct tk_command tk_run_command = {
    .name = "run",
    .words = "",
    .summary = "run the engine",
    .about = "Runs the engine until SIGTERM or SIGINT, and logs to standard "
             "error. SIGHUP reads the configuration again. Only one engine "
             "runs in a runtime directory.",
    .example = "tokeng run -c /etc/tokeng/tokeng.lua --log-level debug",
    TK_COMMAND_OPTIONS(options),
    .run = run,
};
