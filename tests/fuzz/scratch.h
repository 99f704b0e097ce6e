/* tests/fuzz/scratch.h - a folder for what is read by its path; gone when the
 * process ends well.
 */
#ifndef TK_TESTS_FUZZ_SCRATCH_H
#define TK_TESTS_FUZZ_SCRATCH_H

#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <unistd.h>

enum { SCRATCH_PATH = 128 };

static char scratch_folder[] = "/tmp/tokeng-fuzz-XXXXXX";

static inline char *scratch_path(const char *name, char out[SCRATCH_PATH])
{
    snprintf(out, SCRATCH_PATH, "%s/%.64s", scratch_folder, name);
    return out;
}

static inline void scratch_close(void)
{
    DIR *folder = opendir(scratch_folder);
    struct dirent *entry;
    char path[SCRATCH_PATH];

    HOLD(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        unlink(scratch_path(entry->d_name, path));
    }
    closedir(folder);
    HOLD(rmdir(scratch_folder) == 0);
}

static inline void scratch_open(void)
{
    HOLD(mkdtemp(scratch_folder) != NULL);
    HOLD(atexit(scratch_close) == 0);
}

/* Fills the file anew. */
static inline void scratch_write(const char *path, struct tk_str text)
{
    FILE *file = fopen(path, "w");

    HOLD(file != NULL && fwrite(text.data, 1, text.len, file) == text.len);
    HOLD(fclose(file) == 0);
}

#endif
