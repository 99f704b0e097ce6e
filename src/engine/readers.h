/* engine/readers.h - groups of this host that may read some of the tokens:
 *
 *   readers = { ["www-data"] = { "crm/client" } }
 *
 * Each group has a shared cache of its own, with no other token in it, and over
 * the socket its members may get and reject what is in there. Where no group is
 * named, whoever may connect to the socket may do so with every key.
 */
#ifndef TK_ENGINE_READERS_H
#define TK_ENGINE_READERS_H

#include "engine/pattern.h"

#include <sys/types.h>

enum { TK_READERS_MAX = 32 };

/* A set of groups, by their number in the list. */
typedef uint32_t tk_readers_set;

struct tk_reader_group {
    const char *name;
    gid_t gid;
    struct tk_pattern *keys;
    size_t key_count;
};

/* All of it lies in the pool that it was read into. */
struct tk_readers {
    struct tk_reader_group list[TK_READERS_MAX];
    size_t count;
};

/* Reads `readers` (NULL: there are none); every pattern must be for one of
 * `sources`. Problems are reported, and then `out` is not to be used. */
void tk_readers_read(const struct tk_value *value,
                     const struct tk_value *sources, struct tk_pool *pool,
                     struct tk_readers *out, struct tk_problems *problems);

bool tk_reader_group_covers(const struct tk_reader_group *group,
                            struct tk_str key);
bool tk_readers_same(const struct tk_readers *a, const struct tk_readers *b);

/* Those that one of `gids` is. */
tk_readers_set tk_readers_of(const struct tk_readers *readers,
                             const gid_t *gids, size_t count);
/* May one of them read `key`? */
bool tk_readers_may(const struct tk_readers *readers, tk_readers_set set,
                    struct tk_str key);
/* ... any key of the source? */
bool tk_readers_see(const struct tk_readers *readers, tk_readers_set set,
                    struct tk_str source);

#endif
