#include "vault/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static const EVP_MD *method(enum tk_digest kind)
{
    switch (kind) {
    case TK_SHA1:
        return EVP_sha1();
    case TK_SHA512:
        return EVP_sha512();
    case TK_SHA256:
        break;
    }
    return EVP_sha256();
}

int tk_digest(enum tk_digest kind, struct tk_str bytes,
              unsigned char out[TK_DIGEST_MAX])
{
    unsigned len = 0;

    if (EVP_Digest(bytes.data, bytes.len, out, &len, method(kind), NULL) != 1) {
        return TK_EINTERNAL;
    }
    return (int)len;
}

int tk_hmac(enum tk_digest kind, struct tk_str key, struct tk_str bytes,
            unsigned char out[TK_DIGEST_MAX])
{
    unsigned len = 0;

    if (HMAC(method(kind), key.len == 0 ? "" : key.data, (int)key.len,
             (const unsigned char *)bytes.data, bytes.len, out, &len) == NULL) {
        return TK_EINTERNAL;
    }
    return (int)len;
}

bool tk_digest_parse(struct tk_str name, enum tk_digest *out)
{
    if (tk_str_is(name, "sha1")) {
        *out = TK_SHA1;
    } else if (tk_str_is(name, "sha256")) {
        *out = TK_SHA256;
    } else if (tk_str_is(name, "sha512")) {
        *out = TK_SHA512;
    } else {
        return false;
    }
    return true;
}

bool tk_same_bytes(struct tk_str a, struct tk_str b)
{
    return a.len == b.len &&
           (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}
