/* refresh CONFIG SECONDS KEY... - the engine refreshing every key over and
 * over: for each a caller waits who has seen the current generation fail
 * (newer_than), which forces one refresh of it. So each goes the whole way:
 * caller, queue, Lua provider, HTTP, strict JSON, table, Lua policy, log line
 * (made and dropped). Prints "name number" lines. */
#include "base/log.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

struct run {
    struct tk_loop *loop;
    struct tk_engine *engine;
    uint64_t end_ns;
    unsigned busy;
    unsigned long done;
    unsigned long failed;
};

struct caller {
    struct tk_wait wait;
    struct run *run;
};

static void ask(struct caller *caller, uint64_t newer_than)
{
    caller->wait.want = (struct tk_want){
        .wait_ms = 30000,
        .newer_than = newer_than,
    };
    tk_engine_wait(caller->run->engine, &caller->wait);
}

static void on_got(const struct tk_got *got, void *data)
{
    struct caller *caller = data;
    struct run *run = caller->run;

    if (got->refusal == TK_REFUSAL_NONE) {
        run->done++;
    } else {
        run->failed++;
    }
    if (uv_hrtime() < run->end_ns) {
        ask(caller, got->generation);
    } else if (--run->busy == 0) {
        tk_loop_stop(run->loop);
    }
}

static void drop_line(enum tk_log_level level, struct tk_str line, void *data)
{
    (void)data;
    if (level >= TK_LOG_WARN) fprintf(stderr, "%.*s\n", TK_ARG(line));
}

static void begin(struct run *run, const char *key)
{
    struct caller *caller = calloc(1, sizeof *caller);
    struct tk_why why;

    if (caller == NULL) abort();
    caller->run = run;
    caller->wait.done = on_got;
    caller->wait.data = caller;
    if (tk_engine_claim(run->engine, tk_str(key), &caller->wait.entry, &why) !=
        0) {
        fprintf(stderr, "%s\n", why.text);
        exit(1);
    }
    run->busy++;
    ask(caller, 0);
}

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    struct run run = {.busy = 0};
    struct tk_problems problems;
    uint64_t began;
    double cpu;

    if (argc < 4) {
        fprintf(stderr, "usage: refresh CONFIG SECONDS KEY...\n");
        return 64;
    }
    tk_log_setup(TK_LOG_INFO, drop_line, NULL);
    tk_problems_init(&problems);
    if (tk_loop_new(&run.loop) != 0 ||
        tk_engine_new(run.loop,
                      &(struct tk_engine_options){.config_path = argv[1]},
                      &problems, &run.engine) != 0) {
        fprintf(stderr, "%s\n", tk_buf_text(&problems.text));
        return 1;
    }
    cpu = cpu_us();
    began = uv_hrtime();
    run.end_ns = began + (uint64_t)(atof(argv[2]) * 1e9);
    for (int i = 3; i < argc; i++) begin(&run, argv[i]);
    tk_loop_run(run.loop);
    printf("done %lu\nfailed %lu\nseconds %.6f\ncpu_us %.0f\n", run.done,
           run.failed, (double)(uv_hrtime() - began) / 1e9, cpu_us() - cpu);
    tk_engine_stop(run.engine);
    tk_engine_free(run.engine);
    tk_problems_fini(&problems);
    return tk_loop_free(run.loop) != 0 || run.failed > 0;
}
