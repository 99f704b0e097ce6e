#define _DEFAULT_SOURCE
#include "cli/admin.h"

#include "base/key.h"
#include "cli/call.h"
#include "net/json.h"

#include <errno.h>
#include <unistd.h>

enum {
    TOKEN_MAX_BYTES = 16384, /* of a token */
    JSON_MAX_BYTES = 2 * TOKEN_MAX_BYTES + 64,
};

static const struct tk_option common_options[] = {
    TK_OPTION_JSON,
    TK_OPTION_SOCKET,
    TK_OPTION_DIR,
};

static const struct tk_option reject_options[] = {
    {"generation", '\0', TK_OPTION_COUNT, "N",
     "the generation of the token that was refused"},
    {"token-stdin", '\0', TK_OPTION_FLAG, NULL,
     "read the token itself from standard input"},
    TK_OPTION_JSON,
    TK_OPTION_SOCKET,
    TK_OPTION_DIR,
};

/* POST to `path` + `name`, and the sentence of the answer. */
static enum tk_exit post(const struct tk_args *args, const struct tk_show *show,
                         const char *path, const char *name, struct tk_str json)
{
    struct tk_engine_call call;
    struct tk_buf full;
    enum tk_exit status = tk_call_open(&call, args, show);

    if (status != TK_EXIT_OK) return status;
    tk_buf_init(&full, TK_CALL_PATH);
    tk_buf_put_text(&full, path);
    tk_buf_put_text(&full, name);
    status = tk_call_ask(&call, "POST", tk_buf_text(&full), json,
                         TK_CALL_TIMEOUT_MS);
    if (status == TK_EXIT_OK) status = tk_call_put_detail(&call, args);
    tk_buf_fini(&full);
    tk_call_close(&call);
    return status;
}

static enum tk_exit refresh(const struct tk_args *args,
                            const struct tk_show *show)
{
    enum tk_exit status = tk_call_check_key(show, args->words[0]);

    if (status != TK_EXIT_OK) return status;
    return post(args, show, "/v1/refresh/", args->words[0], TK_STR(""));
}

static bool is_token(struct tk_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x21 || text.data[i] > 0x7e) return false;
    }
    return text.len > 0;
}

int tk_admin_read_token(int fd, struct tk_buf *out)
{
    /* Room for CR LF and for one byte too many. */
    while (out->len < TOKEN_MAX_BYTES + 3) {
        size_t space = TOKEN_MAX_BYTES + 3 - out->len;
        char *room = tk_buf_room(out, space);
        ssize_t got;

        if (room == NULL) return out->failed;
        got = read(fd, room, space);
        if (got == 0) break;
        if (got < 0 && errno != EINTR) return TK_EIO;
        if (got > 0) out->len += (size_t)got;
    }
    if (out->len > 0 && out->data[out->len - 1] == '\n') out->len--;
    if (out->len > 0 && out->data[out->len - 1] == '\r') out->len--;
    if (out->len > TOKEN_MAX_BYTES) return TK_ETOOBIG;
    return is_token(tk_buf_str(out)) ? 0 : TK_EINVAL;
}

static enum tk_exit put_token(const struct tk_show *show, struct tk_json *json)
{
    struct tk_buf token;
    int rc;

    tk_buf_init(&token, TOKEN_MAX_BYTES + 3);
    rc = tk_admin_read_token(STDIN_FILENO, &token);
    if (rc == 0) {
        tk_json_name(json, "token");
        tk_json_text(json, tk_buf_str(&token));
    }
    tk_buf_fini(&token);
    if (rc == 0) return TK_EXIT_OK;
    return tk_show_fail(show, TK_EXIT_USAGE,
                        "reject: standard input must hold one token: %s",
                        tk_err_text(rc));
}

