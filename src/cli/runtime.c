#define _DEFAULT_SOURCE
#include "cli/runtime.h"

#include "base/file.h"

#include <stdbool.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Members of the directory's group may reach the socket in it. */
enum { DIR_MODE = 0750, LOCK_MODE = 0600 };

static bool try_dir(struct tk_runtime *runtime, const char *base,
                    const char *below, struct tk_why *why)
{
    int len;

    if (base == NULL || *base == '\0') return false;
    len = snprintf(runtime->dir, sizeof runtime->dir, "%s%s", base, below);
    if (len < 0 || len >= (int)sizeof runtime->dir) return false;
    return tk_file_make_dir(runtime->dir, DIR_MODE, why) == 0 &&
           access(runtime->dir, W_OK | X_OK) == 0;
}

static int find_dir(struct tk_runtime *runtime, struct tk_why *why)
{
    const char *given = getenv("RUNTIME_DIRECTORY");

    if (given != NULL && *given != '\0') {
        if (try_dir(runtime, given, "", why)) return 0;
        return tk_fail(why, TK_EDENIED,
                       "the runtime directory %s cannot be used: make it, or "
                       "set RUNTIME_DIRECTORY to one that can be written",
                       given);
    }
    if (try_dir(runtime, "/run", "/tokeng", why) ||
        try_dir(runtime, getenv("XDG_RUNTIME_DIR"), "/tokeng", why)) {
        return 0;
    }
    return tk_fail(why, TK_EDENIED,
                   "no runtime directory: /run/tokeng cannot be made; run as "
                   "root, or set RUNTIME_DIRECTORY to a directory of yours");
}

static long read_pid(int fd)
{
    char text[24] = "";

    if (pread(fd, text, sizeof text - 1, 0) <= 0) return 0;
    return strtol(text, NULL, 10);
}

/* The pid is for people; what counts is the lock, which dies with its
 * holder. */
static int write_pid(int fd, struct tk_why *why)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) == len) {
        return 0;
    }
    return tk_fail(why, TK_EIO, "tokeng.lock: %s", strerror(errno));
}

static int take_lock(struct tk_runtime *runtime, struct tk_why *why)
{
    char path[PATH_MAX + 16];

    snprintf(path, sizeof path, "%s/tokeng.lock", runtime->dir);
    runtime->lock =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
    if (runtime->lock < 0) {
        return tk_fail(why, TK_EIO, "%s: %s", path, strerror(errno));
    }
    if (flock(runtime->lock, LOCK_EX | LOCK_NB) == 0) {
        return write_pid(runtime->lock, why);
    }
    return tk_fail(why, TK_EBUSY,
                   "another engine (pid %ld) runs on %s: stop it, or give "
                   "this one a RUNTIME_DIRECTORY of its own",
                   read_pid(runtime->lock), runtime->dir);
}

int tk_runtime_open(struct tk_runtime *runtime, struct tk_why *why)
{
    int rc;

    *runtime = (struct tk_runtime){.lock = -1};
    rc = find_dir(runtime, why);
    if (rc == 0) rc = take_lock(runtime, why);
    if (rc != 0) tk_runtime_close(runtime);
    return rc;
}

void tk_runtime_close(struct tk_runtime *runtime)
{
    if (runtime->lock >= 0) close(runtime->lock);
    runtime->lock = -1;
}
