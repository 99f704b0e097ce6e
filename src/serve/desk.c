#include "serve/desk.h"

/* Keys are forgotten after days without use: there is nothing to wait for that
 * would be worth asking more often. */
enum { FULL_RETRY_MS = 60 * 1000 };

static const char problem_type[] = "application/problem+json";

void tk_desk_refuse_internal(struct tk_request *request)
{
    struct tk_reply reply = {
        .status = 500,
        .content_type = problem_type,
        .body = TK_STR("{\"type\":\"about:blank\",\"title\":\"Internal Server "
                       "Error\",\"status\":500,\"detail\":\"the engine has no "
                       "memory for this answer\",\"code\":\"internal\"}"),
    };

    tk_request_reply(request, &reply);
}

void tk_desk_send(struct tk_request *request, int status,
                  const char *content_type, const struct tk_buf *out)
{
    struct tk_reply reply = {.status = status,
                             .content_type = content_type,
                             .body = tk_buf_str(out)};

    if (out->failed != 0) {
        tk_desk_refuse_internal(request);
    } else {
        tk_request_reply(request, &reply);
    }
}

void tk_desk_send_json(struct tk_request *request, int status,
                       const struct tk_buf *out)
{
    tk_desk_send(request, status, "application/json", out);
}

void tk_desk_send_text(struct tk_request *request, int status, const char *text)
{
    struct tk_reply reply = {.status = status,
                             .content_type = "text/plain; charset=utf-8",
                             .body = tk_str(text)};

    tk_request_reply(request, &reply);
}

/* A header without a value is left out by the server. */
static void send_problem(struct tk_request *request,
                         const struct tk_http_problem *problem,
                         const struct tk_buf *body, const char *retry_after)
{
    struct tk_http_header headers[] = {
        {TK_STR("Retry-After"), tk_str(retry_after)},
        {TK_STR("Allow"), tk_str(problem->allow)},
        {TK_STR("WWW-Authenticate"), tk_str(problem->challenge)},
    };
    struct tk_reply reply = {.status = problem->status,
                             .content_type = problem_type,
                             .headers = headers,
                             .header_count = 3,
                             .body = tk_buf_str(body)};

    tk_request_reply(request, &reply);
}

void tk_desk_refuse(struct tk_request *request,
                    const struct tk_http_problem *problem)
{
    struct tk_buf body;
    struct tk_buf seconds;

    tk_buf_init(&body, TK_DESK_ANSWER_MAX);
    tk_buf_init(&seconds, 32);
    tk_problem_write(problem, &body);
    tk_buf_put_int(&seconds, tk_problem_retry_after(problem));
    if (body.failed != 0) {
        tk_desk_refuse_internal(request);
    } else {
        send_problem(request, problem, &body,
                     problem->retry_ms > 0 ? tk_buf_text(&seconds) : NULL);
    }
    tk_buf_fini(&seconds);
    tk_buf_fini(&body);
}

void tk_desk_refuse_input(struct tk_request *request, const char *code,
                          const char *detail)
{
    struct tk_http_problem problem = {
        .status = 400, .code = code, .detail = detail};

    tk_desk_refuse(request, &problem);
}

void tk_desk_refuse_source(struct tk_request *request, struct tk_str name)
{
    struct tk_http_problem problem = {.status = 404, .code = "unknown_source"};
    struct tk_why why;

    if (!tk_key_is_part(name)) {
        tk_desk_refuse_input(request, "bad_key",
                             "a key is source/kind[/subject], and is sent as "
                             "it is, without %-escapes");
        return;
    }
    tk_fail(&why, TK_ENOENT, "there is no source %.*s", TK_ARG(name));
    problem.detail = why.text;
    tk_desk_refuse(request, &problem);
}

static bool has_source(const struct tk_desk *desk, struct tk_str text)
{
    return tk_config_source(tk_engine_config(desk->engine),
                            tk_str_cut(&text, '/')) != NULL;
}

/* As if the issuer had been asked again. */
static void tell_refusal(struct tk_desk *desk, struct tk_str key,
                         struct tk_http_problem *problem)
{
    int64_t now = tk_engine_now(desk->engine);
    const struct tk_unknown *unknown = tk_unknown_find(
        tk_fleet_unknowns(tk_engine_fleet(desk->engine)), key, now);

    problem->status = 503;
    problem->code = tk_refusal_name(TK_REFUSAL_FAILED);
    if (unknown == NULL) return;
    problem->retry_ms = unknown->until - now;
    problem->issuer_class = tk_class_name((enum tk_class)unknown->class);
    problem->issuer_code = unknown->code;
}

static void refuse_key(struct tk_desk *desk, struct tk_request *request,
                       struct tk_str key, const struct tk_why *why)
{
    struct tk_http_problem problem = {
        .status = 404,
        .code = has_source(desk, key) ? "unknown_key" : "unknown_source",
        .detail = why->text,
    };

    switch (why->code) {
    case TK_ENOENT:
        break;
    case TK_EINVAL:
        problem.status = 400;
        problem.code = "bad_key";
        if (key.len > 0 && memchr(key.data, '%', key.len) != NULL) {
            problem.detail = "a key is sent as it is, without %-escapes";
        }
        break;
    case TK_EFULL:
        problem.status = 429;
        problem.code = "cache_full";
        problem.retry_ms = FULL_RETRY_MS;
        break;
    case TK_EREFUSED:
        tell_refusal(desk, key, &problem);
        break;
    default:
        tk_desk_refuse_internal(request);
        return;
    }
    tk_desk_refuse(request, &problem);
}

struct tk_entry *tk_desk_find(struct tk_desk *desk, struct tk_request *request,
                              struct tk_str key)
{
    struct tk_why why = {TK_EINTERNAL, ""};
    struct tk_entry *entry = tk_engine_find(desk->engine, key, &why);

    if (entry == NULL) refuse_key(desk, request, key, &why);
    return entry;
}

struct tk_entry *tk_desk_claim(struct tk_desk *desk, struct tk_request *request,
                               struct tk_str key)
{
    struct tk_why why = {TK_EINTERNAL, ""};
    struct tk_entry *entry;
    int rc = tk_engine_claim(desk->engine, key, &entry, &why);

    if (rc == 0) return entry;
    why.code = rc;
    refuse_key(desk, request, key, &why);
    return NULL;
}
