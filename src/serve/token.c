#include "serve/token.h"

#include "serve/handout.h"
#include "serve/params.h"

#include <stdlib.h>

enum {
    STOPPING_RETRY_MS = 1000, /* about what a restart takes */
    CROWD_RETRY_MS = 1000,    /* and a refresh */
};

/* A caller that waits. Owned by itself: freed when it is answered. */
struct waiting {
    struct tk_link link; /* in desk->waiting */
    struct tk_desk *desk;
    struct tk_request *request;
    struct tk_wait wait;
};

static void hand_out(struct tk_desk *desk, struct tk_request *request,
                     const struct tk_got *got)
{
    static const struct tk_http_header no_store = {{"Cache-Control", 13},
                                                   {"no-store", 8}};
    struct tk_reply reply = {.status = 200,
                             .content_type = "application/json",
                             .headers = &no_store,
                             .header_count = 1};

    tk_buf_clear(&desk->token);
    tk_handout_write(got, tk_clock_wall_ms(), &desk->token);
    reply.body = tk_buf_str(&desk->token);
    if (desk->token.failed != 0) {
        tk_desk_refuse_internal(request);
    } else {
        tk_request_reply(request, &reply);
    }
    tk_buf_clear(&desk->token);
}

static void hand_out_bare(struct tk_request *request, const struct tk_got *got)
{
    struct tk_handout_headers head;
    struct tk_reply reply = {.status = 200,
                             .content_type = "text/plain",
                             .headers = head.list,
                             .header_count = TK_HANDOUT_HEADERS,
                             .body = got->token};

    tk_handout_head(got, &head);
    tk_request_reply(request, &reply);
}

static void refuse(struct tk_request *request, const struct tk_got *got)
{
    struct tk_http_problem problem;
    char detail[TK_HANDOUT_DETAIL];

    tk_handout_refuse(got, detail, &problem);
    tk_desk_refuse(request, &problem);
}

static void answer(struct tk_desk *desk, struct tk_request *request,
                   const struct tk_got *got)
{
    if (got->refusal != TK_REFUSAL_NONE) {
        refuse(request, got);
    } else if (tk_params_is_plain(tk_request_header(request, "Accept"))) {
        hand_out_bare(request, got);
    } else {
        hand_out(desk, request, got);
    }
}

static void waited(const struct tk_got *got, void *data)
{
    struct waiting *waiting = data;

    tk_list_drop(&waiting->link);
    answer(waiting->desk, waiting->request, got);
    free(waiting);
}

static void refuse_crowd(struct tk_request *request)
{
    struct tk_http_problem problem = {
        .status = 503,
        .code = "busy",
        .detail = "too many callers wait for tokens; ask again",
        .retry_ms = CROWD_RETRY_MS};

    tk_desk_refuse(request, &problem);
}

/* The engine may answer from inside tk_engine_wait. */
static void wait_for(struct tk_desk *desk, struct tk_request *request,
                     struct tk_entry *entry, const struct tk_want *want)
{
    struct waiting *waiting;

    if (!tk_request_may_wait(request)) {
        refuse_crowd(request);
        return;
    }
    waiting = malloc(sizeof *waiting);
    if (waiting == NULL) {
        tk_desk_refuse_internal(request);
        return;
    }
    *waiting = (struct waiting){
        .desk = desk,
        .request = request,
        .wait = {.entry = entry,
                 .want = *want,
                 .done = waited,
                 .data = waiting},
    };
    tk_list_push(&desk->waiting, &waiting->link);
    tk_engine_wait(desk->engine, &waiting->wait);
}

void tk_token_get(struct tk_desk *desk, struct tk_request *request,
                  struct tk_str key)
{
    struct tk_entry *entry;
    struct tk_want want;
    struct tk_got got;
    struct tk_why why;

    if (tk_params_want(tk_request_query(request, "min_ttl"),
                       tk_request_query(request, "wait"),
                       tk_request_query(request, "newer_than"), &want,
                       &why) != 0) {
        tk_desk_refuse_input(request, "bad_request", why.text);
        return;
    }
    entry = tk_desk_claim(desk, request, key);
    if (entry == NULL) return;
    if (tk_engine_get(desk->engine, entry, &want, &got)) {
        answer(desk, request, &got);
    } else {
        wait_for(desk, request, entry, &want);
    }
}

void tk_token_turn_away(struct tk_desk *desk)
{
    while (!tk_list_is_empty(&desk->waiting)) {
        struct waiting *waiting =
            TK_LIST_ITEM(desk->waiting.next, struct waiting, link);
        struct tk_got got = {.refusal = TK_REFUSAL_STOPPING,
                             .entry = waiting->wait.entry,
                             .retry_in_ms = STOPPING_RETRY_MS};

        tk_wait_leave(&waiting->wait);
        waited(&got, waiting);
    }
}
