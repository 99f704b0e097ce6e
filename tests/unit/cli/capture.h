/* tests/unit/cli/capture.h - what a command prints, kept for the test.
 *
 * _GNU_SOURCE is to be defined before.
 */
#ifndef TK_TESTS_UNIT_CLI_CAPTURE_H
#define TK_TESTS_UNIT_CLI_CAPTURE_H

#include "cli/command.h"

#include "tests/unit/harness.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Owned by the test. No terminal, 80 columns, no colours. */
struct capture {
    struct tk_show show;
    char text[64 * 1024]; /* of the last look */
};

static inline void capture_init(struct capture *capture)
{
    *capture = (struct capture){.show = {.width = 80, .height = 24}};
    capture->show.out = memfd_create("out", MFD_CLOEXEC);
    capture->show.err = memfd_create("err", MFD_CLOEXEC);
    assert_true(capture->show.out >= 0 && capture->show.err >= 0);
}

static inline void capture_fini(struct capture *capture)
{
    close(capture->show.out);
    close(capture->show.err);
}

/* All that was written to `fd` since the last look. */
static inline const char *capture_look(struct capture *capture, int fd)
{
    ssize_t len = pread(fd, capture->text, sizeof capture->text - 1, 0);

    assert_true(len >= 0);
    capture->text[len] = '\0';
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return capture->text;
}

static inline const char *capture_out(struct capture *capture)
{
    return capture_look(capture, capture->show.out);
}

static inline const char *capture_err(struct capture *capture)
{
    return capture_look(capture, capture->show.err);
}

static inline void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    }
}

static inline void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) {
        fail_msg("\"%s\" is in \"%s\"", part, text);
    }
}

/* Runs the command with these words, which end with NULL. */
static inline enum tk_exit capture_run(struct capture *capture,
                                       const struct tk_command *command, ...)
{
    const struct tk_command *const commands[] = {command, NULL};
    char *argv[24] = {(char[]){"tokeng"}, (char *)command->name};
    int argc = 2;
    va_list words;

    va_start(words, command);
    while ((argv[argc] = va_arg(words, char *)) != NULL) {
        argc++;
        assert_true(argc < 24);
    }
    va_end(words);
    return tk_command_main(commands, argc, argv, &capture->show);
}

#endif
