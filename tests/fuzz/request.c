/* A request to an issuer as a script made it: method, URL and headers, one a
 * line. What may be sent cannot end a line, name a user or change the
 * protocol.
 */
#include "tests/fuzz/fuzz.h"

#include "net/client_check.h"

enum { HEADERS_MAX = 8, LINE_MAX = 512 };

static bool has_control(struct tk_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (byte < 0x20 || byte == 0x7f) return true;
    }
    return false;
}

static void hold_url(const char *url)
{
    struct tk_str rest = tk_str(url);
    struct tk_str scheme = tk_str_cut(&rest, ':');
    size_t end = strcspn(rest.data, "?#");
    struct tk_str authority = tk_str_of(rest.data, end);

    HOLD(!has_control(tk_str(url)) && strchr(url, ' ') == NULL);
    HOLD(tk_str_same_word(scheme, TK_STR("https")) ||
         tk_str_same_word(scheme, TK_STR("http")));
    HOLD(tk_str_starts(authority, TK_STR("//")));
    authority = tk_str_skip(authority, 2);
    authority = tk_str_cut(&authority, '/');
    HOLD(authority.len > 0);
    HOLD(memchr(authority.data, '@', authority.len) == NULL);
}

static void hold_headers(const struct tk_http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct tk_str name = request->headers[i].name;

        HOLD(name.len > 0 && memchr(name.data, ':', name.len) == NULL);
        HOLD(!has_control(name) && memchr(name.data, ' ', name.len) == NULL);
        HOLD(!has_control(request->headers[i].value));
        HOLD(!tk_str_same_word(name, TK_STR("Content-Length")));
    }
}

static void cut_line(struct tk_str *rest, char out[LINE_MAX])
{
    struct tk_str line = tk_str_cut(rest, '\n');

    if (line.len >= LINE_MAX) line.len = LINE_MAX - 1;
    if (line.len > 0) memcpy(out, line.data, line.len);
    out[line.len] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tk_str rest = fuzz_text(data, size);
    struct tk_http_header headers[HEADERS_MAX];
    struct tk_http_route route = {.insecure_http = size % 2 == 0};
    char method[LINE_MAX], url[LINE_MAX];
    struct tk_http_request request = {
        .method = method, .url = url, .headers = headers, .route = &route};
    struct tk_why why = {0, ""};

    cut_line(&rest, method);
    cut_line(&rest, url);
    while (rest.data != NULL && request.header_count < HEADERS_MAX) {
        struct tk_str value = tk_str_cut(&rest, '\n');
        struct tk_str name = tk_str_cut(&value, ':');

        headers[request.header_count++] = (struct tk_http_header){name, value};
    }
    if (tk_client_check(&request, "", &why) == 0) {
        hold_url(url);
        hold_headers(&request);
        HOLD(route.insecure_http || url[4] == 's' || url[4] == 'S');
    } else {
        HOLD(why.text[0] != '\0');
    }
    return 0;
}
