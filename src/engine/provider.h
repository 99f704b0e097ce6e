/* engine/provider.h - from a key to a provider's task, and from its result to
 * an answer.
 */
#ifndef TK_ENGINE_PROVIDER_H
#define TK_ENGINE_PROVIDER_H

#include "engine/refresh.h"
#include "script/task.h"

/* Starts `fetch` of the entry's provider. `done` is called exactly once, never
 * from inside this call. */
TK_MUST_USE int tk_provider_start(const struct tk_entry *entry,
                                  const struct tk_task_host *host,
                                  tk_task_done_cb done, void *data,
                                  struct tk_task **out);

/* Reads what `fetch` returned. What it says is logged without the secrets of
 * `secrets` (may be NULL). `wall_ms` is the wall time now; `attributes`
 * keeps the bytes that `out` refers to. A token of forbidden bytes or length,
 * and whatever else makes no sense, is a transient failure. A life that is
 * missing or malformed is five minutes: the token is used, but not trusted. */
void tk_provider_read(const struct tk_task_result *result,
                      const struct tk_secrets *secrets, int64_t wall_ms,
                      struct tk_buf *attributes, struct tk_answer *out);

#endif
