/* fake/fake.h - issuers that hand out tokens for tests and trials: `tokeng
 * fake`.
 *
 * One server on a loopback address plays all issuers that have a script in
 * tokeng/fakes. A script knows its issuer's rules of renewal and its words;
 * latency and faults are common to all. Beside the issuers' own paths there
 * are four more:
 *
 *   GET  /_stats    what was asked and answered (?log=N: the last N calls)
 *   POST /_control  changes switches: {"error_rate": 0.5, "outage": true}
 *   POST /_revoke   {"token": "..."}: it is no longer accepted
 *   GET  /_check    ?token= or Authorization: Bearer: 200 if it is accepted
 *                   now, else 401
 */
#ifndef TK_FAKE_FAKE_H
#define TK_FAKE_FAKE_H

#include "fake/fault.h"
#include "fake/roster.h"
#include "net/loop.h"

struct tk_fake;

/* Borrowed during tk_fake_new. NULL and 0 mean the default. */
struct tk_fake_options {
    const char *listen;  /* "tcp:127.0.0.1:0": a free port */
    const char *lua_dir; /* holds tokeng/fakes/; no default */
    int64_t life_ms;     /* of a token; each issuer's own */
    int64_t window_ms;   /* life left below which a new token is given, where
                          * the issuer has such a rule; as its own share of
                          * the life */
    const struct tk_fake_client *clients; /* any id with "fake-secret" */
    size_t client_count;
    uint64_t seed; /* of tokens and of chance; one at random */
    struct tk_switches switches;
};

/* Listens when it returns 0. */
TK_MUST_USE int tk_fake_new(struct tk_loop *loop,
                            const struct tk_fake_options *options,
                            struct tk_fake **out, struct tk_why *why);
/* Calls that wait for their answer get 503. `fake` may be NULL. */
void tk_fake_free(struct tk_fake *fake);

/* "http://127.0.0.1:PORT", borrowed. */
const char *tk_fake_address(const struct tk_fake *fake);
/* The issuer at `index`, counted from 0 ("feishu"), or NULL; borrowed. */
const char *tk_fake_issuer(const struct tk_fake *fake, size_t index);

#endif
