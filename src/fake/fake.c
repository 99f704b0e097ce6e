#include "fake/fake.h"

#include "base/hash.h"
#include "base/log.h"
#include "fake/control.h"
#include "fake/held.h"
#include "fake/roster.h"

#include <stdlib.h>

enum { HEADERS_MAX = 64, RETRY_AFTER_S = 1 };

/* Owned by the caller of tk_fake_new. */
struct tk_fake {
    struct tk_loop *loop;
    struct tk_server *server;
    struct tk_roster roster;
    struct tk_quota quotas[TK_ROSTER_MAX]; /* of the issuers, by place */
    struct tk_switches switches;
    struct tk_control control;
    struct tk_ledger ledger;
    struct tk_held_list held;
    int64_t started_at;
    uint64_t seed;
    uint64_t calls;
};

/* --- one call --- */

/* The moment of the loop, counted from the start: what scripts and statistics
 * take for the time. */
static int64_t now_ms(const struct tk_fake *fake)
{
    return tk_loop_now(fake->loop) - fake->started_at;
}

/* Owned by ask_issuer, on its stack. */
struct header_list {
    struct tk_http_header items[HEADERS_MAX];
    size_t count;
};

static void add_header(struct tk_http_header header, void *data)
{
    struct header_list *list = data;

    if (list->count < HEADERS_MAX) list->items[list->count++] = header;
}

static void answer_text(struct tk_issuer_answer *answer, int status,
                        const char *text)
{
    *answer = (struct tk_issuer_answer){
        .status = status, .body = tk_str(text), .remaining_ms = -1};
}

static void ask_issuer(struct tk_fake *fake, size_t index, struct tk_held *held,
                       enum tk_fault fault, int64_t retry_after_s)
{
    struct header_list headers = {.count = 0};
    struct tk_issuer_call call = {
        .method = tk_request_method(held->request),
        .path = tk_request_path(held->request),
        .body = tk_request_body(held->request),
        .fault = tk_fault_name(fault),
        .retry_after_s = retry_after_s,
    };
    struct tk_why why;

    tk_request_each_header(held->request, add_header, &headers);
    call.headers = headers.items;
    call.header_count = headers.count;
    if (tk_issuer_ask(fake->roster.issuers[index], &call,
                      (double)now_ms(fake) / 1000, &held->pool, &held->answer,
                      &why) == 0) {
        return;
    }
    tk_log(TK_LOG_ERROR, "fake issuer failed", tk_text("why", why.text));
    answer_text(&held->answer, 500, "the script failed; see the log\n");
    held->answer.result = TK_STR("script_failed");
}

/* Fills the answer; a fault below the issuer's words is made here. */
static void decide(struct tk_fake *fake, size_t index, struct tk_held *held,
                   enum tk_fault fault, int64_t retry_after_s)
{
    switch (fault) {
    case TK_FAULT_ERROR:
        answer_text(&held->answer, 500, "internal error\n");
        break;
    case TK_FAULT_EMPTY:
        answer_text(&held->answer, 200, "");
        break;
    case TK_FAULT_GARBAGE:
        answer_text(&held->answer, 200, "{\"code\":0,\"acc<html>\xff\x01");
        break;
    case TK_FAULT_503:
    case TK_FAULT_HANG:
        answer_text(&held->answer, 503, "no server is available\n");
        break;
    case TK_FAULT_NONE:
    case TK_FAULT_LIMIT:
    case TK_FAULT_OK_ERROR:
        ask_issuer(fake, index, held, fault, retry_after_s);
        return;
    }
    held->answer.result = tk_str(tk_fault_name(fault));
}

static void note(struct tk_fake *fake, const struct tk_held *held)
{
    struct tk_ledger_call call = {
        .issuer = held->issuer,
        .path = tk_request_path(held->request),
        .client = held->answer.client,
        .kind = held->answer.kind,
        .result = held->answer.result,
        .remaining_ms = held->answer.remaining_ms,
        .at_ms = now_ms(fake),
    };

    tk_ledger_enter(&fake->ledger, held->issuer);
    tk_ledger_note(&fake->ledger, &call);
}

static enum tk_fault draw_fault(struct tk_fake *fake, size_t index,
                                int64_t *retry_after_s)
{
    enum tk_fault fault =
        tk_fault_draw(&fake->switches, fake->seed, fake->calls);
    int64_t wait_s = tk_quota_take(
        &fake->quotas[index], fake->switches.quota_per_minute, now_ms(fake));

    *retry_after_s = fake->switches.retry_after_s;
    if (*retry_after_s == 0) *retry_after_s = RETRY_AFTER_S;
    if (fault != TK_FAULT_NONE || wait_s == 0) return fault;
    *retry_after_s = wait_s;
    return TK_FAULT_LIMIT;
}

