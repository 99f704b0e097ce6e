#define XXH_INLINE_ALL
#include "cache/view.h"

#include "cache/layout.h"

#include <xxhash.h>

/* Each new try means that the writer has written this very key meanwhile. */
enum { TRIES = 64 };

/* A cell as it was found: what is read of it counts only if it is still whole
 * afterwards. */
struct look {
    uint32_t slot;
    uint32_t entry;
    const uint64_t *cell;
    uint64_t stamp;
    struct tk_shape shape;
};

static bool is_sane(const struct tk_table_head *head, size_t size)
{
    uint64_t index_size = head->index_size;

    return head->magic == TK_TABLE_MAGIC && head->size <= size &&
           index_size > 0 && (index_size & (index_size - 1)) == 0 &&
           head->index_at >= sizeof *head && head->index_at % 8 == 0 &&
           head->area_at % 8 == 0 && head->area_at <= head->size &&
           head->index_at + index_size * sizeof(uint32_t) <= head->area_at &&
           head->area_size <= head->size - head->area_at &&
           head->size - head->area_at - head->area_size >= TK_CELL_MOST * 8 &&
           head->place_bits > 0 && head->place_bits <= TK_PLACE_BITS_MAX;
}

int tk_view_init(struct tk_view *view, const void *block, size_t size)
{
    const struct tk_table_head *head = block;
    const unsigned char *start = block;

    if (size < sizeof *head || !is_sane(head, size)) return TK_EPROTO;
    *view = (struct tk_view){
        .index = (const uint32_t *)(const void *)(start + head->index_at),
        .area = (const uint64_t *)(const void *)(start + head->area_at),
        .probes = &head->probes,
        .seed = head->seed,
        .mask = head->index_size - 1,
        .place_mask = tk_entry_removed(head->place_bits) - 1,
        .places = (uint32_t)(head->area_size / TK_UNIT),
    };
    return 0;
}

uint32_t tk_view_slots(const struct tk_view *view)
{
    return view->mask + 1;
}

/* Returns false where there is no cell, or none that is whole. */
static inline bool look_at(const struct tk_view *view, uint32_t slot,
                           uint32_t entry, struct look *look)
{
    uint32_t number = (entry & view->place_mask) - 1;
    const uint64_t *cell = view->area + (size_t)number * TK_UNIT_WORDS;

    if (number >= view->places) return false;
    look->slot = slot;
    look->entry = entry;
    look->cell = cell;
    look->stamp = tk_word_load(&cell[TK_CELL_STAMP]);
    look->shape = tk_shape_of(tk_word_load(&cell[TK_CELL_SHAPE]));
    return look->stamp != 0;
}

static inline bool is_still(const struct tk_view *view, const struct look *look)
{
    return tk_word_load(&look->cell[TK_CELL_STAMP]) == look->stamp &&
           tk_entry_load(&view->index[look->slot]) == look->entry;
}

static inline uint64_t difference(const uint64_t *word, const char *bytes)
{
    return tk_word_load(word) ^ tk_word_of(bytes, 8);
}

static inline bool has_key(const struct look *look, struct tk_str key)
{
    const uint64_t *words = look->cell + tk_cell_key_at(look->shape);
    const char *rest = key.data;
    size_t len = key.len;
    uint64_t differs = look->shape.key_len ^ len;

    for (; len >= 16; len -= 16, rest += 16, words += 2) {
        differs |= difference(words, rest) | difference(words + 1, rest + 8);
    }
    if (len >= 8) {
        differs |= difference(words++, rest);
        len -= 8;
        rest += 8;
    }
    if (len > 0) differs |= tk_word_load(words) ^ tk_word_of(rest, len);
    return differs == 0;
}

/* 0: `look` is at the key. TK_ENOENT: it is not there. TK_EBUSY: an entry was
 * turned over while it was looked at. */
static inline int find(const struct tk_view *view, uint64_t hash,
                       struct tk_str key, struct look *look)
{
    uint32_t tag = (uint32_t)(hash >> 32) & ~view->place_mask;
    uint32_t probes = tk_entry_load(view->probes);

