/* base/key.h - the name of a token: source/kind[/subject].
 *
 * Bytes [A-Za-z0-9._:@=+~|-], '/' between the parts, at most 200 bytes, no
 * part "." or "..". A subject may itself hold '/'.
 */
#ifndef TK_BASE_KEY_H
#define TK_BASE_KEY_H

#include "base/err.h"
#include "base/str.h"

enum { TK_KEY_MAX = 200 };

/* Views into the text that was parsed; `subject` is empty if there is none. */
struct tk_key {
    struct tk_str text;
    struct tk_str source;
    struct tk_str kind;
    struct tk_str subject;
};

/* Returns 0 or TK_EINVAL with a reason that names the rule, never the bytes. */
TK_MUST_USE int tk_key_parse(struct tk_str text, struct tk_key *out,
                             struct tk_why *why);

/* The parts of a text that is known to be a key. */
struct tk_key tk_key_split(struct tk_str text);

/* Is this a single part of a key, as names of sources must be? */
bool tk_key_is_part(struct tk_str text);

#endif
