#include "engine/entry.h"

#include <math.h>
#include <stdlib.h>

#define HOUR_MS 3600000.0

struct tk_entry *tk_entry_new(struct tk_source *source,
                              const struct tk_kind *kind,
                              const struct tk_key *key)
{
    size_t size = offsetof(struct tk_entry, key) + key->text.len;
    struct tk_entry *entry = calloc(1, size);

    if (entry == NULL) return NULL;
    memcpy(entry->key, key->text.data, key->text.len);
    entry->key_len = (uint8_t)key->text.len;
    entry->source = source;
    entry->kind = kind;
    entry->plan.at = TK_NEVER;
    entry->is_kept = tk_source_keeps(source, key);
    tk_list_init(&entry->waits);
    return entry;
}

void tk_entry_free(struct tk_entry *entry)
{
    tk_entry_forget_failure(entry);
    free(entry->profile);
    free(entry);
}

bool tk_entry_has_token(const struct tk_entry *entry, int64_t now)
{
    return now < entry->life.expires_at;
}

static enum tk_state state_without_token(const struct tk_entry *entry)
{
    if (entry->failure == NULL) return TK_STATE_LAPSED;
    if (entry->failure->class == TK_CLASS_REAUTHORIZE) {
        return TK_STATE_NEEDS_LOGIN;
    }
    if (entry->failure->class == TK_CLASS_TICKET) return TK_STATE_NEEDS_TICKET;
    return TK_STATE_LAPSED;
}

enum tk_state tk_entry_state(const struct tk_entry *entry, int64_t now)
{
    if (!tk_entry_has_token(entry, now)) return state_without_token(entry);
    if (entry->is_poisoned) return TK_STATE_POISONED;
    if (entry->failure != NULL) return TK_STATE_STALE;
    if (entry->flight != NULL || entry->is_queued) return TK_STATE_DUE;
    return TK_STATE_FRESH;
}

/* The rate fades by half-lives of 0.69 h: uses of the last hour or so. */
void tk_entry_note_use(struct tk_entry *entry, int64_t now)
{
    double gap = (double)(now - entry->last_use_at);

    entry->rate =
        entry->uses == 0 ? 1 : entry->rate * (float)exp(-gap / HOUR_MS) + 1;
    entry->uses++;
    if (tk_entry_has_token(entry, now)) entry->was_used = true;
    entry->last_use_at = now;
}

void tk_entry_set_failure(struct tk_entry *entry,
                          const struct tk_failure *failure)
{
    if (entry->failure == NULL) {
        entry->failure = malloc(sizeof *entry->failure);
    }
    if (entry->failure != NULL) *entry->failure = *failure;
}

void tk_entry_forget_failure(struct tk_entry *entry)
{
    free(entry->failure);
    entry->failure = NULL;
}

/* --- words --- */

const char *tk_state_name(enum tk_state state)
{
    static const char *const names[] = {
#define TK_STATE_NAME(name, word) word,
        TK_STATE_MAP(TK_STATE_NAME)
#undef TK_STATE_NAME
    };

    return names[state];
}

static const char *const class_names[] = {
#define TK_CLASS_NAME(name, word) word,
    TK_CLASS_MAP(TK_CLASS_NAME)
#undef TK_CLASS_NAME
};

const char *tk_class_name(enum tk_class class)
{
    return class_names[class];
}

bool tk_class_parse(struct tk_str word, enum tk_class *out)
{
    for (int i = 0; i < TK_CLASSES; i++) {
        if (!tk_str_is(word, class_names[i])) continue;
        *out = (enum tk_class)i;
        return true;
    }
    return false;
}

bool tk_class_is_hard(enum tk_class class)
{
    return class == TK_CLASS_CREDENTIAL || class == TK_CLASS_REAUTHORIZE ||
           class == TK_CLASS_CONFIG;
}
