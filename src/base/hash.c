#define _GNU_SOURCE
#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

struct tk_seed tk_seed_random(void)
{
    struct tk_seed seed;
    ssize_t got;

    /* Up to 256 bytes come whole, and a signal interrupts only the wait for the
     * kernel's pool at boot. Without a seed the tables would be open to
     * flooding. */
    do {
        got = getrandom(&seed, sizeof seed, 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof seed) abort();
    return seed;
}

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static uint64_t load(const char *bytes, size_t count)
{
    uint64_t word = 0;

    for (size_t i = 0; i < count; i++) {
        word |= (uint64_t)(unsigned char)bytes[i] << (8 * i);
    }
    return word;
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t tk_hash(struct tk_seed seed, struct tk_str text)
{
    uint64_t v[4] = {
        seed.k0 ^ UINT64_C(0x736f6d6570736575),
        seed.k1 ^ UINT64_C(0x646f72616e646f6d),
        seed.k0 ^ UINT64_C(0x6c7967656e657261),
        seed.k1 ^ UINT64_C(0x7465646279746573),
    };
    const char *data = text.data == NULL ? "" : text.data;
    size_t whole = text.len - text.len % 8;

    for (size_t at = 0; at < whole; at += 8) absorb(v, load(data + at, 8));
    absorb(v, load(data + whole, text.len % 8) | (uint64_t)text.len << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
