/* engine/recording.h - who used which key when, and what the issuers answered,
 * in a file that `tokeng simulate` reads.
 *
 *   seconds,key,event,took_ms,life_s
 *   1795602030,crm/client,,,            used
 *   1795602031,crm/client,issued,312,7200
 *   1795602031,crm/client,same,290,1500     the token that was there
 *   1795602090,crm/client,failed,15000,
 *
 * Seconds are those of tk_fleet_local_s. No token is ever in it.
 */
#ifndef TK_ENGINE_RECORDING_H
#define TK_ENGINE_RECORDING_H

#include "engine/habit.h"
#include "engine/refresh.h"
#include "engine/schema.h"
#include "net/loop.h"

/* Texts are borrowed from the configuration. */
struct tk_recording_options {
    const char *file; /* NULL: nothing is recorded */
    int64_t max_bytes;
    int64_t every_ms; /* of a key, one use in this time */
    bool hash_keys;
};

/* `value` is `record` of a configuration, or NULL. */
void tk_recording_options_read(const struct tk_value *value,
                               struct tk_recording_options *out,
                               struct tk_problems *problems);

/* Owned by the engine. */
struct tk_recording;

/* Makes `*recording` (NULL: there is none) what `wanted` says. On a problem
 * it stays as it was. */
int tk_recording_become(struct tk_recording **recording,
                        const struct tk_recording_options *wanted,
                        struct tk_loop *loop, struct tk_problems *problems);
/* NULL is allowed. Writes what is left. */
void tk_recording_close(struct tk_recording *recording);
/* Rows that could not be written. */
uint64_t tk_recording_lost(const struct tk_recording *recording);

/* Of both: NULL is allowed, and records nothing. A key is about to be used:
 * its entry still tells of the use before. */
void tk_recording_use(struct tk_recording *recording,
                      const struct tk_fleet *fleet,
                      const struct tk_entry *entry, int64_t now);
/* A refresh is about to land. */
void tk_recording_landed(struct tk_recording *recording,
                         const struct tk_fleet *fleet,
                         const struct tk_entry *entry,
                         const struct tk_answer *answer, int64_t took_ms,
                         int64_t now);

#endif
