#include "cli/command.h"

#include "base/near.h"

#include <stdio.h>

enum { PAGE_MAX_BYTES = 64 * 1024, NAME_WIDTH = 10, OPTION_TEXT = 64 };

static bool is_asking_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
           strcmp(word, "help") == 0;
}

static const struct tk_command *find(const struct tk_command *const *commands,
                                     const char *name)
{
    for (; *commands != NULL; commands++) {
        if (strcmp((*commands)->name, name) == 0) return *commands;
    }
    return NULL;
}

static enum tk_exit unknown(const struct tk_command *const *commands,
                            const char *name, const struct tk_show *show)
{
    struct tk_near near;

    tk_near_init(&near, tk_str(name));
    for (; *commands != NULL; commands++) {
        tk_near_try(&near, tk_str((*commands)->name));
    }
    if (near.best.len > 0) {
        return tk_show_fail(show, TK_EXIT_USAGE,
                            "unknown command '%s'; did you mean %.*s?", name,
                            TK_ARG(near.best));
    }
    return tk_show_fail(show, TK_EXIT_USAGE,
                        "unknown command '%s'; 'tokeng help' lists them all",
                        name);
}

void tk_command_overview(const struct tk_command *const *commands,
                         const struct tk_show *show, struct tk_buf *out)
{
    tk_buf_put_text(out, "tokeng " TOKENG_VERSION
                         " - every token is fresh before anyone asks\n\n"
                         "usage: tokeng COMMAND [options]\n\n");
    for (; *commands != NULL; commands++) {
        tk_buf_printf(out, "  %-*s", NAME_WIDTH, (*commands)->name);
        tk_show_wrap(show, out, 2 + NAME_WIDTH, 2 + NAME_WIDTH,
                     tk_str((*commands)->summary));
    }
    tk_buf_put_byte(out, '\n');
    tk_show_wrap(
        show, out, 0, 0,
        TK_STR("'tokeng help COMMAND' explains one. Exit status: 0 done, 1 no "
               "token (or no such key), 64 usage, 70 internal, 75 temporary "
               "(no engine, no answer in time), 78 configuration."));
}

/* "  -c, --config FILE"; returns its width. */
static int print_option(const struct tk_option *option, char *out, size_t cap)
{
    char letter[8] = "";

    if (option->letter != '\0') {
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    return snprintf(out, cap, "  %s--%s%s%s", letter, option->name,
                    option->value == NULL ? "" : " ",
                    option->value == NULL ? "" : option->value);
}

static void put_options(const struct tk_command *command,
                        const struct tk_show *show, struct tk_buf *out)
{
    char text[OPTION_TEXT];
    int width = 0;

    for (size_t i = 0; i < command->option_count; i++) {
        int len = print_option(&command->options[i], text, sizeof text);

        if (len > width) width = len;
    }
    for (size_t i = 0; i < command->option_count; i++) {
        print_option(&command->options[i], text, sizeof text);
        tk_buf_printf(out, "%-*s  ", width, text);
        tk_show_wrap(show, out, width + 2, width + 2,
                     tk_str(command->options[i].help));
    }
    if (command->option_count > 0) tk_buf_put_byte(out, '\n');
}

void tk_command_help(const struct tk_command *command,
                     const struct tk_show *show, struct tk_buf *out)
{
    tk_buf_printf(out, "usage: tokeng %s%s%s%s\n\n", command->name,
                  command->words[0] == '\0' ? "" : " ", command->words,
                  command->option_count == 0 ? "" : " [options]");
    tk_show_wrap(show, out, 0, 0, tk_str(command->about));
    tk_buf_put_byte(out, '\n');
    put_options(command, show, out);
    tk_buf_printf(out, "example:\n  %s\n", command->example);
}

static enum tk_exit show_page(const struct tk_command *const *commands,
                              const struct tk_command *command,
                              const struct tk_show *show)
{
    struct tk_buf page;
    enum tk_exit status;

    tk_buf_init(&page, PAGE_MAX_BYTES);
    if (command != NULL) {
        tk_command_help(command, show, &page);
    } else {
        tk_command_overview(commands, show, &page);
    }
    status = tk_show_put(show, &page);
    tk_buf_fini(&page);
    return status;
}

static enum tk_exit run(const struct tk_command *command, int argc,
                        char *const *argv, const struct tk_show *show)
{
    struct tk_args args;
    struct tk_why why;

    if (tk_args_parse(command->options, command->option_count, argc, argv,
                      &args, &why) != 0) {
        return tk_show_fail(show, TK_EXIT_USAGE,
                            "%s: %s (see 'tokeng help %s')", command->name,
                            why.text, command->name);
    }
    if (args.wants_help) return show_page(NULL, command, show);
    if (args.word_count < command->word_count) {
        return tk_show_fail(show, TK_EXIT_USAGE,
                            "%s: missing %s (see 'tokeng help %s')",
                            command->name, command->words, command->name);
    }
    if (args.word_count > command->word_count &&
        args.word_count > command->word_most) {
        /* Not shown: somebody may have meant it for a token's place. */
        return tk_show_fail(show, TK_EXIT_USAGE,
                            "%s: one word too many; it takes %s (see 'tokeng "
                            "help %s')",
                            command->name,
                            command->word_count == 0 ? "none" : command->words,
                            command->name);
    }
    return command->run(&args, show);
}

enum tk_exit tk_command_main(const struct tk_command *const *commands, int argc,
                             char *const *argv, const struct tk_show *show)
{
    const char *name = argc < 2 ? "help" : argv[1];
    const struct tk_command *command;

    if (strcmp(name, "--version") == 0) name = "version";
    if (is_asking_for_help(name)) {
        if (argc < 3 || is_asking_for_help(argv[2])) {
            return show_page(commands, NULL, show);
        }
        name = argv[2];
        command = find(commands, name);
        if (command != NULL) return show_page(commands, command, show);
        return unknown(commands, name, show);
    }
    command = find(commands, name);
    if (command == NULL) return unknown(commands, name, show);
    return run(command, argc - 2, argv + 2, show);
}
