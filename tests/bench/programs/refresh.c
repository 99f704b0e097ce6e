/* refresh CONFIG SECONDS KEY... - the engine refreshing every key over and
 * over: for each an operator asks for a refresh, as POST /v1/refresh does, and
 * a caller waits for the generation after the current one. So each goes the
 * whole way: caller, queue, Lua provider, HTTP, strict JSON, table, Lua policy,
 * log line (made and dropped). Only a newer generation counts as done. Prints
 * "name number" lines. */
#include "engine.h"

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
    uint64_t generation; /* of the last token */
};

/* The refresh first: a caller alone may force only so many of young tokens. */
static void ask(struct caller *caller)
{
    tk_engine_refresh(caller->run->engine, caller->wait.entry);
    caller->wait.want = (struct tk_want){
        .wait_ms = 30000,
        .newer_than = caller->generation,
    };
    tk_engine_wait(caller->run->engine, &caller->wait);
}

static void on_got(const struct tk_got *got, void *data)
{
    struct caller *caller = data;
    struct run *run = caller->run;

    if (got->refusal == TK_REFUSAL_NONE &&
        got->generation > caller->generation) {
        run->done++;
    } else {
        run->failed++;
    }
    caller->generation = got->generation;
    if (uv_hrtime() < run->end_ns) {
        ask(caller);
    } else if (--run->busy == 0) {
        tk_loop_stop(run->loop);
    }
}

static void begin(struct run *run, const char *key)
{
    struct caller *caller = calloc(1, sizeof *caller);

    if (caller == NULL) abort();
    caller->run = run;
    caller->wait.done = on_got;
    caller->wait.data = caller;
    caller->wait.entry = bench_claim(run->engine, key);
    run->busy++;
    ask(caller);
}

int main(int argc, char **argv)
{
    struct run run = {.busy = 0};
    uint64_t began;
    double cpu;

    if (argc < 4 || tk_loop_new(&run.loop) != 0) {
        fprintf(stderr, "usage: refresh CONFIG SECONDS KEY...\n");
        return 64;
    }
    run.engine = bench_engine(run.loop, argv[1]);
    cpu = bench_cpu_us();
    began = uv_hrtime();
    run.end_ns = began + (uint64_t)(atof(argv[2]) * 1e9);
    for (int i = 3; i < argc; i++) begin(&run, argv[i]);
    tk_loop_run(run.loop);
    printf("done %lu\nfailed %lu\nseconds %.6f\ncpu_us %.0f\n", run.done,
           run.failed, (double)(uv_hrtime() - began) / 1e9,
           bench_cpu_us() - cpu);
    tk_engine_stop(run.engine);
    tk_engine_free(run.engine);
    return tk_loop_free(run.loop) != 0 || run.failed > 0;
}
