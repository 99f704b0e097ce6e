/* sim/html.h - the results of a simulation as one HTML file that needs nothing
 * else: share_dir/web/simulate.html, with the files that it names and the data
 * put in.
 */
#ifndef TK_SIM_HTML_H
#define TK_SIM_HTML_H

#include "sim/html_data.h"

/* Appends the page. TK_ENOENT for a file that is not there, TK_EINVAL for a
 * template that is none. */
TK_MUST_USE int tk_html_put(struct tk_buf *out, const struct tk_html_data *data,
                            const char *share_dir, struct tk_why *why);

/* Writes the page to the file `path`. */
TK_MUST_USE int tk_html_write(const char *path, const struct tk_html_data *data,
                              const char *share_dir, struct tk_why *why);

#endif
