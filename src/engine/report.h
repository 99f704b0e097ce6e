/* engine/report.h - how often callers may force a refresh of a key.
 *
 * A report, or newer_than, is worth one refresh a generation. Who reports each
 * new token would drive the issuer all the same: so when young tokens are
 * reported several times in a row, the next refresh waits, twice as long each
 * time, at most until half of the life has passed. A planned renewal of a
 * token that nobody reported ends the row.
 */
#ifndef TK_ENGINE_REPORT_H
#define TK_ENGINE_REPORT_H

#include "engine/fleet.h"

/* The current generation was reported for the first time. */
void tk_report_note(struct tk_entry *entry, uint64_t generation, int64_t now);

/* The first moment at which the report may force a refresh. */
int64_t tk_report_free_at(const struct tk_entry *entry);

/* The issuer gave the reported token again, now: when to ask it next. */
int64_t tk_report_poisoned(struct tk_entry *entry, int64_t now);

/* A new token came; `was_reported`: in place of one that was reported. */
void tk_report_renewed(struct tk_entry *entry, bool was_reported);

#endif
