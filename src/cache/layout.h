/* cache/layout.h - what lies in the shared block, byte by byte; for the files
 * of this room alone.
 *
 * One writer, any number of readers that it does not know. The index is an
 * array of entries, one 32-bit word each: the place of a cell, and some bits of
 * its key's hash. A cell is written whole before an entry names it, and is not
 * written again while one does: a new token goes into a new cell, and the
 * entry is turned over to it by one store. So a writer that dies anywhere
 * leaves every reader a whole cell.
 *
 * A reader may hold on to a place whose cell was given back and written anew
 * meanwhile. It finds out by the cell's stamp, which no two writings share and
 * which it reads before and after; that the cell is of the key it wants, it
 * sees by the key or the claim in it. The words between are stored with release
 * and loaded with acquire: who has seen a word of a later writing then also
 * sees that the stamp is no longer the same.
 */
#ifndef TK_CACHE_LAYOUT_H
#define TK_CACHE_LAYOUT_H

#include "base/str.h"

#include <stdint.h>

#define TK_TABLE_MAGIC UINT64_C(0x32626174676e6b74) /* "tkngtab2" */

/* At the start of the block. Only `probes` changes after tk_table_init. */
struct tk_table_head {
    uint64_t magic;
    uint64_t size; /* of the whole block */
    uint64_t seed;
    uint64_t area_at; /* from the block's start */
    uint64_t area_size;
    uint32_t index_at;
    uint32_t index_size; /* a power of two */
    uint32_t place_bits; /* of an entry; the rest is the hash's */
    uint32_t probes;     /* no key is further from its home than this */
};

_Static_assert(sizeof(struct tk_table_head) == 56, "layout of the block");

/* The words of a cell; behind them the token, the key and the attributes, each
 * filled up to whole words. The token comes first, so that who has a slot needs
 * no more than the lines of the head and of the token. */
enum {
    TK_CELL_STAMP,      /* 0: free, or being written */
    TK_CELL_GENERATION, /* of the token */
    TK_CELL_EXPIRES_AT, /* CLOCK_BOOTTIME, milliseconds */
    TK_CELL_SHAPE,      /* lengths and state, below */
    TK_CELL_CLAIM,      /* tells the claims of one slot apart */
    TK_CELL_WORDS,
};

/* Places count in units from the area's start, plus 1; a unit is a cache line.
 */
enum { TK_UNIT = 64, TK_PLACE_BITS_MAX = 28, TK_UNIT_WORDS = TK_UNIT / 8 };

/* Lengths in bytes. */
struct tk_shape {
    uint16_t token_len;
    uint16_t attributes_len;
    uint8_t key_len;
    uint8_t state;
    uint16_t reserved;
};

_Static_assert(sizeof(struct tk_shape) == 8, "a shape is one word");

static inline uint64_t tk_shape_word(struct tk_shape shape)
{
    uint64_t word;

    memcpy(&word, &shape, sizeof word);
    return word;
}

static inline struct tk_shape tk_shape_of(uint64_t word)
{
    struct tk_shape shape;

    memcpy(&shape, &word, sizeof shape);
    return shape;
}

static inline size_t tk_words_for(size_t len)
{
    return (len + 7) / 8;
}

/* Where the parts of a cell begin, in words from its start. */
static inline size_t tk_cell_key_at(struct tk_shape shape)
{
    return TK_CELL_WORDS + tk_words_for(shape.token_len);
}

static inline size_t tk_cell_attributes_at(struct tk_shape shape)
{
    return tk_cell_key_at(shape) + tk_words_for(shape.key_len);
}

/* In words. */
static inline size_t tk_cell_size(struct tk_shape shape)
{
    return tk_cell_attributes_at(shape) + tk_words_for(shape.attributes_len);
}

static inline uint64_t tk_word_load(const uint64_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static inline void tk_word_store(uint64_t *at, uint64_t word)
{
    __atomic_store_n(at, word, __ATOMIC_RELEASE);
}

static inline uint32_t tk_entry_load(const uint32_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

/* Up to eight bytes as a word, the missing ones 0. */
static inline uint64_t tk_word_of(const char *bytes, size_t len)
{
    uint64_t word = 0;

    memcpy(&word, bytes, len < 8 ? len : 8);
    return word;
}

/* The last 1 to 7 of the bytes before `end` as such a word; eight before it may
 * be read. */
static inline uint64_t tk_word_before(const char *end, size_t len)
{
    uint64_t word = tk_word_of(end - 8, 8);

    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word >> (64 - 8 * len)
                                                     : word << (64 - 8 * len);
}

/* However wrong its shape is, a cell ends before so many words: this much is
 * added to the block behind the area, so that a reader need not check. */
enum {
    TK_CELL_MOST = TK_CELL_WORDS + (2 * UINT16_MAX + UINT8_MAX + 3 * 8) / 8
};

/* An entry without a place is empty, or where a key was taken out: a probe goes
 * on behind it. */
static inline uint32_t tk_entry_removed(uint32_t place_bits)
{
    return UINT32_C(1) << place_bits;
}

static inline uint32_t tk_entry_place(uint32_t entry, uint32_t place_bits)
{
    return entry & ((UINT32_C(1) << place_bits) - 1);
}

/* The bits of a hash that an entry holds, in their place; the home of the key
 * in the index comes from the other end of it. */
static inline uint32_t tk_entry_tag(uint64_t hash, uint32_t place_bits)
{
    return (uint32_t)(hash >> 32) & ~((UINT32_C(1) << place_bits) - 1);
}

#endif
