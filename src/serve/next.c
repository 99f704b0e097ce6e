#include "serve/next.h"

#include "engine/turn.h"

static int64_t until(int64_t moment, int64_t now)
{
    if (moment == TK_NEVER) return -1;
    return moment > now ? moment - now : 0;
}

/* A key that had no token yet and that nobody keeps is not tried again by
 * itself. */
static struct tk_next after_failure(const struct tk_fleet *fleet,
                                    const struct tk_entry *entry, int64_t now)
{
    if (entry->plan.verb == TK_LAPSE) {
        return (struct tk_next){"none", -1, "nobody has used it for long"};
    }
    if (entry->life.expires_at == 0 && !entry->is_kept &&
        entry->wait_count == 0) {
        return (struct tk_next){"none", -1, "tried again when asked for"};
    }
    return (struct tk_next){"retry", until(tk_fleet_due(fleet, entry), now),
                            entry->failure->code};
}

static struct tk_next as_planned(const struct tk_fleet *fleet,
                                 const struct tk_entry *entry, int64_t now)
{
    const char *why = tk_fleet_word(fleet, entry->plan.why);
    int64_t due = tk_fleet_due(fleet, entry);

    switch (entry->plan.verb) {
    case TK_RENEW:
        if (due == TK_NEVER) break;
        return (struct tk_next){"renew", until(due, now), why};
    case TK_ASK:
        if (due == TK_NEVER) break;
        return (struct tk_next){"ask", until(due, now), why};
    case TK_LAPSE:
        if (!tk_entry_has_token(entry, now)) break;
        return (struct tk_next){"lapse", until(entry->life.expires_at, now),
                                why};
    }
    return (struct tk_next){"none", -1, why};
}

static struct tk_next in_queue(const struct tk_entry *entry, int64_t now)
{
    int64_t at = tk_turn_at(entry->source, now);

    if (at == TK_NEVER) {
        return (struct tk_next){"queued", -1, "max_concurrent is reached"};
    }
    return (struct tk_next){"queued", until(at, now),
                            "the quota lets the next one go then"};
}

struct tk_next tk_next_of(const struct tk_fleet *fleet,
                          const struct tk_entry *entry, int64_t now)
{
    if (entry->flight != NULL) {
        return (struct tk_next){"running", -1, "the issuer is being asked"};
    }
    if (entry->source->is_paused) {
        return (struct tk_next){"paused", -1, "the source is paused"};
    }
    if (entry->is_queued) return in_queue(entry, now);
    if (entry->failure != NULL) return after_failure(fleet, entry, now);
    if (entry->life.expires_at == 0) {
        return (struct tk_next){"none", -1, "fetched when asked for"};
    }
    return as_planned(fleet, entry, now);
}

void tk_next_write_span(struct tk_json *json, const char *name, int64_t span_ms)
{
    tk_json_name(json, name);
    if (span_ms < 0) {
        tk_json_null(json);
    } else {
        tk_json_num(json, (double)span_ms / 1000);
    }
}

void tk_next_write(const struct tk_next *next, struct tk_json *json)
{
    tk_json_open(json, '{');
    tk_json_name(json, "what");
    tk_json_text(json, tk_str(next->what));
    tk_next_write_span(json, "in", next->in_ms);
    tk_json_name(json, "why");
    tk_json_text(json, tk_str(next->why));
    tk_json_close(json, '}');
}

bool tk_next_is_shown(const struct tk_entry *entry)
{
    return entry->life.expires_at != 0 || entry->is_kept ||
           entry->failure != NULL;
}
