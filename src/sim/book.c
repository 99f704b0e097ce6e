#include "sim/book.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void empty(struct tk_tally *tally, int64_t from_ms, int64_t to_ms)
{
    struct tk_tally fresh = {.from_ms = from_ms, .to_ms = to_ms};

    memcpy(fresh.name, tally->name, sizeof fresh.name);
    tk_tally_fini(tally);
    *tally = fresh;
}

int tk_book_init(struct tk_book *book, struct tk_tally *tally,
                 uint32_t key_count, int64_t from_ms, int64_t to_ms)
{
    int64_t span = later(0, to_ms - from_ms);

    empty(tally, from_ms, to_ms);
    *book = (struct tk_book){
        .tally = tally,
        .key_count = key_count,
        .minute_count = (size_t)(span / MINUTE_MS) + 2,
    };
    book->keys = calloc(key_count, sizeof *book->keys);
    book->minutes = calloc(book->minute_count, sizeof *book->minutes);
    if (book->keys == NULL || book->minutes == NULL) {
        tk_book_fini(book);
        return TK_ENOMEM;
    }
    for (uint32_t i = 0; i < key_count; i++) book->keys[i].first_at = -1;
    return 0;
}

void tk_book_fini(struct tk_book *book)
{
    free(book->keys);
    free(book->minutes);
    *book = (struct tk_book){0};
}

static bool is_judged(const struct tk_book *book, int64_t at)
{
    return at >= book->tally->from_ms && at <= book->tally->to_ms;
}

void tk_book_use(struct tk_book *book, uint32_t number, int64_t at,
                 bool is_cold)
{
    struct tk_book_key *key = &book->keys[number];
    bool is_first = key->first_at < 0;

    if (is_cold) {
        key->is_wanted = true;
    } else {
        key->is_used = true;
    }
    if (!is_judged(book, at)) return;
    book->tally->uses++;
    if (!is_cold) return;
    if (is_first) {
        book->tally->first++;
    } else {
        book->tally->cold++;
    }
}

void tk_book_denied(struct tk_book *book, uint32_t key, int64_t at)
{
    book->keys[key].is_wanted = false;
    if (is_judged(book, at)) book->tally->denied++;
}

static void count_minute(struct tk_book *book, int64_t at)
{
    size_t minute = (size_t)(at / MINUTE_MS - book->tally->from_ms / MINUTE_MS);

    book->tally->minutes[at / MINUTE_MS % TK_DAY_MINUTES]++;
    if (minute >= book->minute_count) return;
    if (++book->minutes[minute] > book->tally->peak) {
        book->tally->peak = book->minutes[minute];
    }
}

void tk_book_call(struct tk_book *book, int64_t at, bool is_awaited)
{
    if (!is_judged(book, at)) return;
    book->tally->calls++;
    if (is_awaited) {
        book->tally->awaited++;
    } else {
        book->tally->background++;
    }
    count_minute(book, at);
}

void tk_book_outcome(struct tk_book *book, int64_t at,
                     enum tk_book_outcome outcome)
{
    if (!is_judged(book, at)) return;
    if (outcome == TK_BOOK_NO_OP) book->tally->no_op++;
    if (outcome == TK_BOOK_FAILED) book->tally->failed++;
}

static int show(struct tk_tally *tally, const struct tk_book_key *key,
                int64_t until)
{
    size_t more = tally->shown_cap == 0 ? 64 : tally->shown_cap * 2;
    struct tk_stretch *grown = tally->shown;

    if (tally->shown_count == tally->shown_cap) {
        grown = realloc(tally->shown, more * sizeof *grown);
        if (grown == NULL) return TK_ENOMEM;
        tally->shown = grown;
        tally->shown_cap = more;
    }
    tally->shown[tally->shown_count++] =
        (struct tk_stretch){key->from_ms, sooner(key->to_ms, until)};
    return 0;
}

/* The token of a key is of the past: its successor has come, or the trace has
 * ended, at `at`. */
static int leave_token(struct tk_book *book, uint32_t number, int64_t at)
{
    struct tk_book_key *key = &book->keys[number];
    struct tk_tally *tally = book->tally;
    int64_t dark_from = later(key->to_ms, tally->from_ms);

    at = sooner(at, tally->to_ms);
    if (!key->is_used && is_judged(book, key->from_ms)) tally->unused++;
    if (at > dark_from) tally->at_risk_ms += at - dark_from;
    if (number != book->show_key) return 0;
    return show(tally, key, at);
}

int tk_book_token(struct tk_book *book, uint32_t number, int64_t at,
                  int64_t to_ms)
{
    struct tk_book_key *key = &book->keys[number];
    int rc = 0;

    if (key->first_at < 0) {
        key->first_at = at;
    } else {
        rc = leave_token(book, number, at);
    }
    key->from_ms = at;
    key->to_ms = to_ms;
    key->is_used = key->is_wanted;
    key->is_wanted = false;
    return rc;
}

/* A token that is still good may yet be used. */
int tk_book_close(struct tk_book *book)
{
    struct tk_tally *tally = book->tally;
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < book->key_count; i++) {
        struct tk_book_key *key = &book->keys[i];

        if (key->first_at < 0) continue;
        tally->key_ms +=
            later(0, tally->to_ms - later(key->first_at, tally->from_ms));
        if (key->to_ms > tally->to_ms) key->is_used = true;
        rc = leave_token(book, i, tally->to_ms);
    }
    return rc;
}
