#define _GNU_SOURCE
#include "engine/mirror.h"

#include "base/hash.h"
#include "base/log.h"
#include "cache/names.h"
#include "cache/segment.h"
#include "engine/share.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MEAN_BYTES = 512, /* as in the engine's own table */
    SPARE_FACTOR = 2, /* a reload may let sources have more keys */
    KEYS_LEAST = 64,
};

/* What one group sees. */
struct part {
    struct tk_share *share;
    struct tk_table table;
    bool is_full; /* and that has been said */
};

/* Owned by whoever called tk_mirror_new. */
struct tk_mirror {
    const char *dir;
    const struct tk_readers *readers;
    struct part parts[TK_READERS_MAX]; /* in the order of `readers` */
    size_t count;
};

static uint32_t keys_for(const struct tk_reader_group *group,
                         const struct tk_config *config)
{
    uint64_t keys = KEYS_LEAST;

    for (size_t i = 0; i < config->source_count; i++) {
        const struct tk_source *source = config->sources[i];
        bool is_named = false;

        for (size_t j = 0; j < group->key_count && !is_named; j++) {
            is_named = tk_pattern_names(&group->keys[j], tk_str(source->name));
        }
        if (is_named) keys += (uint64_t)source->max_keys * SPARE_FACTOR;
    }
    return keys < TK_TABLE_KEYS_MAX ? (uint32_t)keys : TK_TABLE_KEYS_MAX;
}

static int make_part(struct tk_mirror *mirror, struct tk_loop *loop,
                     const struct tk_reader_group *group,
                     const struct tk_config *config, struct tk_why *why)
{
    struct part *part = &mirror->parts[mirror->count];
    struct tk_table_options table = {.seed = tk_seed_random().k0};
    struct tk_share_options options = {
        .loop = loop,
        .dir = mirror->dir,
        .group = group->gid,
        .max_keys = keys_for(group, config),
        .mean_bytes = MEAN_BYTES,
    };
    struct tk_why inner;
    int rc = tk_share_new(&options, &table, &part->share, &inner);

    if (rc != 0) {
        return tk_fail(why, rc, "readers.%s: %s%s", group->name, inner.text,
                       rc == TK_EDENIED ? "; the engine must be a member of "
                                          "the group, or root"
                                        : "");
    }
    mirror->count++;
    return tk_table_init(&part->table, &table);
}

/* Whoever is in none of the directory's groups may pass, but not look around.
 */
static int open_way(const char *dir, struct tk_why *why)
{
    struct stat st;

    if (stat(dir, &st) != 0 ||
        ((st.st_mode & S_IXOTH) == 0 &&
         chmod(dir, (st.st_mode & 07777) | S_IXOTH) != 0)) {
        return tk_fail(why, TK_EDENIED,
                       "readers: %s cannot be opened for their groups: %s", dir,
                       strerror(errno));
    }
    return 0;
}

int tk_mirror_new(struct tk_loop *loop, const char *dir,
                  const struct tk_config *config, struct tk_mirror **out,
                  struct tk_why *why)
{
    struct tk_mirror *mirror = calloc(1, sizeof *mirror);
    int rc = 0;

    if (mirror == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    mirror->dir = dir;
    mirror->readers = &config->readers;
    if (config->readers.count > 0) rc = open_way(dir, why);
    for (size_t i = 0; i < config->readers.count && rc == 0; i++) {
        rc = make_part(mirror, loop, &config->readers.list[i], config, why);
    }
    if (rc != 0) {
        tk_mirror_free(mirror);
        return rc;
    }
    *out = mirror;
    return 0;
}

bool tk_mirror_suits(const struct tk_mirror *mirror,
                     const struct tk_config *config)
{
    return tk_readers_same(mirror->readers, &config->readers);
}

void tk_mirror_follow(struct tk_mirror *mirror, const struct tk_config *config)
{
    mirror->readers = &config->readers;
}

/* --- what is shown --- */

static int put(struct part *part, struct tk_str key,
               const struct tk_record *record)
{
    uint32_t slot;
    int rc = tk_table_claim(&part->table, key, &slot);

    if (rc != 0) return rc;
    if (record->token.len == 0) {
        tk_table_clear(&part->table, slot);
    } else {
        struct tk_record shown;

        tk_table_read(&part->table, slot, &shown);
        if (shown.generation != record->generation ||
            shown.expires_at != record->expires_at ||
            !tk_str_eq(shown.token, record->token)) {
            rc = tk_table_put(&part->table, slot, record);
            /* Its issuer may have ended the older one. */
            if (rc != 0) tk_table_clear(&part->table, slot);
        }
    }
    tk_table_set_state(&part->table, slot, record->state);
    return rc;
}

static void show(struct part *part, const struct tk_reader_group *group,
                 struct tk_str key, const struct tk_record *record)
{
    uint32_t slot;

