/* client WAY URL CONCURRENCY SECONDS [CA_FILE] - the bare curl client. Prints
 * what it has done as "name number" lines. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char FORM[] =
    "grant_type=client_credentials&scope=benchmark&client_id=bench"
    "&client_secret=benchmark-secret-benchmark";

static size_t drop(char *data, size_t size, size_t count, void *to)
{
    (void)data;
    (void)to;
    return size * count;
}

static void start(struct client *client, CURL *easy)
{
    if (curl_multi_add_handle(client->multi, easy) != CURLM_OK) abort();
    client->busy++;
}

static void finish(struct client *client, CURLMsg *message)
{
    CURL *easy = message->easy_handle;
    long status = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (message->data.result == CURLE_OK && status == 200) {
        client->done++;
    } else {
        client->failed++;
    }
    curl_multi_remove_handle(client->multi, easy);
    client->busy--;
    if (uv_hrtime() < client->end_ns) {
        start(client, easy);
        return;
    }
    curl_easy_cleanup(easy);
    if (client->busy == 0) uv_stop(&client->loop);
}

void client_act(struct client *client, curl_socket_t fd, int bits)
{
    CURLMsg *message;
    int left;

    curl_multi_socket_action(client->multi, fd, bits, &left);
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) finish(client, message);
    }
}

static void make(struct client *client)
{
    CURL *easy = curl_easy_init();

    if (easy == NULL) abort();
    curl_easy_setopt(easy, CURLOPT_URL, client->url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, FORM);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (client->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    }
    start(client, easy);
}

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    struct client client = {.multi = NULL};
    unsigned concurrency;
    uint64_t began;

    if (argc < 5) {
        fprintf(stderr, "usage: client multi-uv|epoll URL CONCURRENCY SECONDS "
                        "[CA_FILE]\n");
        return 64;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    uv_loop_init(&client.loop);
    client.multi = curl_multi_init();
    client.url = argv[2];
    client.ca_file = argc > 5 ? argv[5] : NULL;
    concurrency = (unsigned)atoi(argv[3]);
    if (strcmp(argv[1], "multi-uv") == 0) {
        client_join_multi_uv(&client);
    } else {
        client_join_epoll(&client);
    }
    began = uv_hrtime();
    client.end_ns = began + (uint64_t)(atof(argv[4]) * 1e9);
    while (client.busy < concurrency) make(&client);
    uv_run(&client.loop, UV_RUN_DEFAULT);
    printf("done %lu\nfailed %lu\nseconds %.6f\ncpu_us %.0f\n", client.done,
           client.failed, (double)(uv_hrtime() - began) / 1e9, cpu_us());
    return client.failed > 0;
}
