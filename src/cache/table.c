/* Index: open addressing with linear probing. A key that is taken out leaves
 * its entry marked, so that the others stay where they are: slots are handed to
 * readers. The mark goes when nothing follows it, and is used by the next key
 * that comes by. A match is decided by the whole key, never by its hash alone:
 * two keys with one hash must not get each other's token. */
#include "cache/table.h"

#include "cache/key_hash.h"
#include "cache/layout.h"

/* Room for one piece of the largest size beside all others, so that even a
 * tiny table can replace a token of full length before the old one goes. */
enum { LARGEST = TK_TOKEN_MAX + TK_ATTRIBUTES_MAX + 256 + 64 };

/* Never touched: see TK_CELL_MOST. */
enum { TAIL = (TK_CELL_MOST * 8 + 63) / 64 * 64 };

static size_t round_up(size_t size)
{
    return (size + 63) / 64 * 64;
}

/* Half full at most, so that probes stay short. */
uint32_t tk_table_slots(uint32_t max_keys)
{
    uint32_t size = 16;

    while (size < max_keys * UINT64_C(2)) size *= 2;
    return size;
}

static size_t index_at(void)
{
    return round_up(sizeof(struct tk_table_head));
}

size_t tk_table_fixed_size(uint32_t max_keys)
{
    return index_at() + round_up(tk_table_slots(max_keys) * sizeof(uint32_t));
}

size_t tk_table_size(uint32_t max_keys, uint32_t mean_bytes)
{
    size_t cell = 8 * (TK_CELL_WORDS + 1) + (size_t)mean_bytes;
    size_t area =
        max_keys * (cell + cell / 4) + 2 * tk_area_piece_size(LARGEST);
    size_t most = (size_t)TK_UNIT << TK_PLACE_BITS_MAX;

    return tk_table_fixed_size(max_keys) +
           round_up(area < most ? area : most - TK_UNIT) + TAIL;
}

static uint32_t bits_for(uint64_t places)
{
    uint32_t bits = 1;

    while (bits < TK_PLACE_BITS_MAX && (UINT64_C(1) << bits) <= places) bits++;
    return bits;
}

int tk_table_init(struct tk_table *table,
                  const struct tk_table_options *options)
{
    size_t area_at = tk_table_fixed_size(options->max_keys);

    if (options->max_keys == 0 || options->max_keys > TK_TABLE_KEYS_MAX ||
        options->size < tk_table_size(options->max_keys, 0) ||
        (uintptr_t)options->block % 64 != 0) {
        return TK_EINVAL;
    }
    *table = (struct tk_table){
        .head = options->block,
        .index = (uint32_t *)options->block + index_at() / sizeof(uint32_t),
        .max_keys = options->max_keys,
        .claims = (uint32_t)options->seed,
        .floor = options->floor,
    };
    *table->head = (struct tk_table_head){
        .magic = TK_TABLE_MAGIC,
        .size = options->size,
        .seed = options->seed,
        .area_at = area_at,
        .area_size = (options->size - area_at - TAIL) / TK_UNIT * TK_UNIT,
        .index_at = (uint32_t)index_at(),
        .index_size = tk_table_slots(options->max_keys),
    };
    tk_key_secret_make(table->secret, options->seed);
    table->head->place_bits = bits_for(table->head->area_size / TK_UNIT);
    tk_area_init(&table->area, (char *)options->block + area_at,
                 table->head->area_size, options->back, options->data);
    return 0;
}

/* --- cells --- */

static uint64_t *cell_at(const struct tk_table *table, uint32_t slot)
{
    uint32_t place =
        tk_entry_place(table->index[slot], table->head->place_bits);

    return tk_area_at(&table->area, place);
}

static struct tk_shape shape_of(const uint64_t *cell)
{
    return tk_shape_of(cell[TK_CELL_SHAPE]);
}

static struct tk_str key_of(const uint64_t *cell)
{
    struct tk_shape shape = shape_of(cell);

    return tk_str_of((const char *)(cell + tk_cell_key_at(shape)),
                     shape.key_len);
}

static void write_bytes(uint64_t *to, struct tk_str bytes)
{
    for (size_t done = 0; done < bytes.len; done += 8) {
        tk_word_store(to++, tk_word_of(bytes.data + done, bytes.len - done));
    }
}

static struct tk_shape shape_for(const struct tk_record *record)
{
    return (struct tk_shape){
        .token_len = (uint16_t)record->token.len,
        .attributes_len = (uint16_t)record->attributes.len,
        .key_len = (uint8_t)record->key.len,
        .state = record->state,
    };
}

