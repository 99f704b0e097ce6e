/* cli/fake.h - tokeng fake: issuers for tests and trials. */
#ifndef TK_CLI_FAKE_H
#define TK_CLI_FAKE_H

#include "cli/command.h"

extern const struct tk_command tk_fake_command;

#endif
