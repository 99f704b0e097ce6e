/* The shared cache as a reader sees it, over a block that somebody has
 * scribbled in: wrong answers, but never a bad access.
 *
 * An input is a list of four bytes each: a place in the block, 24 bits of it,
 * and what is written there. Those with the top bit of the place set are
 * written after the reader has looked at the head.
 */
#include "tests/fuzz/fuzz.h"

#include "cache/table.h"
#include "cache/view.h"

enum { KEYS = 6, MAX_KEYS = 8, MEAN_BYTES = 64, LATE = 0x800000 };

static const char *const keys[KEYS] = {
    "crm/client", "crm/client/read",        "feishu/tenant",
    "feishu/app", "feishu/tenant/2ed263bf", "a/b",
};

static unsigned char *pristine;
static size_t block_size;

static void fill(struct tk_table *table, const char *key, size_t number)
{
    char token[200];
    struct tk_record record = {.attributes = TK_STR("{\"a\":\"b\"}"),
                               .generation = 1 + number,
                               .expires_at = 1000000};
    uint32_t slot;

    memset(token, 'x', sizeof token);
    record.token = tk_str_of(token, 3 + number * 37);
    HOLD(tk_table_claim(table, tk_str(key), &slot) == 0);
    HOLD(tk_table_put(table, slot, &record) == 0);
}

static void make_pristine(void)
{
    struct tk_table table;
    struct tk_table_options options = {.max_keys = MAX_KEYS, .seed = 7};

    block_size = tk_table_size(MAX_KEYS, MEAN_BYTES * 4);
    pristine = aligned_alloc(64, (block_size + 63) / 64 * 64);
    HOLD(pristine != NULL);
    memset(pristine, 0, block_size);
    options.block = pristine;
    options.size = block_size;
    HOLD(tk_table_init(&table, &options) == 0);
    for (size_t i = 0; i < KEYS; i++) fill(&table, keys[i], i);
}

static void scribble(unsigned char *block, const uint8_t *data, size_t size,
                     bool is_late)
{
    for (size_t i = 0; i + 4 <= size; i += 4) {
        uint32_t at =
            data[i] | (uint32_t)data[i + 1] << 8 | (uint32_t)data[i + 2] << 16;

        if (((at & LATE) != 0) != is_late) continue;
        block[(at & ~(uint32_t)LATE) % block_size] = data[i + 3];
    }
}

static void read_attributes(const struct tk_view *view,
                            const struct tk_sight *sight)
{
    char attributes[TK_ATTRIBUTES_MAX];
    int len = tk_view_attributes(view, sight, attributes, sizeof attributes);

    HOLD(len <= TK_ATTRIBUTES_MAX);
    (void)tk_view_is_same(view, sight->slot, sight->stamp);
}

static void look(const struct tk_view *view, const char *key, char *buf,
                 size_t cap)
{
    struct tk_view_want want = {.good_until = 10};
    struct tk_sight sight = {0};
    uint32_t slot;
    int len = tk_view_get(view, tk_str(key), want, buf, cap, &slot, &sight);

    HOLD(len <= (int)cap);
    if (len == TK_ENOENT || len == TK_EBUSY) return;
    HOLD(slot == sight.slot);
    HOLD(len < 0 || (sight.token_len == len && sight.expires_at >= 10));
    read_attributes(view, &sight);
    len =
        tk_view_get_slot(view, sight.slot, sight.claim, want, buf, cap, &sight);
    HOLD(len <= (int)cap);
}

static void look_everywhere(const struct tk_view *view)
{
    char *buf = malloc(TK_TOKEN_MAX);
    struct tk_view_want want = {.newer_than = 1};
    struct tk_sight sight;

    HOLD(buf != NULL);
    for (size_t i = 0; i < KEYS; i++) look(view, keys[i], buf, TK_TOKEN_MAX);
    look(view, "no/such/key", buf, TK_TOKEN_MAX);
    for (uint32_t slot = 0; slot < 64; slot++) {
        HOLD(tk_view_get_slot(view, slot, slot, want, buf, 16, &sight) <= 16);
    }
    free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tk_view view;
    unsigned char *block;

    if (pristine == NULL) make_pristine();
    block = malloc(block_size);
    HOLD(block != NULL);
    memcpy(block, pristine, block_size);
    scribble(block, data, size, false);
    if (tk_view_init(&view, block, block_size) == 0) {
        scribble(block, data, size, true);
        look_everywhere(&view);
    }
    free(block);
    return 0;
}
