/* engine/zone_rule.h - daylight saving as a rule for every year, in the text
 * that POSIX gives to TZ and that time zone files end with, such as
 * "CET-1CEST,M3.5.0,M10.5.0/3".
 */
#ifndef TK_ENGINE_ZONE_RULE_H
#define TK_ENGINE_ZONE_RULE_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* The moment of a year at which the clock is set. */
struct tk_zone_edge {
    enum { TK_EDGE_WEEKDAY, TK_EDGE_JULIAN, TK_EDGE_DAY } kind;
    int month;    /* 1 to 12; of a weekday */
    int week;     /* 1 to 5, the last */
    int day;      /* Sunday, 0, to 6; or a day of the year */
    int32_t at_s; /* of that day, as the clock says before it is set */
};

struct tk_zone_rule {
    int32_t standard_s; /* local time is ahead of UTC by this */
    int32_t summer_s;
    bool has_summer;
    struct tk_zone_edge begins;
    struct tk_zone_edge ends;
};

/* Returns 0 or TK_EINVAL. */
TK_MUST_USE int tk_zone_rule_parse(struct tk_str text,
                                   struct tk_zone_rule *out);

/* When summer time begins and ends in a year, in seconds of UTC. */
int64_t tk_zone_rule_begins(const struct tk_zone_rule *rule, int year);
int64_t tk_zone_rule_ends(const struct tk_zone_rule *rule, int year);

#endif
