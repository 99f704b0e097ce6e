#define _GNU_SOURCE
#include "cli/run.h"

#include "base/log.h"
#include "cli/host.h"
#include "cli/setup.h"
#include "embed/running.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* An engine with one source opens 22 descriptors before anybody asks it. */
enum { DESCRIPTORS_LEAST = 32 };

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
    tk_running_stop(data);
}

static void reload(void *data)
{
    (void)tk_running_reload(data); /* it has logged what is wrong */
}

/* A run that belongs to another process. */
struct ward {
    struct tk_running *running;
    struct tk_host *host; /* NULL: it belongs to nobody */
    int64_t pid;
};

static void stop_with_host(void *data)
{
    struct ward *ward = data;

    tk_log(TK_LOG_INFO, "its process has ended",
           tk_num("while_pid", ward->pid));
    tk_running_stop(ward->running);
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

static enum tk_exit status_of(int rc)
{
    if (rc == TK_EBUSY) return TK_EXIT_TEMPORARY;
    if (rc == TK_ENOMEM || rc == TK_EINTERNAL) return TK_EXIT_INTERNAL;
    return TK_EXIT_CONFIG;
}

static enum tk_exit make(const struct tk_args *args, const struct tk_show *show,
                         const struct tk_setup *setup,
                         struct tk_running **running)
{
    struct tk_running_options wanted = {
        .config = setup->config,
        .policy = tk_setup_policy(setup),
        .dir = tk_args_text(args, "dir"),
        .socket = tk_args_text(args, "socket"),
    };
    enum tk_exit status = TK_EXIT_OK;
    struct tk_problems problems;
    struct tk_why why;
    int rc;

    tk_problems_init(&problems);
    rc = tk_running_new(&wanted, &problems, running, &why);
    if (problems.count > 0) {
        status = tk_setup_say_problems(show, setup->config, &problems);
    } else if (rc != 0) {
        status = tk_show_fail(show, status_of(rc), "%s", why.text);
    }
    tk_problems_fini(&problems);
    return status;
}

static enum tk_exit watch_host(const struct tk_args *args,
                               const struct tk_show *show, struct ward *ward)
{
    struct tk_why why;
    int rc;

    if (!tk_args_has(args, "while-pid")) return TK_EXIT_OK;
    ward->pid = tk_args_count(args, "while-pid", 0);
    rc = tk_host_watch(tk_running_loop(ward->running), ward->pid,
                       stop_with_host, ward, &ward->host, &why);
    if (rc == 0) return TK_EXIT_OK;
    return tk_show_fail(show, status_of(rc), "%s", why.text);
}

static enum tk_exit watch_signals(struct tk_running *running,
                                  const struct tk_show *show)
{
    struct tk_loop *loop = tk_running_loop(running);
    int rc = tk_loop_on_signal(loop, SIGTERM, stop, running);

    if (rc == 0) rc = tk_loop_on_signal(loop, SIGINT, stop, running);
    if (rc == 0) rc = tk_loop_on_signal(loop, SIGHUP, reload, running);
    if (rc == 0) return TK_EXIT_OK;
    return tk_show_fail(show, status_of(rc), "%s", tk_err_text(rc));
}

/* Ours are closed in a child as they are; libcurl's pair of sockets that wakes
 * it, and what we were started with, are not. */
static void keep_descriptors(void)
{
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
}

static enum tk_exit end(struct tk_running *running, const struct tk_show *show,
                        enum tk_exit status)
{
    int left_open = tk_running_free(running);

    if (left_open == 0 || status != TK_EXIT_OK) return status;
    return tk_show_fail(show, TK_EXIT_INTERNAL,
                        "%d handles were left open at the end", left_open);
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    struct ward ward = {0};
    struct tk_setup setup;
    enum tk_exit status = set_log_level(args, show);

    if (status != TK_EXIT_OK) return status;
    if (tk_args_has(args, "while-pid")) tk_host_close_inherited();
    umask(0077);
    status = raise_descriptors(show);
    if (status == TK_EXIT_OK) status = tk_setup_find(args, show, &setup);
    if (status == TK_EXIT_OK) {
        status = make(args, show, &setup, &ward.running);
    }
    if (status == TK_EXIT_OK) status = watch_signals(ward.running, show);
    if (status == TK_EXIT_OK) status = watch_host(args, show, &ward);
    keep_descriptors();
    if (status == TK_EXIT_OK) tk_running_run(ward.running);
    tk_host_free(ward.host);
    return end(ward.running, show, status);
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
