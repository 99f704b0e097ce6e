#define _DEFAULT_SOURCE
#include "net/client_exchange.h"

#include "net/client_cause.h"

#include <sys/socket.h>

/* An issuer's answer is a few KiB of JSON behind a KiB of headers. */
enum {
    CONNECT_MS = 5000,
    TOTAL_MS = 15000,
    TOTAL_MAX_MS = 3600 * 1000,
    LOW_SPEED = 10,   /* bytes/s, for as many ... */
    LOW_SPEED_S = 30, /* ... seconds; a shorter transfer cannot be so slow */
    BODY_MAX = 64 * 1024,
    HEAD_MAX = 32 * 1024,
    SENT_MAX = 1024 * 1024,
    HEADER_MAX = 64 * 1024, /* name and value of one header that is sent */
};

/* What holds for every request. curl_easy_reset has put the defaults back,
 * so that only what differs from them, or must never, is here. */
static const struct {
    CURLoption option;
    long value;
} rules[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_FOLLOWLOCATION, 0}, /* the secret would follow */
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1}, /* 2 costs more CPU */
    {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},         /* those of a proxy */
    {CURLOPT_SSL_VERIFYPEER, 1},
    {CURLOPT_SSL_VERIFYHOST, 2},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2}, /* or later */
    {CURLOPT_CA_CACHE_TIMEOUT, 3600}, /* s; then a new bundle is noticed */
    {CURLOPT_DNS_CACHE_TIMEOUT, 60},  /* s; issuers move by DNS */
    /* A transfer that is ended while its host name is being looked up: let
     * the thread end when it will instead of waiting for it on the loop. */
    {CURLOPT_QUICK_EXIT, 1},
};

static const struct {
    CURLoption option;
    const char *value;
} texts[] = {
    {CURLOPT_USERAGENT, "tokeng/" TOKENG_VERSION},
    /* Debian's curl presets a directory of certificates, which turns its
     * cache of parsed ones off: 28 ms of CPU for every new connection, against
     * 1 ms with the bundle file alone. */
    {CURLOPT_CAPATH, NULL},
    {CURLOPT_NOPROXY, ""}, /* NULL would be no_proxy of the environment */
};

static bool set_long(CURL *easy, CURLoption option, long value)
{
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

static bool set_text(CURL *easy, CURLoption option, const char *value)
{
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

static bool set_given(CURL *easy, CURLoption option, const char *value)
{
    return value == NULL || set_text(easy, option, value);
}

static bool set_rules(CURL *easy)
{
    bool is_set = true;

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        is_set = is_set && set_long(easy, rules[i].option, rules[i].value);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        is_set = is_set && set_text(easy, texts[i].option, texts[i].value);
    }
    return is_set;
}

static long within(int64_t span_ms, long preset)
{
    if (span_ms <= 0) return preset;
    return span_ms < TOTAL_MAX_MS ? (long)span_ms : TOTAL_MAX_MS;
}

static bool set_times(CURL *easy, const struct tk_http_route *route)
{
    long total_ms = within(route->total_ms, TOTAL_MS);
    long low_speed = total_ms > LOW_SPEED_S * 1000 ? LOW_SPEED : 0;

    return set_long(easy, CURLOPT_CONNECTTIMEOUT_MS,
                    within(route->connect_ms, CONNECT_MS)) &&
           set_long(easy, CURLOPT_TIMEOUT_MS, total_ms) &&
           set_long(easy, CURLOPT_LOW_SPEED_LIMIT, low_speed) &&
           set_long(easy, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_S);
}

static bool set_route(CURL *easy, const struct tk_http_route *route,
                      size_t max_body)
{
    const char *protocols = route->insecure_http ? "http,https" : "https";
    const char *proxy = route->proxy == NULL ? "" : route->proxy;

    return set_text(easy, CURLOPT_PROTOCOLS_STR, protocols) &&
           set_text(easy, CURLOPT_PROXY, proxy) &&
           set_given(easy, CURLOPT_CAINFO, route->ca_file) &&
           set_given(easy, CURLOPT_SSLCERT, route->cert_file) &&
           set_given(easy, CURLOPT_SSLKEY, route->key_file) &&
           set_times(easy, route) &&
           curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                            (curl_off_t)max_body) == CURLE_OK;
}

