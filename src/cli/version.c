#include "cli/version.h"

#include "net/json.h"
#include "tokeng.h"

enum { OUTPUT_MAX_BYTES = 256 };

static const struct tk_option options[] = {TK_OPTION_JSON};

static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    struct tk_buf text;
    struct tk_json json = {.out = &text};
    enum tk_exit status;

    tk_buf_init(&text, OUTPUT_MAX_BYTES);
    if (tk_args_has(args, "json")) {
        tk_json_open(&json, '{');
        tk_json_name(&json, "version");
        tk_json_text(&json, TK_STR(TOKENG_VERSION));
        tk_json_name(&json, "abi");
        tk_json_int(&json, TOKENG_ABI);
        tk_json_close(&json, '}');
        tk_buf_put_byte(&text, '\n');
    } else {
        tk_buf_printf(&text, "tokeng %s (libtokeng ABI %d)\n", TOKENG_VERSION,
                      TOKENG_ABI);
    }
    status = tk_show_put(show, &text);
    tk_buf_fini(&text);
    return status;
}

const struct tk_command tk_version_command = {
    .name = "version",
    .words = "",
    .summary = "print the version",
    .about = "Prints the version of the program and the number of the "
             "interface that libtokeng offers to programs.",
    .example = "tokeng version --json",
    TK_COMMAND_OPTIONS(options),
    .run = run,
};
