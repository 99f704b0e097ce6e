#include "engine/shadows.h"

#include "base/log.h"

#include <stdlib.h>

enum {
    /* A shadow may be late, and must not keep the loop busy. */
    RUN_EVERY_MS = 20,
};

struct shade {
    struct shade *next;
    struct tk_shadow *shadow;
};

/* Owned by whoever called tk_shadows_new. */
struct tk_shadows {
    struct tk_loop *loop;
    struct tk_fleet *fleet;
    struct tk_timer *timer;
    int64_t armed_for;
    struct shade *all;
};

static void arm(struct tk_shadows *shadows, int64_t now)
{
    int64_t due = TK_NEVER;

    for (const struct shade *at = shadows->all; at != NULL; at = at->next) {
        int64_t one = tk_shadow_due(at->shadow);

        if (one < due) due = one;
    }
    if (due < now + RUN_EVERY_MS) due = now + RUN_EVERY_MS;
    if (shadows->all == NULL) due = TK_NEVER;
    shadows->armed_for = due;
    tk_timer_set(shadows->timer, due);
}

static void run(void *data)
{
    struct tk_shadows *shadows = data;
    int64_t now = tk_loop_now(shadows->loop);

    for (const struct shade *at = shadows->all; at != NULL; at = at->next) {
        tk_shadow_run(at->shadow, now);
    }
    arm(shadows, now);
}

int tk_shadows_new(struct tk_loop *loop, struct tk_fleet *fleet,
                   struct tk_shadows **out)
{
    struct tk_shadows *shadows = calloc(1, sizeof *shadows);
    int rc;

    *out = NULL;
    if (shadows == NULL) return TK_ENOMEM;
    shadows->loop = loop;
    shadows->fleet = fleet;
    shadows->armed_for = TK_NEVER;
    rc = tk_timer_new(loop, run, shadows, &shadows->timer);
    if (rc != 0) {
        free(shadows);
        return rc;
    }
    *out = shadows;
    return 0;
}

static void drop(struct shade **at)
{
    struct shade *shade = *at;

    *at = shade->next;
    tk_shadow_free(shade->shadow);
    free(shade);
}

void tk_shadows_free(struct tk_shadows *shadows)
{
    if (shadows == NULL) return;
    while (shadows->all != NULL) drop(&shadows->all);
    tk_timer_free(shadows->timer);
    free(shadows);
}

static struct shade **find(struct tk_shadows *shadows,
                           const struct tk_source *source)
{
    struct shade **at = &shadows->all;

    while (*at != NULL && tk_shadow_source((*at)->shadow) != source) {
        at = &(*at)->next;
    }
    return at;
}

struct tk_shadow *tk_shadows_find(const struct tk_shadows *shadows,
                                  const struct tk_source *source)
{
    for (const struct shade *at = shadows->all; at != NULL; at = at->next) {
        if (tk_shadow_source(at->shadow) == source) return at->shadow;
    }
    return NULL;
}

bool tk_shadows_end(struct tk_shadows *shadows, const struct tk_source *source)
{
    struct shade **at = find(shadows, source);

    if (*at == NULL) return false;
    drop(at);
    return true;
}

int tk_shadows_start(struct tk_shadows *shadows, struct tk_source *source,
                     struct tk_policy *policy)
{
    struct shade *shade = calloc(1, sizeof *shade);
    int64_t now = tk_loop_now(shadows->loop);
    int rc;

    if (shade == NULL) return TK_ENOMEM;
    rc = tk_shadow_new(shadows->fleet, source, policy, now, &shade->shadow);
    if (rc != 0) {
        free(shade);
        return rc;
    }
    (void)tk_shadows_end(shadows, source);
    shade->next = shadows->all;
    shadows->all = shade;
    arm(shadows, now);
    return 0;
}

void tk_shadows_use(struct tk_shadows *shadows, const struct tk_entry *entry,
                    int64_t now)
{
    struct tk_shadow *shadow = tk_shadows_find(shadows, entry->source);

    if (shadow == NULL) return;
    tk_shadow_use(shadow, entry, now);
    if (tk_shadow_due(shadow) < shadows->armed_for) arm(shadows, now);
}

void tk_shadows_move(struct tk_shadows *shadows, const struct tk_config *config)
{
    struct shade **at = &shadows->all;

    while (*at != NULL) {
        struct tk_shadow *shadow = (*at)->shadow;
        const char *name = tk_shadow_source(shadow)->name;
        struct tk_source *source = tk_config_source(config, tk_str(name));

        if (source != NULL && tk_shadow_move(shadow, source)) {
            at = &(*at)->next;
            continue;
        }
        tk_log(TK_LOG_INFO, "comparison of policies ends: its source changed",
               tk_text("source", name));
        drop(at);
    }
}
