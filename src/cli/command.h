/* cli/command.h - what a command is, how it is found, and how it explains
 * itself.
 */
#ifndef TK_CLI_COMMAND_H
#define TK_CLI_COMMAND_H

#include "cli/args.h"
#include "cli/show.h"

/* All texts are static. */
struct tk_command {
    const char *name;
    const char *words;   /* what stands behind the name: "KEY"; or "" */
    const char *summary; /* for the list of all commands; no full stop */
    const char *about;   /* what else there is to know */
    const char *example;
    const struct tk_option *options;
    size_t option_count;
    size_t word_count; /* as many are needed, */
    size_t word_most;  /* and no more than this; 0: exactly as many */
    enum tk_exit (*run)(const struct tk_args *args, const struct tk_show *show);
};

#define TK_COMMAND_OPTIONS(list)                                               \
    .options = (list), .option_count = sizeof(list) / sizeof((list)[0])

/* Runs what argv names. `commands` end with NULL. */
enum tk_exit tk_command_main(const struct tk_command *const *commands, int argc,
                             char *const *argv, const struct tk_show *show);

/* The page of `tokeng help NAME`, and that of `tokeng help`. */
void tk_command_help(const struct tk_command *command,
                     const struct tk_show *show, struct tk_buf *out);
void tk_command_overview(const struct tk_command *const *commands,
                         const struct tk_show *show, struct tk_buf *out);

#endif
