#include "tests/unit/harness.h"

#include "cache/key_hash.h"
#include "cache/layout.h"
#include "cache/table.h"
#include "cache/view.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOW = 1000, KEYS = 16, TOKEN = 96 };

/* A table in memory that processes share, and a reader's view of it. */
struct fixture {
    struct tk_table table;
    struct tk_view view;
    void *block;
    size_t size;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct tk_table_options options = {.max_keys = KEYS, .seed = 7};

    f->size = options.size = tk_table_size(KEYS, 4000);
    f->block = options.block = mmap(NULL, f->size, PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(f->block != MAP_FAILED);
    assert_int_equal(tk_table_init(&f->table, &options), 0);
    assert_int_equal(tk_view_init(&f->view, f->block, f->size), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    munmap(f->block, f->size);
    free(f);
    return 0;
}

static uint32_t put(struct fixture *f, const char *key, const char *token,
                    uint64_t generation, int64_t expires_at)
{
    struct tk_record record = {.token = tk_str(token),
                               .attributes = TK_STR("{\"b\":2}"),
                               .generation = generation,
                               .expires_at = expires_at,
                               .state = 1};
    uint32_t slot;

    assert_int_equal(tk_table_claim(&f->table, tk_str(key), &slot), 0);
    assert_int_equal(tk_table_put(&f->table, slot, &record), 0);
    return slot;
}

static int get(struct fixture *f, const char *key, uint64_t newer_than,
               int64_t good_until, char *buf, size_t cap,
               struct tk_sight *sight)
{
    struct tk_view_want want = {good_until, newer_than};

    uint32_t slot;
    int rc = tk_view_get(&f->view, tk_str(key), want, buf, cap, &slot, sight);

    if (rc != TK_ENOENT) assert_int_equal(slot, sight->slot);
    return rc;
}

static void a_token_is_read_with_all_that_is_known_of_it(void **state)
{
    struct fixture *f = *state;
    uint32_t slot = put(f, "crm/client", "the token", 5, 2000);
    struct tk_sight sight;
    char buf[64], attributes[64];

    assert_int_equal(get(f, "crm/client", 0, NOW, buf, sizeof buf, &sight), 9);
    assert_memory_equal(buf, "the token", 9);
    assert_int_equal(sight.generation, 5);
    assert_int_equal(sight.expires_at, 2000);
    assert_int_equal(sight.state, 1);
    assert_int_equal(sight.slot, slot);
    assert_int_equal(
        tk_view_attributes(&f->view, &sight, attributes, sizeof attributes), 7);
    assert_memory_equal(attributes, "{\"b\":2}", 7);
}

static void keys_and_tokens_of_every_length_are_read(void **state)
{
    struct fixture *f = *state;
    char key[201], token[301], buf[300];
    struct tk_sight sight;

    for (size_t len = 1; len <= 200; len++) {
        memset(key, 'k', len);
        key[len] = '\0';
        memset(token, (int)('a' + len % 26), len + 100);
        token[len + 100] = '\0';
        put(f, key, token, 1, 2000);
        assert_int_equal(get(f, key, 0, NOW, buf, sizeof buf, &sight),
                         len + 100);
        assert_memory_equal(buf, token, len + 100);
        tk_table_remove(&f->table, sight.slot);
        assert_int_equal(get(f, key, 0, NOW, buf, sizeof buf, &sight),
                         TK_ENOENT);
    }
}

static void a_token_is_not_read_beyond_its_end(void **state)
{
    struct fixture *f = *state;
    struct tk_sight sight;
    char buf[64];

    put(f, "a/b", "token", 1, 2000);
    assert_int_equal(get(f, "a/b", 0, 2000, buf, sizeof buf, &sight), 5);
    assert_int_equal(get(f, "a/b", 0, 2001, buf, sizeof buf, &sight),
                     TK_ETIMEDOUT);
    assert_int_equal(sight.expires_at, 2000);
}

static void a_generation_that_did_not_do_is_not_read_again(void **state)
{
    struct fixture *f = *state;
    struct tk_sight sight;
    char buf[64];

    put(f, "a/b", "token", 7, 2000);
    assert_int_equal(get(f, "a/b", 7, NOW, buf, sizeof buf, &sight),
                     TK_ETIMEDOUT);
    assert_int_equal(get(f, "a/b", 6, NOW, buf, sizeof buf, &sight), 5);
}

static void a_buffer_that_is_too_small_is_told_the_length(void **state)
{
    struct fixture *f = *state;
    struct tk_sight sight;
    char buf[4];

    put(f, "a/b", "token", 1, 2000);
    assert_int_equal(get(f, "a/b", 0, NOW, buf, sizeof buf, &sight),
                     TK_ETOOBIG);
    assert_int_equal(sight.token_len, 5);
}

/* As if the hashes of two keys were one as far as the index has them. */
static int get_under(struct fixture *f, const char *key, uint32_t slot)
{
    uint32_t bits = f->table.head->place_bits;
    uint64_t hash = tk_key_hash(f->table.secret, tk_str(key));
    uint32_t home = (uint32_t)hash & (f->table.head->index_size - 1);
    uint32_t before = f->table.index[home];
    uint32_t place = tk_entry_place(f->table.index[slot], bits);
    struct tk_sight sight;
    char buf[64];
    int rc;

    f->table.index[home] = tk_entry_tag(hash, bits) | place;
    rc = get(f, key, 0, NOW, buf, sizeof buf, &sight);
    f->table.index[home] = before;
    return rc;
}

static void a_key_is_told_by_all_of_its_bytes(void **state)
{
    struct fixture *f = *state;
    const char *key = "abcdefghijklmnopqrstuvwxyz";
    char held[32], other[32];

    for (size_t len = 1; len <= 26; len++) {
        uint32_t slot;

        snprintf(held, sizeof held, "%.*s", (int)len, key);
        slot = put(f, held, "token", 1, 2000);
        for (size_t at = 0; at < len; at++) {
            memcpy(other, held, sizeof other);
            other[at]++;
            assert_int_equal(get_under(f, other, slot), TK_ENOENT);
        }
        tk_table_remove(&f->table, slot);
    }
}

static void a_token_is_copied_into_no_more_than_its_length(void **state)
{
    struct fixture *f = *state;
    struct tk_sight sight;
    char token[101], buf[101];

    for (size_t len = 1; len <= 100; len++) {
        memset(token, 't', len);
        token[len] = '\0';
        put(f, "a/b", token, len, 2000);
        memset(buf, '#', sizeof buf);
        assert_int_equal(get(f, "a/b", 0, NOW, buf, len, &sight), len);
        assert_memory_equal(buf, token, len);
        assert_int_equal(buf[len], '#');
    }
}

static void a_key_is_found_without_a_token(void **state)
{
    struct fixture *f = *state;
    uint32_t slot = put(f, "a/b", "token", 1, 2000);
    struct tk_sight sight;

    assert_int_equal(tk_view_find(&f->view, TK_STR("a/b"), &sight), 0);
    assert_int_equal(sight.slot, slot);
    tk_table_clear(&f->table, slot);
    assert_int_equal(tk_view_find(&f->view, TK_STR("a/b"), &sight), 0);
    tk_table_remove(&f->table, slot);
    assert_int_equal(tk_view_find(&f->view, TK_STR("a/b"), &sight), TK_ENOENT);
}

static void a_withdrawn_token_is_not_read(void **state)
{
    struct fixture *f = *state;
    struct tk_sight sight;
    char buf[64];

    tk_table_clear(&f->table, put(f, "a/b", "token", 1, 2000));
    assert_int_equal(get(f, "a/b", 0, NOW, buf, sizeof buf, &sight),
                     TK_ETIMEDOUT);
    assert_int_equal(get(f, "a/c", 0, NOW, buf, sizeof buf, &sight), TK_ENOENT);
}

static void a_slot_is_read_until_another_key_has_it(void **state)
{
    struct fixture *f = *state;
    uint32_t slot = put(f, "a/b", "token", 1, 2000);
    struct tk_view_want want = {NOW, 0};
    struct tk_sight sight, other;
    char buf[64];

    assert_int_equal(get(f, "a/b", 0, NOW, buf, sizeof buf, &sight), 5);
    put(f, "a/b", "newer", 2, 2000);
    assert_int_equal(tk_view_get_slot(&f->view, slot, sight.claim, want, buf,
                                      sizeof buf, &other),
                     5);
    assert_memory_equal(buf, "newer", 5);
    tk_table_remove(&f->table, slot);
    assert_int_equal(tk_view_get_slot(&f->view, slot, sight.claim, want, buf,
                                      sizeof buf, &other),
                     TK_ENOENT);
    assert_int_equal(put(f, "a/b", "token", 3, 2000), slot);
    assert_int_equal(tk_view_get_slot(&f->view, slot, sight.claim, want, buf,
                                      sizeof buf, &other),
                     TK_ENOENT);
    assert_int_equal(
        tk_view_get_slot(&f->view, 1u << 30, 1, want, buf, sizeof buf, &other),
        TK_ENOENT);
}

static void a_copy_is_known_to_be_good_or_not(void **state)
{
    struct fixture *f = *state;
    struct tk_sight sight;
    char buf[64];

    put(f, "a/b", "token", 1, 2000);
    assert_int_equal(get(f, "a/b", 0, NOW, buf, sizeof buf, &sight), 5);
    assert_true(tk_view_is_same(&f->view, sight.slot, sight.stamp));
    tk_table_set_state(&f->table, sight.slot, 3);
    assert_true(tk_view_is_same(&f->view, sight.slot, sight.stamp));
    put(f, "a/b", "token", 1, 3000);
    assert_false(tk_view_is_same(&f->view, sight.slot, sight.stamp));
    assert_int_equal(tk_view_attributes(&f->view, &sight, buf, sizeof buf),
                     TK_ENOENT);
}

static void what_is_no_table_is_refused(void **state)
{
    struct fixture *f = *state;
    struct tk_view view;
    uint64_t head[7];

    assert_int_equal(tk_view_init(&view, f->block, 8), TK_EPROTO);
    assert_int_equal(tk_view_init(&view, f->block, f->size - 1), TK_EPROTO);
    for (int word = 0; word < 7; word++) {
        memcpy(head, f->block, sizeof head);
        if (word == 2) continue; /* the seed may be anything */
        ((uint64_t *)f->block)[word] = ~head[word];
        assert_int_equal(tk_view_init(&view, f->block, f->size), TK_EPROTO);
        memcpy(f->block, head, sizeof head);
    }
}

/* Every byte of the block, turned over in turn: wrong answers are all right,
 * bad accesses are not. */
static void a_damaged_block_does_no_harm(void **state)
{
    struct fixture *f = *state;
    unsigned char *bytes = f->block;
    struct tk_sight sight;
    struct tk_view view;
    uint32_t slot;
    char buf[64];

    put(f, "a/b", "token", 1, 2000);
    put(f, "a/c", "token", 1, 2000);
    for (size_t i = 0; i < 4096; i++) {
        bytes[i] = (unsigned char)~bytes[i];
        if (tk_view_init(&view, f->block, f->size) == 0) {
            struct tk_view_want want = {NOW, 0};

            (void)!tk_view_get(&view, TK_STR("a/b"), want, buf, sizeof buf,
                               &slot, &sight);
            (void)!tk_view_get_slot(&view, sight.slot, sight.claim, want, buf,
                                    sizeof buf, &sight);
        }
        bytes[i] = (unsigned char)~bytes[i];
    }
}

/* --- readers beside a writer --- */

static const char *key_of(unsigned i)
{
    static const char *const keys[] = {"s/k/0", "s/k/1", "s/k/2", "s/k/3"};

    return keys[i % 4];
}

/* A token of one digit of its key and the generation, over and over, so that
 * any mixture shows. */
static void write_token(struct tk_table *table, unsigned which,
                        uint64_t generation)
{
    char token[TOKEN + 1];
    struct tk_record record = {.generation = generation, .expires_at = 2000};
    uint32_t slot;
    size_t len = 24 + generation % 9 * 8;

    for (size_t at = 0; at < len; at += 8) {
        snprintf(token + at, sizeof token - at, "%u%07llu", which,
                 (unsigned long long)(generation % 10000000));
    }
    record.token = tk_str_of(token, len);
    record.attributes = tk_str_of("", 0);
    assert_int_equal(tk_table_claim(table, tk_str(key_of(which)), &slot), 0);
    assert_int_equal(tk_table_put(table, slot, &record), 0);
}

static bool is_whole(unsigned which, const char *token, int len,
                     uint64_t generation)
{
    char piece[16];

    snprintf(piece, sizeof piece, "%u%07llu", which,
             (unsigned long long)(generation % 10000000));
    for (int at = 0; at + 8 <= len; at += 8) {
        if (memcmp(token + at, piece, 8) != 0) return false;
    }
    return len == (int)(24 + generation % 9 * 8);
}

struct reader {
    const struct tk_view *view;
    unsigned reads;
    unsigned torn;
    unsigned back;
    unsigned found;
};

static void *read_on(void *data)
{
    struct reader *reader = data;
    uint64_t last[4] = {0};
    struct tk_sight sight;
    uint32_t slot;
    char buf[128];

    for (unsigned i = 0; i < reader->reads; i++) {
        struct tk_view_want want = {NOW, 0};
        int len = tk_view_get(reader->view, tk_str(key_of(i)), want, buf,
                              sizeof buf, &slot, &sight);

        if (len < 0) continue;
        reader->found++;
        if (!is_whole(i % 4, buf, len, sight.generation)) reader->torn++;
        if (sight.generation < last[i % 4]) reader->back++;
        last[i % 4] = sight.generation;
    }
    return NULL;
}

struct writer {
    struct tk_table *table;
    int stop;
};

/* Keys come and go, so that pieces pass from one to another. */
static void *write_on(void *data)
{
    struct writer *writer = data;
    uint64_t generation = 1;

    while (__atomic_load_n(&writer->stop, __ATOMIC_RELAXED) == 0) {
        unsigned which = (unsigned)(generation % 4);

        write_token(writer->table, which, ++generation);
        if (generation % 64 == 0) {
            tk_table_remove(
                writer->table,
                tk_table_find(writer->table, tk_str(key_of(which))));
        }
    }
    return NULL;
}

static void readers_beside_a_writer_see_whole_tokens_only(void **state)
{
    struct fixture *f = *state;
    struct writer writer = {&f->table, 0};
    struct reader readers[2] = {{.view = &f->view, .reads = 200000},
                                {.view = &f->view, .reads = 200000}};
    pthread_t threads[3];

    for (unsigned i = 0; i < 4; i++) write_token(&f->table, i, 1);
    pthread_create(&threads[0], NULL, write_on, &writer);
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i + 1], NULL, read_on, &readers[i]);
    }
    for (int i = 0; i < 2; i++) pthread_join(threads[i + 1], NULL);
    __atomic_store_n(&writer.stop, 1, __ATOMIC_RELAXED);
    pthread_join(threads[0], NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(readers[i].torn, 0);
        assert_int_equal(readers[i].back, 0);
        assert_true(readers[i].found > 0);
    }
}

