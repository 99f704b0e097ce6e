/* engine/secrets.h - the secrets of one source, and what its issuer thinks of
 * them.
 *
 * A secret may be one of two, { secret.file "a", secret.file "b" }: the current
 * one and the next. When the issuer refuses the one in use, its place is read
 * again, then the other is tried; if both are refused nothing calls the issuer
 * until one of them changes, but for a probe now and then, because issuers mend
 * their side too.
 *
 * A source has its own copy of the bytes in use: sources that name the same
 * file find out about its change each for itself.
 */
#ifndef TK_ENGINE_SECRETS_H
#define TK_ENGINE_SECRETS_H

#include "base/secret.h"
#include "base/value.h"

enum { TK_SECRETS_MAX = 8, TK_SECRETS_CODE = 65 };

/* Choices are borrowed from the configuration; the second may be NULL. */
struct tk_source_secret {
    struct tk_secret in_use;
    struct tk_secret *choices[2];
};

/* Owned by its source. */
struct tk_secrets {
    struct tk_source_secret list[TK_SECRETS_MAX];
    size_t count;
    bool uses_next;
    bool has_tried_other; /* since the issuer took one, or one has changed */
    uint32_t version;     /* grows with each change of the bytes in use */

    int64_t refused_at; /* 0: it is not refused */
    int64_t probe_at;   /* when one call may leave all the same */
    int64_t look_at;    /* when the places are read again */
    char code[TK_SECRETS_CODE];
};

/* Is it a secret, or a list of two? */
bool tk_secrets_is_choice(const struct tk_value *value);
/* Takes over the setting `value`, which becomes the secret in use. TK_EFULL
 * for one too many. */
TK_MUST_USE int tk_secrets_add(struct tk_secrets *secrets,
                               struct tk_value *value);
void tk_secrets_fini(struct tk_secrets *secrets);

/* Adds the memory that the copies lie in to `bytes`; returns whether all of it
 * is locked. */
bool tk_secrets_memory(const struct tk_secrets *secrets, size_t *bytes);

bool tk_secrets_have_next(const struct tk_secrets *secrets);

/* Reads the places again. Returns whether what is in use has changed. */
bool tk_secrets_reread(struct tk_secrets *secrets);
/* The one in use was refused: puts another in its place, if there is one that
 * was not tried. After the last the current one is in use again. */
bool tk_secrets_change(struct tk_secrets *secrets);

#endif
