#include "fake/issuer.h"

#include "fake/form.h"
#include "net/json.h"
#include "script/unit.h"

#include <stdlib.h>

enum {
    SETTINGS_MAX_BYTES = 1024 * 1024,
    REPLY_MAX_BYTES = 256 * 1024,
    REQUEST_PAIRS = 10,
};

/* Owned by whoever called tk_issuer_open. */
struct tk_issuer {
    struct tk_unit *unit;
    struct tk_str name; /* these two are borrowed from the unit */
    const struct tk_value *routes;
};

/* --- opening --- */

static double number_of(const struct tk_value *value)
{
    if (value != NULL && value->type == TK_INT)
        return (double)value->as.integer;
    return value != NULL && value->type == TK_NUM ? value->as.number : 0;
}

static struct tk_value number_value(double number)
{
    return (struct tk_value){.type = TK_NUM, .as.number = number};
}

static void put(struct tk_value *table, struct tk_str name,
                struct tk_value value)
{
    table->as.table.pairs[table->as.table.pair_count++] =
        (struct tk_pair){name, value};
}

/* A quarter of two hours is a quarter of twenty seconds, too. */
static void scale_window(struct tk_value *merged, const struct tk_value *own,
                         const struct tk_value *given)
{
    double life = number_of(tk_value_get(own, "life"));
    double factor =
        life > 0 ? number_of(tk_value_get(given, "life")) / life : 0;

    if (factor <= 0 || tk_value_get(given, "window") != NULL) return;
    for (uint32_t i = 0; i < merged->as.table.pair_count; i++) {
        struct tk_pair *pair = &merged->as.table.pairs[i];

        if (!tk_str_is(pair->name, "window")) continue;
        pair->value = number_value(number_of(&pair->value) * factor);
    }
}

static uint32_t pair_count(const struct tk_value *table)
{
    return table == NULL ? 0 : table->as.table.pair_count;
}

static int merge(const struct tk_value *own, const struct tk_value *given,
                 struct tk_pool *pool, struct tk_value *out)
{
    *out = tk_value_of_table(pool, 0, pair_count(own) + pair_count(given));
    if (out->type == TK_NIL) return TK_ENOMEM;
    out->as.table.pair_count = 0;
    for (uint32_t i = 0; i < pair_count(given); i++) {
        const struct tk_pair *pair = &given->as.table.pairs[i];

        put(out, pair->name, pair->value);
    }
    for (uint32_t i = 0; i < pair_count(own); i++) {
        const struct tk_pair *pair = &own->as.table.pairs[i];

        if (tk_value_find(given, pair->name) == NULL) {
            put(out, pair->name, pair->value);
        }
    }
    scale_window(out, own, given);
    return 0;
}

static int hand_settings_over(struct tk_issuer *issuer,
                              const struct tk_value *given, struct tk_why *why)
{
    const struct tk_value *own =
        tk_value_get(tk_unit_about(issuer->unit), "settings");
    struct tk_value merged;
    struct tk_pool pool;
    int rc;

    tk_pool_init(&pool, SETTINGS_MAX_BYTES);
    rc = merge(own, given, &pool, &merged);
    if (rc == 0) {
        rc = tk_unit_set_options(issuer->unit, &merged, why);
    } else {
        tk_fail(why, rc, "%s", tk_err_text(rc));
    }
    tk_pool_fini(&pool);
    return rc;
}

static int check_routes(const struct tk_issuer *issuer, struct tk_why *why)
{
    const struct tk_value *item = tk_value_item(issuer->routes, 0);

    for (uint32_t i = 0; item != NULL;
         item = tk_value_item(issuer->routes, ++i)) {
        struct tk_str route = tk_value_text(item);

        if (!tk_str_starts(route, TK_STR("/")) ||
            tk_str_starts(route, TK_STR("/_"))) {
            break;
        }
        if (tk_value_item(issuer->routes, i + 1) == NULL) return 0;
    }
    return tk_fail(why, TK_ESCRIPT,
                   "%s: routes must be a list of paths that begin with '/', "
                   "but not with \"/_\"",
                   tk_unit_path(issuer->unit));
}

