/* Sources are found by their address: with thousands of them a million keys
 * still take one bisection each, and mostly not even that, because keys that
 * were claimed together lie together. */
#include "serve/census.h"

#include "serve/next.h"

#include <stdlib.h>

static int by_address(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t)((const struct tk_census_source *)a)->source;
    uintptr_t right = (uintptr_t)((const struct tk_census_source *)b)->source;

    return (left > right) - (left < right);
}

static struct tk_census_source *find(const struct tk_census *census,
                                     const struct tk_source *source,
                                     struct tk_census_source *last)
{
    struct tk_census_source wanted = {.source = source};

    if (last != NULL && last->source == source) return last;
    return bsearch(&wanted, census->sources, census->count,
                   sizeof census->sources[0], by_address);
}

static void count_entry(struct tk_census_source *at,
                        const struct tk_entry *entry, int64_t now)
{
    enum tk_state state = tk_entry_state(entry, now);
    int64_t left = entry->life.expires_at - now;

    at->states[state]++;
    if (state != TK_STATE_FRESH) return;
    if (at->shortest_ms < 0 || left < at->shortest_ms) at->shortest_ms = left;
}

static void count_all(const struct tk_fleet *fleet, int64_t now,
                      struct tk_census *census)
{
    struct tk_census_source *at = NULL;

    for (uint32_t id = 0; id < tk_fleet_count(fleet); id++) {
        const struct tk_entry *entry = tk_fleet_at(fleet, id);

        census->waiting += entry->wait_count;
        census->kept += entry->is_kept;
        census->kept_dark += entry->is_kept && !tk_entry_has_token(entry, now);
        if (!tk_next_is_shown(entry)) continue;
        at = find(census, entry->source, at);
        if (at != NULL) count_entry(at, entry, now);
    }
}

int tk_census_take(const struct tk_fleet *fleet, const struct tk_config *config,
                   int64_t now, struct tk_census *out)
{
    *out = (struct tk_census){0};
    out->sources = calloc(config->source_count + 1, sizeof out->sources[0]);
    if (out->sources == NULL) return TK_ENOMEM;
    out->count = config->source_count;
    for (size_t i = 0; i < out->count; i++) {
        out->sources[i].source = config->sources[i];
        out->sources[i].shortest_ms = -1;
    }
    qsort(out->sources, out->count, sizeof out->sources[0], by_address);
    count_all(fleet, now, out);
    return 0;
}

void tk_census_fini(struct tk_census *census)
{
    free(census->sources);
    *census = (struct tk_census){0};
}
