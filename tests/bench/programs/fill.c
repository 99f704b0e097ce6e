/* fill CONFIG SOURCE KEYS - an engine with many keys. Each is asked for once,
 * all at the same time, and so fetched by the whole way of a refresh. Then,
 * with nothing due: what the keys weigh, and what a tick and a reload cost.
 * Prints "name number" lines. */
#include "engine.h"

#include "engine/refresh.h"

#include <unistd.h>

enum { TICKS = 200, WAIT_MS = 60000 };

struct run {
    struct tk_loop *loop;
    struct tk_engine *engine;
    unsigned waiting;
    unsigned failed;
    size_t bytes; /* of keys and tokens */
};

static void on_got(const struct tk_got *got, void *data)
{
    struct run *run = data;

    if (got->refusal != TK_REFUSAL_NONE) run->failed++;
    run->bytes += tk_entry_text(got->entry).len + got->token.len;
    if (--run->waiting == 0) tk_loop_stop(run->loop);
}

static void fetch(struct run *run, struct tk_wait *waits, const char *source,
                  unsigned first, unsigned count)
{
    char key[64];

    run->waiting = count;
    for (unsigned i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%s/user/%08u", source, first + i);
        waits[i] = (struct tk_wait){.entry = bench_claim(run->engine, key),
                                    .want.wait_ms = WAIT_MS,
                                    .done = on_got,
                                    .data = run};
        tk_engine_wait(run->engine, &waits[i]);
    }
    tk_loop_run(run->loop);
}

static double rss(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) abort();
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double tick_us(struct run *run)
{
    struct tk_fleet *fleet = tk_engine_fleet(run->engine);
    double before = bench_cpu_us();

    for (int i = 0; i < TICKS; i++) {
        tk_refresh_run_due(fleet, tk_engine_now(run->engine));
    }
    return (bench_cpu_us() - before) / TICKS;
}

static void reload(void *data)
{
    struct run *run = data;
    struct tk_problems problems;

    tk_problems_init(&problems);
    if (tk_engine_reload(run->engine, &problems) != 0) abort();
    tk_problems_fini(&problems);
}

/* Until each key has been planned anew. */
static void look(void *data)
{
    struct run *run = data;
    int64_t now = tk_engine_now(run->engine);

    if (tk_fleet_earliest(tk_engine_fleet(run->engine)) > now) {
        tk_loop_stop(run->loop);
    } else if (tk_loop_defer(run->loop, look, run) != 0) {
        abort();
    }
}

static void print_longest(struct run *run, const char *of)
{
    struct tk_loop_longest longest = tk_loop_take_longest(run->loop);

    printf("%s_turn_us %ld\n%s_turn_cpu_us %ld\n", of, (long)longest.turn_us,
           of, (long)longest.cpu_us);
}

static void measure_reload(struct run *run)
{
    double before = bench_cpu_us();

    tk_loop_take_longest(run->loop);
    if (tk_loop_defer(run->loop, reload, run) != 0 ||
        tk_loop_defer(run->loop, look, run) != 0) {
        abort();
    }
    tk_loop_run(run->loop);
    print_longest(run, "reload");
    printf("reload_us %.0f\n", bench_cpu_us() - before);
}

int main(int argc, char **argv)
{
    unsigned count = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
    struct tk_wait *waits = calloc(count + 1, sizeof *waits);
    struct run run = {.waiting = 0};
    uint64_t began;
    double before;

    if (count == 0 || waits == NULL || tk_loop_new(&run.loop) != 0) {
        fprintf(stderr, "usage: fill CONFIG SOURCE KEYS\n");
        return 64;
    }
    run.engine = bench_engine(run.loop, argv[1]);
    tk_engine_start(run.engine);
    fetch(&run, waits, argv[2], count, 64);
    run.bytes = 0;
    before = rss();
    tk_loop_take_longest(run.loop);
    began = uv_hrtime();
    fetch(&run, waits, argv[2], 0, count);
    printf("seconds %.6f\n", (double)(uv_hrtime() - began) / 1e9);
    print_longest(&run, "fill");
    free(waits);
    printf("bytes_per_key %.1f\n",
           (rss() - before - (double)run.bytes) / count);
    printf("tick_us %.1f\nfailed %u\n", tick_us(&run), run.failed);
    measure_reload(&run);
    tk_engine_stop(run.engine);
    tk_engine_free(run.engine);
    return tk_loop_free(run.loop) != 0 || run.failed > 0;
}
