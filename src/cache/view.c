#include "cache/view.h"

#include "cache/key_hash.h"
#include "cache/layout.h"

/* What a hit runs through is one stretch of code: each call of a function of
 * two parts would carry its state through memory. */
#define WITHIN static inline __attribute__((always_inline))

/* Each new try means that the writer has written this very key meanwhile. */
enum { TRIES = 64 };

/* What is looked at before the index is asked how far keys are from home. */
enum { PROBES = 8 };

/* A cell as it was found: what is read of it counts only if its stamp is still
 * the same afterwards. */
struct look {
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
        .mask = head->index_size - 1,
        .place_mask = tk_entry_removed(head->place_bits) - 1,
        .places = (uint32_t)(head->area_size / TK_UNIT),
    };
    tk_key_secret_make(view->secret, head->seed);
    return 0;
}

uint32_t tk_view_slots(const struct tk_view *view)
{
    return view->mask + 1;
}

/* Returns false where there is no cell, or none that is whole. All of the lines
 * that a token of usual length lies in are wanted next, and where in them its
 * parts begin is known only when the first one has come. */
WITHIN bool look_at(const struct tk_view *view, uint32_t entry,
                    struct look *look)
{
    uint32_t number = (entry & view->place_mask) - 1;
    const uint64_t *cell = view->area + (size_t)number * TK_UNIT_WORDS;

    if (number >= view->places) return false;
    __builtin_prefetch(cell + TK_UNIT_WORDS);
    __builtin_prefetch(cell + 2 * TK_UNIT_WORDS);
    look->cell = cell;
    look->stamp = tk_word_load(&cell[TK_CELL_STAMP]);
    look->shape = tk_shape_of(tk_word_load(&cell[TK_CELL_SHAPE]));
    return look->stamp != 0;
}

WITHIN bool is_whole(struct look look)
{
    return tk_word_load(&look.cell[TK_CELL_STAMP]) == look.stamp;
}

/* Is what was seen the slot's own, or has another key the cell by now? In this
 * order: a cell that is whole after its entry was seen was so when it was. */
WITHIN bool is_of(const struct tk_view *view, uint32_t slot, uint32_t entry,
                  struct look look)
{
    return tk_entry_load(&view->index[slot]) == entry && is_whole(look);
}

WITHIN uint64_t difference(const uint64_t *word, const char *bytes)
{
    return tk_word_load(word) ^ tk_word_of(bytes, 8);
}

WITHIN bool has_key(struct look look, struct tk_str key)
{
    const uint64_t *words = look.cell + tk_cell_key_at(look.shape);
    const char *rest = key.data;
    const char *end = key.data + key.len;
    uint64_t differs = look.shape.key_len ^ key.len;

    for (; end - rest >= 16; rest += 16, words += 2) {
        differs |= difference(words, rest) | difference(words + 1, rest + 8);
    }
    if (end - rest >= 8) {
        differs |= difference(words++, rest);
        rest += 8;
    }
    if (rest < end) {
        size_t len = (size_t)(end - rest);

        differs |=
            tk_word_load(words) ^
            (key.len < 8 ? tk_word_of(rest, len) : tk_word_before(end, len));
    }
    return differs == 0;
}

WITHIN void copy_word(char *to, const uint64_t *from)
{
    uint64_t word = tk_word_load(from);

    memcpy(to, &word, sizeof word);
}

/* Into `cap` bytes, which `len` fits in: by whole words as long as they fit. */
WITHIN void copy(char *to, size_t cap, const uint64_t *from, size_t len)
{
    size_t words = cap >= len + 7 ? tk_words_for(len) : len / 8;

    for (; words >= 8; words -= 8, from += 8, to += 64) {
        copy_word(to, from);
        copy_word(to + 8, from + 1);
        copy_word(to + 16, from + 2);
        copy_word(to + 24, from + 3);
        copy_word(to + 32, from + 4);
        copy_word(to + 40, from + 5);
        copy_word(to + 48, from + 6);
        copy_word(to + 56, from + 7);
    }
    for (; words > 0; words--, to += 8) copy_word(to, from++);
    if (cap < len + 7 && len % 8 != 0) {
        uint64_t word = tk_word_load(from);

        memcpy(to, &word, len % 8);
    }
}

WITHIN void fill(struct look look, uint32_t slot, struct tk_sight *sight)
{
    *sight = (struct tk_sight){
        .slot = slot,
        .claim = (uint32_t)tk_word_load(&look.cell[TK_CELL_CLAIM]),
        .stamp = look.stamp,
        .generation = tk_word_load(&look.cell[TK_CELL_GENERATION]),
        .expires_at = (int64_t)tk_word_load(&look.cell[TK_CELL_EXPIRES_AT]),
        .token_len = look.shape.token_len,
        .attributes_len = look.shape.attributes_len,
        .state = look.shape.state,
    };
}

/* What is answered if the cell is still whole. */
WITHIN int take(struct look look, uint32_t slot, struct tk_view_want want,
                char *buf, size_t cap, struct tk_sight *sight)
{
    uint64_t generation = tk_word_load(&look.cell[TK_CELL_GENERATION]);
    uint64_t expires_at = tk_word_load(&look.cell[TK_CELL_EXPIRES_AT]);
    size_t len = look.shape.token_len;

    if (sight != NULL) fill(look, slot, sight);
    if (len == 0 || generation <= want.newer_than ||
        (int64_t)expires_at < want.good_until) {
        return TK_ETIMEDOUT;
    }
    if (len > cap) return TK_ETOOBIG;
    copy(buf, cap, look.cell + TK_CELL_WORDS, len);
    return (int)len;
}

