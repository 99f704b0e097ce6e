#define _DEFAULT_SOURCE
#include "engine/recording.h"

#include "base/diary.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "vault/crypto.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FLUSH_EVERY_MS = 1000,
    /* Some two weeks of 1,000 keys, each used twice an hour. */
    DEFAULT_MAX_BYTES = 128 * 1024 * 1024,
    MAX_BYTES_MIN = 1024 * 1024,
    EVERY_MIN_MS = 1000,
    EVERY_MAX_MS = 24 * 3600 * 1000,
    /* A subject that is hashed: 16 hex digits. */
    HASH_TEXT = 17,
    ROUNDING_MS = 2000,
    ROW_MAX = TK_KEY_MAX + HASH_TEXT + 128,
};

#define NAMED(text) .name = {text, sizeof(text) - 1}

static const char head[] = "seconds,key,event,took_ms,life_s";

struct tk_recording {
    struct tk_recording_options options; /* its file is `path` */
    char *path;
    struct tk_diary *diary;
    struct tk_loop *loop;
    struct tk_timer *timer;
    struct tk_seed salt; /* of hashed subjects */
    bool has_salt;
    bool is_failing;
};

/* --- options --- */

static void read_table(const struct tk_value *table,
                       struct tk_recording_options *out,
                       struct tk_problems *problems)
{
    static const struct tk_field fields[] = {
        {NAMED("file"), .type = TK_FIELD_TEXT, .required = true},
        {NAMED("max_bytes"), .type = TK_FIELD_COUNT, .min = MAX_BYTES_MIN,
         .max = INT64_C(1) << 40},
        {NAMED("every"), .type = TK_FIELD_SPAN, .min = EVERY_MIN_MS,
         .max = EVERY_MAX_MS},
        {NAMED("hash_keys"), .type = TK_FIELD_BOOL},
    };

    if (tk_schema_check("record", table, fields,
                        sizeof fields / sizeof fields[0], false,
                        problems) > 0) {
        return;
    }
    out->file = tk_read_text(table, "file", NULL);
    out->max_bytes = tk_read_count(table, "max_bytes", out->max_bytes);
    out->every_ms = tk_read_span(table, "every", out->every_ms);
    out->hash_keys = tk_read_bool(table, "hash_keys", false);
}

void tk_recording_options_read(const struct tk_value *value,
                               struct tk_recording_options *out,
                               struct tk_problems *problems)
{
    *out = (struct tk_recording_options){.max_bytes = DEFAULT_MAX_BYTES,
                                         .every_ms = EVERY_MIN_MS};
    if (value == NULL) return;
    if (value->type == TK_TEXT) {
        out->file = value->as.text.data;
    } else {
        read_table(value, out, problems);
    }
    if (out->file != NULL && (out->file[0] != '/' ||
                              strlen(out->file) + sizeof ".salt" > PATH_MAX)) {
        tk_problem(problems, "record",
                   "'%s' is no absolute path, such as "
                   "\"/var/lib/tokeng/uses.csv\"",
                   out->file);
    }
}

/* --- the file --- */

static void flush(void *data)
{
    struct tk_recording *recording = data;
    struct tk_why why;
    int rc = tk_diary_flush(recording->diary, &why);

    if (rc != 0 && !recording->is_failing) {
        tk_log(TK_LOG_ERROR, "uses are not recorded", tk_text("why", why.text));
    }
    if (rc == 0 && recording->is_failing) {
        tk_log(TK_LOG_WARN, "uses are recorded again",
               tk_text("file", recording->path),
               tk_num("lost", (int64_t)tk_diary_lost(recording->diary)));
    }
    recording->is_failing = rc != 0;
}

/* Nobody can find a subject by its hash but who has this file. */
static int make_salt(const char *path, struct tk_seed *out, struct tk_why *why)
{
    *out = tk_seed_random();
    return tk_file_write(path, 0600, tk_str_of((const char *)out, sizeof *out),
                         why);
}

static int read_salt(const char *path, struct tk_seed *out, struct tk_why *why)
{
    struct tk_buf bytes;
    int rc;

    tk_buf_init(&bytes, sizeof *out);
    rc = tk_file_read(path, &bytes, why);
    if (rc == 0 && bytes.len == sizeof *out) {
        memcpy(out, bytes.data, sizeof *out);
    } else if (rc == 0) {
        rc = tk_fail(why, TK_EINVAL, "%s: it is no salt of %zu bytes", path,
                     sizeof *out);
    }
    tk_buf_fini(&bytes);
    return rc;
}

static int find_salt(struct tk_recording *recording, struct tk_why *why)
{
    char path[PATH_MAX];
    int rc;

    if (recording->has_salt) return 0;
    snprintf(path, sizeof path, "%s.salt", recording->path);
    rc = read_salt(path, &recording->salt, why);
    if (rc == TK_ENOENT) rc = make_salt(path, &recording->salt, why);
    recording->has_salt = rc == 0;
    return rc;
}

/* --- beginning and end --- */

