#include "engine/choices.h"

#include "base/file.h"
#include "base/log.h"
#include "engine/policy.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_NAME "policies.json"

enum { CHOICE_MAX_BYTES = 128 * 1024, TREE_MAX_BYTES = 16 << 20 };

struct tk_choices_kept {
    struct tk_choices_kept *next;
    struct tk_pool pool;
    struct tk_str source;
    struct tk_value choice;
};

/* --- as JSON, and as a configuration has it --- */

static int check_fields(const struct tk_value *body, struct tk_why *why)
{
    if (body->type != TK_TABLE) {
        return tk_fail(why, TK_EINVAL, "must be an object, not %s",
                       tk_value_type_name(body));
    }
    for (uint32_t i = 0; i < body->as.table.pair_count; i++) {
        struct tk_str name = body->as.table.pairs[i].name;

        if (tk_str_is(name, "policy") || tk_str_is(name, "options")) continue;
        return tk_fail(why, TK_EINVAL,
                       "%.*s: unknown field; there are policy and options",
                       TK_ARG(name));
    }
    return 0;
}

int tk_choice_read(const struct tk_value *body, struct tk_pool *pool,
                   struct tk_value *out, struct tk_why *why)
{
    struct tk_str name = tk_value_text(tk_value_get(body, "policy"));
    const struct tk_value *options = tk_value_get(body, "options");
    struct tk_value text = {.type = TK_TEXT, .as.text = name};
    struct tk_value whole = {.type = TK_TABLE};
    int rc = check_fields(body, why);

    if (rc != 0) return rc;
    if (!tk_library_is_name(name)) {
        return tk_fail(why, TK_EINVAL,
                       "policy must be the name of an installed policy, such "
                       "as \"threshold\"");
    }
    if (options != NULL && options->type != TK_TABLE) {
        return tk_fail(why, TK_EINVAL, "options must be an object, not %s",
                       tk_value_type_name(options));
    }
    if (options != NULL) whole.as.table = options->as.table;
    whole.as.table.items = &text;
    whole.as.table.item_count = 1;
    rc = tk_value_copy(pool, &whole, out);
    return rc == 0 ? 0 : tk_fail(why, rc, "the options take too much memory");
}

void tk_choice_write(const struct tk_value *choice, struct tk_json *json)
{
    struct tk_value options = *choice;
    struct tk_buf text;

    if (choice->type == TK_TEXT || choice->type == TK_LIST) {
        options = (struct tk_value){.type = TK_TABLE};
    }
    options.as.table.items = NULL;
    options.as.table.item_count = 0;
    tk_buf_init(&text, CHOICE_MAX_BYTES);
    tk_json_name(json, "policy");
    tk_json_text(json, tk_policy_chosen_name(choice));
    tk_json_name(json, "options");
    if (tk_json_write(&text, &options) == 0) {
        tk_json_raw(json, tk_buf_str(&text));
    } else {
        tk_json_null(json);
    }
    tk_buf_fini(&text);
}

/* --- what is kept --- */

static void drop(struct tk_choices_kept **at)
{
    struct tk_choices_kept *kept = *at;

    *at = kept->next;
    tk_pool_fini(&kept->pool);
    free(kept);
}

static struct tk_choices_kept *make(struct tk_str source,
                                    const struct tk_value *choice)
{
    struct tk_choices_kept *kept = calloc(1, sizeof *kept);

    if (kept == NULL) return NULL;
    tk_pool_init(&kept->pool, CHOICE_MAX_BYTES);
    kept->source = tk_str_of(tk_pool_dup(&kept->pool, source), source.len);
    if (kept->source.data == NULL ||
        tk_value_copy(&kept->pool, choice, &kept->choice) != 0) {
        drop(&kept);
        return NULL;
    }
    return kept;
}

/* The directory is made when there is something to put into it. */
static int put(const char *path, struct tk_str text, struct tk_why *why)
{
    char dir[PATH_MAX];
    int rc;

    snprintf(dir, sizeof dir, "%.*s", (int)(strlen(path) - sizeof FILE_NAME),
             path);
    rc = tk_file_make_dir(dir, 0700, why);
    return rc == 0 ? tk_file_write(path, 0600, text, why) : rc;
}

