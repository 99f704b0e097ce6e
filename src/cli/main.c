/* tokeng: one program, one file a command. */
#include "cli/admin.h"
#include "cli/check.h"
#include "cli/explain.h"
#include "cli/fake.h"
#include "cli/get.h"
#include "cli/list.h"
#include "cli/policy.h"
#include "cli/run.h"
#include "cli/seal.h"
#include "cli/simulate.h"
#include "cli/version.h"

#include <unistd.h>

static const struct tk_command *const commands[] = {
    &tk_run_command,
    &tk_get_command,
    &tk_list_command,
    &tk_explain_command,
    &tk_check_command,
    &tk_admin_refresh_command,
    &tk_admin_reject_command,
    &tk_admin_pause_command,
    &tk_admin_resume_command,
    &tk_admin_reload_command,
    &tk_policy_command,
    &tk_simulate_command,
    &tk_fake_command,
    &tk_version_command,
    NULL,
};

int main(int argc, char **argv)
{
    struct tk_show show;

    tk_seal();
    tk_show_init(&show, STDOUT_FILENO, STDERR_FILENO);
    return (int)tk_command_main(commands, argc, argv, &show);
}
