#define _DEFAULT_SOURCE
#include "cli/setup.h"

#include "engine/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* As engine/library.h tells them apart. */
static bool is_path(struct tk_str text)
{
    return memchr(text.data, '/', text.len) != NULL ||
           (text.len > 4 && tk_str_is(tk_str_skip(text, text.len - 4), ".lua"));
}

static enum tk_exit find_policy(const char *given, const struct tk_show *show,
                                char out[PATH_MAX])
{
    out[0] = '\0';
    if (given == NULL) return TK_EXIT_OK;
    if (!is_path(tk_str(given))) {
        snprintf(out, PATH_MAX, "%s", given);
        return TK_EXIT_OK;
    }
    if (realpath(given, out) != NULL) return TK_EXIT_OK;
    return tk_show_fail(show, TK_EXIT_CONFIG, "--policy %s: %s", given,
                        strerror(errno));
}

enum tk_exit tk_setup_find(const struct tk_args *args,
                           const struct tk_show *show, struct tk_setup *out)
{
    struct tk_why why;

    if (tk_config_find(tk_args_text(args, "config"), out->config, &why) != 0) {
        return tk_show_fail(show, TK_EXIT_CONFIG, "%s", why.text);
    }
    return find_policy(tk_args_text(args, "policy"), show, out->policy);
}

const char *tk_setup_policy(const struct tk_setup *setup)
{
    return setup->policy[0] == '\0' ? NULL : setup->policy;
}

enum tk_exit tk_setup_say_problems(const struct tk_show *show, const char *path,
                                   const struct tk_problems *problems)
{
    struct tk_str lines = tk_buf_str(&problems->text);

    while (lines.data != NULL) {
        struct tk_str line = tk_str_cut(&lines, '\n');

        if (line.len > 0) {
            tk_show_fail(show, TK_EXIT_CONFIG, "%.*s", TK_ARG(line));
        }
    }
    return tk_show_fail(show, TK_EXIT_CONFIG, "%s: %u problem%s", path,
                        problems->count, problems->count == 1 ? "" : "s");
}
