/* engine/refresh.h - one refresh, from claim to landing.
 *
 * At most one refresh of a key is on its way; at most max_concurrent of a
 * source; the others queue, the one that goes dark first in front. A failed
 * refresh never removes a token that is still good.
 */
#ifndef TK_ENGINE_REFRESH_H
#define TK_ENGINE_REFRESH_H

#include "engine/schedule.h"
#include "engine/turn.h"
#include "script/task.h"

/* What came of a refresh. Borrowed during tk_refresh_land. `order` is what
 * entry->commits was when the refresh was started: an answer to an older
 * question than the last commit is not landed. */
struct tk_answer {
    uint32_t order;
    uint32_t secret; /* the version of the source's secrets then */
    bool is_token;
    struct tk_str token;
    struct tk_str attributes;
    int64_t life_ms; /* counted from sent_at */
    int64_t sent_at;
    int64_t received_at;

    enum tk_reach reach;
    enum tk_class class; /* of a failure */
    char code[TK_CODE_TEXT];
    char detail[TK_DETAIL_TEXT];
    int64_t retry_after_ms;
};

/* Sees to it that a refresh of the key is on its way or queued; while its
 * source is paused it stays queued. */
void tk_refresh_want(struct tk_fleet *fleet, struct tk_entry *entry,
                     enum tk_urgency urgency, int64_t now);

/* The answer to port->fetch. `place` is the source that the refresh was started
 * for: a reload may have given the key to another one meanwhile. */
void tk_refresh_land(struct tk_fleet *fleet, struct tk_entry *entry,
                     struct tk_source *place, const struct tk_answer *answer,
                     int64_t now);

/* Acts on every key whose moment has come; tk_fleet_earliest is exact then. */
void tk_refresh_run_due(struct tk_fleet *fleet, int64_t now);

/* Starts what waits for a place at this source. */
void tk_refresh_drain(struct tk_fleet *fleet, struct tk_source *source,
                      int64_t now);

#endif
