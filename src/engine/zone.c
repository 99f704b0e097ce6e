#define _DEFAULT_SOURCE
#include "engine/zone.h"

#include "base/file.h"
#include "base/near.h"
#include "engine/zone_rule.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FILE_MAX_BYTES = 64 * 1024, /* the host's largest have 4 KiB */
    HEAD_BYTES = 44,
    TYPE_BYTES = 6,
    NAME_MAX_BYTES = 127,
    /* As the reference implementation has them. */
    CHANGES_MAX = 2000,
    TYPES_MAX = 256,
    /* RFC 9636: more than -25 h, less than 26 h. */
    AHEAD_MIN_S = -25 * 3600 + 1,
    AHEAD_MAX_S = 26 * 3600 - 1,
    /* A rule is written out for these years, so that it need not be worked out
     * each time. */
    RULE_FIRST_YEAR = 1970,
    RULE_LAST_YEAR = 2100,
};

/* From `at` on, in seconds of UTC, local time is ahead by this. */
struct change {
    int64_t at;
    int32_t ahead_s;
};

/* Owned by its source. */
struct tk_zone {
    int32_t first_ahead_s; /* before the first change */
    uint32_t count;
    struct change changes[]; /* ascending */
};

/* --- the file --- */

/* What stands in a head, in the file's order. */
enum { UTC_FLAGS, STANDARD_FLAGS, LEAPS, TIMES, TYPES, CHARS, COUNTS };

struct reading {
    struct tk_str rest;
    uint32_t counts[COUNTS];
    size_t time_bytes; /* 4 in the first part, 8 in the second */
    struct tk_zone *zone;
    uint32_t room; /* for changes */
    struct tk_why *why;
};

static uint64_t number_at(const char *data, size_t bytes)
{
    uint64_t number = 0;

    for (size_t i = 0; i < bytes; i++) {
        number = number << 8 | (unsigned char)data[i];
    }
    return number;
}

static int64_t time_at(const struct reading *r, size_t index)
{
    const char *data = r->rest.data + index * r->time_bytes;

    if (r->time_bytes == 4) return (int32_t)number_at(data, 4);
    return (int64_t)number_at(data, 8);
}

static int refuse(struct reading *r, const char *what)
{
    return tk_fail(r->why, TK_EINVAL, "%s", what);
}

static int read_head(struct reading *r, char *version)
{
    if (r->rest.len < HEAD_BYTES || !tk_str_starts(r->rest, TK_STR("TZif"))) {
        return refuse(r, "it is no time zone file");
    }
    *version = r->rest.data[4];
    for (size_t i = 0; i < COUNTS; i++) {
        r->counts[i] = (uint32_t)number_at(r->rest.data + 20 + i * 4, 4);
    }
    if (r->counts[TIMES] > CHANGES_MAX || r->counts[TYPES] > TYPES_MAX ||
        r->counts[UTC_FLAGS] > TYPES_MAX ||
        r->counts[STANDARD_FLAGS] > TYPES_MAX ||
        r->counts[LEAPS] > CHANGES_MAX || r->counts[CHARS] > FILE_MAX_BYTES) {
        return refuse(r, "it claims to be larger than any time zone is");
    }
    r->rest = tk_str_skip(r->rest, HEAD_BYTES);
    return 0;
}

static size_t part_bytes(const struct reading *r)
{
    const uint32_t *counts = r->counts;

    return counts[TIMES] * (r->time_bytes + 1) + counts[TYPES] * TYPE_BYTES +
           counts[CHARS] + counts[LEAPS] * (r->time_bytes + 4) +
           counts[STANDARD_FLAGS] + counts[UTC_FLAGS];
}

/* Leaves the head and the data of the part that counts: the second, with times
 * of 64 bits, where there is one. */
static int find_part(struct reading *r)
{
    char version;
    int rc;

    r->time_bytes = 4;
    rc = read_head(r, &version);
    if (rc != 0 || version == '\0') return rc;
    if (part_bytes(r) > r->rest.len) return refuse(r, "it is cut short");
    r->rest = tk_str_skip(r->rest, part_bytes(r));
    r->time_bytes = 8;
    return read_head(r, &version);
}

static int check_part(struct reading *r)
{
    if (part_bytes(r) > r->rest.len) return refuse(r, "it is cut short");
    if (r->counts[TYPES] == 0) return refuse(r, "it has no local time");
    if (r->counts[LEAPS] > 0) {
        return refuse(r, "it counts leap seconds, which this host's clock "
                         "does not");
    }
    return 0;
}

