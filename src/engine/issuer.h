/* engine/issuer.h - the servers that sources call. Sources of one origin
 * (scheme, host, port, and the proxy on the way) share one: an outage that one
 * of them has seen spares the others their own. Issuers outlive a reload.
 */
#ifndef TK_ENGINE_ISSUER_H
#define TK_ENGINE_ISSUER_H

#include "base/err.h"
#include "base/list.h"
#include "base/str.h"
#include "engine/breaker.h"

enum { TK_ORIGIN_TEXT = 300 };

/* Owned by the list it stands in, which is the fleet's. */
struct tk_issuer {
    struct tk_link link;
    struct tk_link sources; /* of struct tk_source */
    struct tk_breaker breaker;
    char origin[TK_ORIGIN_TEXT];
};

/* "https://host:8443" of a URL: small letters, without the port that goes
 * without saying, and never with the user and password that it may hold. */
void tk_origin_of(struct tk_str url, char out[TK_ORIGIN_TEXT]);

/* Ways through different proxies fail on their own. */
void tk_origin_add_proxy(char origin[TK_ORIGIN_TEXT], const char *proxy);

/* The issuer of this origin, which is made if need be; NULL for lack of
 * memory. */
struct tk_issuer *tk_issuer_claim(struct tk_link *issuers, const char *origin);
void tk_issuers_free(struct tk_link *issuers);

/* For sources without an issuer, too: the moment before which no call leaves
 * because of an outage; 0: there is none, or the probe is on its way. */
int64_t tk_issuer_down_until(const struct tk_issuer *issuer);
/* The moment at which the next call may leave. */
int64_t tk_issuer_next(const struct tk_issuer *issuer);

#endif
