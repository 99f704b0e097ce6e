/* base/hash.h - SipHash-1-3: a keyed hash that a stranger cannot aim at.
 *
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012),
 * with one compression and three finalisation rounds as in many hash tables.
 */
#ifndef TK_BASE_HASH_H
#define TK_BASE_HASH_H

#include "base/str.h"

#include <stdint.h>

struct tk_seed {
    uint64_t k0;
    uint64_t k1;
};

/* From the kernel's random source. */
struct tk_seed tk_seed_random(void);

uint64_t tk_hash(struct tk_seed seed, struct tk_str text);

#endif
