/* sim/book.h - keeps the tally of a run while it goes on.
 *
 * All moments are of the trace.
 */
#ifndef TK_SIM_BOOK_H
#define TK_SIM_BOOK_H

#include "base/err.h"
#include "sim/tally.h"

#include <stdbool.h>

/* What a key has come to. */
struct tk_book_key {
    int64_t first_at; /* token; -1: none came yet */
    int64_t from_ms;  /* of the token at hand */
    int64_t to_ms;
    bool is_used;   /* this token */
    bool is_wanted; /* the next one */
};

/* Owned by the replay. */
struct tk_book {
    struct tk_tally *tally; /* borrowed */
    struct tk_book_key *keys;
    uint32_t key_count;
    uint32_t show_key;
    uint32_t *minutes; /* calls, from the first that is judged */
    size_t minute_count;
};

/* `tally` is emptied, but for its name. */
TK_MUST_USE int tk_book_init(struct tk_book *book, struct tk_tally *tally,
                             uint32_t key_count, int64_t from_ms,
                             int64_t to_ms);
void tk_book_fini(struct tk_book *book);

/* Somebody uses a key; `is_cold`: there is no token that is good. */
void tk_book_use(struct tk_book *book, uint32_t key, int64_t at, bool is_cold);
/* A caller who came at `at` got no token. */
void tk_book_denied(struct tk_book *book, uint32_t key, int64_t at);

enum tk_book_outcome { TK_BOOK_TOKEN, TK_BOOK_NO_OP, TK_BOOK_FAILED };

/* A call leaves; and what has come of the one that left at `at`. */
void tk_book_call(struct tk_book *book, int64_t at, bool is_awaited);
void tk_book_outcome(struct tk_book *book, int64_t at,
                     enum tk_book_outcome outcome);
/* There is a new token, from `at` on. */
TK_MUST_USE int tk_book_token(struct tk_book *book, uint32_t key, int64_t at,
                              int64_t to_ms);

/* The end of the trace. */
TK_MUST_USE int tk_book_close(struct tk_book *book);

#endif
