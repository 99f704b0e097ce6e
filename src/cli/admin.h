/* cli/admin.h - the commands that tell the engine to do something. */
#ifndef TK_CLI_ADMIN_H
#define TK_CLI_ADMIN_H

#include "cli/command.h"

extern const struct tk_command tk_admin_refresh_command;
extern const struct tk_command tk_admin_reject_command;
extern const struct tk_command tk_admin_pause_command;
extern const struct tk_command tk_admin_resume_command;
extern const struct tk_command tk_admin_reload_command;

/* Reads the token that a caller was given from a descriptor, without the line
 * end. Returns 0, TK_EINVAL (empty, or no token), TK_ETOOBIG or TK_EIO. */
TK_MUST_USE int tk_admin_read_token(int fd, struct tk_buf *out);

#endif
