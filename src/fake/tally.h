/* fake/tally.h - what the fake issuers were asked, and what they answered.
 *
 * Counts for each issuer, each of its clients and each kind of token, and a log
 * of the last calls. Bounded: beyond TK_TALLY_ROWS rows a new client is counted
 * with its issuer alone.
 */
#ifndef TK_FAKE_TALLY_H
#define TK_FAKE_TALLY_H

#include "base/list.h"
#include "net/json.h"

enum {
    TK_TALLY_LOG = 1000,
    TK_TALLY_ROWS = 4096,
    TK_TALLY_WORDS = 24, /* different results of one row */
    TK_TALLY_NAME = 64,
    TK_TALLY_PATH = 96,
};

/* One call; texts are borrowed and are cut when they are too long. */
struct tk_tally_call {
    const char *issuer;
    struct tk_str path;
    struct tk_str client; /* empty: not known */
    struct tk_str kind;   /* empty: not known */
    struct tk_str result; /* "issued", "repeated", what was wrong, or empty */
    int64_t remaining_ms; /* of the token before; -1: not known */
    int64_t at_ms;
};

struct tk_tally_row;
struct tk_tally_entry;

/* Owned by whoever called tk_tally_init. */
struct tk_tally {
    struct tk_link issuers; /* rows */
    size_t row_count;
    struct tk_tally_entry *log; /* a ring */
    uint64_t logged;            /* calls since the start */
};

TK_MUST_USE int tk_tally_init(struct tk_tally *tally);
void tk_tally_fini(struct tk_tally *tally);

/* Counts and logs a call. For lack of memory counts are lost, nothing else. */
void tk_tally_note(struct tk_tally *tally, const struct tk_tally_call *call);

/* A call is at work between these two. */
void tk_tally_enter(struct tk_tally *tally, const char *issuer);
void tk_tally_leave(struct tk_tally *tally, const char *issuer);

/* Writes `"issuers": {...}, "log": [...]` into an object that is open; of the
 * log the last `log_max` calls, the oldest first. */
void tk_tally_write(const struct tk_tally *tally, size_t log_max,
                    struct tk_json *json);

#endif