int tk_issuer_open(const char *path, const char *lua_dir,
                   const struct tk_value *settings, struct tk_issuer **out,
                   struct tk_why *why)
{
    struct tk_unit_options options = {TK_UNIT_FAKE, path, lua_dir};
    struct tk_issuer *issuer = calloc(1, sizeof *issuer);
    int rc;

    *out = NULL;
    if (issuer == NULL) {
        return tk_fail(why, TK_ENOMEM, "%s", tk_err_text(TK_ENOMEM));
    }
    rc = tk_unit_open(&options, &issuer->unit, why);
    if (rc == 0) {
        const struct tk_value *about = tk_unit_about(issuer->unit);

        issuer->name = tk_value_text(tk_value_get(about, "name"));
        issuer->routes = tk_value_get(about, "routes");
        rc = check_routes(issuer, why);
    }
    if (rc == 0) rc = hand_settings_over(issuer, settings, why);
    if (rc != 0) {
        tk_issuer_close(issuer);
        return rc;
    }
    *out = issuer;
    return 0;
}

void tk_issuer_close(struct tk_issuer *issuer)
{
    if (issuer == NULL) return;
    tk_unit_close(issuer->unit);
    free(issuer);
}

const char *tk_issuer_name(const struct tk_issuer *issuer)
{
    return issuer->name.data;
}

bool tk_issuer_serves(const struct tk_issuer *issuer, struct tk_str path)
{
    const struct tk_value *item;

    for (uint32_t i = 0; (item = tk_value_item(issuer->routes, i)) != NULL;
         i++) {
        if (tk_str_starts(path, tk_value_text(item))) return true;
    }
    return false;
}

/* --- the request --- */

static struct tk_value view(struct tk_str text)
{
    struct tk_value value = {.type = TK_TEXT};

    value.as.text = text.data == NULL ? TK_STR("") : text;
    return value;
}

static int lower_name(struct tk_str name, struct tk_pool *pool,
                      struct tk_str *out)
{
    char *copy = tk_pool_dup(pool, name);

    if (copy == NULL) return TK_ENOMEM;
    for (size_t i = 0; i < name.len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z') copy[i] = (char)(copy[i] + 32);
    }
    *out = tk_str_of(copy, name.len);
    return 0;
}

static int put_headers(const struct tk_issuer_call *call, struct tk_pool *pool,
                       struct tk_value *request)
{
    struct tk_value headers =
        tk_value_of_table(pool, 0, (uint32_t)call->header_count);

    if (headers.type == TK_NIL) return TK_ENOMEM;
    headers.as.table.pair_count = 0;
    for (size_t i = 0; i < call->header_count; i++) {
        struct tk_str name;
        int rc = lower_name(call->headers[i].name, pool, &name);

        if (rc != 0) return rc;
        if (tk_value_find(&headers, name) != NULL) continue;
        put(&headers, name, view(call->headers[i].value));
    }
    put(request, TK_STR("headers"), headers);
    return 0;
}

/* What is broken is left out: the script then misses it, as an issuer would. */
static int put_credentials(const struct tk_issuer_call *call,
                           struct tk_pool *pool, struct tk_value *request)
{
    const struct tk_value *headers = tk_value_get(request, "headers");
    struct tk_str type = tk_value_text(tk_value_get(headers, "content-type"));
    struct tk_str basic = tk_value_text(tk_value_get(headers, "authorization"));
    struct tk_value value;
    int rc = tk_form_basic(basic, pool, &value);

    if (rc == 0) put(request, TK_STR("basic"), value);
    if (rc == TK_ENOMEM) return rc;
    if (!tk_str_same_word(tk_str_cut(&type, ';'),
                          TK_STR("application/x-www-form-urlencoded"))) {
        return 0;
    }
    rc = tk_form_parse(call->body, pool, &value);
    if (rc == 0) put(request, TK_STR("form"), value);
    return rc == TK_ENOMEM ? rc : 0;
}

static int build_request(const struct tk_issuer_call *call,
                         struct tk_pool *pool, struct tk_value *out)
{
    int rc;

