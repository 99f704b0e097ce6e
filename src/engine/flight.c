#include "engine/flight.h"

#include "base/log.h"
#include "engine/caller.h"
#include "engine/veil.h"

#include <stdio.h>
#include <stdlib.h>

/* Owned by the flights; ends when its task does. */
struct flight {
    struct tk_link link;
    struct tk_flights *flights;
    struct tk_entry *entry;
    struct tk_source *place; /* the source it was started for */
    uint32_t order;          /* entry->commits then */
    uint32_t secret;         /* the version of the secrets then */
    struct tk_task *task;
    struct tk_task_host host;
    int64_t deadline;
    uint32_t calls; /* HTTP requests it has made */
    /* engine.token: the other key this task waits for. */
    struct tk_wait wait;
    bool is_waiting;
    /* ... or its answer, on the way to the next turn. */
    struct handover *handover;
};

/* The answer to engine.token must not come from inside the call, so it goes
 * through the loop. Owned by its flight. */
struct handover {
    struct flight *flight;
    struct tk_buf token;
    enum tk_class class;
    char code[TK_CODE_TEXT];
    bool is_token;
};

static void free_handover(struct handover *handover)
{
    tk_buf_fini(&handover->token);
    free(handover);
}

int tk_flights_init(struct tk_flights *flights, struct tk_loop *loop)
{
    tk_list_init(&flights->all);
    flights->loop = loop;
    return tk_client_new(loop, &flights->client);
}

static void end(struct flight *flight)
{
    if (flight->is_waiting) tk_wait_leave(&flight->wait);
    if (flight->handover != NULL) {
        tk_loop_undefer(flight->flights->loop, flight->handover);
        free_handover(flight->handover);
    }
    tk_list_drop(&flight->link);
    free(flight);
}

void tk_flights_fini(struct tk_flights *flights)
{
    while (!tk_list_is_empty(&flights->all)) {
        struct flight *flight =
            TK_LIST_ITEM(flights->all.next, struct flight, link);

        flight->entry->flight = NULL;
        flight->place->active--;
        tk_task_drop(flight->task);
        end(flight);
    }
    if (flights->client != NULL) tk_client_free(flights->client);
    flights->client = NULL;
}

/* --- engine.token --- */

static void hand_over(void *data)
{
    struct handover *handover = data;
    struct tk_str none = {NULL, 0};

    handover->flight->handover = NULL;
    tk_task_give_token(handover->flight->task,
                       handover->is_token ? tk_buf_str(&handover->token) : none,
                       tk_class_name(handover->class), handover->code);
    free_handover(handover);
}

static void fill_handover(struct handover *handover, const struct tk_got *got)
{
    const struct tk_failure *failure = got->entry->failure;

    handover->is_token = got->refusal == TK_REFUSAL_NONE &&
                         tk_buf_put_str(&handover->token, got->token) == 0;
    handover->class = failure == NULL ? TK_CLASS_TRANSIENT : failure->class;
    snprintf(handover->code, sizeof handover->code, "%s",
             failure == NULL ? tk_refusal_name(got->refusal) : failure->code);
}

static int send_over(struct flight *flight, const struct tk_got *got)
{
    struct handover *handover = calloc(1, sizeof *handover);

    if (handover == NULL) return TK_ENOMEM;
    tk_buf_init(&handover->token, TK_TOKEN_MAX);
    fill_handover(handover, got);
    if (tk_loop_defer(flight->flights->loop, hand_over, handover) != 0) {
        free_handover(handover);
        return TK_ENOMEM;
    }
    handover->flight = flight;
    flight->handover = handover;
    return 0;
}

/* Without memory for the answer the task stays until it is cut off. */
static void other_landed(const struct tk_got *got, void *data)
{
    struct flight *flight = data;

    flight->is_waiting = false;
    if (send_over(flight, got) != 0) {
        tk_log(TK_LOG_ERROR, "no memory to hand a token over",
               tk_view("key", tk_entry_text(flight->entry)));
    }
}

static int find_other(struct flight *flight, struct tk_str kind,
                      struct tk_str subject, struct tk_entry **out)
{
    struct tk_flights *flights = flight->flights;
    struct tk_str name = tk_entry_key(flight->entry).source;
    struct tk_source *source = tk_config_source(flights->config, name);
    char text[TK_KEY_MAX + 2];
    struct tk_key key;
    int len =
        snprintf(text, sizeof text, "%.*s/%.*s%s%.*s", TK_ARG(name),
                 TK_ARG(kind), subject.len > 0 ? "/" : "", TK_ARG(subject));
    int rc;

    if (len < 0 || len >= (int)sizeof text || source == NULL) return TK_EINVAL;
    rc = tk_key_parse(tk_str_of(text, (size_t)len), &key, NULL);
    if (rc == 0) rc = tk_fleet_claim(flights->fleet, source, &key, out, NULL);
    /* Its own key would wait for itself. */
    return rc == 0 && *out == flight->entry ? TK_EINVAL : rc;
}

