#define _GNU_SOURCE
#include "engine/library.h"

#include "base/key.h"

#include <dirent.h>
#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int join(char out[PATH_MAX], const char *a, const char *b,
                struct tk_str name, const char *end)
{
    int len = snprintf(out, PATH_MAX, "%s/%s%.*s%s", a, b, TK_ARG(name), end);

    return len > 0 && len < PATH_MAX ? 0 : TK_ETOOBIG;
}

/* Cuts the last `count` names off. */
static void go_up(char *path, int count)
{
    while (count-- > 0) {
        char *slash = strrchr(path, '/');

        if (slash == NULL) return;
        *slash = '\0';
    }
}

static int find_config_dir(struct tk_library *library, const char *config_path,
                           struct tk_why *why)
{
    if (config_path == NULL) return 0;
    if (realpath(config_path, library->config_dir) == NULL) {
        return tk_fail(why, TK_ENOENT, "%s: no such file", config_path);
    }
    go_up(library->config_dir, 1);
    return 0;
}

/* The file that this code is in: the program, or a library in another. */
static int find_self(char out[PATH_MAX])
{
    struct link_map *map = NULL;
    Dl_info info;
    int found = dladdr1((const void *)(uintptr_t)tk_library_init, &info,
                        (void **)&map, RTLD_DL_LINKMAP);
    const char *name =
        found != 0 && map->l_name[0] != '\0' ? map->l_name : "/proc/self/exe";

    return realpath(name, out) != NULL ? 0 : TK_EIO;
}

int tk_library_init(struct tk_library *library, const char *config_path,
                    struct tk_why *why)
{
    char program[PATH_MAX];

    *library = (struct tk_library){0};
    if (find_self(program) != 0) {
        return tk_fail(why, TK_EIO, "cannot tell where tokeng is installed");
    }
    go_up(program, 2);
    /* Of <prefix>/lib/<architecture>/ it is one more. */
    if (join(library->share_dir, program, "share/tokeng", TK_STR(""), "") ==
            0 &&
        access(library->share_dir, F_OK) != 0) {
        go_up(program, 1);
    }
    if (join(library->share_dir, program, "share/tokeng", TK_STR(""), "") !=
            0 ||
        join(library->lua_dir, library->share_dir, "lua", TK_STR(""), "") !=
            0) {
        return tk_fail(why, TK_ETOOBIG, "%s: the path is too long", program);
    }
    return find_config_dir(library, config_path, why);
}

static bool is_path(struct tk_str name)
{
    return memchr(name.data, '/', name.len) != NULL ||
           (name.len > 4 && memcmp(name.data + name.len - 4, ".lua", 4) == 0);
}

bool tk_library_is_name(struct tk_str text)
{
    return tk_key_is_part(text) && !is_path(text);
}

static int find_path(const struct tk_library *library, struct tk_str name,
                     char out[PATH_MAX], struct tk_why *why)
{
    bool absolute = name.data[0] == '/' || library->config_dir[0] == '\0';
    int rc = absolute
                 ? snprintf(out, PATH_MAX, "%.*s", TK_ARG(name)) >= PATH_MAX
                       ? TK_ETOOBIG
                       : 0
                 : join(out, library->config_dir, "", name, "");

    if (rc == 0 && access(out, R_OK) == 0) return 0;
    return tk_fail(why, TK_ENOENT, "%s: no such file", out);
}

static int find(const struct tk_library *library, const char *local,
                const char *installed, struct tk_str name, char out[PATH_MAX],
                struct tk_why *why)
{
    if (name.len > 0 && is_path(name)) {
        return find_path(library, name, out, why);
    }
    if (!tk_key_is_part(name)) {
        return tk_fail(why, TK_EINVAL, "'%.*s' is no name of a script",
                       TK_ARG(name));
    }
    if (library->config_dir[0] != '\0' &&
        join(out, library->config_dir, local, name, ".lua") == 0 &&
        access(out, R_OK) == 0) {
        return 0;
    }
    if (join(out, library->share_dir, installed, name, ".lua") == 0 &&
        access(out, R_OK) == 0) {
        return 0;
    }
    return tk_fail(why, TK_ENOENT,
                   "no script named %.*s in %s beside the configuration, and "
                   "none was installed",
                   TK_ARG(name), local);
}

int tk_library_find_policy(const struct tk_library *library, struct tk_str name,
                           char out[PATH_MAX], struct tk_why *why)
{
    return find(library, "policies/", "policies/", name, out, why);
}

int tk_library_find_provider(const struct tk_library *library,
                             struct tk_str name, char out[PATH_MAX],
                             struct tk_why *why)
{
    return find(library, "providers/", "lua/tokeng/providers/", name, out, why);
}

/* --- what there is --- */

static int is_script(const struct dirent *file)
{
    size_t len = strlen(file->d_name);

    return len > 4 && strcmp(file->d_name + len - 4, ".lua") == 0 &&
           tk_library_is_name(tk_str_of(file->d_name, len - 4));
}

/* By name; those that lie in `but` ("": nowhere) are left out. */
static void each_script(const char *dir, const char *but,
                        void (*each)(struct tk_str name, void *data),
                        void *data)
{
    struct dirent **files;
    int count = scandir(dir, &files, is_script, alphasort);
    char path[PATH_MAX];

    for (int i = 0; i < count; i++) {
        struct tk_str file = tk_str(files[i]->d_name);

        if (but[0] == '\0' || join(path, but, "", file, "") != 0 ||
            access(path, R_OK) != 0) {
            each(tk_str_of(file.data, file.len - 4), data);
        }
        free(files[i]);
    }
    if (count >= 0) free(files);
}

void tk_library_each_policy(const struct tk_library *library,
                            void (*each)(struct tk_str name, void *data),
                            void *data)
{
    char local[PATH_MAX] = "";
    char installed[PATH_MAX];

    if (library->config_dir[0] != '\0' &&
        join(local, library->config_dir, "policies", TK_STR(""), "") == 0) {
        each_script(local, "", each, data);
    }
    if (join(installed, library->share_dir, "policies", TK_STR(""), "") == 0) {
        each_script(installed, local, each, data);
    }
}