static void serve(struct tk_fake *fake, size_t index,
                  struct tk_request *request)
{
    struct tk_held *held = tk_held_new(
        &fake->held, request, tk_issuer_name(fake->roster.issuers[index]));
    int64_t retry_after_s;
    enum tk_fault fault;

    if (held == NULL) {
        tk_request_reply(request, &(struct tk_reply){.status = 500});
        return;
    }
    fake->calls++;
    fault = draw_fault(fake, index, &retry_after_s);
    decide(fake, index, held, fault, retry_after_s);
    note(fake, held);
    if (fault == TK_FAULT_HANG) {
        tk_held_hang(held);
        return;
    }
    tk_held_send(
        held, tk_loop_now(fake->loop) +
                  tk_fault_latency(&fake->switches, fake->seed, fake->calls));
}

static void on_request(struct tk_request *request, void *data)
{
    struct tk_fake *fake = data;
    struct tk_str path = tk_request_path(request);
    struct tk_reply nobody = {404, "text/plain", NULL, 0,
                              TK_STR("no issuer has this path\n")};

    if (tk_str_starts(path, TK_STR("/_"))) {
        tk_control_answer(&fake->control, request, now_ms(fake));
        return;
    }
    for (size_t i = 0; i < fake->roster.count; i++) {
        if (!tk_issuer_serves(fake->roster.issuers[i], path)) continue;
        serve(fake, i, request);
        return;
    }
    tk_request_reply(request, &nobody);
}

static void on_sent(const char *issuer, void *data)
{
    struct tk_fake *fake = data;

    tk_ledger_leave(&fake->ledger, issuer);
}

static void on_changed(void *data)
{
    struct tk_fake *fake = data;

    if (fake->switches.outage != TK_OUTAGE_HANG) tk_held_release(&fake->held);
}

/* --- opening --- */

static int listen_at(struct tk_fake *fake, const char *listen,
                     struct tk_why *why)
{
    struct tk_server_options options = {
        .listen = listen == NULL ? "tcp:127.0.0.1:0" : listen};

    return tk_server_new(fake->loop, &options, on_request, fake, &fake->server,
                         why);
}

static int start(struct tk_fake *fake, const struct tk_fake_options *options,
                 struct tk_why *why)
{
    struct tk_roster_options roster = {
        .lua_dir = options->lua_dir,
        .life_ms = options->life_ms,
        .window_ms = options->window_ms,
        .clients = options->clients,
        .client_count = options->client_count,
        .seed = fake->seed,
    };
    int rc = tk_ledger_init(&fake->ledger);

    if (rc != 0) return tk_fail(why, rc, "%s", tk_err_text(rc));
    rc = tk_roster_open(&fake->roster, &roster, why);
    if (rc != 0) return rc;
    fake->control = (struct tk_control){
        .switches = &fake->switches,
        .ledger = &fake->ledger,
        .issuers = fake->roster.issuers,
        .issuer_count = fake->roster.count,
        .changed = on_changed,
        .data = fake,
    };
    return listen_at(fake, options->listen, why);
}

int tk_fake_new(struct tk_loop *loop, const struct tk_fake_options *options,
                struct tk_fake **out, struct tk_why *why)
{
    struct tk_fake *fake = calloc(1, sizeof *fake);
    int rc;

    *out = NULL;
    if (fake == NULL) {
        return tk_fail(why, TK_ENOMEM, "%s", tk_err_text(TK_ENOMEM));
    }
    fake->loop = loop;
    fake->started_at = tk_loop_now(loop);
    fake->seed = options->seed != 0 ? options->seed : tk_seed_random().k0;
    fake->switches = options->switches;
    tk_held_list_init(&fake->held, loop, on_sent, fake);
    rc = start(fake, options, why);
    if (rc != 0) {
        tk_fake_free(fake);
        return rc;
    }
    *out = fake;
    return 0;
}

void tk_fake_free(struct tk_fake *fake)
{
    if (fake == NULL) return;
    tk_held_list_fini(&fake->held);
    if (fake->server != NULL) tk_server_free(fake->server);
    tk_roster_close(&fake->roster);
    tk_ledger_fini(&fake->ledger);
    free(fake);
}

const char *tk_fake_address(const struct tk_fake *fake)
{
    return tk_server_address(fake->server);
}

const char *tk_fake_issuer(const struct tk_fake *fake, size_t index)
{
    if (index >= fake->roster.count) return NULL;
    return tk_issuer_name(fake->roster.issuers[index]);
}
