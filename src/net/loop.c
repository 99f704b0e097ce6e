/* The loop on libuv.
 *
 * A turn of uv_run is: timers, prepare, poll (I/O), check, close. What this
 * file adds hangs on prepare and check: prepare closes the turn's measurement
 * and takes the calls that were deferred until then; check makes them.
 *
 * Every handle that this file makes for itself is unreferenced, so that the
 * loop ends when its users have nothing left to wait for.
 */
#define _POSIX_C_SOURCE 200809L
#include "net/loop.h"

#include "base/clock.h"
#include "net/loop_uv.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum {
    /* libuv's timers stand still in suspend; this is how late one may notice.
     */
    SLEEP_MAX_MS = 10000,
    SHARE_NS = 5 * 1000 * 1000,
};

/* Owned by the list it is in, freed after its call. */
struct call {
    struct call *next;
    tk_loop_cb cb; /* NULL: taken back */
    void *data;
};

struct calls {
    struct call *first;
    struct call *last;
};

/* Owned by the loop, freed in its close callback. */
struct watch {
    uv_signal_t handle;
    struct watch *next;
    tk_loop_cb cb;
    void *data;
};

/* Owned by the caller of tk_timer_new, freed in its close callback. */
struct tk_timer {
    uv_timer_t handle;
    struct tk_loop *loop;
    struct tk_timer *next;
    struct tk_timer **link; /* what points here, for an exit in O(1) */
    tk_loop_cb cb;
    void *data;
    int64_t at_ms;
};

/* Owned by the caller of tk_loop_new. */
struct tk_loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle; /* active while calls wait: then the poll does not block */
    struct tk_timer *timers;
    struct watch *watches;
    struct calls asked; /* deferred since the last prepare */
    struct calls due;   /* to be made in this turn's check */
    bool is_running;
    bool has_now; /* now_ms was read when libuv's own time was now_uv */
    int64_t now_ms;
    uint64_t now_uv;
    uint64_t turn_began_ns;
    uint64_t turn_idle_ns; /* what libuv had slept in all by then */
    uint64_t turn_cpu_ns;  /* and used of the processor */
    uint64_t longest_ns;
    uint64_t longest_cpu_ns;
};

static int from_uv(int status)
{
    return status == UV_ENOMEM ? TK_ENOMEM : TK_EIO;
}

uv_loop_t *tk_loop_uv(struct tk_loop *loop)
{
    return &loop->uv;
}

/* libuv reads its time when a poll returns and before timers run; ours is read
 * again when libuv's has moved. Prepare forgets it, because a suspend inside
 * the poll moves only ours. */
int64_t tk_loop_now(const struct tk_loop *loop)
{
    struct tk_loop *self = (struct tk_loop *)loop; /* it is a cache */
    uint64_t uv_ms = uv_now(&loop->uv);

    if (!loop->is_running) return tk_clock_boot_ms();
    if (!self->has_now || self->now_uv != uv_ms) {
        self->now_ms = tk_clock_boot_ms();
        self->now_uv = uv_ms;
        self->has_now = true;
    }
    return self->now_ms;
}

static uint64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* libuv takes no const loop, though it only reads. */
static uint64_t idle_ns(const struct tk_loop *loop)
{
    return uv_metrics_idle_time((uv_loop_t *)&loop->uv);
}

static uint64_t turn_ns(const struct tk_loop *loop)
{
    uint64_t span = uv_hrtime() - loop->turn_began_ns;
    uint64_t slept = idle_ns(loop) - loop->turn_idle_ns;

    return span > slept ? span - slept : 0;
}

static void begin_turn(struct tk_loop *loop)
{
    loop->turn_began_ns = uv_hrtime();
    loop->turn_idle_ns = idle_ns(loop);
    loop->turn_cpu_ns = cpu_ns();
}

static void end_turn(struct tk_loop *loop)
{
    uint64_t turn = turn_ns(loop);
    uint64_t cpu = cpu_ns() - loop->turn_cpu_ns;

    if (turn > loop->longest_ns) loop->longest_ns = turn;
    if (cpu > loop->longest_cpu_ns) loop->longest_cpu_ns = cpu;
}

