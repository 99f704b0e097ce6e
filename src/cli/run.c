#define _DEFAULT_SOURCE
#include "cli/run.h"

#include "base/log.h"
#include "cli/runtime.h"
#include "engine/engine.h"
#include "serve/api.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct tk_option options[] = {
    {"config", 'c', TK_OPTION_TEXT, "FILE", "the configuration"},
    {"policy", '\0', TK_OPTION_TEXT, "FILE",
     "run this policy over everything, whatever the configuration says"},
    {"socket", '\0', TK_OPTION_TEXT, "PATH",
     "listen here instead of in the runtime directory"},
    {"log-level", '\0', TK_OPTION_TEXT, "LEVEL",
     "debug, info, warn or error (info)"},
};

enum { LISTEN_MAX = 8, READY_CHECK_MS = 50 };

/* All that runs. Owned by run(), on its stack. */
struct running {
    struct tk_runtime runtime;
    struct tk_loop *loop;
    struct tk_engine *engine;
    struct tk_api *api;
    struct tk_timer *ready;
    char socket[PATH_MAX + 32];
    const char *listen[LISTEN_MAX + 1];
};

/* A core or a debugger would show every token. The sanitizers' leak check has
 * to attach to the process, so it stays open to them. */
static void hide_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    struct rlimit none = {0, 0};

    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &none);
#endif
    umask(0077);
}

static void stop(void *data)
{
    struct running *r = data;

    tk_log(TK_LOG_INFO, "engine stops",
           tk_num("uptime_ms", tk_engine_uptime_ms(r->engine)));
    tk_loop_stop(r->loop);
}

static void log_problems(const struct tk_problems *problems)
{
    struct tk_str rest = tk_buf_str(&problems->text);

    while (rest.len > 0) {
        tk_log(TK_LOG_ERROR, "configuration problem",
               tk_view("problem", tk_str_cut(&rest, '\n')));
    }
}

static void reload(void *data)
{
    struct running *r = data;
    struct tk_problems problems;

    tk_problems_init(&problems);
    if (tk_engine_reload(r->engine, &problems) == 0) {
        tk_log(TK_LOG_INFO, "configuration reloaded",
               tk_text("file", tk_engine_config(r->engine)->path));
    } else {
        log_problems(&problems);
        tk_log(TK_LOG_ERROR, "reload failed; the old configuration stays",
               tk_num("problems", problems.count));
    }
    tk_problems_fini(&problems);
}

/* Says once that every kept key has its token. */
static void check_ready(void *data)
{
    struct running *r = data;

    if (!tk_engine_is_ready(r->engine)) {
        tk_timer_set(r->ready, tk_loop_now(r->loop) + READY_CHECK_MS);
        return;
    }
    tk_log(TK_LOG_INFO, "engine ready",
           tk_num("after_ms", tk_engine_uptime_ms(r->engine)));
}

static enum tk_exit print_problems(const struct tk_show *show,
                                   struct tk_problems *problems, int rc)
{
    struct tk_show to_err = *show;

    if (problems->count == 0) {
        return tk_show_fail(show, TK_EXIT_INTERNAL, "%s", tk_err_text(rc));
    }
    to_err.out = show->err;
    tk_show_put(&to_err, &problems->text);
    return TK_EXIT_CONFIG;
}

/* A policy on the command line is relative to where one stands, not to the
 * configuration. */
static enum tk_exit find_files(const struct tk_args *args,
                               const struct tk_show *show,
                               char config[PATH_MAX], char policy[PATH_MAX])
{
    const char *given = tk_args_text(args, "policy");
    struct tk_why why;

    policy[0] = '\0';
    if (tk_config_find(tk_args_text(args, "config"), config, &why) != 0) {
        return tk_show_fail(show, TK_EXIT_CONFIG, "%s", why.text);
    }
    if (given != NULL && realpath(given, policy) == NULL) {
        return tk_show_fail(show, TK_EXIT_CONFIG, "%s: no such file", given);
    }
    return TK_EXIT_OK;
}

static enum tk_exit open_engine(struct running *r, const struct tk_args *args,
                                const struct tk_show *show)
{
    char config[PATH_MAX];
    char policy[PATH_MAX];
    struct tk_engine_options engine_options = {.config_path = config};
    enum tk_exit status = find_files(args, show, config, policy);
    struct tk_problems problems;
    int rc;

    if (status != TK_EXIT_OK) return status;
    if (policy[0] != '\0') engine_options.policy_file = policy;
    tk_problems_init(&problems);
    rc = tk_loop_new(&r->loop);
    if (rc == 0) {
        rc = tk_engine_new(r->loop, &engine_options, &problems, &r->engine);
    }
    if (rc != 0) status = print_problems(show, &problems, rc);
    tk_problems_fini(&problems);
    return status;
}

