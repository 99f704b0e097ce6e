#include "net/client.h"

#include "base/heap.h"
#include "net/client_check.h"
#include "net/client_exchange.h"
#include "net/client_pump.h"
#include "net/client_tls.h"

#include <stdlib.h>

enum {
    IDLE_MAX = 64,        /* easy handles that are kept for the next request */
    SOUND_URL_MAX = 1024, /* a longer one is checked each time */
    /* What curl reads and, under TLS, sends at a time. Both are wiped after
     * each request, so curl's own choice of 16 and 64 KiB would cost more than
     * the answer does. */
    READ_SIZE = 4 * 1024,
    WRITE_SIZE = 16 * 1024,
};

/* Owned by its client until its callback has returned. */
struct tk_transfer {
    struct tk_client *client;
    struct tk_transfer *prev;
    struct tk_transfer *next;
    CURL *easy; /* NULL: taken out, its callback is running */
    struct tk_client_exchange exchange;
    tk_http_done_cb done;
    void *data;
    int64_t sent_at;
};

/* Owned by the caller of tk_client_new. */
struct tk_client {
    struct tk_loop *loop; /* borrowed */
    struct tk_client_pump *pump;
    CURLSH *share; /* TLS sessions; without it each easy keeps its own */
    CURL *idle[IDLE_MAX];
    size_t idle_count;
    struct tk_transfer *first; /* the oldest */
    struct tk_transfer *last;
    size_t transfer_count;
    struct tk_buf sound_url; /* of the last request that had no query */
    bool has_openssl;
    unsigned uses;  /* functions of this file that are still at work on it */
    bool is_closed; /* to be released when the last of them returns */
};

static void release(struct tk_client *client)
{
    if (client->pump != NULL) tk_client_pump_free(client->pump);
    while (client->idle_count > 0) {
        curl_easy_cleanup(client->idle[--client->idle_count]);
    }
    tk_buf_fini(&client->sound_url);
    curl_share_cleanup(client->share);
    curl_global_cleanup();
    free(client);
}

static void hold(struct tk_client *client)
{
    client->uses++;
}

static void let_go(struct tk_client *client)
{
    if (--client->uses == 0 && client->is_closed) release(client);
}

/* Fails for a handle that still has a buffer, as one of a request that ran out
 * of memory may: a reset does not free it. */
static bool set_sizes(CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)READ_SIZE) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
                            (long)WRITE_SIZE) == CURLE_OK;
}

static CURL *take_easy(struct tk_client *client)
{
    CURL *easy;

    if (client->idle_count > 0) return client->idle[--client->idle_count];
    easy = curl_easy_init();
    if (easy == NULL) return NULL;
    if (!set_sizes(easy) ||
        curl_easy_setopt(easy, CURLOPT_SHARE, client->share) != CURLE_OK) {
        curl_easy_cleanup(easy);
        return NULL;
    }
    return easy;
}

/* A reset keeps the share, and forgets all that belongs to one request. */
static void put_easy(struct tk_client *client, CURL *easy)
{
    curl_easy_reset(easy);
    if (client->idle_count < IDLE_MAX && set_sizes(easy)) {
        client->idle[client->idle_count++] = easy;
    } else {
        curl_easy_cleanup(easy);
    }
}

static void link_last(struct tk_client *client, struct tk_transfer *transfer)
{
    transfer->prev = client->last;
    if (client->last != NULL) {
        client->last->next = transfer;
    } else {
        client->first = transfer;
    }
    client->last = transfer;
    client->transfer_count++;
}

static void unlink_transfer(struct tk_transfer *transfer)
{
    struct tk_client *client = transfer->client;

    if (transfer->prev != NULL) {
        transfer->prev->next = transfer->next;
    } else {
        client->first = transfer->next;
    }
    if (transfer->next != NULL) {
        transfer->next->prev = transfer->prev;
    } else {
        client->last = transfer->prev;
    }
    client->transfer_count--;
}

/* The easy handle goes back before the callback runs, so that a request made
 * there may have it. */
static void finish(struct tk_transfer *transfer, struct tk_http_reply *reply)
{
    struct tk_client *client = transfer->client;

    unlink_transfer(transfer);
    put_easy(client, transfer->easy);
    transfer->easy = NULL;
    reply->sent_at = transfer->sent_at;
    reply->received_at = tk_loop_now(client->loop);
    hold(client);
    transfer->done(reply, transfer->data);
    tk_client_exchange_fini(&transfer->exchange);
    free(transfer);
    let_go(client);
}

static void end_early(struct tk_transfer *transfer, int error,
                      const char *detail)
{
    struct tk_http_reply reply = {.error = error, .detail = detail};

    reply.was_sent = transfer->exchange.was_sent;
    tk_client_pump_remove(transfer->client->pump, transfer->easy);
    finish(transfer, &reply);
}

