/* net/client_tls.h - what libcurl has no option for: the library below it.
 */
#ifndef TK_NET_CLIENT_TLS_H
#define TK_NET_CLIENT_TLS_H

#include <curl/curl.h>

/* The plain text of an answer is wiped from OpenSSL's buffers as it is read;
 * they would hold a token for as long as the connection is kept. Where libcurl
 * is built on another library nothing is done. */
void tk_client_tls_set(CURL *easy);

#endif
