#define _DEFAULT_SOURCE
#include "base/date.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes exactly `count` digits off the front; -1 if they are not there. */
static int take_digits(struct tk_str *rest, size_t count)
{
    int number = 0;

    if (rest->len < count) return -1;
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(rest->data[i])) return -1;
        number = number * 10 + (rest->data[i] - '0');
    }
    *rest = tk_str_skip(*rest, count);
    return number;
}

static bool take_byte(struct tk_str *rest, char byte)
{
    if (rest->len == 0 || rest->data[0] != byte) return false;
    *rest = tk_str_skip(*rest, 1);
    return true;
}

static int days_in(int month, int year)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* 60 is a leap second; timegm carries it over. */
static int moment(struct tm *tm, int64_t *out_ms)
{
    int year = tm->tm_year + 1900;
    int month = tm->tm_mon + 1;

    if (year < 1970 || year > 9999 || month < 1 || month > 12 ||
        tm->tm_mday < 1 || tm->tm_mday > days_in(month, year) ||
        tm->tm_hour < 0 || tm->tm_hour > 23 || tm->tm_min < 0 ||
        tm->tm_min > 59 || tm->tm_sec < 0 || tm->tm_sec > 60) {
        return TK_EINVAL;
    }
    *out_ms = (int64_t)timegm(tm) * 1000;
    return 0;
}

static int take_time(struct tk_str *rest, struct tm *tm)
{
    tm->tm_hour = take_digits(rest, 2);
    if (!take_byte(rest, ':')) return TK_EINVAL;
    tm->tm_min = take_digits(rest, 2);
    if (!take_byte(rest, ':')) return TK_EINVAL;
    tm->tm_sec = take_digits(rest, 2);
    return 0;
}

static int take_fraction_ms(struct tk_str *rest)
{
    int ms = 0;
    int scale = 100;

    if (!take_byte(rest, '.')) return 0;
    if (rest->len == 0 || !is_digit(rest->data[0])) return -1;
    while (rest->len > 0 && is_digit(rest->data[0])) {
        ms += scale * (rest->data[0] - '0');
        scale /= 10;
        *rest = tk_str_skip(*rest, 1);
    }
    return ms;
}

static int take_offset_min(struct tk_str *rest, int *offset)
{
    bool ahead = take_byte(rest, '+');
    int hours;
    int minutes;

    *offset = 0;
    if (!ahead && (take_byte(rest, 'Z') || take_byte(rest, 'z'))) return 0;
    if (!ahead && !take_byte(rest, '-')) return TK_EINVAL;
    hours = take_digits(rest, 2);
    if (!take_byte(rest, ':')) return TK_EINVAL;
    minutes = take_digits(rest, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return TK_EINVAL;
    }
    *offset = (ahead ? 1 : -1) * (hours * 60 + minutes);
    return 0;
}

int tk_date_parse_rfc3339(struct tk_str text, int64_t *wall_ms)
{
    struct tm tm = {0};
    int64_t base;
    int fraction;
    int offset;

    tm.tm_year = take_digits(&text, 4) - 1900;
    if (!take_byte(&text, '-')) return TK_EINVAL;
    tm.tm_mon = take_digits(&text, 2) - 1;
    if (!take_byte(&text, '-')) return TK_EINVAL;
    tm.tm_mday = take_digits(&text, 2);
    if (!take_byte(&text, 'T') && !take_byte(&text, 't') &&
        !take_byte(&text, ' ')) {
        return TK_EINVAL;
    }
    if (take_time(&text, &tm) != 0) return TK_EINVAL;
    fraction = take_fraction_ms(&text);
    if (fraction < 0 || take_offset_min(&text, &offset) != 0 || text.len > 0 ||
        moment(&tm, &base) != 0) {
        return TK_EINVAL;
    }
    *wall_ms = base + fraction - (int64_t)offset * 60000;
    return 0;
}

static int take_month(struct tk_str *rest)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    if (rest->len < 3) return -1;
    for (int i = 0; i < 12; i++) {
        if (memcmp(rest->data, names + 3 * i, 3) != 0) continue;
        *rest = tk_str_skip(*rest, 3);
        return i;
    }
    return -1;
}

int tk_date_parse_http(struct tk_str text, int64_t *wall_ms)
{
    struct tm tm = {0};

    if (text.len != sizeof "Mon, 23 Nov 2026 12:00:00 GMT" - 1 ||
        text.data[3] != ',' || text.data[4] != ' ') {
        return TK_EINVAL;
    }
    text = tk_str_skip(text, 5);
    tm.tm_mday = take_digits(&text, 2);
    if (!take_byte(&text, ' ')) return TK_EINVAL;
    tm.tm_mon = take_month(&text);
    if (!take_byte(&text, ' ')) return TK_EINVAL;
    tm.tm_year = take_digits(&text, 4) - 1900;
    if (!take_byte(&text, ' ') || take_time(&text, &tm) != 0 ||
        !tk_str_is(text, " GMT")) {
        return TK_EINVAL;
    }
    return moment(&tm, wall_ms);
}

char *tk_date_print(int64_t wall_ms, char out[TK_DATE_TEXT])
{
    int ms = (int)(wall_ms % 1000);
    time_t seconds = (time_t)(wall_ms / 1000);
    size_t len = 0;
    struct tm tm;

    if (ms < 0) { /* before 1970; the fraction counts upwards there too */
        ms += 1000;
        seconds--;
    }
    if (gmtime_r(&seconds, &tm) != NULL) {
        len = strftime(out, TK_DATE_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    }
    snprintf(out + len, TK_DATE_TEXT - len, ".%03dZ", ms);
    return out;
}