/* Requests made by the callbacks meanwhile come last and are left alone. */
static void end_all(struct tk_client *client, int error, const char *detail)
{
    hold(client);
    for (size_t n = client->transfer_count; n > 0 && client->first; n--) {
        end_early(client->first, error, detail);
    }
    let_go(client);
}

static void on_ended(CURL *easy, CURLcode code, void *data)
{
    struct tk_client *client = data;
    struct tk_transfer *transfer = NULL;
    struct tk_http_reply reply;

    if (easy == NULL) {
        end_all(client, TK_EINTERNAL, "the HTTP client broke down");
        return;
    }
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    tk_client_exchange_read(&transfer->exchange, code, &reply);
    finish(transfer, &reply);
}

int tk_client_new(struct tk_loop *loop, struct tk_client **out)
{
    struct tk_client *client = calloc(1, sizeof *client);
    int rc;

    if (client == NULL) return TK_ENOMEM;
    /* libcurl 7.88 that cannot note which transfer waits for a socket divides
     * by zero when it next looks that up. */
    if (tk_heap_reserve() != 0) {
        free(client);
        return TK_ENOMEM;
    }
    /* Counts its calls, and is safe from any thread in the builds we know. */
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, tk_heap_malloc, tk_heap_free,
                             tk_heap_realloc, tk_heap_strdup,
                             tk_heap_calloc) != CURLE_OK) {
        free(client);
        return TK_EINTERNAL;
    }
    client->loop = loop;
    tk_buf_init(&client->sound_url, SOUND_URL_MAX);
    client->has_openssl = tk_client_tls_is_openssl();
    client->share = curl_share_init();
    rc = client->share == NULL ? TK_ENOMEM : 0;
    if (rc == 0) {
        curl_share_setopt(client->share, CURLSHOPT_SHARE,
                          CURL_LOCK_DATA_SSL_SESSION);
        rc = tk_client_pump_new(loop, on_ended, client, &client->pump);
    }
    if (rc != 0) {
        release(client);
        return rc;
    }
    *out = client;
    return 0;
}

void tk_client_free(struct tk_client *client)
{
    if (client == NULL || client->is_closed) return;
    hold(client);
    client->is_closed = true;
    end_all(client, TK_ECANCELED, "canceled");
    let_go(client);
}

static int start(struct tk_transfer *transfer,
                 const struct tk_http_request *request)
{
    struct tk_client *client = transfer->client;
    int rc;

    transfer->easy = take_easy(client);
    if (transfer->easy == NULL) return TK_ENOMEM;
    rc = tk_client_exchange_init(&transfer->exchange, transfer->easy, request);
    if (rc != 0) goto put_back;
    if (client->has_openssl) tk_client_tls_set(transfer->easy);
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    transfer->sent_at = tk_loop_now(client->loop);
    rc = tk_client_pump_add(client->pump, transfer->easy);
    if (rc == 0) return 0;
    curl_easy_reset(transfer->easy);
    tk_client_exchange_fini(&transfer->exchange);

put_back:
    put_easy(client, transfer->easy);
    return rc;
}

/* Most requests have the URL of the one before. A query may hold a secret, and
 * is not kept. */
static int check(struct tk_client *client,
                 const struct tk_http_request *request, struct tk_why *why)
{
    const char *sound_url = tk_buf_text(&client->sound_url);
    int rc = tk_client_check(request, sound_url, why);

    if (rc != 0 || strchr(request->url, '?') != NULL ||
        strcmp(request->url, sound_url) == 0) {
        return rc;
    }
    tk_buf_clear(&client->sound_url);
    tk_buf_put_text(&client->sound_url, request->url);
    return 0;
}

int tk_client_send(struct tk_client *client,
                   const struct tk_http_request *request, tk_http_done_cb done,
                   void *data, struct tk_transfer **out, struct tk_why *why)
{
    struct tk_transfer *transfer;
    int rc = check(client, request, why);

    if (rc != 0) return rc;
    if (client->is_closed) {
        return tk_fail(why, TK_ECANCELED, "the HTTP client is closing");
    }
    transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    transfer->client = client;
    transfer->done = done;
    transfer->data = data;
    rc = start(transfer, request);
    if (rc != 0) {
        free(transfer);
        return tk_fail(why, rc, "the request cannot be made: %s",
                       tk_err_text(rc));
    }
    link_last(client, transfer);
    if (out != NULL) *out = transfer;
    return 0;
}

void tk_transfer_drop(struct tk_transfer *transfer)
{
    if (transfer == NULL || transfer->easy == NULL) return;
    unlink_transfer(transfer);
    tk_client_pump_remove(transfer->client->pump, transfer->easy);
    put_easy(transfer->client, transfer->easy);
    tk_client_exchange_fini(&transfer->exchange);
    free(transfer);
}
