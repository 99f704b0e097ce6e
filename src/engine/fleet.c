#define _GNU_SOURCE
#include "engine/fleet.h"

#include "base/hash.h"
#include "cache/block.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORDS_MAX = 1024 };

/* Owned by the engine or the simulator. */
struct tk_fleet {
    struct tk_fleet_port port;
    void (*shown)(struct tk_str key, const struct tk_record *record,
                  void *data);
    void *shown_data;
    struct tk_table table;
    void *own_block; /* NULL: the table lies elsewhere */
    size_t block_size;
    uint32_t *by_slot; /* of the table: the id of the entry that has it */
    struct tk_entry **entries; /* parallel to */
    int64_t *due;              /* this */
    uint32_t *looks;           /* and this: seconds, 0.15 ns a key to scan */
    uint32_t count;
    uint32_t cap;
    int64_t earliest;   /* no due moment is before it */
    int64_t wall_ahead; /* of the clock that `now` is read from */
    struct tk_unknowns *unknowns;
    struct tk_link waits;
    struct tk_link turns; /* sources that wait for their budget */
    struct tk_link ticks; /* policies */
    struct tk_link issuers;
    struct tk_seed dice;
    char *words[WORDS_MAX];
    uint16_t word_count;
    struct tk_seed fingerprints;
};

static int make_table(struct tk_fleet *fleet,
                      const struct tk_fleet_options *options)
{
    struct tk_table_options table = {
        .block = options->block,
        .size = tk_table_size(options->max_keys, options->mean_bytes),
        .max_keys = options->max_keys,
        .seed = tk_seed_random().k0,
        .floor = options->floor,
        .back = options->back,
        .data = options->back_data,
    };
    int rc = 0;

    if (table.block == NULL) {
        fleet->block_size = table.size;
        rc = tk_block_new(table.size, &fleet->own_block);
        table.block = fleet->own_block;
    }
    fleet->by_slot =
        calloc(tk_table_slots(table.max_keys), sizeof *fleet->by_slot);
    if (fleet->by_slot == NULL) return TK_ENOMEM;
    return rc == 0 ? tk_table_init(&fleet->table, &table) : rc;
}

int tk_fleet_new(const struct tk_fleet_options *options, struct tk_fleet **out)
{
    struct tk_fleet *fleet = calloc(1, sizeof *fleet);
    int rc;

    if (fleet == NULL) return TK_ENOMEM;
    fleet->port = options->port;
    fleet->shown = options->shown;
    fleet->shown_data = options->shown_data;
    fleet->earliest = TK_NEVER;
    tk_list_init(&fleet->waits);
    tk_list_init(&fleet->turns);
    tk_list_init(&fleet->ticks);
    tk_list_init(&fleet->issuers);
    fleet->dice.k0 = tk_hash((struct tk_seed){0}, options->node);
    fleet->fingerprints = tk_seed_random();
    fleet->unknowns = calloc(1, sizeof *fleet->unknowns);
    rc = fleet->unknowns == NULL ? TK_ENOMEM : make_table(fleet, options);
    if (rc != 0) {
        tk_fleet_free(fleet);
        return rc;
    }
    fleet->unknowns->seed = tk_seed_random();
    *out = fleet;
    return 0;
}

void tk_fleet_free(struct tk_fleet *fleet)
{
    if (fleet == NULL) return;
    while (tk_fleet_take_turn(fleet, TK_NEVER) != NULL) {
    }
    while (!tk_list_is_empty(&fleet->ticks)) tk_list_drop(fleet->ticks.next);
    for (uint32_t i = 0; i < fleet->count; i++) {
        /* What other processes read is theirs to the end of each token. */
        if (fleet->own_block != NULL) {
            tk_table_clear(&fleet->table, fleet->entries[i]->slot);
        }
        tk_entry_free(fleet->entries[i]);
    }
    for (uint16_t i = 0; i < fleet->word_count; i++) free(fleet->words[i]);
    tk_issuers_free(&fleet->issuers);
    free(fleet->by_slot);
    free(fleet->entries);
    free(fleet->due);
    free(fleet->looks);
    free(fleet->unknowns);
    tk_block_free(fleet->own_block, fleet->block_size);
    free(fleet);
}

