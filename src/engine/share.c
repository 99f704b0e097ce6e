#include "engine/share.h"

#include "base/log.h"
#include "cache/demand.h"
#include "cache/names.h"
#include "cache/segment.h"
#include "net/watch.h"

#include <stdlib.h>

/* Of the stamps at one time: some 0.2 ms. */
enum { FOLD_SLOTS = 256 * 1024 };

/* Owned by whoever called tk_share_new. */
struct tk_share {
    struct tk_share_options options; /* `dir` is borrowed */
    struct tk_segment *segment;
    struct tk_demand *demand;
    struct tk_watch *asked; /* for the memory of its stamps; NULL: not now */
    char demand_name[TK_CACHE_NAME];
};

static void name_files(const struct tk_share_options *options,
                       char segment[TK_CACHE_NAME], char demand[TK_CACHE_NAME])
{
    if (options->group == (gid_t)-1) {
        snprintf(segment, TK_CACHE_NAME, "%s", TK_SEGMENT_FILE);
        snprintf(demand, TK_CACHE_NAME, "%s", TK_DEMAND_FILE);
    } else {
        tk_segment_name(options->group, segment);
        tk_demand_name(options->group, demand);
    }
}

static int make_files(struct tk_share *share, struct tk_why *why)
{
    const struct tk_share_options *options = &share->options;
    char name[TK_CACHE_NAME];
    struct tk_segment_options segment = {
        .dir = options->dir,
        .name = name,
        .group = options->group,
        .size = tk_table_size(options->max_keys, options->mean_bytes),
        .fixed = tk_table_fixed_size(options->max_keys),
    };
    int rc =
        tk_demand_make(tk_table_slots(options->max_keys), &share->demand, why);

    if (rc != 0) return rc;
    name_files(options, name, share->demand_name);
    segment.demand = tk_demand_inode(share->demand);
    return tk_segment_make(&segment, &share->segment, why);
}

int tk_share_new(const struct tk_share_options *options,
                 struct tk_table_options *table, struct tk_share **out,
                 struct tk_why *why)
{
    struct tk_share *share = calloc(1, sizeof *share);
    int rc;

    if (share == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    share->options = *options;
    rc = make_files(share, why);
    if (rc != 0) {
        tk_share_free(share);
        return rc;
    }
    table->block = tk_segment_block(share->segment);
    table->size = tk_table_size(options->max_keys, options->mean_bytes);
    table->max_keys = options->max_keys;
    table->back = tk_segment_back;
    table->data = share->segment;
    *out = share;
    return 0;
}

static void serve(void *data)
{
    struct tk_share *share = data;

    if (tk_demand_serve(share->demand)) return;
    tk_watch_free(share->asked);
    share->asked = NULL;
}

void tk_share_publish(struct tk_share *share, const struct tk_clocks *clocks)
{
    struct tk_why why;

    if (tk_demand_offer(share->demand, share->options.dir, share->demand_name,
                        share->options.group, &why) != 0) {
        tk_log(TK_LOG_ERROR, "uses of the shared cache are not counted",
               tk_text("why", why.text));
    }
    tk_share_beat(share, clocks);
    if (tk_segment_publish(share->segment, &why) != 0) {
        tk_log(TK_LOG_ERROR, "shared cache is not published",
               tk_text("why", why.text));
    }
}

void tk_share_beat(struct tk_share *share, const struct tk_clocks *clocks)
{
    int socket = tk_demand_socket(share->demand);

    if (share->asked == NULL && socket >= 0) {
        (void)!tk_watch_new(share->options.loop, socket, serve, share,
                            &share->asked);
    }
    tk_segment_beat(share->segment, clocks);
}

void tk_share_fold(struct tk_share *share,
                   void (*used)(uint32_t slot, void *data), void *data)
{
    (void)tk_demand_fold(share->demand, FOLD_SLOTS, used, data);
}

void tk_share_wipe(struct tk_share *share)
{
    tk_segment_wipe(share->segment);
}

void tk_share_free(struct tk_share *share)
{
    if (share == NULL) return;
    tk_watch_free(share->asked);
    tk_segment_close(share->segment);
    tk_demand_close(share->demand);
    free(share);
}
