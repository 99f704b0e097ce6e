/* base/loopback.h - does a text name this machine alone?
 */
#ifndef TK_BASE_LOOPBACK_H
#define TK_BASE_LOOPBACK_H

#include "base/str.h"

/* "127.0.0.1:7070" or "[::1]:7070": an address that others cannot reach, and a
 * port. */
bool tk_loopback_is_place(struct tk_str text);

/* The Host of a request that was meant for this machine: "localhost",
 * "127.0.0.1" or "[::1]", with a port or without. */
bool tk_loopback_is_host(struct tk_str text);

#endif
