/* tests/unit/engine/folder.h - a folder of files for one test.
 */
#ifndef TK_TESTS_UNIT_ENGINE_FOLDER_H
#define TK_TESTS_UNIT_ENGINE_FOLDER_H

#include "tests/unit/harness.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    char path[64];
    char file[PATH_MAX]; /* of the last folder_path */
};

static inline void folder_make(struct folder *folder)
{
    snprintf(folder->path, sizeof folder->path, "/tmp/tokeng-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

/* Borrowed until the next call. */
static inline const char *folder_path(struct folder *folder, const char *name)
{
    snprintf(folder->file, sizeof folder->file, "%s/%s", folder->path, name);
    return folder->file;
}

/* A name may lie in one folder below: "policies/mine.lua". */
static inline const char *folder_write(struct folder *folder, const char *name,
                                       const char *text)
{
    const char *slash = strchr(name, '/');
    FILE *file;

    if (slash != NULL) {
        char below[PATH_MAX];

        snprintf(below, sizeof below, "%s/%.*s", folder->path,
                 (int)(slash - name), name);
        mkdir(below, 0700);
    }
    file = fopen(folder_path(folder, name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return folder->file;
}

static inline void folder_empty(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char name[PATH_MAX];

    if (dir == NULL) return;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (unlink(name) != 0) {
            folder_empty(name);
            rmdir(name);
        }
    }
    closedir(dir);
}

static inline void folder_remove(struct folder *folder)
{
    folder_empty(folder->path);
    rmdir(folder->path);
}

#endif
