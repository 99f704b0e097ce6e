/* engine/library.h - where scripts lie: beside the configuration, and what was
 * installed with the program.
 */
#ifndef TK_ENGINE_LIBRARY_H
#define TK_ENGINE_LIBRARY_H

#include "base/err.h"
#include "base/str.h"

#include <limits.h>

/* Owned by whoever fills it. */
struct tk_library {
    char config_dir[PATH_MAX]; /* "" if there is no configuration file */
    char share_dir[PATH_MAX];  /* holds lua/ and policies/ */
    char lua_dir[PATH_MAX];    /* share_dir/lua */
};

/* `share_dir` is found beside the running program, or the library that the
 * engine is in, at ../share/tokeng or ../../share/tokeng. */
TK_MUST_USE int tk_library_init(struct tk_library *library,
                                const char *config_path, struct tk_why *why);

/* A name ("threshold") is looked for in config_dir/policies, then among the
 * installed ones; what holds a '/' or ends in ".lua" is a path, relative to
 * the configuration. `why` names the places that were looked at. */
bool tk_library_is_name(struct tk_str text); /* and no path */
TK_MUST_USE int tk_library_find_policy(const struct tk_library *library,
                                       struct tk_str name, char out[PATH_MAX],
                                       struct tk_why *why);
TK_MUST_USE int tk_library_find_provider(const struct tk_library *library,
                                         struct tk_str name, char out[PATH_MAX],
                                         struct tk_why *why);

/* Calls `each` with the names of the policies that can be found by name. */
void tk_library_each_policy(const struct tk_library *library,
                            void (*each)(struct tk_str name, void *data),
                            void *data);

#endif
