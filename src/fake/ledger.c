#include "fake/ledger.h"

#include <stdlib.h>

/* How often one word came back. */
struct word {
    char text[TK_LEDGER_NAME];
    uint64_t count;
};

/* Owned by its ledger. An issuer's rows are clients, a client's are kinds. */
struct tk_ledger_row {
    struct tk_link link;
    struct tk_link rows;
    char name[TK_LEDGER_NAME];
    uint64_t calls;
    uint64_t issued;
    uint64_t repeated;
    int64_t issued_at_ms; /* the last time */
    uint64_t now_inside;
    uint64_t most_inside;
    uint32_t word_count;
    struct word *words;
};

struct tk_ledger_entry {
    int64_t at_ms;
    int64_t remaining_ms;
    uint64_t generation; /* of the token that was issued; 0: none was */
    char issuer[TK_LEDGER_NAME];
    char path[TK_LEDGER_PATH];
    char client[TK_LEDGER_NAME];
    char kind[TK_LEDGER_NAME];
    char result[TK_LEDGER_NAME];
};

/* Two names that differ must still differ when they are printed, so what does
 * not print is made the same here. */
static void copy(char *out, size_t cap, struct tk_str text)
{
    size_t len = text.len < cap ? text.len : cap - 1;

    for (size_t i = 0; i < len; i++) {
        char c = text.data[i];

        out[i] = (char)(c >= 0x20 && c <= 0x7e ? c : '?');
    }
    out[len] = '\0';
}

/* --- rows --- */

static struct tk_ledger_row *row_of(struct tk_link *link)
{
    return TK_LIST_ITEM(link, struct tk_ledger_row, link);
}

static void free_rows(struct tk_link *rows)
{
    while (!tk_list_is_empty(rows)) {
        struct tk_ledger_row *row = row_of(rows->next);

        free_rows(&row->rows);
        tk_list_drop(&row->link);
        free(row->words);
        free(row);
    }
}

static struct tk_ledger_row *add_row(struct tk_ledger *ledger,
                                     struct tk_link *rows, const char *name)
{
    struct tk_ledger_row *row;

    if (ledger->row_count == TK_LEDGER_ROWS) return NULL;
    row = calloc(1, sizeof *row);
    if (row == NULL) return NULL;
    copy(row->name, sizeof row->name, tk_str(name));
    tk_list_init(&row->link);
    tk_list_init(&row->rows);
    tk_list_push(rows, &row->link);
    ledger->row_count++;
    return row;
}

/* The row of that name, new if it was not there; NULL if there is no room. */
static struct tk_ledger_row *claim_row(struct tk_ledger *ledger,
                                       struct tk_link *rows, struct tk_str text)
{
    char name[TK_LEDGER_NAME];

    copy(name, sizeof name, text);
    for (struct tk_link *at = rows->next; at != rows; at = at->next) {
        if (strcmp(row_of(at)->name, name) == 0) return row_of(at);
    }
    return add_row(ledger, rows, name);
}

static struct word *claim_word(struct tk_ledger_row *row, struct tk_str text)
{
    char name[TK_LEDGER_NAME];

    copy(name, sizeof name, text);
    if (row->words == NULL) {
        row->words = calloc(TK_LEDGER_WORDS, sizeof *row->words);
        if (row->words == NULL) return NULL;
    }
    for (uint32_t i = 0; i < row->word_count; i++) {
        if (strcmp(row->words[i].text, name) == 0) return &row->words[i];
    }
    /* The last place is for all that came too late for a place of its own. */
    if (row->word_count == TK_LEDGER_WORDS) {
        return &row->words[TK_LEDGER_WORDS - 1];
    }
    if (row->word_count == TK_LEDGER_WORDS - 1) {
        copy(name, sizeof name, TK_STR("other"));
    }
    memcpy(row->words[row->word_count].text, name, sizeof name);
    return &row->words[row->word_count++];
}

static void count_call(struct tk_ledger_row *row,
                       const struct tk_ledger_call *call)
{
    struct word *word;

    row->calls++;
    if (tk_str_is(call->result, "issued")) {
        row->issued++;
        row->issued_at_ms = call->at_ms;
    } else if (tk_str_is(call->result, "repeated")) {
        row->repeated++;
    } else if (call->result.len > 0) {
        word = claim_word(row, call->result);
        if (word != NULL) word->count++;
    }
}

/* Returns the row of the kind, or NULL. */
static struct tk_ledger_row *count_rows(struct tk_ledger *ledger,
                                        const struct tk_ledger_call *call)
{
    struct tk_str names[] = {tk_str(call->issuer), call->client, call->kind};
    struct tk_link *rows = &ledger->issuers;
    struct tk_ledger_row *row = NULL;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].len == 0) return NULL;
        row = claim_row(ledger, rows, names[i]);
        if (row == NULL) return NULL;
        count_call(row, call);
        rows = &row->rows;
    }
    return row;
}

/* --- the ledger --- */

