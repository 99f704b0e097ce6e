#include "script/outgoing.h"

#include "base/base64.h"
#include "base/near.h"
#include "net/json.h"

enum { URL_MAX = 16 * 1024, BODY_MAX = 256 * 1024, POOL_MAX = 64 * 1024 };

void tk_outgoing_init(struct tk_outgoing *outgoing)
{
    *outgoing = (struct tk_outgoing){0};
    tk_buf_init(&outgoing->url, URL_MAX);
    tk_buf_init(&outgoing->body, BODY_MAX);
    tk_buf_init(&outgoing->work, BODY_MAX);
    tk_pool_init(&outgoing->pool, POOL_MAX);
}

void tk_outgoing_fini(struct tk_outgoing *outgoing)
{
    tk_buf_fini(&outgoing->url);
    tk_buf_fini(&outgoing->body);
    tk_buf_fini(&outgoing->work);
    tk_pool_fini(&outgoing->pool);
    outgoing->header_count = 0;
    outgoing->has_body = false;
}

/* --- values --- */

static bool put_part(struct tk_buf *out, const struct tk_value *part)
{
    struct tk_json json = {.out = out};

    switch (part->type) {
    case TK_TEXT:
        tk_buf_put_str(out, part->as.text);
        return true;
    case TK_SECRET:
        tk_buf_put_str(out, tk_secret_bytes(part->as.secret));
        return true;
    case TK_INT:
        tk_buf_put_int(out, part->as.integer);
        return true;
    case TK_NUM:
        tk_json_num(&json, part->as.number);
        return true;
    case TK_BOOL:
        tk_buf_put_text(out, part->as.flag ? "true" : "false");
        return true;
    default:
        return false;
    }
}

/* Joins a value in `work`. */
static int join(struct tk_outgoing *o, const char *field,
                const struct tk_value *value, struct tk_why *why)
{
    bool is_sound = true;

    tk_buf_clear(&o->work);
    if (value->type == TK_LIST) {
        for (uint32_t i = 0; i < value->as.table.item_count; i++) {
            is_sound =
                is_sound && put_part(&o->work, &value->as.table.items[i]);
        }
    } else {
        is_sound = put_part(&o->work, value);
    }
    if (!is_sound) {
        return tk_fail(why, TK_EINVAL,
                       "%s: a value must be a text, a number, a secret or a "
                       "list of these, not %s",
                       field,
                       value->type == TK_LIST ? "a list of something else"
                                              : tk_value_type_name(value));
    }
    if (o->work.failed != 0) {
        return tk_fail(why, TK_EINVAL, "%s: a value is too large", field);
    }
    return 0;
}

/* --- forms --- */

static bool is_plain(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '*';
}

static void put_encoded(struct tk_buf *out, struct tk_str text)
{
    static const char digits[] = "0123456789ABCDEF";

    while (text.len > 0) {
        unsigned char c = (unsigned char)text.data[0];
        size_t run = 0;

        while (run < text.len && is_plain((unsigned char)text.data[run])) run++;
        if (run > 0) {
            tk_buf_put(out, text.data, run);
        } else if (c == ' ') {
            tk_buf_put_byte(out, '+');
        } else {
            tk_buf_put(out, (const char[]){'%', digits[c >> 4], digits[c & 15]},
                       3);
        }
        text = tk_str_skip(text, run > 0 ? run : 1);
    }
}

/* The pairs come sorted by name. */
static int put_form(struct tk_outgoing *o, struct tk_buf *out,
                    const char *field, const struct tk_value *form,
                    struct tk_why *why)
{
    if (form->type != TK_TABLE || form->as.table.item_count > 0) {
        return tk_fail(why, TK_EINVAL,
                       "%s: must be a table of names and "
                       "values",
                       field);
    }
    for (uint32_t i = 0; i < form->as.table.pair_count; i++) {
        const struct tk_pair *pair = &form->as.table.pairs[i];
        int rc = join(o, field, &pair->value, why);

        if (rc != 0) return rc;
        if (i > 0) tk_buf_put_byte(out, '&');
        put_encoded(out, pair->name);
        tk_buf_put_byte(out, '=');
        put_encoded(out, tk_buf_str(&o->work));
    }
    return 0;
}

/* --- json --- */

