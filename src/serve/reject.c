#include "serve/reject.h"

#include "net/json.h"

/* A tree of the longest token. */
enum { REPORT_MAX_BYTES = 64 * 1024 };

static int read_fields(const struct tk_value *body, struct tk_report *out)
{
    const struct tk_value *generation = tk_value_get(body, "generation");
    const struct tk_value *token = tk_value_get(body, "token");
    int64_t number;

    if (body->type != TK_TABLE || body->as.table.pair_count != 1) {
        return TK_EINVAL;
    }
    if (generation != NULL) {
        if (!tk_value_int(generation, &number) || number < 1) return TK_EINVAL;
        out->generation = (uint64_t)number;
        return 0;
    }
    out->token = tk_value_text(token);
    return out->token.len == 0 ? TK_EINVAL : 0;
}

int tk_reject_read(struct tk_str body, struct tk_pool *pool,
                   struct tk_report *out, struct tk_why *why)
{
    struct tk_value tree;

    *out = (struct tk_report){0};
    if (tk_json_parse(body, pool, &tree, why) != 0) return TK_EINVAL;
    if (read_fields(&tree, out) == 0) return 0;
    return tk_fail(why, TK_EINVAL,
                   "the body must be {\"generation\":N}, N from 1, or "
                   "{\"token\":\"...\"}");
}

static const char *name_of(enum tk_verdict verdict)
{
    switch (verdict) {
    case TK_VERDICT_REFRESHING:
        return "refreshing";
    case TK_VERDICT_KNOWN:
        return "known";
    case TK_VERDICT_LATE:
        return "late";
    case TK_VERDICT_HELD:
        return "held";
    case TK_VERDICT_REFUSED:
        return "refused";
    case TK_VERDICT_PAUSED:
        return "paused";
    case TK_VERDICT_UNKNOWN:
        break;
    }
    return "unknown";
}

static const char *detail_of(enum tk_verdict verdict)
{
    switch (verdict) {
    case TK_VERDICT_REFRESHING:
        return "the issuer is asked for a newer token now; ask for it with "
               "newer_than";
    case TK_VERDICT_KNOWN:
        return "this token was reported before; nothing new is done";
    case TK_VERDICT_LATE:
        return "this token has been replaced already; ask for the one that is "
               "there";
    case TK_VERDICT_REFUSED:
        return "noted; the issuer refuses our credential, and is asked when "
               "the secret changes";
    case TK_VERDICT_HELD:
        return "noted; too many new tokens of this key were reported in a row, "
               "so the issuer is asked a while later";
    case TK_VERDICT_PAUSED:
        return "noted; the source is paused, so the issuer is asked when it is "
               "resumed";
    case TK_VERDICT_UNKNOWN:
        break;
    }
    return "no such token was given out under this key";
}

static void send_verdict(struct tk_desk *desk, struct tk_request *request,
                         const struct tk_entry *entry, enum tk_verdict verdict)
{
    struct tk_record record;
    struct tk_buf out;
    struct tk_json json = {.out = &out};

    tk_fleet_read(tk_engine_fleet(desk->engine), entry, &record);
    tk_buf_init(&out, TK_DESK_ANSWER_MAX);
    tk_json_open(&json, '{');
    tk_json_name(&json, "key");
    tk_json_text(&json, tk_entry_text(entry));
    tk_json_name(&json, "result");
    tk_json_text(&json, tk_str(name_of(verdict)));
    tk_json_name(&json, "detail");
    tk_json_text(&json, tk_str(detail_of(verdict)));
    tk_json_name(&json, "generation");
    tk_json_int(&json, (int64_t)record.generation);
    tk_json_close(&json, '}');
    tk_desk_send_json(request, 202, &out);
    tk_buf_fini(&out);
}

static void judge(struct tk_desk *desk, struct tk_request *request,
                  struct tk_entry *entry, const struct tk_report *report)
{
    enum tk_verdict verdict = tk_engine_reject(
        desk->engine, entry, report->generation, report->token);

    if (verdict == TK_VERDICT_UNKNOWN) {
        struct tk_http_problem problem = {
            .status = 404, .code = "unknown_key", .detail = detail_of(verdict)};

        tk_desk_refuse(request, &problem);
    } else {
        send_verdict(desk, request, entry, verdict);
    }
}

void tk_reject_answer(struct tk_desk *desk, struct tk_request *request,
                      struct tk_str key)
{
    struct tk_entry *entry;
    struct tk_report report;
    struct tk_pool pool;
    struct tk_why why;

    tk_pool_init(&pool, REPORT_MAX_BYTES);
    if (tk_reject_read(tk_request_body(request), &pool, &report, &why) != 0) {
        tk_desk_refuse_input(request, "bad_request", why.text);
    } else {
        entry = tk_desk_find(desk, request, key);
        if (entry != NULL) judge(desk, request, entry, &report);
    }
    tk_pool_fini(&pool);
}
