/* cache/table.h - the tokens of this host, in one block of memory that the
 * caller gives: the writer's side. Readers use cache/view.h.
 *
 * The block holds no pointers, so that it may lie anywhere, also in memory
 * that other processes map at other addresses. Its layout, and why a reader
 * needs no lock, is in cache/layout.h. Nothing is ever evicted: what does not
 * fit is TK_EFULL.
 *
 * A key keeps its slot and its generation when its token goes, so that
 * generations under a key never repeat; when the key goes too, the table
 * remembers the highest generation it lost.
 */
#ifndef TK_CACHE_TABLE_H
#define TK_CACHE_TABLE_H

#include "base/err.h"
#include "base/str.h"
#include "cache/area.h"

enum {
    TK_TOKEN_MAX = 16384,
    TK_ATTRIBUTES_MAX = 1024,
    TK_TABLE_KEYS_MAX = 1 << 25,
};

#define TK_NO_SLOT UINT32_MAX

struct tk_table_head;

/* Owned by whoever called tk_table_init, who also owns the block. */
struct tk_table {
    struct tk_table_head *head;
    uint32_t *index;
    struct tk_area area;
    uint32_t max_keys;
    uint32_t count;
    uint32_t claims;           /* so far */
    uint64_t stamps;           /* so far */
    uint64_t floor;            /* generations start above it */
    unsigned char secret[192]; /* of the hash, made from the seed */
};

/* What a slot holds. Views point into the block and are borrowed until the next
 * put, clear or remove. */
struct tk_record {
    struct tk_str key;
    struct tk_str token;      /* empty: there is none */
    struct tk_str attributes; /* JSON, may be empty */
    uint64_t generation;
    int64_t expires_at; /* CLOCK_BOOTTIME, milliseconds */
    uint8_t state;      /* enum tk_state, as last told */
};

struct tk_table_options {
    void *block; /* zeroed, aligned to 64 bytes */
    size_t size;
    uint32_t max_keys;
    uint64_t seed; /* of the hash; readers get to know it */
    uint64_t floor;
    /* Memory for the part of the block behind tk_table_fixed_size, offsets
     * counted from the block's start; NULL: all of it is there. */
    tk_area_back_cb back;
    void *data;
};

/* The size of a block for `max_keys` keys that, with their tokens and
 * attributes, have `mean_bytes` on average. */
size_t tk_table_size(uint32_t max_keys, uint32_t mean_bytes);
/* How much of it is touched from the beginning. */
size_t tk_table_fixed_size(uint32_t max_keys);
/* How many slots such a table has. */
uint32_t tk_table_slots(uint32_t max_keys);

TK_MUST_USE int tk_table_init(struct tk_table *table,
                              const struct tk_table_options *options);

/* The slot of a key, or TK_NO_SLOT. A slot stays the key's own until
 * tk_table_remove. */
uint32_t tk_table_find(const struct tk_table *table, struct tk_str key);

/* Is there a key in this slot? */
bool tk_table_has(const struct tk_table *table, uint32_t slot);

/* The slot of a key, which is made if need be: no token, generation 0. TK_EFULL
 * when there is no room. */
TK_MUST_USE int tk_table_claim(struct tk_table *table, struct tk_str key,
                               uint32_t *out_slot);

void tk_table_read(const struct tk_table *table, uint32_t slot,
                   struct tk_record *out);

/* Replaces all but the key. On TK_EFULL the slot is as it was before. The
 * generation must not be lower than the one that stands there. */
TK_MUST_USE int tk_table_put(struct tk_table *table, uint32_t slot,
                             const struct tk_record *record);

/* Tells readers how the key is doing. */
void tk_table_set_state(struct tk_table *table, uint32_t slot, uint8_t state);

/* The next generation for a key: above its own and above every one that the
 * table has lost. */
uint64_t tk_table_next_generation(const struct tk_table *table, uint32_t slot);

/* Takes the token and its attributes out and wipes them; key and generation
 * stay. */
void tk_table_clear(struct tk_table *table, uint32_t slot);
/* Gives the slot back. */
void tk_table_remove(struct tk_table *table, uint32_t slot);

uint32_t tk_table_count(const struct tk_table *table);

#endif