static int put_json(struct tk_outgoing *o, const struct tk_value *json,
                    struct tk_why *why)
{
    int rc = tk_json_write_with_secrets(&o->body, json);

    if (rc == TK_EINVAL) {
        return tk_fail(why, rc, "json: a table has both items and names");
    }
    if (rc != 0) return tk_fail(why, TK_EINVAL, "json: it is too large");
    return 0;
}

/* --- headers --- */

static bool has_header(const struct tk_outgoing *o, struct tk_str name)
{
    for (size_t i = 0; i < o->header_count; i++) {
        if (tk_str_same_word(o->headers[i].name, name)) return true;
    }
    return false;
}

/* The value lies in `work`; `name` is borrowed unless it is copied here. */
static int add_header(struct tk_outgoing *o, struct tk_str name,
                      struct tk_why *why)
{
    struct tk_str value = tk_buf_str(&o->work);
    const char *name_copy = tk_pool_dup(&o->pool, name);
    const char *value_copy = tk_pool_dup(&o->pool, value);

    if (o->header_count == TK_OUTGOING_HEADERS || name_copy == NULL ||
        value_copy == NULL) {
        return tk_fail(why, TK_EINVAL, "headers: too many or too long");
    }
    if (has_header(o, name)) {
        return tk_fail(why, TK_EINVAL, "headers: %.40s is there twice",
                       name_copy);
    }
    o->headers[o->header_count++] = (struct tk_http_header){
        tk_str_of(name_copy, name.len), tk_str_of(value_copy, value.len)};
    return 0;
}

static int add_default(struct tk_outgoing *o, const char *name,
                       const char *value, struct tk_why *why)
{
    if (has_header(o, tk_str(name))) return 0;
    tk_buf_clear(&o->work);
    tk_buf_put_text(&o->work, value);
    return add_header(o, tk_str(name), why);
}

static int add_headers(struct tk_outgoing *o, const struct tk_value *headers,
                       struct tk_why *why)
{
    if (headers == NULL) return 0;
    if (headers->type != TK_TABLE || headers->as.table.item_count > 0) {
        return tk_fail(why, TK_EINVAL,
                       "headers: must be a table of names and values");
    }
    for (uint32_t i = 0; i < headers->as.table.pair_count; i++) {
        int rc = join(o, "headers", &headers->as.table.pairs[i].value, why);

        if (rc == 0) rc = add_header(o, headers->as.table.pairs[i].name, why);
        if (rc != 0) return rc;
    }
    return 0;
}

/* `id` ":" `secret` into `plain`. */
static int join_basic(struct tk_outgoing *o, const struct tk_value *basic,
                      bool is_raw, struct tk_buf *plain, struct tk_why *why)
{
    for (uint32_t i = 0; i < 2; i++) {
        int rc = join(o, "basic", tk_value_item(basic, i), why);

        if (rc != 0) return rc;
        if (i > 0) tk_buf_put_byte(plain, ':');
        if (is_raw) {
            tk_buf_put_str(plain, tk_buf_str(&o->work));
        } else {
            put_encoded(plain, tk_buf_str(&o->work));
        }
    }
    return 0;
}

static int add_basic(struct tk_outgoing *o, const struct tk_value *asked,
                     struct tk_why *why)
{
    const struct tk_value *basic = tk_value_get(asked, "basic");
    const struct tk_value *raw = tk_value_get(asked, "basic_raw");
    struct tk_buf plain;
    int rc;

    if (basic == NULL) return 0;
    if (basic->type != TK_LIST || basic->as.table.item_count != 2) {
        return tk_fail(why, TK_EINVAL, "basic: must be { id, secret }");
    }
    tk_buf_init(&plain, POOL_MAX);
    rc = join_basic(o, basic,
                    raw != NULL && raw->type == TK_BOOL && raw->as.flag, &plain,
                    why);
    if (rc == 0) {
        tk_buf_clear(&o->work);
        tk_buf_put_text(&o->work, "Basic ");
        tk_base64_encode(&o->work, tk_buf_str(&plain), TK_BASE64_STANDARD);
        rc = add_header(o, TK_STR("Authorization"), why);
    }
    tk_buf_fini(&plain);
    return rc;
}

/* --- url and body --- */

