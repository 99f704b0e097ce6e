/* tests/unit/random.h - numbers that look random and are the same each time.
 */
#ifndef TK_TESTS_UNIT_RANDOM_H
#define TK_TESTS_UNIT_RANDOM_H

#include <stdint.h>

/* 31 bits (Knuth's MMIX constants; the low bits are weak and left out). */
static inline uint32_t roll(uint64_t *seed)
{
    *seed =
        *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

#endif
