/* tests/unit/engine/fixture.h - a fleet without loop, Lua and issuer: time is
 * a number that the test holds, and refreshes are what the test lands.
 */
#ifndef TK_TESTS_UNIT_ENGINE_FIXTURE_H
#define TK_TESTS_UNIT_ENGINE_FIXTURE_H

#include "tests/unit/harness.h"

#include "base/log.h"
#include "engine/caller.h"

#include <stdio.h>
#include <stdlib.h>

/* Any moment will do, but 0 means "never" in places. */
#define START  INT64_C(1000000)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define LIFE   (7200 * SECOND)

struct fixture {
    struct tk_fleet *fleet;
    struct tk_source source;
    struct tk_policy policy; /* the built-in rule */
    int64_t now;
    int64_t clock_us; /* as the fleet reads it, */
    int64_t work_us;  /* and how much further it is at each reading */
    int fetches;
    int fetch_fails;       /* the port refuses this many times */
    int dropped;           /* flights that a reload has ended */
    struct tk_entry *last; /* that was fetched */
    /* Of the last answer to a waiting caller. */
    int answers;
    enum tk_refusal refusal;
    uint64_t generation;
    char token[64];
};

static int fixture_fetch(struct tk_entry *entry, int64_t now, void *data)
{
    struct fixture *f = data;

    (void)now;
    if (f->fetch_fails > 0) {
        f->fetch_fails--;
        return TK_ENOMEM;
    }
    f->fetches++;
    f->last = entry;
    entry->flight = f;
    return 0;
}

static int64_t fixture_clock(void *data)
{
    struct fixture *f = data;

    return f->clock_us += f->work_us;
}

static inline int fixture_set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct tk_fleet_options options = {
        .max_keys = 512,
        .mean_bytes = 256,
        .node = TK_STR("test"),
        .port = {.fetch = fixture_fetch, .data = f, .clock_us = fixture_clock},
    };

    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    f->now = START;
    f->policy.check_interval_ms = 30 * SECOND;
    f->policy.epoch = START;
    f->source = (struct tk_source){
        .name = "crm",
        .provider = "test",
        .kinds = {{.name = "client",
                   .overlap_is_own_life = true,
                   .subjects = TK_SUBJECT_ANY}},
        .kind_count = 1,
        .max_keys = 50,
        .max_concurrent = 3,
        .forget_ms = 24 * 3600 * SECOND,
    };
    tk_list_init(&f->policy.sources);
    tk_list_init(&f->policy.of_ticks);
    f->policy.holders = 1;
    tk_source_choose(&f->source, &f->policy);
    if (tk_fleet_new(&options, &f->fleet) != 0) return -1;
    *state = f;
    return 0;
}

static inline int fixture_tear_down(void **state)
{
    struct fixture *f = *state;

    tk_fleet_free(f->fleet);
    free(f->policy.round);
    tk_queue_fini(&f->source.queue);
    tk_queue_fini(&f->source.newcomers);
    free(f);
    return 0;
}

static inline struct tk_entry *claim(struct fixture *f, const char *text)
{
    struct tk_entry *entry = NULL;
    struct tk_key key;
    struct tk_why why;

    assert_int_equal(tk_key_parse(tk_str(text), &key, &why), 0);
    assert_int_equal(tk_fleet_claim(f->fleet, &f->source, &key, &entry, &why),
                     0);
    return entry;
}

/* The answer takes 100 ms to arrive. */
static inline void land_token(struct fixture *f, struct tk_entry *entry,
                              const char *token, int64_t life_ms)
{
    struct tk_answer answer = {
        .order = entry->commits,
        .secret = entry->source->secrets.version,
        .is_token = true,
        .token = tk_str(token),
        .life_ms = life_ms,
        .sent_at = f->now,
        .received_at = f->now + 100,
        .reach = TK_REACH_ANSWERED,
    };

    assert_non_null(entry->flight);
    f->now += 100;
    tk_refresh_land(f->fleet, entry, entry->source, &answer, f->now);
}

static inline void land_failure(struct fixture *f, struct tk_entry *entry,
                                enum tk_class class, int64_t retry_after_ms)
{
    struct tk_answer answer = {.order = entry->commits,
                               .secret = entry->source->secrets.version,
                               .class = class,
                               .code = "broken",
                               .retry_after_ms = retry_after_ms};

    assert_non_null(entry->flight);
    tk_refresh_land(f->fleet, entry, entry->source, &answer, f->now);
}

/* A key with a fresh token. */
static inline struct tk_entry *fresh(struct fixture *f, const char *key,
                                     const char *token, int64_t life_ms)
{
    struct tk_entry *entry = claim(f, key);

    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    land_token(f, entry, token, life_ms);
    return entry;
}

static inline void fixture_answered(const struct tk_got *got, void *data)
{
    struct fixture *f = data;

    f->answers++;
    f->refusal = got->refusal;
    f->generation = got->generation;
    snprintf(f->token, sizeof f->token, "%.*s", TK_ARG(got->token));
}

static inline void wait_for(struct fixture *f, struct tk_wait *wait,
                            struct tk_entry *entry, struct tk_want want)
{
    *wait = (struct tk_wait){
        .entry = entry, .want = want, .done = fixture_answered, .data = f};
    tk_caller_wait(f->fleet, wait, TK_URGENCY_PLANNED, f->now);
}

/* Lets time pass up to `moment`, acting on every moment that is due, until
 * something was fetched. Returns the moment it stopped at. */
static inline int64_t run_until(struct fixture *f, int64_t moment)
{
    int fetches = f->fetches;

    while (f->fetches == fetches && tk_fleet_earliest(f->fleet) <= moment) {
        if (tk_fleet_earliest(f->fleet) > f->now) {
            f->now = tk_fleet_earliest(f->fleet);
        }
        tk_refresh_run_due(f->fleet, f->now);
    }
    if (f->fetches == fetches && f->now < moment) f->now = moment;
    return f->now;
}

static inline uint64_t generation_of(struct fixture *f, struct tk_entry *entry)
{
    struct tk_record record;

    tk_fleet_read(f->fleet, entry, &record);
    return record.generation;
}

#define WITH_FLEET(test)                                                       \
    cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

#endif
