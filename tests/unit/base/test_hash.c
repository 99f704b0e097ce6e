#define _GNU_SOURCE
#include "base/hash.h"

#include "tests/unit/harness.h"

#include "tests/unit/random.h"
#include <errno.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

/* SipHash by the text of the paper, for any number of rounds: slow, and built
 * otherwise than base/hash.c. */
/* Stands in for the C library's: it is interrupted that often. */
static int interruptions;

ssize_t getrandom(void *to, size_t size, unsigned flags)
{
    if (interruptions == 0) return syscall(SYS_getrandom, to, size, flags);
    interruptions--;
    errno = EINTR;
    return -1;
}

static uint64_t left(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static uint64_t siphash(int c, int d, uint64_t k0, uint64_t k1,
                        const unsigned char *bytes, size_t len)
{
    unsigned char padded[512] = {0};
    size_t words = len / 8 + 1;
    uint64_t v0 = k0 ^ 0x736f6d6570736575ull;
    uint64_t v1 = k1 ^ 0x646f72616e646f6dull;
    uint64_t v2 = k0 ^ 0x6c7967656e657261ull;
    uint64_t v3 = k1 ^ 0x7465646279746573ull;

    for (size_t i = 0; i < len; i++) padded[i] = bytes[i];
    padded[words * 8 - 1] = (unsigned char)(len % 256);
    for (size_t word = 0; word <= words; word++) {
        int rounds = word < words ? c : d;
        uint64_t m = 0;

        for (int i = 7; word < words && i >= 0; i--) {
            m = m * 256 + padded[word * 8 + (size_t)i];
        }
        if (word == words) v2 ^= 255;
        v3 ^= m;
        while (rounds-- > 0) {
            v0 += v1, v2 += v3;
            v1 = left(v1, 13), v3 = left(v3, 16);
            v1 ^= v0, v3 ^= v2;
            v0 = left(v0, 32);
            v2 += v1, v0 += v3;
            v1 = left(v1, 17), v3 = left(v3, 21);
            v1 ^= v2, v3 ^= v0;
            v2 = left(v2, 32);
        }
        v0 ^= m;
    }
    return v0 ^ v1 ^ v2 ^ v3;
}

static const struct tk_seed paper_seed = {0x0706050403020100ull,
                                          0x0f0e0d0c0b0a0908ull};

static void the_yardstick_gives_the_vector_of_the_paper(void **state)
{
    unsigned char bytes[15];

    (void)state;
    for (size_t i = 0; i < 15; i++) bytes[i] = (unsigned char)i;
    assert_int_equal(siphash(2, 4, paper_seed.k0, paper_seed.k1, bytes, 15),
                     0xa129ca6149be45e5ull);
}

static void hashes_as_siphash_1_3_at_every_length(void **state)
{
    unsigned char bytes[400];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)i;
    for (size_t len = 0; len <= sizeof bytes; len++) {
        assert_int_equal(
            tk_hash(paper_seed, tk_str_of((const char *)bytes, len)),
            siphash(1, 3, paper_seed.k0, paper_seed.k1, bytes, len));
    }
}

static void hashes_as_siphash_1_3_under_any_seed(void **state)
{
    unsigned char bytes[100];
    uint64_t random = 5;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct tk_seed seed = {(uint64_t)roll(&random) << 33 ^ roll(&random),
                               (uint64_t)roll(&random) << 33 ^ roll(&random)};
        size_t len = roll(&random) % sizeof bytes;

        for (size_t i = 0; i < len; i++) {
            bytes[i] = (unsigned char)roll(&random);
        }
        assert_int_equal(tk_hash(seed, tk_str_of((const char *)bytes, len)),
                         siphash(1, 3, seed.k0, seed.k1, bytes, len));
    }
}

static void no_text_is_hashed_as_an_empty_one(void **state)
{
    (void)state;
    assert_int_equal(tk_hash(paper_seed, tk_str_of(NULL, 0)),
                     tk_hash(paper_seed, TK_STR("")));
}

static void each_seed_is_another(void **state)
{
    struct tk_seed seeds[16];

    (void)state;
    for (int i = 0; i < 16; i++) {
        seeds[i] = tk_seed_random();
        for (int j = 0; j < i; j++) {
            assert_true(seeds[i].k0 != seeds[j].k0);
            assert_true(seeds[i].k1 != seeds[j].k1);
            assert_true(tk_hash(seeds[i], TK_STR("x")) !=
                        tk_hash(seeds[j], TK_STR("x")));
        }
    }
}

static void a_signal_before_the_kernel_has_a_seed_is_no_end(void **state)
{
    (void)state;
    interruptions = 2;
    (void)tk_seed_random();
    assert_int_equal(interruptions, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_before_the_kernel_has_a_seed_is_no_end),
        cmocka_unit_test(the_yardstick_gives_the_vector_of_the_paper),
        cmocka_unit_test(hashes_as_siphash_1_3_at_every_length),
        cmocka_unit_test(hashes_as_siphash_1_3_under_any_seed),
        cmocka_unit_test(no_text_is_hashed_as_an_empty_one),
        cmocka_unit_test(each_seed_is_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
