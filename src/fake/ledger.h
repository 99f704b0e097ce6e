/* fake/ledger.h - what the fake issuers were asked, and what they answered.
 *
 * Counts for each issuer, each of its clients and each kind of token, and a log
 * of the last calls. Bounded: beyond TK_LEDGER_ROWS rows a new client is
 * counted with its issuer alone.
 */
#ifndef TK_FAKE_LEDGER_H
#define TK_FAKE_LEDGER_H

#include "base/list.h"
#include "net/json.h"

enum {
    TK_LEDGER_LOG = 1000,
    TK_LEDGER_ROWS = 4096,
    TK_LEDGER_WORDS = 24, /* different results of one row */
    TK_LEDGER_NAME = 64,
    TK_LEDGER_PATH = 96,
};

/* One call; texts are borrowed and are cut when they are too long. */
struct tk_ledger_call {
    const char *issuer;
    struct tk_str path;
    struct tk_str client; /* empty: not known */
    struct tk_str kind;   /* empty: not known */
    struct tk_str result; /* "issued", "repeated", what was wrong, or empty */
    int64_t remaining_ms; /* of the token before; -1: not known */
    int64_t at_ms;
};

struct tk_ledger_row;
struct tk_ledger_entry;

/* Owned by whoever called tk_ledger_init. */
struct tk_ledger {
    struct tk_link issuers; /* rows */
    size_t row_count;
    struct tk_ledger_entry *log; /* a ring */
    uint64_t logged;             /* calls since the start */
};

TK_MUST_USE int tk_ledger_init(struct tk_ledger *ledger);
void tk_ledger_fini(struct tk_ledger *ledger);

/* Counts and logs a call. For lack of memory counts are lost, nothing else. */
void tk_ledger_note(struct tk_ledger *ledger,
                    const struct tk_ledger_call *call);

/* A call is at work between these two. */
void tk_ledger_enter(struct tk_ledger *ledger, const char *issuer);
void tk_ledger_leave(struct tk_ledger *ledger, const char *issuer);

/* Writes `"issuers": {...}, "log": [...]` into an object that is open; of the
 * log the last `log_max` calls, the oldest first. */
void tk_ledger_write(const struct tk_ledger *ledger, size_t log_max,
                     struct tk_json *json);

#endif
