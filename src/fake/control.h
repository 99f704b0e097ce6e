/* fake/control.h - the paths of the fake host itself: /_stats, /_control,
 * /_revoke and /_check. Never slow, never at fault.
 */
#ifndef TK_FAKE_CONTROL_H
#define TK_FAKE_CONTROL_H

#include "fake/fault.h"
#include "fake/issuer.h"
#include "fake/ledger.h"
#include "net/server.h"

/* What control looks at and changes; all of it is the host's. */
struct tk_control {
    struct tk_switches *switches;
    const struct tk_ledger *ledger;
    struct tk_issuer **issuers;
    size_t issuer_count;
    void (*changed)(void *data); /* the switches */
    void *data;
};

/* Answers a request whose path begins with "/_". */
void tk_control_answer(const struct tk_control *control,
                       struct tk_request *request, int64_t now_ms);

#endif