static int read_type(struct reading *r, size_t type, int32_t *ahead_s)
{
    size_t times_bytes = r->counts[TIMES] * (r->time_bytes + 1);

    if (type >= r->counts[TYPES]) {
        return refuse(r, "it changes to a local time that it does not have");
    }
    *ahead_s =
        (int32_t)number_at(r->rest.data + times_bytes + type * TYPE_BYTES, 4);
    if (*ahead_s < AHEAD_MIN_S || *ahead_s > AHEAD_MAX_S) {
        return refuse(r, "it is ahead of UTC by more than a day");
    }
    return 0;
}

static int read_changes(struct reading *r)
{
    const char *types = r->rest.data + r->counts[TIMES] * r->time_bytes;
    struct tk_zone *zone = r->zone;
    int rc = read_type(r, 0, &zone->first_ahead_s);

    for (uint32_t i = 0; rc == 0 && i < r->counts[TIMES]; i++) {
        struct change *change = &zone->changes[zone->count++];

        change->at = time_at(r, i);
        if (i > 0 && change->at <= change[-1].at) {
            return refuse(r, "its changes are out of order");
        }
        rc = read_type(r, (unsigned char)types[i], &change->ahead_s);
    }
    return rc;
}

/* --- the rule behind the file's last change --- */

static void add_change(struct reading *r, int64_t at, int32_t ahead_s)
{
    struct tk_zone *zone = r->zone;

    if (zone->count > 0 && at < zone->changes[zone->count - 1].at) return;
    if (zone->count == r->room) return;
    zone->changes[zone->count++] = (struct change){at, ahead_s};
}

static void write_out(struct reading *r, const struct tk_zone_rule *rule)
{
    if (!rule->has_summer) return;
    for (int year = RULE_FIRST_YEAR; year <= RULE_LAST_YEAR; year++) {
        int64_t begins = tk_zone_rule_begins(rule, year);
        int64_t ends = tk_zone_rule_ends(rule, year);

        if (begins < ends) add_change(r, begins, rule->summer_s);
        add_change(r, ends, rule->standard_s);
        if (begins >= ends) add_change(r, begins, rule->summer_s);
    }
}

/* The file's end: a line of its own. */
static int read_rule(struct reading *r)
{
    struct tk_str text = tk_str_skip(r->rest, part_bytes(r));
    struct tk_zone_rule rule;

    if (r->time_bytes == 4) return 0;
    if (text.len < 2 || text.data[0] != '\n' ||
        text.data[text.len - 1] != '\n') {
        return refuse(r, "its last line is missing");
    }
    text = tk_str_of(text.data + 1, text.len - 2);
    if (text.len == 0) return 0;
    if (tk_zone_rule_parse(text, &rule) != 0) {
        return refuse(r, "its rule for the years to come makes no sense");
    }
    write_out(r, &rule);
    return 0;
}

/* --- a zone --- */

static int make_zone(struct reading *r, uint32_t changes)
{
    size_t size;

    r->room = changes + 2 * (RULE_LAST_YEAR - RULE_FIRST_YEAR + 1);
    size = offsetof(struct tk_zone, changes) + r->room * sizeof(struct change);
    r->zone = calloc(1, size);
    if (r->zone != NULL) return 0;
    return tk_fail(r->why, TK_ENOMEM, "%s", tk_err_text(TK_ENOMEM));
}

/* Most zones need little of the room. */
static struct tk_zone *shrink(struct tk_zone *zone)
{
    struct tk_zone *small =
        realloc(zone, offsetof(struct tk_zone, changes) +
                          zone->count * sizeof(struct change));

    return small == NULL ? zone : small;
}

static int finish(struct reading *r, int rc, struct tk_zone **out)
{
    if (rc == 0) {
        *out = shrink(r->zone);
    } else {
        free(r->zone);
    }
    return rc;
}

int tk_zone_read(struct tk_str bytes, struct tk_zone **out, struct tk_why *why)
{
    struct reading r = {.rest = bytes, .why = why};
    int rc = find_part(&r);

    *out = NULL;
    if (rc == 0) rc = check_part(&r);
    if (rc == 0) rc = make_zone(&r, r.counts[TIMES]);
    if (rc == 0) rc = read_changes(&r);
    if (rc == 0) rc = read_rule(&r);
    return finish(&r, rc, out);
}

void tk_zone_free(struct tk_zone *zone)
{
    free(zone);
}

