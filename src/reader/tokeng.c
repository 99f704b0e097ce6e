/* Each call in flight has a connection of its own, because HTTP/1.1 answers in
 * order: a caller of one key would wait for the issuer of another. Idle ones
 * are kept, a few of them, and that is all that the lock guards.
 */
#define _GNU_SOURCE
#include "base/key.h"
#include "reader/answer.h"
#include "reader/handle.h"
#include "reader/place.h"
#include "reader/want.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    MARGIN_MS = 2000, /* for an engine that is busy with others */
    PATH_CAP = TK_KEY_MAX + 120,
};

#define CHECK_ERR(name, number, text)                                          \
    _Static_assert(TOKENG_##name == -(number), #name " differs from its map");
TOKENG_ERR_MAP(CHECK_ERR)
#undef CHECK_ERR

uint32_t tokeng_abi(void)
{
    return TOKENG_ABI;
}

const char *tokeng_strerror(int err)
{
    switch (err) {
    case TOKENG_OK:
        return "no error";
#define TEXT(name, number, text)                                               \
    case TOKENG_##name:                                                        \
        return text;
        TOKENG_ERR_MAP(TEXT)
#undef TEXT
    default:
        return "unknown error";
    }
}

static int from_tk(int code)
{
    switch (code) {
    case TK_EINVAL:
        return TOKENG_EINVAL;
    case TK_ENOMEM:
        return TOKENG_ENOMEM;
    case TK_EDENIED:
        return TOKENG_EDENIED;
    case TK_ETIMEDOUT:
        return TOKENG_ETIMEDOUT;
    case TK_EPROTO:
    case TK_ETOOBIG:
        return TOKENG_EPROTO;
    default:
        return TOKENG_ECONNECT;
    }
}

static int find_socket(const struct tokeng *t, char *out)
{
    return tk_place_find_socket(
        out, sizeof(((struct sockaddr_un *)0)->sun_path), t->dir);
}

int tokeng_open(const char *dir, struct tokeng **out)
{
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct tokeng *t;

    if (out == NULL) return TOKENG_EINVAL;
    *out = NULL;
    t = calloc(1, sizeof *t);
    if (t == NULL) return TOKENG_ENOMEM;
    t->dir = dir == NULL ? NULL : strdup(dir);
    if (dir != NULL && t->dir == NULL) {
        free(t);
        return TOKENG_ENOMEM;
    }
    if (find_socket(t, path) != 0) {
        free(t->dir);
        free(t);
        return TOKENG_EINVAL;
    }
    t->pid = getpid();
    tk_shelf_init(&t->shelf, t->dir);
    pthread_mutex_init(&t->lock, NULL);
    *out = t;
    return 0;
}

static void clear_idle(struct tokeng *t)
{
    while (t->idle_count > 0) tk_wire_close(t->idle[--t->idle_count]);
}

void tokeng_close(struct tokeng *t)
{
    if (t == NULL) return;
    clear_idle(t);
    tk_shelf_fini(&t->shelf);
    pthread_mutex_destroy(&t->lock);
    free(t->dir);
    free(t);
}

/* A connection that came over a fork is shared with the parent, whose answers
 * would come out of it. */
static struct tk_wire *take_idle(struct tokeng *t)
{
    struct tk_wire *wire = NULL;

    pthread_mutex_lock(&t->lock);
    if (t->pid != getpid()) {
        clear_idle(t);
        t->pid = getpid();
    }
    if (t->idle_count > 0) wire = t->idle[--t->idle_count];
    pthread_mutex_unlock(&t->lock);
    return wire;
}

/* The place is looked for anew, because an engine may have been started since
 * where none was. */
static int take_wire(struct tokeng *t, struct tk_wire **out)
{
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int rc;

    *out = take_idle(t);
    if (*out != NULL) return 0;
    rc = find_socket(t, path);
    return rc == 0 ? tk_wire_open(path, out, NULL) : rc;
}

/* Where one engine is gone, the other connections to it are of no use. */
static void put_wire(struct tokeng *t, struct tk_wire *wire, int rc)
{
    pthread_mutex_lock(&t->lock);
    if (rc == TK_ECONNECT) clear_idle(t);
    if (rc == 0 && t->idle_count < TK_IDLE_MAX) {
        t->idle[t->idle_count++] = wire;
        wire = NULL;
    }
    pthread_mutex_unlock(&t->lock);
    tk_wire_close(wire);
}

static int call(struct tokeng *t, const char *method, const char *path,
                struct tk_str body, int timeout_ms, struct tk_wire_reply *reply)
{
    struct tk_wire *wire;
    int rc = take_wire(t, &wire);

    *reply = (struct tk_wire_reply){.status = 0};
    if (rc != 0) return from_tk(rc);
    rc = tk_wire_call(wire, method, tk_str(path), body, "text/plain",
                      timeout_ms, reply, NULL);
    put_wire(t, wire, rc);
    return rc == 0 ? 0 : from_tk(rc);
}

static bool is_key(const char *key, size_t key_len)
{
    struct tk_key parsed;

    return key != NULL &&
           tk_key_parse(tk_str_of(key, key_len), &parsed, NULL) == 0;
}

static void print_path(char path[PATH_CAP], const char *key, size_t key_len,
                       const struct tokeng_want *want)
{
    int len = snprintf(path, PATH_CAP, "/v1/token/%.*s?wait=%ums", (int)key_len,
                       key, (unsigned)want->wait_ms);

    if (want->min_ttl_s > 0) {
        len += snprintf(path + len, (size_t)(PATH_CAP - len), "&min_ttl=%u",
                        (unsigned)want->min_ttl_s);
    }
    if (want->newer_than > 0) {
        snprintf(path + len, (size_t)(PATH_CAP - len), "&newer_than=%llu",
                 (unsigned long long)want->newer_than);
    }
}

static int hand_out(struct tk_str token, char *buf, size_t cap)
{
    if (token.len > cap) return TOKENG_ERANGE;
    memcpy(buf, token.data, token.len);
    if (token.len < cap) buf[token.len] = '\0';
    return (int)token.len;
}

int tokeng_fetch(struct tokeng *t, const char *key, size_t key_len,
                 const struct tokeng_want *want, char *buf, size_t cap,
                 struct tokeng_info *info)
{
    struct tokeng_info learned = {.retry_in_ms = -1};
    struct tk_wire_reply reply;
    struct tokeng_want full;
    char path[PATH_CAP];
    int rc;

    if (t == NULL || (buf == NULL && cap > 0) || !is_key(key, key_len) ||
        !tk_want_read(want, &full) || !tk_info_is_sized(info)) {
        return TOKENG_EINVAL;
    }
    print_path(path, key, key_len, &full);
    rc = call(t, "GET", path, tk_str_of(NULL, 0), (int)full.wait_ms + MARGIN_MS,
              &reply);
    if (rc == 0) rc = tk_answer_read_token(&reply, &learned);
    if (rc == 0) rc = hand_out(tk_buf_str(&reply.body), buf, cap);
    tk_wire_reply_fini(&reply);
    tk_info_write(info, &learned);
    return rc;
}

int tokeng_reject(struct tokeng *t, const char *key, size_t key_len,
                  uint64_t generation)
{
    struct tk_wire_reply reply;
    char path[PATH_CAP];
    char body[64];
    int rc;

    if (t == NULL || !is_key(key, key_len) || generation == 0 ||
        generation > TK_ANSWER_GENERATION_MAX) {
        return TOKENG_EINVAL;
    }
    snprintf(path, sizeof path, "/v1/reject/%.*s", (int)key_len, key);
    snprintf(body, sizeof body, "{\"generation\":%llu}",
             (unsigned long long)generation);
    rc = call(t, "POST", path, tk_str(body), MARGIN_MS, &reply);
    if (rc == 0) rc = tk_answer_from_status(reply.status);
    tk_wire_reply_fini(&reply);
    return rc;
}