/* A new cell, whole; the place of it, or 0. */
static uint32_t write_cell(struct tk_table *table,
                           const struct tk_record *record, uint32_t claim)
{
    struct tk_shape shape = shape_for(record);
    uint32_t place = tk_area_take(&table->area, 8 * tk_cell_size(shape));
    uint64_t *cell;

    if (place == 0) return 0;
    cell = tk_area_at(&table->area, place);
    tk_word_store(&cell[TK_CELL_GENERATION], record->generation);
    tk_word_store(&cell[TK_CELL_EXPIRES_AT], (uint64_t)record->expires_at);
    tk_word_store(&cell[TK_CELL_SHAPE], tk_shape_word(shape));
    tk_word_store(&cell[TK_CELL_CLAIM], claim);
    write_bytes(cell + TK_CELL_WORDS, record->token);
    write_bytes(cell + tk_cell_key_at(shape), record->key);
    write_bytes(cell + tk_cell_attributes_at(shape), record->attributes);
    tk_word_store(&cell[TK_CELL_STAMP], ++table->stamps);
    return place;
}

static void give_cell(struct tk_table *table, uint32_t entry)
{
    uint32_t place = tk_entry_place(entry, table->head->place_bits);
    const uint64_t *cell = tk_area_at(&table->area, place);

    tk_area_give(&table->area, place, 8 * tk_cell_size(shape_of(cell)));
}

/* --- index --- */

static uint64_t hash_of(const struct tk_table *table, struct tk_str key)
{
    return tk_key_hash(table->secret, key);
}

static void set_entry(struct tk_table *table, uint32_t slot, uint32_t entry)
{
    __atomic_store_n(&table->index[slot], entry, __ATOMIC_RELEASE);
}

static bool is_at(const struct tk_table *table, uint32_t slot, uint64_t hash,
                  struct tk_str key)
{
    uint32_t bits = table->head->place_bits;
    uint32_t entry = table->index[slot];

    return tk_entry_place(entry, bits) != 0 &&
           (entry & ~(tk_entry_removed(bits) - 1)) ==
               tk_entry_tag(hash, bits) &&
           tk_str_eq(key_of(cell_at(table, slot)), key);
}

/* The slot of a key, or TK_NO_SLOT; then `free` (may be NULL) is where it may
 * go, and `away` how far that is from its home. */
static uint32_t probe(const struct tk_table *table, uint64_t hash,
                      struct tk_str key, uint32_t *free, uint32_t *away)
{
    uint32_t mask = table->head->index_size - 1;
    uint32_t found = TK_NO_SLOT;

    for (uint32_t i = 0; i <= mask; i++) {
        uint32_t slot = ((uint32_t)hash + i) & mask;
        bool is_vacant =
            tk_entry_place(table->index[slot], table->head->place_bits) == 0;

        if (is_at(table, slot, hash, key)) return slot;
        if (is_vacant && found == TK_NO_SLOT) {
            found = slot;
            if (away != NULL) *away = i;
        }
        /* Behind an entry that never held a key there is none of this home,
         * nor further away than any ever was. */
        if (table->index[slot] == 0 ||
            (i >= table->head->probes && found != TK_NO_SLOT)) {
            break;
        }
    }
    if (free != NULL) *free = found;
    return TK_NO_SLOT;
}

uint32_t tk_table_find(const struct tk_table *table, struct tk_str key)
{
    return probe(table, hash_of(table, key), key, NULL, NULL);
}

bool tk_table_has(const struct tk_table *table, uint32_t slot)
{
    return slot < table->head->index_size &&
           tk_entry_place(table->index[slot], table->head->place_bits) != 0;
}

int tk_table_claim(struct tk_table *table, struct tk_str key,
                   uint32_t *out_slot)
{
    struct tk_record record = {.key = key, .token = {"", 0}};
    uint64_t hash = hash_of(table, key);
    uint32_t free, away, place;

    *out_slot = probe(table, hash, key, &free, &away);
    if (*out_slot != TK_NO_SLOT) return 0;
    if (key.len == 0 || key.len > UINT8_MAX) return TK_EINVAL;
    if (table->count == table->max_keys || free == TK_NO_SLOT) return TK_EFULL;
    place = write_cell(table, &record, ++table->claims);
    if (place == 0) return TK_EFULL;
    if (away > table->head->probes) {
        __atomic_store_n(&table->head->probes, away, __ATOMIC_RELEASE);
    }
    set_entry(table, free, tk_entry_tag(hash, table->head->place_bits) | place);
    table->count++;
    *out_slot = free;
    return 0;
}