bool tk_loop_is_long(const struct tk_loop *loop)
{
    return loop->is_running && turn_ns(loop) >= SHARE_NS;
}

struct tk_loop_longest tk_loop_take_longest(struct tk_loop *loop)
{
    struct tk_loop_longest longest = {
        .turn_us = (int64_t)(loop->longest_ns / 1000),
        .cpu_us = (int64_t)(loop->longest_cpu_ns / 1000),
    };

    loop->longest_ns = 0;
    loop->longest_cpu_ns = 0;
    return longest;
}

static struct call *pop(struct calls *calls)
{
    struct call *call = calls->first;

    if (call == NULL) return NULL;
    calls->first = call->next;
    if (calls->first == NULL) calls->last = NULL;
    return call;
}

static void push(struct calls *calls, struct call *call)
{
    call->next = NULL;
    if (calls->last != NULL) {
        calls->last->next = call;
    } else {
        calls->first = call;
    }
    calls->last = call;
}

static void on_prepare(uv_prepare_t *handle)
{
    struct tk_loop *loop = handle->data;
    struct call *call;

    end_turn(loop);
    begin_turn(loop);
    loop->has_now = false;
    while ((call = pop(&loop->asked)) != NULL) push(&loop->due, call);
}

static void on_check(uv_check_t *handle)
{
    struct tk_loop *loop = handle->data;
    struct call *call;

    while ((call = pop(&loop->due)) != NULL) {
        struct call copy = *call;

        free(call);
        if (copy.cb != NULL) copy.cb(copy.data);
    }
    if (loop->asked.first == NULL) uv_idle_stop(&loop->idle);
}

static void on_idle(uv_idle_t *handle)
{
    (void)handle;
}

int tk_loop_defer(struct tk_loop *loop, tk_loop_cb cb, void *data)
{
    struct call *call = malloc(sizeof *call);

    if (call == NULL) return TK_ENOMEM;
    *call = (struct call){.cb = cb, .data = data};
    push(&loop->asked, call);
    uv_idle_start(&loop->idle, on_idle);
    return 0;
}

static void take_back(struct calls *calls, const void *data)
{
    for (struct call *call = calls->first; call != NULL; call = call->next) {
        if (call->data == data) call->cb = NULL;
    }
}

void tk_loop_undefer(struct tk_loop *loop, const void *data)
{
    take_back(&loop->asked, data);
    take_back(&loop->due, data);
}

static void ignore_sigpipe(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigset_t blocked;

    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    if (sigismember(&blocked, SIGPIPE) == 1) return;
    sigemptyset(&action.sa_mask);
    sigaction(SIGPIPE, &action, NULL);
}

/* Idle keeps its reference: a deferred call is something left to happen. */
static void start_handles(struct tk_loop *loop)
{
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    uv_idle_init(&loop->uv, &loop->idle);
    loop->prepare.data = loop;
    loop->check.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    uv_unref((uv_handle_t *)&loop->prepare);
    uv_unref((uv_handle_t *)&loop->check);
}

int tk_loop_new(struct tk_loop **out)
{
    struct tk_loop *loop = calloc(1, sizeof *loop);
    int status;

    if (loop == NULL) return TK_ENOMEM;
    status = uv_loop_init(&loop->uv);
    if (status != 0) {
        free(loop);
        return from_uv(status);
    }
    uv_loop_configure(&loop->uv, UV_METRICS_IDLE_TIME);
    ignore_sigpipe();
    start_handles(loop);
    *out = loop;
    return 0;
}

void tk_loop_run(struct tk_loop *loop)
{
    loop->is_running = true;
    loop->has_now = false;
    begin_turn(loop);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    end_turn(loop);
    loop->is_running = false;
}

void tk_loop_stop(struct tk_loop *loop)
{
    uv_stop(&loop->uv);
}

static void free_data(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct watch *watch = handle->data;

    (void)signum;
    watch->cb(watch->data);
}

