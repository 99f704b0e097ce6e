/* engine/veil.h - what an issuer or a script says, without its secrets.
 */
#ifndef TK_ENGINE_VEIL_H
#define TK_ENGINE_VEIL_H

#include "engine/secrets.h"

/* Overwrites with '*' what in `text` is one of the secrets (may be NULL), in
 * use or not, or looks like a token: a word too long and too mixed for speech.
 * Returns whether there was any. */
bool tk_veil(const struct tk_secrets *secrets, char *text);

#endif
