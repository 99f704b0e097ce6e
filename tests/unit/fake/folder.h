/* tests/unit/fake/folder.h - a Lua directory of the test's own, with scripts in
 * tokeng/fakes/.
 */
#ifndef TK_TESTS_UNIT_FAKE_FOLDER_H
#define TK_TESTS_UNIT_FAKE_FOLDER_H

#include "tests/unit/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FILES = 40 };

/* Owned by the test. */
struct folder {
    char lua_dir[64];
    char scripts[96];
    char files[FOLDER_FILES][160];
    size_t count;
};

static inline void folder_init(struct folder *folder)
{
    *folder = (struct folder){.count = 0};
    snprintf(folder->lua_dir, sizeof folder->lua_dir,
             "/tmp/tokeng-test-XXXXXX");
    assert_non_null(mkdtemp(folder->lua_dir));
    snprintf(folder->scripts, sizeof folder->scripts, "%s/tokeng",
             folder->lua_dir);
    assert_int_equal(mkdir(folder->scripts, 0700), 0);
    snprintf(folder->scripts, sizeof folder->scripts, "%s/tokeng/fakes",
             folder->lua_dir);
    assert_int_equal(mkdir(folder->scripts, 0700), 0);
}

/* Returns the path of the new file. */
static inline const char *folder_write(struct folder *folder, const char *name,
                                       const char *text)
{
    char *path = folder->files[folder->count++];
    FILE *file;

    assert_true(folder->count <= FOLDER_FILES);
    snprintf(path, sizeof folder->files[0], "%s/%s", folder->scripts, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline void folder_fini(struct folder *folder)
{
    for (size_t i = 0; i < folder->count; i++) unlink(folder->files[i]);
    rmdir(folder->scripts);
    snprintf(folder->scripts, sizeof folder->scripts, "%s/tokeng",
             folder->lua_dir);
    rmdir(folder->scripts);
    rmdir(folder->lua_dir);
}

#endif
