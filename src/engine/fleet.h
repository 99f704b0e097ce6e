/* engine/fleet.h - all keys of an engine, and what is known of each.
 *
 * The fleet has no loop, no Lua task and no socket: time is an argument, and
 * refreshes leave through a port. So the engine and the simulator run the same
 * code, and tests run hours of it in no time.
 *
 * Files of the fleet, each using those before it: entry (one key), fleet (the
 * records), habit (when keys are used), turn (queue and budget), wait (callers
 * that wait), schedule (when to act), tick (what a policy hears of), refresh
 * (one refresh, from claim to landing), caller (what callers may ask).
 */
#ifndef TK_ENGINE_FLEET_H
#define TK_ENGINE_FLEET_H

#include "base/clock.h"
#include "cache/table.h"
#include "engine/entry.h"
#include "engine/unknown.h"

enum { TK_FINGERPRINT_TEXT = 17 };

/* Upward calls. */
struct tk_fleet_port {
    /* Starts a refresh; its answer comes by tk_refresh_land, never from inside
     * this call. */
    int (*fetch)(struct tk_entry *entry, int64_t now, void *data);
    void *data;
    /* Microseconds from anywhere, to see how long something takes. NULL: no
     * time passes while the fleet works, as in a simulator. */
    int64_t (*clock_us)(void *data);
    /* Somebody is about to use a key, whose entry still tells of the use
     * before. NULL: nobody wants to know. */
    void (*used)(const struct tk_entry *entry, int64_t now, void *data);
    bool is_quiet; /* refreshes only seem to happen: they are not logged */
};

struct tk_fleet_options {
    uint32_t max_keys;
    uint32_t mean_bytes; /* of key and token together */
    /* Where the table lies, tk_table_size of these two, borrowed; and where
     * memory for it comes from. NULL: in memory of the fleet's own. */
    void *block;
    tk_area_back_cb back;
    void *back_data;
    /* Told what the table says of a key whenever that has changed; `record`
     * NULL: the key is not there any more. NULL: nobody is told. */
    void (*shown)(struct tk_str key, const struct tk_record *record,
                  void *data);
    void *shown_data;
    uint64_t floor;     /* generations start above it */
    struct tk_str node; /* this host's name: spreads plans over hosts */
    struct tk_fleet_port port;
};

struct tk_fleet;

TK_MUST_USE int tk_fleet_new(const struct tk_fleet_options *options,
                             struct tk_fleet **out);
void tk_fleet_free(struct tk_fleet *fleet);

/* Wall time is `ahead_ms` more than `now`, as it stands; the fleet only uses it
 * to know the hour of the day. */
void tk_fleet_set_wall(struct tk_fleet *fleet, int64_t ahead_ms);
int64_t tk_fleet_wall_ms(const struct tk_fleet *fleet, int64_t now);

const struct tk_fleet_port *tk_fleet_port(const struct tk_fleet *fleet);
int64_t tk_fleet_clock_us(const struct tk_fleet *fleet);

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

/* The moment, to the second, at which the policy is to have another look at a
 * key, at the next tick from then on; TK_NEVER: none. */
void tk_fleet_set_look(struct tk_fleet *fleet, const struct tk_entry *entry,
                       int64_t at);
/* The last key below number `id` at which a look is due by `now`; UINT32_MAX if
 * there is none. Downwards, so that keys that leave meanwhile hide no other. */
uint32_t tk_fleet_next_look(const struct tk_fleet *fleet, uint32_t id,
                            int64_t now);

/* The source has refreshes that its budget lets start at `at`; TK_NEVER: it
 * waits for nothing. Counts in what tk_fleet_earliest tells. */
void tk_fleet_set_turn(struct tk_fleet *fleet, struct tk_source *source,
                       int64_t at);
/* Of the sources whose moment has come, the one with the key that goes dark
 * first; it is then no longer set. NULL if there is none. */
struct tk_source *tk_fleet_take_turn(struct tk_fleet *fleet, int64_t now);

/* The next tick of the policy is at `at`. Counts in what tk_fleet_earliest
 * tells. */
void tk_fleet_set_tick(struct tk_fleet *fleet, struct tk_policy *policy,
                       int64_t at);
/* A policy whose tick is due by `now`, or NULL; it stays so until the next is
 * set. */
struct tk_policy *tk_fleet_next_tick(const struct tk_fleet *fleet, int64_t now);

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

/* How a token appears in a log: 16 hex digits of a hash under a key of this
 * fleet. */
char *tk_fleet_fingerprint(const struct tk_fleet *fleet, struct tk_str token,
                           char out[TK_FINGERPRINT_TEXT]);

#endif
