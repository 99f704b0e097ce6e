#include "net/client_check.h"

#include <curl/curl.h>

static bool is_control(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7f;
}

/* RFC 9110, 5.6.2. */
static bool is_token_byte(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_token(struct tk_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!is_token_byte((unsigned char)name.data[i])) return false;
    }
    return name.len > 0;
}

static bool is_about_framing(struct tk_str name)
{
    static const char *const names[] = {"content-length", "transfer-encoding",
                                        "expect"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (tk_str_same_word(name, tk_str(names[i]))) return true;
    }
    return false;
}

static int check_header(const struct tk_http_header *header, size_t number,
                        struct tk_why *why)
{
    if (!is_token(header->name)) {
        return tk_fail(why, TK_EINVAL, "the name of header %zu is no token",
                       number);
    }
    if (is_about_framing(header->name)) {
        return tk_fail(why, TK_EINVAL,
                       "%.*s is not for the caller to set: it is made from "
                       "the body",
                       TK_ARG(header->name));
    }
    for (size_t i = 0; i < header->value.len; i++) {
        if (!is_control((unsigned char)header->value.data[i])) continue;
        return tk_fail(why, TK_EINVAL, "the value of %.*s has a control byte",
                       TK_ARG(header->name));
    }
    return 0;
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (is_control((unsigned char)*text) || *text == ' ') return false;
    }
    return true;
}

/* Without case, as schemes are compared. */
static bool starts(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strlen(text) >= len &&
           tk_str_same_word(tk_str_of(text, len), tk_str_of(prefix, len));
}

/* What curl itself would say of the URL, but now instead of in `done`. */
static int check_url_with_curl(const char *url, struct tk_why *why)
{
    CURLU *parsed = curl_url();
    CURLUcode code;

    if (parsed == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER);
    curl_url_cleanup(parsed);
    switch (code) {
    case CURLUE_OK:
        return 0;
    case CURLUE_OUT_OF_MEMORY:
        return tk_fail(why, TK_ENOMEM, "out of memory");
    case CURLUE_USER_NOT_ALLOWED:
        return tk_fail(why, TK_EINVAL,
                       "the URL names a user: use a header instead");
    case CURLUE_BAD_PORT_NUMBER:
        return tk_fail(why, TK_EINVAL, "the URL's port is no port");
    default:
        return tk_fail(why, TK_EINVAL, "the URL is malformed");
    }
}

static int check_url(const char *url, bool insecure_http, const char *sound_url,
                     struct tk_why *why)
{
    const char *host;

    if (url == NULL) return tk_fail(why, TK_EINVAL, "there is no URL");
    if (!is_printable(url)) {
        return tk_fail(why, TK_EINVAL,
                       "the URL holds a space or a control byte: "
                       "percent-encode it");
    }
    if (!starts(url, "https://") && !starts(url, "http://")) {
        return tk_fail(why, TK_EINVAL, "the URL does not begin with https://");
    }
    if (!insecure_http && starts(url, "http://")) {
        return tk_fail(why, TK_EINVAL,
                       "the URL begins with http://: only https:// is allowed "
                       "without insecure_http");
    }
    host = strchr(url, ':') + 3;
    if (*host == '/') { /* curl would read over it */
        return tk_fail(why, TK_EINVAL, "the URL names no host");
    }
    if (strcmp(url, sound_url) == 0) return 0;
    return check_url_with_curl(url, why);
}

static int check_route(const struct tk_http_route *route, struct tk_why *why)
{
    const char *proxy = route == NULL ? NULL : route->proxy;

    if (proxy == NULL || *proxy == '\0') return 0;
    if (!is_printable(proxy) ||
        (!starts(proxy, "http://") && !starts(proxy, "https://"))) {
        return tk_fail(why, TK_EINVAL,
                       "the proxy is not of the form http://host:port");
    }
    return 0;
}

static int check_method(const struct tk_http_request *request,
                        struct tk_why *why)
{
    struct tk_str method = tk_str(request->method);

    if (tk_str_is(method, "POST")) return 0;
    if (!tk_str_is(method, "GET")) {
        return tk_fail(why, TK_EINVAL, "the method is neither GET nor POST");
    }
    if (request->body.data != NULL) {
        return tk_fail(why, TK_EINVAL, "a GET has no body");
    }
    return 0;
}

int tk_client_check(const struct tk_http_request *request,
                    const char *sound_url, struct tk_why *why)
{
    bool insecure = request->route != NULL && request->route->insecure_http;
    int rc = check_method(request, why);

    if (rc == 0) rc = check_url(request->url, insecure, sound_url, why);
    if (rc == 0) rc = check_route(request->route, why);
    for (size_t i = 0; rc == 0 && i < request->header_count; i++) {
        rc = check_header(&request->headers[i], i + 1, why);
    }
    return rc;
}