static enum tk_exit reject(const struct tk_args *args,
                           const struct tk_show *show)
{
    enum tk_exit status = tk_call_check_key(show, args->words[0]);
    bool by_token = tk_args_has(args, "token-stdin");
    struct tk_buf body;
    struct tk_json json = {.out = &body};

    if (status != TK_EXIT_OK) return status;
    if (by_token == tk_args_has(args, "generation")) {
        return tk_show_fail(show, TK_EXIT_USAGE,
                            "reject: name the token by --generation N, or "
                            "show it with --token-stdin");
    }
    tk_buf_init(&body, JSON_MAX_BYTES);
    tk_json_open(&json, '{');
    if (by_token) {
        status = put_token(show, &json);
    } else {
        tk_json_name(&json, "generation");
        tk_json_int(&json, tk_args_count(args, "generation", 0));
    }
    tk_json_close(&json, '}');
    if (status == TK_EXIT_OK) {
        status =
            post(args, show, "/v1/reject/", args->words[0], tk_buf_str(&body));
    }
    tk_buf_fini(&body);
    return status;
}

/* A name that is no part of a key would change the path. */
static enum tk_exit check_source(const struct tk_show *show, const char *name)
{
    if (tk_key_is_part(tk_str(name))) return TK_EXIT_OK;
    return tk_show_fail(show, TK_EXIT_USAGE, "'%s' is no name of a source",
                        name);
}

static enum tk_exit pause_source(const struct tk_args *args,
                                 const struct tk_show *show)
{
    enum tk_exit status = check_source(show, args->words[0]);

    if (status != TK_EXIT_OK) return status;
    return post(args, show, "/v1/pause/", args->words[0], TK_STR(""));
}

static enum tk_exit resume_source(const struct tk_args *args,
                                  const struct tk_show *show)
{
    enum tk_exit status = check_source(show, args->words[0]);

    if (status != TK_EXIT_OK) return status;
    return post(args, show, "/v1/resume/", args->words[0], TK_STR(""));
}

static enum tk_exit reload(const struct tk_args *args,
                           const struct tk_show *show)
{
    return post(args, show, "/v1/reload", "", TK_STR(""));
}

const struct tk_command tk_admin_refresh_command = {
    .name = "refresh",
    .words = "KEY",
    .summary = "fetch the next token of a key now",
    .about = "Starts a refresh of KEY, whatever its plan says. The token that "
             "is there stays until its successor arrives.",
    .example = "tokeng refresh crm/client",
    TK_COMMAND_OPTIONS(common_options),
    .word_count = 1,
    .run = refresh,
};

const struct tk_command tk_admin_reject_command = {
    .name = "reject",
    .words = "KEY",
    .summary = "report that the issuer refuses a token",
    .about = "Reports a token of KEY that the issuer no longer accepts, by its "
             "generation or by the token itself, which is read from standard "
             "input and never taken from the command line, where others could "
             "see it. A report about an older token changes nothing.",
    .example = "tokeng reject crm/client --generation 17",
    TK_COMMAND_OPTIONS(reject_options),
    .word_count = 1,
    .run = reject,
};

const struct tk_command tk_admin_pause_command = {
    .name = "pause",
    .words = "SOURCE",
    .summary = "no more calls to a source's issuer",
    .about = "Stops all calls to the issuer of SOURCE. Tokens that are good "
             "are still given out.",
    .example = "tokeng pause feishu",
    TK_COMMAND_OPTIONS(common_options),
    .word_count = 1,
    .run = pause_source,
};

const struct tk_command tk_admin_resume_command = {
    .name = "resume",
    .words = "SOURCE",
    .summary = "end a pause",
    .about = "Lets calls to the issuer of SOURCE go on.",
    .example = "tokeng resume feishu",
    TK_COMMAND_OPTIONS(common_options),
    .word_count = 1,
    .run = resume_source,
};

const struct tk_command tk_admin_reload_command = {
    .name = "reload",
    .words = "",
    .summary = "read the configuration again",
    .about = "Makes the engine read its configuration again. If anything is "
             "wrong with it, every problem is printed and the old one stays "
             "in force.",
    .example = "tokeng check && tokeng reload",
    TK_COMMAND_OPTIONS(common_options),
    .run = reload,
};
