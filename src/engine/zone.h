/* engine/zone.h - a time zone: by how much local time is ahead of UTC, and
 * when.
 *
 * Zones come from the host's files (TZif, RFC 9636), whose bytes are not
 * trusted. A zone is read once; finding a moment in it is a binary search.
 */
#ifndef TK_ENGINE_ZONE_H
#define TK_ENGINE_ZONE_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* NULL is UTC. */
struct tk_zone;

/* The zone of a name such as "Asia/Shanghai". TK_EINVAL for what is no name,
 * TK_ENOENT if the host does not have it; `why` names the nearest it has. */
TK_MUST_USE int tk_zone_open(const char *name, struct tk_zone **out,
                             struct tk_why *why);
/* The host's own: $TZ, else /etc/localtime. */
TK_MUST_USE int tk_zone_open_host(struct tk_zone **out, struct tk_why *why);
/* From the bytes of a file. TK_EINVAL says what is wrong with them. */
TK_MUST_USE int tk_zone_read(struct tk_str bytes, struct tk_zone **out,
                             struct tk_why *why);
void tk_zone_free(struct tk_zone *zone);

/* Local time minus UTC, in seconds. */
int32_t tk_zone_ahead_s(const struct tk_zone *zone, int64_t utc_s);

#endif
