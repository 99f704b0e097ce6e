#include "tests/unit/harness.h"

#include "cache/block.h"
#include "cache/table.h"
#include "cache/view.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct fixture {
    struct tk_table table;
    void *block;
    size_t size;
};

static int init(struct tk_table *table, void *block, size_t size,
                uint32_t max_keys, uint64_t floor)
{
    struct tk_table_options options = {.block = block,
                                       .size = size,
                                       .max_keys = max_keys,
                                       .seed = 42,
                                       .floor = floor};

    return tk_table_init(table, &options);
}

static struct fixture *make(uint32_t max_keys, uint32_t mean_bytes)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->size = tk_table_size(max_keys, mean_bytes);
    assert_int_equal(tk_block_new(f->size, &f->block), 0);
    assert_int_equal(init(&f->table, f->block, f->size, max_keys, 0), 0);
    return f;
}

static void give_back(struct fixture *f)
{
    tk_block_free(f->block, f->size);
    free(f);
}

static uint32_t claim(struct fixture *f, const char *key)
{
    uint32_t slot = TK_NO_SLOT;

    assert_int_equal(tk_table_claim(&f->table, tk_str(key), &slot), 0);
    return slot;
}

static int put(struct fixture *f, uint32_t slot, struct tk_str token,
               uint64_t generation)
{
    struct tk_record record = {
        .token = token,
        .attributes = TK_STR("{\"a\":1}"),
        .generation = generation,
        .expires_at = 7,
        .state = 2,
    };

    return tk_table_put(&f->table, slot, &record);
}

static bool is_anywhere(const struct fixture *f, const char *needle)
{
    size_t len = strlen(needle);
    const char *bytes = f->block;

    for (size_t i = 0; i + len <= f->size; i++) {
        if (memcmp(bytes + i, needle, len) == 0) return true;
    }
    return false;
}

static void what_was_put_is_read_back(void **state)
{
    struct fixture *f = make(10, 200);
    uint32_t slot = claim(f, "crm/client");
    struct tk_record record;

    (void)state;
    assert_int_equal(put(f, slot, TK_STR("token-bytes"), 3), 0);
    tk_table_read(&f->table, slot, &record);
    assert_true(tk_str_is(record.key, "crm/client"));
    assert_true(tk_str_is(record.token, "token-bytes"));
    assert_true(tk_str_is(record.attributes, "{\"a\":1}"));
    assert_int_equal(record.generation, 3);
    assert_int_equal(record.expires_at, 7);
    assert_int_equal(record.state, 2);
    assert_int_equal(tk_table_find(&f->table, TK_STR("crm/client")), slot);
    assert_int_equal(tk_table_find(&f->table, TK_STR("crm/clienT")),
                     TK_NO_SLOT);
    give_back(f);
}

static void a_key_is_claimed_once(void **state)
{
    struct fixture *f = make(10, 200);
    uint32_t slot = claim(f, "a/b");

    (void)state;
    assert_int_equal(claim(f, "a/b"), slot);
    assert_int_equal(tk_table_count(&f->table), 1);
    give_back(f);
}

static void a_token_that_is_replaced_or_cleared_is_wiped(void **state)
{
    struct fixture *f = make(10, 200);
    uint32_t slot = claim(f, "a/b");

    (void)state;
    assert_int_equal(put(f, slot, TK_STR("first-secret-token"), 1), 0);
    assert_true(is_anywhere(f, "first-secret-token"));
    assert_int_equal(put(f, slot, TK_STR("second-secret-token"), 2), 0);
    assert_false(is_anywhere(f, "first-secret-token"));
    tk_table_clear(&f->table, slot);
    assert_false(is_anywhere(f, "second-secret-token"));
    assert_int_equal(tk_table_next_generation(&f->table, slot), 3);
    give_back(f);
}

static void a_generation_never_goes_back(void **state)
{
    struct fixture *f = make(10, 200);
    uint32_t slot = claim(f, "a/b");
    struct tk_record record;

    (void)state;
    assert_int_equal(put(f, slot, TK_STR("new"), 5), 0);
    assert_int_equal(put(f, slot, TK_STR("old"), 4), TK_EINVAL);
    tk_table_read(&f->table, slot, &record);
    assert_true(tk_str_is(record.token, "new"));
    tk_table_remove(&f->table, slot);
    slot = claim(f, "a/b");
    assert_int_equal(tk_table_next_generation(&f->table, slot), 6);
    give_back(f);
}

