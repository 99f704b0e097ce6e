/* cache/key_hash.h - the hash of keys: xxh3 with a secret of the table's own,
 * so that nobody can choose keys that collide; for the files of this room
 * alone. The secret is made from the seed once: that is half of the work for a
 * short key.
 */
#ifndef TK_CACHE_KEY_HASH_H
#define TK_CACHE_KEY_HASH_H

#define XXH_INLINE_ALL
#include "base/str.h"

#include <stdint.h>
#include <xxhash.h>

enum { TK_KEY_SECRET = XXH3_SECRET_DEFAULT_SIZE };

static inline void tk_key_secret_make(unsigned char secret[TK_KEY_SECRET],
                                      uint64_t seed)
{
    XXH3_generateSecret_fromSeed(secret, seed);
}

static inline uint64_t tk_key_hash(const unsigned char secret[TK_KEY_SECRET],
                                   struct tk_str key)
{
    return XXH3_64bits_withSecret(key.data, key.len, secret, TK_KEY_SECRET);
}

#endif
