/* sim/report.h - the results of a simulation as JSON, for programs. */
#ifndef TK_SIM_REPORT_H
#define TK_SIM_REPORT_H

#include "base/buf.h"
#include "sim/score.h"

/* `optimum` may be NULL. */
void tk_report_write(const struct tk_contest *contest,
                     const struct tk_optimum *optimum, struct tk_buf *out);

#endif
