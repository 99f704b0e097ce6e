/* field.h - the same tokens under the same keys in each of the places that
 * programs/get.c reads them from. */
#ifndef BENCH_FIELD_H
#define BENCH_FIELD_H

#include "cache/demand.h"
#include "cache/segment.h"
#include "cache/table.h"
#include "rivals.h"
#include "tokeng.h"

#include <stdbool.h>

enum { FIELD_ORDER = 1 << 20 };

/* Owned by its caller. */
struct field {
    uint32_t keys;
    uint32_t token_len;
    size_t key_len;  /* told at run time, as a caller's keys are */
    char *names;     /* of key_len bytes each */
    uint32_t *order; /* in which they are read */
    struct rival mutex;
    struct rival rwlock;
    char dir[64];
    struct tk_demand *demand;
    struct tk_segment *segment;
    struct tk_table table;
    uint64_t generation;
    int64_t expires_at;
    struct tokeng *tokeng;
    uint64_t *handles;
};

typedef int field_get(struct field *field, uint32_t number, char *buf,
                      size_t cap);
typedef void field_put(struct field *field, uint32_t number, uint32_t value);

struct field_way {
    const char *name;
    field_get *get;
    field_put *put;
    bool is_cache;
};

/* Ends with a name NULL. */
extern const struct field_way field_ways[];

void field_init(struct field *field, uint32_t keys, uint32_t token_len);
void field_free(struct field *field);
/* Readers take the time from a slower clock two seconds after a beat. */
void field_beat(struct field *field);
/* What the shared files take. */
double field_bytes(const struct field *field);

#endif