    for (uint32_t i = 0; i <= probes && i <= view->mask; i++) {
        uint32_t slot = ((uint32_t)hash + i) & view->mask;
        uint32_t entry = tk_entry_load(&view->index[slot]);

        if (entry == 0) return TK_ENOENT;
        if ((entry & ~view->place_mask) != tag ||
            (entry & view->place_mask) == 0) {
            continue;
        }
        if (!look_at(view, slot, entry, look)) return TK_EBUSY;
        if (has_key(look, key)) return 0;
        if (!is_still(view, look)) return TK_EBUSY;
    }
    return TK_ENOENT;
}

static inline void copy_word(char *to, const uint64_t *from)
{
    uint64_t word = tk_word_load(from);

    memcpy(to, &word, sizeof word);
}

static inline void copy_words(char *to, const uint64_t *from, size_t len)
{
    for (; len >= 32; len -= 32, to += 32, from += 4) {
        copy_word(to, from);
        copy_word(to + 8, from + 1);
        copy_word(to + 16, from + 2);
        copy_word(to + 24, from + 3);
    }
    for (; len >= 8; len -= 8, to += 8) copy_word(to, from++);
    if (len > 0) {
        uint64_t word = tk_word_load(from);

        memcpy(to, &word, len);
    }
}

/* What is answered if the cell is still whole. */
static inline int take(const struct look *look, const struct tk_view_want *want,
                       char *buf, size_t cap, struct tk_sight *sight)
{
    sight->slot = look->slot;
    sight->claim = (uint32_t)tk_word_load(&look->cell[TK_CELL_CLAIM]);
    sight->stamp = look->stamp;
    sight->generation = tk_word_load(&look->cell[TK_CELL_GENERATION]);
    sight->expires_at = (int64_t)tk_word_load(&look->cell[TK_CELL_EXPIRES_AT]);
    sight->token_len = look->shape.token_len;
    sight->attributes_len = look->shape.attributes_len;
    sight->state = look->shape.state;
    if (sight->token_len == 0 || sight->generation <= want->newer_than ||
        sight->expires_at < want->good_until) {
        return TK_ETIMEDOUT;
    }
    if (sight->token_len > cap) return TK_ETOOBIG;
    copy_words(buf, look->cell + TK_CELL_WORDS, sight->token_len);
    return sight->token_len;
}

int tk_view_get(const struct tk_view *view, struct tk_str key,
                const struct tk_view_want *want, char *buf, size_t cap,
                struct tk_sight *sight)
{
    uint64_t hash = XXH3_64bits_withSeed(key.data, key.len, view->seed);
    struct look look;

    for (int i = 0; i < TRIES; i++) {
        int rc = find(view, hash, key, &look);

        if (rc == TK_ENOENT) return rc;
        if (rc != 0) continue;
        rc = take(&look, want, buf, cap, sight);
        if (is_still(view, &look)) return rc;
    }
    return TK_EBUSY;
}

int tk_view_get_slot(const struct tk_view *view, uint32_t slot, uint32_t claim,
                     const struct tk_view_want *want, char *buf, size_t cap,
                     struct tk_sight *sight)
{
    struct look look;

    if (slot > view->mask) return TK_ENOENT;
    for (int i = 0; i < TRIES; i++) {
        uint32_t entry = tk_entry_load(&view->index[slot]);
        int rc;

        if ((entry & view->place_mask) == 0) return TK_ENOENT;
        if (!look_at(view, slot, entry, &look)) continue;
        rc = take(&look, want, buf, cap, sight);
        if (!is_still(view, &look)) continue;
        return sight->claim == claim ? rc : TK_ENOENT;
    }
    return TK_EBUSY;
}

int tk_view_attributes(const struct tk_view *view, const struct tk_sight *sight,
                       char *buf, size_t cap)
{
    struct look look;

    if (sight->slot > view->mask ||
        !look_at(view, sight->slot, tk_entry_load(&view->index[sight->slot]),
                 &look) ||
        look.stamp != sight->stamp) {
        return TK_ENOENT;
    }
    if (look.shape.attributes_len > cap) return TK_ETOOBIG;
    copy_words(buf, look.cell + tk_cell_attributes_at(look.shape),
               look.shape.attributes_len);
    return is_still(view, &look) ? look.shape.attributes_len : TK_ENOENT;
}

bool tk_view_is_same(const struct tk_view *view, uint32_t slot, uint64_t stamp)
{
    struct look look;

    return slot <= view->mask &&
           look_at(view, slot, tk_entry_load(&view->index[slot]), &look) &&
           look.stamp == stamp && is_still(view, &look);
}
