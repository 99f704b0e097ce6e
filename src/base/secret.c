#define _DEFAULT_SOURCE
#include "base/secret.h"

#include "base/file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

void tk_wipe_free(void *bytes, size_t len)
{
    if (bytes == NULL) return;
    explicit_bzero(bytes, len);
    free(bytes);
}

const char *tk_secret_from_name(enum tk_secret_from from)
{
    switch (from) {
    case TK_SECRET_FILE:
        return "file";
    case TK_SECRET_ENV:
        return "env";
    case TK_SECRET_CREDENTIAL:
        return "credential";
    case TK_SECRET_GIVEN:
        break;
    }
    return "given";
}

int tk_secret_init(struct tk_secret *secret, enum tk_secret_from from,
                   struct tk_str place)
{
    *secret = (struct tk_secret){.from = from};
    secret->place = strndup(place.data == NULL ? "" : place.data, place.len);
    return secret->place == NULL ? TK_ENOMEM : 0;
}

static void wipe(struct tk_secret *secret)
{
    if (secret->pages.start == NULL) tk_wipe_free(secret->bytes, secret->len);
    tk_pages_free(&secret->pages);
}

void tk_secret_fini(struct tk_secret *secret)
{
    wipe(secret);
    free(secret->place);
    *secret = (struct tk_secret){0};
}

struct tk_str tk_secret_bytes(const struct tk_secret *secret)
{
    return tk_str_of(secret->bytes == NULL ? "" : secret->bytes, secret->len);
}

int tk_secret_put(struct tk_secret *secret, struct tk_str bytes)
{
    struct tk_pages pages = {0};
    char *copy;

    if (secret->from == TK_SECRET_GIVEN) {
        copy = malloc(bytes.len + 1);
    } else {
        copy = tk_pages_new(bytes.len + 1, &pages) == 0 ? pages.start : NULL;
    }
    if (copy == NULL) return TK_ENOMEM;
    if (bytes.len > 0) memcpy(copy, bytes.data, bytes.len);
    copy[bytes.len] = '\0';
    wipe(secret);
    secret->bytes = copy;
    secret->len = bytes.len;
    secret->pages = pages;
    return 0;
}

static struct tk_str without_line_end(struct tk_str text)
{
    if (text.len > 0 && text.data[text.len - 1] == '\n') text.len--;
    if (text.len > 0 && text.data[text.len - 1] == '\r') text.len--;
    return text;
}

static int read_file(struct tk_secret *secret, const char *path,
                     struct tk_why *why)
{
    struct tk_buf buf;
    struct tk_str bytes;
    int rc;

    tk_buf_init(&buf, TK_SECRET_MAX);
    rc = tk_file_read(path, &buf, why);
    bytes = without_line_end(tk_buf_str(&buf));
    if (rc == 0 && bytes.len == 0) {
        rc = tk_fail(why, TK_EINVAL, "%s: the secret is empty", path);
    }
    if (rc == 0) rc = tk_secret_put(secret, bytes);
    tk_buf_fini(&buf);
    return rc;
}

/* The process's environment is readable by others of the same user, so the
 * value is overwritten where it stands. Its length stays visible. */
static int read_env(struct tk_secret *secret, struct tk_why *why)
{
    char *value = getenv(secret->place);
    struct tk_str bytes = without_line_end(tk_str(value));
    int rc;

    if (secret->len > 0) return 0;
    if (bytes.len == 0) {
        return tk_fail(why, TK_ENOENT, "the variable %s is %s", secret->place,
                       value == NULL ? "not set" : "empty");
    }
    rc = tk_secret_put(secret, bytes);
    if (rc == 0) explicit_bzero(value, strlen(value));
    return rc;
}

static int read_credential(struct tk_secret *secret, struct tk_why *why)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char path[PATH_MAX];

    if (dir == NULL) {
        return tk_fail(why, TK_ENOENT,
                       "credential %s: CREDENTIALS_DIRECTORY is not set; give "
                       "the unit LoadCredential=%s:PATH",
                       secret->place, secret->place);
    }
    if (strchr(secret->place, '/') != NULL ||
        snprintf(path, sizeof path, "%s/%s", dir, secret->place) >=
            (int)sizeof path) {
        return tk_fail(why, TK_EINVAL, "'%s' is no name of a credential",
                       secret->place);
    }
    return read_file(secret, path, why);
}

int tk_secret_read(struct tk_secret *secret, struct tk_why *why)
{
    switch (secret->from) {
    case TK_SECRET_FILE:
        return read_file(secret, secret->place, why);
    case TK_SECRET_ENV:
        return read_env(secret, why);
    case TK_SECRET_CREDENTIAL:
        return read_credential(secret, why);
    case TK_SECRET_GIVEN:
        break;
    }
    return 0;
}
