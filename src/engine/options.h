/* engine/options.h - the options of a policy: what its script declares, what
 * the operator set, and what the script itself has moved since.
 *
 * What the operator set is pinned; the rest is the script's to move.
 */
#ifndef TK_ENGINE_OPTIONS_H
#define TK_ENGINE_OPTIONS_H

#include "engine/schema.h"

/* Owned by its policy; the names lie in the script's unit. */
struct tk_options {
    struct tk_field *fields;
    bool *is_pinned; /* beside `fields` */
    size_t count;
    struct tk_value values; /* as the script gets them: spans as seconds */
    struct tk_pool pool;    /* of `values` */
};

/* `declared` is the script's `options` (or NULL), `choice` what the operator
 * wrote: { "name", option = ... }, or a text. Every problem goes to
 * `problems`; TK_EINVAL or TK_ENOMEM if there was one. */
TK_MUST_USE int tk_options_open(struct tk_options *options, const char *path,
                                const struct tk_value *declared,
                                const struct tk_value *choice,
                                struct tk_problems *problems);
void tk_options_close(struct tk_options *options);

/* Takes over what a tick made of its copy of `values`: all of it or, with a
 * reason, nothing. A pinned option stays as it is. `*changed` tells whether
 * anything is different now. */
TK_MUST_USE int tk_options_move(struct tk_options *options,
                                const struct tk_value *moved, bool *changed,
                                struct tk_why *why);

#endif