int tk_ledger_init(struct tk_ledger *ledger)
{
    *ledger = (struct tk_ledger){
        .log = calloc(TK_LEDGER_LOG, sizeof(struct tk_ledger_entry))};
    tk_list_init(&ledger->issuers);
    return ledger->log == NULL ? TK_ENOMEM : 0;
}

void tk_ledger_fini(struct tk_ledger *ledger)
{
    free_rows(&ledger->issuers);
    free(ledger->log);
    ledger->log = NULL;
}

void tk_ledger_note(struct tk_ledger *ledger, const struct tk_ledger_call *call)
{
    struct tk_ledger_entry *entry =
        &ledger->log[ledger->logged % TK_LEDGER_LOG];
    const struct tk_ledger_row *row = count_rows(ledger, call);
    bool is_issued = tk_str_is(call->result, "issued");

    ledger->logged++;
    *entry = (struct tk_ledger_entry){
        .at_ms = call->at_ms,
        .remaining_ms = call->remaining_ms,
        .generation = row != NULL && is_issued ? row->issued : 0,
    };
    copy(entry->issuer, sizeof entry->issuer, tk_str(call->issuer));
    copy(entry->path, sizeof entry->path, call->path);
    copy(entry->client, sizeof entry->client, call->client);
    copy(entry->kind, sizeof entry->kind, call->kind);
    copy(entry->result, sizeof entry->result, call->result);
}

void tk_ledger_enter(struct tk_ledger *ledger, const char *issuer)
{
    struct tk_ledger_row *row =
        claim_row(ledger, &ledger->issuers, tk_str(issuer));

    if (row == NULL) return;
    row->now_inside++;
    if (row->now_inside > row->most_inside) row->most_inside = row->now_inside;
}

void tk_ledger_leave(struct tk_ledger *ledger, const char *issuer)
{
    struct tk_ledger_row *row =
        claim_row(ledger, &ledger->issuers, tk_str(issuer));

    if (row != NULL && row->now_inside > 0) row->now_inside--;
}

/* --- writing --- */

static void write_int(struct tk_json *json, const char *name, uint64_t number)
{
    tk_json_name(json, name);
    tk_json_int(json, (int64_t)number);
}

static void write_text(struct tk_json *json, const char *name, const char *text)
{
    if (*text == '\0') return;
    tk_json_name(json, name);
    tk_json_text(json, tk_str(text));
}

static void write_words(struct tk_json *json, const struct tk_ledger_row *row)
{
    tk_json_name(json, "errors");
    tk_json_open(json, '{');
    for (uint32_t i = 0; i < row->word_count; i++) {
        write_int(json, row->words[i].text, row->words[i].count);
    }
    tk_json_close(json, '}');
}

/* Three levels: issuers, clients, kinds. */
static void write_rows(struct tk_json *json, const struct tk_link *rows,
                       int level)
{
    static const char *const below[] = {"clients", "kinds"};

    tk_json_open(json, '{');
    for (struct tk_link *at = rows->next; at != rows; at = at->next) {
        const struct tk_ledger_row *row = row_of(at);

        tk_json_name(json, row->name);
        tk_json_open(json, '{');
        write_int(json, "calls", row->calls);
        write_int(json, "issued", row->issued);
        write_int(json, "repeated", row->repeated);
        write_words(json, row);
        if (row->issued > 0) {
            write_int(json, "issued_at_ms", (uint64_t)row->issued_at_ms);
        }
        if (level == 0) write_int(json, "concurrent", row->now_inside);
        if (level == 0) write_int(json, "concurrent_max", row->most_inside);
        if (level < 2) {
            tk_json_name(json, below[level]);
            write_rows(json, &row->rows, level + 1);
        }
        tk_json_close(json, '}');
    }
    tk_json_close(json, '}');
}

static void write_entry(struct tk_json *json,
                        const struct tk_ledger_entry *entry)
{
    tk_json_open(json, '{');
    write_int(json, "at_ms", (uint64_t)entry->at_ms);
    write_text(json, "issuer", entry->issuer);
    write_text(json, "path", entry->path);
    write_text(json, "client", entry->client);
    write_text(json, "kind", entry->kind);
    write_text(json, "result", entry->result);
    if (entry->generation > 0) write_int(json, "generation", entry->generation);
    if (entry->remaining_ms >= 0) {
        write_int(json, "remaining_ms", (uint64_t)entry->remaining_ms);
    }
    tk_json_close(json, '}');
}

void tk_ledger_write(const struct tk_ledger *ledger, size_t log_max,
                     struct tk_json *json)
{
    uint64_t kept =
        ledger->logged < TK_LEDGER_LOG ? ledger->logged : TK_LEDGER_LOG;
    uint64_t count = log_max < kept ? log_max : kept;

    tk_json_name(json, "issuers");
    write_rows(json, &ledger->issuers, 0);
    tk_json_name(json, "log");
    tk_json_open(json, '[');
    for (uint64_t i = ledger->logged - count; i < ledger->logged; i++) {
        write_entry(json, &ledger->log[i % TK_LEDGER_LOG]);
    }
    tk_json_close(json, ']');
}
