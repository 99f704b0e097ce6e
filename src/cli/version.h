/* cli/version.h - tokeng version. */
#ifndef TK_CLI_VERSION_H
#define TK_CLI_VERSION_H

#include "cli/command.h"

extern const struct tk_command tk_version_command;

#endif
