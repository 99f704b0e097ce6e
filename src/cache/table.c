/* Index: open addressing with linear probing over record numbers; dropping
 * shifts followers back, so a probe ends at the first empty place. A match is
 * decided by the whole key, never by its hash alone: two keys with one hash
 * must not get each other's token.
 *
 * Bytes: pieces of 20 sizes, two per doubling, so that at most a third of a
 * piece is unused. A piece that is given back is wiped and goes to the free
 * list of its size; a new one is cut from the untouched rest of the area, or
 * split off a larger one when that is used up. Pieces are never merged: a
 * source's tokens keep about the same length, so sizes find their number. */
#define _DEFAULT_SOURCE
#define XXH_INLINE_ALL
#include "cache/table.h"

#include <stddef.h>
#include <string.h>
#include <xxhash.h>

#define TABLE_MAGIC UINT64_C(0x31626174676e6b74) /* "tkngtab1" */

enum { CLASSES = 20, UNIT = 32, NO_PIECE = 0 };

/* In multiples of UNIT/2: 32, 48, 64, 96 ... 24576 bytes. */
static uint32_t class_size(int class)
{
    uint32_t base = (uint32_t)UNIT << (class / 2);

    return class % 2 == 0 ? base : base + base / 2;
}

struct tk_table_head {
    uint64_t magic;
    uint64_t seed;
    uint64_t floor;
    uint64_t bytes_size;
    uint64_t bytes_used; /* the area behind it was never touched */
    uint32_t max_keys;
    uint32_t index_size; /* a power of two */
    uint32_t count;
    uint32_t free_record; /* number + 1 of the first free record, 0: none */
    uint32_t records_used;
    uint32_t reserved;
    uint32_t free_pieces[CLASSES]; /* offset in half units + 1, 0: none */
};

/* Offsets of pieces are counted in 16 bytes from the area's start, plus 1. */
struct tk_table_record {
    uint64_t hash;
    uint64_t generation;
    uint64_t ceiling;
    int64_t sent_at;
    int64_t expires_at;
    unsigned char identity[TK_IDENTITY_LEN];
    uint32_t key_piece;   /* 0: the record is free, and */
    uint32_t value_piece; /* this is the next free one */
    uint16_t token_len;
    uint16_t attributes_len;
    uint8_t key_len;
    uint8_t reserved[3];
};

_Static_assert(sizeof(struct tk_table_record) == 72, "layout of the block");
_Static_assert(TK_TOKEN_MAX + TK_ATTRIBUTES_MAX <= 24576, "largest piece");

static size_t round_up(size_t size)
{
    return (size + 63) / 64 * 64;
}

/* Half full at most, so that probes stay short. */
static uint32_t index_size(uint32_t max_keys)
{
    uint32_t size = 16;

    while (size < max_keys * UINT64_C(2)) size *= 2;
    return size;
}

static size_t index_at(void)
{
    return round_up(sizeof(struct tk_table_head));
}

static size_t records_at(uint32_t max_keys)
{
    return index_at() + round_up(index_size(max_keys) * sizeof(uint32_t));
}

static size_t bytes_at(uint32_t max_keys)
{
    return records_at(max_keys) +
           round_up(max_keys * sizeof(struct tk_table_record));
}

size_t tk_table_size(uint32_t max_keys, uint32_t mean_bytes)
{
    /* Two pieces a key, each up to half again as large as what it holds, and
     * room for one of the largest, so that even a tiny table can replace a
     * token of full length before the old one is given back. */
    size_t area = (size_t)max_keys * (mean_bytes + mean_bytes / 2 + 2 * UNIT) +
                  2 * class_size(CLASSES - 1);

    return bytes_at(max_keys) + round_up(area);
}

int tk_table_init(struct tk_table *table, void *block, size_t size,
                  uint32_t max_keys, uint64_t seed, uint64_t floor)
{
    unsigned char *start = block;

    if (max_keys == 0 || max_keys > UINT32_MAX / 4 ||
        size < tk_table_size(max_keys, 0) || (uintptr_t)block % 64 != 0) {
        return TK_EINVAL;
    }
    table->head = block;
    table->index = (uint32_t *)(void *)(start + index_at());
    table->records =
        (struct tk_table_record *)(void *)(start + records_at(max_keys));
    table->bytes = start + bytes_at(max_keys);
    *table->head = (struct tk_table_head){
        .magic = TABLE_MAGIC,
        .seed = seed,
        .floor = floor,
        .bytes_size = size - bytes_at(max_keys),
        .max_keys = max_keys,
        .index_size = index_size(max_keys),
    };
    return 0;
}

