/* fake/issuer.h - one fake issuer: a script with its rules and its words.
 *
 * The script's table holds api, name, routes (the beginnings of the paths that
 * are its own), settings (its defaults) and
 *
 *   handle(request, state, now) -> status, headers, answer
 *
 * `request` holds method, path, headers (names in lower case) and body; form,
 * if the body is one; basic = { id, secret }, if that header is there. With
 * `fault` set the script answers in its issuer's words: "limit", you ask too
 * often, come back in `retry_after` seconds; "ok_error", a mishap told with
 * status 200. With `control` set it is the host that asks about `token`:
 * "check", do you accept it; "revoke", accept it no longer; 200 means yes.
 *
 * `answer` holds body (a text, or a table that is sent as JSON) and what the
 * host's statistics say of the call: result ("issued", "repeated", the word for
 * what was wrong, or nothing), client, kind, and remaining, the seconds that
 * the last token of this client and kind had left.
 */
#ifndef TK_FAKE_ISSUER_H
#define TK_FAKE_ISSUER_H

#include "base/value.h"
#include "net/http.h"

struct tk_issuer;

/* Borrowed during the call. `fault` and `control` may be NULL. */
struct tk_issuer_call {
    struct tk_str method;
    struct tk_str path;
    const struct tk_http_header *headers;
    size_t header_count;
    struct tk_str body;
    const char *fault;
    int64_t retry_after_s;
    const char *control;
    struct tk_str token;
};

enum { TK_ISSUER_HEADERS = 16 };

/* Views into the pool of the call; those of the statistics may be empty. */
struct tk_issuer_answer {
    int status;
    struct tk_http_header headers[TK_ISSUER_HEADERS];
    size_t header_count;
    bool is_json;
    struct tk_str body;
    struct tk_str result;
    struct tk_str client;
    struct tk_str kind;
    int64_t remaining_ms; /* -1: not said */
};

/* `settings` go over those of the script; times are in seconds. A window that
 * is not given keeps its share of a life that is. */
TK_MUST_USE int tk_issuer_open(const char *path, const char *lua_dir,
                               const struct tk_value *settings,
                               struct tk_issuer **out, struct tk_why *why);
/* `issuer` may be NULL. */
void tk_issuer_close(struct tk_issuer *issuer);

/* Borrowed from the issuer. */
const char *tk_issuer_name(const struct tk_issuer *issuer);
bool tk_issuer_serves(const struct tk_issuer *issuer, struct tk_str path);

/* Returns 0, TK_ENOMEM, or TK_ESCRIPT or TK_EBUDGET with the reason. `now` is
 * in seconds. */
TK_MUST_USE int tk_issuer_ask(struct tk_issuer *issuer,
                              const struct tk_issuer_call *call, double now,
                              struct tk_pool *pool,
                              struct tk_issuer_answer *out, struct tk_why *why);

#endif
