/* cli/run.h - tokeng run: the engine as a process. */
#ifndef TK_CLI_RUN_H
#define TK_CLI_RUN_H

#include "cli/command.h"

extern const struct tk_command tk_run_command;

#endif