int32_t tk_zone_ahead_s(const struct tk_zone *zone, int64_t utc_s)
{
    uint32_t from = 0;
    uint32_t to;

    if (zone == NULL) return 0;
    to = zone->count; /* changes from here on are later */
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if (zone->changes[middle].at <= utc_s) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return to == 0 ? zone->first_ahead_s : zone->changes[to - 1].ahead_s;
}

/* --- files and names --- */

static int read_file(const char *path, struct tk_zone **out, struct tk_why *why)
{
    struct tk_buf bytes;
    struct tk_why inner;
    int rc;

    tk_buf_init(&bytes, FILE_MAX_BYTES);
    rc = tk_file_read(path, &bytes, why);
    if (rc == 0) {
        rc = tk_zone_read(tk_buf_str(&bytes), out, &inner);
        if (rc != 0) tk_fail(why, rc, "%s: %s", path, inner.text);
    }
    tk_buf_fini(&bytes);
    return rc;
}

static const char *zone_dir(void)
{
    const char *named = getenv("TZDIR");

    return named != NULL && named[0] == '/' ? named : "/usr/share/zoneinfo";
}

static bool is_name_byte(char byte)
{
    return (byte >= '0' && byte <= '9') ||
           ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
           (byte != '\0' && strchr("_+-/", byte) != NULL);
}

/* No name leads out of the folder of the zones. */
static bool is_name(struct tk_str name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES || name.data[0] == '/') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_byte(name.data[i])) return false;
    }
    return true;
}

/* Looks for a name like the last part of `name` among its neighbours. */
static void find_near(const char *name, char *out, size_t cap)
{
    const char *slash = strrchr(name, '/');
    int folder_len = slash == NULL ? 0 : (int)(slash - name) + 1;
    char path[PATH_MAX];
    char best[NAME_MAX + 1];
    struct tk_near near;
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof path, "%s/%.*s", zone_dir(), folder_len, name);
    out[0] = '\0';
    dir = opendir(path);
    if (dir == NULL) return;
    tk_near_init(&near, tk_str(name + folder_len));
    while ((entry = readdir(dir)) != NULL) {
        tk_near_try(&near, tk_str(entry->d_name));
        if (near.best.data != entry->d_name) continue;
        snprintf(best, sizeof best, "%s", entry->d_name);
        near.best = tk_str(best);
    }
    closedir(dir);
    if (near.best.len == 0) return;
    snprintf(out, cap, "; did you mean %.*s%s?", folder_len, name, best);
}

int tk_zone_open(const char *name, struct tk_zone **out, struct tk_why *why)
{
    char path[PATH_MAX];
    char near[2 * NAME_MAX];
    int rc;

    *out = NULL;
    if (!is_name(tk_str(name))) {
        return tk_fail(why, TK_EINVAL,
                       "'%s' is no name of a time zone, such as "
                       "\"Asia/Shanghai\" or \"UTC\"",
                       name);
    }
    if (strcmp(name, "UTC") == 0) return 0;
    snprintf(path, sizeof path, "%s/%s", zone_dir(), name);
    rc = read_file(path, out, why);
    if (rc != TK_ENOENT) return rc;
    find_near(name, near, sizeof near);
    return tk_fail(why, TK_ENOENT, "%s: there is no time zone %s%s", zone_dir(),
                   name, near);
}

static int open_rule(const char *text, struct tk_zone **out, struct tk_why *why)
{
    struct reading r = {.why = why};
    struct tk_zone_rule rule;
    int rc;

    if (tk_zone_rule_parse(tk_str(text), &rule) != 0) {
        return tk_fail(why, TK_EINVAL, "'%s' is no time zone", text);
    }
    rc = make_zone(&r, 0);
    if (rc != 0) return rc;
    r.zone->first_ahead_s = rule.standard_s;
    write_out(&r, &rule);
    return finish(&r, 0, out);
}

int tk_zone_open_host(struct tk_zone **out, struct tk_why *why)
{
    const char *tz = getenv("TZ");
    int rc;

    *out = NULL;
    if (tz == NULL) {
        rc = read_file("/etc/localtime", out, why);
        return rc == TK_ENOENT ? 0 : rc;
    }
    if (tz[0] == ':') tz++;
    if (tz[0] == '\0') return 0;
    if (tz[0] == '/') return read_file(tz, out, why);
    return tk_zone_open(tz, out, why) == 0 ? 0 : open_rule(tz, out, why);
}
