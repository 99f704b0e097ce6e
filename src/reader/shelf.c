#define _GNU_SOURCE
#include "reader/shelf.h"

#include "reader/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    LOOK_EVERY_MS = 100,
    /* An engine that is not busy answers in a fraction of one. */
    HEAR_MS = 10,
    GROUPS_MAX = 256,
};

static int64_t coarse_ms(void)
{
    uint32_t second;

    return tk_moment_coarse(CLOCK_MONOTONIC_COARSE, &second);
}

void tk_shelf_init(struct tk_shelf *shelf, const char *dir)
{
    *shelf = (struct tk_shelf){.dir = dir, .last_rc = TK_ENOENT};
}

void tk_shelf_fini(struct tk_shelf *shelf)
{
    struct tk_mapping *mapping = shelf->old;

    while (mapping != NULL) {
        struct tk_mapping *next = mapping->next;

        tk_mapping_close(mapping);
        mapping = next;
    }
    tk_mapping_close(shelf->mapping);
}

/* The cache lies beside the socket. */
static int find_dir(const struct tk_shelf *shelf, char *out, size_t cap)
{
    int rc = tk_place_find_socket(out, cap, shelf->dir);
    char *slash = rc == 0 ? strrchr(out, '/') : NULL;

    if (slash == NULL) return TK_ENOENT;
    slash[slash == out] = '\0';
    return 0;
}

static bool is_other_file(const struct tk_shelf *shelf, const char *dir)
{
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + TK_CACHE_NAME];
    struct stat file;

    if (shelf->mapping == NULL) return true;
    snprintf(path, sizeof path, "%s/%s", dir, shelf->name);
    return stat(path, &file) == 0 && (file.st_ino != shelf->mapping->inode ||
                                      file.st_dev != shelf->mapping->dev);
}

static int open_of_group(struct tk_shelf *shelf, const char *dir, gid_t group,
                         struct tk_mapping **out)
{
    char segment[TK_CACHE_NAME], demand[TK_CACHE_NAME];
    int rc;

    tk_segment_name(group, segment);
    tk_demand_name(group, demand);
    rc = tk_mapping_open(dir, segment, demand, out, NULL);
    if (rc == 0) memcpy(shelf->name, segment, sizeof segment);
    return rc;
}

/* TK_EDENIED if none of his groups has one. */
static int open_of_groups(struct tk_shelf *shelf, const char *dir,
                          struct tk_mapping **out)
{
    gid_t groups[GROUPS_MAX];
    int count = getgroups(GROUPS_MAX - 1, groups);
    int rc = TK_EDENIED;

    if (count < 0) count = 0;
    groups[count++] = getegid();
    for (int i = 0; i < count && rc != 0; i++) {
        int found = open_of_group(shelf, dir, groups[i], out);

        if (found != TK_ENOENT) rc = found;
    }
    return rc;
}

static int open_cache(struct tk_shelf *shelf, const char *dir,
                      struct tk_mapping **out)
{
    int rc = tk_mapping_open(dir, TK_SEGMENT_FILE, TK_DEMAND_FILE, out, NULL);

    if (rc == TK_EDENIED) return open_of_groups(shelf, dir, out);
    if (rc == 0) snprintf(shelf->name, sizeof shelf->name, TK_SEGMENT_FILE);
    return rc;
}

/* Returns whether there is another one now. */
static bool look(struct tk_shelf *shelf)
{
    struct tk_mapping *before = shelf->mapping;
    struct tk_mapping *found;
    char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int rc = find_dir(shelf, dir, sizeof dir);

    if (rc == 0 && !is_other_file(shelf, dir)) return false;
    if (rc == 0) rc = open_cache(shelf, dir, &found);
    __atomic_store_n(&shelf->last_rc, rc, __ATOMIC_RELAXED);
    if (rc != 0) return false;
    tk_mapping_hear(found, HEAR_MS);
    if (before != NULL) {
        before->next = shelf->old;
        shelf->old = before;
    }
    found->number = ++shelf->count;
    __atomic_store_n(&shelf->mapping, found, __ATOMIC_RELEASE);
    return true;
}

/* One thread looks, the others go on with what is there. */
static void look_if_time(struct tk_shelf *shelf, int64_t now)
{
    if (now < __atomic_load_n(&shelf->next_look, __ATOMIC_RELAXED) ||
        __atomic_exchange_n(&shelf->is_looking, 1, __ATOMIC_ACQUIRE) != 0) {
        return;
    }
    if (!look(shelf)) {
        __atomic_store_n(&shelf->next_look, now + LOOK_EVERY_MS,
                         __ATOMIC_RELAXED);
    }
    __atomic_store_n(&shelf->is_looking, 0, __ATOMIC_RELEASE);
}

/* An engine that was busy when it was asked has answered since. */
static void hear(struct tk_shelf *shelf, struct tk_mapping *mapping)
{
    if (__atomic_exchange_n(&shelf->is_looking, 1, __ATOMIC_ACQUIRE) != 0) {
        return;
    }
    tk_mapping_hear(mapping, 0);
    __atomic_store_n(&shelf->is_looking, 0, __ATOMIC_RELEASE);
}

struct tk_mapping *tk_shelf_take(struct tk_shelf *shelf, int *rc)
{
    struct tk_mapping *mapping =
        __atomic_load_n(&shelf->mapping, __ATOMIC_ACQUIRE);

    if (mapping == NULL || tk_mapping_is_retired(mapping) ||
        tk_moment_is_silent(&shelf->moment)) {
        look_if_time(shelf, coarse_ms());
        mapping = __atomic_load_n(&shelf->mapping, __ATOMIC_ACQUIRE);
        *rc = __atomic_load_n(&shelf->last_rc, __ATOMIC_RELAXED);
    }
    if (mapping != NULL && tk_mapping_is_waiting(mapping)) {
        hear(shelf, mapping);
    }
    return mapping;
}
