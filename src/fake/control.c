#include "fake/control.h"

#include "net/json.h"

#include <stdlib.h>

enum {
    STATS_MAX_BYTES = 8 * 1024 * 1024,
    REPLY_MAX_BYTES = 64 * 1024,
    POOL_MAX_BYTES = 512 * 1024,
};

/* --- answers --- */

static void send_json(struct tk_request *request, int status,
                      struct tk_buf *body)
{
    struct tk_reply reply = {
        .status = body->failed == 0 ? status : 500,
        .content_type = "application/json",
        .body = tk_buf_str(body),
    };

    tk_request_reply(request, &reply);
    tk_buf_fini(body);
}

static void send_error(struct tk_request *request, int status, const char *text)
{
    struct tk_buf body;
    struct tk_json json = {.out = &body};

    tk_buf_init(&body, REPLY_MAX_BYTES);
    tk_json_open(&json, '{');
    tk_json_name(&json, "error");
    tk_json_text(&json, tk_str(text));
    tk_json_close(&json, '}');
    send_json(request, status, &body);
}

/* --- /_stats and /_control --- */

static void write_count(struct tk_json *json, const char *name, int64_t count)
{
    tk_json_name(json, name);
    tk_json_int(json, count);
}

static void write_rate(struct tk_json *json, const char *name, double rate)
{
    tk_json_name(json, name);
    tk_json_num(json, rate);
}

static void write_switches(struct tk_json *json, const struct tk_switches *s)
{
    tk_json_name(json, "switches");
    tk_json_open(json, '{');
    write_count(json, "latency_ms", s->latency_ms);
    write_count(json, "latency_jitter_ms", s->latency_jitter_ms);
    write_rate(json, "error_rate", s->error_rate);
    write_rate(json, "rate_limit_rate", s->rate_limit_rate);
    write_rate(json, "ok_error_rate", s->ok_error_rate);
    write_rate(json, "empty_rate", s->empty_rate);
    write_rate(json, "garbage_rate", s->garbage_rate);
    write_count(json, "quota_per_minute", s->quota_per_minute);
    write_count(json, "retry_after_s", s->retry_after_s);
    tk_json_name(json, "outage");
    if (s->outage == TK_OUTAGE_NONE) {
        tk_json_bool(json, false);
    } else {
        tk_json_text(json, s->outage == TK_OUTAGE_HANG ? TK_STR("hang")
                                                       : TK_STR("503"));
    }
    tk_json_close(json, '}');
}

/* The calls of the log that are asked for; without a number all. */
static size_t read_log_max(struct tk_request *request)
{
    struct tk_str text = tk_request_query(request, "log");
    size_t number = 0;

    if (text.len == 0) return TK_LEDGER_LOG;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return TK_LEDGER_LOG;
        number = number * 10 + (size_t)(text.data[i] - '0');
        if (number > TK_LEDGER_LOG) return TK_LEDGER_LOG;
    }
    return number;
}

static void answer_stats(const struct tk_control *control,
                         struct tk_request *request, int64_t now_ms)
{
    struct tk_buf body;
    struct tk_json json = {.out = &body};

    tk_buf_init(&body, STATS_MAX_BYTES);
    tk_json_open(&json, '{');
    write_count(&json, "now_ms", now_ms);
    write_switches(&json, control->switches);
    tk_ledger_write(control->ledger, read_log_max(request), &json);
    tk_json_close(&json, '}');
    send_json(request, 200, &body);
}

static void answer_control(const struct tk_control *control,
                           struct tk_request *request, int64_t now_ms)
{
    struct tk_value table;
    struct tk_pool pool;
    struct tk_why why;
    struct tk_buf body;
    struct tk_json json = {.out = &body};
    int rc;

