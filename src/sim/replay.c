#include "sim/replay.h"

#include "engine/caller.h"
#include "engine/tick.h"
#include "sim/book.h"
#include "sim/sources.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    /* As long as the engine lets a caller wait who does not say. */
    WAIT_MS = 5000,
    TOKEN_TEXT = 16,
    MEAN_BYTES = 128,
    CALLERS_MAX_BYTES = 256 * 1024 * 1024,
    PROGRESS_EVERY = 4096, /* uses */
    /* As often as the engine looks at what is due. With very many keys more
     * seldom: a look is a scan, and traces have whole seconds. */
    GRAIN_MS = 5,
    COARSE_GRAIN_MS = 1000,
    MANY_KEYS = 10000,
};

/* Moments of the fleet begin here, a whole number of weeks, as 0 means "never"
 * to it. */
#define START_MS (INT64_C(4) * 7 * 24 * 3600 * 1000)
/* A trace begins on a Monday, as 5 January 1970 was, whose UTC is its local
 * time. */
#define MONDAY_MS (INT64_C(4) * 24 * 3600 * 1000)

struct flight {
    struct tk_queued queued; /* rank: when it lands */
    struct tk_source *place;
    struct tk_reply reply;
    int64_t sent_at;
    uint32_t order;
    uint32_t key;
    uint32_t secret;
    struct tk_entry *entry;
};

struct caller {
    struct tk_wait wait;
    struct replay *replay;
    struct caller *next; /* that is free */
    int64_t came_at;
    uint32_t key;
};

/* Owned by tk_replay. Moments are the fleet's. */
struct replay {
    const struct tk_replay_options *options;
    const struct tk_trace *trace;
    struct tk_why *why;
    struct tk_fleet *fleet;
    struct tk_sim_sources sources;
    struct tk_sim_issuer issuer;
    struct tk_book book;
    uint32_t *by_slot; /* of the fleet's table: the number of the key */
    struct tk_queue flights;
    struct caller *free_callers;
    struct tk_pool pool; /* of callers */
    int64_t now;
    int64_t wait_until; /* no caller's deadline is before it */
    int64_t last_look;
    int failed; /* the first error of a callback */
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void note(struct replay *r, int rc)
{
    if (r->failed == 0) r->failed = rc;
}

/* --- the issuer --- */

/* The fleet's port. */
static int fetch(struct tk_entry *entry, int64_t now, void *data)
{
    struct replay *r = data;
    struct flight *flight = calloc(1, sizeof *flight);
    bool is_awaited = entry->wait_count > 0 && !tk_entry_has_token(entry, now);
    int rc;

    if (flight == NULL) return TK_ENOMEM;
    flight->entry = entry;
    flight->place = entry->source;
    flight->order = entry->commits;
    flight->secret = entry->source->secrets.version;
    flight->key = r->by_slot[entry->slot];
    flight->sent_at = now;
    flight->reply = tk_sim_issuer_call(&r->issuer, flight->key, now);
    flight->queued.rank = flight->reply.lands_at;
    rc = tk_queue_push(&r->flights, &flight->queued);
    if (rc != 0) {
        free(flight);
        return rc;
    }
    entry->flight = flight;
    tk_book_call(&r->book, now - START_MS, is_awaited);
    return 0;
}

static struct tk_answer answer_of(const struct flight *flight, char *token)
{
    const struct tk_reply *reply = &flight->reply;
    struct tk_answer answer = {
        .order = flight->order,
        .secret = flight->secret,
        .is_token = reply->number != 0,
        .life_ms = reply->life_ms,
        .sent_at = flight->sent_at,
        .received_at = reply->lands_at,
        .reach = TK_REACH_ANSWERED,
    };

    if (answer.is_token) {
        snprintf(token, TOKEN_TEXT, "t%u", reply->number);
        answer.token = tk_str(token);
    } else if (reply->is_limited) {
        answer.class = TK_CLASS_RATE;
        snprintf(answer.code, sizeof answer.code, "quota");
    } else {
        answer.class = TK_CLASS_TRANSIENT;
        answer.reach = TK_REACH_DOWN;
        snprintf(answer.code, sizeof answer.code, "unanswered");
    }
    return answer;
}

/* `before` is what its source had counted before it landed. */
static void book_landing(struct replay *r, const struct flight *flight,
                         const struct tk_source_stats *before)
{
    const struct tk_source_stats *after = &flight->place->stats;
    int64_t sent_at = flight->sent_at - START_MS;
    int64_t ends_at = flight->entry->life.expires_at;

    if (after->failed != before->failed) {
        tk_book_outcome(&r->book, sent_at, TK_BOOK_FAILED);
    }
    if (after->unchanged + after->early != before->unchanged + before->early) {
        tk_book_outcome(&r->book, sent_at, TK_BOOK_NO_OP);
    }
    if (after->renewed != before->renewed) {
        ends_at = sooner(ends_at, tk_sim_issuer_ends(&r->issuer, flight->key));
        note(r, tk_book_token(&r->book, flight->key, r->now - START_MS,
                              ends_at - START_MS));
    }
}

static void land(struct replay *r, struct flight *flight)
{
    struct tk_source_stats before = flight->place->stats;
    char token[TOKEN_TEXT];
    struct tk_answer answer = answer_of(flight, token);

    tk_queue_drop(&flight->queued);
    tk_refresh_land(r->fleet, flight->entry, flight->place, &answer, r->now);
    book_landing(r, flight, &before);
    free(flight);
}

static struct flight *first_flight(const struct replay *r)
{
    struct tk_queued *first = tk_queue_first(&r->flights);

