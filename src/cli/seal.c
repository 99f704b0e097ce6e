#include "cli/seal.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* LeakSanitizer reads the process by ptrace, which one that is not dumpable
 * refuses, so builds with a sanitizer stay dumpable. */
void tk_seal(void)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(IS_SANITIZED)
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}
