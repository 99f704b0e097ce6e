#include "net/client_cause.h"

struct known {
    long code;
    struct tk_client_cause cause;
};

/* Everything else is an answer that curl could not make sense of. */
static const struct known known_codes[] = {
    {CURLE_OK, {0, ""}},
    {CURLE_COULDNT_RESOLVE_HOST,
     {TK_ERESOLVE, "the host's name does not resolve"}},
    {CURLE_COULDNT_RESOLVE_PROXY,
     {TK_ERESOLVE, "the proxy's name does not resolve"}},
    {CURLE_COULDNT_CONNECT,
     {TK_ECONNECT, "no connection: refused, or out of reach"}},
    {CURLE_PROXY, {TK_ECONNECT, "the proxy does not answer as one"}},
    {CURLE_SSL_CONNECT_ERROR, {TK_ETLS, "the TLS handshake failed"}},
    {CURLE_SSL_CIPHER, {TK_ETLS, "no TLS cipher in common"}},
    {CURLE_SSL_CERTPROBLEM,
     {TK_ETLS, "the client certificate or its key cannot be used"}},
    {CURLE_SSL_CACERT_BADFILE,
     {TK_ETLS, "the file of trusted certificates cannot be read"}},
    {CURLE_PEER_FAILED_VERIFICATION,
     {TK_ETLS, "the peer's certificate is not trusted, or is another host's"}},
    {CURLE_OPERATION_TIMEDOUT,
     {TK_ETIMEDOUT, "the answer was not complete in time"}},
    {CURLE_FILESIZE_EXCEEDED, {TK_ETOOBIG, "the answer's body is too large"}},
    {CURLE_GOT_NOTHING, {TK_EPROTO, "the connection ended without an answer"}},
    {CURLE_PARTIAL_FILE, {TK_EPROTO, "the answer ended early"}},
    {CURLE_SEND_ERROR, {TK_EPROTO, "the connection broke"}},
    {CURLE_RECV_ERROR, {TK_EPROTO, "the connection broke"}},
    {CURLE_OUT_OF_MEMORY, {TK_ENOMEM, "out of memory"}},
};

/* X509_V_ERR_* of OpenSSL, which curl hands through as numbers. */
static const struct known known_certificates[] = {
    {9, {TK_ETLS, "the peer's certificate is not valid yet"}},
    {10, {TK_ETLS, "the peer's certificate has expired"}},
    {18, {TK_ETLS, "the peer's certificate is self-signed"}},
    {19, {TK_ETLS, "the peer's certificate is of an unknown authority"}},
    {20, {TK_ETLS, "the peer's certificate is of an unknown authority"}},
};

static const struct tk_client_cause *find(const struct known *list,
                                          size_t count, long code)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].code == code) return &list[i].cause;
    }
    return NULL;
}

static const struct tk_client_cause *find_certificate(CURL *easy)
{
    size_t count = sizeof known_certificates / sizeof *known_certificates;
    long verified = 0;

    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
    return find(known_certificates, count, verified);
}

struct tk_client_cause tk_client_cause_of(CURLcode code, CURL *easy,
                                          bool was_sent)
{
    const struct tk_client_cause *cause = NULL;

    if (code == CURLE_OPERATION_TIMEDOUT && !was_sent) {
        return (struct tk_client_cause){TK_ETIMEDOUT, "no connection in time"};
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION) cause = find_certificate(easy);
    if (cause == NULL) {
        cause =
            find(known_codes, sizeof known_codes / sizeof *known_codes, code);
    }
    if (cause == NULL) {
        return (struct tk_client_cause){TK_EPROTO,
                                        "the answer is not HTTP/1.1"};
    }
    /* A proxy that does not let us through breaks the connection, too. */
    if (cause->error == TK_EPROTO && !was_sent) {
        return (struct tk_client_cause){TK_ECONNECT, cause->detail};
    }
    return *cause;
}
