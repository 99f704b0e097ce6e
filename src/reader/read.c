/* The public functions that read the shared cache. A key is looked at by its
 * grammar only where it is not found: what is not a key is not there either. */
#include "base/key.h"
#include "reader/handle.h"
#include "reader/want.h"

/* A handle is the slot, the claim that was found there, and which mapping that
 * was, as far as the bits go. */
enum { SLOT_BITS = 26, NUMBER_BITS = 6 };

/* What is read, and when. */
struct reading {
    const struct tk_mapping *mapping;
    struct tk_instant at;
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
    tk_moment_read(&t->shelf.moment, reading->mapping, &reading->at);
    return 0;
}

/* The same, but it costs less, except once in each step of the coarse clock.
 * What only the slow way lends its address to stays in registers. */
static inline int begin_quickly(struct tokeng *t, struct reading *reading)
{
    struct reading slow;
    int rc;

    reading->mapping = tk_shelf_peek(&t->shelf);
    if (reading->mapping != NULL &&
        tk_moment_peek(&t->shelf.moment, reading->mapping, &reading->at)) {
        return 0;
    }
    rc = begin(t, &slow);
    *reading = slow;
    return rc;
}

static bool read_want(const struct tokeng_want *from, int64_t now,
                      struct tk_view_want *want)
{
    struct tokeng_want full;

    if (!tk_want_read(from, &full)) return false;
    if (full.min_ttl_s > 0) {
        want->good_until = now + (int64_t)full.min_ttl_s * 1000;
    }
    want->newer_than = full.newer_than;
    return true;
}

static inline int begin_wanted(struct tokeng *t, const struct tokeng_want *from,
                               const struct tokeng_info *info,
                               struct reading *reading,
                               struct tk_view_want *want)
{
    struct tk_view_want asked;
    int rc;

    if (t == NULL || !tk_info_is_sized(info)) return TOKENG_EINVAL;
    rc = begin_quickly(t, reading);
    if (rc != 0) return rc;
    *want = (struct tk_view_want){reading->at.now + 1, 0};
    if (from == NULL) return 0;
    asked = *want;
    if (!read_want(from, reading->at.now, &asked)) return TOKENG_EINVAL;
    *want = asked;
    return 0;
}

static void tell(struct reading reading, const struct tk_sight *sight,
                 struct tokeng_info *info)
{
    int64_t left = sight->expires_at - reading.at.now;
    struct tokeng_info all = {
        .token_len = sight->token_len,
        .generation = sight->generation,
        .expires_in_ms = left > 0 ? left : 0,
        .retry_in_ms = -1,
        .state = sight->state,
        .slot = sight->slot,
        .stamp = sight->stamp,
        .expires_at_ms = sight->expires_at,
        .cache = reading.mapping->number,
    };

    tk_info_write(info, &all);
}

/* `rc` is what the view has answered. */
static inline int finish(struct reading reading, uint32_t slot, int rc,
                         char *buf, size_t cap)
{
    if (rc == TK_ENOENT || rc == TK_EBUSY) return TOKENG_EMISS;
    tk_mapping_note_use(reading.mapping, slot, reading.at.second);
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
    struct tk_view_want wanted;
    struct reading reading;
    struct tk_sight sight;
    uint32_t slot;
    int rc;

    if (key == NULL || (buf == NULL && cap > 0)) return TOKENG_EINVAL;
    rc = begin_wanted(t, want, info, &reading, &wanted);
    if (rc != 0) return rc;
    rc = tk_view_get(&reading.mapping->view, tk_str_of(key, key_len), wanted,
                     buf, cap, &slot, info == NULL ? NULL : &sight);
    if (rc == TK_ENOENT) return missed(key, key_len);
    if (info != NULL && rc != TK_EBUSY) tell(reading, &sight, info);
    return finish(reading, slot, rc, buf, cap);
}

int tokeng_find(struct tokeng *t, const char *key, size_t key_len,
                uint64_t *handle)
{
    struct reading reading;
    struct tk_sight sight;
    int rc;

    if (t == NULL || key == NULL || handle == NULL) return TOKENG_EINVAL;
    *handle = 0;
    rc = begin(t, &reading);
    if (rc != 0) return rc;
    rc = tk_view_find(&reading.mapping->view, tk_str_of(key, key_len), &sight);
    if (rc == TK_ENOENT) return missed(key, key_len);
    if (rc != 0) return TOKENG_EMISS;
    *handle = sight.slot | (uint64_t)sight.claim << SLOT_BITS |
              (uint64_t)reading.mapping->number << (64 - NUMBER_BITS);
    return 0;
}

int tokeng_get_handle(struct tokeng *t, uint64_t handle,
                      const struct tokeng_want *want, char *buf, size_t cap,
                      struct tokeng_info *info)
{
    uint32_t slot = (uint32_t)handle & ((1u << SLOT_BITS) - 1);
    struct tk_view_want wanted;
    struct reading reading;
    struct tk_sight sight;
    int rc;

    if (buf == NULL && cap > 0) return TOKENG_EINVAL;
    rc = begin_wanted(t, want, info, &reading, &wanted);
    if (rc != 0) return rc;
    if (reading.mapping->number % (1u << NUMBER_BITS) !=
        handle >> (64 - NUMBER_BITS)) {
        return TOKENG_ESTALE;
    }
    rc = tk_view_get_slot(&reading.mapping->view, slot,
                          (uint32_t)(handle >> SLOT_BITS), wanted, buf, cap,
                          info == NULL ? NULL : &sight);
    if (rc == TK_ENOENT) return TOKENG_ESTALE;
    if (info != NULL && rc != TK_EBUSY) tell(reading, &sight, info);
    return finish(reading, slot, rc, buf, cap);
}

/* Is it the cache that `info` speaks of? */
static bool is_of(struct reading reading, const struct tokeng_info *info)
{
    return info->size >= sizeof *info && info->stamp != 0 &&
           info->cache == reading.mapping->number;
}

int tokeng_attributes(struct tokeng *t, const struct tokeng_info *info,
                      char *buf, size_t cap)
{
    struct reading reading;
    struct tk_sight sight;
    int rc;

    if (t == NULL || info == NULL || (buf == NULL && cap > 0)) {
        return TOKENG_EINVAL;
    }
    rc = begin(t, &reading);
    if (rc != 0) return rc;
    if (!is_of(reading, info)) return TOKENG_EMISS;
    sight.slot = info->slot;
    sight.stamp = info->stamp;
    rc = tk_view_attributes(&reading.mapping->view, &sight, buf, cap);
    if (rc == TK_ETOOBIG) return TOKENG_ERANGE;
    if (rc < 0) return TOKENG_EMISS;
    if ((size_t)rc < cap) buf[rc] = '\0';
    return rc;
}

int tokeng_is_same(struct tokeng *t, const struct tokeng_info *info,
                   uint32_t min_ttl_s)
{
    struct reading reading;

    if (t == NULL || info == NULL || begin_quickly(t, &reading) != 0) return 0;
    if (!is_of(reading, info) ||
        info->expires_at_ms <= reading.at.now + (int64_t)min_ttl_s * 1000 ||
        !tk_view_is_same(&reading.mapping->view, info->slot, info->stamp)) {
        return 0;
    }
    tk_mapping_note_use(reading.mapping, info->slot, reading.at.second);
    return 1;
}
