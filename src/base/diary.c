#define _DEFAULT_SOURCE
#include "base/diary.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 64 * 1024,
    /* Where the end of a line that was cut short is sought; a line is shorter.
     */
    LINE_MAX_BYTES = 4096,
    OLDER_MAX = PATH_MAX + 2,
};

struct tk_diary {
    char *path;
    const char *head;
    int64_t max_bytes;
    int fd;
    struct tk_buf lines; /* not written yet */
    uint64_t waiting;    /* how many they are */
    uint64_t lost;
};

static int fail(struct tk_why *why, const char *path, const char *doing)
{
    int code = errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? TK_EFULL
               : errno == EACCES || errno == EPERM || errno == EROFS
                   ? TK_EDENIED
                   : TK_EIO;

    return tk_fail(why, code, "%s: cannot be %s: %s", path, doing,
                   strerror(errno));
}

/* --- a file --- */

/* All or nothing: a line that does not fit is taken back. */
static bool append(int fd, struct tk_str text)
{
    struct stat before;

    if (fstat(fd, &before) != 0) return false;
    while (text.len > 0) {
        ssize_t put = write(fd, text.data, text.len);

        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) {
            int cause = errno;

            if (ftruncate(fd, before.st_size) != 0) cause = EIO;
            errno = cause;
            return false;
        }
        text = tk_str_skip(text, (size_t)put);
    }
    return true;
}

static bool put_head(int fd, const char *head)
{
    struct tk_buf line;
    bool done;

    tk_buf_init(&line, LINE_MAX_BYTES);
    tk_buf_put_text(&line, head);
    tk_buf_put_byte(&line, '\n');
    done = append(fd, tk_buf_str(&line));
    tk_buf_fini(&line);
    return done;
}

static bool has_head(int fd, const char *head)
{
    char start[LINE_MAX_BYTES];
    size_t len = strlen(head);
    ssize_t got = pread(fd, start, sizeof start, 0);

    return got > (ssize_t)len && memcmp(start, head, len) == 0 &&
           start[len] == '\n';
}

static bool drop_half_a_line(int fd, off_t size)
{
    char end[LINE_MAX_BYTES];
    off_t from = size > LINE_MAX_BYTES ? size - LINE_MAX_BYTES : 0;
    ssize_t got = pread(fd, end, sizeof end, from);

    while (got > 0 && end[got - 1] != '\n') got--;
    return got > 0 && (from + got == size || ftruncate(fd, from + got) == 0);
}

/* What lies there is a diary of ours, or nothing does. */
static int take_over(int fd, const char *path, const char *head,
                     struct tk_why *why)
{
    struct stat file;

    if (fstat(fd, &file) != 0) return fail(why, path, "read");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return tk_fail(why, TK_EBUSY, "%s: another process writes it", path);
    }
    if (S_ISREG(file.st_mode) && file.st_size == 0) {
        return put_head(fd, head) ? 0 : fail(why, path, "written");
    }
    if (!S_ISREG(file.st_mode) || !has_head(fd, head)) {
        return tk_fail(why, TK_EEXIST,
                       "%s: something else is there; name another file", path);
    }
    return drop_half_a_line(fd, file.st_size) ? 0 : fail(why, path, "written");
}

static int open_file(const char *path, const char *head, int *out,
                     struct tk_why *why)
{
    int fd = open(
        path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
        0600);
    int rc;

    if (fd < 0) return fail(why, path, "opened");
    rc = take_over(fd, path, head, why);
    if (rc != 0) {
        close(fd);
        return rc;
    }
    *out = fd;
    return 0;
}

