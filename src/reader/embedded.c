/* The engine is loaded with RTLD_DEEPBIND, so that its Lua is 5.4 also where
 * the host has LuaJIT's symbols of the same names. A replaced malloc does not
 * go with that: libc would free what the other had given.
 */
#define _GNU_SOURCE
#include "reader/embedded.h"

#include "reader/want.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma weak tokeng_engine_face

#define FILE_NAME "libtokeng-engine.so.0"

/* The caller's, from tokeng_engine_start to tokeng_engine_stop. */
struct tokeng_engine {
    const struct tk_embedded_face *face;
    struct tk_embedded *embedded;
    pid_t pid;
};

__attribute__((format(printf, 2, 3))) static int
refuse(const struct tokeng_engine_options *o, const char *format, ...)
{
    va_list args;

    if (o->why == NULL || o->why_cap == 0) return TOKENG_EHOST;
    va_start(args, format);
    vsnprintf(o->why, o->why_cap, format, args);
    va_end(args);
    return TOKENG_EHOST;
}

/* The file that the process has this function from. */
static const char *home_of(const char *function)
{
    void *address = dlsym(RTLD_DEFAULT, function);
    Dl_info info;

    if (address == NULL || dladdr(address, &info) == 0) return "";
    return info.dli_fname;
}

static int check_malloc(const struct tokeng_engine_options *o)
{
    static const char *const functions[] = {"malloc", "free", "realloc"};
    const char *libc = home_of("gnu_get_libc_version");

    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        const char *home = home_of(functions[i]);

        if (strcmp(home, libc) == 0) continue;
        return refuse(o,
                      "the engine cannot be loaded where %s is not libc's but "
                      "that of %s: link libtokeng-engine, or use `tokeng run`",
                      functions[i], home);
    }
    return 0;
}

/* Beside libtokeng, as an absolute path: nobody's search path has a say. */
static int choose_file(const struct tokeng_engine_options *o,
                       char out[PATH_MAX])
{
    char self[PATH_MAX];
    Dl_info info;
    int dir_len, len;

    if (o->library != NULL) {
        len = snprintf(out, PATH_MAX, "%s", o->library);
        if (out[0] == '/' && len < PATH_MAX) return 0;
        return refuse(o, "library: %s is no absolute path", o->library);
    }
    if (dladdr(FILE_NAME, &info) == 0 ||
        realpath(info.dli_fname, self) == NULL) {
        return refuse(o, "cannot tell where libtokeng is: set library");
    }
    dir_len = (int)(strrchr(self, '/') - self);
    len = snprintf(out, PATH_MAX, "%.*s/" FILE_NAME, dir_len, self);
    return len < PATH_MAX ? 0 : refuse(o, "%s: the path is too long", self);
}

typedef const struct tk_embedded_face *face_fn(void);

static int load(const struct tokeng_engine_options *o, face_fn **out)
{
    char path[PATH_MAX];
    void *library;
    int rc = check_malloc(o);

    if (rc == 0) rc = choose_file(o, path);
    if (rc != 0) return rc;
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (library == NULL) return refuse(o, "%s", dlerror());
    *(void **)out = dlsym(library, "tokeng_engine_face");
    if (*out != NULL) return 0;
    return refuse(o, "%s is no libtokeng-engine", path);
}

static int find_face(const struct tokeng_engine_options *o,
                     const struct tk_embedded_face **out)
{
    face_fn *face = tokeng_engine_face;
    int rc = face == NULL ? load(o, &face) : 0;

    if (rc != 0) return rc;
    *out = face();
    if ((*out)->abi == TOKENG_ABI && (*out)->size == sizeof **out) return 0;
    return refuse(o, "libtokeng-engine is of ABI %u, and libtokeng of %u",
                  (*out)->abi, TOKENG_ABI);
}

static int start(const struct tokeng_engine_options *o,
                 struct tokeng_engine *engine)
{
    int rc = find_face(o, &engine->face);

    if (rc == 0) rc = engine->face->start(o, &engine->embedded);
    return rc;
}

int tokeng_engine_start(const struct tokeng_engine_options *o,
                        struct tokeng_engine **out)
{
    struct tokeng_engine_options full;
    struct tokeng_engine *engine;
    int rc;

    if (out == NULL) return TOKENG_EINVAL;
    *out = NULL;
    if (o == NULL || !tk_sized_read(o, &full, sizeof full) ||
        full.log_level > TOKENG_LOG_ERROR) {
        return TOKENG_EINVAL;
    }
    if (full.why != NULL && full.why_cap > 0) full.why[0] = '\0';
    engine = calloc(1, sizeof *engine);
    if (engine == NULL) return TOKENG_ENOMEM;
    engine->pid = getpid();
    rc = start(&full, engine);
    if (rc == 0) {
        *out = engine;
    } else {
        free(engine);
    }
    return rc;
}

int tokeng_engine_reload(struct tokeng_engine *e)
{
    if (e == NULL) return TOKENG_EINVAL;
    if (e->pid != getpid()) return TOKENG_EHOST;
    return e->face->reload(e->embedded);
}

void tokeng_engine_stop(struct tokeng_engine *e)
{
    if (e == NULL || e->pid != getpid()) return;
    e->face->stop(e->embedded);
    free(e);
}
