/* engine/pattern.h - some of the keys: one, such as crm/client; with a star in
 * the last place, which stands for all the parts that follow, those of a source
 * or of a kind; a star alone, all of them.
 */
#ifndef TK_ENGINE_PATTERN_H
#define TK_ENGINE_PATTERN_H

#include "engine/schema.h"

/* `start` is borrowed from the text that it was read from. */
struct tk_pattern {
    bool is_exact;
    struct tk_str start; /* a key, or one up to a '/', or "" for all */
};

bool tk_pattern_read(struct tk_str text, struct tk_pattern *out);
/* A misspelt source would only be noticed by a caller who is refused: says so
 * if it is none of `sources` (NULL: they are not known). */
void tk_pattern_check(const struct tk_pattern *pattern,
                      const struct tk_value *sources, const char *path,
                      struct tk_problems *problems);

/* `key` is compared as it is. */
bool tk_pattern_covers(const struct tk_pattern *pattern, struct tk_str key);
/* ... every key of the source? "" for all sources. */
bool tk_pattern_covers_all(const struct tk_pattern *pattern,
                           struct tk_str source);
/* ... any key of the source? */
bool tk_pattern_names(const struct tk_pattern *pattern, struct tk_str source);

#endif
