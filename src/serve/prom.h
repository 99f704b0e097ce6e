/* serve/prom.h - the text format of Prometheus, version 0.0.4.
 *
 * A family is a head and its samples, all together: its name may not come
 * again.
 */
#ifndef TK_SERVE_PROM_H
#define TK_SERVE_PROM_H

#include "base/buf.h"

#define TK_PROM_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* A label without a name ends the list. No value may hold a token, and none
 * the name of a key: there may be a million of them. */
struct tk_prom_label {
    const char *name;
    const char *value;
};

/* `type` is "counter" or "gauge". */
void tk_prom_head(struct tk_buf *out, const char *family, const char *type,
                  const char *help);

/* A sample; `labels` may be NULL, and no span is negative. */
void tk_prom_count(struct tk_buf *out, const char *family,
                   const struct tk_prom_label *labels, uint64_t value);
void tk_prom_seconds(struct tk_buf *out, const char *family,
                     const struct tk_prom_label *labels, int64_t value_us);

#endif
