/* serve/seconds.h - milliseconds written as seconds: 7199.250.
 */
#ifndef TK_SERVE_SECONDS_H
#define TK_SERVE_SECONDS_H

#include <stdint.h>

enum { TK_SECONDS_TEXT = 24 };

/* Writes all three decimals, also of whole seconds. Returns a text that ends
 * with `out` and starts somewhere in it. */
char *tk_seconds_print(int64_t span_ms, char out[TK_SECONDS_TEXT]);

#endif
