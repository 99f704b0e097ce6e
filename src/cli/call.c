#include "cli/call.h"

#include "base/key.h"
#include "net/json.h"
#include "reader/place.h"

#include <limits.h>
#include <stdio.h>

enum {
    /* A tree takes more room than its text: a table of 500 keys about six
     * times as much. */
    TREE_MAX_BYTES = 32 * 1024 * 1024,
    LONGEST_TIMEOUT_MS = 10 * 60 * 1000,
};

static enum tk_exit find_socket(const struct tk_args *args,
                                const struct tk_show *show, char out[PATH_MAX])
{
    const char *given = tk_args_text(args, "socket");
    int len = 0;

    if (given == NULL) {
        len = tk_place_find_socket(out, PATH_MAX, tk_args_text(args, "dir"));
    } else if (snprintf(out, PATH_MAX, "%s", given) >= PATH_MAX) {
        len = -1;
    }
    if (len >= 0) return TK_EXIT_OK;
    return tk_show_fail(show, TK_EXIT_USAGE,
                        "the path of the socket is too long");
}

enum tk_exit tk_call_open(struct tk_engine_call *call,
                          const struct tk_args *args,
                          const struct tk_show *show)
{
    char path[PATH_MAX];
    enum tk_exit status = find_socket(args, show, path);
    struct tk_why why;

    *call = (struct tk_engine_call){.show = show};
    if (status != TK_EXIT_OK) return status;
    switch (tk_wire_open(path, &call->wire, &why)) {
    case 0:
        tk_pool_init(&call->pool, TREE_MAX_BYTES);
        return TK_EXIT_OK;
    case TK_EINVAL:
        return tk_show_fail(show, TK_EXIT_USAGE, "%s", why.text);
    default:
        return tk_show_fail(show, TK_EXIT_INTERNAL, "%s", why.text);
    }
}

static void forget_reply(struct tk_engine_call *call)
{
    tk_wire_reply_fini(&call->reply);
    call->reply = (struct tk_wire_reply){0};
    tk_pool_fini(&call->pool);
    tk_pool_init(&call->pool, TREE_MAX_BYTES);
    call->body = (struct tk_value){.type = TK_NIL};
}

void tk_call_close(struct tk_engine_call *call)
{
    forget_reply(call);
    tk_pool_fini(&call->pool);
    tk_wire_close(call->wire);
    call->wire = NULL;
}

enum tk_exit tk_call_status(int http_status, struct tk_str code)
{
    if (http_status >= 200 && http_status < 300) return TK_EXIT_OK;
    switch (http_status) {
    case 400:
        return tk_str_is(code, "config") || tk_str_is(code, "policy")
                   ? TK_EXIT_CONFIG
                   : TK_EXIT_USAGE;
    case 403:
    case 404:
    case 409:
        return TK_EXIT_NO;
    case 429:
        return TK_EXIT_TEMPORARY;
    case 503:
        /* The same call may succeed in a moment. */
        if (tk_str_is(code, "timeout") || tk_str_is(code, "stopping")) {
            return TK_EXIT_TEMPORARY;
        }
        return TK_EXIT_NO;
    default:
        return TK_EXIT_INTERNAL;
    }
}

/* The wire's own trouble. */
static enum tk_exit say_wire(const struct tk_engine_call *call, int rc,
                             const struct tk_why *why)
{
    switch (rc) {
    case TK_ECONNECT:
    case TK_ETIMEDOUT:
        return tk_show_fail(call->show, TK_EXIT_TEMPORARY, "%s", why->text);
    case TK_EDENIED:
        return tk_show_fail(call->show, TK_EXIT_NO, "%s", why->text);
    default:
        return tk_show_fail(call->show, TK_EXIT_INTERNAL, "%s", why->text);
    }
}

/* What the engine says is wrong: with a configuration all of it. */
static enum tk_exit say_problem(const struct tk_engine_call *call)
{
    const struct tk_value *body = &call->body;
    const struct tk_value *problems = tk_value_get(body, "problems");
    struct tk_str code = tk_value_text(tk_value_get(body, "code"));
    struct tk_str detail = tk_value_text(tk_value_get(body, "detail"));
    const struct tk_value *retry = tk_value_get(body, "retry_after");
    enum tk_exit status = tk_call_status(call->reply.status, code);
    const struct tk_value *problem;
    char span[TK_SPAN_TEXT];
    double seconds;

