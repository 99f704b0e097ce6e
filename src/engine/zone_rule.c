#define _DEFAULT_SOURCE
#include "engine/zone_rule.h"

#include <time.h>

enum {
    HOUR_S = 3600,
    DAY_S = 24 * HOUR_S,
    /* RFC 9636: the hour of an edge may lie a week off its day. */
    EDGE_HOURS_MAX = 167,
    OFFSET_HOURS_MAX = 24,
    NAME_MIN = 3,
};

/* --- reading --- */

static bool take(struct tk_str *rest, char byte)
{
    if (rest->len == 0 || rest->data[0] != byte) return false;
    *rest = tk_str_skip(*rest, 1);
    return true;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(char byte)
{
    return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

/* A number of at most three digits. */
static bool take_number(struct tk_str *rest, int least, int most, int *out)
{
    int number = 0;
    size_t len = 0;

    while (len < rest->len && len < 3 && is_digit(rest->data[len])) {
        number = number * 10 + (rest->data[len++] - '0');
    }
    *rest = tk_str_skip(*rest, len);
    *out = number;
    return len > 0 && number >= least && number <= most;
}

/* "EST", or "<-03>" */
static bool take_name(struct tk_str *rest)
{
    bool is_quoted = take(rest, '<');
    size_t len = 0;

    while (len < rest->len && (is_letter(rest->data[len]) ||
                               (is_quoted && (is_digit(rest->data[len]) ||
                                              rest->data[len] == '+' ||
                                              rest->data[len] == '-')))) {
        len++;
    }
    *rest = tk_str_skip(*rest, len);
    return len >= NAME_MIN && (!is_quoted || take(rest, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct tk_str *rest, int hours_max, int32_t *out)
{
    bool is_negative = take(rest, '-');
    int hours;
    int minutes = 0;
    int seconds = 0;

    if (!is_negative) take(rest, '+');
    if (!take_number(rest, 0, hours_max, &hours)) return false;
    if (take(rest, ':') && !take_number(rest, 0, 59, &minutes)) return false;
    if (take(rest, ':') && !take_number(rest, 0, 59, &seconds)) return false;
    *out = hours * HOUR_S + minutes * 60 + seconds;
    if (is_negative) *out = -*out;
    return true;
}

static bool take_day(struct tk_str *rest, struct tk_zone_edge *edge)
{
    if (take(rest, 'J')) {
        edge->kind = TK_EDGE_JULIAN;
        return take_number(rest, 1, 365, &edge->day);
    }
    if (!take(rest, 'M')) {
        edge->kind = TK_EDGE_DAY;
        return take_number(rest, 0, 365, &edge->day);
    }
    edge->kind = TK_EDGE_WEEKDAY;
    return take_number(rest, 1, 12, &edge->month) && take(rest, '.') &&
           take_number(rest, 1, 5, &edge->week) && take(rest, '.') &&
           take_number(rest, 0, 6, &edge->day);
}

static bool take_edge(struct tk_str *rest, struct tk_zone_edge *edge)
{
    edge->at_s = 2 * HOUR_S;
    return take(rest, ',') && take_day(rest, edge) &&
           (!take(rest, '/') || take_time(rest, EDGE_HOURS_MAX, &edge->at_s));
}

static bool take_rule(struct tk_str *rest, struct tk_zone_rule *out)
{
    if (!take_name(rest) ||
        !take_time(rest, OFFSET_HOURS_MAX, &out->standard_s)) {
        return false;
    }
    /* POSIX counts to the west. */
    out->standard_s = -out->standard_s;
    if (rest->len == 0) return true;
    out->has_summer = true;
    out->summer_s = out->standard_s + HOUR_S;
    if (!take_name(rest)) return false;
    if (rest->len > 0 && rest->data[0] != ',') {
        if (!take_time(rest, OFFSET_HOURS_MAX, &out->summer_s)) return false;
        out->summer_s = -out->summer_s;
    }
    return take_edge(rest, &out->begins) && take_edge(rest, &out->ends);
}

int tk_zone_rule_parse(struct tk_str text, struct tk_zone_rule *out)
{
    *out = (struct tk_zone_rule){0};
    return take_rule(&text, out) && text.len == 0 ? 0 : TK_EINVAL;
}

/* --- moments --- */

static int64_t start_of(int year, int month, int *weekday)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 1};
    int64_t start = timegm(&tm);

    if (weekday != NULL) *weekday = tm.tm_wday;
    return start;
}

static int64_t weekday_start(const struct tk_zone_edge *edge, int year)
{
    int first;
    int64_t start = start_of(year, edge->month, &first);
    int64_t days = (edge->day - first + 7) % 7 + (edge->week - 1) * 7;

    /* Not every month has five. */
    if (start + days * DAY_S >= start_of(year, edge->month + 1, NULL)) {
        days -= 7;
    }
    return start + days * DAY_S;
}

static int64_t day_start(const struct tk_zone_edge *edge, int year)
{
    int64_t start = start_of(year, 1, NULL);
    bool is_leap = start_of(year, 3, NULL) - start == 60 * DAY_S;
    int days = edge->day;

    if (edge->kind == TK_EDGE_WEEKDAY) return weekday_start(edge, year);
    /* The 60th is the first of March, whatever the year. */
    if (edge->kind == TK_EDGE_JULIAN) days -= is_leap && days >= 60 ? 0 : 1;
    return start + (int64_t)days * DAY_S;
}

int64_t tk_zone_rule_begins(const struct tk_zone_rule *rule, int year)
{
    return day_start(&rule->begins, year) + rule->begins.at_s -
           rule->standard_s;
}

int64_t tk_zone_rule_ends(const struct tk_zone_rule *rule, int year)
{
    return day_start(&rule->ends, year) + rule->ends.at_s - rule->summer_s;
}
