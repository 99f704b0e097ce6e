/* tests/unit/cache/files.h - a directory of a test's own, and a segment in it.
 */
#ifndef TK_TESTS_UNIT_CACHE_FILES_H
#define TK_TESTS_UNIT_CACHE_FILES_H

#include "tests/unit/harness.h"

#include "base/clock.h"
#include "cache/segment.h"
#include "cache/table.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_KEYS = 64 };

#ifndef FILES_NAME
#define FILES_NAME "tokens"
#endif

struct files {
    char dir[64];
    struct tk_segment *segment;
    struct tk_table table;
};

static inline void files_path(const struct files *files, const char *name,
                              char out[128])
{
    snprintf(out, 128, "%s/%s", files->dir, name);
}

/* Makes a segment with a table, as an engine does at its start. */
static inline struct tk_segment *
files_make(const struct files *files, ino_t demand, struct tk_table *table)
{
    struct tk_segment_options options = {
        .dir = files->dir,
        .name = FILES_NAME,
        .group = (gid_t)-1,
        .size = tk_table_size(FILES_KEYS, 200),
        .fixed = tk_table_fixed_size(FILES_KEYS),
        .demand = demand,
    };
    struct tk_table_options table_options = {
        .size = options.size,
        .max_keys = FILES_KEYS,
        .seed = 3,
        .back = tk_segment_back,
    };
    struct tk_clocks clocks;
    struct tk_segment *segment;
    struct tk_why why;

    if (tk_segment_make(&options, &segment, &why) != 0)
        fail_msg("%s", why.text);
    table_options.block = tk_segment_block(segment);
    table_options.data = segment;
    assert_int_equal(tk_table_init(table, &table_options), 0);
    tk_clocks_read(&clocks);
    tk_segment_beat(segment, &clocks);
    return segment;
}

static inline uint32_t files_put(struct tk_table *table, const char *key,
                                 const char *token)
{
    struct tk_record record = {.token = tk_str(token),
                               .attributes = {"", 0},
                               .generation = 1,
                               .expires_at = INT64_MAX};
    uint32_t slot;

    assert_int_equal(tk_table_claim(table, tk_str(key), &slot), 0);
    assert_int_equal(tk_table_put(table, slot, &record), 0);
    return slot;
}

static inline int files_set_up(void **state)
{
    struct files *files = calloc(1, sizeof *files);

    snprintf(files->dir, sizeof files->dir, "/tmp/tokeng-test-XXXXXX");
    assert_non_null(mkdtemp(files->dir));
    *state = files;
    return 0;
}

static inline int files_tear_down(void **state)
{
    struct files *files = *state;
    char command[128];

    tk_segment_close(files->segment);
    snprintf(command, sizeof command, "rm -rf '%s'", files->dir);
    assert_int_equal(system(command), 0);
    free(files);
    return 0;
}

#endif
