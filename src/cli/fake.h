/* cli/fake.h - tokeng fake: issuers to try things on. */
#ifndef TK_CLI_FAKE_H
#define TK_CLI_FAKE_H

#include "cli/command.h"
#include "fake/fake.h"

extern const struct tk_command tk_fake_command;

/* What the options ask for. `client` keeps the copy that `out` points to, and
 * is freed by the caller. Returns false if --client or --outage makes no
 * sense, and says so. */
struct tk_fake_wish {
    struct tk_fake_options options;
    struct tk_fake_client client;
    char client_text[256];
};
TK_MUST_USE bool tk_fake_read(const struct tk_args *args,
                              const struct tk_show *show,
                              struct tk_fake_wish *out);

#endif
