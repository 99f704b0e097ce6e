/* serve/policies.h - which policy decides for which source, and another one in
 * its place.
 */
#ifndef TK_SERVE_POLICIES_H
#define TK_SERVE_POLICIES_H

#include "serve/desk.h"

/* GET /v1/policies: {"sources":[...],"installed":[...]}. */
void tk_policies_answer(struct tk_desk *desk, struct tk_request *request);
/* PUT /v1/policies/{source} {"policy","options"}: the policy is tried on live
 * keys and put in force; with ?trial=1 only tried. */
void tk_policies_put(struct tk_desk *desk, struct tk_request *request,
                     struct tk_str source);
/* DELETE /v1/policies/{source}: back to what the configuration says. */
void tk_policies_drop(struct tk_desk *desk, struct tk_request *request,
                      struct tk_str source);
/* POST /v1/rollback/{source}: back to what was in force before. */
void tk_policies_roll_back(struct tk_desk *desk, struct tk_request *request,
                           struct tk_str source);

/* The source of this name; NULL: the request has been answered. */
struct tk_source *tk_policies_find(struct tk_desk *desk,
                                   struct tk_request *request,
                                   struct tk_str name);
enum { TK_POLICIES_BODY_MAX = 1 << 20 }; /* of the tree of a body */
/* The choice in the body of a request, as a configuration has it; false: the
 * request has been answered. */
bool tk_policies_read(struct tk_request *request, struct tk_pool *pool,
                      struct tk_value *out);
/* 400: a policy is not taken. */
void tk_policies_refuse(struct tk_request *request,
                        const struct tk_problems *problems);

/* As JSON, for one source. */
void tk_policies_write(const struct tk_source *source, int64_t now,
                       struct tk_json *json);

#endif
