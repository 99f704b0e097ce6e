/* cli/get.h - tokeng get: one token. */
#ifndef TK_CLI_GET_H
#define TK_CLI_GET_H

#include "cli/command.h"

extern const struct tk_command tk_get_command;

/* The path of the call that `args` ask for. */
void tk_get_path(const struct tk_args *args, struct tk_buf *out);
/* "Authorization: Bearer ...", as the kind's issuer wants to see the token;
 * the bare token without `as_header`. One line. Returns false if the answer
 * holds no token that could be printed. */
bool tk_get_print(const struct tk_value *answer, bool as_header,
                  struct tk_buf *out);

#endif