/* What is to be thrown away at the first turn of the page. */
static int check_older(const char *path, const char *head, struct tk_why *why)
{
    char older[OLDER_MAX];
    int fd;
    bool is_ours;

    snprintf(older, sizeof older, "%s.1", path);
    fd = open(older, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return 0;
    is_ours = fd >= 0 && has_head(fd, head);
    if (fd >= 0) close(fd);
    if (is_ours) return 0;
    return tk_fail(why, TK_EEXIST,
                   "%s: something else is there; name another file", older);
}

/* --- the diary --- */

int tk_diary_open(const char *path, const char *head, int64_t max_bytes,
                  struct tk_diary **out, struct tk_why *why)
{
    struct tk_diary *diary = calloc(1, sizeof *diary);
    int rc = TK_ENOMEM;

    *out = NULL;
    if (diary != NULL) {
        diary->fd = -1;
        diary->head = head;
        diary->max_bytes = max_bytes;
        tk_buf_init(&diary->lines, BUFFER_BYTES);
        diary->path = strdup(path);
    }
    if (diary == NULL || diary->path == NULL) {
        tk_fail(why, rc, "%s", tk_err_text(rc));
    } else {
        rc = check_older(path, head, why);
        if (rc == 0) rc = open_file(path, head, &diary->fd, why);
    }
    if (rc != 0) {
        tk_diary_close(diary);
        return rc;
    }
    *out = diary;
    return 0;
}

void tk_diary_close(struct tk_diary *diary)
{
    if (diary == NULL) return;
    if (diary->fd >= 0) {
        tk_diary_flush(diary, NULL);
        close(diary->fd);
    }
    tk_buf_fini(&diary->lines);
    free(diary->path);
    free(diary);
}

void tk_diary_limit(struct tk_diary *diary, int64_t max_bytes)
{
    diary->max_bytes = max_bytes;
}

static int begin_file(struct tk_diary *diary, struct tk_why *why)
{
    int fd;
    int rc = open_file(diary->path, diary->head, &fd, why);

    if (rc != 0) return rc;
    close(diary->fd);
    diary->fd = fd;
    return 0;
}

static int turn_the_page(struct tk_diary *diary, struct tk_why *why)
{
    char older[OLDER_MAX];

    snprintf(older, sizeof older, "%s.1", diary->path);
    if (rename(diary->path, older) != 0) {
        return fail(why, diary->path, "renamed");
    }
    return begin_file(diary, why);
}

/* Somebody may have taken the file away, put another in its place, or emptied
 * it. */
static int keep_house(struct tk_diary *diary, struct tk_why *why)
{
    struct stat ours;
    struct stat there;

    if (fstat(diary->fd, &ours) != 0) return fail(why, diary->path, "read");
    if (stat(diary->path, &there) != 0 || there.st_ino != ours.st_ino ||
        there.st_dev != ours.st_dev) {
        return begin_file(diary, why);
    }
    if (ours.st_size == 0) {
        if (put_head(diary->fd, diary->head)) return 0;
        return fail(why, diary->path, "written");
    }
    if (ours.st_size + (int64_t)diary->lines.len <= diary->max_bytes / 2) {
        return 0;
    }
    return turn_the_page(diary, why);
}

int tk_diary_flush(struct tk_diary *diary, struct tk_why *why)
{
    int rc = 0;

    if (diary->waiting == 0) return 0;
    rc = keep_house(diary, why);
    if (rc == 0 && !append(diary->fd, tk_buf_str(&diary->lines))) {
        rc = fail(why, diary->path, "written");
    }
    if (rc != 0) diary->lost += diary->waiting;
    diary->waiting = 0;
    tk_buf_clear(&diary->lines);
    return rc;
}

bool tk_diary_fits(const struct tk_diary *diary, size_t len)
{
    return diary->lines.len + len <= diary->lines.max;
}

void tk_diary_put(struct tk_diary *diary, struct tk_str line)
{
    if (!tk_diary_fits(diary, line.len) && tk_diary_flush(diary, NULL) != 0) {
        diary->lost++;
        return;
    }
    if (tk_buf_put_str(&diary->lines, line) == 0) {
        diary->waiting++;
        return;
    }
    diary->lost += diary->waiting + 1;
    diary->waiting = 0;
    tk_buf_clear(&diary->lines);
}

bool tk_diary_is_flushed(const struct tk_diary *diary)
{
    return diary->waiting == 0;
}

uint64_t tk_diary_lost(const struct tk_diary *diary)
{
    return diary->lost;
}
