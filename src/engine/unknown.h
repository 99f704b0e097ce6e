/* engine/unknown.h - subjects that an issuer has refused, remembered for a
 * while so that asking for them again costs it no call.
 *
 * They are no keys: whoever makes up a million of them fills this table, whose
 * size never changes, and nothing else. A hash stands for the key; where two
 * meet in a full set, the older is forgotten, which costs one call.
 */
#ifndef TK_ENGINE_UNKNOWN_H
#define TK_ENGINE_UNKNOWN_H

#include "base/hash.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    TK_UNKNOWN_SETS = 2048,
    TK_UNKNOWN_WAYS = 4,
    TK_UNKNOWN_CODE = 32, /* of the issuer's word; the rest is cut off */
};

struct tk_unknown {
    uint64_t hash; /* 0: free */
    int64_t until;
    uint32_t class; /* enum tk_class */
    char code[TK_UNKNOWN_CODE];
};

/* Owned by the fleet; half a megabyte. */
struct tk_unknowns {
    struct tk_seed seed; /* secret: nobody can aim at a set */
    struct tk_unknown sets[TK_UNKNOWN_SETS][TK_UNKNOWN_WAYS];
};

void tk_unknown_remember(struct tk_unknowns *unknowns, struct tk_str key,
                         uint32_t class, const char *code, int64_t until);
/* What is remembered of a key, or NULL. Borrowed until the next call. */
const struct tk_unknown *tk_unknown_find(const struct tk_unknowns *unknowns,
                                         struct tk_str key, int64_t now);
/* What was configured or kept secret has changed: each gets another try. */
void tk_unknown_forget_all(struct tk_unknowns *unknowns);
uint32_t tk_unknown_count(const struct tk_unknowns *unknowns, int64_t now);

#endif
