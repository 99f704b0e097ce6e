/* engine/choices.h - the policies that were chosen over the API, kept in the
 * state directory so that they hold after a restart.
 *
 * policies.json: { "crm": { "policy": "foresight", "options": { ... } } }
 */
#ifndef TK_ENGINE_CHOICES_H
#define TK_ENGINE_CHOICES_H

#include "base/value.h"
#include "net/json.h"

#include <limits.h>

struct tk_choices_kept;

/* Owned by whoever called tk_choices_open. */
struct tk_choices {
    char path[PATH_MAX]; /* "": they are forgotten at the end */
    struct tk_choices_kept *kept;
};

/* Reads what was kept in this directory (NULL: nothing is). A file that cannot
 * be read is set aside as policies.json.bad, and logged. */
void tk_choices_open(struct tk_choices *choices, const char *state_dir);
void tk_choices_close(struct tk_choices *choices);

/* What was chosen for a source: { "name", option = ... }, or NULL. */
const struct tk_value *tk_choices_get(const struct tk_choices *choices,
                                      struct tk_str source);
/* Takes a copy of `choice`, or with NULL forgets. An error tells that it is
 * not on the disk; TK_ENOMEM, that nothing has changed. */
TK_MUST_USE int tk_choices_set(struct tk_choices *choices, struct tk_str source,
                               const struct tk_value *choice,
                               struct tk_why *why);

/* { "policy": "foresight", "options": { ... } } as JSON has it, and { "name",
 * option = ... } as a configuration has it. The name must be one of an
 * installed policy, not a path. */
TK_MUST_USE int tk_choice_read(const struct tk_value *body,
                               struct tk_pool *pool, struct tk_value *out,
                               struct tk_why *why);
void tk_choice_write(const struct tk_value *choice, struct tk_json *json);

#endif
