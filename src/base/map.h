/* base/map.h - from a text to a pointer. Open addressing, seeded hash.
 *
 * The texts are borrowed: they must outlive their entry, which is natural when
 * the value holds its own name.
 */
#ifndef TK_BASE_MAP_H
#define TK_BASE_MAP_H

#include "base/err.h"
#include "base/hash.h"

struct tk_map_slot;

/* Owned by whoever called tk_map_init. */
struct tk_map {
    struct tk_map_slot *slots;
    size_t cap;
    size_t count;
    struct tk_seed seed;
};

void tk_map_init(struct tk_map *map);
void tk_map_fini(struct tk_map *map);

/* The value under `text`, or NULL. */
void *tk_map_get(const struct tk_map *map, struct tk_str text);
/* `value` is not NULL; what stood under `text` before is replaced. */
TK_MUST_USE int tk_map_put(struct tk_map *map, struct tk_str text, void *value);
/* Returns the value that stood there, or NULL. */
void *tk_map_drop(struct tk_map *map, struct tk_str text);

/* Walks all values: start with `*at` 0, ends with NULL. The map must not
 * change meanwhile. */
void *tk_map_next(const struct tk_map *map, size_t *at);

#endif
