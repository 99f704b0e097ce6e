/* The public functions that read the shared cache. A key is looked at by its
 * grammar only where it is not found: what is not a key is not there either. */
#include "base/key.h"
#include "reader/handle.h"
#include "reader/want.h"

/* A handle is the slot, the claim that was found there, and which mapping that
 * was, as far as the bits go. */
enum { SLOT_BITS = 26, NUMBER_BITS = 6 };

struct reading {
    const struct tk_mapping *mapping;
    int64_t now;
    struct tk_view_want want;
    struct tk_sight sight;
};

static int from_opening(int code)
{
    switch (code) {
    case TK_ENOENT:
        return TOKENG_ECONNECT;
    case TK_EDENIED:
        return TOKENG_EDENIED;
    case TK_EVERSION:
        return TOKENG_EVERSION;
    case TK_ENOMEM:
        return TOKENG_ENOMEM;
    default:
        return TOKENG_EPROTO;
    }
}

static int begin(struct tokeng *t, struct reading *reading)
{
    int rc = TK_ENOENT;

    reading->mapping = tk_shelf_take(&t->shelf, &rc);
    if (reading->mapping == NULL) return from_opening(rc);
    reading->now = tk_moment_now(&t->shelf.moment, reading->mapping);
    reading->want.good_until = reading->now + 1;
    reading->want.newer_than = 0;
    return 0;
}

static inline int begin_wanted(struct tokeng *t, const struct tokeng_want *want,
                               const struct tokeng_info *info,
                               struct reading *reading)
{
    struct tokeng_want full;
    int rc;

    if (t == NULL || !tk_info_is_sized(info)) return TOKENG_EINVAL;
    rc = begin(t, reading);
    if (want == NULL || rc != 0) return rc;
    if (!tk_want_read(want, &full)) return TOKENG_EINVAL;
    if (full.min_ttl_s > 0) {
        reading->want.good_until =
            reading->now + (int64_t)full.min_ttl_s * 1000;
    }
    reading->want.newer_than = full.newer_than;
    return 0;
}

static void fill(const struct reading *reading, struct tokeng_info *info)
{
    const struct tk_sight *sight = &reading->sight;
    int64_t left = sight->expires_at - reading->now;

    info->token_len = sight->token_len;
    info->generation = sight->generation;
    info->expires_in_ms = left > 0 ? left : 0;
    info->retry_in_ms = -1;
    info->state = sight->state;
    info->slot = sight->slot;
    info->stamp = sight->stamp;
    info->expires_at_ms = sight->expires_at;
    info->cache = reading->mapping->number;
    info->reserved = 0;
}

static void tell(const struct reading *reading, struct tokeng_info *info)
{
    struct tokeng_info older;

    if (info == NULL) return;
    if (info->size >= sizeof *info) {
        fill(reading, info);
        return;
    }
    fill(reading, &older);
    tk_info_write(info, &older);
}

/* `rc` is what the view has answered. */
static int finish(const struct reading *reading, int rc, char *buf, size_t cap,
                  struct tokeng_info *info)
{
    if (rc == TK_ENOENT || rc == TK_EBUSY) return TOKENG_EMISS;
    tell(reading, info);
    tk_mapping_note_use(reading->mapping, reading->sight.slot,
                        (uint32_t)(reading->now / 1000));
    if (rc == TK_ETOOBIG) return TOKENG_ERANGE;
    if (rc < 0) return TOKENG_EMISS;
    if ((size_t)rc < cap) buf[rc] = '\0';
    return rc;
}

static int missed(const char *key, size_t key_len)
{
    struct tk_key parsed;

    return tk_key_parse(tk_str_of(key, key_len), &parsed, NULL) == 0
               ? TOKENG_EMISS
               : TOKENG_EINVAL;
}

int tokeng_get(struct tokeng *t, const char *key, size_t key_len,
               const struct tokeng_want *want, char *buf, size_t cap,
               struct tokeng_info *info)
{
    struct reading reading;
    int rc;