    *out = tk_value_of_table(pool, 0, REQUEST_PAIRS);
    if (out->type == TK_NIL) return TK_ENOMEM;
    out->as.table.pair_count = 0;
    put(out, TK_STR("method"), view(call->method));
    put(out, TK_STR("path"), view(call->path));
    put(out, TK_STR("body"), view(call->body));
    if (call->control != NULL) {
        put(out, TK_STR("control"), view(tk_str(call->control)));
        put(out, TK_STR("token"), view(call->token));
    }
    if (call->fault != NULL) {
        put(out, TK_STR("fault"), view(tk_str(call->fault)));
        put(out, TK_STR("retry_after"), tk_value_of_int(call->retry_after_s));
    }
    rc = put_headers(call, pool, out);
    return rc == 0 ? put_credentials(call, pool, out) : rc;
}

/* --- the answer --- */

static int take_headers(const struct tk_value *headers,
                        struct tk_issuer_answer *out)
{
    for (uint32_t i = 0; i < pair_count(headers); i++) {
        const struct tk_pair *pair = &headers->as.table.pairs[i];

        if (out->header_count == TK_ISSUER_HEADERS) return TK_ESCRIPT;
        if (pair->value.type != TK_TEXT) return TK_ESCRIPT;
        out->headers[out->header_count++] =
            (struct tk_http_header){pair->name, pair->value.as.text};
    }
    return 0;
}

static int take_body(const struct tk_value *body, struct tk_pool *pool,
                     struct tk_issuer_answer *out)
{
    struct tk_buf json;
    int rc;

    out->is_json = body != NULL && body->type != TK_TEXT;
    out->body = view(tk_value_text(body)).as.text;
    if (!out->is_json) return 0;
    tk_buf_init(&json, REPLY_MAX_BYTES);
    rc = tk_json_write(&json, body);
    if (rc == 0) {
        const char *copy = tk_pool_dup(pool, tk_buf_str(&json));

        if (copy == NULL) rc = TK_ENOMEM;
        out->body = tk_str_of(copy, json.len);
    }
    tk_buf_fini(&json);
    return rc;
}

/* A script's number may be anything. */
static int64_t span_of(const struct tk_value *seconds)
{
    double number = number_of(seconds);

    if (seconds == NULL || !(number >= 0)) return -1;
    return number < 1e9 ? (int64_t)(number * 1000) : (int64_t)1e12;
}

static int take_answer(const struct tk_value *results, struct tk_pool *pool,
                       struct tk_issuer_answer *out)
{
    const struct tk_value *answer = tk_value_item(results, 2);
    const struct tk_value *headers = tk_value_item(results, 1);
    int64_t status;
    int rc;

    if (!tk_value_int(tk_value_item(results, 0), &status) || status < 200 ||
        status > 599 || headers->type != TK_TABLE || answer->type != TK_TABLE) {
        return TK_ESCRIPT;
    }
    *out = (struct tk_issuer_answer){
        .status = (int)status,
        .result = tk_value_text(tk_value_get(answer, "result")),
        .client = tk_value_text(tk_value_get(answer, "client")),
        .kind = tk_value_text(tk_value_get(answer, "kind")),
        .remaining_ms = span_of(tk_value_get(answer, "remaining")),
    };
    rc = take_headers(headers, out);
    return rc == 0 ? take_body(tk_value_get(answer, "body"), pool, out) : rc;
}

int tk_issuer_ask(struct tk_issuer *issuer, const struct tk_issuer_call *call,
                  double now, struct tk_pool *pool,
                  struct tk_issuer_answer *out, struct tk_why *why)
{
    struct tk_value request;
    struct tk_value results;
    int rc = build_request(call, pool, &request);

    *out = (struct tk_issuer_answer){.remaining_ms = -1};
    if (rc != 0) return tk_fail(why, rc, "%s", tk_err_text(rc));
    rc = tk_unit_handle(issuer->unit, &request, now, pool, &results, why);
    if (rc != 0) return rc;
    rc = take_answer(&results, pool, out);
    if (rc == 0 || rc == TK_ENOMEM) return rc;
    return tk_fail(why, TK_ESCRIPT,
                   "%s: handle must return a status, a table of headers and a "
                   "table with the body",
                   tk_unit_path(issuer->unit));
}