static int save(const struct tk_choices *choices, struct tk_why *why)
{
    struct tk_buf text;
    struct tk_json json = {.out = &text};
    int rc;

    if (choices->path[0] == '\0') {
        return tk_fail(why, TK_EIO,
                       "there is no state directory, or one policy is "
                       "run over everything (--policy)");
    }
    tk_buf_init(&text, TK_JSON_MAX);
    tk_json_open(&json, '{');
    for (const struct tk_choices_kept *kept = choices->kept; kept != NULL;
         kept = kept->next) {
        tk_json_name(&json, kept->source.data);
        tk_json_open(&json, '{');
        tk_choice_write(&kept->choice, &json);
        tk_json_close(&json, '}');
    }
    tk_json_close(&json, '}');
    tk_buf_put_byte(&text, '\n');
    rc = text.failed != 0
             ? tk_fail(why, text.failed, "%s", tk_err_text(text.failed))
             : put(choices->path, tk_buf_str(&text), why);
    tk_buf_fini(&text);
    return rc;
}

const struct tk_value *tk_choices_get(const struct tk_choices *choices,
                                      struct tk_str source)
{
    for (const struct tk_choices_kept *kept = choices->kept; kept != NULL;
         kept = kept->next) {
        if (tk_str_eq(kept->source, source)) return &kept->choice;
    }
    return NULL;
}

int tk_choices_set(struct tk_choices *choices, struct tk_str source,
                   const struct tk_value *choice, struct tk_why *why)
{
    struct tk_choices_kept *made = NULL;
    struct tk_choices_kept **at = &choices->kept;

    if (choice != NULL) {
        made = make(source, choice);
        if (made == NULL) {
            return tk_fail(why, TK_ENOMEM, "%s", tk_err_text(TK_ENOMEM));
        }
    }
    while (*at != NULL && !tk_str_eq((*at)->source, source)) at = &(*at)->next;
    if (*at != NULL) drop(at);
    if (made != NULL) {
        made->next = choices->kept;
        choices->kept = made;
    }
    return save(choices, why);
}

/* --- from the disk --- */

static int take(struct tk_choices *choices, const struct tk_value *all,
                struct tk_pool *pool, struct tk_why *why)
{
    if (all->type != TK_TABLE) {
        return tk_fail(why, TK_EINVAL, "it is no object");
    }
    for (uint32_t i = 0; i < all->as.table.pair_count; i++) {
        const struct tk_pair *pair = &all->as.table.pairs[i];
        struct tk_choices_kept *kept;
        struct tk_value choice;
        int rc = tk_choice_read(&pair->value, pool, &choice, why);

        if (rc != 0) return rc;
        kept = make(pair->name, &choice);
        if (kept == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
        kept->next = choices->kept;
        choices->kept = kept;
    }
    return 0;
}

static int load(struct tk_choices *choices, struct tk_why *why)
{
    struct tk_value all;
    struct tk_pool pool;
    struct tk_buf text;
    int rc;

    tk_pool_init(&pool, TREE_MAX_BYTES);
    tk_buf_init(&text, TK_JSON_MAX);
    rc = tk_file_read(choices->path, &text, why);
    if (rc == 0) rc = tk_json_parse(tk_buf_str(&text), &pool, &all, why);
    if (rc == 0) rc = take(choices, &all, &pool, why);
    tk_buf_fini(&text);
    tk_pool_fini(&pool);
    return rc;
}

/* Somebody may still want to read it. */
static void set_aside(const struct tk_choices *choices, const char *why)
{
    char path[PATH_MAX + sizeof ".bad"];

    snprintf(path, sizeof path, "%s.bad", choices->path);
    (void)rename(choices->path, path);
    tk_log(TK_LOG_ERROR, "choices of policies cannot be read and are set aside",
           tk_text("path", path), tk_text("why", why));
}

void tk_choices_open(struct tk_choices *choices, const char *state_dir)
{
    struct tk_why why;
    int len;
    int rc;

    *choices = (struct tk_choices){0};
    if (state_dir == NULL) return;
    len = snprintf(choices->path, sizeof choices->path, "%s/" FILE_NAME,
                   state_dir);
    if (len < 0 || len >= (int)sizeof choices->path) {
        choices->path[0] = '\0';
        return;
    }
    rc = load(choices, &why);
    if (rc == 0 || rc == TK_ENOENT) return;
    while (choices->kept != NULL) drop(&choices->kept);
    set_aside(choices, why.text);
}

void tk_choices_close(struct tk_choices *choices)
{
    while (choices->kept != NULL) drop(&choices->kept);
}
