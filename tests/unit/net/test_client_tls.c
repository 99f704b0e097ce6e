#include "net/client_tls.h"

#include "tests/unit/harness.h"

#include <openssl/ssl.h>
#include <string.h>

/* Stands in for libcurl's, to call what was set. */
static curl_ssl_ctx_callback callback;
static const char *library = "OpenSSL/3.0.0";

curl_version_info_data *curl_version_info(CURLversion stamp)
{
    static curl_version_info_data info;

    (void)stamp;
    info.ssl_version = library;
    return &info;
}

#undef curl_easy_setopt
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    va_list args;

    (void)easy;
    va_start(args, option);
    if (option == CURLOPT_SSL_CTX_FUNCTION) {
        callback = va_arg(args, curl_ssl_ctx_callback);
    }
    va_end(args);
    return CURLE_OK;
}

static void what_is_read_is_wiped(void **state)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    (void)state;
    assert_non_null(context);
    assert_true(tk_client_tls_is_openssl());
    tk_client_tls_set(NULL);
    assert_non_null(callback);
    assert_int_equal(callback(NULL, context, NULL), CURLE_OK);
    assert_true((SSL_CTX_get_options(context) & SSL_OP_CLEANSE_PLAINTEXT) != 0);
    SSL_CTX_free(context);
}

static void another_library_is_known_as_such(void **state)
{
    (void)state;
    library = "GnuTLS/3.7.9";
    assert_false(tk_client_tls_is_openssl());
    library = NULL;
    assert_false(tk_client_tls_is_openssl());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_wiped),
        cmocka_unit_test(another_library_is_known_as_such),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