/* Sockets of curl 7.88 would be inherited by child processes. */
static curl_socket_t open_socket(void *data, curlsocktype purpose,
                                 struct curl_sockaddr *address)
{
    (void)data;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

/* curl_prereq_callback: connected, and about to send. */
static int note_sent(void *data, char *remote_ip, char *local_ip,
                     int remote_port, int local_port)
{
    struct tk_client_exchange *exchange = data;

    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    exchange->was_sent = true;
    return CURL_PREREQFUNC_OK;
}

/* A number other than `size` * `count` ends the transfer. */
static size_t take_body(char *data, size_t size, size_t count, void *to)
{
    struct tk_client_exchange *exchange = to;

    exchange->refused = tk_buf_put(&exchange->body, data, size * count);
    return exchange->refused == 0 ? size * count : 0;
}

static bool is_interim(struct tk_str head)
{
    struct tk_str rest = head;

    tk_str_cut(&rest, ' ');
    return rest.len > 0 && rest.data[0] == '1';
}

/* Called for every line, the status line and the empty one at the end too, of
 * every head there is: interim ones, then the last one, then trailers. Each
 * status line starts over. */
static size_t take_header(char *data, size_t size, size_t count, void *to)
{
    struct tk_client_exchange *exchange = to;
    struct tk_str line = tk_str_of(data, size * count);

    exchange->header_bytes += line.len;
    if (exchange->header_bytes > HEAD_MAX) {
        exchange->refused = TK_ETOOBIG;
        return 0;
    }
    if (exchange->is_head_done) return line.len;
    if (tk_str_starts(line, TK_STR("HTTP/"))) tk_buf_clear(&exchange->head);
    if (line.data[0] == '\r' || line.data[0] == '\n') {
        exchange->is_head_done = !is_interim(tk_buf_str(&exchange->head));
        return line.len;
    }
    exchange->refused = tk_buf_put_str(&exchange->head, line);
    return exchange->refused == 0 ? line.len : 0;
}

static bool set_callbacks(struct tk_client_exchange *exchange)
{
    CURL *easy = exchange->easy;

    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, note_sent);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    return curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK;
}

/* curl reads "Name:" as the wish to send no such header, and "Name;" as a
 * header without a value. */
static void print_header(struct tk_buf *out,
                         const struct tk_http_header *header)
{
    struct tk_str value = header->value;

    while (value.len > 0 && value.data[0] == ' ') {
        value = tk_str_skip(value, 1);
    }
    tk_buf_clear(out);
    tk_buf_put_str(out, header->name);
    tk_buf_put_text(out, value.len == 0 ? ";" : ": ");
    tk_buf_put_str(out, value);
}

static int add_header(struct tk_client_exchange *exchange, struct tk_buf *line)
{
    const char *text = tk_buf_text(line);
    struct curl_slist *longer;

    if (line->failed != 0) return line->failed;
    longer = curl_slist_append(exchange->headers, text);
    if (longer == NULL) return TK_ENOMEM;
    exchange->headers = longer;
    return 0;
}

static int set_headers(struct tk_client_exchange *exchange,
                       const struct tk_http_request *request)
{
    struct tk_buf line;
    int rc = 0;

    tk_buf_init(&line, HEADER_MAX);
    /* No "Expect: 100-continue": many an issuer never answers it. */
    tk_buf_put_text(&line, "Expect:");
    rc = add_header(exchange, &line);
    for (size_t i = 0; rc == 0 && i < request->header_count; i++) {
        print_header(&line, &request->headers[i]);
        rc = add_header(exchange, &line);
    }
    tk_buf_fini(&line);
    if (rc != 0) return rc;
    curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers);
    return 0;
}

