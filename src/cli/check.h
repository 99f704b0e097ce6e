/* cli/check.h - tokeng check: is the configuration good? */
#ifndef TK_CLI_CHECK_H
#define TK_CLI_CHECK_H

#include "cli/command.h"
#include "engine/config.h"

extern const struct tk_command tk_check_command;

/* What the engine would run, a line for each source, or as JSON. */
void tk_check_print(const struct tk_config *config, const struct tk_show *show,
                    struct tk_buf *out);
void tk_check_print_json(const struct tk_config *config, struct tk_buf *out);

#endif
