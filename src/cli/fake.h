/* cli/fake.h - tokeng fake: issuers to try things on. */
#ifndef TK_CLI_FAKE_H
#define TK_CLI_FAKE_H

#include "cli/command.h"
#include "fake/fake.h"

extern const struct tk_command tk_fake_command;

/* What the options ask for. `options` points into the rest of it. */
struct tk_fake_wish {
    struct tk_fake_options options;
    struct tk_fake_client client;
    char client_text[256];
};

/* Reads all options but --seconds. TK_EINVAL with a reason for values that
 * only a fake issuer can judge. */
TK_MUST_USE int tk_fake_read(const struct tk_args *args,
                             struct tk_fake_wish *out, struct tk_why *why);

#endif
