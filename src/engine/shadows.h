/* engine/shadows.h - the shadows of an engine, at most one for a source, kept
 * going on its loop.
 */
#ifndef TK_ENGINE_SHADOWS_H
#define TK_ENGINE_SHADOWS_H

#include "engine/config.h"
#include "engine/shadow.h"
#include "net/loop.h"

struct tk_shadows;

TK_MUST_USE int tk_shadows_new(struct tk_loop *loop, struct tk_fleet *fleet,
                               struct tk_shadows **out);
void tk_shadows_free(struct tk_shadows *shadows);

/* From now on `policy`, which is held, is compared with the one in force; it
 * takes the place of what was compared before. */
TK_MUST_USE int tk_shadows_start(struct tk_shadows *shadows,
                                 struct tk_source *source,
                                 struct tk_policy *policy);
/* False if the source had none. */
bool tk_shadows_end(struct tk_shadows *shadows, const struct tk_source *source);
/* NULL if the source has none. */
struct tk_shadow *tk_shadows_find(const struct tk_shadows *shadows,
                                  const struct tk_source *source);

/* A key of the fleet is about to be used. */
void tk_shadows_use(struct tk_shadows *shadows, const struct tk_entry *entry,
                    int64_t now);
/* A configuration is put in force: shadows go on with its sources, or end. */
void tk_shadows_move(struct tk_shadows *shadows,
                     const struct tk_config *config);

#endif
