/* engine/entry.h - one key, and what is known of it. */
#ifndef TK_ENGINE_ENTRY_H
#define TK_ENGINE_ENTRY_H

#include "base/clock.h"
#include "base/key.h"
#include "base/list.h"
#include "base/profile.h"
#include "engine/plan.h"
#include "engine/source.h"

/* States of a key; the words of product and HTTP API. */
#define TK_STATE_MAP(XX)                                                       \
    XX(FRESH, "fresh")                                                         \
    XX(DUE, "due")                                                             \
    XX(STALE, "stale")                                                         \
    XX(LAPSED, "lapsed")                                                       \
    XX(POISONED, "poisoned")                                                   \
    XX(IN_DOUBT, "in_doubt")                                                   \
    XX(NEEDS_LOGIN, "needs_login")                                             \
    XX(NEEDS_TICKET, "needs_ticket")

enum tk_state {
#define TK_STATE_ENUM(name, word) TK_STATE_##name,
    TK_STATE_MAP(TK_STATE_ENUM)
#undef TK_STATE_ENUM
        TK_STATES,
};

/* Classes of failure: what trying again can mean. */
#define TK_CLASS_MAP(XX)                                                       \
    XX(TRANSIENT, "transient")                                                 \
    XX(RATE, "rate")                                                           \
    XX(CREDENTIAL, "credential")                                               \
    XX(REAUTHORIZE, "reauthorize")                                             \
    XX(TICKET, "ticket")                                                       \
    XX(CONFIG, "config")

enum tk_class {
#define TK_CLASS_ENUM(name, word) TK_CLASS_##name,
    TK_CLASS_MAP(TK_CLASS_ENUM)
#undef TK_CLASS_ENUM
        TK_CLASSES,
};

enum { TK_CODE_TEXT = 65, TK_DETAIL_TEXT = 129 };

/* The last failure of a key; kept beside its token, never in its place. Owned
 * by its entry, and there only while refreshes fail. */
struct tk_failure {
    enum tk_class class;
    unsigned count; /* in a row */
    int64_t at;
    int64_t next_try_at;
    char code[TK_CODE_TEXT];     /* the issuer's own word, [A-Za-z0-9_.-] */
    char detail[TK_DETAIL_TEXT]; /* more of it in words, or empty */
};

/* One key. Owned by the fleet. There may be millions: the order leaves no
 * holes, and what is small comes last. */
struct tk_entry {
    struct tk_source *source;
    const struct tk_kind *kind;

    struct tk_life life; /* all 0: there was no token yet */
    int64_t not_before;  /* what a useless refresh taught; 0: nothing */
    struct tk_plan plan;
    struct tk_failure *failure;

    void *flight; /* the refresh on its way, as the port knows it */
    struct tk_queued queued;
    int64_t queued_at;
    struct tk_link waits; /* of struct tk_wait */
    uint64_t rejected;    /* generation last reported; 0: none */
    uint64_t forced;      /* generation a refresh was forced for */

    int64_t last_use_at; /* 0: never */
    uint64_t uses;
    struct tk_profile *profile; /* NULL: never used */

    uint32_t slot; /* in the table */
    float rate;    /* uses per hour, fading */
    uint32_t wait_count;
    uint32_t commits;        /* how often the token was replaced or dropped */
    unsigned strikes : 5;    /* young tokens reported in a row */
    unsigned poisonings : 5; /* times in a row that a reported one came back */
    unsigned urgency : 2;    /* enum tk_urgency, while queued or in flight */
    bool is_queued : 1;
    bool is_kept : 1;
    bool is_poisoned : 1;
    bool is_leaving : 1; /* of a reload: it is for the same no more */
    bool was_used : 1;   /* somebody got this token */
    bool is_cold : 1;    /* somebody asked for one when there was none */
    bool is_idle : 1;    /* nobody uses it, as far as its policy was told */
    uint8_t key_len;
    char key[]; /* not terminated */
};

/* Views into the entry. */
static inline struct tk_str tk_entry_text(const struct tk_entry *entry)
{
    return tk_str_of(entry->key, entry->key_len);
}

static inline struct tk_key tk_entry_key(const struct tk_entry *entry)
{
    return tk_key_split(tk_entry_text(entry));
}

/* NULL without memory. The entry has no slot yet. */
struct tk_entry *tk_entry_new(struct tk_source *source,
                              const struct tk_kind *kind,
                              const struct tk_key *key);
void tk_entry_free(struct tk_entry *entry);

bool tk_entry_has_token(const struct tk_entry *entry, int64_t now);
enum tk_state tk_entry_state(const struct tk_entry *entry, int64_t now);
void tk_entry_note_use(struct tk_entry *entry, int64_t now);

/* Replaces what is known of the last failure; without memory the key is only
 * retried with less care. */
void tk_entry_set_failure(struct tk_entry *entry,
                          const struct tk_failure *failure);
void tk_entry_forget_failure(struct tk_entry *entry);

const char *tk_state_name(enum tk_state state);
const char *tk_class_name(enum tk_class class);
bool tk_class_parse(struct tk_str word, enum tk_class *out);
/* Does trying again not help before somebody changes something? */
bool tk_class_is_hard(enum tk_class class);

#endif
