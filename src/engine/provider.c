#include "engine/provider.h"

#include "base/log.h"
#include "engine/expiry.h"
#include "engine/veil.h"
#include "net/json.h"
#include "net/json_check.h"

#include <math.h>
#include <stdio.h>

enum { UNKNOWN_LIFE_MS = 5 * 60 * 1000 };

int tk_provider_start(const struct tk_entry *entry,
                      const struct tk_task_host *host, tk_task_done_cb done,
                      void *data, struct tk_task **out)
{
    struct tk_key key = tk_entry_key(entry);
    struct tk_task_call call = {
        .function = "fetch",
        .key = key,
        .variant = tk_source_variant(entry->source, entry->kind, key.subject),
    };

    return tk_task_start(entry->source->unit, &call, host, done, data, out);
}

static void fail(struct tk_answer *out, enum tk_class class, const char *code)
{
    out->is_token = false;
    out->class = class;
    snprintf(out->code, sizeof out->code, "%s", code);
}

/* An issuer's own word may reach a log and a screen, so only harmless bytes of
 * it pass. */
static void copy_code(struct tk_str from, char out[TK_CODE_TEXT])
{
    size_t len = 0;

    for (size_t i = 0; i < from.len && len < TK_CODE_TEXT - 1; i++) {
        char c = from.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                        c == '-';

        if (is_plain) out[len++] = c;
    }
    out[len] = '\0';
}

static void read_code(const struct tk_value *value, char out[TK_CODE_TEXT])
{
    int64_t number;

    if (tk_value_int(value, &number)) {
        snprintf(out, TK_CODE_TEXT, "%lld", (long long)number);
    } else {
        copy_code(tk_value_text(value), out);
    }
    if (out[0] == '\0') snprintf(out, TK_CODE_TEXT, "unnamed");
}

/* What a script says of it in words: the same care. */
static void read_detail(struct tk_str from, char out[TK_DETAIL_TEXT])
{
    size_t len = 0;

    for (size_t i = 0; i < from.len && len < TK_DETAIL_TEXT - 1; i++) {
        if (from.data[i] >= ' ' && from.data[i] <= '~') {
            out[len++] = from.data[i];
        }
    }
    out[len] = '\0';
}

static int64_t read_seconds_ms(const struct tk_value *value)
{
    double seconds = 0;

    if (value != NULL && value->type == TK_INT) {
        seconds = (double)value->as.integer;
    } else if (value != NULL && value->type == TK_NUM) {
        seconds = value->as.number;
    }
    if (!(seconds > 0)) return 0;
    return (int64_t)ceil(fmin(seconds, 1e9) * 1000);
}

static void read_failure(const struct tk_value *error, struct tk_answer *out)
{
    if (!tk_class_parse(tk_value_text(tk_value_get(error, "class")),
                        &out->class)) {
        fail(out, TK_CLASS_TRANSIENT, "no_class");
        return;
    }
    read_code(tk_value_get(error, "code"), out->code);
    read_detail(tk_value_text(tk_value_get(error, "message")), out->detail);
    out->retry_after_ms = read_seconds_ms(tk_value_get(error, "retry_after"));
}

static bool is_sound_token(struct tk_str token)
{
    if (token.len == 0 || token.len > TK_TOKEN_MAX) return false;
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] < 0x21 || token.data[i] > 0x7e) return false;
    }
    return true;
}

/* 0: it has ended. */
static int64_t read_life(const struct tk_value *given, int64_t wall_ms,
                         const struct tk_answer *out)
{
    int64_t life_ms = 0;
    int rc = tk_expiry_in(tk_value_get(given, "expires_in"), &life_ms);

    if (rc == 0) return life_ms;
    if (rc == TK_ETIMEDOUT) return 0;
    /* The wall clock is now; life counts from when the request was sent. */
    rc = tk_expiry_at(tk_value_get(given, "expires_at"), wall_ms, &life_ms);
    if (rc == 0) return life_ms + (out->received_at - out->sent_at);
    if (rc == TK_ETIMEDOUT) return 0;
    tk_log(TK_LOG_WARN, "issuer names no life; five minutes are assumed",
           tk_num("received_at_ms", out->received_at));
    return UNKNOWN_LIFE_MS;
}

/* Writes them as JSON; false: `out` says what is wrong with them. A NUL can be
 * written, but whoever reads as strictly as we do would refuse it. */
static bool take_attributes(const struct tk_value *extra,
                            struct tk_buf *attributes, struct tk_answer *out)
{
    size_t count;
    int rc;

    if (extra == NULL) return true;
    rc = tk_json_write(attributes, extra);
    if (rc == TK_ENOMEM) {
        fail(out, TK_CLASS_TRANSIENT, "no_memory");
    } else if (rc != 0 || attributes->len > TK_ATTRIBUTES_MAX) {
        fail(out, TK_CLASS_CONFIG, "attributes_too_large");
    } else if (tk_json_check(tk_buf_str(attributes), TK_JSON_DEPTH, &count,
                             NULL) != 0) {
        fail(out, TK_CLASS_TRANSIENT, "malformed_attributes");
    } else {
        out->attributes = tk_buf_str(attributes);
        return true;
    }
    return false;
}

static void read_token(const struct tk_value *given, int64_t wall_ms,
                       struct tk_buf *attributes, struct tk_answer *out)
{
    const struct tk_value *extra = tk_value_get(given, "attributes");
    struct tk_str token = tk_value_text(tk_value_get(given, "token"));

    if (!is_sound_token(token)) {
        fail(out, TK_CLASS_TRANSIENT, "malformed_token");
        return;
    }
    if (!take_attributes(extra, attributes, out)) return;
    out->life_ms = read_life(given, wall_ms, out);
    if (out->life_ms == 0) {
        fail(out, TK_CLASS_TRANSIENT, "expired_on_arrival");
        return;
    }
    out->is_token = true;
    out->token = token;
}

static void log_script_failure(const struct tk_task_result *result,
                               const struct tk_secrets *secrets)
{
    struct tk_why why;

    snprintf(why.text, sizeof why.text, "%s", result->detail);
    tk_veil(secrets, why.text);
    tk_log(TK_LOG_ERROR, "provider failed", tk_text("why", why.text));
}

void tk_provider_read(const struct tk_task_result *result,
                      const struct tk_secrets *secrets, int64_t wall_ms,
                      struct tk_buf *attributes, struct tk_answer *out)
{
    *out = (struct tk_answer){.sent_at = result->sent_at,
                              .received_at = result->received_at,
                              .reach = result->reach};
    if (result->code != 0) {
        fail(out, TK_CLASS_TRANSIENT, "script_failed");
        log_script_failure(result, secrets);
    } else if (result->first->type == TK_TABLE) {
        read_token(result->first, wall_ms, attributes, out);
    } else if (result->first->type == TK_NIL) {
        read_failure(result->second, out);
        if (tk_veil(secrets, out->code)) {
            snprintf(out->code, sizeof out->code, "hidden");
        }
        tk_veil(secrets, out->detail);
    } else {
        fail(out, TK_CLASS_TRANSIENT, "malformed_result");
    }
}
