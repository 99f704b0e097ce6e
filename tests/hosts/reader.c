/* reader.c DIR KEY COUNT - reads KEY from the shared cache alone until it has
 * seen COUNT tokens, and prints each with its generation.
 * reader.c DIR KEY fork - the same handle in two processes: parent and child
 * each read a token and fetch one, and print it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tokeng.h>
#include <unistd.h>

static char token[16385];

static int fail(const char *what, int rc)
{
    fprintf(stderr, "%s: %s\n", what, tokeng_strerror(rc));
    return 1;
}

static int watch(struct tokeng *t, const char *key, int count)
{
    struct tokeng_info info = {.size = sizeof info};
    uint64_t last = 0;

    while (count > 0) {
        int rc =
            tokeng_get(t, key, strlen(key), NULL, token, sizeof token, &info);

        if (rc < 0) return fail("get", rc);
        if (info.generation < last) return fail("an older token came back", 0);
        if (info.generation == last) {
            usleep(1000);
            continue;
        }
        last = info.generation;
        printf("%llu %s\n", (unsigned long long)last, token);
        count--;
    }
    return 0;
}

static int read_and_fetch(struct tokeng *t, const char *key)
{
    int rc = tokeng_get(t, key, strlen(key), NULL, token, sizeof token, NULL);

    if (rc < 0) return fail("get", rc);
    rc = tokeng_fetch(t, key, strlen(key), NULL, token, sizeof token, NULL);
    if (rc < 0) return fail("fetch", rc);
    printf("%s\n", token);
    fflush(stdout);
    return 0;
}

/* The connection that the first fetch leaves idle is in both. */
static int split(struct tokeng *t, const char *key)
{
    int status = read_and_fetch(t, key);
    pid_t child;

    if (status != 0) return status;
    child = fork();
    if (child == 0) {
        status = read_and_fetch(t, key) + read_and_fetch(t, key);
        tokeng_close(t);
        _exit(status);
    }
    status = read_and_fetch(t, key) + read_and_fetch(t, key);
    if (child < 0 || waitpid(child, &child, 0) < 0 || child != 0) return 1;
    return status + read_and_fetch(t, key);
}

int main(int argc, char **argv)
{
    struct tokeng *t;
    int rc;

    if (argc != 4) return 64;
    rc = tokeng_open(argv[1], &t);
    if (rc != 0) return fail("open", rc);
    rc = strcmp(argv[3], "fork") == 0 ? split(t, argv[2])
                                      : watch(t, argv[2], atoi(argv[3]));
    tokeng_close(t);
    return rc;
}
