/* engine/veil.h - what an issuer or a script says, without its secrets.
 */
#ifndef TK_ENGINE_VEIL_H
#define TK_ENGINE_VEIL_H

#include "base/value.h"

/* Overwrites with '*' what in `text` is a secret of `settings` (a table, may be
 * NULL), or looks like a token: a word too long and too mixed for speech.
 * Returns whether there was any. */
bool tk_veil(const struct tk_value *settings, char *text);

#endif
