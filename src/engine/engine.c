#define _DEFAULT_SOURCE
#include "engine/engine.h"

#include "base/log.h"
#include "engine/adopt.h"
#include "engine/feasibility.h"
#include "engine/flight.h"
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

/* A configuration that was replaced lives on while refreshes that were started
 * under it are on their way. */
struct retired {
    struct retired *next;
    struct tk_config *config;
};

/* Owned by whoever called tk_engine_new. */
struct tk_engine {
    struct tk_loop *loop;
    struct tk_timer *timer;
    struct tk_config *config;
    struct retired *retired;
    struct tk_shared *shared; /* NULL: nobody shares the table */
    struct tk_fleet *fleet;
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

static void free_retired(struct tk_engine *engine, bool also_busy)
{
    struct retired **at = &engine->retired;

    while (*at != NULL) {
        struct retired *retired = *at;

        if (!also_busy && tk_config_is_busy(retired->config)) {
            at = &retired->next;
            continue;
        }
        *at = retired->next;
        tk_config_free(retired->config);
        free(retired);
    }
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
    free_retired(engine, false);
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
        .port = {fetch, engine, clock_us},
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

static int set_up(struct tk_engine *engine, struct tk_problems *problems)
{
    int rc = tk_flights_init(&engine->flights, engine->loop);

    if (rc == 0) rc = make_fleet(engine, problems);
    if (rc == 0) {
        rc = tk_timer_new(engine->loop, timer_fired, engine, &engine->timer);
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

static bool is_accepted(const struct tk_engine *engine,
                        const struct tk_config *config,
                        struct tk_problems *problems)
{
    if (!tk_adopt_judge(engine->fleet, config, problems) ||
        tk_shared_prepare(engine->shared, config, problems) != 0) {
        return false;
    }
    /* Last: what it opens stays. */
    return engine->options.accept == NULL ||
           engine->options.accept(config, problems, engine->options.data) == 0;
}

int tk_engine_reload(struct tk_engine *engine, struct tk_problems *problems)
{
    int64_t now = tk_engine_now(engine);
    struct retired *retired = calloc(1, sizeof *retired);
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
    tk_adopt(engine->fleet, engine->config, config, now, tk_flight_drop,
             &engine->flights);
    tk_shared_adopt(engine->shared, config);
    *retired = (struct retired){engine->retired, engine->config};
    engine->retired = retired;
    engine->config = config;
    engine->flights.config = config;
    engine->review_at = now;
    start_ticks(engine);
    tk_adopt_kept(engine->fleet, config, now);
    free_retired(engine, false);
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
    tk_fleet_free(engine->fleet);
    tk_shared_free(engine->shared);
    free_retired(engine, true);
    tk_config_free(engine->config);
    free(engine->policy_file);
    free(engine);
}

const struct tk_config *tk_engine_config(const struct tk_engine *engine)
{
    return engine->config;
}

struct tk_fleet *tk_engine_fleet(struct tk_engine *engine)
{
    return engine->fleet;
}

int64_t tk_engine_uptime_ms(const struct tk_engine *engine)
{
    return tk_engine_now(engine) - engine->started_at;
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

static struct tk_source *source_of(struct tk_engine *engine,
                                   const struct tk_key *key, struct tk_why *why)
{
    struct tk_source *source = tk_config_source(engine->config, key->source);

    if (source == NULL) {
        tk_fail(why, TK_ENOENT, "there is no source %.*s", TK_ARG(key->source));
    }
    return source;
}

/* Has its issuer refused the key a short while ago? */
static bool was_refused(const struct tk_engine *engine,
                        const struct tk_source *source,
                        const struct tk_key *key, struct tk_why *why)
{
    int64_t now = tk_engine_now(engine);
    const struct tk_unknown *unknown =
        tk_unknown_find(tk_fleet_unknowns(engine->fleet), key->text, now);

    if (unknown == NULL || tk_source_keeps(source, key)) return false;
    tk_fail(why, TK_EREFUSED,
            "the issuer of source %s has refused this key (%s); it is asked "
            "again in %lld s at the earliest",
            source->name, unknown->code,
            (long long)(unknown->until - now + 999) / 1000);
    return true;
}

int tk_engine_claim(struct tk_engine *engine, struct tk_str text,
                    struct tk_entry **out, struct tk_why *why)
{
    struct tk_source *source;
    struct tk_key key;
    int rc;

    *out = tk_fleet_find(engine->fleet, text);
    if (*out != NULL) return 0;
    rc = tk_key_parse(text, &key, why);
    if (rc != 0) return rc;
    source = source_of(engine, &key, why);
    if (source == NULL) return TK_ENOENT;
    if (was_refused(engine, source, &key, why)) return TK_EREFUSED;
    return tk_fleet_claim(engine->fleet, source, &key, out, why);
}

struct tk_entry *tk_engine_find(struct tk_engine *engine, struct tk_str text,
                                struct tk_why *why)
{
    struct tk_entry *entry = tk_fleet_find(engine->fleet, text);
    struct tk_key key;

    const struct tk_source *source = NULL;

    if (entry != NULL) return entry;
    if (tk_key_parse(text, &key, why) == 0) {
        source = source_of(engine, &key, why);
    }
    if (source != NULL && !was_refused(engine, source, &key, why)) {
        tk_fail(why, TK_ENOENT,
                "the key is not there: nobody has asked for it");
    }
    return NULL;
}

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
