/* tests/unit/engine/tzif.h - time zone files, made byte by byte.
 */
#ifndef TK_TESTS_UNIT_ENGINE_TZIF_H
#define TK_TESTS_UNIT_ENGINE_TZIF_H

#include "base/buf.h"

/* What the one part of a file says; the test may make it lie. */
struct tzif {
    char version; /* 0, or '2' and on: then the part comes twice */
    uint32_t utc_flags, standard_flags, leaps; /* how many are claimed */
    uint32_t times, types, chars;
    const int64_t *at;
    const unsigned char *type_of; /* of each time */
    const int32_t *ahead_s;       /* of each type */
    const char *tail;             /* behind it all; NULL: nothing */
};

static inline void tzif_put(struct tk_buf *out, uint64_t number, int bytes)
{
    while (bytes-- > 0) tk_buf_put_byte(out, (char)(number >> bytes * 8));
}

static inline void tzif_put_part(const struct tzif *file, int time_bytes,
                                 struct tk_buf *out)
{
    const uint32_t counts[] = {file->utc_flags, file->standard_flags,
                               file->leaps,     file->times,
                               file->types,     file->chars};

    tk_buf_put_text(out, "TZif");
    tk_buf_put_byte(out, file->version);
    tzif_put(out, 0, 8);
    tzif_put(out, 0, 7);
    for (int i = 0; i < 6; i++) tzif_put(out, counts[i], 4);
    for (uint32_t i = 0; i < file->times && file->at != NULL; i++) {
        tzif_put(out, (uint64_t)file->at[i], time_bytes);
    }
    for (uint32_t i = 0; i < file->times && file->type_of != NULL; i++) {
        tzif_put(out, file->type_of[i], 1);
    }
    for (uint32_t i = 0; i < file->types && file->ahead_s != NULL; i++) {
        tzif_put(out, (uint32_t)file->ahead_s[i], 4);
        tzif_put(out, 0, 2);
    }
    for (uint32_t i = 0; i < file->chars && i < 64; i++) {
        tk_buf_put_byte(out, 'x');
    }
    for (uint32_t i = 0; i < file->leaps && i < 64; i++) {
        tzif_put(out, 0, time_bytes);
        tzif_put(out, 0, 4);
    }
}

static inline struct tk_str tzif_make(const struct tzif *file,
                                      struct tk_buf *out)
{
    tk_buf_clear(out);
    tzif_put_part(file, 4, out);
    if (file->version != '\0') tzif_put_part(file, 8, out);
    if (file->tail != NULL) tk_buf_put_text(out, file->tail);
    return tk_buf_str(out);
}

#endif