static void generations_start_above_the_floor(void **state)
{
    struct fixture *f = make(4, 64);
    uint32_t slot;

    (void)state;
    memset(f->block, 0, f->size);
    assert_int_equal(init(&f->table, f->block, f->size, 4, 1000), 0);
    slot = claim(f, "a/b");
    assert_int_equal(tk_table_next_generation(&f->table, slot), 1001);
    give_back(f);
}

static void a_full_table_refuses_and_loses_nothing(void **state)
{
    struct fixture *f = make(3, 64);
    uint32_t slot;

    (void)state;
    claim(f, "a/1");
    claim(f, "a/2");
    claim(f, "a/3");
    assert_int_equal(tk_table_claim(&f->table, TK_STR("a/4"), &slot), TK_EFULL);
    tk_table_remove(&f->table, tk_table_find(&f->table, TK_STR("a/2")));
    claim(f, "a/4");
    assert_int_not_equal(tk_table_find(&f->table, TK_STR("a/1")), TK_NO_SLOT);
    assert_int_not_equal(tk_table_find(&f->table, TK_STR("a/3")), TK_NO_SLOT);
    give_back(f);
}

static void a_token_that_does_not_fit_leaves_the_old_one(void **state)
{
    struct fixture *f = make(4, 0);
    char *large = malloc(TK_TOKEN_MAX);
    struct tk_record record;
    int rc = 0;

    (void)state;
    assert_non_null(large);
    memset(large, 'x', TK_TOKEN_MAX);
    for (int i = 0; i < 4; i++) {
        char key[8];
        uint32_t slot;

        snprintf(key, sizeof key, "a/%d", i);
        slot = claim(f, key);
        assert_int_equal(put(f, slot, TK_STR("small"), 1), 0);
        rc = put(f, slot, tk_str_of(large, TK_TOKEN_MAX), 2);
        tk_table_read(&f->table, slot, &record);
        if (rc == 0) continue;
        assert_int_equal(rc, TK_EFULL);
        assert_true(tk_str_is(record.token, "small"));
        assert_int_equal(record.generation, 1);
    }
    assert_int_equal(rc, TK_EFULL);
    free(large);
    give_back(f);
}

static void tokens_of_every_length_fit(void **state)
{
    struct fixture *f = make(512, 200);
    char *bytes = malloc(TK_TOKEN_MAX + 1);
    uint32_t slot = claim(f, "a/b");
    struct tk_record record;
    uint64_t generation = 0;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'y', TK_TOKEN_MAX + 1);
    for (size_t len = 1; len <= TK_TOKEN_MAX; len += len < 600 ? 1 : 997) {
        assert_int_equal(put(f, slot, tk_str_of(bytes, len), ++generation), 0);
        tk_table_read(&f->table, slot, &record);
        assert_int_equal(record.token.len, len);
        assert_true(tk_str_is(record.attributes, "{\"a\":1}"));
    }
    assert_int_equal(put(f, slot, tk_str_of(bytes, 0), 99999), TK_EINVAL);
    assert_int_equal(put(f, slot, tk_str_of(bytes, TK_TOKEN_MAX + 1), 99999),
                     TK_EINVAL);
    free(bytes);
    give_back(f);
}

static void a_slot_stays_while_others_come_and_go(void **state)
{
    struct fixture *f = make(64, 200);
    uint32_t slots[64];
    char key[16];

    (void)state;
    for (int i = 0; i < 64; i++) {
        snprintf(key, sizeof key, "a/%d", i);
        slots[i] = claim(f, key);
    }
    for (int i = 0; i < 64; i += 2) tk_table_remove(&f->table, slots[i]);
    for (int i = 1; i < 64; i += 2) {
        snprintf(key, sizeof key, "a/%d", i);
        assert_int_equal(tk_table_find(&f->table, tk_str(key)), slots[i]);
    }
    assert_false(tk_table_has(&f->table, slots[0]));
    assert_true(tk_table_has(&f->table, slots[1]));
    assert_false(tk_table_has(&f->table, UINT32_MAX - 1));
    give_back(f);
}

