/* engine/chooser.h - who may replace policies while the engine runs: somebody
 * over the API, and the files that they were loaded from.
 */
#ifndef TK_ENGINE_CHOOSER_H
#define TK_ENGINE_CHOOSER_H

#include "engine/choices.h"
#include "engine/shadows.h"
#include "engine/swap.h"
#include "net/loop.h"

struct tk_chooser;

/* Borrowed until tk_chooser_free. */
struct tk_chooser_options {
    struct tk_loop *loop;
    struct tk_fleet *fleet;
    const char *state_dir; /* where choices and states are kept, or NULL */
    /* Something may have to happen earlier than was thought. */
    void (*changed)(void *data);
    void *data;
};

/* Looks at the files once it is told of a configuration. */
TK_MUST_USE int tk_chooser_new(const struct tk_chooser_options *options,
                               struct tk_chooser **out);
void tk_chooser_free(struct tk_chooser *chooser);

/* A configuration is about to be put in force: what was chosen over the API is
 * chosen in it, too, and policies go on with the state that they have. */
void tk_chooser_adopt(struct tk_chooser *chooser, struct tk_config *config);

/* What became of a choice. */
struct tk_chosen {
    struct tk_trial trial;
    struct tk_why not_kept; /* its code is 0 if it holds after a restart */
};

/* Chooses for a source; with `is_trial` only says what would come of it. What
 * is wrong goes to `problems`, and TK_EINVAL is returned. */
TK_MUST_USE int tk_chooser_choose(struct tk_chooser *chooser,
                                  struct tk_source *source,
                                  const struct tk_value *choice, bool is_trial,
                                  struct tk_chosen *out,
                                  struct tk_problems *problems);
/* As in engine/swap.h; what was chosen before is kept, or nothing. */
TK_MUST_USE int tk_chooser_back(struct tk_chooser *chooser,
                                struct tk_source *source, struct tk_chosen *out,
                                struct tk_why *why);
void tk_chooser_reset(struct tk_chooser *chooser, struct tk_source *source,
                      struct tk_chosen *out);

/* Compares a choice with what is in force, without putting it in force. */
TK_MUST_USE int tk_chooser_compare(struct tk_chooser *chooser,
                                   struct tk_source *source,
                                   const struct tk_value *choice,
                                   struct tk_trial *trial,
                                   struct tk_problems *problems);
struct tk_shadows *tk_chooser_shadows(struct tk_chooser *chooser);

#endif
