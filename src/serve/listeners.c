#include "serve/listeners.h"

#include "base/log.h"
#include "base/str.h"

#include <stdlib.h>

/* Owned by the list that it is in. */
struct tk_listener {
    struct tk_listener *next;
    struct tk_server *server;
    char *address; /* as it was asked for */
};

static void free_listener(struct tk_listener *listener)
{
    tk_server_free(listener->server);
    free(listener->address);
    free(listener);
}

static void free_all(struct tk_listener **list)
{
    while (*list != NULL) {
        struct tk_listener *listener = *list;

        *list = listener->next;
        free_listener(listener);
    }
}

static bool has(const struct tk_listener *list, const char *address)
{
    for (; list != NULL; list = list->next) {
        if (strcmp(list->address, address) == 0) return true;
    }
    return false;
}

static bool is_named(const char *const *listen, const char *address)
{
    for (; *listen != NULL; listen++) {
        if (strcmp(*listen, address) == 0) return true;
    }
    return false;
}

static void put(struct tk_listener **list, struct tk_listener *listener)
{
    listener->next = *list;
    *list = listener;
}

static int open_one(const struct tk_listeners *listeners, const char *address,
                    struct tk_listener **list, struct tk_why *why)
{
    struct tk_server_options options = {.listen = address,
                                        .mode = listeners->mode};
    struct tk_listener *listener;
    int rc;

    listener = calloc(1, sizeof *listener);
    if (listener != NULL) listener->address = strdup(address);
    if (listener == NULL || listener->address == NULL) {
        free(listener);
        return tk_fail(why, TK_ENOMEM, "%s", tk_err_text(TK_ENOMEM));
    }
    rc = tk_server_new(listeners->loop, &options, listeners->handler,
                       listeners->data, &listener->server, why);
    if (rc != 0) {
        free_listener(listener);
        return rc;
    }
    put(list, listener);
    return 0;
}

static void close_unnamed(struct tk_listeners *listeners,
                          const char *const *listen)
{
    struct tk_listener **at = &listeners->open;

    while (*at != NULL) {
        struct tk_listener *listener = *at;

        if (is_named(listen, listener->address)) {
            at = &listener->next;
            continue;
        }
        *at = listener->next;
        tk_server_stop(listener->server);
        put(&listeners->leaving, listener);
    }
}

/* Whoever waited there has been answered. */
static void free_left(struct tk_listeners *listeners)
{
    struct tk_listener **at = &listeners->leaving;

    while (*at != NULL) {
        struct tk_listener *listener = *at;

        if (tk_server_connections(listener->server) > 0) {
            at = &listener->next;
            continue;
        }
        *at = listener->next;
        free_listener(listener);
    }
}

int tk_listeners_set_mode(struct tk_listeners *listeners, unsigned mode,
                          struct tk_why *why)
{
    int rc = 0;

    listeners->mode = mode;
    for (struct tk_listener *at = listeners->open; at != NULL && rc == 0;
         at = at->next) {
        rc = tk_server_set_mode(at->server, mode, why);
    }
    return rc;
}

int tk_listeners_set(struct tk_listeners *listeners, const char *const *listen,
                     struct tk_why *why)
{
    struct tk_listener *added = NULL;
    int rc = 0;

    free_left(listeners);
    for (size_t i = 0; listen[i] != NULL && rc == 0; i++) {
        if (has(listeners->open, listen[i])) continue;
        rc = open_one(listeners, listen[i], &added, why);
    }
    if (rc != 0) {
        free_all(&added);
        return rc;
    }
    close_unnamed(listeners, listen);
    while (added != NULL) {
        struct tk_listener *listener = added;

        added = listener->next;
        put(&listeners->open, listener);
        tk_log(TK_LOG_INFO, "listening",
               tk_text("address", tk_server_address(listener->server)));
    }
    return 0;
}

void tk_listeners_stop(struct tk_listeners *listeners)
{
    for (struct tk_listener *at = listeners->open; at != NULL; at = at->next) {
        tk_server_stop(at->server);
    }
}

void tk_listeners_fini(struct tk_listeners *listeners)
{
    free_all(&listeners->open);
    free_all(&listeners->leaving);
}

unsigned tk_listeners_connections(const struct tk_listeners *listeners)
{
    unsigned count = 0;

    for (struct tk_listener *at = listeners->open; at != NULL; at = at->next) {
        count += tk_server_connections(at->server);
    }
    for (struct tk_listener *at = listeners->leaving; at != NULL;
         at = at->next) {
        count += tk_server_connections(at->server);
    }
    return count;
}
