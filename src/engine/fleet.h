/* engine/fleet.h - all keys of an engine, and what is known of each.
 *
 * The fleet has no loop, no Lua task and no socket: time is an argument, and
 * refreshes leave through a port. So the engine and the simulator run the same
 * code, and tests run hours of it in no time.
 *
 * Files of the fleet, each using those before it: fleet (the records), turn
 * (queue and budget), wait (callers that wait), schedule (when to act),
 * refresh (one refresh, from claim to landing), caller (what callers may
 * ask).
 */
#ifndef TK_ENGINE_FLEET_H
#define TK_ENGINE_FLEET_H

#include "base/clock.h"
#include "base/key.h"
#include "base/list.h"
#include "cache/table.h"
#include "engine/plan.h"
#include "engine/source.h"
#include "engine/unknown.h"

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
    double rate; /* uses per hour, fading */

    uint32_t slot; /* in the table */
    uint32_t wait_count;
    uint32_t commits;   /* how often the token was replaced or dropped */
    uint8_t strikes;    /* young tokens reported in a row */
    uint8_t poisonings; /* times in a row that a reported token came back */
    uint8_t urgency;    /* enum tk_urgency, while it is queued or in flight */
    bool is_queued;
    bool is_kept;
    bool is_poisoned;
    bool is_leaving; /* of a reload: it is not for the same thing any more */
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

/* Upward calls. */
struct tk_fleet_port {
    /* Starts a refresh; its answer comes by tk_refresh_land, never from inside
     * this call. */
    int (*fetch)(struct tk_entry *entry, int64_t now, void *data);
    void *data;
};

struct tk_fleet_options {
    uint32_t max_keys;
    uint32_t mean_bytes; /* of key and token together */
    /* Where the table lies, tk_table_size of these two, borrowed; and where
     * memory for it comes from. NULL: in memory of the fleet's own. */
    void *block;
    tk_area_back_cb back;
    void *back_data;
    uint64_t floor;     /* generations start above it */
    struct tk_str node; /* this host's name: spreads plans over hosts */
    struct tk_fleet_port port;
};

struct tk_fleet;

TK_MUST_USE int tk_fleet_new(const struct tk_fleet_options *options,
                             struct tk_fleet **out);
void tk_fleet_free(struct tk_fleet *fleet);

const struct tk_fleet_port *tk_fleet_port(const struct tk_fleet *fleet);

struct tk_entry *tk_fleet_find(const struct tk_fleet *fleet, struct tk_str key);
/* The entry of a key, which is made if need be. TK_ENOENT for a kind or
 * subject that the source does not have, TK_EFULL past its max_keys. */
TK_MUST_USE int tk_fleet_claim(struct tk_fleet *fleet, struct tk_source *source,
                               const struct tk_key *key, struct tk_entry **out,
                               struct tk_why *why);
/* Forgets a key. It must neither be waited for nor be in flight. */
void tk_fleet_remove(struct tk_fleet *fleet, struct tk_entry *entry);

uint32_t tk_fleet_count(const struct tk_fleet *fleet);
/* Entries by number, 0 to count - 1; removing moves the last into the gap. */
struct tk_entry *tk_fleet_at(const struct tk_fleet *fleet, uint32_t id);

/* The moment at which something is to be done about a key; a dense array that
 * is scanned, 0.3 ns a key. */
void tk_fleet_set_due(struct tk_fleet *fleet, struct tk_entry *entry,
                      int64_t at);
int64_t tk_fleet_due(const struct tk_fleet *fleet,
                     const struct tk_entry *entry);
/* The first key, from number `id` on, of which something is due by `now`; the
 * count if there is none. */
uint32_t tk_fleet_next_due(const struct tk_fleet *fleet, uint32_t id,
                           int64_t now);
/* Not later than the earliest of all; cheap. */
int64_t tk_fleet_earliest(const struct tk_fleet *fleet);
/* Something else is to be done at `at`: earliest is not later than that. */
void tk_fleet_wake(struct tk_fleet *fleet, int64_t at);
/* Makes it exact, by a scan; TK_NEVER if nothing is due. */
void tk_fleet_find_earliest(struct tk_fleet *fleet);

/* The source has refreshes that its budget lets start at `at`; TK_NEVER: it
 * waits for nothing. Counts in what tk_fleet_earliest tells. */
void tk_fleet_set_turn(struct tk_fleet *fleet, struct tk_source *source,
                       int64_t at);
/* Of the sources whose moment has come, the one with the key that goes dark
 * first; it is then no longer set. NULL if there is none. */
struct tk_source *tk_fleet_take_turn(struct tk_fleet *fleet, int64_t now);

/* The record of a key: its token and generation. */
void tk_fleet_read(const struct tk_fleet *fleet, const struct tk_entry *entry,
                   struct tk_record *out);
TK_MUST_USE int tk_fleet_store(struct tk_fleet *fleet, struct tk_entry *entry,
                               const struct tk_record *record);
uint64_t tk_fleet_next_generation(const struct tk_fleet *fleet,
                                  const struct tk_entry *entry);
/* Tells the readers of the table how the key is doing. */
void tk_fleet_show_state(struct tk_fleet *fleet, const struct tk_entry *entry,
                         int64_t now);
/* The entry whose token lies in this slot of the table, or NULL. */
struct tk_entry *tk_fleet_at_slot(const struct tk_fleet *fleet, uint32_t slot);
/* Wipes the token; the key, its generation and its plan stay. */
void tk_fleet_clear(struct tk_fleet *fleet, struct tk_entry *entry);

/* Sees to it that the source has its issuer, unless it calls none. */
void tk_fleet_meet_issuer(struct tk_fleet *fleet, struct tk_source *source);

/* What issuers have refused, though it is no key here. */
struct tk_unknowns *tk_fleet_unknowns(const struct tk_fleet *fleet);

/* All callers that wait, whatever for; struct tk_wait. */
struct tk_link *tk_fleet_waits(struct tk_fleet *fleet);

/* Policies say the same few words about many keys: each is kept once. */
uint16_t tk_fleet_keep_word(struct tk_fleet *fleet, const char *word);
const char *tk_fleet_word(const struct tk_fleet *fleet, uint16_t number);

/* The dice of a plan: a hash of node, key and `salt` (the generation). */
uint64_t tk_fleet_dice(const struct tk_fleet *fleet,
                       const struct tk_entry *entry, uint64_t salt);

/* How a token appears in a log, under a key of this process. */
char *tk_fleet_fingerprint(const struct tk_fleet *fleet, struct tk_str token,
                           char *out);

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
