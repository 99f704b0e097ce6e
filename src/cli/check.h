/* cli/check.h - tokeng check: is the configuration good, and what is in it? */
#ifndef TK_CLI_CHECK_H
#define TK_CLI_CHECK_H

#include "cli/command.h"
#include "engine/config.h"

extern const struct tk_command tk_check_command;

/* A table of sources and kinds, and the keys that are kept. */
void tk_check_print(const struct tk_config *config, const struct tk_show *show,
                    struct tk_buf *out);
/* The same as JSON. */
void tk_check_write(const struct tk_config *config, struct tk_buf *out);

#endif