static void find_listeners(struct running *r, const struct tk_args *args)
{
    const struct tk_config *config = tk_engine_config(r->engine);
    const char *given = tk_args_text(args, "socket");
    size_t count = 0;

    while (given == NULL && count < LISTEN_MAX &&
           (r->listen[count] = tk_config_listen(config, count)) != NULL) {
        count++;
    }
    if (count > 0) return;
    if (given != NULL) {
        snprintf(r->socket, sizeof r->socket, "unix:%s", given);
    } else {
        snprintf(r->socket, sizeof r->socket, "unix:%s/tokeng.sock",
                 r->runtime.dir);
    }
    r->listen[0] = r->socket;
}

static enum tk_exit open_all(struct running *r, const struct tk_args *args,
                             const struct tk_show *show)
{
    enum tk_exit status = open_engine(r, args, show);
    struct tk_why why;
    int rc;

    if (status != TK_EXIT_OK) return status;
    rc = tk_runtime_open(&r->runtime, &why);
    if (rc == 0) {
        find_listeners(r, args);
        rc = tk_api_new(r->loop, r->engine, r->listen, &r->api, &why);
    }
    if (rc != 0) return tk_show_fail(show, TK_EXIT_TEMPORARY, "%s", why.text);
    rc = tk_timer_new(r->loop, check_ready, r, &r->ready);
    if (rc == 0) rc = tk_loop_on_signal(r->loop, SIGTERM, stop, r);
    if (rc == 0) rc = tk_loop_on_signal(r->loop, SIGINT, stop, r);
    if (rc == 0) rc = tk_loop_on_signal(r->loop, SIGHUP, reload, r);
    if (rc == 0) return TK_EXIT_OK;
    return tk_show_fail(show, TK_EXIT_INTERNAL, "%s", tk_err_text(rc));
}

/* Callers that wait are answered before the engine goes, and their answers are
 * written before the listeners do. */
static void close_all(struct running *r)
{
    int left;

    if (r->ready != NULL) tk_timer_free(r->ready);
    if (r->api != NULL) tk_api_stop(r->api);
    if (r->engine != NULL) tk_engine_stop(r->engine);
    tk_api_free(r->api);
    tk_engine_free(r->engine);
    tk_runtime_close(&r->runtime);
    left = r->loop == NULL ? 0 : tk_loop_free(r->loop);
    if (left > 0) tk_log(TK_LOG_ERROR, "handles left open", tk_num("n", left));
}

static bool set_log_level(const struct tk_args *args)
{
    const char *word = tk_args_text(args, "log-level");
    enum tk_log_level level = TK_LOG_INFO;

    if (word != NULL && !tk_log_level_parse(tk_str(word), &level)) return false;
    tk_log_setup(level, NULL, NULL);
    return true;
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    struct running r = {.runtime = {.lock = -1}};
    enum tk_exit status;

    if (!set_log_level(args)) {
        return tk_show_fail(show, TK_EXIT_USAGE,
                            "run: --log-level is debug, info, warn or error");
    }
    hide_memory();
    status = open_all(&r, args, show);
    if (status == TK_EXIT_OK) {
        tk_log(TK_LOG_INFO, "engine started",
               tk_text("version", TOKENG_VERSION),
               tk_text("listen", r.listen[0]),
               tk_num("sources",
                      (int64_t)tk_engine_config(r.engine)->source_count));
        tk_engine_start(r.engine);
        tk_timer_set(r.ready, tk_loop_now(r.loop));
        tk_loop_run(r.loop);
    }
    close_all(&r);
    return status;
}

const struct tk_command tk_run_command = {
    .name = "run",
    .words = "",
    .summary = "run the engine",
    .about = "Keeps the tokens of all sources of the configuration (-c, else "
             "$TOKENG_CONFIG, else /etc/tokeng/tokeng.lua) fresh and serves "
             "them on a unix socket. SIGHUP reloads the configuration, SIGTERM "
             "ends the engine in order.",
    .example = "tokeng run -c tokeng.lua",
    TK_COMMAND_OPTIONS(options),
    .run = run,
};
