/* net/client_pump.h - keeps curl's transfers going on the loop.
 *
 * A transfer is an easy handle of curl, set up by the caller. The loop is kept
 * running while there is one.
 */
#ifndef TK_NET_CLIENT_PUMP_H
#define TK_NET_CLIENT_PUMP_H

#include "net/loop.h"

#include <curl/curl.h>

struct tk_client_pump;

/* The transfer `easy` has ended and was taken out. `easy` NULL: curl can no
 * longer be relied on for any transfer; take them all out. */
typedef void (*tk_client_pump_cb)(CURL *easy, CURLcode code, void *data);

TK_MUST_USE int tk_client_pump_new(struct tk_loop *loop,
                                   tk_client_pump_cb ended, void *data,
                                   struct tk_client_pump **out);
/* All transfers have been taken out before. Allowed inside `ended`. */
void tk_client_pump_free(struct tk_client_pump *pump);

/* Starts a transfer; `ended` comes later, never from inside this call. */
TK_MUST_USE int tk_client_pump_add(struct tk_client_pump *pump, CURL *easy);
/* Takes a transfer out before its end; `ended` will not come for it. */
void tk_client_pump_remove(struct tk_client_pump *pump, CURL *easy);

#endif
