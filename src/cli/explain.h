/* cli/explain.h - tokeng explain: why a key is as it is, and what is next. */
#ifndef TK_CLI_EXPLAIN_H
#define TK_CLI_EXPLAIN_H

#include "cli/command.h"

extern const struct tk_command tk_explain_command;

/* The answer of /v1/explain in words, one line an idea. */
void tk_explain_print(const struct tk_value *answer, const struct tk_show *show,
                      struct tk_buf *out);

/* "renew in 44m", "running", ... from `next` of a key; "-" for none. */
void tk_explain_next(const struct tk_value *next, const char *between,
                     struct tk_buf *out);

#endif