/* Whatever it was doing, each key has one whole token afterwards, and nobody
 * waits for it. */
static void a_writer_that_is_killed_leaves_whole_tokens(void **state)
{
    struct fixture *f = *state;
    unsigned dice = 1;

    for (unsigned i = 0; i < 4; i++) write_token(&f->table, i, 1);
    for (int round = 0; round < 500; round++) {
        struct reader reader = {.view = &f->view, .reads = 8};
        struct tk_table table = f->table;
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            for (uint64_t g = 2;; g++) write_token(&table, (unsigned)g % 4, g);
        }
        dice = dice * 1664525u + 1013904223u;
        usleep((dice >> 8) % 1000);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        read_on(&reader);
        assert_int_equal(reader.found, 8);
        assert_int_equal(reader.torn, 0);
        tear_down(state);
        set_up(state);
        f = *state;
        for (unsigned i = 0; i < 4; i++) write_token(&f->table, i, 1);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_read_with_all_that_is_known_of_it),
        TEST(keys_and_tokens_of_every_length_are_read),
        TEST(a_token_is_not_read_beyond_its_end),
        TEST(a_generation_that_did_not_do_is_not_read_again),
        TEST(a_buffer_that_is_too_small_is_told_the_length),
        TEST(a_key_is_told_by_all_of_its_bytes),
        TEST(a_token_is_copied_into_no_more_than_its_length),
        TEST(a_key_is_found_without_a_token),
        TEST(a_withdrawn_token_is_not_read),
        TEST(a_slot_is_read_until_another_key_has_it),
        TEST(a_copy_is_known_to_be_good_or_not),
        TEST(what_is_no_table_is_refused),
        TEST(a_damaged_block_does_no_harm),
        TEST(readers_beside_a_writer_see_whole_tokens_only),
        TEST(a_writer_that_is_killed_leaves_whole_tokens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