int tk_loop_on_signal(struct tk_loop *loop, int signum, tk_loop_cb cb,
                      void *data)
{
    struct watch *watch = calloc(1, sizeof *watch);
    int status;

    if (watch == NULL) return TK_ENOMEM;
    status = uv_signal_init(&loop->uv, &watch->handle);
    if (status != 0) {
        free(watch);
        return from_uv(status);
    }
    watch->handle.data = watch;
    watch->cb = cb;
    watch->data = data;
    status = uv_signal_start(&watch->handle, on_signal, signum);
    if (status != 0) {
        uv_close((uv_handle_t *)&watch->handle, free_data);
        return status == UV_EINVAL ? TK_EINVAL : from_uv(status);
    }
    uv_unref((uv_handle_t *)&watch->handle);
    watch->next = loop->watches;
    loop->watches = watch;
    return 0;
}

int tk_timer_new(struct tk_loop *loop, tk_loop_cb cb, void *data,
                 struct tk_timer **out)
{
    struct tk_timer *timer = calloc(1, sizeof *timer);

    if (timer == NULL) return TK_ENOMEM;
    uv_timer_init(&loop->uv, &timer->handle);
    timer->handle.data = timer;
    timer->loop = loop;
    timer->cb = cb;
    timer->data = data;
    timer->at_ms = TK_NEVER;
    timer->next = loop->timers;
    timer->link = &loop->timers;
    if (timer->next != NULL) timer->next->link = &timer->next;
    loop->timers = timer;
    *out = timer;
    return 0;
}

void tk_timer_free(struct tk_timer *timer)
{
    if (timer == NULL) return;
    *timer->link = timer->next;
    if (timer->next != NULL) timer->next->link = timer->link;
    uv_close((uv_handle_t *)&timer->handle, free_data);
}

static void sleep_until(struct tk_timer *timer);

/* Early, because the sleep was cut or the two clocks tick apart? Sleep on. */
static void on_timer(uv_timer_t *handle)
{
    struct tk_timer *timer = handle->data;

    if (timer->at_ms > tk_loop_now(timer->loop)) {
        sleep_until(timer);
        return;
    }
    timer->at_ms = TK_NEVER;
    timer->cb(timer->data);
}

/* Never 0: libuv 1.44 runs a timer that is set to 0 in a timer's callback in
 * the same turn, and one that does so each time would starve the I/O. */
static void sleep_until(struct tk_timer *timer)
{
    int64_t now = tk_loop_now(timer->loop);
    int64_t sleep_ms = timer->at_ms > now ? timer->at_ms - now : 1;

    if (sleep_ms > SLEEP_MAX_MS) sleep_ms = SLEEP_MAX_MS;
    uv_timer_start(&timer->handle, on_timer, (uint64_t)sleep_ms, 0);
}

void tk_timer_set(struct tk_timer *timer, int64_t at_ms)
{
    timer->at_ms = at_ms;
    if (at_ms == TK_NEVER) {
        uv_timer_stop(&timer->handle);
    } else {
        sleep_until(timer);
    }
}

static void drop_calls(struct calls *calls)
{
    struct call *call;

    while ((call = pop(calls)) != NULL) free(call);
}

static void close_own(struct tk_loop *loop)
{
    while (loop->watches != NULL) {
        struct watch *watch = loop->watches;

        loop->watches = watch->next;
        uv_close((uv_handle_t *)&watch->handle, free_data);
    }
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
}

static void close_foreign(uv_handle_t *handle, void *data)
{
    int *left_open = data;

    if (uv_is_closing(handle)) return;
    ++*left_open;
    uv_close(handle, NULL);
}

int tk_loop_free(struct tk_loop *loop)
{
    int left_open = 0;

    if (loop == NULL) return 0;
    while (loop->timers != NULL) {
        left_open++;
        tk_timer_free(loop->timers);
    }
    drop_calls(&loop->asked);
    drop_calls(&loop->due);
    close_own(loop);
    uv_walk(&loop->uv, close_foreign, &left_open);
    while (uv_loop_close(&loop->uv) == UV_EBUSY) {
        uv_run(&loop->uv, UV_RUN_ONCE);
    }
    free(loop);
    return left_open;
}