/* curl sends from our buffer and makes no copy of it. */
static int set_body(struct tk_client_exchange *exchange, struct tk_str body)
{
    int rc = tk_buf_put_str(&exchange->sent_body, body);

    if (rc != 0) return rc;
    curl_easy_setopt(exchange->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)body.len);
    curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDS,
                     tk_buf_text(&exchange->sent_body));
    return exchange->sent_body.failed;
}

static int set_up(struct tk_client_exchange *exchange,
                  const struct tk_http_request *request,
                  const struct tk_http_route *route)
{
    CURL *easy = exchange->easy;
    int rc;

    if (!set_rules(easy) || !set_callbacks(exchange) ||
        !set_route(easy, route, exchange->body.max) ||
        !set_long(easy, CURLOPT_FRESH_CONNECT, request->once) ||
        !set_text(easy, CURLOPT_URL, request->url)) {
        return TK_ENOMEM;
    }
    rc = set_headers(exchange, request);
    if (rc == 0 && tk_str_is(tk_str(request->method), "POST")) {
        rc = set_body(exchange, request->body);
    }
    return rc;
}

int tk_client_exchange_init(struct tk_client_exchange *exchange, CURL *easy,
                            const struct tk_http_request *request)
{
    static const struct tk_http_route preset;
    const struct tk_http_route *route =
        request->route == NULL ? &preset : request->route;
    int rc;

    *exchange = (struct tk_client_exchange){.easy = easy};
    tk_buf_init(&exchange->sent_body, SENT_MAX);
    tk_buf_init(&exchange->head, HEAD_MAX);
    tk_buf_init(&exchange->body,
                route->max_body == 0 ? BODY_MAX : route->max_body);
    rc = set_up(exchange, request, route);
    if (rc != 0) {
        curl_easy_reset(easy);
        tk_client_exchange_fini(exchange);
    }
    return rc;
}

void tk_client_exchange_fini(struct tk_client_exchange *exchange)
{
    struct curl_slist *header = exchange->headers;

    for (; header != NULL; header = header->next) {
        explicit_bzero(header->data, strlen(header->data));
    }
    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
    tk_buf_fini(&exchange->sent_body);
    tk_buf_fini(&exchange->head);
    tk_buf_fini(&exchange->body);
}

static struct tk_client_cause explain(const struct tk_client_exchange *exchange,
                                      CURLcode code)
{
    struct tk_client_cause cause = {exchange->refused, "out of memory"};

    /* 101, which curl takes for an answer? */
    if (code == CURLE_OK && !exchange->is_head_done) {
        code = CURLE_WEIRD_SERVER_REPLY;
    }
    /* A header line beyond 100 KB is this to curl. */
    if (code == CURLE_OUT_OF_MEMORY && exchange->was_sent &&
        !exchange->is_head_done) {
        cause.error = TK_ETOOBIG;
    }
    if (cause.error == 0) {
        return tk_client_cause_of(code, exchange->easy, exchange->was_sent);
    }
    if (cause.error == TK_ETOOBIG) {
        cause.detail = exchange->body.failed != 0
                           ? "the answer's body is too large"
                           : "the answer's headers are too large";
    }
    return cause;
}

void tk_client_exchange_read(const struct tk_client_exchange *exchange,
                             CURLcode code, struct tk_http_reply *out)
{
    struct tk_client_cause cause = explain(exchange, code);
    struct tk_str head = tk_buf_str(&exchange->head);
    long status = 0;

    if (head.len > 0 && !is_interim(head)) {
        curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    }
    *out = (struct tk_http_reply){
        .error = cause.error,
        .detail = cause.detail,
        .was_sent = exchange->was_sent,
        .status = (int)status,
    };
    if (exchange->is_head_done) out->head = head;
    if (cause.error == 0) out->body = tk_buf_str(&exchange->body);
}
