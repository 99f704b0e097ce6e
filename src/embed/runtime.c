#define _DEFAULT_SOURCE
#include "embed/runtime.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_DIR       "/run/tokeng"
#define SYSTEM_STATE_DIR "/var/lib/tokeng"

enum {
    DIR_MODE = 0750, /* the group may look for the socket */
    LOCK_MODE = 0600,
    PID_TEXT = 24,
};

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

static int make(const char *path, struct tk_why *why)
{
    bool is_new = access(path, F_OK) != 0;
    int rc = tk_file_make_dir(path, DIR_MODE, why);

    /* The mode is meant as it stands, and the umask is the whole process's. */
    if (rc == 0 && is_new && chmod(path, DIR_MODE) != 0) {
        rc = tk_fail(why, TK_EIO, "%s: %s", path, strerror(errno));
    }
    if (rc == 0 && access(path, W_OK | X_OK) != 0) {
        rc = tk_fail(why, TK_EDENIED, "%s: %s", path, strerror(errno));
    }
    return rc;
}

/* systemd separates several directories by ':'; the first is ours. */
static int choose(const char *given, char out[PATH_MAX], struct tk_why *why)
{
    const char *runtime = variable("RUNTIME_DIRECTORY");
    const char *user = variable("XDG_RUNTIME_DIR");
    int len;

    if (given != NULL) {
        len = snprintf(out, PATH_MAX, "%s", given);
    } else if (runtime != NULL) {
        len = snprintf(out, PATH_MAX, "%.*s", (int)strcspn(runtime, ":"),
                       runtime);
    } else if (make(SYSTEM_DIR, why) == 0) {
        len = snprintf(out, PATH_MAX, "%s", SYSTEM_DIR);
    } else if (user != NULL) {
        len = snprintf(out, PATH_MAX, "%s/tokeng", user);
    } else {
        return tk_fail(why, TK_EDENIED,
                       "no runtime directory: %s, and $XDG_RUNTIME_DIR is not "
                       "set; name one with --dir DIR",
                       why->text);
    }
    if (len > 0 && len < PATH_MAX) return 0;
    return tk_fail(why, TK_EINVAL, "the path of the runtime directory is %s",
                   len > 0 ? "too long" : "empty");
}

int tk_runtime_open(const char *given, char out[PATH_MAX], struct tk_why *why)
{
    char chosen[PATH_MAX];
    int rc = choose(given, chosen, why);

    if (rc == 0) rc = make(chosen, why);
    if (rc != 0) return rc;
    if (realpath(chosen, out) != NULL) return 0;
    return tk_fail(why, TK_EIO, "%s: %s", chosen, strerror(errno));
}

static bool may_keep_there(void)
{
    return access(SYSTEM_STATE_DIR, F_OK) == 0
               ? access(SYSTEM_STATE_DIR, W_OK | X_OK) == 0
               : access("/var/lib", W_OK | X_OK) == 0;
}

int tk_runtime_find_state(char out[PATH_MAX], struct tk_why *why)
{
    const char *state = variable("STATE_DIRECTORY");
    const char *user = variable("XDG_STATE_HOME");
    const char *home = variable("HOME");
    int len = 0;

    if (state != NULL) {
        len = snprintf(out, PATH_MAX, "%.*s", (int)strcspn(state, ":"), state);
    } else if (may_keep_there()) {
        len = snprintf(out, PATH_MAX, "%s", SYSTEM_STATE_DIR);
    } else if (user != NULL) {
        len = snprintf(out, PATH_MAX, "%s/tokeng", user);
    } else if (home != NULL) {
        len = snprintf(out, PATH_MAX, "%s/.local/state/tokeng", home);
    }
    if (len > 0 && len < PATH_MAX) return 0;
    out[0] = '\0';
    return tk_fail(why, TK_EINVAL, "the path of the state directory is %s",
                   len > 0 ? "too long" : "not known");
}

static int say_holder(int fd, const char *dir, struct tk_why *why)
{
    char pid[PID_TEXT] = "";
    ssize_t len = pread(fd, pid, sizeof pid - 1, 0);

    if (len < 0) len = 0;
    pid[len] = '\0';
    pid[strspn(pid, "0123456789")] = '\0';
    return tk_fail(why, TK_EBUSY,
                   "another engine (pid %s) runs in %s: stop it, or give this "
                   "one a directory of its own with --dir DIR",
                   pid[0] == '\0' ? "unknown" : pid, dir);
}

static int take(int fd, const char *dir, struct tk_why *why)
{
    char pid[PID_TEXT];
    int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return say_holder(fd, dir, why);
        if (errno != EINTR) {
            return tk_fail(why, TK_EIO, "%s/tokeng.lock: %s", dir,
                           strerror(errno));
        }
    }
    if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)len, 0) == len) {
        return 0;
    }
    return tk_fail(why, TK_EIO, "%s/tokeng.lock: %s", dir, strerror(errno));
}

int tk_runtime_lock(const char *dir, int *out, struct tk_why *why)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/tokeng.lock", dir);
    int rc;

    if (len < 0 || len >= (int)sizeof path) {
        return tk_fail(why, TK_EINVAL, "%s: the path is too long", dir);
    }
    *out = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);
    if (*out < 0) return tk_fail(why, TK_EIO, "%s: %s", path, strerror(errno));
    rc = take(*out, dir, why);
    if (rc == 0) return 0;
    close(*out);
    *out = -1;
    return rc;
}

void tk_runtime_unlock(int lock)
{
    (void)flock(lock, LOCK_UN);
    close(lock);
}
