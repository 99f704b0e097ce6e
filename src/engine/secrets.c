#include "engine/secrets.h"

#include "vault/crypto.h"

bool tk_secrets_is_choice(const struct tk_value *value)
{
    if (value->type == TK_SECRET) return true;
    return value->type == TK_LIST && value->as.table.item_count == 2 &&
           value->as.table.items[0].type == TK_SECRET &&
           value->as.table.items[1].type == TK_SECRET;
}

static struct tk_secret *choice_of(const struct tk_source_secret *secret,
                                   bool next)
{
    return next && secret->choices[1] != NULL ? secret->choices[1]
                                              : secret->choices[0];
}

int tk_secrets_add(struct tk_secrets *secrets, struct tk_value *value)
{
    struct tk_source_secret *secret = &secrets->list[secrets->count];
    int rc;

    if (secrets->count == TK_SECRETS_MAX) return TK_EFULL;
    if (value->type == TK_SECRET) {
        secret->choices[0] = value->as.secret;
    } else {
        secret->choices[0] = value->as.table.items[0].as.secret;
        secret->choices[1] = value->as.table.items[1].as.secret;
    }
    secrets->count++;
    /* Where it comes from decides in what memory it lies. */
    rc = tk_secret_init(&secret->in_use, secret->choices[0]->from,
                        tk_str(secret->choices[0]->place));
    if (rc == 0) {
        rc =
            tk_secret_put(&secret->in_use, tk_secret_bytes(secret->choices[0]));
    }
    *value = (struct tk_value){.type = TK_SECRET, .as.secret = &secret->in_use};
    return rc;
}

void tk_secrets_fini(struct tk_secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++) {
        tk_secret_fini(&secrets->list[i].in_use);
    }
    secrets->count = 0;
}

bool tk_secrets_memory(const struct tk_secrets *secrets, size_t *bytes)
{
    bool is_locked = true;

    for (size_t i = 0; i < secrets->count; i++) {
        const struct tk_pages *pages = &secrets->list[i].in_use.pages;

        *bytes += pages->size;
        if (pages->size > 0 && !pages->is_locked) is_locked = false;
    }
    return is_locked;
}

bool tk_secrets_have_next(const struct tk_secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++) {
        if (secrets->list[i].choices[1] != NULL) return true;
    }
    return false;
}

/* Puts the chosen ones in use. Returns whether that changes anything. */
static bool put_in_use(struct tk_secrets *secrets, bool next)
{
    bool has_changed = false;

    for (size_t i = 0; i < secrets->count; i++) {
        struct tk_source_secret *secret = &secrets->list[i];
        struct tk_str chosen = tk_secret_bytes(choice_of(secret, next));

        if (tk_same_bytes(chosen, tk_secret_bytes(&secret->in_use))) continue;
        if (tk_secret_put(&secret->in_use, chosen) == 0) has_changed = true;
    }
    secrets->uses_next = next;
    if (has_changed) secrets->version++;
    return has_changed;
}

/* Does a file say something else than it did? One that has gone, or that is
 * being written, leaves what was read. */
static bool read_again(struct tk_secret *secret)
{
    struct tk_secret before = {0};
    struct tk_why why;
    bool has_changed;

    if (secret == NULL) return false;
    if (tk_secret_init(&before, TK_SECRET_GIVEN, TK_STR("")) != 0 ||
        tk_secret_put(&before, tk_secret_bytes(secret)) != 0) {
        tk_secret_fini(&before);
        return false;
    }
    has_changed =
        tk_secret_read(secret, &why) == 0 &&
        !tk_same_bytes(tk_secret_bytes(&before), tk_secret_bytes(secret));
    tk_secret_fini(&before);
    return has_changed;
}

bool tk_secrets_reread(struct tk_secrets *secrets)
{
    bool has_changed = false;

    for (size_t i = 0; i < secrets->count; i++) {
        if (read_again(secrets->list[i].choices[0])) has_changed = true;
        if (read_again(secrets->list[i].choices[1])) has_changed = true;
    }
    /* Another source may have read a shared place for us. */
    if (put_in_use(secrets, secrets->uses_next)) has_changed = true;
    if (has_changed) secrets->has_tried_other = false;
    return has_changed;
}

bool tk_secrets_change(struct tk_secrets *secrets)
{
    if (secrets->has_tried_other) {
        put_in_use(secrets, false);
        secrets->has_tried_other = false;
        return false;
    }
    secrets->has_tried_other = true;
    if (put_in_use(secrets, !secrets->uses_next)) return true;
    secrets->uses_next = false;
    secrets->has_tried_other = false;
    return false;
}
