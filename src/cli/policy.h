/* cli/policy.h - tokeng policy: which policy decides for which source, and
 * another one in its place.
 */
#ifndef TK_CLI_POLICY_H
#define TK_CLI_POLICY_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/command.h"

extern const struct tk_command tk_policy_command;

/* The body of a request from `words`: a name and "option=value"s. true, false
 * and numbers are what they look like, a value in quotation marks is a text,
 * and so is any other. */
TK_MUST_USE int tk_policy_write_choice(const char *const *words, size_t count,
                                       struct tk_buf *out, struct tk_why *why);

/* The table of `tokeng policy list` from GET /v1/policies. */
void tk_policy_print_list(const struct tk_value *answer,
                          const struct tk_show *show, struct tk_buf *out);

/* That of `tokeng policy compare` from GET /v1/shadow/{source}. */
void tk_policy_print_comparison(const struct tk_value *answer,
                                const struct tk_show *show, struct tk_buf *out);

#endif
