#define _DEFAULT_SOURCE
#include "engine/engine.h"

#include "base/log.h"
#include "engine/adopt.h"
#include "engine/feasibility.h"
#include "engine/flight.h"
#include "engine/retired.h"
#include "engine/shared.h"
#include "engine/tick.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    /* The due array is scanned at most this often: with a million keys a scan
     * is 0.3 ms. Plans are met to this precision. */
    SCAN_EVERY_MS = 5,
    /* Keys come slowly, and what is learned does too. */
    REVIEW_EVERY_MS = 60 * 1000,
    /* Room in the cache per key; longer tokens take the room of others. */
    MEAN_BYTES = 512,
    /* A reload may add sources; the table's size is fixed at the start. */
    SPARE_FACTOR = 2,
};

/* Owned by whoever called tk_engine_new. */
struct tk_engine {
    struct tk_loop *loop;
    struct tk_timer *timer;
    struct tk_config *config;
    struct tk_retired *retired;
    struct tk_shared *shared; /* NULL: nobody shares the table */
    struct tk_fleet *fleet;
    struct tk_chooser *chooser;
    struct tk_flights flights;
    char *policy_file;                /* NULL: as configured */
    struct tk_engine_options options; /* `accept` and `data` of it */
    int64_t started_at;
    int64_t last_scan;
    int64_t review_at; /* is it feasible? looked at when something is done */
    int64_t armed_for;
    int64_t wait_until; /* no caller's deadline is before it */
    bool is_stopping;
};

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t tk_engine_now(const struct tk_engine *engine)
{
    return tk_loop_now(engine->loop);
}

static void arm(struct tk_engine *engine, int64_t at)
{
    int64_t first = engine->last_scan + SCAN_EVERY_MS;

    if (at < first) at = first;
    if (at == engine->armed_for) return;
    engine->armed_for = at;
    tk_timer_set(engine->timer, at);
}

static int64_t next_moment(const struct tk_engine *engine)
{
    int64_t next = sooner(tk_fleet_earliest(engine->fleet), engine->wait_until);

    return sooner(next, tk_flight_deadline(&engine->flights));
}

/* Something may have to happen earlier than the timer is set for. */
static void moments_changed(void *data)
{
    struct tk_engine *engine = data;
    int64_t next = next_moment(engine);

    if (next < engine->armed_for && !engine->is_stopping) arm(engine, next);
}

/* A provider may now wait for another token, half as long as it may run. */
static void flight_changed(void *data)
{
    struct tk_engine *engine = data;

    engine->wait_until = sooner(engine->wait_until,
                                tk_engine_now(engine) + TK_FLIGHT_MAX_MS / 2);
    moments_changed(engine);
}

static void review(struct tk_engine *engine, int64_t now)
{
    if (now < engine->review_at) return;
    engine->review_at = now + REVIEW_EVERY_MS;
    tk_feasibility_warn(engine->config);
}

/* The wall clock may be set at any time. */
static void read_wall(struct tk_engine *engine)
{
    struct tk_clocks clocks;

    tk_clocks_read(&clocks);
    tk_fleet_set_wall(engine->fleet, clocks.wall - clocks.boot);
}

static void timer_fired(void *data)
{
    struct tk_engine *engine = data;
    int64_t now = tk_engine_now(engine);
    int64_t next;

    read_wall(engine);
    engine->last_scan = now;
    engine->armed_for = TK_NEVER;
    /* Callers who ask again from inside their answer set it anew. */
    engine->wait_until = TK_NEVER;
    next = tk_wait_expire(engine->fleet, now);
    engine->wait_until = sooner(engine->wait_until, next);
    tk_flight_expire(&engine->flights, now);
    tk_refresh_run_due(engine->fleet, now);
    tk_retired_free(&engine->retired, false);
    review(engine, now);
    arm(engine, next_moment(engine));
}

static int fetch(struct tk_entry *entry, int64_t now, void *data)
{
    struct tk_engine *engine = data;

    if (engine->is_stopping) return TK_ECANCELED;
    return tk_flight_start(&engine->flights, entry, now);
}

static int64_t clock_us(void *data)
{
    (void)data;
    return tk_clock_mono_us();
}

static void note_use(const struct tk_entry *entry, int64_t now, void *data)
{
    struct tk_engine *engine = data;

    tk_recording_use(engine->flights.recording, engine->fleet, entry, now);
    tk_shadows_use(tk_chooser_shadows(engine->chooser), entry, now);
}

/* Until ceilings are kept on disk, the wall clock keeps generations growing
 * over a restart: no key gets a new token every second. Counted from 2026, so
 * that the numbers stay short. */
static uint64_t first_floor(void)
{
    int64_t seconds = tk_clock_wall_ms() / 1000 - INT64_C(1767225600);

    return seconds > 0 ? (uint64_t)seconds : 0;
}