static int want_other(struct tk_task *task, struct tk_str kind,
                      struct tk_str subject, void *data)
{
    struct flight *flight = data;
    struct tk_flights *flights = flight->flights;
    int64_t now = tk_loop_now(flights->loop);
    struct tk_want want = {.wait_ms = TK_FLIGHT_MAX_MS / 2};
    struct tk_entry *other;
    struct tk_got got;
    int rc;

    (void)task;
    if (flight->is_waiting || flight->handover != NULL) return TK_EBUSY;
    rc = find_other(flight, kind, subject, &other);
    if (rc != 0) return rc;
    if (tk_caller_peek(flights->fleet, other, &want, now, &got)) {
        return send_over(flight, &got);
    }
    flight->wait = (struct tk_wait){
        .entry = other, .want = want, .done = other_landed, .data = flight};
    flight->is_waiting = true;
    tk_caller_wait(flights->fleet, &flight->wait, TK_URGENCY_NEEDED, now);
    flights->changed(flights->data);
    return 0;
}

/* The turn has paid for the first. What a provider sends beyond it is not held
 * up, since it may complete what was begun, but the next turns pay for it. */
static void count_call(void *data)
{
    struct flight *flight = data;

    if (flight->calls++ == 0) return;
    tk_budget_take(&flight->entry->source->budget,
                   tk_loop_now(flight->flights->loop));
}

static void log_line(struct tk_str text, void *data)
{
    struct flight *flight = data;
    struct tk_why line;

    snprintf(line.text, sizeof line.text, "%.*s", TK_ARG(text));
    tk_veil(&flight->place->secrets, line.text);
    tk_log(TK_LOG_INFO, "provider says",
           tk_view("key", tk_entry_text(flight->entry)),
           tk_text("text", line.text));
}

/* --- start and landing --- */

static void land(struct flight *flight, struct tk_answer *answer)
{
    struct tk_flights *flights = flight->flights;
    struct tk_entry *entry = flight->entry;
    struct tk_source *place = flight->place;

    int64_t now = tk_loop_now(flights->loop);

    answer->order = flight->order;
    answer->secret = flight->secret;
    tk_recording_landed(flights->recording, flights->fleet, entry, answer,
                        now - (flight->deadline - TK_FLIGHT_MAX_MS), now);
    end(flight);
    tk_refresh_land(flights->fleet, entry, place, answer, now);
    flights->changed(flights->data);
}

static void task_done(const struct tk_task_result *result, void *data)
{
    struct flight *flight = data;
    struct tk_buf attributes;
    struct tk_answer answer;

    tk_buf_init(&attributes, TK_ATTRIBUTES_MAX);
    tk_provider_read(result, &flight->place->secrets, tk_clock_wall_ms(),
                     &attributes, &answer);
    if (answer.is_token && answer.sent_at == 0) {
        /* A token that no request brought lives from now. */
        answer.sent_at = tk_loop_now(flight->flights->loop);
        answer.received_at = answer.sent_at;
    }
    land(flight, &answer);
    tk_buf_fini(&attributes);
}

int tk_flight_start(struct tk_flights *flights, struct tk_entry *entry,
                    int64_t now)
{
    struct flight *flight = malloc(sizeof *flight);
    int rc;

    if (flight == NULL) return TK_ENOMEM;
    *flight = (struct flight){
        .flights = flights,
        .entry = entry,
        .place = entry->source,
        .order = entry->commits,
        .secret = entry->source->secrets.version,
        .deadline = now + TK_FLIGHT_MAX_MS,
    };
    flight->host = (struct tk_task_host){
        .loop = flights->loop,
        .client = flights->client,
        .route = &entry->source->route,
        .token = want_other,
        .sent = count_call,
        .log = log_line,
        .data = flight,
    };
    /* The script runs inside the start and may ask for other tokens, which may
     * ask for this one: it must be seen to be on its way. */
    tk_list_push(&flights->all, &flight->link);
    entry->flight = flight;
    rc = tk_provider_start(entry, &flight->host, task_done, flight,
                           &flight->task);
    if (rc != 0) {
        entry->flight = NULL;
        end(flight);
    }
    return rc;
}

void tk_flight_drop(struct tk_entry *entry, void *data)
{
    struct tk_flights *flights = data;
    struct flight *flight = entry->flight;

    flight->place->active--;
    entry->flight = NULL;
    tk_turn_ended(flights->fleet, entry, flight->place, TK_REACH_UNASKED,
                  tk_loop_now(flights->loop));
    tk_task_drop(flight->task);
    end(flight);
}

int64_t tk_flight_deadline(const struct tk_flights *flights)
{
    if (tk_list_is_empty(&flights->all)) return TK_NEVER;
    return TK_LIST_ITEM(flights->all.next, struct flight, link)->deadline;
}

void tk_flight_expire(struct tk_flights *flights, int64_t now)
{
    while (tk_flight_deadline(flights) <= now) {
        struct tk_answer answer = {.class = TK_CLASS_TRANSIENT,
                                   .code = "provider_timeout"};
        struct flight *flight =
            TK_LIST_ITEM(flights->all.next, struct flight, link);

        if (flight->calls > 0) answer.reach = TK_REACH_DOWN;
        tk_task_drop(flight->task);
        land(flight, &answer);
    }
}
