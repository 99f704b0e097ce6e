/* Linear probing. Dropping shifts the followers back, so that there are no
 * tombstones: a probe always ends at the first empty slot. */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>

enum { SMALLEST = 16 };

struct tk_map_slot {
    uint64_t hash;
    struct tk_str text;
    void *value; /* NULL: empty */
};

void tk_map_init(struct tk_map *map)
{
    *map = (struct tk_map){.seed = tk_seed_random()};
}

void tk_map_fini(struct tk_map *map)
{
    free(map->slots);
    *map = (struct tk_map){0};
}

/* The slot that holds `text`, or the empty one where it would go. */
static size_t find(const struct tk_map *map, uint64_t hash, struct tk_str text)
{
    size_t at = hash & (map->cap - 1);

    while (map->slots[at].value != NULL &&
           (map->slots[at].hash != hash ||
            !tk_str_eq(map->slots[at].text, text))) {
        at = (at + 1) & (map->cap - 1);
    }
    return at;
}

void *tk_map_get(const struct tk_map *map, struct tk_str text)
{
    if (map->count == 0) return NULL;
    return map->slots[find(map, tk_hash(map->seed, text), text)].value;
}

static int grow(struct tk_map *map)
{
    struct tk_map bigger = *map;

    bigger.cap = map->cap == 0 ? SMALLEST : map->cap * 2;
    bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
    if (bigger.slots == NULL) return TK_ENOMEM;
    for (size_t i = 0; i < map->cap; i++) {
        struct tk_map_slot *slot = &map->slots[i];

        if (slot->value == NULL) continue;
        bigger.slots[find(&bigger, slot->hash, slot->text)] = *slot;
    }
    free(map->slots);
    *map = bigger;
    return 0;
}

int tk_map_put(struct tk_map *map, struct tk_str text, void *value)
{
    uint64_t hash = tk_hash(map->seed, text);
    size_t at;

    if ((map->count + 1) * 4 > map->cap * 3 && grow(map) != 0) {
        return TK_ENOMEM;
    }
    at = find(map, hash, text);
    if (map->slots[at].value == NULL) map->count++;
    map->slots[at] = (struct tk_map_slot){hash, text, value};
    return 0;
}

static void close_gap(struct tk_map *map, size_t gap)
{
    size_t mask = map->cap - 1;
    size_t at = gap;

    for (;;) {
        at = (at + 1) & mask;
        if (map->slots[at].value == NULL) break;

        size_t home = map->slots[at].hash & mask;

        /* May the entry move to the gap without passing its home? */
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            map->slots[gap] = map->slots[at];
            gap = at;
        }
    }
    map->slots[gap] = (struct tk_map_slot){0};
}

void *tk_map_drop(struct tk_map *map, struct tk_str text)
{
    size_t at;
    void *value;

    if (map->count == 0) return NULL;
    at = find(map, tk_hash(map->seed, text), text);
    value = map->slots[at].value;
    if (value == NULL) return NULL;
    close_gap(map, at);
    map->count--;
    return value;
}

void *tk_map_next(const struct tk_map *map, size_t *at)
{
    while (*at < map->cap) {
        void *value = map->slots[(*at)++].value;

        if (value != NULL) return value;
    }
    return NULL;
}
