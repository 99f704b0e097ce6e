/* serve/metrics_policies.h - the numbers of policies: what they are asked, how
 * often they are replaced, what others would have done.
 */
#ifndef TK_SERVE_METRICS_POLICIES_H
#define TK_SERVE_METRICS_POLICIES_H

#include "engine/shadows.h"

/* `shadows` may be NULL. */
void tk_metrics_policies_write(const struct tk_config *config,
                               const struct tk_shadows *shadows,
                               struct tk_buf *out);

#endif
