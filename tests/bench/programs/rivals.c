#define XXH_INLINE_ALL
#include "rivals.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

enum { LIFE_MS = 3600 * 1000 };

static int64_t now_ms(uint32_t *second)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    *second = (uint32_t)now.tv_sec;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void rival_init(struct rival *rival, enum rival_lock kind, uint32_t keys,
                uint32_t token_len)
{
    uint64_t size = 2;

    while (size < 2 * (uint64_t)keys) size *= 2;
    memset(rival, 0, sizeof *rival);
    rival->kind = kind;
    rival->mask = size - 1;
    rival->stride = (sizeof(struct rival_record) + token_len + 63) / 64 * 64;
    rival->index = calloc(size, sizeof *rival->index);
    rival->records = aligned_alloc(64, keys * rival->stride);
    if (rival->index == NULL || rival->records == NULL) abort();
    pthread_mutex_init(&rival->mutex, NULL);
    pthread_rwlock_init(&rival->rwlock, NULL);
}

void rival_free(struct rival *rival)
{
    free(rival->index);
    free(rival->records);
}

static struct rival_record *record_at(const struct rival *rival, uint32_t i)
{
    return (struct rival_record *)(void *)(rival->records + i * rival->stride);
}

/* The entry of a key, or the empty one where it belongs. */
static struct rival_entry *find(const struct rival *rival, uint64_t hash,
                                const char *key, size_t key_len)
{
    for (uint64_t at = hash & rival->mask;; at = (at + 1) & rival->mask) {
        struct rival_entry *entry = &rival->index[at];
        const struct rival_record *record;

        if (entry->number == 0) return entry;
        if (entry->tag != (uint32_t)(hash >> 32)) continue;
        record = record_at(rival, entry->number - 1);
        if (record->key_len == key_len &&
            memcmp(record->key, key, key_len) == 0) {
            return entry;
        }
    }
}

static void lock(struct rival *rival, bool writes)
{
    if (rival->kind == RIVAL_MUTEX) {
        pthread_mutex_lock(&rival->mutex);
    } else if (writes) {
        pthread_rwlock_wrlock(&rival->rwlock);
    } else {
        pthread_rwlock_rdlock(&rival->rwlock);
    }
}

static void unlock(struct rival *rival)
{
    if (rival->kind == RIVAL_MUTEX) {
        pthread_mutex_unlock(&rival->mutex);
    } else {
        pthread_rwlock_unlock(&rival->rwlock);
    }
}

void rival_put(struct rival *rival, const char *key, size_t key_len,
               const char *token, uint16_t token_len)
{
    uint64_t hash = XXH3_64bits(key, key_len);
    struct rival_record *record;
    struct rival_entry *entry;
    uint32_t second;

    lock(rival, true);
    entry = find(rival, hash, key, key_len);
    if (entry->number == 0) {
        *entry = (struct rival_entry){(uint32_t)(hash >> 32), ++rival->count};
        record = record_at(rival, entry->number - 1);
        record->key_len = (uint16_t)key_len;
        memcpy(record->key, key, key_len);
    }
    record = record_at(rival, entry->number - 1);
    record->expires_at = now_ms(&second) + LIFE_MS;
    record->token_len = token_len;
    memcpy(record->token, token, token_len);
    unlock(rival);
}

int rival_get(struct rival *rival, const char *key, size_t key_len, char *buf,
              size_t cap)
{
    uint64_t hash = XXH3_64bits(key, key_len);
    uint32_t second;
    int64_t now = now_ms(&second);
    struct rival_entry *entry;
    int len = -1;

    lock(rival, false);
    entry = find(rival, hash, key, key_len);
    if (entry->number != 0) {
        struct rival_record *record = record_at(rival, entry->number - 1);

        if (record->expires_at > now && record->token_len <= cap) {
            len = record->token_len;
            memcpy(buf, record->token, record->token_len);
            if (__atomic_load_n(&record->used_at, __ATOMIC_RELAXED) != second) {
                __atomic_store_n(&record->used_at, second, __ATOMIC_RELAXED);
            }
        }
    }
    unlock(rival);
    return len;
}
