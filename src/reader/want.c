#include "reader/want.h"

#include "reader/answer.h"

#include <string.h>

enum {
    WAIT_MS = 5000, /* what the engine takes for 0 */
    WAIT_MAX_MS = 60 * 1000,
    MIN_TTL_MAX_S = 3650 * 24 * 3600, /* ten years */
    STRUCT_MAX = 1024,
};

/* A structure of an older caller is shorter than ours: the rest is 0. One of a
 * newer caller is longer: what we do not know must be 0. A size beyond all
 * reason was never set. */
bool tk_sized_read(const void *from, void *out, uint32_t ours)
{
    uint32_t size;

    memcpy(&size, from, sizeof size);
    if (size < sizeof size || size > STRUCT_MAX) return false;
    for (uint32_t i = ours; i < size; i++) {
        if (((const char *)from)[i] != 0) return false;
    }
    memset(out, 0, ours);
    memcpy(out, from, size < ours ? size : ours);
    memcpy(out, &ours, sizeof ours);
    return true;
}

bool tk_want_read(const struct tokeng_want *from, struct tokeng_want *out)
{
    *out = (struct tokeng_want){.size = sizeof *out, .wait_ms = WAIT_MS};
    if (from == NULL) return true;
    if (!tk_sized_read(from, out, sizeof *out)) return false;
    /* What the engine takes at most; it would refuse more. */
    if (out->wait_ms == 0) out->wait_ms = WAIT_MS;
    if (out->wait_ms > WAIT_MAX_MS) out->wait_ms = WAIT_MAX_MS;
    if (out->min_ttl_s > MIN_TTL_MAX_S) out->min_ttl_s = MIN_TTL_MAX_S;
    return out->newer_than <= TK_ANSWER_GENERATION_MAX;
}

void tk_info_write(struct tokeng_info *to, const struct tokeng_info *from)
{
    uint32_t size;

    if (to == NULL) return;
    size = to->size;
    memcpy(to, from, size < sizeof *from ? size : sizeof *from);
    to->size = size;
}

bool tk_info_is_sized(const struct tokeng_info *info)
{
    return info == NULL ||
           (info->size >= sizeof info->size && info->size <= STRUCT_MAX);
}
