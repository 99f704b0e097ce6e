#include "engine/shared.h"

#include "engine/mirror.h"
#include "engine/share.h"

#include <stdlib.h>

enum {
    /* Readers take two seconds without a beat for the end of the engine. */
    BEAT_EVERY_MS = 500,
    /* Stamps are seconds, so every other beat will do. */
    BEATS_PER_FOLD = 2,
};

/* Owned by its engine. */
struct tk_shared {
    struct tk_loop *loop;
    const char *dir;
    struct tk_timer *timer;
    struct tk_share *share;   /* of the fleet's table */
    struct tk_mirror *mirror; /* of the reader groups */
    struct tk_mirror *next;   /* for the configuration that is being judged */
    struct tk_fleet *fleet;
    unsigned beats;
    void (*changed)(void *data);
    void *data;
};

static void note_use(struct tk_shared *shared, struct tk_entry *entry)
{
    if (entry == NULL) return;
    tk_caller_note_use(shared->fleet, entry, tk_loop_now(shared->loop));
}

static void note_slot(uint32_t slot, void *data)
{
    struct tk_shared *shared = data;

    note_use(shared, tk_fleet_at_slot(shared->fleet, slot));
}

static void note_key(struct tk_str key, void *data)
{
    struct tk_shared *shared = data;

    note_use(shared, tk_fleet_find(shared->fleet, key));
}

static void beat(void *data)
{
    struct tk_shared *shared = data;
    struct tk_clocks clocks;

    tk_clocks_read(&clocks);
    tk_share_beat(shared->share, &clocks);
    tk_mirror_beat(shared->mirror, &clocks);
    if (++shared->beats % BEATS_PER_FOLD == 0) {
        tk_share_fold(shared->share, note_slot, shared);
        tk_mirror_fold(shared->mirror, note_key, shared);
        shared->changed(shared->data);
    }
    tk_timer_set(shared->timer, tk_loop_now(shared->loop) + BEAT_EVERY_MS);
}

static void show(struct tk_str key, const struct tk_record *record, void *data)
{
    struct tk_shared *shared = data;

    tk_mirror_show(shared->mirror, key, record);
}

static int make_files(struct tk_shared *shared, const struct tk_config *config,
                      struct tk_fleet_options *fleet, struct tk_why *why)
{
    struct tk_share_options options = {
        .loop = shared->loop,
        .dir = shared->dir,
        .group = (gid_t)-1,
        .max_keys = fleet->max_keys,
        .mean_bytes = fleet->mean_bytes,
    };
    struct tk_table_options table;
    int rc = tk_share_new(&options, &table, &shared->share, why);

    if (rc != 0) return rc;
    fleet->block = table.block;
    fleet->back = table.back;
    fleet->back_data = table.data;
    fleet->shown = show;
    fleet->shown_data = shared;
    return tk_mirror_new(shared->loop, shared->dir, config, &shared->mirror,
                         why);
}

int tk_shared_new(struct tk_loop *loop, const char *dir,
                  const struct tk_config *config,
                  struct tk_fleet_options *options, struct tk_shared **out,
                  struct tk_problems *problems)
{
    struct tk_shared *shared;
    struct tk_why why = {.text = "out of memory"};
    int rc;

    *out = NULL;
    if (dir == NULL) return 0;
    shared = calloc(1, sizeof *shared);
    if (shared == NULL) return TK_ENOMEM;
    shared->loop = loop;
    shared->dir = dir;
    rc = tk_timer_new(loop, beat, shared, &shared->timer);
    if (rc == 0) rc = make_files(shared, config, options, &why);
    if (rc != 0) {
        tk_problem(problems, "runtime directory", "%s", why.text);
        tk_shared_free(shared);
        return rc;
    }
    *out = shared;
    return 0;
}

void tk_shared_publish(struct tk_shared *shared, struct tk_fleet *fleet,
                       void (*changed)(void *data), void *data)
{
    struct tk_clocks clocks;

    if (shared == NULL) return;
    shared->fleet = fleet;
    shared->changed = changed;
    shared->data = data;
    tk_clocks_read(&clocks);
    tk_share_publish(shared->share, &clocks);
    tk_mirror_publish(shared->mirror, fleet, NULL);
    beat(shared);
}

int tk_shared_prepare(struct tk_shared *shared, const struct tk_config *config,
                      struct tk_problems *problems)
{
    struct tk_why why;
    int rc;

    if (shared == NULL) return 0;
    tk_mirror_free(shared->next);
    shared->next = NULL;
    if (tk_mirror_suits(shared->mirror, config)) return 0;
    rc = tk_mirror_new(shared->loop, shared->dir, config, &shared->next, &why);
    if (rc != 0) tk_problem(problems, "", "%s", why.text);
    return rc;
}

void tk_shared_adopt(struct tk_shared *shared, const struct tk_config *config)
{
    if (shared == NULL) return;
    if (shared->next == NULL) {
        tk_mirror_follow(shared->mirror, config);
        return;
    }
    tk_mirror_publish(shared->next, shared->fleet, shared->mirror);
    tk_mirror_free(shared->mirror);
    shared->mirror = shared->next;
    shared->next = NULL;
}

void tk_shared_free(struct tk_shared *shared)
{
    if (shared == NULL) return;
    tk_timer_free(shared->timer);
    tk_mirror_free(shared->next);
    tk_mirror_free(shared->mirror);
    tk_share_free(shared->share);
    free(shared);
}
