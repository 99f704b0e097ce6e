/* script/data.h - a Lua file that is read as data: the configuration.
 *
 * The chunk runs in a sandbox with the base library and `secret` and nothing
 * else, and returns one table.
 */
#ifndef TK_SCRIPT_DATA_H
#define TK_SCRIPT_DATA_H

#include "base/value.h"

/* Makes the secret that `secret.file "/path"` and its kin stand for; borrowed
 * by the tree. NULL for lack of memory. */
typedef struct tk_secret *(*tk_data_secret_cb)(enum tk_secret_from from,
                                               struct tk_str place, void *data);

/* Reads, runs and converts. A syntax error is reported with its line; a
 * function, a cycle, a table deeper than 16 levels or one whose names are no
 * texts with its path ("sources.crm.tokens"). */
TK_MUST_USE int tk_data_read(const char *path, struct tk_pool *pool,
                             tk_data_secret_cb secret, void *data,
                             struct tk_value *out, struct tk_why *why);

#endif