WITHIN bool is_tagged(const struct tk_view *view, uint32_t entry, uint64_t hash)
{
    return (((uint32_t)(hash >> 32) ^ entry) & ~view->place_mask) == 0;
}

/* 0, TK_ENOENT, or TK_EBUSY: an entry was turned over while it was looked at.
 */
static int find_once(const struct tk_view *view, uint64_t hash,
                     struct tk_str key, uint32_t *out_slot, struct look *look)
{
    uint32_t probes = tk_entry_load(view->probes);

    for (uint32_t i = 0; i <= probes && i <= view->mask; i++) {
        uint32_t slot = ((uint32_t)hash + i) & view->mask;
        uint32_t entry = tk_entry_load(&view->index[slot]);

        if (entry == 0) return TK_ENOENT;
        if (!is_tagged(view, entry, hash) || (entry & view->place_mask) == 0) {
            continue;
        }
        if (!look_at(view, entry, look)) return TK_EBUSY;
        *out_slot = slot;
        if (has_key(*look, key)) return 0;
        if (!is_of(view, slot, entry, *look)) return TK_EBUSY;
    }
    return TK_ENOENT;
}

static int find(const struct tk_view *view, uint64_t hash, struct tk_str key,
                uint32_t *slot, struct look *look)
{
    int rc = TK_EBUSY;

    for (int i = 0; i < TRIES && rc == TK_EBUSY; i++) {
        rc = find_once(view, hash, key, slot, look);
    }
    return rc;
}

/* For a key that is not there, or is being written. */
static __attribute__((noinline)) int search(const struct tk_view *view,
                                            uint64_t hash, struct tk_str key,
                                            struct tk_view_want want, char *buf,
                                            size_t cap, uint32_t *slot,
                                            struct tk_sight *sight)
{
    struct look look;

    for (int i = 0; i < TRIES; i++) {
        int rc = find(view, hash, key, slot, &look);

        if (rc != 0) return rc;
        rc = take(look, *slot, want, buf, cap, sight);
        if (is_whole(look)) return rc;
    }
    return TK_EBUSY;
}

int tk_view_find(const struct tk_view *view, struct tk_str key,
                 struct tk_sight *sight)
{
    struct tk_view_want any = {0};
    uint32_t slot;
    int rc = search(view, tk_key_hash(view->secret, key), key, any, NULL, 0,
                    &slot, sight);

    return rc == TK_ENOENT || rc == TK_EBUSY ? rc : 0;
}

/* The first go is for the key that is there and lies still. */
int tk_view_get(const struct tk_view *view, struct tk_str key,
                struct tk_view_want want, char *buf, size_t cap, uint32_t *slot,
                struct tk_sight *sight)
{
    uint64_t hash = tk_key_hash(view->secret, key);
    const uint32_t *index = view->index;
    uint32_t mask = view->mask;
    uint32_t at = (uint32_t)hash & mask;
    uint32_t entry = tk_entry_load(&index[at]);
    struct look look;
    int rc;

    for (int away = 0; entry != 0 && away < PROBES; away++) {
        if (is_tagged(view, entry, hash)) {
            if (!look_at(view, entry, &look) || !has_key(look, key)) break;
            *slot = at;
            rc = take(look, at, want, buf, cap, sight);
            if (is_whole(look)) return rc;
            break;
        }
        at = (at + 1) & mask;
        entry = tk_entry_load(&index[at]);
    }
    return search(view, hash, key, want, buf, cap, slot, sight);
}

int tk_view_get_slot(const struct tk_view *view, uint32_t slot, uint32_t claim,
                     struct tk_view_want want, char *buf, size_t cap,
                     struct tk_sight *sight)
{
    struct look look;

    if (slot > view->mask) return TK_ENOENT;
    for (int i = 0; i < TRIES; i++) {
        uint32_t entry = tk_entry_load(&view->index[slot]);
        uint64_t found;
        int rc;

        if ((entry & view->place_mask) == 0) return TK_ENOENT;
        if (!look_at(view, entry, &look)) continue;
        found = tk_word_load(&look.cell[TK_CELL_CLAIM]);
        rc = take(look, slot, want, buf, cap, sight);
        if (found == claim && is_whole(look)) return rc;
        if (is_of(view, slot, entry, look)) return TK_ENOENT;
    }
    return TK_EBUSY;
}

int tk_view_attributes(const struct tk_view *view, const struct tk_sight *sight,
                       char *buf, size_t cap)
{
    struct look look;

    if (sight->slot > view->mask ||
        !look_at(view, tk_entry_load(&view->index[sight->slot]), &look) ||
        look.stamp != sight->stamp) {
        return TK_ENOENT;
    }
    if (look.shape.attributes_len > cap) return TK_ETOOBIG;
    copy(buf, cap, look.cell + tk_cell_attributes_at(look.shape),
         look.shape.attributes_len);
    return is_whole(look) ? look.shape.attributes_len : TK_ENOENT;
}

bool tk_view_is_same(const struct tk_view *view, uint32_t slot, uint64_t stamp)
{
    struct look look;

    return slot <= view->mask &&
           look_at(view, tk_entry_load(&view->index[slot]), &look) &&
           look.stamp == stamp;
}