void tk_fleet_set_wall(struct tk_fleet *fleet, int64_t ahead_ms)
{
    fleet->wall_ahead = ahead_ms;
}

int64_t tk_fleet_wall_ms(const struct tk_fleet *fleet, int64_t now)
{
    return now + fleet->wall_ahead;
}

const struct tk_fleet_port *tk_fleet_port(const struct tk_fleet *fleet)
{
    return &fleet->port;
}

int64_t tk_fleet_clock_us(const struct tk_fleet *fleet)
{
    const struct tk_fleet_port *port = &fleet->port;

    return port->clock_us == NULL ? 0 : port->clock_us(port->data);
}

static uint32_t id_of(const struct tk_fleet *fleet,
                      const struct tk_entry *entry)
{
    return fleet->by_slot[entry->slot];
}

struct tk_entry *tk_fleet_find(const struct tk_fleet *fleet, struct tk_str key)
{
    uint32_t slot = tk_table_find(&fleet->table, key);

    return slot == TK_NO_SLOT ? NULL : tk_fleet_at(fleet, fleet->by_slot[slot]);
}

static int make_room(struct tk_fleet *fleet)
{
    uint32_t cap = fleet->cap == 0 ? 64 : fleet->cap * 2;
    struct tk_entry **entries;
    int64_t *due;
    uint32_t *looks;

    if (fleet->count < fleet->cap) return 0;
    entries = realloc(fleet->entries, cap * sizeof *entries);
    if (entries == NULL) return TK_ENOMEM;
    fleet->entries = entries;
    due = realloc(fleet->due, cap * sizeof *due);
    if (due == NULL) return TK_ENOMEM;
    fleet->due = due;
    looks = realloc(fleet->looks, cap * sizeof *looks);
    if (looks == NULL) return TK_ENOMEM;
    fleet->looks = looks;
    fleet->cap = cap;
    return 0;
}

void tk_fleet_meet_issuer(struct tk_fleet *fleet, struct tk_source *source)
{
    tk_source_meet_issuer(source, &fleet->issuers);
}

static int add_entry(struct tk_fleet *fleet, struct tk_entry *entry)
{
    int rc = make_room(fleet);

    if (rc == 0) {
        rc = tk_table_claim(&fleet->table, tk_entry_text(entry), &entry->slot);
    }
    if (rc != 0) return rc;
    fleet->by_slot[entry->slot] = fleet->count;
    fleet->entries[fleet->count] = entry;
    fleet->looks[fleet->count] = UINT32_MAX;
    fleet->due[fleet->count++] = TK_NEVER;
    entry->source->key_count++;
    return 0;
}

int tk_fleet_claim(struct tk_fleet *fleet, struct tk_source *source,
                   const struct tk_key *key, struct tk_entry **out,
                   struct tk_why *why)
{
    const struct tk_kind *kind;
    struct tk_entry *entry = tk_fleet_find(fleet, key->text);
    int rc;

