/* engine/api_keys.h - the API keys of callers that come over TCP, and what each
 * may do with the tokens of which keys.
 *
 *   api_keys = {
 *     { name = "app", sha256 = "<64 hex>", allow = { "get *", "metrics" }
 * },
 *   }
 *
 * The configuration has the digest of an API key, never the API key. What is
 * not allowed is refused.
 */
#ifndef TK_ENGINE_API_KEYS_H
#define TK_ENGINE_API_KEYS_H

#include "engine/pattern.h"
#include "vault/crypto.h"

enum tk_right {
    TK_RIGHT_GET,
    TK_RIGHT_REJECT,
    TK_RIGHT_REFRESH,
    TK_RIGHT_ADMIN,
    TK_RIGHT_METRICS, /* of the engine: without keys */
    TK_RIGHTS,
};

/* A right on some keys. */
struct tk_grant {
    enum tk_right right;
    struct tk_pattern keys;
};

struct tk_api_key {
    const char *name;
    unsigned char sha256[TK_SHA256_LEN];
    struct tk_grant *grants;
    size_t grant_count;
};

/* All of it lies in the pool that it was read into. */
struct tk_api_keys {
    struct tk_api_key *list;
    size_t count;
};

/* Reads `api_keys` (NULL: none are configured); a grant must be for one of
 * `sources`. Problems are reported, and then `out` is not to be used. */
void tk_api_keys_read(const struct tk_value *value,
                      const struct tk_value *sources, struct tk_pool *pool,
                      struct tk_api_keys *out, struct tk_problems *problems);

/* The one whose digest is that of `presented`, or NULL. How long it takes does
 * not tell which one it was, or how near. */
const struct tk_api_key *tk_api_keys_find(const struct tk_api_keys *keys,
                                          struct tk_str presented);

/* May its holder do this with `key`, which is compared as it is? */
bool tk_api_key_may(const struct tk_api_key *api_key, enum tk_right right,
                    struct tk_str key);
/* ... with every key of the source? "" for all sources. */
bool tk_api_key_may_all(const struct tk_api_key *api_key, enum tk_right right,
                        struct tk_str source);
/* ... anything with any key of the source? Else he is not to learn that there
 * is such a source. */
bool tk_api_key_sees(const struct tk_api_key *api_key, struct tk_str source);

#endif
