#include "script/request.h"

#include "base/base64.h"
#include "base/date.h"
#include "base/near.h"
#include "net/json.h"

#include <stdio.h>

/* All that is needed while one request is built. */
struct building {
    const struct tk_value *args;
    struct tk_pool *pool;
    struct tk_buf *body;
    struct tk_http_header *headers;
    size_t count;
    struct tk_why *why;
};

/* --- pieces ------------------------------------------------------------- */

/* Appends a text, a number, a flag or a secret as it stands. */
static int put_plain(struct tk_buf *out, const struct tk_value *value)
{
    switch (value->type) {
    case TK_TEXT:
        return tk_buf_put_str(out, value->as.text);
    case TK_SECRET:
        return tk_buf_put_str(out, tk_secret_bytes(value->as.secret));
    case TK_INT:
        return tk_buf_put_int(out, value->as.integer);
    case TK_NUM:
        return tk_buf_printf(out, "%.14g", value->as.number);
    case TK_BOOL:
        return tk_buf_put_text(out, value->as.flag ? "true" : "false");
    default:
        return TK_EINVAL;
    }
}

/* A list is joined, so that { "Bearer ", secret } makes one value. */
static int put_joined(struct tk_buf *out, const struct tk_value *value)
{
    const struct tk_value *item;

    if (value->type != TK_LIST) return put_plain(out, value);
    for (uint32_t i = 0; (item = tk_value_item(value, i)) != NULL; i++) {
        int rc = put_plain(out, item);

        if (rc != 0) return rc;
    }
    return 0;
}

/* application/x-www-form-urlencoded (WHATWG URL): what is no letter, digit or
 * one of "*-._" is escaped; a space is '+'. */
static void put_form_encoded(struct tk_buf *out, struct tk_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c >= '0' && c <= '9') || c == '*' || c == '-' || c == '.' ||
            c == '_') {
            tk_buf_put_byte(out, (char)c);
        } else if (c == ' ') {
            tk_buf_put_byte(out, '+');
        } else {
            tk_buf_printf(out, "%%%02X", c);
        }
    }
}

static int put_encoded_value(struct tk_buf *out, const struct tk_value *value)
{
    struct tk_buf plain;
    int rc;

    tk_buf_init(&plain, TK_REQUEST_BODY);
    rc = put_joined(&plain, value);
    if (rc == 0) put_form_encoded(out, tk_buf_str(&plain));
    tk_buf_fini(&plain);
    return rc;
}

static int add_header(struct building *b, struct tk_str name,
                      struct tk_str value)
{
    char *copy = tk_pool_dup(b->pool, value);

    if (b->count == TK_REQUEST_HEADERS) {
        return tk_fail(b->why, TK_EINVAL, "http: more than %d headers",
                       TK_REQUEST_HEADERS);
    }
    if (copy == NULL) return tk_fail(b->why, TK_ENOMEM, "http: out of memory");
    b->headers[b->count++] =
        (struct tk_http_header){name, tk_str_of(copy, value.len)};
    return 0;
}

/* --- headers ------------------------------------------------------------ */

static bool has_header(const struct building *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++) {
        if (tk_str_same_word(b->headers[i].name, tk_str(name))) return true;
    }
    return false;
}

static int add_given_header(struct building *b, const struct tk_pair *pair)
{
    struct tk_buf text;
    int rc;

    tk_buf_init(&text, TK_REQUEST_BODY);
    rc = put_joined(&text, &pair->value);
    if (rc != 0) {
        tk_fail(b->why, rc,
                "http: header %.*s must be a text, a secret or a "
                "list of these",
                TK_ARG(pair->name));
    } else {
        rc = add_header(b, pair->name, tk_buf_str(&text));
    }
    tk_buf_fini(&text);
    return rc;
}

static int add_given_headers(struct building *b)
{
    const struct tk_value *headers = tk_value_get(b->args, "headers");

    for (uint32_t i = 0; headers != NULL && headers->type == TK_TABLE &&
                         i < headers->as.table.pair_count;
         i++) {
        int rc = add_given_header(b, &headers->as.table.pairs[i]);

        if (rc != 0) return rc;
    }
    return 0;
}

/* RFC 6749 2.3.1: both halves are form-encoded before they are joined. Some
 * servers want them raw. */
static int put_credentials(struct building *b, const struct tk_value *basic,
                           struct tk_buf *out)
{
    const struct tk_value *raw = tk_value_get(b->args, "basic_raw");
    bool is_raw = raw != NULL && raw->type == TK_BOOL && raw->as.flag;
    const struct tk_value *id = tk_value_item(basic, 0);
    const struct tk_value *secret = tk_value_item(basic, 1);
    int rc;

    if (id == NULL || secret == NULL) return TK_EINVAL;
    rc = is_raw ? put_plain(out, id) : put_encoded_value(out, id);
    tk_buf_put_byte(out, ':');
    if (rc != 0) return rc;
    return is_raw ? put_plain(out, secret) : put_encoded_value(out, secret);
}

static int add_basic(struct building *b)
{
    const struct tk_value *basic = tk_value_get(b->args, "basic");
    struct tk_buf plain;
    struct tk_buf coded;
    int rc;

    if (basic == NULL) return 0;
    tk_buf_init(&plain, TK_REQUEST_BODY);
    tk_buf_init(&coded, TK_REQUEST_BODY);
    rc = put_credentials(b, basic, &plain);
    if (rc != 0) {
        tk_fail(b->why, rc, "http: basic must be { id, secret }");
    } else {
        tk_buf_put_text(&coded, "Basic ");
        tk_base64_encode(&coded, tk_buf_str(&plain), TK_BASE64_STANDARD);
        rc = add_header(b, TK_STR("Authorization"), tk_buf_str(&coded));
    }
    tk_buf_fini(&plain);
    tk_buf_fini(&coded);
    return rc;
}

