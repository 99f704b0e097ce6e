/* net/client_tls.h - what libcurl has no option for: the library below it.
 */
#ifndef TK_NET_CLIENT_TLS_H
#define TK_NET_CLIENT_TLS_H

#include <curl/curl.h>
#include <stdbool.h>

/* Is it OpenSSL? libcurl prints all its versions for that. */
bool tk_client_tls_is_openssl(void);

/* Only then: the plain text of an answer is wiped from its buffers as it is
 * read; they would hold a token for as long as the connection is kept. */
void tk_client_tls_set(CURL *easy);

#endif
