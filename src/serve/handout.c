#include "serve/handout.h"

#include "base/date.h"
#include "net/json.h"

#include <stdio.h>

/* Written piece by piece and not through struct tk_json: this is what every
 * caller gets, and the bytes of keys and states need no escapes. */
void tk_handout_write(const struct tk_got *got, int64_t wall_ms,
                      struct tk_buf *out)
{
    const struct tk_kind *kind = got->entry->kind;
    char date[TK_DATE_TEXT];
    char seconds[TK_SECONDS_TEXT];

    tk_buf_put_str(out, TK_STR("{\"key\":\""));
    tk_buf_put_str(out, tk_entry_text(got->entry));
    tk_buf_put_str(out, TK_STR("\",\"token\":"));
    tk_json_quote(out, got->token);
    tk_buf_put_str(out, TK_STR(",\"attributes\":"));
    tk_buf_put_str(out,
                   got->attributes.len > 0 ? got->attributes : TK_STR("{}"));
    tk_buf_put_str(out, TK_STR(",\"expires_in\":"));
    tk_buf_put_text(out, tk_seconds_print(got->expires_in_ms, seconds));
    tk_buf_put_str(out, TK_STR(",\"expires_at\":\""));
    tk_buf_put_text(out, tk_date_print(wall_ms + got->expires_in_ms, date));
    tk_buf_put_str(out, TK_STR("\",\"generation\":"));
    tk_buf_put_int(out, (int64_t)got->generation);
    tk_buf_put_str(out, TK_STR(",\"state\":\""));
    tk_buf_put_text(out, tk_state_name(got->state));
    tk_buf_put_str(out, TK_STR("\",\"attach\":{\"header\":"));
    tk_json_quote(out, tk_str(kind->attach_header));
    tk_buf_put_str(out, TK_STR(",\"format\":"));
    tk_json_quote(out, tk_str(kind->attach_format));
    tk_buf_put_str(out, TK_STR("}}"));
}

void tk_handout_head(const struct tk_got *got, struct tk_handout_headers *out)
{
    snprintf(out->generation, sizeof out->generation, "%llu",
             (unsigned long long)got->generation);
    out->list[0] = (struct tk_http_header){TK_STR("Tokeng-Generation"),
                                           tk_str(out->generation)};
    out->list[1] = (struct tk_http_header){
        TK_STR("Tokeng-Expires-In"),
        tk_str(tk_seconds_print(got->expires_in_ms, out->expires_in))};
    out->list[2] = (struct tk_http_header){TK_STR("Tokeng-State"),
                                           tk_str(tk_state_name(got->state))};
    out->list[3] =
        (struct tk_http_header){TK_STR("Cache-Control"), TK_STR("no-store")};
}

/* What a person can do about a failure of each class. */
static const char *advice(enum tk_class class)
{
    switch (class) {
    case TK_CLASS_TRANSIENT:
        return "it is asked again by itself";
    case TK_CLASS_RATE:
        return "it limits our calls, and is asked again when it allows";
    case TK_CLASS_CREDENTIAL:
        return "it refuses our credential: correct the secret; a file that "
               "changes is noticed";
    case TK_CLASS_REAUTHORIZE:
        return "a person has to log in again";
    case TK_CLASS_TICKET:
        return "its ticket has not been pushed to us yet";
    case TK_CLASS_CONFIG:
        return "it refuses what is configured: correct it, then reload";
    case TK_CLASSES:
        break;
    }
    return "";
}

static void put_failure(const struct tk_got *got, char *detail, size_t cap)
{
    const struct tk_failure *failure = got->entry->failure;
    const char *source = got->entry->source->name;

    if (failure == NULL) {
        snprintf(detail, cap, "the issuer of source %s gave no newer token",
                 source);
    } else {
        snprintf(detail, cap,
                 "the issuer of source %s gave no token (%s%s%s): %s", source,
                 failure->code, failure->detail[0] == '\0' ? "" : ", ",
                 failure->detail, advice(failure->class));
    }
}

static void put_detail(const struct tk_got *got, char *detail, size_t cap)
{
    const char *source = got->entry->source->name;

    switch (got->refusal) {
    case TK_REFUSAL_NONE:
    case TK_REFUSAL_FAILED:
        put_failure(got, detail, cap);
        break;
    case TK_REFUSAL_POISONED:
        snprintf(detail, cap,
                 "the issuer of source %s hands out the rejected token again",
                 source);
        break;
    case TK_REFUSAL_HELD:
        snprintf(detail, cap,
                 "too many new tokens of this key were reported in a row: the "
                 "issuer of source %s is asked again a while later",
                 source);
        break;
    case TK_REFUSAL_DOWN:
        snprintf(detail, cap,
                 "the issuer of source %s does not answer (%s); it is asked "
                 "again by one call at a time",
                 source, got->entry->source->origin);
        break;
    case TK_REFUSAL_BUSY:
        snprintf(detail, cap,
                 "the issuer of source %s has asked not to be called for a "
                 "while",
                 source);
        break;
    case TK_REFUSAL_PAUSED:
        snprintf(detail, cap,
                 "source %s is paused: tokeng resume %s lets it go on", source,
                 source);
        break;
    case TK_REFUSAL_TIMEOUT:
        snprintf(detail, cap,
                 "the issuer of source %s has not answered in time: ask again, "
                 "or wait longer",
                 source);
        break;
    case TK_REFUSAL_WITHDRAWN:
        snprintf(detail, cap,
                 "source %s was changed or taken out of the configuration: ask "
                 "again",
                 source);
        break;
    case TK_REFUSAL_STOPPING:
        snprintf(detail, cap, "the engine is stopping: ask again when it runs");
        break;
    }
}

void tk_handout_refuse(const struct tk_got *got, char detail[TK_HANDOUT_DETAIL],
                       struct tk_http_problem *out)
{
    const struct tk_failure *failure = got->entry->failure;

    put_detail(got, detail, TK_HANDOUT_DETAIL);
    *out = (struct tk_http_problem){
        .status = 503,
        .code = tk_refusal_name(got->refusal),
        .detail = detail,
        .retry_ms = got->retry_in_ms > 0 ? got->retry_in_ms : 1,
    };
    if (got->refusal == TK_REFUSAL_FAILED && failure != NULL) {
        out->issuer_class = tk_class_name(failure->class);
        out->issuer_code = failure->code;
    }
}