    for (uint32_t i = 0; (problem = tk_value_item(problems, i)) != NULL; i++) {
        tk_show_fail(call->show, status, "%.*s",
                     TK_ARG(tk_value_text(problem)));
    }
    if (detail.len == 0) {
        return tk_show_fail(call->show, status,
                            "the engine answered with HTTP status %d",
                            call->reply.status);
    }
    if (tk_show_number(retry, &seconds) && seconds >= 1) {
        return tk_show_fail(call->show, status, "%.*s (try again in %s)",
                            TK_ARG(detail), tk_show_seconds(retry, span));
    }
    return tk_show_fail(call->show, status, "%.*s", TK_ARG(detail));
}

enum tk_exit tk_call_ask(struct tk_engine_call *call, const char *method,
                         const char *path, struct tk_str json,
                         int64_t timeout_ms)
{
    struct tk_str sent = json.len == 0 ? (struct tk_str){NULL, 0} : json;
    struct tk_why why = {0};
    int timeout =
        timeout_ms > LONGEST_TIMEOUT_MS ? LONGEST_TIMEOUT_MS : (int)timeout_ms;
    int rc;

    forget_reply(call);
    rc = tk_wire_call(call->wire, method, tk_str(path), sent, NULL, timeout,
                      &call->reply, &why);
    if (rc != 0) return say_wire(call, rc, &why);
    rc = tk_json_parse(tk_buf_str(&call->reply.body), &call->pool, &call->body,
                       &why);
    if (tk_call_status(call->reply.status, TK_STR("")) != TK_EXIT_OK) {
        return say_problem(call);
    }
    if (rc == 0) return TK_EXIT_OK;
    return tk_show_fail(call->show, TK_EXIT_INTERNAL, "the engine's answer: %s",
                        why.text);
}

enum tk_exit tk_call_put_json(struct tk_engine_call *call)
{
    if (call->reply.body.len == 0 ||
        call->reply.body.data[call->reply.body.len - 1] != '\n') {
        tk_buf_put_byte(&call->reply.body, '\n');
    }
    return tk_show_put(call->show, &call->reply.body);
}

enum tk_exit tk_call_put_detail(struct tk_engine_call *call,
                                const struct tk_args *args)
{
    struct tk_buf line;
    enum tk_exit status;

    if (tk_args_has(args, "json")) return tk_call_put_json(call);
    tk_buf_init(&line, TK_WIRE_BODY_MAX);
    tk_show_wrap(call->show, &line, 0, 0,
                 tk_show_text(tk_value_get(&call->body, "detail")));
    status = tk_show_put(call->show, &line);
    tk_buf_fini(&line);
    return status;
}

enum tk_exit tk_call_check_key(const struct tk_show *show, const char *key)
{
    struct tk_key parsed;
    struct tk_why why;

    if (tk_key_parse(tk_str(key), &parsed, &why) == 0) return TK_EXIT_OK;
    return tk_show_fail(show, TK_EXIT_USAGE, "%s", why.text);
}

/* RFC 3986, unreserved. */
static bool is_plain(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
           byte == '_' || byte == '~';
}

void tk_call_put_query(struct tk_buf *path, const char *name,
                       struct tk_str value)
{
    struct tk_str before = tk_buf_str(path);
    bool is_first =
        before.len == 0 || memchr(before.data, '?', before.len) == NULL;

    tk_buf_put_byte(path, is_first ? '?' : '&');
    tk_buf_put_text(path, name);
    tk_buf_put_byte(path, '=');
    for (size_t i = 0; i < value.len; i++) {
        if (is_plain(value.data[i])) {
            tk_buf_put_byte(path, value.data[i]);
        } else {
            tk_buf_printf(path, "%%%02X", (unsigned char)value.data[i]);
        }
    }
}
