/* host.c CONFIG DIR CYCLES - a program that runs the engine inside itself and
 * prints the token of crm/client that each engine gives. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <tokeng.h>

static int count(const char *folder)
{
    DIR *dir = opendir(folder);
    int entries = 0;

    while (dir != NULL && readdir(dir) != NULL) entries++;
    if (dir != NULL) closedir(dir);
    return entries;
}

static int fetch(const char *dir)
{
    char token[4096];
    struct tokeng *t;
    int rc = tokeng_open(dir, &t);

    if (rc != 0) return rc;
    rc = tokeng_fetch(t, "crm/client", 10, NULL, token, sizeof token, NULL);
    if (rc > 0) puts(token);
    tokeng_close(t);
    return rc > 0 ? 0 : rc;
}

static int cycle(const char *config, const char *dir)
{
    char why[1024] = "";
    struct tokeng_engine_options options = {.size = sizeof options,
                                            .config = config,
                                            .dir = dir,
                                            .why = why,
                                            .why_cap = sizeof why};
    struct tokeng_engine *engine;
    int rc = tokeng_engine_start(&options, &engine);

    if (rc != 0) {
        printf("%s\n", why);
        return rc;
    }
    rc = fetch(dir);
    tokeng_engine_stop(engine);
    return rc;
}

int main(int argc, char **argv)
{
    int cycles = argc == 4 ? atoi(argv[3]) : 0;
    int descriptors = 0, threads = 0;

    for (int i = 0; i < cycles; i++) {
        int rc = cycle(argv[1], argv[2]);

        if (rc != 0) return -rc;
        if (i > 0) continue;
        descriptors = count("/proc/self/fd");
        threads = count("/proc/self/task");
    }
    printf("%d descriptors, %d threads more\n",
           count("/proc/self/fd") - descriptors,
           count("/proc/self/task") - threads);
    return 0;
}