/* --- what a slot holds --- */

void tk_table_read(const struct tk_table *table, uint32_t slot,
                   struct tk_record *out)
{
    const uint64_t *cell = cell_at(table, slot);
    struct tk_shape shape = shape_of(cell);

    *out = (struct tk_record){
        .key = key_of(cell),
        .token =
            tk_str_of((const char *)(cell + TK_CELL_WORDS), shape.token_len),
        .attributes =
            tk_str_of((const char *)(cell + tk_cell_attributes_at(shape)),
                      shape.attributes_len),
        .generation = cell[TK_CELL_GENERATION],
        .expires_at = (int64_t)cell[TK_CELL_EXPIRES_AT],
        .state = shape.state,
    };
}

/* The key's new cell in the place of its old one. */
static int turn_over(struct tk_table *table, uint32_t slot,
                     const struct tk_record *record)
{
    uint32_t entry = table->index[slot];
    uint32_t bits = table->head->place_bits;
    uint32_t claim = (uint32_t)cell_at(table, slot)[TK_CELL_CLAIM];
    uint32_t place = write_cell(table, record, claim);

    if (place == 0) return TK_EFULL;
    set_entry(table, slot, (entry & ~(tk_entry_removed(bits) - 1)) | place);
    give_cell(table, entry);
    return 0;
}

int tk_table_put(struct tk_table *table, uint32_t slot,
                 const struct tk_record *from)
{
    const uint64_t *cell = cell_at(table, slot);
    struct tk_record record = *from;

    if (from->token.len == 0 || from->token.len > TK_TOKEN_MAX ||
        from->attributes.len > TK_ATTRIBUTES_MAX ||
        from->generation < cell[TK_CELL_GENERATION]) {
        return TK_EINVAL;
    }
    record.key = key_of(cell);
    return turn_over(table, slot, &record);
}

void tk_table_set_state(struct tk_table *table, uint32_t slot, uint8_t state)
{
    uint64_t *cell = cell_at(table, slot);
    struct tk_shape shape = shape_of(cell);

    if (shape.state == state) return;
    shape.state = state;
    tk_word_store(&cell[TK_CELL_SHAPE], tk_shape_word(shape));
}

uint64_t tk_table_next_generation(const struct tk_table *table, uint32_t slot)
{
    uint64_t last = cell_at(table, slot)[TK_CELL_GENERATION];

    return (last > table->floor ? last : table->floor) + 1;
}

static void wipe_words(uint64_t *words, size_t len)
{
    for (size_t i = 0; i < tk_words_for(len); i++) tk_word_store(&words[i], 0);
}

/* Without room for a cell that is smaller, the one that is there is emptied.
 * Its shape says how large its piece is, so that stays. */
static void empty_in_place(struct tk_table *table, uint32_t slot)
{
    uint64_t *cell = cell_at(table, slot);
    struct tk_shape shape = shape_of(cell);

    tk_word_store(&cell[TK_CELL_STAMP], 0);
    tk_word_store(&cell[TK_CELL_EXPIRES_AT], 0);
    wipe_words(cell + TK_CELL_WORDS, shape.token_len);
    wipe_words(cell + tk_cell_attributes_at(shape), shape.attributes_len);
    tk_word_store(&cell[TK_CELL_STAMP], ++table->stamps);
}

void tk_table_clear(struct tk_table *table, uint32_t slot)
{
    struct tk_record record;

    tk_table_read(table, slot, &record);
    if (record.token.len == 0) return;
    record.token.len = 0;
    record.attributes.len = 0;
    record.expires_at = 0;
    if (turn_over(table, slot, &record) != 0) empty_in_place(table, slot);
}

void tk_table_remove(struct tk_table *table, uint32_t slot)
{
    uint32_t mask = table->head->index_size - 1;
    uint32_t removed = tk_entry_removed(table->head->place_bits);
    uint32_t entry = table->index[slot];
    uint64_t generation = cell_at(table, slot)[TK_CELL_GENERATION];

    if (generation > table->floor) table->floor = generation;
    set_entry(table, slot, removed);
    give_cell(table, entry);
    table->count--;
    while (table->index[slot] == removed &&
           table->index[(slot + 1) & mask] == 0) {
        set_entry(table, slot, 0);
        slot = (slot - 1) & mask;
    }
}

uint32_t tk_table_count(const struct tk_table *table)
{
    return table->count;
}
