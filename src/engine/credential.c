#include "engine/credential.h"

#include "base/log.h"
#include "engine/schedule.h"

#include <stdio.h>

/* Calls `each` for the keys of a source; it may not remove any. */
static void each_entry(struct tk_fleet *fleet, const struct tk_source *source,
                       void (*each)(struct tk_fleet *fleet,
                                    struct tk_entry *entry, int64_t now),
                       int64_t now)
{
    for (uint32_t i = 0; i < tk_fleet_count(fleet); i++) {
        struct tk_entry *entry = tk_fleet_at(fleet, i);

        if (entry->source == source) each(fleet, entry, now);
    }
}

static void fail_if_queued(struct tk_fleet *fleet, struct tk_entry *entry,
                           int64_t now)
{
    if (entry->is_queued) tk_credential_fail(fleet, entry, now);
}

static void hold(struct tk_fleet *fleet, struct tk_source *source,
                 const char *code, int64_t now)
{
    struct tk_secrets *secrets = &source->secrets;

    if (secrets->refused_at == 0) {
        tk_log(TK_LOG_ERROR,
               "credential refused; no key of the source calls its issuer "
               "until the secret changes",
               tk_text("source", source->name), tk_text("code", code));
    }
    secrets->refused_at = now;
    secrets->probe_at = now + TK_CREDENTIAL_PROBE_MS;
    secrets->look_at = now + TK_CREDENTIAL_LOOK_MS;
    snprintf(secrets->code, sizeof secrets->code, "%s", code);
    each_entry(fleet, source, fail_if_queued, now);
}

/* What failed because of the credential is due at once. */
static void retry(struct tk_fleet *fleet, struct tk_entry *entry, int64_t now)
{
    if (entry->failure == NULL ||
        entry->failure->class != TK_CLASS_CREDENTIAL || entry->flight != NULL) {
        return;
    }
    entry->failure->next_try_at = 0;
    tk_fleet_set_due(fleet, entry, now);
}

static void release(struct tk_fleet *fleet, struct tk_source *source,
                    int64_t now)
{
    source->secrets.refused_at = 0;
    each_entry(fleet, source, retry, now);
}

bool tk_credential_refused(struct tk_fleet *fleet, struct tk_source *source,
                           uint32_t version, const char *code, int64_t now)
{
    struct tk_secrets *secrets = &source->secrets;

    if (version != secrets->version) return true;
    if (tk_secrets_reread(secrets)) {
        tk_log(TK_LOG_INFO, "secret has changed",
               tk_text("source", source->name));
    } else if (tk_secrets_change(secrets)) {
        tk_log(TK_LOG_WARN, "credential refused, the other secret is tried",
               tk_text("source", source->name), tk_text("code", code),
               tk_text("tried", secrets->uses_next ? "next" : "current"));
    } else {
        hold(fleet, source, code, now);
        return false;
    }
    release(fleet, source, now);
    return true;
}

void tk_credential_accepted(struct tk_fleet *fleet, struct tk_source *source,
                            int64_t now)
{
    source->secrets.has_tried_other = false;
    if (source->secrets.refused_at == 0) return;
    tk_log(TK_LOG_INFO, "credential accepted again",
           tk_text("source", source->name));
    release(fleet, source, now);
}

bool tk_credential_is_held(const struct tk_source *source, int64_t now)
{
    return source->secrets.refused_at != 0 && now < source->secrets.probe_at;
}

void tk_credential_fail(struct tk_fleet *fleet, struct tk_entry *entry,
                        int64_t now)
{
    const struct tk_secrets *secrets = &entry->source->secrets;
    struct tk_failure failure = {
        .class = TK_CLASS_CREDENTIAL,
        .count = entry->failure == NULL ? 1 : entry->failure->count,
        .at = secrets->refused_at,
    };

    if (entry->is_queued) tk_turn_leave(entry);
    snprintf(failure.code, sizeof failure.code, "%s", secrets->code);
    tk_entry_set_failure(entry, &failure);
    tk_schedule_retry_at(fleet, entry, secrets->probe_at, now);
    /* A key that never was does not stay for a failure that is not its own. */
    if (entry->life.expires_at == 0 && !entry->is_kept) {
        tk_fleet_set_due(fleet, entry, now);
    }
    tk_fleet_show_state(fleet, entry, now);
    tk_wait_settle_soon(fleet, entry, TK_REFUSAL_FAILED, now);
}

void tk_credential_look(struct tk_fleet *fleet, struct tk_source *source,
                        int64_t now)
{
    struct tk_secrets *secrets = &source->secrets;

    if (secrets->refused_at == 0 || now < secrets->look_at) return;
    secrets->look_at = now + TK_CREDENTIAL_LOOK_MS;
    if (!tk_secrets_reread(secrets)) return;
    tk_log(TK_LOG_INFO, "secret has changed", tk_text("source", source->name));
    release(fleet, source, now);
}
