/* cache/table.h - the tokens of this host, in one block of memory that the
 * caller gives.
 *
 * The block holds offsets and no pointers, so that it may lie anywhere, also
 * in memory that several processes map at different addresses. It is divided
 * once, at tk_table_init: an index, dense records, and an area of bytes in
 * size classes. Nothing is ever evicted: what does not fit is TK_EFULL.
 *
 * A record outlives its token, so that generations under a key never repeat;
 * when a record goes too, the table remembers the highest generation it lost.
 */
#ifndef TK_CACHE_TABLE_H
#define TK_CACHE_TABLE_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum {
    TK_TOKEN_MAX = 16384,
    TK_ATTRIBUTES_MAX = 1024,
    TK_IDENTITY_LEN = 16,
};

#define TK_NO_SLOT UINT32_MAX

struct tk_table_head;

/* A view of a block; owned by whoever called tk_table_init, who also owns the
 * block. */
struct tk_table {
    struct tk_table_head *head;
    uint32_t *index;
    struct tk_table_record *records;
    unsigned char *bytes;
};

/* What a record holds. Views point into the block and are borrowed until the
 * next put, clear or remove. Moments are CLOCK_BOOTTIME in milliseconds. */
struct tk_record {
    struct tk_str key;
    struct tk_str token;      /* empty: withdrawn or dropped */
    struct tk_str attributes; /* JSON, may be empty */
    uint64_t generation;
    uint64_t ceiling; /* no generation above it may be given out */
    int64_t sent_at;
    int64_t expires_at;
    unsigned char identity[TK_IDENTITY_LEN]; /* of the source it is for */
};

/* The size of a block for `max_keys` records whose keys, tokens and attributes
 * have `mean_bytes` together on average. */
size_t tk_table_size(uint32_t max_keys, uint32_t mean_bytes);

/* `block` is zeroed, aligned to 64 bytes and has `size` bytes. `seed` is
 * secret; generations start above `floor`. */
TK_MUST_USE int tk_table_init(struct tk_table *table, void *block, size_t size,
                              uint32_t max_keys, uint64_t seed, uint64_t floor);

/* The slot of a key, or TK_NO_SLOT. A slot stays the key's own until
 * tk_table_remove. */
uint32_t tk_table_find(const struct tk_table *table, struct tk_str key);

/* The slot of a key, which is made if need be: an empty record with generation
 * 0. TK_EFULL when there is no room. */
TK_MUST_USE int tk_table_claim(struct tk_table *table, struct tk_str key,
                               uint32_t *out_slot);

void tk_table_read(const struct tk_table *table, uint32_t slot,
                   struct tk_record *out);

/* Replaces all but the key. On TK_EFULL the record is as it was before. The
 * generation must not be lower than the one that stands there. */
TK_MUST_USE int tk_table_put(struct tk_table *table, uint32_t slot,
                             const struct tk_record *record);

/* The next generation for a key: above its own and above every one that the
 * table has lost. */
uint64_t tk_table_next_generation(const struct tk_table *table, uint32_t slot);

/* Wipes the token and its attributes; key and generation stay. */
void tk_table_clear(struct tk_table *table, uint32_t slot);
/* Frees the record and the slot. */
void tk_table_remove(struct tk_table *table, uint32_t slot);

uint32_t tk_table_count(const struct tk_table *table);

#endif