    *out = entry;
    if (entry != NULL) return 0;
    kind = tk_source_accepts(source, key, why);
    if (kind == NULL) return TK_ENOENT;
    if (source->key_count >= source->max_keys) {
        return tk_fail(why, TK_EFULL, "source %s has its %u keys (max_keys)",
                       source->name, source->max_keys);
    }
    entry = tk_entry_new(source, kind, key);
    if (entry == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    tk_fleet_meet_issuer(fleet, source);
    rc = add_entry(fleet, entry);
    if (rc != 0) {
        tk_entry_free(entry);
        return tk_fail(why, rc, "the cache has no room for another key");
    }
    *out = entry;
    return 0;
}

void tk_fleet_remove(struct tk_fleet *fleet, struct tk_entry *entry)
{
    uint32_t last = --fleet->count;
    uint32_t id = id_of(fleet, entry);

    tk_queue_drop(&entry->queued);
    entry->source->key_count--;
    fleet->entries[id] = fleet->entries[last];
    fleet->by_slot[fleet->entries[id]->slot] = id;
    fleet->due[id] = fleet->due[last];
    fleet->looks[id] = fleet->looks[last];
    tk_table_remove(&fleet->table, entry->slot);
    if (fleet->shown != NULL) {
        fleet->shown(tk_entry_text(entry), NULL, fleet->shown_data);
    }
    tk_entry_free(entry);
}

uint32_t tk_fleet_count(const struct tk_fleet *fleet)
{
    return fleet->count;
}

struct tk_entry *tk_fleet_at(const struct tk_fleet *fleet, uint32_t id)
{
    return fleet->entries[id];
}

void tk_fleet_set_due(struct tk_fleet *fleet, struct tk_entry *entry,
                      int64_t at)
{
    fleet->due[id_of(fleet, entry)] = at;
    tk_fleet_wake(fleet, at);
}

void tk_fleet_wake(struct tk_fleet *fleet, int64_t at)
{
    if (at < fleet->earliest) fleet->earliest = at;
}

int64_t tk_fleet_earliest(const struct tk_fleet *fleet)
{
    return fleet->earliest;
}

int64_t tk_fleet_due(const struct tk_fleet *fleet, const struct tk_entry *entry)
{
    return fleet->due[id_of(fleet, entry)];
}

uint32_t tk_fleet_next_due(const struct tk_fleet *fleet, uint32_t id,
                           int64_t now)
{
    while (id < fleet->count && fleet->due[id] > now) id++;
    return id;
}

void tk_fleet_set_look(struct tk_fleet *fleet, const struct tk_entry *entry,
                       int64_t at)
{
    int64_t seconds = at / 1000 + (at % 1000 > 0);

    fleet->looks[id_of(fleet, entry)] =
        seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

uint32_t tk_fleet_next_look(const struct tk_fleet *fleet, uint32_t id,
                            int64_t now)
{
    int64_t moment = now / 1000;
    uint32_t seconds = moment < UINT32_MAX ? (uint32_t)moment : UINT32_MAX - 1;

    if (id > fleet->count) id = fleet->count;
    while (id-- > 0) {
        if (fleet->looks[id] <= seconds) return id;
    }
    return UINT32_MAX;
}

void tk_fleet_find_earliest(struct tk_fleet *fleet)
{
    int64_t next = TK_NEVER;

    for (uint32_t i = 0; i < fleet->count; i++) {
        next = fleet->due[i] < next ? fleet->due[i] : next;
    }
    for (struct tk_link *link = fleet->turns.next; link != &fleet->turns;
         link = link->next) {
        int64_t at = TK_LIST_ITEM(link, struct tk_source, of_turns)->turn_at;

        next = at < next ? at : next;
    }
    for (struct tk_link *link = fleet->ticks.next; link != &fleet->ticks;
         link = link->next) {
        int64_t at = TK_LIST_ITEM(link, struct tk_policy, of_ticks)->tick_at;

        next = at < next ? at : next;
    }
    fleet->earliest = next;
}

static void unset_turn(struct tk_source *source)
{
    if (source->turn_at != 0) tk_list_drop(&source->of_turns);
    source->turn_at = 0;
}

void tk_fleet_set_turn(struct tk_fleet *fleet, struct tk_source *source,
                       int64_t at)
{
    unset_turn(source);
    if (at == TK_NEVER) return;
    source->turn_at = at;
    tk_list_push(&fleet->turns, &source->of_turns);
    if (at < fleet->earliest) fleet->earliest = at;
}

static int64_t first_rank(struct tk_source *source)
{
    int64_t known = tk_queue_first_rank(&source->queue);
    int64_t new = tk_queue_first_rank(&source->newcomers);

    return known < new ? known : new;
}

struct tk_source *tk_fleet_take_turn(struct tk_fleet *fleet, int64_t now)
{
    struct tk_source *first = NULL;

    for (struct tk_link *link = fleet->turns.next; link != &fleet->turns;
         link = link->next) {
        struct tk_source *source =
            TK_LIST_ITEM(link, struct tk_source, of_turns);

        if (source->turn_at > now) continue;
        if (first == NULL || first_rank(source) < first_rank(first)) {
            first = source;
        }
    }
    if (first != NULL) unset_turn(first);
    return first;
}

void tk_fleet_set_tick(struct tk_fleet *fleet, struct tk_policy *policy,
                       int64_t at)
{
    tk_list_drop(&policy->of_ticks);
    tk_list_push(&fleet->ticks, &policy->of_ticks);
    policy->tick_at = at;
    tk_fleet_wake(fleet, at);
}

struct tk_policy *tk_fleet_next_tick(const struct tk_fleet *fleet, int64_t now)
{
    for (struct tk_link *link = fleet->ticks.next; link != &fleet->ticks;
         link = link->next) {
        struct tk_policy *policy =
            TK_LIST_ITEM(link, struct tk_policy, of_ticks);

        if (policy->tick_at <= now) return policy;
    }
    return NULL;
}

void tk_fleet_read(const struct tk_fleet *fleet, const struct tk_entry *entry,
                   struct tk_record *out)
{
    tk_table_read(&fleet->table, entry->slot, out);
}

static void show(const struct tk_fleet *fleet, const struct tk_entry *entry)
{
    struct tk_record record;

    if (fleet->shown == NULL) return;
    tk_fleet_read(fleet, entry, &record);
    fleet->shown(record.key, &record, fleet->shown_data);
}

int tk_fleet_store(struct tk_fleet *fleet, struct tk_entry *entry,
                   const struct tk_record *record)
{
    int rc = tk_table_put(&fleet->table, entry->slot, record);

    if (rc != 0) return rc;
    entry->commits++;
    show(fleet, entry);
    return 0;
}

uint64_t tk_fleet_next_generation(const struct tk_fleet *fleet,
                                  const struct tk_entry *entry)
{
    return tk_table_next_generation(&fleet->table, entry->slot);
}

void tk_fleet_show_state(struct tk_fleet *fleet, const struct tk_entry *entry,
                         int64_t now)
{
    tk_table_set_state(&fleet->table, entry->slot,
                       (uint8_t)tk_entry_state(entry, now));
    show(fleet, entry);
}

struct tk_entry *tk_fleet_at_slot(const struct tk_fleet *fleet, uint32_t slot)
{
    if (!tk_table_has(&fleet->table, slot)) return NULL;
    return tk_fleet_at(fleet, fleet->by_slot[slot]);
}

void tk_fleet_clear(struct tk_fleet *fleet, struct tk_entry *entry)
{
    tk_table_clear(&fleet->table, entry->slot);
    show(fleet, entry);
    entry->commits++;
    entry->life = (struct tk_life){0};
    entry->not_before = 0;
    entry->is_poisoned = false;
}

struct tk_unknowns *tk_fleet_unknowns(const struct tk_fleet *fleet)
{
    return fleet->unknowns;
}

struct tk_link *tk_fleet_waits(struct tk_fleet *fleet)
{
    return &fleet->waits;
}

uint16_t tk_fleet_keep_word(struct tk_fleet *fleet, const char *word)
{
    for (uint16_t i = 0; i < fleet->word_count; i++) {
        if (strcmp(fleet->words[i], word) == 0) return i;
    }
    if (fleet->word_count == WORDS_MAX) return WORDS_MAX;
    fleet->words[fleet->word_count] = strdup(word);
    if (fleet->words[fleet->word_count] == NULL) return WORDS_MAX;
    return fleet->word_count++;
}

const char *tk_fleet_word(const struct tk_fleet *fleet, uint16_t number)
{
    return number < fleet->word_count ? fleet->words[number]
                                      : "(one of too many reasons)";
}

uint64_t tk_fleet_dice(const struct tk_fleet *fleet,
                       const struct tk_entry *entry, uint64_t salt)
{
    struct tk_seed seed = {fleet->dice.k0, salt};

    return tk_hash(seed, tk_entry_text(entry));
}

char *tk_fleet_fingerprint(const struct tk_fleet *fleet, struct tk_str token,
                           char out[TK_FINGERPRINT_TEXT])
{
    snprintf(out, TK_FINGERPRINT_TEXT, "%016" PRIx64,
             tk_hash(fleet->fingerprints, token));
    return out;
}
