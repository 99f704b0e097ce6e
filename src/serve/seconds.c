#include "serve/seconds.h"

/* By hand, because every token that is handed out has one. */
char *tk_seconds_print(int64_t span_ms, char out[TK_SECONDS_TEXT])
{
    uint64_t rest = span_ms < 0 ? 0 - (uint64_t)span_ms : (uint64_t)span_ms;
    char *at = out + TK_SECONDS_TEXT - 1;

    *at = '\0';
    for (int i = 0; i < 3; i++, rest /= 10) *--at = (char)('0' + rest % 10);
    *--at = '.';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (span_ms < 0) *--at = '-';
    return at;
}
