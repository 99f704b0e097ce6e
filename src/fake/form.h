/* fake/form.h - names and values in the form that HTML forms are sent in, which
 * OAuth took over: name=value&name=value, '+' for a space, %XX for a byte.
 */
#ifndef TK_FAKE_FORM_H
#define TK_FAKE_FORM_H

#include "base/value.h"

/* Fills `out` with a table of texts in `pool`; of several with one name the
 * first counts. Returns 0, TK_EINVAL for a broken escape or more than 64 pairs,
 * or TK_ENOMEM. */
TK_MUST_USE int tk_form_parse(struct tk_str text, struct tk_pool *pool,
                              struct tk_value *out);

/* Reads an Authorization header of the scheme Basic as RFC 6749 2.3.1 has it,
 * both halves encoded as above, into a table { id, secret }. Returns 0,
 * TK_ENOENT for another scheme, TK_EINVAL, or TK_ENOMEM. */
TK_MUST_USE int tk_form_basic(struct tk_str header, struct tk_pool *pool,
                              struct tk_value *out);

#endif
