/* serve/desk.h - what the handlers of the HTTP API share, and how they answer.
 */
#ifndef TK_SERVE_DESK_H
#define TK_SERVE_DESK_H

#include "engine/engine.h"
#include "net/server_request.h"
#include "serve/problem.h"

/* Owned by the api. */
struct tk_desk {
    struct tk_loop *loop;
    struct tk_engine *engine;
    /* The token that is being handed out. Nothing else is written here, and
     * nothing is left here while the engine is called: it may answer callers
     * that wait. */
    struct tk_buf token;
    struct tk_link waiting; /* callers of serve/token.h */
};

/* The most that an answer may hold: a page of a thousand keys, and the numbers
 * of some thousand sources. */
enum { TK_DESK_ANSWER_MAX = 16 * 1024 * 1024 };

/* Answers with what is in `out`, or with 500 if that failed. */
void tk_desk_send(struct tk_request *request, int status,
                  const char *content_type, const struct tk_buf *out);
void tk_desk_send_json(struct tk_request *request, int status,
                       const struct tk_buf *out);
void tk_desk_send_text(struct tk_request *request, int status,
                       const char *text);

void tk_desk_refuse(struct tk_request *request,
                    const struct tk_http_problem *problem);
/* 400: the request does not make sense. */
void tk_desk_refuse_input(struct tk_request *request, const char *code,
                          const char *detail);
/* 404: there is no source of this name, for whoever asks. */
void tk_desk_refuse_source(struct tk_request *request, struct tk_str name);
/* 500: memory, most likely. */
void tk_desk_refuse_internal(struct tk_request *request);

/* The entry of a key, which has to be there, or with `tk_desk_claim` is made
 * if need be. NULL: the request has been answered with the reason. */
struct tk_entry *tk_desk_find(struct tk_desk *desk, struct tk_request *request,
                              struct tk_str key);
struct tk_entry *tk_desk_claim(struct tk_desk *desk, struct tk_request *request,
                               struct tk_str key);

#endif
