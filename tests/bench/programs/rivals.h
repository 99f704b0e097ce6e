/* rivals.h - what a program would write itself: a hash table of tokens behind
 * one lock of pthread. It does what a get from the shared cache does: keys, of
 * any length, are compared in full, ends are looked at, tokens are copied out
 * under the lock, and the second of the last use is noted. */
#ifndef BENCH_RIVALS_H
#define BENCH_RIVALS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { RIVAL_KEY_MAX = 48, RIVAL_TOKEN_MAX = 1536 };

enum rival_lock { RIVAL_MUTEX, RIVAL_RWLOCK };

struct rival_entry {
    uint32_t tag;    /* of the hash */
    uint32_t number; /* of the record, plus 1 */
};

struct rival_record {
    int64_t expires_at; /* CLOCK_MONOTONIC_COARSE, milliseconds */
    uint32_t used_at;   /* the same clock, seconds */
    uint16_t token_len;
    uint16_t key_len;
    char key[RIVAL_KEY_MAX];
    char token[];
};

/* Owned by its caller. */
struct rival {
    enum rival_lock kind;
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    uint64_t mask;
    size_t stride; /* of the records */
    uint32_t count;
    struct rival_entry *index;
    char *records;
};

void rival_init(struct rival *rival, enum rival_lock kind, uint32_t keys,
                uint32_t token_len);
void rival_free(struct rival *rival);
void rival_put(struct rival *rival, const char *key, size_t key_len,
               const char *token, uint16_t token_len);
/* The length of the token, or -1. */
int rival_get(struct rival *rival, const char *key, size_t key_len, char *buf,
              size_t cap);

#endif
