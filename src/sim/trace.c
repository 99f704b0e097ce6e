#include "sim/trace.h"

#include "base/span.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum {
    LINE_MAX_BYTES = 1024,
    CHUNK_BYTES = 256 * 1024,
    USES_MAX = 100 * 1000 * 1000,
    KEYS_MAX = 1000 * 1000,
    KEY_MAX_BYTES = 200,
    NAMES_MAX_BYTES = 256 * 1024 * 1024,
};

/* 1 January 1970 was a Thursday. */
#define FROM_MONDAY_MS (INT64_C(3) * 24 * 3600 * 1000)
#define WEEK_MS        (INT64_C(7) * 24 * 3600 * 1000)

enum column { SECONDS, UNIX, KEY, EVENT, TOOK, LIFE, COLUMNS };

/* Owned by tk_trace_load. */
struct reading {
    struct tk_trace *trace;
    gzFile file;
    const char *path;
    uint64_t line;
    int columns[COLUMNS]; /* where each is; -1: nowhere */
    struct tk_why *why;
};

void tk_trace_init(struct tk_trace *trace)
{
    *trace = (struct tk_trace){0};
    tk_map_init(&trace->by_key);
    tk_pool_init(&trace->pool, NAMES_MAX_BYTES);
}

void tk_trace_fini(struct tk_trace *trace)
{
    free(trace->uses);
    free(trace->answers);
    free(trace->keys);
    tk_map_fini(&trace->by_key);
    tk_pool_fini(&trace->pool);
    *trace = (struct tk_trace){0};
}

/* --- adding --- */

static int grow(void **items, size_t *cap, size_t size)
{
    size_t more = *cap == 0 ? 1024 : *cap * 2;
    void *grown = realloc(*items, more * size);

    if (grown == NULL) return TK_ENOMEM;
    *items = grown;
    *cap = more;
    return 0;
}

static int add_key(struct tk_trace *trace, struct tk_str key)
{
    size_t cap = trace->key_cap;
    char *name;
    int rc = 0;

    if (trace->key_count == KEYS_MAX) return TK_EFULL;
    if (trace->key_count == trace->key_cap) {
        rc = grow((void **)&trace->keys, &cap, sizeof *trace->keys);
        trace->key_cap = (uint32_t)cap;
    }
    name = tk_pool_dup(&trace->pool, key);
    if (rc != 0 || name == NULL) return TK_ENOMEM;
    trace->keys[trace->key_count] = tk_str_of(name, key.len);
    rc = tk_map_put(&trace->by_key, trace->keys[trace->key_count],
                    (void *)(uintptr_t)(trace->key_count + 1));
    if (rc == 0) trace->key_count++;
    return rc;
}

int tk_trace_key(struct tk_trace *trace, struct tk_str key, uint32_t *out)
{
    uintptr_t found = (uintptr_t)tk_map_get(&trace->by_key, key);
    int rc = 0;

    if (found == 0) {
        rc = add_key(trace, key);
        found = trace->key_count;
    }
    *out = (uint32_t)(found - 1);
    return rc;
}

int tk_trace_add(struct tk_trace *trace, int64_t at_ms, uint32_t key)
{
    int rc = 0;

    if (trace->use_count == USES_MAX) return TK_EFULL;
    if (trace->use_count == trace->use_cap) {
        rc = grow((void **)&trace->uses, &trace->use_cap, sizeof *trace->uses);
    }
    if (rc == 0) {
        trace->uses[trace->use_count++] = (struct tk_use){at_ms, key};
    }
    return rc;
}

static int add_answer(struct tk_trace *trace, struct tk_recorded answer)
{
    int rc = 0;

    if (trace->answer_count == USES_MAX) return TK_EFULL;
    if (trace->answer_count == trace->answer_cap) {
        rc = grow((void **)&trace->answers, &trace->answer_cap,
                  sizeof *trace->answers);
    }
    if (rc == 0) trace->answers[trace->answer_count++] = answer;
    return rc;
}

