/* cli/setup.h - what run and check share: which configuration, with which
 * policy, and what is wrong with it.
 */
#ifndef TK_CLI_SETUP_H
#define TK_CLI_SETUP_H

#include "cli/args.h"
#include "cli/show.h"
#include "engine/schema.h"

#include <limits.h>

#define TK_SETUP_OPTIONS                                                       \
    {"config", 'c', TK_OPTION_TEXT, "FILE",                                    \
     "the configuration ($TOKENG_CONFIG, /etc/tokeng/tokeng.lua)"},            \
    {                                                                          \
        "policy", '\0', TK_OPTION_TEXT, "FILE",                                \
            "one policy for everything, whatever the configuration says"       \
    }

/* Owned by whoever fills it. */
struct tk_setup {
    char config[PATH_MAX];
    char policy[PATH_MAX]; /* "": as configured */
};

/* By the options above; or says what is not there. A file of --policy is
 * looked for from here, an installed policy goes by its name. */
enum tk_exit tk_setup_find(const struct tk_args *args,
                           const struct tk_show *show, struct tk_setup *out);
/* NULL: as configured. */
const char *tk_setup_policy(const struct tk_setup *setup);

/* All problems of a configuration on standard error, one a line, and how many
 * there are. Returns TK_EXIT_CONFIG. */
enum tk_exit tk_setup_say_problems(const struct tk_show *show, const char *path,
                                   const struct tk_problems *problems);

#endif
