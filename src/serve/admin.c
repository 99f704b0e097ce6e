#include "serve/admin.h"

#include "net/json.h"

enum { RESULT_MAX_BYTES = 4096 };

/* {"key","result","detail"}; without a key if that is empty. */
static void send_result(struct tk_request *request, struct tk_str key,
                        const char *result, const char *detail)
{
    struct tk_buf out;
    struct tk_json json = {.out = &out};

    tk_buf_init(&out, RESULT_MAX_BYTES);
    tk_json_open(&json, '{');
    if (key.len > 0) {
        tk_json_name(&json, "key");
        tk_json_text(&json, key);
    }
    tk_json_name(&json, "result");
    tk_json_text(&json, tk_str(result));
    tk_json_name(&json, "detail");
    tk_json_text(&json, tk_str(detail));
    tk_json_close(&json, '}');
    tk_desk_send_json(request, 202, &out);
    tk_buf_fini(&out);
}

void tk_admin_refresh(struct tk_desk *desk, struct tk_request *request,
                      struct tk_str key)
{
    struct tk_entry *entry = tk_desk_claim(desk, request, key);

    if (entry == NULL) return;
    switch (tk_engine_refresh(desk->engine, entry)) {
    case TK_VERDICT_PAUSED:
        send_result(request, tk_entry_text(entry), "paused",
                    "noted; the source is paused, so the issuer is asked when "
                    "it is resumed");
        break;
    case TK_VERDICT_REFUSED:
        send_result(request, tk_entry_text(entry), "refused",
                    "noted; the issuer refuses our credential, and is asked "
                    "when the secret changes");
        break;
    default:
        send_result(request, tk_entry_text(entry), "refreshing",
                    "the issuer is asked for a token now");
    }
}

void tk_admin_drop(struct tk_desk *desk, struct tk_request *request,
                   struct tk_str key)
{
    struct tk_entry *entry = tk_desk_find(desk, request, key);

    if (entry == NULL) return;
    tk_engine_drop(desk->engine, entry);
    send_result(request, tk_entry_text(entry), "dropped",
                entry->is_kept
                    ? "the token is dropped; a new one is fetched, because the "
                      "key is kept"
                    : "the token is dropped; a new one is fetched when "
                      "somebody asks for it");
}

static void send_pause(struct tk_request *request, struct tk_str source,
                       bool is_paused)
{
    struct tk_buf out;
    struct tk_json json = {.out = &out};

    tk_buf_init(&out, RESULT_MAX_BYTES);
    tk_json_open(&json, '{');
    tk_json_name(&json, "source");
    tk_json_text(&json, source);
    tk_json_name(&json, "paused");
    tk_json_bool(&json, is_paused);
    tk_json_name(&json, "detail");
    tk_json_text(&json, is_paused
                            ? TK_STR("no issuer calls for this source until it "
                                     "is resumed; good tokens are served")
                            : TK_STR("refreshes of this source go on"));
    tk_json_close(&json, '}');
    tk_desk_send_json(request, 202, &out);
    tk_buf_fini(&out);
}

void tk_admin_pause(struct tk_desk *desk, struct tk_request *request,
                    struct tk_str source, bool is_paused)
{
    struct tk_http_problem problem = {.status = 404, .code = "unknown_source"};
    struct tk_why why;

    if (!tk_key_is_part(source)) {
        tk_desk_refuse_input(request, "bad_request",
                             "what follows the last '/' is no name of a "
                             "source");
        return;
    }
    if (tk_engine_pause(desk->engine, source, is_paused, &why) != 0) {
        problem.detail = why.text;
        tk_desk_refuse(request, &problem);
        return;
    }
    send_pause(request, source, is_paused);
}

void tk_admin_reload(struct tk_desk *desk, struct tk_request *request)
{
    struct tk_problems problems;
    struct tk_http_problem problem = {
        .status = 400,
        .code = "config",
        .detail = "the configuration has problems; the one before it stays in "
                  "force",
        .problems = &problems,
    };
    int rc;

    tk_problems_init(&problems);
    rc = tk_engine_reload(desk->engine, &problems);
    if (rc == 0) {
        send_result(request, tk_str(""), "reloaded",
                    "the configuration is in force; tokens of unchanged "
                    "sources were kept");
    } else if (problems.count > 0) {
        tk_desk_refuse(request, &problem);
    } else {
        tk_desk_refuse_internal(request);
    }
    tk_problems_fini(&problems);
}
