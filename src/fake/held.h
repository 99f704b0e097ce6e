/* fake/held.h - calls whose answers take their time.
 *
 * An issuer decides when a call comes in; its answer is held back as long as
 * the switches say. This is the hard case for a client: a token that it gets
 * has lived for a while.
 */
#ifndef TK_FAKE_HELD_H
#define TK_FAKE_HELD_H

#include "base/list.h"
#include "fake/issuer.h"
#include "net/server.h"

/* The answer to the call of `issuer` has been handed to the server. */
typedef void (*tk_held_sent_cb)(const char *issuer, void *data);

/* Owned by the host that fills it. */
struct tk_held_list {
    struct tk_loop *loop;
    struct tk_link held;
    tk_held_sent_cb sent;
    void *data;
};

/* Owned by its list, from tk_held_new until its answer is sent. */
struct tk_held {
    struct tk_link link;
    struct tk_held_list *list;
    struct tk_timer *timer; /* NULL until it is needed */
    bool is_stuck;          /* sent by tk_held_release alone */
    struct tk_request *request;
    const char *issuer;  /* borrowed for longer than the list */
    struct tk_pool pool; /* of the answer */
    struct tk_issuer_answer answer;
};

void tk_held_list_init(struct tk_held_list *list, struct tk_loop *loop,
                       tk_held_sent_cb sent, void *data);
/* Forgets the calls that are held; answering them is left to the server. */
void tk_held_list_fini(struct tk_held_list *list);

/* Returns NULL for lack of memory. Fill `answer`, then call tk_held_send. */
struct tk_held *tk_held_new(struct tk_held_list *list,
                            struct tk_request *request, const char *issuer);

/* Sends the answer when the moment `at_ms` has come; `held` is gone then. */
void tk_held_send(struct tk_held *held, int64_t at_ms);

/* Lets the call hang until tk_held_release, which sends all such answers. */
void tk_held_hang(struct tk_held *held);
void tk_held_release(struct tk_held_list *list);

#endif
