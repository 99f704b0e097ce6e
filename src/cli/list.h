/* cli/list.h - tokeng list: all keys, a line each. */
#ifndef TK_CLI_LIST_H
#define TK_CLI_LIST_H

#include "cli/command.h"

extern const struct tk_command tk_list_command;

#endif
