#include "field.h"

#include "base/clock.h"
#include "cache/names.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIFE_MS = 3600 * 1000, SEED = 20240229, SPREAD = 7919 };

static const char *name_of(const struct field *field, uint32_t number)
{
    return field->names + (size_t)number * field->key_len;
}

/* One word again and again, so that a torn token shows. */
static const char *token_of(const struct field *field, uint32_t value,
                            char *buf)
{
    char word[9];

    snprintf(word, sizeof word, "%08x", (unsigned)value);
    for (uint32_t i = 0; i < field->token_len; i += 8) memcpy(buf + i, word, 8);
    return buf;
}

static int get_mutex(struct field *field, uint32_t number, char *buf,
                     size_t cap)
{
    return rival_get(&field->mutex, name_of(field, number), field->key_len, buf,
                     cap);
}

static int get_rwlock(struct field *field, uint32_t number, char *buf,
                      size_t cap)
{
    return rival_get(&field->rwlock, name_of(field, number), field->key_len,
                     buf, cap);
}

static int get_key(struct field *field, uint32_t number, char *buf, size_t cap)
{
    return tokeng_get(field->tokeng, name_of(field, number), field->key_len,
                      NULL, buf, cap, NULL);
}

static int get_handle(struct field *field, uint32_t number, char *buf,
                      size_t cap)
{
    return tokeng_get_handle(field->tokeng, field->handles[number], NULL, buf,
                             cap, NULL);
}

static void put_mutex(struct field *field, uint32_t number, uint32_t value)
{
    char token[RIVAL_TOKEN_MAX];

    rival_put(&field->mutex, name_of(field, number), field->key_len,
              token_of(field, value, token), (uint16_t)field->token_len);
}

static void put_rwlock(struct field *field, uint32_t number, uint32_t value)
{
    char token[RIVAL_TOKEN_MAX];

    rival_put(&field->rwlock, name_of(field, number), field->key_len,
              token_of(field, value, token), (uint16_t)field->token_len);
}

static void put_cache(struct field *field, uint32_t number, uint32_t value)
{
    char token[RIVAL_TOKEN_MAX];
    struct tk_record record = {
        .token = tk_str_of(token_of(field, value, token), field->token_len),
        .generation = ++field->generation,
        .expires_at = field->expires_at};
    uint32_t slot;

    if (tk_table_claim(&field->table,
                       tk_str_of(name_of(field, number), field->key_len),
                       &slot) != 0 ||
        tk_table_put(&field->table, slot, &record) != 0) {
        abort();
    }
}

const struct field_way field_ways[] = {
    {"mutex", get_mutex, put_mutex, false},
    {"rwlock", get_rwlock, put_rwlock, false},
    {"key", get_key, put_cache, true},
    {"handle", get_handle, put_cache, true},
    {NULL, NULL, NULL, false},
};

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL) abort();
    return memory;
}

/* The n-th most wanted key is drawn with a chance of 1/n; which one that is,
 * is spread over all. */
static void draw(struct field *field)
{
    unsigned short state[3] = {1, 2, 3};

    field->order = zeroed(FIELD_ORDER, sizeof *field->order);
    for (uint32_t i = 0; i < FIELD_ORDER; i++) {
        double rank = exp(erand48(state) * log(field->keys + 1.0)) - 1;

        field->order[i] =
            (uint32_t)((uint64_t)rank * SPREAD % (uint64_t)field->keys);
    }
}

static void make_names(struct field *field)
{
    char name[RIVAL_KEY_MAX + 1];

    field->names = zeroed(field->keys, RIVAL_KEY_MAX);
    for (uint32_t i = 0; i < field->keys; i++) {
        field->key_len = (size_t)snprintf(name, sizeof name, "crm/tenant/%037u",
                                          (unsigned)i);
        memcpy(field->names + i * field->key_len, name, field->key_len);
    }
}

static void make_cache(struct field *field)
{
    struct tk_segment_options options = {
        .dir = field->dir,
        .name = TK_SEGMENT_FILE,
        .group = (gid_t)-1,
        .size = tk_table_size(field->keys, RIVAL_KEY_MAX + field->token_len),
        .fixed = tk_table_fixed_size(field->keys)};
    struct tk_table_options table = {.size = options.size,
                                     .max_keys = field->keys,
                                     .seed = SEED,
                                     .back = tk_segment_back};

    snprintf(field->dir, sizeof field->dir, "/dev/shm/tokeng-bench-XXXXXX");
    if (mkdtemp(field->dir) == NULL ||
        tk_demand_make(tk_table_slots(field->keys), &field->demand, NULL) !=
            0 ||
        tk_demand_offer(field->demand, field->dir, TK_DEMAND_FILE, (gid_t)-1,
                        NULL) != 0) {
        abort();
    }
    options.demand = tk_demand_inode(field->demand);
    if (tk_segment_make(&options, &field->segment, NULL) != 0) abort();
    table.block = tk_segment_block(field->segment);
    table.data = field->segment;
    if (tk_table_init(&field->table, &table) != 0) abort();
    field_beat(field);
    if (tk_segment_publish(field->segment, NULL) != 0) abort();
    field->expires_at = tk_clock_boot_ms() + LIFE_MS;
}

static void find_handles(struct field *field)
{
    field->handles = zeroed(field->keys, sizeof *field->handles);
    if (tokeng_open(field->dir, &field->tokeng) != 0) abort();
    for (uint32_t i = 0; i < field->keys; i++) {
        if (tokeng_find(field->tokeng, name_of(field, i), field->key_len,
                        &field->handles[i]) != 0) {
            abort();
        }
        if (i == 0) tk_demand_serve(field->demand);
    }
}

void field_init(struct field *field, uint32_t keys, uint32_t token_len)
{
    memset(field, 0, sizeof *field);
    field->keys = keys;
    field->token_len = token_len;
    make_names(field);
    draw(field);
    make_cache(field);
    rival_init(&field->mutex, RIVAL_MUTEX, keys, token_len);
    rival_init(&field->rwlock, RIVAL_RWLOCK, keys, token_len);
    for (uint32_t i = 0; i < keys; i++) {
        put_mutex(field, i, i);
        put_rwlock(field, i, i);
        put_cache(field, i, i);
    }
    find_handles(field);
}

void field_beat(struct field *field)
{
    struct tk_clocks clocks;

    tk_clocks_read(&clocks);
    tk_segment_beat(field->segment, &clocks);
}

static void path_of(const struct field *field, const char *name, char *path,
                    size_t cap)
{
    snprintf(path, cap, "%s/%s", field->dir, name);
}

/* Blocks, and of the stamps also those that nobody has written yet. */
double field_bytes(const struct field *field)
{
    struct stat segment;
    char path[128];

    path_of(field, TK_SEGMENT_FILE, path, sizeof path);
    if (stat(path, &segment) != 0) abort();
    return (double)segment.st_blocks * 512 +
           (double)tk_table_slots(field->keys) * sizeof(uint32_t);
}

void field_free(struct field *field)
{
    static const char *const names[] = {TK_SEGMENT_FILE, TK_DEMAND_FILE};
    char path[128];

    tokeng_close(field->tokeng);
    tk_segment_close(field->segment);
    tk_demand_close(field->demand);
    for (size_t i = 0; i < 2; i++) {
        path_of(field, names[i], path, sizeof path);
        unlink(path);
    }
    rmdir(field->dir);
    rival_free(&field->mutex);
    rival_free(&field->rwlock);
    free(field->handles);
    free(field->order);
    free(field->names);
}