    if (!tk_reader_group_covers(group, key)) return;
    if (record == NULL) {
        slot = tk_table_find(&part->table, key);
        if (slot != TK_NO_SLOT) tk_table_remove(&part->table, slot);
        return;
    }
    if (put(part, key, record) == 0 || part->is_full) return;
    part->is_full = true;
    tk_log(TK_LOG_WARN,
           "the shared cache of a reader group is full; its readers get other "
           "keys at the socket",
           tk_text("group", group->name), tk_view("key", key));
}

void tk_mirror_show(struct tk_mirror *mirror, struct tk_str key,
                    const struct tk_record *record)
{
    for (size_t i = 0; i < mirror->count; i++) {
        show(&mirror->parts[i], &mirror->readers->list[i], key, record);
    }
}

/* --- files --- */

static bool is_of_group(const struct tk_mirror *mirror, const char *name)
{
    char known[TK_CACHE_NAME];

    for (size_t i = 0; i < mirror->count; i++) {
        tk_segment_name(mirror->readers->list[i].gid, known);
        if (strcmp(name, known) == 0) return true;
        tk_demand_name(mirror->readers->list[i].gid, known);
        if (strcmp(name, known) == 0) return true;
    }
    return false;
}

static bool is_of_some_group(const char *name)
{
    char known[TK_CACHE_NAME];
    unsigned gid;

    if (sscanf(name, "tokeng-%u.", &gid) != 1) return false;
    tk_segment_name(gid, known);
    if (strcmp(name, known) == 0) return true;
    tk_demand_name(gid, known);
    return strcmp(name, known) == 0;
}

static void withdraw_others(const struct tk_mirror *mirror)
{
    DIR *dir = opendir(mirror->dir);
    struct dirent *entry;

    if (dir == NULL) return;
    while ((entry = readdir(dir)) != NULL) {
        if (is_of_some_group(entry->d_name) &&
            !is_of_group(mirror, entry->d_name)) {
            tk_segment_withdraw(mirror->dir, entry->d_name);
        }
    }
    closedir(dir);
}

static void fill(struct tk_mirror *mirror, const struct tk_fleet *fleet)
{
    struct tk_record record;

    for (uint32_t i = 0; i < tk_fleet_count(fleet) && mirror->count > 0; i++) {
        tk_fleet_read(fleet, tk_fleet_at(fleet, i), &record);
        tk_mirror_show(mirror, record.key, &record);
    }
}

void tk_mirror_publish(struct tk_mirror *mirror, const struct tk_fleet *fleet,
                       struct tk_mirror *before)
{
    struct tk_clocks clocks;

    fill(mirror, fleet);
    tk_clocks_read(&clocks);
    for (size_t i = 0; i < mirror->count; i++) {
        tk_share_publish(mirror->parts[i].share, &clocks);
    }
    for (size_t i = 0; before != NULL && i < before->count; i++) {
        tk_share_wipe(before->parts[i].share);
    }
    withdraw_others(mirror);
}

void tk_mirror_beat(struct tk_mirror *mirror, const struct tk_clocks *clocks)
{
    for (size_t i = 0; i < mirror->count; i++) {
        tk_share_beat(mirror->parts[i].share, clocks);
    }
}

struct fold {
    struct part *part;
    void (*used)(struct tk_str key, void *data);
    void *data;
};

static void note_use(uint32_t slot, void *data)
{
    struct fold *fold = data;
    struct tk_record record;

    if (!tk_table_has(&fold->part->table, slot)) return;
    tk_table_read(&fold->part->table, slot, &record);
    fold->used(record.key, fold->data);
}

void tk_mirror_fold(struct tk_mirror *mirror,
                    void (*used)(struct tk_str key, void *data), void *data)
{
    for (size_t i = 0; i < mirror->count; i++) {
        struct fold fold = {&mirror->parts[i], used, data};

        tk_share_fold(fold.part->share, note_use, &fold);
    }
}

void tk_mirror_free(struct tk_mirror *mirror)
{
    if (mirror == NULL) return;
    for (size_t i = 0; i < TK_READERS_MAX; i++) {
        tk_share_free(mirror->parts[i].share);
    }
    free(mirror);
}
