/* engine.h - an engine of a configuration file, as the benchmarks drive it. */
#ifndef TK_BENCH_ENGINE_H
#define TK_BENCH_ENGINE_H

#include "base/log.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

/* Lines are made, as in an engine that logs, and dropped. */
static inline void bench_drop_line(enum tk_log_level level, struct tk_str line,
                                   void *data)
{
    (void)data;
    if (level >= TK_LOG_WARN) fprintf(stderr, "%.*s\n", TK_ARG(line));
}

static inline struct tk_engine *bench_engine(struct tk_loop *loop,
                                             const char *config)
{
    struct tk_engine_options options = {.config_path = config};
    struct tk_problems problems;
    struct tk_engine *engine;

    tk_log_setup(TK_LOG_INFO, bench_drop_line, NULL);
    tk_problems_init(&problems);
    if (tk_engine_new(loop, &options, &problems, &engine) != 0) {
        fprintf(stderr, "%s\n", tk_buf_text(&problems.text));
        exit(1);
    }
    tk_problems_fini(&problems);
    return engine;
}

static inline struct tk_entry *bench_claim(struct tk_engine *engine,
                                           const char *key)
{
    struct tk_entry *entry;
    struct tk_why why;

    if (tk_engine_claim(engine, tk_str(key), &entry, &why) != 0) {
        fprintf(stderr, "%s: %s\n", key, why.text);
        exit(1);
    }
    return entry;
}

static inline double bench_cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

#endif
