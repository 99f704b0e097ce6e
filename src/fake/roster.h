/* fake/roster.h - all issuers that a folder has scripts for. */
#ifndef TK_FAKE_ROSTER_H
#define TK_FAKE_ROSTER_H

#include "fake/issuer.h"

enum { TK_ROSTER_MAX = 32 };

struct tk_fake_client {
    const char *id;
    const char *secret;
};

/* What every issuer is told; borrowed during tk_roster_open. */
struct tk_roster_options {
    const char *lua_dir;                  /* holds tokeng/fakes/ */
    int64_t life_ms;                      /* 0: each issuer's own */
    int64_t window_ms;                    /* 0: its own share of the life */
    const struct tk_fake_client *clients; /* none: any id, "fake-secret" */
    size_t client_count;
    uint64_t seed; /* of the tokens */
};

/* Owned by whoever called tk_roster_open. */
struct tk_roster {
    struct tk_issuer *issuers[TK_ROSTER_MAX];
    size_t count;
};

/* Opens them in the order of their files' names. A failure leaves `roster` to
 * be closed, too. */
TK_MUST_USE int tk_roster_open(struct tk_roster *roster,
                               const struct tk_roster_options *options,
                               struct tk_why *why);
void tk_roster_close(struct tk_roster *roster);

#endif