    if (key == NULL || (buf == NULL && cap > 0)) return TOKENG_EINVAL;
    rc = begin_wanted(t, want, info, &reading);
    if (rc != 0) return rc;
    rc = tk_view_get(&reading.mapping->view, tk_str_of(key, key_len),
                     &reading.want, buf, cap, &reading.sight);
    if (rc == TK_ENOENT) return missed(key, key_len);
    return finish(&reading, rc, buf, cap, info);
}

int tokeng_find(struct tokeng *t, const char *key, size_t key_len,
                uint64_t *handle)
{
    struct reading reading;
    int rc;

    if (t == NULL || key == NULL || handle == NULL) return TOKENG_EINVAL;
    *handle = 0;
    rc = begin(t, &reading);
    if (rc != 0) return rc;
    rc = tk_view_get(&reading.mapping->view, tk_str_of(key, key_len),
                     &reading.want, NULL, 0, &reading.sight);
    if (rc == TK_ENOENT) return missed(key, key_len);
    if (rc == TK_EBUSY) return TOKENG_EMISS;
    *handle = reading.sight.slot | (uint64_t)reading.sight.claim << SLOT_BITS |
              (uint64_t)reading.mapping->number << (64 - NUMBER_BITS);
    return 0;
}

int tokeng_get_handle(struct tokeng *t, uint64_t handle,
                      const struct tokeng_want *want, char *buf, size_t cap,
                      struct tokeng_info *info)
{
    uint32_t slot = (uint32_t)handle & ((1u << SLOT_BITS) - 1);
    struct reading reading;
    int rc;

    if (buf == NULL && cap > 0) return TOKENG_EINVAL;
    rc = begin_wanted(t, want, info, &reading);
    if (rc != 0) return rc;
    if ((uint64_t)reading.mapping->number << (64 - NUMBER_BITS) !=
        handle >> (64 - NUMBER_BITS) << (64 - NUMBER_BITS)) {
        return TOKENG_ESTALE;
    }
    rc = tk_view_get_slot(&reading.mapping->view, slot,
                          (uint32_t)(handle >> SLOT_BITS), &reading.want, buf,
                          cap, &reading.sight);
    if (rc == TK_ENOENT) return TOKENG_ESTALE;
    return finish(&reading, rc, buf, cap, info);
}

/* Is it the cache that `info` speaks of? */
static bool is_of(const struct reading *reading, const struct tokeng_info *info)
{
    return info->size >= sizeof *info && info->stamp != 0 &&
           info->cache == reading->mapping->number;
}

int tokeng_attributes(struct tokeng *t, const struct tokeng_info *info,
                      char *buf, size_t cap)
{
    struct reading reading;
    int rc;

    if (t == NULL || info == NULL || (buf == NULL && cap > 0)) {
        return TOKENG_EINVAL;
    }
    rc = begin(t, &reading);
    if (rc != 0) return rc;
    if (!is_of(&reading, info)) return TOKENG_EMISS;
    reading.sight.slot = info->slot;
    reading.sight.stamp = info->stamp;
    rc = tk_view_attributes(&reading.mapping->view, &reading.sight, buf, cap);
    if (rc == TK_ETOOBIG) return TOKENG_ERANGE;
    if (rc < 0) return TOKENG_EMISS;
    if ((size_t)rc < cap) buf[rc] = '\0';
    return rc;
}

int tokeng_is_same(struct tokeng *t, const struct tokeng_info *info,
                   uint32_t min_ttl_s)
{
    struct reading reading;

    if (t == NULL || info == NULL || begin(t, &reading) != 0) return 0;
    if (!is_of(&reading, info) ||
        info->expires_at_ms <= reading.now + (int64_t)min_ttl_s * 1000 ||
        !tk_view_is_same(&reading.mapping->view, info->slot, info->stamp)) {
        return 0;
    }
    tk_mapping_note_use(reading.mapping, info->slot,
                        (uint32_t)(reading.now / 1000));
    return 1;
}