static void a_state_is_told_without_a_new_token(void **state)
{
    struct fixture *f = make(4, 200);
    uint32_t slot = claim(f, "a/b");
    struct tk_record record;

    (void)state;
    assert_int_equal(put(f, slot, TK_STR("token"), 1), 0);
    tk_table_set_state(&f->table, slot, 7);
    tk_table_read(&f->table, slot, &record);
    assert_int_equal(record.state, 7);
    assert_true(tk_str_is(record.token, "token"));
    give_back(f);
}

static int refuse(uint64_t at, uint64_t len, void *data)
{
    (void)at;
    (void)len;
    (void)data;
    return TK_EFULL;
}

static void without_memory_behind_it_a_table_is_full(void **state)
{
    struct tk_table_options options = {
        .size = tk_table_size(4, 64), .max_keys = 4, .back = refuse};
    struct tk_table table;
    uint32_t slot;

    (void)state;
    assert_int_equal(tk_block_new(options.size, &options.block), 0);
    assert_int_equal(tk_table_init(&table, &options), 0);
    assert_int_equal(tk_table_claim(&table, TK_STR("a/b"), &slot), TK_EFULL);
    assert_int_equal(tk_table_count(&table), 0);
    tk_block_free(options.block, options.size);
}

/* The last token of a table whose area is used up. */
static void a_token_is_wiped_also_where_no_other_cell_fits(void **state)
{
    struct fixture *f = make(2, 0);
    uint32_t slot = claim(f, "a/b"), other = claim(f, "a/c");
    char filler[TK_TOKEN_MAX + 1];
    struct tk_record record;

    (void)state;
    assert_int_equal(put(f, slot, TK_STR("the-last-secret-token"), 1), 0);
    for (size_t len = TK_TOKEN_MAX; len > 8; len /= 2) {
        memset(filler, 'x', len);
        (void)!put(f, other, tk_str_of(filler, len), 1);
    }
    while (tk_area_take(&f->table.area, 1) != 0) {
    }
    tk_table_clear(&f->table, slot);
    assert_false(is_anywhere(f, "the-last-secret-token"));
    tk_table_read(&f->table, slot, &record);
    assert_int_equal(record.expires_at, 0);
    assert_int_equal(record.generation, 1);
    give_back(f);
}

/* A model that cannot be wrong: an array that is searched from end to end. */
enum { KEYS = 300, STEPS = 60000 };

struct model {
    bool is_there;
    uint64_t generation;
    char token[400];
};

static void check(struct fixture *f, const char *key, const struct model *m)
{
    uint32_t slot = tk_table_find(&f->table, tk_str(key));
    struct tk_record record;

    assert_int_equal(slot != TK_NO_SLOT, m->is_there);
    if (!m->is_there) return;
    tk_table_read(&f->table, slot, &record);
    assert_true(tk_str_is(record.token, m->token));
}

static void step(struct fixture *f, struct model *m, const char *key,
                 unsigned dice)
{
    if (dice % 5 == 0 && m->is_there) {
        tk_table_remove(&f->table, tk_table_find(&f->table, tk_str(key)));
        *m = (struct model){0};
    } else if (dice % 5 == 1 && m->is_there) {
        tk_table_clear(&f->table, tk_table_find(&f->table, tk_str(key)));
        m->token[0] = '\0';
    } else {
        uint32_t slot = claim(f, key);
        size_t len = 1 + dice / 7 % 399;

        m->is_there = true;
        memset(m->token, (int)('a' + dice % 26), len);
        m->token[len] = '\0';
        m->generation = tk_table_next_generation(&f->table, slot);
        assert_int_equal(put(f, slot, tk_str(m->token), m->generation), 0);
    }
}

static void a_long_life_agrees_with_a_naive_model(void **state)
{
    struct fixture *f = make(KEYS, 1200);
    struct model *models = calloc(KEYS, sizeof *models);
    unsigned dice = 1;

    (void)state;
    assert_non_null(models);
    for (int i = 0; i < STEPS; i++) {
        char key[32];
        unsigned which;

        dice = dice * 1664525u + 1013904223u;
        which = (dice >> 8) % KEYS;
        snprintf(key, sizeof key, "source/kind/%u", which);
        step(f, &models[which], key, dice >> 4);
        check(f, key, &models[which]);
    }
    for (unsigned which = 0; which < KEYS; which++) {
        char key[32];

        snprintf(key, sizeof key, "source/kind/%u", which);
        check(f, key, &models[which]);
    }
    free(models);
    give_back(f);
}