static int by_time(const void *a, const void *b)
{
    const struct tk_use *x = a, *y = b;

    if (x->at_ms != y->at_ms) return x->at_ms < y->at_ms ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

int64_t tk_trace_lives(const struct tk_trace *trace, int64_t *shortest)
{
    int64_t longest = 0;

    *shortest = INT64_MAX;
    for (size_t i = 0; i < trace->answer_count; i++) {
        const struct tk_recorded *answer = &trace->answers[i];

        if (!answer->is_new) continue;
        if (answer->life_ms > longest) longest = answer->life_ms;
        if (answer->life_ms < *shortest) *shortest = answer->life_ms;
    }
    if (longest == 0) *shortest = 0;
    return longest;
}

/* Whole weeks before the first use say nothing. */
static void move_to_start(struct tk_trace *trace)
{
    int64_t weeks_ms;

    if (trace->use_count == 0) return;
    weeks_ms = trace->uses[0].at_ms / WEEK_MS * WEEK_MS;
    for (size_t i = 0; i < trace->use_count; i++) {
        trace->uses[i].at_ms -= weeks_ms;
    }
    trace->begin_ms = trace->uses[0].at_ms;
    trace->end_ms = trace->uses[trace->use_count - 1].at_ms;
}

void tk_trace_sort(struct tk_trace *trace)
{
    bool is_sorted = true;

    for (size_t i = 1; i < trace->use_count && is_sorted; i++) {
        is_sorted = trace->uses[i - 1].at_ms <= trace->uses[i].at_ms;
    }
    if (!is_sorted) {
        qsort(trace->uses, trace->use_count, sizeof *trace->uses, by_time);
    }
    move_to_start(trace);
}

/* --- reading --- */

static int refuse(const struct reading *r, const char *what, struct tk_str text)
{
    if (text.len > 60) text.len = 60;
    return tk_fail(r->why, TK_EINVAL, "%s:%llu: %s: '%.*s'", r->path,
                   (unsigned long long)r->line, what, TK_ARG(text));
}

/* "12.345" as 12345. */
static bool parse_thousandths(struct tk_str text, int64_t *out)
{
    struct tk_str rest = text;
    struct tk_str whole = tk_str_cut(&rest, '.');
    int64_t number = 0;

    if (whole.len == 0 || whole.len > 12) return false;
    for (size_t i = 0; i < whole.len + 3; i++) {
        char digit = '0';

        if (i < whole.len) {
            digit = whole.data[i];
        } else if (i - whole.len < rest.len) {
            digit = rest.data[i - whole.len];
        }
        if (digit < '0' || digit > '9') return false;
        number = number * 10 + (digit - '0');
    }
    for (size_t i = 3; i < rest.len; i++) {
        if (rest.data[i] < '0' || rest.data[i] > '9') return false;
    }
    *out = number;
    return true;
}

/* A writer may put every text between quotation marks. */
static struct tk_str bare(struct tk_str text)
{
    if (text.len >= 2 && text.data[0] == '"' &&
        text.data[text.len - 1] == '"') {
        return tk_str_of(text.data + 1, text.len - 2);
    }
    return text;
}

static void split(const struct reading *r, struct tk_str line,
                  struct tk_str out[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) out[i] = TK_STR("");
    for (int n = 0; line.data != NULL; n++) {
        struct tk_str field = bare(tk_str_cut(&line, ','));

        for (int i = 0; i < COLUMNS; i++) {
            if (r->columns[i] == n) out[i] = field;
        }
    }
}

static int read_head(struct reading *r, struct tk_str line)
{
    static const char *const names[] = {
        [SECONDS] = "seconds", [UNIX] = "unix",    [KEY] = "key",
        [EVENT] = "event",     [TOOK] = "took_ms", [LIFE] = "life_s"};
    struct tk_str head = line;

    for (int i = 0; i < COLUMNS; i++) r->columns[i] = -1;
    for (int n = 0; line.data != NULL; n++) {
        struct tk_str field = bare(tk_str_cut(&line, ','));

        for (int i = 0; i < COLUMNS; i++) {
            if (tk_str_is(field, names[i])) r->columns[i] = n;
        }
    }
    if ((r->columns[SECONDS] >= 0) != (r->columns[UNIX] >= 0) &&
        r->columns[KEY] >= 0) {
        return 0;
    }
    return refuse(r,
                  "a trace begins with the names of its columns, seconds (or "
                  "unix) and key among them, or with a row",
                  head);
}

static int read_answer(struct reading *r, const struct tk_str fields[COLUMNS])
{
    struct tk_recorded answer = {.is_new = tk_str_is(fields[EVENT], "issued")};
    int64_t took;

    if (!parse_thousandths(fields[TOOK], &took)) {
        return refuse(r, "took_ms is no number", fields[TOOK]);
    }
    answer.took_ms = took / 1000;
    if (!tk_str_is(fields[EVENT], "failed") &&
        !parse_thousandths(fields[LIFE], &answer.life_ms)) {
        return refuse(r, "life_s is no number", fields[LIFE]);
    }
    return add_answer(r->trace, answer);
}

static int read_time(const struct reading *r,
                     const struct tk_str fields[COLUMNS], int64_t *out)
{
    bool is_unix = r->columns[UNIX] >= 0;
    struct tk_str text = fields[is_unix ? UNIX : SECONDS];

    if (!parse_thousandths(text, out)) {
        return refuse(r, "no number of seconds", text);
    }
    if (is_unix) *out += FROM_MONDAY_MS;
    return 0;
}

static bool is_wanted(const struct tk_trace *trace, struct tk_str key)
{
    struct tk_str only = tk_str(trace->only);

    if (trace->only == NULL || tk_str_eq(key, only)) return true;
    return key.len > only.len && key.data[only.len] == '/' &&
           tk_str_starts(key, only);
}

static int read_event(struct reading *r, const struct tk_str fields[COLUMNS],
                      int64_t at_ms)
{
    struct tk_str event = fields[EVENT];
    bool is_use = event.len == 0 || tk_str_is(event, "use");
    uint32_t key;
    int rc;

    if (!is_use && !tk_str_is(event, "issued") && !tk_str_is(event, "same") &&
        !tk_str_is(event, "failed")) {
        return 0; /* a newer tokeng may record more */
    }
    if (!is_use) return read_answer(r, fields);
    rc = tk_trace_key(r->trace, fields[KEY], &key);
    return rc == 0 ? tk_trace_add(r->trace, at_ms, key) : rc;
}

static int read_row(struct reading *r, struct tk_str line)
{
    struct tk_str fields[COLUMNS];
    int64_t at;
    int rc;

    split(r, line, fields);
    rc = read_time(r, fields, &at);
    if (rc != 0) return rc;
    if (fields[KEY].len == 0 || fields[KEY].len > KEY_MAX_BYTES) {
        return refuse(r, "a key has 1 to 200 bytes", fields[KEY]);
    }
    return is_wanted(r->trace, fields[KEY]) ? read_event(r, fields, at) : 0;
}

/* Parts of a recording that are put one behind the other bring their heads
 * along. */
static bool is_head(const struct reading *r, struct tk_str line)
{
    int64_t ignored;

    if (parse_thousandths(bare(tk_str_cut(&line, ',')), &ignored)) return false;
    if (r->line == 1) return true;
    while (line.data != NULL) {
        if (tk_str_is(bare(tk_str_cut(&line, ',')), "key")) return true;
    }
    return false;
}

static int read_line(struct reading *r, struct tk_str line)
{
    while (line.len > 0 && (line.data[line.len - 1] == '\n' ||
                            line.data[line.len - 1] == '\r')) {
        line.len--;
    }
    if (line.len == 0) return 0;
    return is_head(r, line) ? read_head(r, line) : read_row(r, line);
}

static int explain(const struct reading *r, int rc)
{
    if (rc == 0 || rc == TK_EINVAL) return rc;
    return tk_fail(r->why, rc, "%s:%llu: %s", r->path,
                   (unsigned long long)r->line,
                   rc == TK_EFULL ? "more than 100 million rows or a million "
                                    "keys; shorten the trace"
                                  : tk_err_text(rc));
}

static int check_end(const struct reading *r)
{
    int code;
    const char *text = gzerror(r->file, &code);

    if (code == Z_OK || code == Z_STREAM_END) return 0;
    return tk_fail(r->why, TK_EIO, "%s: %s", r->path,
                   code == Z_ERRNO ? strerror(errno) : text);
}

static int read_all(struct reading *r)
{
    char line[LINE_MAX_BYTES];
    int rc = 0;

    while (rc == 0 && gzgets(r->file, line, sizeof line) != NULL) {
        size_t len = strlen(line);

        r->line++;
        if (len == 0 || line[len - 1] != '\n') {
            /* The last line, unless the file is cut short. */
            if (check_end(r) != 0) return TK_EIO;
            if (len == 0 || !gzeof(r->file)) {
                return refuse(r, "a line of more than 1000 bytes, or no text",
                              tk_str(line));
            }
        }
        rc = explain(r, read_line(r, tk_str_of(line, len)));
    }
    return rc == 0 ? check_end(r) : rc;
}

static int finish(const struct reading *r)
{
    struct tk_trace *trace = r->trace;

    if (trace->use_count == 0) {
        return tk_fail(r->why, TK_EINVAL, "%s: there is no use%s%s in it",
                       r->path, trace->only == NULL ? "" : " of ",
                       trace->only == NULL ? "" : trace->only);
    }
    tk_trace_sort(trace);
    if (trace->end_ms <= TK_SPAN_MAX_MS) return 0;
    return tk_fail(r->why, TK_EINVAL, "%s: it is longer than ten years",
                   r->path);
}

int tk_trace_load(struct tk_trace *trace, const char *path, struct tk_why *why)
{
    struct reading r = {.trace = trace,
                        .path = path,
                        .columns = {0, -1, 1, -1, -1, -1},
                        .why = why};
    int rc;

    r.file = gzopen(path, "rb");
    if (r.file == NULL) {
        return tk_fail(why, TK_EIO, "%s: %s", path, strerror(errno));
    }
    (void)gzbuffer(r.file, CHUNK_BYTES);
    rc = read_all(&r);
    gzclose(r.file);
    return rc == 0 ? finish(&r) : rc;
}
