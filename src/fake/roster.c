#include "fake/roster.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { SETTINGS_MAX_BYTES = 1024 * 1024, SETTINGS_PAIRS = 4, SEED_TEXT = 17 };

/* --- what the issuers are told --- */

static void put(struct tk_value *table, const char *name, struct tk_value value)
{
    table->as.table.pairs[table->as.table.pair_count++] =
        (struct tk_pair){tk_str(name), value};
}

static void put_seconds(struct tk_value *table, const char *name, int64_t ms)
{
    if (ms == 0) return;
    put(table, name,
        (struct tk_value){.type = TK_NUM, .as.number = (double)ms / 1000});
}

static int put_clients(struct tk_value *table,
                       const struct tk_roster_options *options,
                       struct tk_pool *pool)
{
    struct tk_value clients;

    if (options->client_count == 0) return 0;
    clients = tk_value_of_table(pool, 0, (uint32_t)options->client_count);
    if (clients.type == TK_NIL) return TK_ENOMEM;
    clients.as.table.pair_count = 0;
    for (size_t i = 0; i < options->client_count; i++) {
        put(&clients, options->clients[i].id,
            tk_value_of_text(pool, tk_str(options->clients[i].secret)));
    }
    put(table, "clients", clients);
    return 0;
}

static int build_settings(const struct tk_roster_options *options,
                          struct tk_pool *pool, struct tk_value *out)
{
    char seed[SEED_TEXT];

    snprintf(seed, sizeof seed, "%016llx", (unsigned long long)options->seed);
    *out = tk_value_of_table(pool, 0, SETTINGS_PAIRS);
    if (out->type == TK_NIL) return TK_ENOMEM;
    out->as.table.pair_count = 0;
    put_seconds(out, "life", options->life_ms);
    put_seconds(out, "window", options->window_ms);
    put(out, "seed", tk_value_of_text(pool, tk_str(seed)));
    return put_clients(out, options, pool);
}

/* --- the folder --- */

static int is_script(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 4 &&
           strcmp(entry->d_name + len - 4, ".lua") == 0;
}

static int open_issuer(struct tk_roster *roster, const char *lua_dir,
                       const char *name, const struct tk_value *settings,
                       struct tk_why *why)
{
    char path[PATH_MAX];
    int rc;

    if (roster->count == TK_ROSTER_MAX) {
        return tk_fail(why, TK_EFULL, "there are more than %d fake issuers",
                       TK_ROSTER_MAX);
    }
    snprintf(path, sizeof path, "%s/tokeng/fakes/%s", lua_dir, name);
    rc = tk_issuer_open(path, lua_dir, settings,
                        &roster->issuers[roster->count], why);
    if (rc == 0) roster->count++;
    return rc;
}

static int open_issuers(struct tk_roster *roster, const char *lua_dir,
                        const struct tk_value *settings, struct tk_why *why)
{
    struct dirent **entries = NULL;
    char folder[PATH_MAX];
    int count;
    int rc = 0;

    snprintf(folder, sizeof folder, "%s/tokeng/fakes", lua_dir);
    count = scandir(folder, &entries, is_script, alphasort);
    for (int i = 0; i < count; i++) {
        if (rc == 0) {
            rc =
                open_issuer(roster, lua_dir, entries[i]->d_name, settings, why);
        }
        free(entries[i]);
    }
    free(entries);
    if (rc == 0 && roster->count == 0) {
        return tk_fail(why, TK_ENOENT, "%s holds no fake issuer", folder);
    }
    return rc;
}

int tk_roster_open(struct tk_roster *roster,
                   const struct tk_roster_options *options, struct tk_why *why)
{
    struct tk_value settings;
    struct tk_pool pool;
    int rc;

    *roster = (struct tk_roster){.count = 0};
    tk_pool_init(&pool, SETTINGS_MAX_BYTES);
    rc = build_settings(options, &pool, &settings);
    if (rc == 0) {
        rc = open_issuers(roster, options->lua_dir, &settings, why);
    } else {
        tk_fail(why, rc, "%s", tk_err_text(rc));
    }
    tk_pool_fini(&pool);
    return rc;
}

void tk_roster_close(struct tk_roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        tk_issuer_close(roster->issuers[i]);
    }
    roster->count = 0;
}
