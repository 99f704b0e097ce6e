#include "fake/held.h"

#include <stdlib.h>

enum { ANSWER_MAX_BYTES = 1024 * 1024 };

void tk_held_list_init(struct tk_held_list *list, struct tk_loop *loop,
                       tk_held_sent_cb sent, void *data)
{
    *list = (struct tk_held_list){.loop = loop, .sent = sent, .data = data};
    tk_list_init(&list->held);
}

static struct tk_held *held_of(struct tk_link *link)
{
    return TK_LIST_ITEM(link, struct tk_held, link);
}

static void free_held(struct tk_held *held)
{
    tk_list_drop(&held->link);
    tk_timer_free(held->timer);
    tk_pool_fini(&held->pool);
    free(held);
}

void tk_held_list_fini(struct tk_held_list *list)
{
    while (!tk_list_is_empty(&list->held)) free_held(held_of(list->held.next));
}

struct tk_held *tk_held_new(struct tk_held_list *list,
                            struct tk_request *request, const char *issuer)
{
    struct tk_held *held = calloc(1, sizeof *held);

    if (held == NULL) return NULL;
    held->list = list;
    held->request = request;
    held->issuer = issuer;
    tk_pool_init(&held->pool, ANSWER_MAX_BYTES);
    tk_list_init(&held->link);
    tk_list_push(&list->held, &held->link);
    return held;
}

static void send_now(void *data)
{
    struct tk_held *held = data;
    struct tk_held_list *list = held->list;
    const char *issuer = held->issuer;
    struct tk_reply reply = {
        .status = held->answer.status,
        .content_type = held->answer.is_json ? "application/json" : NULL,
        .headers = held->answer.headers,
        .header_count = held->answer.header_count,
        .body = held->answer.body,
    };

    tk_request_reply(held->request, &reply);
    free_held(held);
    list->sent(issuer, list->data);
}

void tk_held_send(struct tk_held *held, int64_t at_ms)
{
    bool is_later = at_ms > tk_loop_now(held->list->loop);

    if (!is_later ||
        tk_timer_new(held->list->loop, send_now, held, &held->timer) != 0) {
        send_now(held);
        return;
    }
    tk_timer_set(held->timer, at_ms);
}

void tk_held_hang(struct tk_held *held)
{
    held->is_stuck = true;
}

void tk_held_release(struct tk_held_list *list)
{
    struct tk_link *next;

    for (struct tk_link *at = list->held.next; at != &list->held; at = next) {
        struct tk_held *held = held_of(at);

        next = at->next;
        if (held->is_stuck) send_now(held);
    }
}
