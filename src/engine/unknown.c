#include "engine/unknown.h"

#include <stdio.h>
#include <string.h>

static uint64_t hash_of(const struct tk_unknowns *unknowns, struct tk_str key)
{
    uint64_t hash = tk_hash(unknowns->seed, key);

    return hash == 0 ? 1 : hash;
}

/* The place of a hash in its set, else that of the one that ends first. */
static struct tk_unknown *place_for(struct tk_unknowns *unknowns, uint64_t hash)
{
    struct tk_unknown *set = unknowns->sets[hash % TK_UNKNOWN_SETS];
    struct tk_unknown *first = &set[0];

    for (int i = 0; i < TK_UNKNOWN_WAYS; i++) {
        if (set[i].hash == hash) return &set[i];
        if (set[i].until < first->until) first = &set[i];
    }
    return first;
}

void tk_unknown_remember(struct tk_unknowns *unknowns, struct tk_str key,
                         uint32_t class, const char *code, int64_t until)
{
    uint64_t hash = hash_of(unknowns, key);
    struct tk_unknown *unknown = place_for(unknowns, hash);

    *unknown = (struct tk_unknown){hash, until, class, ""};
    snprintf(unknown->code, sizeof unknown->code, "%s", code);
}

const struct tk_unknown *tk_unknown_find(const struct tk_unknowns *unknowns,
                                         struct tk_str key, int64_t now)
{
    uint64_t hash = hash_of(unknowns, key);
    const struct tk_unknown *set = unknowns->sets[hash % TK_UNKNOWN_SETS];

    for (int i = 0; i < TK_UNKNOWN_WAYS; i++) {
        if (set[i].hash == hash && set[i].until > now) return &set[i];
    }
    return NULL;
}

void tk_unknown_forget_all(struct tk_unknowns *unknowns)
{
    memset(unknowns->sets, 0, sizeof unknowns->sets);
}

uint32_t tk_unknown_count(const struct tk_unknowns *unknowns, int64_t now)
{
    uint32_t count = 0;

    for (int set = 0; set < TK_UNKNOWN_SETS; set++) {
        for (int i = 0; i < TK_UNKNOWN_WAYS; i++) {
            count += unknowns->sets[set][i].until > now;
        }
    }
    return count;
}