static int make_fleet(struct tk_engine *engine, struct tk_problems *problems)
{
    char node[256] = "";
    int rc;
    uint64_t keys = 1024;
    struct tk_fleet_options options = {
        .mean_bytes = MEAN_BYTES,
        .floor = first_floor(),
        .port = {.fetch = fetch,
                 .data = engine,
                 .clock_us = clock_us,
                 .used = note_use},
    };

    gethostname(node, sizeof node - 1);
    options.node = tk_str(node);
    for (size_t i = 0; i < engine->config->source_count; i++) {
        keys += (uint64_t)engine->config->sources[i]->max_keys * SPARE_FACTOR;
    }
    options.max_keys =
        keys > TK_TABLE_KEYS_MAX ? TK_TABLE_KEYS_MAX : (uint32_t)keys;
    rc = tk_shared_new(engine->loop, engine->options.runtime_dir,
                       engine->config, &options, &engine->shared, problems);
    return rc == 0 ? tk_fleet_new(&options, &engine->fleet) : rc;
}

static void start_ticks(struct tk_engine *engine)
{
    for (size_t i = 0; i < engine->config->policy_count; i++) {
        tk_tick_start(engine->fleet, engine->config->policies[i],
                      tk_engine_now(engine));
    }
}

/* One policy over everything leaves no choice. */
static int make_chooser(struct tk_engine *engine)
{
    struct tk_chooser_options options = {
        .loop = engine->loop,
        .fleet = engine->fleet,
        .state_dir =
            engine->policy_file == NULL ? engine->options.state_dir : NULL,
        .changed = moments_changed,
        .data = engine,
    };
    int rc = tk_chooser_new(&options, &engine->chooser);

    if (rc == 0) tk_chooser_adopt(engine->chooser, engine->config);
    return rc;
}

static int set_up(struct tk_engine *engine, struct tk_problems *problems)
{
    int rc = tk_flights_init(&engine->flights, engine->loop);

    if (rc == 0) rc = make_fleet(engine, problems);
    if (rc == 0) rc = make_chooser(engine);
    if (rc == 0) {
        rc = tk_timer_new(engine->loop, timer_fired, engine, &engine->timer);
    }
    if (rc == 0) {
        rc = tk_recording_become(&engine->flights.recording,
                                 &engine->config->record, engine->loop,
                                 problems);
    }
    if (rc != 0) return rc;
    read_wall(engine);
    engine->flights.fleet = engine->fleet;
    engine->flights.config = engine->config;
    engine->flights.changed = flight_changed;
    engine->flights.data = engine;
    start_ticks(engine);
    return 0;
}

int tk_engine_new(struct tk_loop *loop, const struct tk_engine_options *options,
                  struct tk_problems *problems, struct tk_engine **out)
{
    struct tk_engine *engine = calloc(1, sizeof *engine);
    int rc;

    if (engine == NULL) return TK_ENOMEM;
    engine->loop = loop;
    engine->options = *options;
    if (options->policy_file != NULL) {
        engine->policy_file = strdup(options->policy_file);
    }
    engine->armed_for = TK_NEVER;
    engine->wait_until = TK_NEVER;
    engine->started_at = tk_loop_now(loop);
    tk_list_init(&engine->flights.all);
    engine->config = tk_config_load(options->config_path, NULL,
                                    options->policy_file, problems);
    rc = engine->config == NULL ? TK_EINVAL : set_up(engine, problems);
    if (options->policy_file != NULL && engine->policy_file == NULL) {
        rc = TK_ENOMEM;
    }
    if (rc != 0) {
        tk_engine_free(engine);
        return rc;
    }
    *out = engine;
    return 0;
}

void tk_engine_start(struct tk_engine *engine)
{
    tk_shared_publish(engine->shared, engine->fleet, moments_changed, engine);
    tk_adopt_kept(engine->fleet, engine->config, tk_engine_now(engine));
    moments_changed(engine);
    arm(engine, tk_engine_now(engine));
}

static bool is_accepted(struct tk_engine *engine,
                        const struct tk_config *config,
                        struct tk_problems *problems)
{
    struct tk_recording **recording = &engine->flights.recording;

    if (!tk_adopt_judge(engine->fleet, config, problems) ||
        tk_shared_prepare(engine->shared, config, problems) != 0 ||
        tk_recording_become(recording, &config->record, engine->loop,
                            problems) != 0) {
        return false;
    }
    /* Last: what it opens stays. */
    if (engine->options.accept == NULL ||
        engine->options.accept(config, problems, engine->options.data) == 0) {
        return true;
    }
    tk_recording_become(recording, &engine->config->record, engine->loop,
                        problems);
    return false;
}