static int apply(struct tk_recording *recording,
                 const struct tk_recording_options *wanted, struct tk_why *why)
{
    int rc = wanted->hash_keys ? find_salt(recording, why) : 0;

    if (rc != 0) return rc;
    recording->options = *wanted;
    recording->options.file = recording->path;
    tk_diary_limit(recording->diary, wanted->max_bytes);
    return 0;
}

static int begin(const struct tk_recording_options *wanted,
                 struct tk_loop *loop, struct tk_recording **out,
                 struct tk_why *why)
{
    struct tk_recording *recording = calloc(1, sizeof *recording);
    int rc = TK_ENOMEM;

    *out = recording;
    if (recording == NULL) return tk_fail(why, rc, "%s", tk_err_text(rc));
    recording->loop = loop;
    recording->path = strdup(wanted->file);
    if (recording->path == NULL ||
        tk_timer_new(loop, flush, recording, &recording->timer) != 0) {
        return tk_fail(why, rc, "%s", tk_err_text(rc));
    }
    rc = tk_diary_open(recording->path, head, wanted->max_bytes,
                       &recording->diary, why);
    return rc == 0 ? apply(recording, wanted, why) : rc;
}

int tk_recording_become(struct tk_recording **recording,
                        const struct tk_recording_options *wanted,
                        struct tk_loop *loop, struct tk_problems *problems)
{
    struct tk_recording *before = *recording;
    struct tk_recording *after = NULL;
    struct tk_why why;
    int rc = 0;

    if (before != NULL && wanted->file != NULL &&
        strcmp(before->path, wanted->file) == 0) {
        after = before;
        rc = apply(before, wanted, &why);
    } else if (wanted->file != NULL) {
        rc = begin(wanted, loop, &after, &why);
    }
    if (rc != 0) {
        tk_problem(problems, "record", "%s", why.text);
        if (after != before) tk_recording_close(after);
        return rc;
    }
    if (after != before) tk_recording_close(before);
    *recording = after;
    return 0;
}

void tk_recording_close(struct tk_recording *recording)
{
    if (recording == NULL) return;
    tk_timer_free(recording->timer);
    tk_diary_close(recording->diary);
    free(recording->path);
    free(recording);
}

uint64_t tk_recording_lost(const struct tk_recording *recording)
{
    return recording == NULL ? 0 : tk_diary_lost(recording->diary);
}

/* --- rows --- */

static void put_key(const struct tk_recording *recording,
                    const struct tk_entry *entry, struct tk_buf *row)
{
    struct tk_key key = tk_entry_key(entry);
    struct tk_str text = key.text;

    if (!recording->options.hash_keys || key.subject.len == 0) {
        tk_buf_put_str(row, text);
        return;
    }
    tk_buf_put_str(row, tk_str_of(text.data, text.len - key.subject.len));
    tk_buf_printf(row, "%016llx",
                  (unsigned long long)tk_hash(recording->salt, key.subject));
}

static void put_row(struct tk_recording *recording,
                    const struct tk_fleet *fleet, const struct tk_entry *entry,
                    const char *rest, int64_t now)
{
    struct tk_buf row;

    tk_buf_init(&row, ROW_MAX);
    tk_buf_put_int(&row, tk_fleet_local_s(fleet, entry->source, now));
    tk_buf_put_byte(&row, ',');
    put_key(recording, entry, &row);
    tk_buf_put_text(&row, rest);
    tk_buf_put_byte(&row, '\n');
    if (!tk_diary_fits(recording->diary, row.len)) flush(recording);
    if (tk_diary_is_flushed(recording->diary)) {
        tk_timer_set(recording->timer, now + FLUSH_EVERY_MS);
    }
    if (row.failed == 0) tk_diary_put(recording->diary, tk_buf_str(&row));
    tk_buf_fini(&row);
}

void tk_recording_use(struct tk_recording *recording,
                      const struct tk_fleet *fleet,
                      const struct tk_entry *entry, int64_t now)
{
    int64_t every_ms;

    if (recording == NULL) return;
    every_ms = recording->options.every_ms;
    if (entry->last_use_at != 0 &&
        entry->last_use_at / every_ms == now / every_ms) {
        return;
    }
    put_row(recording, fleet, entry, "", now);
}

/* By more than what rounding to seconds explains. */
static bool lives_longer(const struct tk_entry *entry,
                         const struct tk_answer *answer)
{
    return answer->sent_at + answer->life_ms >
           entry->life.expires_at + ROUNDING_MS;
}

void tk_recording_landed(struct tk_recording *recording,
                         const struct tk_fleet *fleet,
                         const struct tk_entry *entry,
                         const struct tk_answer *answer, int64_t took_ms,
                         int64_t now)
{
    char rest[64];

    if (recording == NULL ||
        (!answer->is_token && answer->reach == TK_REACH_UNASKED)) {
        return;
    }
    if (answer->is_token) {
        snprintf(rest, sizeof rest, ",%s,%lld,%lld",
                 lives_longer(entry, answer) ? "issued" : "same",
                 (long long)took_ms, (long long)(answer->life_ms / 1000));
    } else {
        snprintf(rest, sizeof rest, ",failed,%lld,", (long long)took_ms);
    }
    put_row(recording, fleet, entry, rest, now);
}
