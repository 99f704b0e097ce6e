#include "net/client_tls.h"

#include <openssl/ssl.h>
#include <string.h>

/* curl_ssl_ctx_callback */
static CURLcode wipe_what_is_read(CURL *easy, void *context, void *data)
{
    (void)easy;
    (void)data;
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
    return CURLE_OK;
}

bool tk_client_tls_is_openssl(void)
{
    const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;

    return library != NULL && strncmp(library, "OpenSSL/", 8) == 0;
}

void tk_client_tls_set(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, wipe_what_is_read);
}