    return first == NULL ? NULL : TK_LIST_ITEM(first, struct flight, queued);
}

static void land_all(struct replay *r)
{
    while (tk_queue_first_rank(&r->flights) <= r->now) {
        land(r, first_flight(r));
        /* Of a crowd only the first are answered by the landing. */
        if (!tk_list_is_empty(tk_fleet_waits(r->fleet))) {
            r->wait_until = r->now;
        }
    }
}

/* --- callers --- */

static void was_answered(const struct tk_got *got, void *data)
{
    struct caller *caller = data;
    struct replay *r = caller->replay;

    if (got->refusal != TK_REFUSAL_NONE) {
        tk_book_denied(&r->book, caller->key, caller->came_at - START_MS);
    }
    caller->next = r->free_callers;
    r->free_callers = caller;
}

static void wait_for(struct replay *r, struct tk_entry *entry, uint32_t key,
                     const struct tk_want *want)
{
    struct caller *caller = r->free_callers;

    if (caller == NULL) {
        caller = tk_pool_take(&r->pool, sizeof *caller);
    } else {
        r->free_callers = caller->next;
    }
    if (caller == NULL) {
        note(r, TK_ENOMEM);
        return;
    }
    *caller = (struct caller){.replay = r, .came_at = r->now, .key = key};
    caller->wait = (struct tk_wait){
        .entry = entry, .want = *want, .done = was_answered, .data = caller};
    r->wait_until = sooner(r->wait_until, r->now + want->wait_ms);
    tk_caller_wait(r->fleet, &caller->wait, TK_URGENCY_PLANNED, r->now);
}

/* The API refuses a token that the engine takes for good: the caller says so
 * and waits for the next. */
static bool is_refused_by_api(struct replay *r, struct tk_entry *entry,
                              uint32_t key, const struct tk_got *got)
{
    if (tk_sim_issuer_takes(&r->issuer, key, r->now)) return false;
    (void)tk_caller_reject(r->fleet, entry, got->generation,
                           (struct tk_str){NULL, 0}, r->now);
    return true;
}

static int use(struct replay *r, uint32_t key)
{
    struct tk_want want = {.wait_ms = WAIT_MS};
    struct tk_got got = {0};
    struct tk_entry *entry;
    bool is_denied, must_wait;
    int rc = tk_sim_sources_claim(&r->sources, r->fleet, key, &entry, r->why);

    if (rc != 0) return rc;
    r->by_slot[entry->slot] = key;
    /* What acts by the clock alone does not care whether anybody asks. */
    entry->is_kept = r->options->step_ms > 0;
    must_wait = !tk_caller_get(r->fleet, entry, &want, r->now, &got);
    is_denied = !must_wait && got.refusal != TK_REFUSAL_NONE;
    if (!must_wait && !is_denied && is_refused_by_api(r, entry, key, &got)) {
        want.newer_than = got.generation;
        must_wait = true;
    }
    tk_book_use(&r->book, key, r->now - START_MS, must_wait || is_denied);
    if (is_denied) tk_book_denied(&r->book, key, r->now - START_MS);
    if (must_wait) wait_for(r, entry, key, &want);
    return r->failed;
}

/* --- time --- */

/* When the fleet is looked at next. */
static int64_t look_at(const struct replay *r)
{
    int64_t grain =
        r->trace->key_count > MANY_KEYS ? COARSE_GRAIN_MS : GRAIN_MS;
    int64_t step = r->options->step_ms;
    int64_t at = tk_fleet_earliest(r->fleet);

    if (at == TK_NEVER) return TK_NEVER;
    /* One look acts on so many keys; the rest was due then, too. */
    if (step == 0 || at <= r->last_look) return later(at, r->last_look + grain);
    return START_MS + (at - START_MS + step - 1) / step * step;
}

static int64_t next_moment(const struct replay *r)
{
    int64_t next = sooner(look_at(r), r->wait_until);

    return sooner(next, tk_queue_first_rank(&r->flights));
}

static void act(struct replay *r)
{
    land_all(r);
    if (r->wait_until <= r->now) {
        r->wait_until = tk_wait_expire(r->fleet, r->now);
    }
    if (look_at(r) <= r->now) {
        r->last_look = r->now;
        tk_refresh_run_due(r->fleet, r->now);
    }
}

static void pass(struct replay *r, int64_t until)
{
    int64_t next;

    while ((next = next_moment(r)) <= until && r->failed == 0) {
        r->now = later(r->now, next);
        act(r);
    }
    r->now = until;
}

static void tell_progress(const struct replay *r, size_t done)
{
    if (r->options->progress == NULL || done % PROGRESS_EVERY != 0) return;
    r->options->progress((double)done / (double)r->trace->use_count,
                         r->options->data);
}

static int run(struct replay *r)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->trace->use_count; i++) {
        pass(r, START_MS + r->trace->uses[i].at_ms);
        rc = r->failed != 0 ? r->failed : use(r, r->trace->uses[i].key);
        tell_progress(r, i);
    }
    /* The last callers get their answers, too. */
    if (rc == 0) {
        pass(r, r->now + WAIT_MS);
        rc = r->failed;
    }
    return rc == 0 ? tk_book_close(&r->book) : rc;
}