static void a_block_that_is_too_small_or_crooked_is_refused(void **state)
{
    struct fixture *f = make(8, 64);
    struct tk_table table;
    char *block = f->block;

    (void)state;
    assert_int_equal(init(&table, block, 100, 8, 0), TK_EINVAL);
    assert_int_equal(init(&table, block, f->size, 0, 0), TK_EINVAL);
    assert_int_equal(init(&table, block + 8, f->size - 8, 4, 0), TK_EINVAL);
    give_back(f);
}

/* --- a reader that is held up --- */

enum { PAGE = 4096, MANY = 2048, HEAD = 64, PUT_AT = 1000 };

/* What happens between a reader's look at the index and that at the cell. */
static struct {
    struct tk_table table;
    uint32_t slots[2];
    char *cells; /* the pages that no index is in */
    size_t size;
} meanwhile;

static void turn_over(uint64_t generation)
{
    struct tk_record record = {.token = TK_STR("token"),
                               .attributes = TK_STR(""),
                               .generation = generation,
                               .expires_at = 2 * PUT_AT};

    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            tk_table_put(&meanwhile.table, meanwhile.slots[i], &record), 0);
    }
}

static void let_go(int signal_number)
{
    (void)signal_number;
    mprotect(meanwhile.cells, meanwhile.size, PROT_READ | PROT_WRITE);
    turn_over(2);
}

/* With the address sanitizer a fault is an error, whoever handles it. */
#ifdef __SANITIZE_ADDRESS__
enum { MAY_FAULT = 0 };
#else
enum { MAY_FAULT = 1 };
#endif

/* The second key takes the cell that the first one leaves. */
static void a_slot_is_not_lost_when_another_key_takes_its_cell(void **state)
{
    struct tk_table_options options = {.max_keys = MANY, .seed = 7};
    struct sigaction handler = {.sa_handler = let_go}, before;
    size_t index = (tk_table_fixed_size(MANY) + PAGE - 1) / PAGE * PAGE - PAGE;
    struct tk_view_want want = {PUT_AT, 0};
    static const char *const keys[] = {"crm/client/a", "crm/client/b"};
    struct tk_sight sight;
    struct tk_view view;
    char buf[32];

    (void)state;
    if (!MAY_FAULT) skip();
    options.size = tk_table_size(MANY, 100);
    options.block = mmap(NULL, options.size, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(options.block != MAP_FAILED);
    assert_int_equal(tk_table_init(&meanwhile.table, &options), 0);
    assert_int_equal(tk_view_init(&view, options.block, options.size), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(tk_table_claim(&meanwhile.table, tk_str(keys[i]),
                                        &meanwhile.slots[i]),
                         0);
        assert_true(meanwhile.slots[i] < index / sizeof(uint32_t) - HEAD);
    }
    turn_over(1);
    assert_int_equal(tk_view_find(&view, tk_str(keys[0]), &sight), 0);
    meanwhile.cells = (char *)options.block + index;
    meanwhile.size = options.size - index;
    sigaction(SIGSEGV, &handler, &before);
    mprotect(meanwhile.cells, meanwhile.size, PROT_NONE);
    assert_int_equal(tk_view_get_slot(&view, sight.slot, sight.claim, want, buf,
                                      sizeof buf, &sight),
                     5);
    sigaction(SIGSEGV, &before, NULL);
    assert_int_equal(sight.generation, 2);
    munmap(options.block, options.size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_read_back),
        cmocka_unit_test(a_key_is_claimed_once),
        cmocka_unit_test(a_token_that_is_replaced_or_cleared_is_wiped),
        cmocka_unit_test(a_generation_never_goes_back),
        cmocka_unit_test(generations_start_above_the_floor),
        cmocka_unit_test(a_full_table_refuses_and_loses_nothing),
        cmocka_unit_test(a_token_that_does_not_fit_leaves_the_old_one),
        cmocka_unit_test(tokens_of_every_length_fit),
        cmocka_unit_test(a_slot_stays_while_others_come_and_go),
        cmocka_unit_test(a_state_is_told_without_a_new_token),
        cmocka_unit_test(without_memory_behind_it_a_table_is_full),
        cmocka_unit_test(a_token_is_wiped_also_where_no_other_cell_fits),
        cmocka_unit_test(a_long_life_agrees_with_a_naive_model),
        cmocka_unit_test(a_block_that_is_too_small_or_crooked_is_refused),
        cmocka_unit_test(a_slot_is_not_lost_when_another_key_takes_its_cell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