    (void)now_ms;
    tk_pool_init(&pool, POOL_MAX_BYTES);
    rc = tk_json_parse(tk_request_body(request), &pool, &table, &why);
    if (rc == 0) rc = tk_switches_change(control->switches, &table, &why);
    tk_pool_fini(&pool);
    if (rc != 0) {
        send_error(request, 400, why.text);
        return;
    }
    control->changed(control->data);
    tk_buf_init(&body, REPLY_MAX_BYTES);
    tk_json_open(&json, '{');
    write_switches(&json, control->switches);
    tk_json_close(&json, '}');
    send_json(request, 200, &body);
}

/* --- /_check and /_revoke --- */

/* Asks one issuer after the other until one knows the token; if none does, the
 * status is `unknown`. */
static void ask_all(const struct tk_control *control,
                    struct tk_request *request, const char *word, int unknown,
                    struct tk_str token, int64_t now_ms)
{
    const struct tk_issuer_call call = {
        .method = TK_STR("POST"),
        .path = tk_request_path(request),
        .control = word,
        .token = token,
    };
    struct tk_issuer_answer answer;
    bool is_known = false;
    struct tk_pool pool;
    struct tk_why why;

    tk_pool_init(&pool, POOL_MAX_BYTES);
    for (size_t i = 0; i < control->issuer_count && !is_known; i++) {
        is_known =
            tk_issuer_ask(control->issuers[i], &call, (double)now_ms / 1000,
                          &pool, &answer, &why) == 0 &&
            answer.status == 200;
    }
    if (is_known) {
        struct tk_reply reply = {200, "application/json", NULL, 0, answer.body};

        tk_request_reply(request, &reply);
    } else {
        struct tk_reply reply = {unknown, "application/json", NULL, 0,
                                 TK_STR("{\"active\":false}")};

        tk_request_reply(request, &reply);
    }
    tk_pool_fini(&pool);
}

static struct tk_str bearer(const struct tk_request *request)
{
    struct tk_str rest = tk_request_header(request, "Authorization");

    if (!tk_str_same_word(tk_str_cut(&rest, ' '), TK_STR("Bearer"))) {
        return TK_STR("");
    }
    return rest;
}

static void answer_check(const struct tk_control *control,
                         struct tk_request *request, int64_t now_ms)
{
    struct tk_str token = tk_request_query(request, "token");

    if (token.data == NULL) token = bearer(request);
    ask_all(control, request, "check", 401, token, now_ms);
}

static void answer_revoke(const struct tk_control *control,
                          struct tk_request *request, int64_t now_ms)
{
    struct tk_value table;
    struct tk_pool pool;
    struct tk_why why;
    struct tk_str token = {NULL, 0};

    tk_pool_init(&pool, POOL_MAX_BYTES);
    if (tk_json_parse(tk_request_body(request), &pool, &table, &why) == 0) {
        token = tk_value_text(tk_value_get(&table, "token"));
    }
    if (token.data == NULL) {
        send_error(request, 400, "the body must be {\"token\": \"...\"}");
    } else {
        ask_all(control, request, "revoke", 404, token, now_ms);
    }
    tk_pool_fini(&pool);
}

/* --- which --- */

void tk_control_answer(const struct tk_control *control,
                       struct tk_request *request, int64_t now_ms)
{
    static const struct {
        const char *method;
        const char *path;
        void (*answer)(const struct tk_control *control,
                       struct tk_request *request, int64_t now_ms);
    } calls[] = {
        {"GET", "/_stats", answer_stats},
        {"POST", "/_control", answer_control},
        {"POST", "/_revoke", answer_revoke},
        {"GET", "/_check", answer_check},
    };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (!tk_str_is(tk_request_path(request), calls[i].path)) continue;
        if (tk_str_is(tk_request_method(request), calls[i].method)) {
            calls[i].answer(control, request, now_ms);
        } else {
            send_error(request, 405, "this path takes another method");
        }
        return;
    }
    send_error(request, 404,
               "there are GET /_stats, POST /_control, POST /_revoke and "
               "GET /_check");
}
