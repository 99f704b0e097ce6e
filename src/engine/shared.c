#include "engine/shared.h"

#include "base/log.h"
#include "cache/demand.h"
#include "cache/names.h"
#include "cache/segment.h"
#include "net/watch.h"

#include <stdlib.h>

enum {
    /* Readers take two seconds without a beat for the end of the engine. */
    BEAT_EVERY_MS = 500,
    /* Stamps are seconds, so every other beat will do. */
    BEATS_PER_FOLD = 2,
    /* Of the stamps at one time: some 0.2 ms. */
    FOLD_SLOTS = 256 * 1024,
};

/* Owned by its engine. */
struct tk_shared {
    struct tk_loop *loop;
    struct tk_timer *timer;
    struct tk_segment *segment;
    struct tk_demand *demand;
    struct tk_watch *asked; /* for the memory of its stamps; NULL: not now */
    struct tk_fleet *fleet;
    unsigned beats;
    void (*changed)(void *data);
    void *data;
};

static void note_use(uint32_t slot, void *data)
{
    struct tk_shared *shared = data;
    struct tk_entry *entry = tk_fleet_at_slot(shared->fleet, slot);

    if (entry == NULL) return;
    tk_caller_note_use(shared->fleet, entry, tk_loop_now(shared->loop));
}

static void serve(void *data)
{
    struct tk_shared *shared = data;

    if (tk_demand_serve(shared->demand)) return;
    tk_watch_free(shared->asked);
    shared->asked = NULL;
}

static void beat(void *data)
{
    struct tk_shared *shared = data;
    struct tk_clocks clocks;

    if (shared->asked == NULL) {
        (void)!tk_watch_new(shared->loop, tk_demand_socket(shared->demand),
                            serve, shared, &shared->asked);
    }

    tk_clocks_read(&clocks);
    tk_segment_beat(shared->segment, &clocks);
    if (++shared->beats % BEATS_PER_FOLD == 0) {
        (void)tk_demand_fold(shared->demand, FOLD_SLOTS, note_use, shared);
        shared->changed(shared->data);
    }
    tk_timer_set(shared->timer, tk_loop_now(shared->loop) + BEAT_EVERY_MS);
}

static int make_files(struct tk_shared *shared, const char *dir,
                      struct tk_fleet_options *fleet, struct tk_why *why)
{
    struct tk_segment_options segment = {
        .dir = dir,
        .name = TK_SEGMENT_FILE,
        .group = (gid_t)-1,
        .size = tk_table_size(fleet->max_keys, fleet->mean_bytes),
        .fixed = tk_table_fixed_size(fleet->max_keys),
    };
    int rc =
        tk_demand_make(tk_table_slots(fleet->max_keys), &shared->demand, why);

    if (rc == 0) {
        rc = tk_demand_offer(shared->demand, dir, TK_DEMAND_FILE, segment.group,
                             why);
    }
    if (rc != 0) return rc;
    segment.demand = tk_demand_inode(shared->demand);
    rc = tk_segment_make(&segment, &shared->segment, why);
    if (rc != 0) return rc;
    fleet->block = tk_segment_block(shared->segment);
    fleet->back = tk_segment_back;
    fleet->back_data = shared->segment;
    return 0;
}

int tk_shared_new(struct tk_loop *loop, const char *dir,
                  struct tk_fleet_options *options, struct tk_shared **out,
                  struct tk_why *why)
{
    struct tk_shared *shared = calloc(1, sizeof *shared);
    int rc;

    if (shared == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    shared->loop = loop;
    rc = make_files(shared, dir, options, why);
    if (rc == 0 && tk_timer_new(loop, beat, shared, &shared->timer) != 0) {
        rc = tk_fail(why, TK_ENOMEM, "out of memory");
    }
    if (rc != 0) {
        tk_shared_free(shared);
        return rc;
    }
    *out = shared;
    return 0;
}

void tk_shared_publish(struct tk_shared *shared, struct tk_fleet *fleet,
                       void (*changed)(void *data), void *data)
{
    struct tk_why why;

    shared->fleet = fleet;
    shared->changed = changed;
    shared->data = data;
    beat(shared);
    if (tk_segment_publish(shared->segment, &why) != 0) {
        tk_log(TK_LOG_ERROR, "shared cache is not published",
               tk_text("why", why.text));
    }
}

void tk_shared_free(struct tk_shared *shared)
{
    if (shared == NULL) return;
    tk_timer_free(shared->timer);
    tk_watch_free(shared->asked);
    tk_segment_close(shared->segment);
    tk_demand_close(shared->demand);
    free(shared);
}
