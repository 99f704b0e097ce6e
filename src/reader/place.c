#include "reader/place.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int put(char *out, size_t cap, const char *dir, size_t dir_len,
               const char *rest)
{
    int len = snprintf(out, cap, "%.*s%s", (int)dir_len, dir, rest);

    return len > 0 && (size_t)len < cap ? 0 : TK_EINVAL;
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* systemd separates several runtime directories by ':'; the first is ours. */
int tk_place_find_socket(char *out, size_t cap, const char *dir)
{
    const char *socket = variable("TOKENG_SOCKET");
    const char *runtime = variable("RUNTIME_DIRECTORY");
    const char *user = variable("XDG_RUNTIME_DIR");
    const char *first = runtime == NULL ? "/run/tokeng" : runtime;
    size_t first_len = strcspn(first, ":");

    if (dir != NULL) return put(out, cap, dir, strlen(dir), "/tokeng.sock");
    if (socket != NULL) return put(out, cap, socket, strlen(socket), "");
    if (put(out, cap, first, first_len, "/tokeng.sock") == 0 && is_there(out)) {
        return 0;
    }
    if (put(out, cap, "/run/tokeng", 11, "/tokeng.sock") == 0 &&
        is_there(out)) {
        return 0;
    }
    if (user != NULL &&
        put(out, cap, user, strlen(user), "/tokeng/tokeng.sock") == 0 &&
        is_there(out)) {
        return 0;
    }
    return put(out, cap, first, first_len, "/tokeng.sock");
}
