/* tests/unit/script/script_file.h - a script in a file that is gone when the
 * test is.
 */
#ifndef TK_TESTS_UNIT_SCRIPT_SCRIPT_FILE_H
#define TK_TESTS_UNIT_SCRIPT_SCRIPT_FILE_H

#include "tests/unit/harness.h"

#include "script/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct script_file {
    char path[32];
};

static inline void script_file_make(struct script_file *file, const char *text)
{
    FILE *out;
    int fd;

    snprintf(file->path, sizeof file->path, "/tmp/tokeng-test-XXXXXX");
    fd = mkstemp(file->path);
    out = fd < 0 ? NULL : fdopen(fd, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

/* Opens a unit of the given kind; NULL with the reason in `why`. */
static inline struct tk_unit *script_open(enum tk_unit_kind kind,
                                          const char *text, struct tk_why *why)
{
    struct script_file file;
    struct tk_unit_options options = {kind, file.path, NULL};
    struct tk_unit *unit = NULL;

    *why = (struct tk_why){0};
    script_file_make(&file, text);
    if (tk_unit_open(&options, &unit, why) != 0) unit = NULL;
    unlink(file.path);
    return unit;
}

#endif
