/* cli/rows.h - keys as rows of a table, and what they sum up to. */
#ifndef TK_CLI_ROWS_H
#define TK_CLI_ROWS_H

#include "cli/grid.h"

enum { TK_ROWS_COLUMNS = 7 };
extern const struct tk_column tk_rows_columns[TK_ROWS_COLUMNS];

/* Puts the tokens of one page of /v1/tokens into a table of these columns. */
void tk_rows_put(const struct tk_value *page, struct tk_grid *table);
/* "51 keys: 48 fresh, 3 due; hits 1204, cold 3, failed 1"; "3 of 51 keys: ..."
 * if only those were asked for. */
void tk_rows_summary(const struct tk_value *page, struct tk_buf *out);

#endif
