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

/* As JSON, for one source. */
void tk_policies_write(const struct tk_source *source, int64_t now,
                       struct tk_json *json);

#endif