/* --- pieces of the byte area --- */

static unsigned char *piece_bytes(const struct tk_table *table, uint32_t piece)
{
    return table->bytes + (size_t)(piece - 1) * 16;
}

static int class_for(size_t len)
{
    int class = 0;

    while (class_size(class) < len) class ++;
    return class;
}

static uint32_t pop_piece(struct tk_table *table, int class)
{
    uint32_t piece = table->head->free_pieces[class];

    if (piece == NO_PIECE) return NO_PIECE;
    memcpy(&table->head->free_pieces[class], piece_bytes(table, piece),
           sizeof(uint32_t));
    memset(piece_bytes(table, piece), 0, sizeof(uint32_t));
    return piece;
}

static void push_piece(struct tk_table *table, uint32_t piece, int class)
{
    unsigned char *bytes = piece_bytes(table, piece);

    explicit_bzero(bytes, class_size(class));
    memcpy(bytes, &table->head->free_pieces[class], sizeof(uint32_t));
    table->head->free_pieces[class] = piece;
}

static uint32_t cut_piece(struct tk_table *table, int class)
{
    uint64_t used = table->head->bytes_used;

    if (class_size(class) > table->head->bytes_size - used) return NO_PIECE;
    table->head->bytes_used += class_size(class);
    return (uint32_t)(used / 16) + 1;
}

/* A piece of a larger size is split in two whose sizes are both of the list:
 * what is given back goes by its length, so no piece may be larger than the
 * size of what it holds. */
static uint32_t split_piece(struct tk_table *table, int class)
{
    for (int larger = class + 1; larger < CLASSES; larger++) {
        uint32_t left = class_size(larger) - class_size(class);
        int rest = class_for(left);
        uint32_t piece;

        if (class_size(rest) != left) continue;
        piece = pop_piece(table, larger);
        if (piece == NO_PIECE) continue;
        push_piece(table, piece + class_size(class) / 16, rest);
        return piece;
    }
    return NO_PIECE;
}

static uint32_t take_piece(struct tk_table *table, size_t len)
{
    int class = class_for(len);
    uint32_t piece = pop_piece(table, class);

    if (piece == NO_PIECE) piece = cut_piece(table, class);
    if (piece == NO_PIECE) piece = split_piece(table, class);
    return piece;
}

static void give_piece(struct tk_table *table, uint32_t piece, size_t len)
{
    if (piece != NO_PIECE) push_piece(table, piece, class_for(len));
}

/* --- index --- */

static uint64_t hash_of(const struct tk_table *table, struct tk_str key)
{
    return XXH3_64bits_withSeed(key.data, key.len, table->head->seed);
}

static bool holds(const struct tk_table *table, uint32_t number, uint64_t hash,
                  struct tk_str key)
{
    const struct tk_table_record *record = &table->records[number - 1];

    return record->hash == hash && record->key_len == key.len &&
           memcmp(piece_bytes(table, record->key_piece), key.data, key.len) ==
               0;
}

/* The place in the index that holds `key`, or the empty one where it goes. */
static uint32_t probe(const struct tk_table *table, uint64_t hash,
                      struct tk_str key)
{
    uint32_t mask = table->head->index_size - 1;
    uint32_t at = (uint32_t)hash & mask;

    while (table->index[at] != 0 &&
           !holds(table, table->index[at], hash, key)) {
        at = (at + 1) & mask;
    }
    return at;
}

static void unindex(struct tk_table *table, uint32_t gap)
{
    uint32_t mask = table->head->index_size - 1;

    for (uint32_t at = (gap + 1) & mask; table->index[at] != 0;
         at = (at + 1) & mask) {
        uint32_t home =
            (uint32_t)table->records[table->index[at] - 1].hash & mask;

        /* May the entry move to the gap without passing its home? */
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            table->index[gap] = table->index[at];
            gap = at;
        }
    }
    table->index[gap] = 0;
}

/* --- records --- */

uint32_t tk_table_find(const struct tk_table *table, struct tk_str key)
{
    uint32_t number = table->index[probe(table, hash_of(table, key), key)];

    return number == 0 ? TK_NO_SLOT : number - 1;
}

static uint32_t take_record(struct tk_table *table)
{
    struct tk_table_head *head = table->head;
    uint32_t number = head->free_record;

    if (number != 0) {
        head->free_record = table->records[number - 1].value_piece;
        return number;
    }
    return head->records_used < head->max_keys ? ++head->records_used : 0;
}

