#define _GNU_SOURCE
/* The page is a template and what it names: {{simulate.css}} becomes that file,
 * {{data}} the results as JSON. What was put in is not looked at again, so a
 * file may hold any text; in the data no '<' is left, so that no name in a
 * trace can end the script that holds it.
 */
#include "sim/html.h"

#include "base/file.h"

#include <limits.h>
#include <stdio.h>

enum {
    FILE_MAX_BYTES = 4 * 1024 * 1024,
    DATA_MAX_BYTES = 128 * 1024 * 1024,
    PAGE_MAX_BYTES = 256 * 1024 * 1024
};

static int read_part(const char *share_dir, struct tk_str name,
                     struct tk_buf *out, struct tk_why *why)
{
    char path[PATH_MAX];
    int len =
        snprintf(path, sizeof path, "%s/web/%.*s", share_dir, TK_ARG(name));

    if (len < 0 || len >= (int)sizeof path) {
        return tk_fail(why, TK_ETOOBIG, "%s: the path is too long", share_dir);
    }
    return tk_file_read(path, out, why);
}

static void put_without_tags(struct tk_buf *out, struct tk_str json)
{
    struct tk_str rest = json;

    while (rest.data != NULL) {
        struct tk_str head = tk_str_cut(&rest, '<');

        tk_buf_put_str(out, head);
        if (rest.data != NULL) tk_buf_put_text(out, "\\u003c");
    }
}

static int put_data(struct tk_buf *out, const struct tk_html_data *data,
                    struct tk_why *why)
{
    struct tk_buf json;
    int rc;

    tk_buf_init(&json, DATA_MAX_BYTES);
    rc = tk_html_data_put(&json, data);
    if (rc == 0) put_without_tags(out, tk_buf_str(&json));
    tk_buf_fini(&json);
    return rc == 0 ? 0 : tk_fail(why, rc, "the page: %s", tk_err_text(rc));
}

static int put_part(struct tk_buf *out, const struct tk_html_data *data,
                    const char *share_dir, struct tk_str name,
                    struct tk_why *why)
{
    struct tk_buf part;
    int rc;

    if (tk_str_is(name, "data")) return put_data(out, data, why);
    tk_buf_init(&part, FILE_MAX_BYTES);
    rc = read_part(share_dir, name, &part, why);
    if (rc == 0) tk_buf_put_str(out, tk_buf_str(&part));
    tk_buf_fini(&part);
    return rc;
}

/* Takes what stands before "{{" off the front of `*rest`, and the name behind
 * it; without one the name's data is NULL. */
static struct tk_str next_name(struct tk_str *rest, struct tk_str *before)
{
    struct tk_str name = {NULL, 0};
    const char *open = memmem(rest->data, rest->len, "{{", 2);
    const char *end = rest->data + rest->len;
    const char *close;

    *before = *rest;
    *rest = tk_str_skip(*rest, rest->len);
    if (open == NULL) return name;
    before->len = (size_t)(open - before->data);
    close = memmem(open, (size_t)(end - open), "}}", 2);
    if (close == NULL) return tk_str("");
    *rest = tk_str_of(close + 2, (size_t)(end - close - 2));
    return tk_str_of(open + 2, (size_t)(close - open - 2));
}

static int put_template(struct tk_buf *out, const struct tk_html_data *data,
                        const char *share_dir, struct tk_str rest,
                        struct tk_why *why)
{
    while (rest.len > 0) {
        struct tk_str before;
        struct tk_str name = next_name(&rest, &before);
        int rc = 0;

        tk_buf_put_str(out, before);
        if (name.data != NULL && name.len == 0) {
            return tk_fail(why, TK_EINVAL,
                           "%s/web/simulate.html: a {{ without a name and }}",
                           share_dir);
        }
        if (name.data != NULL) rc = put_part(out, data, share_dir, name, why);
        if (rc != 0) return rc;
    }
    return out->failed == 0 ? 0
                            : tk_fail(why, out->failed, "the page: %s",
                                      tk_err_text(out->failed));
}

int tk_html_put(struct tk_buf *out, const struct tk_html_data *data,
                const char *share_dir, struct tk_why *why)
{
    struct tk_buf template;
    int rc;

    tk_buf_init(&template, FILE_MAX_BYTES);
    rc = read_part(share_dir, TK_STR("simulate.html"), &template, why);
    if (rc == 0)
        rc = put_template(out, data, share_dir, tk_buf_str(&template), why);
    tk_buf_fini(&template);
    return rc;
}

int tk_html_write(const char *path, const struct tk_html_data *data,
                  const char *share_dir, struct tk_why *why)
{
    struct tk_buf page;
    int rc;

    tk_buf_init(&page, PAGE_MAX_BYTES);
    rc = tk_html_put(&page, data, share_dir, why);
    if (rc == 0) rc = tk_file_write(path, 0644, tk_buf_str(&page), why);
    tk_buf_fini(&page);
    return rc;
}
