/* cli/simulate.h - tokeng simulate: what a policy would have cost. */
#ifndef TK_CLI_SIMULATE_H
#define TK_CLI_SIMULATE_H

#include "cli/command.h"

extern const struct tk_command tk_simulate_command;

#endif