/* --- bodies ------------------------------------------------------------- */

static int build_json(struct building *b, const struct tk_value *value)
{
    int rc = tk_json_write_with_secrets(b->body, value);

    if (rc == TK_EINVAL) {
        return tk_fail(b->why, rc,
                       "http: a table in json has both items and names");
    }
    if (rc != 0) return tk_fail(b->why, TK_EINVAL, "http: json is too large");
    if (has_header(b, "content-type")) return 0;
    return add_header(b, TK_STR("Content-Type"),
                      TK_STR("application/json; charset=utf-8"));
}

static int build_form(struct building *b, const struct tk_value *form)
{
    if (form->type != TK_TABLE) {
        return tk_fail(b->why, TK_EINVAL,
                       "http: form must be a table of names");
    }
    for (uint32_t i = 0; i < form->as.table.pair_count; i++) {
        const struct tk_pair *pair = &form->as.table.pairs[i];

        if (i > 0) tk_buf_put_byte(b->body, '&');
        put_form_encoded(b->body, pair->name);
        tk_buf_put_byte(b->body, '=');
        if (put_encoded_value(b->body, &pair->value) != 0) {
            return tk_fail(b->why, TK_EINVAL,
                           "http: form field %.*s must be a text, a number or "
                           "a secret",
                           TK_ARG(pair->name));
        }
    }
    if (has_header(b, "content-type")) return 0;
    return add_header(b, TK_STR("Content-Type"),
                      TK_STR("application/x-www-form-urlencoded"));
}

static int build_body(struct building *b)
{
    const struct tk_value *json = tk_value_get(b->args, "json");
    const struct tk_value *form = tk_value_get(b->args, "form");
    const struct tk_value *body = tk_value_get(b->args, "body");

    if ((json != NULL) + (form != NULL) + (body != NULL) > 1) {
        return tk_fail(b->why, TK_EINVAL,
                       "http: give one of json, form and body");
    }
    if (json != NULL) return build_json(b, json);
    if (form != NULL) return build_form(b, form);
    if (body == NULL) return 0;
    return put_joined(b->body, body) == 0
               ? 0
               : tk_fail(b->why, TK_EINVAL, "http: body must be a text");
}

/* --- the whole ---------------------------------------------------------- */

static int check_names(struct building *b)
{
    static const char *const names[] = {"url",  "headers", "json",     "form",
                                        "body", "basic",   "basic_raw"};
    enum { NAMES = sizeof names / sizeof names[0] };

    if (b->args->type != TK_TABLE) {
        return tk_fail(b->why, TK_EINVAL, "http: give a table { url = ... }");
    }
    for (uint32_t i = 0; i < b->args->as.table.pair_count; i++) {
        struct tk_str name = b->args->as.table.pairs[i].name;
        struct tk_near near;
        size_t at = 0;

        while (at < NAMES && !tk_str_is(name, names[at])) at++;
        if (at < NAMES) continue;
        tk_near_init(&near, name);
        for (at = 0; at < NAMES; at++) tk_near_try(&near, tk_str(names[at]));
        return tk_fail(b->why, TK_EINVAL, "http: unknown field %.*s%s%.*s%s",
                       TK_ARG(name), near.best.len > 0 ? "; did you mean " : "",
                       TK_ARG(near.best), near.best.len > 0 ? "?" : "");
    }
    return 0;
}

int tk_request_build(const char *method, const struct tk_value *args,
                     struct tk_pool *pool, struct tk_buf *body,
                     struct tk_http_request *out, struct tk_why *why)
{
    struct building b = {.args = args, .pool = pool, .body = body, .why = why};
    struct tk_str url = tk_value_text(tk_value_get(args, "url"));
    int rc = check_names(&b);

    if (rc != 0) return rc;
    if (url.data == NULL) {
        return tk_fail(why, TK_EINVAL, "http: url is missing");
    }
    b.headers = tk_pool_take(pool, TK_REQUEST_HEADERS * sizeof *b.headers);
    if (b.headers == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    rc = add_given_headers(&b);
    if (rc == 0) rc = add_basic(&b);
    if (rc == 0) rc = build_body(&b);
    if (rc == 0 && !has_header(&b, "accept")) {
        rc = add_header(&b, TK_STR("Accept"), TK_STR("application/json"));
    }
    if (rc != 0) return rc;
    if (body->failed != 0) {
        return tk_fail(why, body->failed, "http: the body is too large");
    }
    *out = (struct tk_http_request){.method = method,
                                    .url = url.data,
                                    .headers = b.headers,
                                    .header_count = b.count};
    if (strcmp(method, "POST") == 0) out->body = tk_buf_str(body);
    return 0;
}

static bool read_seconds(struct tk_str text, double *out)
{
    int64_t number = 0;

    if (text.data == NULL || text.len == 0 || text.len > 9) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        number = number * 10 + (text.data[i] - '0');
    }
    *out = (double)number;
    return true;
}

double tk_request_retry_after(const struct tk_http_reply *reply,
                              int64_t wall_ms)
{
    struct tk_str text = tk_http_reply_header(reply, "retry-after");
    int64_t moment;
    double seconds;

    if (read_seconds(text, &seconds)) return seconds;
    if (text.data != NULL && tk_date_parse_http(text, &moment) == 0) {
        return moment > wall_ms ? (double)(moment - wall_ms) / 1000 : 0;
    }
    text = tk_http_reply_header(reply, "x-ogw-ratelimit-reset");
    return read_seconds(text, &seconds) ? seconds : -1;
}
