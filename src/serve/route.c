#include "serve/route.h"

#define VIEW(text)                                                             \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

struct place {
    struct tk_str path; /* a prefix if it ends in '/' */
    struct tk_str method;
    enum tk_call call;
    const char *allow; /* all methods of the path */
};

/* The call that matters most stands first; the places of one path stand
 * together. */
static const struct place places[] = {
    {VIEW("/v1/token/"), VIEW("GET"), TK_CALL_GET, "GET, DELETE"},
    {VIEW("/v1/token/"), VIEW("DELETE"), TK_CALL_DROP, "GET, DELETE"},
    {VIEW("/v1/reject/"), VIEW("POST"), TK_CALL_REJECT, "POST"},
    {VIEW("/v1/refresh/"), VIEW("POST"), TK_CALL_REFRESH, "POST"},
    {VIEW("/v1/tokens"), VIEW("GET"), TK_CALL_LIST, "GET"},
    {VIEW("/v1/explain/"), VIEW("GET"), TK_CALL_EXPLAIN, "GET"},
    {VIEW("/v1/pause/"), VIEW("POST"), TK_CALL_PAUSE, "POST"},
    {VIEW("/v1/resume/"), VIEW("POST"), TK_CALL_RESUME, "POST"},
    {VIEW("/v1/reload"), VIEW("POST"), TK_CALL_RELOAD, "POST"},
    {VIEW("/v1/policies"), VIEW("GET"), TK_CALL_POLICIES, "GET"},
    {VIEW("/v1/policies/"), VIEW("PUT"), TK_CALL_POLICY_SET, "PUT, DELETE"},
    {VIEW("/v1/policies/"), VIEW("DELETE"), TK_CALL_POLICY_RESET,
     "PUT, DELETE"},
    {VIEW("/v1/rollback/"), VIEW("POST"), TK_CALL_ROLLBACK, "POST"},
    {VIEW("/v1/shadow/"), VIEW("GET"), TK_CALL_SHADOW, "GET, PUT, DELETE"},
    {VIEW("/v1/shadow/"), VIEW("PUT"), TK_CALL_SHADOW_START,
     "GET, PUT, DELETE"},
    {VIEW("/v1/shadow/"), VIEW("DELETE"), TK_CALL_SHADOW_END,
     "GET, PUT, DELETE"},
    {VIEW("/v1/version"), VIEW("GET"), TK_CALL_VERSION, "GET"},
    {VIEW("/metrics"), VIEW("GET"), TK_CALL_METRICS, "GET"},
    {VIEW("/livez"), VIEW("GET"), TK_CALL_LIVEZ, "GET"},
    {VIEW("/readyz"), VIEW("GET"), TK_CALL_READYZ, "GET"},
};
enum { PLACES = sizeof places / sizeof places[0] };

static bool is_at(const struct place *place, struct tk_str path)
{
    if (place->path.data[place->path.len - 1] == '/') {
        return tk_str_starts(path, place->path);
    }
    return tk_str_eq(path, place->path);
}

struct tk_route tk_route_find(struct tk_str method, struct tk_str path)
{
    struct tk_route route = {TK_CALL_NO_PATH, TK_STR(""), ""};

    for (int i = 0; i < PLACES; i++) {
        const struct place *place = &places[i];

        if (!is_at(place, path)) continue;
        route.call = TK_CALL_NO_METHOD;
        route.allow = place->allow;
        if (!tk_str_eq(method, place->method)) continue;
        route.call = place->call;
        route.rest = tk_str_skip(path, place->path.len);
        break;
    }
    return route;
}
