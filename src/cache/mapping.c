#define _GNU_SOURCE
#include "cache/mapping.h"

#include "cache/demand_link.h"
#include "cache/segment_head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    const char *dir;
    const char *name;
    struct tk_why *why;
};

static int fail(const struct place *place, int code, const char *what)
{
    return tk_fail(place->why, code, "shared cache %s/%s: %s", place->dir,
                   place->name, what);
}

static int fail_errno(const struct place *place)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return fail(place, TK_ENOENT, "no engine has made it");
    case EACCES:
    case EPERM:
        return fail(place, TK_EDENIED,
                    "may not be read by this user; it is for the group that "
                    "the engine gives it to");
    case ELOOP:
        return fail(place, TK_EPROTO, "is a symbolic link");
    case ENOMEM:
        return fail(place, TK_ENOMEM, "cannot be mapped");
    default:
        return fail(place, TK_EIO, strerror(errno));
    }
}

/* Only who owns the directory, or root, may have written it. */
static int check_file(const struct place *place, int dir_fd, int fd,
                      struct stat *file)
{
    struct stat dir;

    if (fstat(dir_fd, &dir) != 0 || fstat(fd, file) != 0) {
        return fail_errno(place);
    }
    if (!S_ISREG(file->st_mode)) {
        return fail(place, TK_EPROTO, "is no file");
    }
    if (file->st_uid != dir.st_uid && file->st_uid != 0) {
        return fail(place, TK_EPROTO,
                    "does not belong to its directory's owner");
    }
    if ((file->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(place, TK_EPROTO, "could be written by others");
    }
    if (file->st_size < TK_SEGMENT_PAGE) {
        return fail(place, TK_EPROTO, "is too short");
    }
    return 0;
}

static int check_head(const struct place *place, struct tk_mapping *mapping)
{
    const struct tk_segment_head *head = mapping->head;
    unsigned char boot_id[TK_BOOT_ID_LEN];

    if (head->magic != TK_SEGMENT_MAGIC) {
        return fail(place, TK_EPROTO, "is no shared cache");
    }
    if (head->version != TK_SEGMENT_VERSION || head->page != TK_SEGMENT_PAGE) {
        return fail(place, TK_EVERSION,
                    "is of another version of tokeng; library and engine must "
                    "be installed together");
    }
    tk_boot_id(boot_id);
    if (memcmp(head->boot_id, boot_id, TK_BOOT_ID_LEN) != 0) {
        return fail(place, TK_ENOENT, "was left by an earlier boot");
    }
    if (head->size != mapping->size ||
        tk_view_init(&mapping->view, (const char *)head + TK_SEGMENT_PAGE,
                     mapping->size - TK_SEGMENT_PAGE) != 0) {
        return fail(place, TK_EPROTO, "is damaged");
    }
    return 0;
}

static int map(const struct place *place, int fd, const struct stat *file,
               struct tk_mapping *mapping)
{
    void *start =
        mmap(NULL, (size_t)file->st_size, PROT_READ, MAP_SHARED, fd, 0);

    if (start == MAP_FAILED) return fail_errno(place);
    madvise(start, (size_t)file->st_size, MADV_DONTDUMP);
    mapping->head = start;
    mapping->size = (size_t)file->st_size;
    mapping->dev = file->st_dev;
    mapping->inode = file->st_ino;
    return check_head(place, mapping);
}

static size_t demand_size(const struct tk_mapping *mapping)
{
    return tk_view_slots(&mapping->view) * sizeof(uint32_t);
}

/* Without it nothing is lost but a policy's knowledge of who uses what. */
void tk_mapping_hear(struct tk_mapping *mapping, int wait_ms)
{
    uint32_t *demand = NULL;
    int rc;

    if (mapping->asked < 0) return;
    rc = tk_demand_hear(mapping->asked, mapping->head->demand_inode,
                        demand_size(mapping), wait_ms, &demand);
    if (rc == TK_ETIMEDOUT) return;
    __atomic_store_n(&mapping->demand, demand, __ATOMIC_RELEASE);
    close(mapping->asked);
    __atomic_store_n(&mapping->asked, -1, __ATOMIC_RELAXED);
}

static int open_at(const struct place *place, int dir_fd,
                   struct tk_mapping *mapping)
{
    int fd = openat(dir_fd, place->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat file;
    int rc;

    if (fd < 0) return fail_errno(place);
    rc = check_file(place, dir_fd, fd, &file);
    if (rc == 0) rc = map(place, fd, &file, mapping);
    close(fd);
    return rc;
}

int tk_mapping_open(const char *dir, const char *name, const char *demand,
                    struct tk_mapping **out, struct tk_why *why)
{
    struct place place = {dir, name, why};
    struct tk_mapping *mapping = calloc(1, sizeof *mapping);
    int dir_fd, rc;

    if (mapping == NULL) return fail(&place, TK_ENOMEM, "out of memory");
    mapping->asked = -1;
    dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    rc = dir_fd < 0 ? fail_errno(&place) : open_at(&place, dir_fd, mapping);
    if (rc == 0 && demand != NULL) {
        mapping->asked = tk_demand_ask(dir_fd, demand);
    }
    if (dir_fd >= 0) close(dir_fd);
    if (rc != 0) {
        tk_mapping_close(mapping);
        return rc;
    }
    *out = mapping;
    return 0;
}

void tk_mapping_close(struct tk_mapping *mapping)
{
    if (mapping == NULL) return;
    if (mapping->asked >= 0) close(mapping->asked);
    if (mapping->demand != NULL) munmap(mapping->demand, demand_size(mapping));
    if (mapping->head != NULL) munmap((void *)mapping->head, mapping->size);
    free(mapping);
}

bool tk_mapping_is_retired(const struct tk_mapping *mapping)
{
    return __atomic_load_n(&mapping->head->is_retired, __ATOMIC_ACQUIRE) != 0;
}

int64_t tk_mapping_beat_at(const struct tk_mapping *mapping)
{
    return __atomic_load_n(&mapping->head->beat_at, __ATOMIC_ACQUIRE);
}

int64_t tk_mapping_boot_ahead(const struct tk_mapping *mapping)
{
    return __atomic_load_n(&mapping->head->boot_ahead, __ATOMIC_RELAXED);
}

int64_t tk_mapping_wall_ahead(const struct tk_mapping *mapping)
{
    return __atomic_load_n(&mapping->head->wall_ahead, __ATOMIC_RELAXED);
}
