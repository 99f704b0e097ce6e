/* replay FOLDER - runs a target over each file of its corpus, for compilers
 * that have no fuzzer.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <limits.h>

enum { INPUT_MAX = 1 << 20 };

static void run(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(INPUT_MAX);
    size_t size;

    HOLD(file != NULL && data != NULL);
    size = fread(data, 1, INPUT_MAX, file);
    HOLD(feof(file));
    fclose(file);
    /* In a block of its own size, so that reading beyond it is seen. */
    data = realloc(data, size > 0 ? size : 1);
    HOLD(data != NULL);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static bool is_hidden(const struct dirent *entry)
{
    return entry->d_name[0] == '.';
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    struct dirent *entry;
    unsigned count = 0;
    char path[PATH_MAX];

    if (folder == NULL) {
        fprintf(stderr, "usage: replay FOLDER\n");
        return 64;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (is_hidden(entry)) continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        printf("%s\n", entry->d_name);
        fflush(stdout);
        run(path);
        count++;
    }
    closedir(folder);
    HOLD(count > 0);
    return 0;
}
