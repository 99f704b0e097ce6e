#define _DEFAULT_SOURCE
#include "cli/get.h"

#include "cache/table.h"
#include "cli/call.h"
#include "tokeng.h"

enum {
    OUTPUT_MAX_BYTES = 64 * 1024,
    /* The engine waits five seconds unless it is told otherwise; the answer
     * gets as long again to arrive. */
    DEFAULT_WAIT_MS = 5 * 1000,
    MARGIN_MS = 5 * 1000,
};

static const struct tk_option options[] = {
    {"min-ttl", '\0', TK_OPTION_SECONDS, "SECONDS",
     "life that the token should still have"},
    {"wait", '\0', TK_OPTION_SPAN, "SPAN",
     "how long to wait for the issuer (5s)"},
    {"newer-than", '\0', TK_OPTION_COUNT, "N",
     "only a token after generation N, which was rejected"},
    {"header", '\0', TK_OPTION_FLAG, NULL,
     "print the HTTP header that presents the token"},
    TK_OPTION_JSON,
    TK_OPTION_SOCKET,
    TK_OPTION_DIR,
};

static void put_ms(struct tk_buf *path, const struct tk_args *args,
                   const char *option, const char *parameter)
{
    char text[TK_SPAN_TEXT];
    struct tk_buf ms;

    if (!tk_args_has(args, option)) return;
    tk_buf_init(&ms, sizeof text);
    tk_buf_put_int(&ms, tk_args_ms(args, option, 0));
    tk_buf_put_text(&ms, "ms");
    tk_call_put_query(path, parameter, tk_buf_str(&ms));
    tk_buf_fini(&ms);
}

void tk_get_path(const struct tk_args *args, struct tk_buf *out)
{
    tk_buf_put_text(out, "/v1/token/");
    tk_buf_put_text(out, args->words[0]);
    put_ms(out, args, "min-ttl", "min_ttl");
    put_ms(out, args, "wait", "wait");
    if (tk_args_has(args, "newer-than")) {
        tk_call_put_query(out, "newer_than",
                          tk_str(tk_args_text(args, "newer-than")));
    }
}

bool tk_get_print(const struct tk_value *answer, bool as_header,
                  struct tk_buf *out)
{
    const struct tk_value *attach = tk_value_get(answer, "attach");
    struct tk_str token = tk_value_text(tk_value_get(answer, "token"));
    struct tk_str header = tk_value_text(tk_value_get(attach, "header"));
    struct tk_str after = tk_value_text(tk_value_get(attach, "format"));
    struct tk_str before;

    if (token.len == 0) return false;
    if (!as_header) {
        tk_buf_put_str(out, token);
        tk_buf_put_byte(out, '\n');
        return true;
    }
    before = tk_str_cut(&after, '%'); /* the format has one %s */
    if (header.len == 0 || after.len == 0 || after.data[0] != 's') return false;
    tk_buf_put_str(out, header);
    tk_buf_put_text(out, ": ");
    tk_buf_put_str(out, before);
    tk_buf_put_str(out, token);
    tk_buf_put_str(out, tk_str_skip(after, 1));
    tk_buf_put_byte(out, '\n');
    return true;
}

static enum tk_exit print(struct tk_engine_call *call,
                          const struct tk_args *args)
{
    struct tk_buf text;
    enum tk_exit status;

    if (tk_args_has(args, "json")) return tk_call_put_json(call);
    tk_buf_init(&text, OUTPUT_MAX_BYTES);
    if (tk_get_print(&call->body, tk_args_has(args, "header"), &text)) {
        status = tk_show_put(call->show, &text);
    } else {
        status = tk_show_fail(call->show, TK_EXIT_INTERNAL,
                              "the engine's answer makes no sense; is it of "
                              "another version?");
    }
    tk_buf_fini(&text);
    return status;
}

/* A token that is in the shared cache needs no engine; what is more than the
 * token only the engine knows, and a socket that is named is to be asked. */
static bool is_in_cache(const struct tk_args *args, struct tk_buf *out)
{
    struct tokeng_want want = {
        .size = sizeof want,
        .min_ttl_s = (uint32_t)(tk_args_ms(args, "min-ttl", 0) / 1000),
        .newer_than = (uint64_t)tk_args_count(args, "newer-than", 0),
    };
    const char *key = args->words[0];
    char token[TK_TOKEN_MAX];
    struct tokeng *t;
    int len;

    if (tk_args_has(args, "json") || tk_args_has(args, "header") ||
        tk_args_has(args, "socket") ||
        tokeng_open(tk_args_text(args, "dir"), &t) != 0) {
        return false;
    }
    len = tokeng_get(t, key, strlen(key), &want, token, sizeof token, NULL);
    tokeng_close(t);
    if (len <= 0) return false;
    tk_buf_put_str(out, tk_str_of(token, (size_t)len));
    tk_buf_put_byte(out, '\n');
    explicit_bzero(token, sizeof token);
    return true;
}

static enum tk_exit ask_engine(const struct tk_args *args,
                               const struct tk_show *show)
{
    int64_t wait = tk_args_ms(args, "wait", DEFAULT_WAIT_MS);
    struct tk_engine_call call;
    struct tk_buf path;
    enum tk_exit status = tk_call_open(&call, args, show);

    if (status != TK_EXIT_OK) return status;
    tk_buf_init(&path, TK_CALL_PATH);
    tk_get_path(args, &path);
    status = tk_call_ask(&call, "GET", tk_buf_text(&path), TK_STR(""),
                         wait + MARGIN_MS);
    if (status == TK_EXIT_OK) status = print(&call, args);
    tk_buf_fini(&path);
    tk_call_close(&call);
    return status;
}

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    enum tk_exit status = tk_call_check_key(show, args->words[0]);
    struct tk_buf text;

    if (status != TK_EXIT_OK) return status;
    tk_buf_init(&text, OUTPUT_MAX_BYTES);
    status = is_in_cache(args, &text) ? tk_show_put(show, &text)
                                      : ask_engine(args, show);
    tk_buf_fini(&text);
    return status;
}

const struct tk_command tk_get_command = {
    .name = "get",
    .words = "KEY",
    .summary = "print a token",
    .about = "Prints the bare token of KEY and a line end, nothing else. Waits "
             "for the issuer if there is no good token yet. One that is in the "
             "shared cache is printed without asking the engine.",
    .example = "tokeng get crm/client --header | curl -H @- "
               "https://crm.example/v1/me",
    TK_COMMAND_OPTIONS(options),
    .word_count = 1,
    .run = run,
};
