/* The parts of a request to the engine, each on its own and in memory of its
 * own size: method, target, and header lines.
 */
#include "tests/fuzz/fuzz.h"

#include "net/server_query.h"
#include "net/server_review.h"
#include "serve/params.h"
#include "serve/route.h"

enum { PARAMS = 6 };

static const char *const names[PARAMS] = {"min_ttl", "wait",  "newer_than",
                                          "after",   "limit", "source"};

static void hold_decoded(struct tk_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.data[i];

        HOLD(byte >= ' ' && byte != 0x7f);
    }
}

static void hold_want(const struct tk_str values[PARAMS])
{
    struct tk_want want = {.wait_ms = -1};
    struct tk_why why = {0, ""};
    uint64_t limit = 7;

    if (tk_params_want(values[0], values[1], values[2], &want, &why) == 0) {
        HOLD(want.wait_ms >= 0 && want.wait_ms <= TK_WAIT_MAX_MS);
        HOLD(want.min_ttl_ms >= 0);
    } else {
        HOLD(why.text[0] != '\0');
    }
    if (tk_params_count("limit", values[4], 1, 1000, &limit, &why) == 0) {
        HOLD(limit >= 1 && limit <= 1000);
    }
}

static void read_query(struct tk_str query)
{
    struct tk_str values[PARAMS];
    char *room = malloc(query.len + 1);

    HOLD(room != NULL);
    for (int i = 0; i < PARAMS; i++) {
        values[i] = tk_server_query_find(query, names[i], room);
        hold_decoded(values[i]);
    }
    hold_want(values);
    free(room);
}

static void read_path(struct tk_str path)
{
    static const struct tk_str methods[] = {
        {"GET", 3}, {"POST", 4}, {"DELETE", 6}, {"", 0}};

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct tk_route route = tk_route_find(methods[i], path);

        HOLD(route.rest.len <= path.len);
        HOLD((route.call == TK_CALL_NO_PATH) == (route.allow[0] == '\0'));
    }
}

static void review(struct tk_str lines)
{
    struct tk_server_review found = {0};

    while (lines.data != NULL) {
        struct tk_str value = tk_str_cut(&lines, '\n');
        struct tk_str name = tk_str_cut(&value, ':');

        if (value.data == NULL) value = TK_STR("");
        tk_server_review_header(&found, name, value);
        (void)tk_params_is_plain(value);
    }
    if (!tk_server_review_is_clean(&found, "HTTP/1.1")) return;
    HOLD(found.hosts == 1);
    HOLD(found.lengths + found.encodings <= 1);
}

/* Alone in its memory, so that reading beyond it is seen. */
static void read_alone(struct tk_str query)
{
    char *alone = malloc(query.len > 0 ? query.len : 1);

    HOLD(alone != NULL);
    if (query.len > 0) memcpy(alone, query.data, query.len);
    read_query(tk_str_of(alone, query.len));
    free(alone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tk_str rest = fuzz_text(data, size);
    struct tk_str query = tk_str_cut(&rest, '\n');
    struct tk_str path = tk_str_cut(&query, '?');

    read_path(path);
    if (query.data != NULL) read_alone(query);
    if (rest.data != NULL) review(rest);
    return 0;
}
