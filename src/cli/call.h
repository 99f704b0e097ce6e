/* cli/call.h - a command's conversation with the engine.
 *
 * Whatever goes wrong is said here, in one sentence, and comes back as the
 * command's exit status.
 */
#ifndef TK_CLI_CALL_H
#define TK_CLI_CALL_H

#include "base/value.h"
#include "cli/args.h"
#include "cli/show.h"
#include "reader/wire.h"

/* Owned by whoever called tk_call_open. */
struct tk_engine_call {
    const struct tk_show *show;
    struct tk_wire *wire;
    struct tk_wire_reply reply; /* the last one; it may hold a token */
    struct tk_pool pool;
    struct tk_value body; /* of the reply; lives until the next one */
};

enum { TK_CALL_TIMEOUT_MS = 10 * 1000, TK_CALL_PATH = 1024 };

/* Finds the engine by --socket, --dir or where engines usually are. */
enum tk_exit tk_call_open(struct tk_engine_call *call,
                          const struct tk_args *args,
                          const struct tk_show *show);
void tk_call_close(struct tk_engine_call *call);

/* Asks and reads the answer. TK_EXIT_OK for a good one, which is then in
 * `body`. `json` is what is sent along, or empty. */
enum tk_exit tk_call_ask(struct tk_engine_call *call, const char *method,
                         const char *path, struct tk_str json,
                         int64_t timeout_ms);

/* Prints the answer as it came: what --json is for. */
enum tk_exit tk_call_put_json(struct tk_engine_call *call);
/* Prints the sentence `detail` of the answer, or the answer with --json. */
enum tk_exit tk_call_put_detail(struct tk_engine_call *call,
                                const struct tk_args *args);

/* Says what is wrong with a key, if anything is. */
enum tk_exit tk_call_check_key(const struct tk_show *show, const char *key);

/* Appends "name=value", percent-encoded, after '?' or '&'. */
void tk_call_put_query(struct tk_buf *path, const char *name,
                       struct tk_str value);

/* The exit status that an answer of the engine stands for. */
enum tk_exit tk_call_status(int http_status, struct tk_str code);

#endif