static int put_url(struct tk_outgoing *o, const struct tk_value *asked,
                   struct tk_why *why)
{
    const struct tk_value *query = tk_value_get(asked, "query");
    struct tk_str url = asked->type == TK_TEXT
                            ? asked->as.text
                            : tk_value_text(tk_value_get(asked, "url"));

    if (url.len == 0 || memchr(url.data, '\0', url.len) != NULL) {
        return tk_fail(why, TK_EINVAL, "url: must be a text");
    }
    tk_buf_put_str(&o->url, url);
    if (query == NULL) return 0;
    tk_buf_put_byte(&o->url, memchr(url.data, '?', url.len) ? '&' : '?');
    return put_form(o, &o->url, "query", query, why);
}

static int put_body(struct tk_outgoing *o, const struct tk_value *asked,
                    struct tk_why *why)
{
    const struct tk_value *json = tk_value_get(asked, "json");
    const struct tk_value *form = tk_value_get(asked, "form");
    const struct tk_value *body = tk_value_get(asked, "body");
    int count = (json != NULL) + (form != NULL) + (body != NULL);
    int rc = 0;

    if (count > 1 || (count > 0 && strcmp(o->method, "POST") != 0)) {
        return tk_fail(why, TK_EINVAL,
                       "one of json, form and body may be given, and only to "
                       "http.post");
    }
    o->has_body = strcmp(o->method, "POST") == 0;
    if (json != NULL) {
        rc = put_json(o, json, why);
        return rc != 0 ? rc
                       : add_default(o, "Content-Type",
                                     "application/json; charset=utf-8", why);
    }
    if (form != NULL) rc = put_form(o, &o->body, "form", form, why);
    if (body != NULL) {
        rc = join(o, "body", body, why);
        tk_buf_put_str(&o->body, tk_buf_str(&o->work));
    }
    if (rc != 0 || !o->has_body) return rc;
    return add_default(o, "Content-Type",
                       body == NULL ? "application/x-www-form-urlencoded"
                                    : "application/octet-stream",
                       why);
}

/* --- the whole --- */

static const char *const known[] = {"basic",   "basic_raw", "body",  "form",
                                    "headers", "json",      "query", "url"};
enum { KNOWN = sizeof known / sizeof known[0] };

static bool is_known(struct tk_str name)
{
    size_t at = 0;

    while (at < KNOWN && !tk_str_is(name, known[at])) at++;
    return at < KNOWN;
}

static int refuse_field(struct tk_str name, struct tk_why *why)
{
    struct tk_near near;

    tk_near_init(&near, name);
    for (size_t i = 0; i < KNOWN; i++) tk_near_try(&near, tk_str(known[i]));
    return tk_fail(why, TK_EINVAL, "unknown field %.40s%s%.*s%s", name.data,
                   near.best.len > 0 ? "; did you mean " : "",
                   TK_ARG(near.best), near.best.len > 0 ? "?" : "");
}

static int check_fields(const struct tk_value *asked, struct tk_why *why)
{
    if (asked->type == TK_TEXT) return 0;
    if (asked->type != TK_TABLE || asked->as.table.item_count > 0) {
        return tk_fail(why, TK_EINVAL,
                       "a URL or a table with url = ... is wanted");
    }
    for (uint32_t i = 0; i < asked->as.table.pair_count; i++) {
        struct tk_str name = asked->as.table.pairs[i].name;

        if (!is_known(name)) return refuse_field(name, why);
    }
    return 0;
}

int tk_outgoing_fill(struct tk_outgoing *outgoing, const char *method,
                     const struct tk_value *asked, struct tk_why *why)
{
    struct tk_outgoing *o = outgoing;
    int rc = check_fields(asked, why);

    o->method = method;
    if (rc == 0) rc = put_url(o, asked, why);
    if (rc == 0) rc = add_headers(o, tk_value_get(asked, "headers"), why);
    if (rc == 0) rc = add_basic(o, asked, why);
    if (rc == 0) rc = put_body(o, asked, why);
    if (rc == 0) rc = add_default(o, "Accept", "application/json", why);
    if (rc != 0) return rc;
    if (o->url.failed != 0 || o->body.failed != 0) {
        return tk_fail(why, TK_EINVAL, "the request is too large");
    }
    return 0;
}