int tk_engine_reload(struct tk_engine *engine, struct tk_problems *problems)
{
    int64_t now = tk_engine_now(engine);
    struct tk_retired *retired = tk_retired_new();
    struct tk_config *config;

    if (retired == NULL) return TK_ENOMEM;
    config = tk_config_load(engine->config->path, engine->config,
                            engine->policy_file, problems);
    if (config != NULL && !is_accepted(engine, config, problems)) {
        tk_config_free(config);
        config = NULL;
    }
    if (config == NULL) {
        free(retired);
        return TK_EINVAL;
    }
    tk_chooser_adopt(engine->chooser, config);
    tk_adopt(engine->fleet, engine->config, config, now, tk_flight_drop,
             &engine->flights);
    tk_shared_adopt(engine->shared, config);
    tk_retired_push(&engine->retired, retired, engine->config);
    engine->config = config;
    engine->flights.config = config;
    engine->review_at = now;
    start_ticks(engine);
    tk_adopt_kept(engine->fleet, config, now);
    tk_retired_free(&engine->retired, false);
    moments_changed(engine);
    return 0;
}

void tk_engine_stop(struct tk_engine *engine)
{
    int64_t now = tk_engine_now(engine);

    engine->is_stopping = true;
    tk_timer_set(engine->timer, TK_NEVER);
    tk_flights_fini(&engine->flights);
    for (uint32_t i = 0; i < tk_fleet_count(engine->fleet); i++) {
        tk_wait_settle(engine->fleet, tk_fleet_at(engine->fleet, i),
                       TK_REFUSAL_STOPPING, now);
    }
}

void tk_engine_free(struct tk_engine *engine)
{
    if (engine == NULL) return;
    tk_flights_fini(&engine->flights);
    if (engine->timer != NULL) tk_timer_free(engine->timer);
    tk_recording_close(engine->flights.recording);
    tk_chooser_free(engine->chooser);
    tk_fleet_free(engine->fleet);
    tk_shared_free(engine->shared);
    tk_retired_free(&engine->retired, true);
    tk_config_free(engine->config);
    free(engine->policy_file);
    free(engine);
}

const struct tk_config *tk_engine_config(const struct tk_engine *engine)
{
    return engine->config;
}

struct tk_chooser *tk_engine_chooser(struct tk_engine *engine)
{
    return engine->chooser;
}

struct tk_fleet *tk_engine_fleet(struct tk_engine *engine)
{
    return engine->fleet;
}

int64_t tk_engine_uptime_ms(const struct tk_engine *engine)
{
    return tk_engine_now(engine) - engine->started_at;
}

uint64_t tk_engine_rows_lost(const struct tk_engine *engine)
{
    return tk_recording_lost(engine->flights.recording);
}

bool tk_engine_is_ready(struct tk_engine *engine)
{
    int64_t now = tk_engine_now(engine);

    for (uint32_t i = 0; i < tk_fleet_count(engine->fleet); i++) {
        struct tk_entry *entry = tk_fleet_at(engine->fleet, i);

        if (entry->is_kept && !tk_entry_has_token(entry, now)) return false;
    }
    return true;
}

/* --- what callers ask --- */

bool tk_engine_get(struct tk_engine *engine, struct tk_entry *entry,
                   const struct tk_want *want, struct tk_got *got)
{
    bool answered =
        tk_caller_get(engine->fleet, entry, want, tk_engine_now(engine), got);

    moments_changed(engine);
    return answered;
}

void tk_engine_wait(struct tk_engine *engine, struct tk_wait *wait)
{
    int64_t now = tk_engine_now(engine);

    engine->wait_until = sooner(engine->wait_until, now + wait->want.wait_ms);
    tk_caller_wait(engine->fleet, wait, TK_URGENCY_PLANNED, now);
    moments_changed(engine);
}

enum tk_verdict tk_engine_reject(struct tk_engine *engine,
                                 struct tk_entry *entry, uint64_t generation,
                                 struct tk_str token)
{
    enum tk_verdict verdict = tk_caller_reject(engine->fleet, entry, generation,
                                               token, tk_engine_now(engine));

    moments_changed(engine);
    return verdict;
}

enum tk_verdict tk_engine_refresh(struct tk_engine *engine,
                                  struct tk_entry *entry)
{
    enum tk_verdict verdict =
        tk_caller_refresh(engine->fleet, entry, tk_engine_now(engine));

    moments_changed(engine);
    return verdict;
}

void tk_engine_drop(struct tk_engine *engine, struct tk_entry *entry)
{
    tk_caller_drop(engine->fleet, entry, tk_engine_now(engine));
    moments_changed(engine);
}

int tk_engine_pause(struct tk_engine *engine, struct tk_str name,
                    bool is_paused, struct tk_why *why)
{
    struct tk_source *source = tk_config_source(engine->config, name);
    int64_t now = tk_engine_now(engine);

    if (source == NULL) {
        return tk_fail(why, TK_ENOENT, "there is no source %.*s", TK_ARG(name));
    }
    if (is_paused) {
        tk_caller_pause(engine->fleet, source, now);
    } else {
        tk_caller_resume(engine->fleet, source, now);
    }
    moments_changed(engine);
    return 0;
}