static void give_record(struct tk_table *table, uint32_t number)
{
    table->records[number - 1] = (struct tk_table_record){
        .value_piece = table->head->free_record,
    };
    table->head->free_record = number;
}

int tk_table_claim(struct tk_table *table, struct tk_str key,
                   uint32_t *out_slot)
{
    uint64_t hash = hash_of(table, key);
    uint32_t at = probe(table, hash, key);
    uint32_t number = table->index[at];
    uint32_t piece;

    if (number != 0) {
        *out_slot = number - 1;
        return 0;
    }
    if (key.len == 0 || key.len > UINT8_MAX) return TK_EINVAL;
    number = take_record(table);
    if (number == 0) return TK_EFULL;
    piece = take_piece(table, key.len);
    if (piece == NO_PIECE) {
        give_record(table, number);
        return TK_EFULL;
    }
    memcpy(piece_bytes(table, piece), key.data, key.len);
    table->records[number - 1] = (struct tk_table_record){
        .hash = hash,
        .key_piece = piece,
        .key_len = (uint8_t)key.len,
    };
    table->index[at] = number;
    table->head->count++;
    *out_slot = number - 1;
    return 0;
}

static size_t value_len(const struct tk_table_record *record)
{
    return (size_t)record->token_len + record->attributes_len;
}

void tk_table_read(const struct tk_table *table, uint32_t slot,
                   struct tk_record *out)
{
    const struct tk_table_record *record = &table->records[slot];
    const char *value = "";

    if (record->value_piece != NO_PIECE) {
        value = (const char *)piece_bytes(table, record->value_piece);
    }
    *out = (struct tk_record){
        .key = tk_str_of((const char *)piece_bytes(table, record->key_piece),
                         record->key_len),
        .token = tk_str_of(value, record->token_len),
        .attributes =
            tk_str_of(value + record->token_len, record->attributes_len),
        .generation = record->generation,
        .ceiling = record->ceiling,
        .sent_at = record->sent_at,
        .expires_at = record->expires_at,
    };
    memcpy(out->identity, record->identity, TK_IDENTITY_LEN);
}

int tk_table_put(struct tk_table *table, uint32_t slot,
                 const struct tk_record *from)
{
    struct tk_table_record *record = &table->records[slot];
    size_t len = from->token.len + from->attributes.len;
    uint32_t piece;

    if (from->token.len == 0 || from->token.len > TK_TOKEN_MAX ||
        from->attributes.len > TK_ATTRIBUTES_MAX ||
        from->generation < record->generation) {
        return TK_EINVAL;
    }
    piece = take_piece(table, len);
    if (piece == NO_PIECE) return TK_EFULL;
    memcpy(piece_bytes(table, piece), from->token.data, from->token.len);
    if (from->attributes.len > 0) {
        memcpy(piece_bytes(table, piece) + from->token.len,
               from->attributes.data, from->attributes.len);
    }
    give_piece(table, record->value_piece, value_len(record));
    record->value_piece = piece;
    record->token_len = (uint16_t)from->token.len;
    record->attributes_len = (uint16_t)from->attributes.len;
    record->generation = from->generation;
    record->ceiling = from->ceiling;
    record->sent_at = from->sent_at;
    record->expires_at = from->expires_at;
    memcpy(record->identity, from->identity, TK_IDENTITY_LEN);
    return 0;
}

uint64_t tk_table_next_generation(const struct tk_table *table, uint32_t slot)
{
    uint64_t last = table->records[slot].generation;

    return (last > table->head->floor ? last : table->head->floor) + 1;
}

void tk_table_clear(struct tk_table *table, uint32_t slot)
{
    struct tk_table_record *record = &table->records[slot];

    give_piece(table, record->value_piece, value_len(record));
    record->value_piece = NO_PIECE;
    record->token_len = 0;
    record->attributes_len = 0;
    record->expires_at = 0;
}

void tk_table_remove(struct tk_table *table, uint32_t slot)
{
    struct tk_table_record *record = &table->records[slot];
    struct tk_str key = tk_str_of(
        (const char *)piece_bytes(table, record->key_piece), record->key_len);

    tk_table_clear(table, slot);
    unindex(table, probe(table, record->hash, key));
    if (record->generation > table->head->floor) {
        table->head->floor = record->generation;
    }
    give_piece(table, record->key_piece, record->key_len);
    give_record(table, slot + 1);
    table->head->count--;
}

uint32_t tk_table_count(const struct tk_table *table)
{
    return table->head->count;
}
