/* An issuer's answer, through a provider's script, to what the engine is told.
 * The first line of an input names the provider and the status ("oauth2 200";
 * 0: no answer came); then come header lines, an empty line and the body.
 *
 * A provider never fails over an answer: whatever comes is a sound token or a
 * failure with its class.
 */
#include "tests/fuzz/fuzz.h"

#include "base/log.h"
#include "base/span.h"
#include "engine/library.h"
#include "engine/provider.h"
#include "net/json.h"

/* 2026-11-23T12:00:00Z */
#define WALL INT64_C(1795435200000)
enum { SENT = 1000, RECEIVED = 1200 };

/* The one request that is under way. */
static struct {
    tk_http_done_cb done;
    void *data;
} sent;

int __wrap_tk_client_send(struct tk_client *client,
                          const struct tk_http_request *request,
                          tk_http_done_cb done, void *data,
                          struct tk_transfer **out, struct tk_why *why);
void __wrap_tk_transfer_drop(struct tk_transfer *transfer);

int __wrap_tk_client_send(struct tk_client *client,
                          const struct tk_http_request *request,
                          tk_http_done_cb done, void *data,
                          struct tk_transfer **out, struct tk_why *why)
{
    (void)client;
    (void)request;
    (void)why;
    HOLD(sent.done == NULL);
    sent.done = done;
    sent.data = data;
    *out = (struct tk_transfer *)&sent;
    return 0;
}

void __wrap_tk_transfer_drop(struct tk_transfer *transfer)
{
    (void)transfer;
    sent.done = NULL;
}

/* --- the providers --- */

enum { OAUTH2, APP, TENANT, CASES };

static const struct {
    const char *provider;
    const char *kind;
    const char *settings;
} cases[CASES] = {
    {"oauth2", "client",
     "{\"token_url\":\"https://sso.example/token\",\"client_id\":\"crm\","
     "\"client_secret\":\"s\",\"auth\":\"post\",\"default_life\":3600}"},
    {"feishu", "app",
     "{\"base_url\":\"https://h\",\"app_id\":\"a\",\"app_secret\":\"s\"}"},
    {"feishu", "tenant",
     "{\"base_url\":\"https://h\",\"app_id\":\"a\",\"app_secret\":\"s\"}"},
};

static struct tk_unit *units[CASES];
static struct tk_pool pool;
static struct tk_loop *loop;

static struct tk_value parse(const char *json)
{
    struct tk_value value;

    HOLD(tk_json_parse(tk_str(json), &pool, &value, NULL) == 0);
    return value;
}

static void open_unit(const struct tk_library *library, int number)
{
    char path[PATH_MAX];
    struct tk_unit_options options = {TK_UNIT_PROVIDER, path, library->lua_dir};
    struct tk_value settings = parse(cases[number].settings);

    HOLD(tk_library_find_provider(library, tk_str(cases[number].provider), path,
                                  NULL) == 0);
    HOLD(tk_unit_open(&options, &units[number], NULL) == 0);
    HOLD(tk_unit_set_options(units[number], &settings, NULL) == 0);
}

static void open_all(void)
{
    static struct tk_library library;

    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    tk_pool_init(&pool, 1 << 20);
    HOLD(tk_loop_new(&loop) == 0);
    HOLD(tk_library_init(&library, NULL, NULL) == 0);
    for (int i = 0; i < CASES; i++) open_unit(&library, i);
}

/* --- what comes of an answer --- */

static void hold_token(const struct tk_answer *answer)
{
    struct tk_value attributes;
    struct tk_pool room;

    HOLD(answer->token.len > 0 && answer->token.len <= TK_TOKEN_MAX);
    for (size_t i = 0; i < answer->token.len; i++) {
        HOLD(fuzz_is_visible(answer->token.data[i]));
    }
    HOLD(answer->life_ms >= 1 && answer->life_ms <= TK_SPAN_MAX_MS + RECEIVED);
    HOLD(answer->attributes.len <= TK_ATTRIBUTES_MAX);
    if (answer->attributes.len == 0) return;
    tk_pool_init(&room, 1 << 20);
    HOLD(tk_json_parse(answer->attributes, &room, &attributes, NULL) == 0);
    tk_pool_fini(&room);
}

static void hold_failure(const struct tk_answer *answer)
{
    HOLD(answer->class < TK_CLASSES);
    HOLD(answer->code[0] != '\0');
    for (const char *at = answer->code; *at != '\0'; at++) {
        HOLD(fuzz_is_visible(*at) && strchr("\"'<>&\\", *at) == NULL);
    }
    HOLD(answer->retry_after_ms >= 0);
}

static void on_done(const struct tk_task_result *result, void *data)
{
    int status = *(int *)data;
    struct tk_buf attributes;
    struct tk_answer answer;

    if (result->code != 0) fprintf(stderr, "%s\n", result->detail);
    HOLD(result->code == 0);
    tk_buf_init(&attributes, TK_ATTRIBUTES_MAX);
    tk_provider_read(result, NULL, WALL, &attributes, &answer);
    HOLD(answer.sent_at == SENT && answer.received_at == RECEIVED);
    if (answer.is_token) {
        HOLD(status >= 200 && status < 300);
        hold_token(&answer);
    } else {
        hold_failure(&answer);
    }
    tk_buf_fini(&attributes);
    *(int *)data = -1;
}

/* Cuts the header lines off, with the empty line behind them. */
static struct tk_str cut_head(struct tk_str *rest)
{
    struct tk_str head = *rest;
    struct tk_str line;

    do {
        line = tk_str_cut(rest, '\n');
    } while (rest->data != NULL && line.len > 0 && !tk_str_is(line, "\r"));
    head.len -= rest->len;
    return head;
}

static int cut_status(struct tk_str *rest)
{
    struct tk_str line = tk_str_cut(rest, '\n');
    int status = 0;

    tk_str_cut(&line, ' ');
    for (size_t i = 0; i < line.len && i < 3; i++) {
        if (line.data[i] < '0' || line.data[i] > '9') break;
        status = status * 10 + (line.data[i] - '0');
    }
    return status;
}

static void answer(int number, int status, struct tk_str head,
                   struct tk_str body)
{
    struct tk_task_host host = {.loop = loop};
    struct tk_http_reply reply = {
        .error = status == 0 ? TK_ECONNECT : 0,
        .detail = "",
        .status = status,
        .head = head,
        .body = body,
        .sent_at = SENT,
        .received_at = RECEIVED,
    };
    struct tk_task_call call = {.function = "fetch",
                                .key = {.kind = tk_str(cases[number].kind)}};
    struct tk_task *task;
    tk_http_done_cb done;

    HOLD(tk_task_start(units[number], &call, &host, on_done, &status, &task) ==
         0);
    done = sent.done;
    HOLD(done != NULL);
    sent.done = NULL;
    done(&reply, sent.data);
    tk_loop_run(loop); /* for the collector */
    HOLD(status == -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tk_str rest = fuzz_text(data, size);
    struct tk_str head;
    int number, status;

    if (loop == NULL) open_all();
    if (size == 0) return 0;
    number = data[0] == 'a' ? APP : data[0] == 't' ? TENANT : OAUTH2;
    status = cut_status(&rest);
    head = cut_head(&rest);
    answer(number, status, head, rest);
    return 0;
}