/* --- a run --- */

static int make_fleet(struct replay *r)
{
    struct tk_fleet_options options = {
        .max_keys = r->trace->key_count + 16,
        .mean_bytes = MEAN_BYTES,
        .node = TK_STR("simulator"),
        .port = {.fetch = fetch, .data = r},
    };
    int rc = tk_fleet_new(&options, &r->fleet);

    if (rc != 0) return rc;
    tk_fleet_set_wall(r->fleet, MONDAY_MS - START_MS);
    r->by_slot = calloc(tk_table_slots(options.max_keys), sizeof *r->by_slot);
    return r->by_slot == NULL ? TK_ENOMEM : 0;
}

static int set_up(struct replay *r, struct tk_tally *tally)
{
    const struct tk_replay_options *options = r->options;
    int rc =
        tk_book_init(&r->book, tally, r->trace->key_count,
                     r->trace->begin_ms + options->learn_ms, r->trace->end_ms);

    r->book.show_key = options->show_key;
    if (rc == 0) {
        rc = tk_sim_issuer_init(&r->issuer, options->terms, r->trace);
    }
    if (rc == 0) {
        rc = tk_sim_sources_init(&r->sources, r->trace, options->terms,
                                 options->policy, r->why);
    }
    if (rc == 0) rc = make_fleet(r);
    if (rc == 0) tk_tick_start(r->fleet, options->policy, START_MS);
    return rc;
}

static void tear_down(struct replay *r)
{
    struct tk_link *waits = r->fleet == NULL ? NULL : tk_fleet_waits(r->fleet);
    struct flight *flight;

    while (waits != NULL && !tk_list_is_empty(waits)) {
        tk_wait_leave(TK_LIST_ITEM(waits->next, struct tk_wait, of_fleet));
    }
    while ((flight = first_flight(r)) != NULL) {
        tk_queue_drop(&flight->queued);
        free(flight);
    }
    tk_queue_fini(&r->flights);
    tk_fleet_free(r->fleet);
    tk_sim_sources_fini(&r->sources);
    tk_sim_issuer_fini(&r->issuer);
    tk_book_fini(&r->book);
    tk_pool_fini(&r->pool);
    free(r->by_slot);
}

static void note_policy(const struct tk_policy *policy, struct tk_tally *out)
{
    out->asked = policy->decide.calls;
    out->troubles = policy->decide.failures + policy->learn.failures +
                    policy->tick.failures;
    if (out->troubles == 0) return;
    snprintf(out->trouble, sizeof out->trouble, "%s",
             policy->last_failure.text);
}

int tk_replay(const struct tk_replay_options *options, struct tk_tally *out,
              struct tk_why *why)
{
    struct replay r = {
        .options = options,
        .trace = options->trace,
        .why = why,
        .now = START_MS,
        .wait_until = TK_NEVER,
    };
    int rc;

    *why = (struct tk_why){0};
    tk_pool_init(&r.pool, CALLERS_MAX_BYTES);
    rc = set_up(&r, out);
    if (rc == 0) rc = run(&r);
    note_policy(options->policy, out);
    tear_down(&r);
    if (rc != 0 && why->text[0] == '\0') {
        return tk_fail(why, rc, "the simulation: %s", tk_err_text(rc));
    }
    return rc;
}
