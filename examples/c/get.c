/* get KEY - prints the header line for the token under KEY. With --reject the
 * issuer is said to have answered 401 to it, and the next token is fetched.
 *
 *   cc get.c $(pkg-config --cflags --libs tokeng) -o get
 */
#include <stdio.h>
#include <string.h>
#include <tokeng.h>

enum { TOKEN_MAX = 16384 };

/* The shared cache answers at once; only where it has no such token is the
 * engine asked, which may take as long as the issuer does. */
static int get(struct tokeng *t, const char *key,
               const struct tokeng_want *want, char *buf, size_t cap,
               struct tokeng_info *info)
{
    int rc = tokeng_get(t, key, strlen(key), want, buf, cap, info);

    if (rc == TOKENG_EMISS || rc == TOKENG_ECONNECT) {
        rc = tokeng_fetch(t, key, strlen(key), want, buf, cap, info);
    }
    return rc;
}

/* What to do after a 401. A newer token than the rejected one, that another
 * caller has brought meanwhile, is taken as it is. */
static int get_next(struct tokeng *t, const char *key, char *buf, size_t cap,
                    struct tokeng_info *info)
{
    struct tokeng_want want = {.size = sizeof want,
                               .newer_than = info->generation};
    int rc = tokeng_reject(t, key, strlen(key), info->generation);

    return rc == 0 ? get(t, key, &want, buf, cap, info) : rc;
}

int main(int argc, char **argv)
{
    int rejects = argc == 3 && strcmp(argv[1], "--reject") == 0;
    struct tokeng_info info = {.size = sizeof info};
    char token[TOKEN_MAX + 1];
    const char *key = argc > 1 ? argv[argc - 1] : "";
    struct tokeng *t;
    int rc;

    if (argc != 2 + rejects) {
        fprintf(stderr, "usage: get [--reject] KEY\n");
        return 64;
    }
    rc = tokeng_open(NULL, &t);
    if (rc == 0) {
        rc = get(t, key, NULL, token, sizeof token, &info);
        if (rc >= 0 && rejects) {
            rc = get_next(t, key, token, sizeof token, &info);
        }
        tokeng_close(t);
    }
    if (rc < 0) {
        fprintf(stderr, "get: %s: %s\n", key, tokeng_strerror(rc));
        return 1;
    }
    printf("Authorization: Bearer %s\n", token);
    return 0;
}
