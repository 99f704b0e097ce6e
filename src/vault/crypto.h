/* vault/crypto.h - digests and keyed digests. The only file that knows
 * OpenSSL.
 */
#ifndef TK_VAULT_CRYPTO_H
#define TK_VAULT_CRYPTO_H

#include "base/err.h"
#include "base/str.h"

enum tk_digest { TK_SHA1, TK_SHA256, TK_SHA512 };

enum { TK_DIGEST_MAX = 64, TK_SHA256_LEN = 32 };

/* Writes the digest into `out` and returns its length, or TK_EINTERNAL. */
TK_MUST_USE int tk_digest(enum tk_digest kind, struct tk_str bytes,
                          unsigned char out[TK_DIGEST_MAX]);
TK_MUST_USE int tk_hmac(enum tk_digest kind, struct tk_str key,
                        struct tk_str bytes, unsigned char out[TK_DIGEST_MAX]);

/* "sha1", "sha256", "sha512"; returns false for any other name. */
bool tk_digest_parse(struct tk_str name, enum tk_digest *out);

/* Compares in a time that depends on the lengths only. */
bool tk_same_bytes(struct tk_str a, struct tk_str b);

#endif
