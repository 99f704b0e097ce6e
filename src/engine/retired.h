/* engine/retired.h - configurations that were replaced: they live on while
 * refreshes that were started under them are on their way.
 */
#ifndef TK_ENGINE_RETIRED_H
#define TK_ENGINE_RETIRED_H

#include "engine/config.h"

/* A list, owned by the engine. */
struct tk_retired;

/* A place in it, made before it is known whether it is needed; NULL without
 * memory. */
struct tk_retired *tk_retired_new(void);
/* Puts the configuration there. */
void tk_retired_push(struct tk_retired **list, struct tk_retired *place,
                     struct tk_config *config);
/* Frees those that nothing needs any more, or all. */
void tk_retired_free(struct tk_retired **list, bool also_busy);

#endif
