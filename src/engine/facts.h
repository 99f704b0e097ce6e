/* engine/facts.h - an issuer's rules for one kind of token. A provider
 * declares them, a source may override them, C enforces them.
 */
#ifndef TK_ENGINE_FACTS_H
#define TK_ENGINE_FACTS_H

#include "engine/schema.h"

enum tk_renewable {
    TK_RENEWABLE_ALWAYS,  /* every call gives a new token */
    TK_RENEWABLE_LAST,    /* the same token until `window_ms` remain */
    TK_RENEWABLE_EXTENDS, /* the same token with a new life */
    TK_RENEWABLE_AT_END,  /* the same token until it has ended */
};

/* Which subjects a kind's keys may name. */
enum tk_subjects {
    TK_SUBJECT_NONE,    /* source/kind alone */
    TK_SUBJECT_VARIANT, /* also source/kind/NAME for NAME in `tokens` */
    TK_SUBJECT_ANY,     /* source/kind/ANYTHING, and only with a subject */
};

enum { TK_KIND_NAME = 32, TK_ATTACH_TEXT = 64, TK_KIND_TEXT = 256 };

/* Calls that the issuer allows, over all keys; 0: it names no limit. */
struct tk_issuer_quota {
    uint32_t per_second;
    uint32_t per_minute;
    uint32_t per_day;
};

/* Owned by its source. */
struct tk_kind {
    char name[TK_KIND_NAME];
    enum tk_renewable renewable;
    int64_t window_ms; /* of TK_RENEWABLE_LAST */
    bool overlap_is_own_life;
    int64_t overlap_ms; /* how long the old token stays good otherwise */
    bool one_spender;   /* a second refresher hurts */
    bool single_use;    /* the secret that is spent dies with it */
    struct tk_issuer_quota quota;
    enum tk_subjects subjects;
    char attach_header[TK_ATTACH_TEXT]; /* how the token is presented: */
    char attach_format[TK_ATTACH_TEXT]; /* "Authorization", "Bearer %s" */
};

/* Reads `kinds.NAME` of a provider's table and then the source's overrides
 * (NULL: none). What is wrong goes to `problems` under `path`. */
void tk_kind_read(const char *path, struct tk_str name,
                  const struct tk_value *declared,
                  const struct tk_value *overrides,
                  struct tk_problems *problems, struct tk_kind *out);

/* Does a renewal take the old token from those who still hold it? */
bool tk_kind_renewal_hurts(const struct tk_kind *kind);

/* "renewable while less than 30m remain; ...", for explain. Returns `out`. */
char *tk_kind_describe(const struct tk_kind *kind, char out[TK_KIND_TEXT]);

#endif
