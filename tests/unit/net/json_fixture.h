/* tests/unit/net/json_fixture.h - a pool, a buffer and the last thing parsed.
 */
#ifndef TK_TESTS_UNIT_NET_JSON_FIXTURE_H
#define TK_TESTS_UNIT_NET_JSON_FIXTURE_H

#include "net/json.h"

#include "tests/unit/random.h"
#include "tests/unit/text.h"

#include <stdlib.h>

enum { POOL_MAX = 64 << 20 };

struct fixture {
    struct tk_pool pool;
    struct tk_buf buf;
    struct tk_value value;
    struct tk_why why;
};

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    if (fixture == NULL) return -1;
    tk_pool_init(&fixture->pool, POOL_MAX);
    tk_buf_init(&fixture->buf, 8 << 20);
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;

    tk_pool_fini(&fixture->pool);
    tk_buf_fini(&fixture->buf);
    free(fixture);
    return 0;
}

static inline int parse(struct fixture *fixture, struct tk_str text)
{
    return tk_json_parse(text, &fixture->pool, &fixture->value, &fixture->why);
}

static inline const struct tk_value *parsed(struct fixture *fixture,
                                            const char *text)
{
    int rc = parse(fixture, tk_str(text));

    if (rc != 0) fail_msg("%s: %d %s", text, rc, fixture->why.text);
    return &fixture->value;
}

#endif
