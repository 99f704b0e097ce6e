#include "sim/lineup.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    POOL_MAX_BYTES = 4 * 1024 * 1024,
    SETS_MAX = 16, /* options of one policy */
    ALTERNATIVES_MAX = 32,
    SEED_STEP_MS = 30 * 60 * 1000,
};

/* An option, and the values that it is tried with. */
struct sweep {
    struct tk_str name;
    struct tk_str values[ALTERNATIVES_MAX];
    size_t count;
    bool is_cut; /* there are more */
    size_t at;   /* the value whose turn it is */
};

void tk_lineup_init(struct tk_lineup *lineup, const struct tk_library *library)
{
    *lineup = (struct tk_lineup){.library = library};
    tk_pool_init(&lineup->pool, POOL_MAX_BYTES);
}

void tk_lineup_fini(struct tk_lineup *lineup)
{
    free(lineup->trials);
    tk_pool_fini(&lineup->pool);
    *lineup = (struct tk_lineup){0};
}

struct tk_str tk_lineup_name(const char *policy)
{
    const char *slash = strrchr(policy, '/');
    struct tk_str name = tk_str(slash == NULL ? policy : slash + 1);

    if (name.len > 4 && tk_str_is(tk_str_skip(name, name.len - 4), ".lua")) {
        name.len -= 4;
    }
    return name;
}

/* --- sets --- */

/* "foresight.cold_cost=4,10" for a policy named foresight. Returns false if it
 * is for another. */
static bool read_set(const char *text, struct tk_str policy, struct sweep *out)
{
    struct tk_str values = tk_str(text);
    struct tk_str left = tk_str_cut(&values, '=');
    struct tk_str option = left;
    struct tk_str owner = tk_str_cut(&option, '.');

    if (option.data == NULL) {
        option = left;
    } else if (!tk_str_eq(owner, policy)) {
        return false;
    }
    *out = (struct sweep){.name = option};
    while (values.data != NULL && out->count < ALTERNATIVES_MAX) {
        out->values[out->count++] = tk_str_cut(&values, ',');
    }
    out->is_cut = values.data != NULL;
    return true;
}

static int read_sets(const char *const *sets, struct tk_str policy,
                     struct sweep *sweeps, size_t *count, struct tk_why *why)
{
    struct sweep sweep;

    *count = 0;
    for (size_t i = 0; sets[i] != NULL; i++) {
        if (!read_set(sets[i], policy, &sweep)) continue;
        if (*count == SETS_MAX) {
            return tk_fail(why, TK_EFULL, "more than %d options of one policy",
                           SETS_MAX);
        }
        if (sweep.name.len == 0 || sweep.count == 0 ||
            sweep.values[0].len == 0) {
            return tk_fail(why, TK_EINVAL,
                           "'%s' is no POLICY.OPTION=VALUE, such as "
                           "foresight.cold_cost=10",
                           sets[i]);
        }
        if (sweep.is_cut) {
            return tk_fail(why, TK_EFULL, "%.40s...: more than %d values",
                           sets[i], ALTERNATIVES_MAX);
        }
        sweeps[(*count)++] = sweep;
    }
    return 0;
}

int tk_lineup_check_sets(const char *const *sets, const char *const *policies,
                         struct tk_why *why)
{
    struct sweep sweep;

    for (; *sets != NULL; sets++) {
        const char *const *policy = policies;

        while (*policy != NULL &&
               !read_set(*sets, tk_lineup_name(*policy), &sweep)) {
            policy++;
        }
        if (*policy == NULL) {
            return tk_fail(why, TK_EINVAL,
                           "'%s' is for no policy that is tried", *sets);
        }
    }
    return 0;
}

/* As Lua would read it, but that a text needs no quotation marks. */
static struct tk_value value_of(struct tk_pool *pool, struct tk_str text)
{
    struct tk_value value = tk_value_of_text(pool, text);
    int64_t whole;
    double number;
    char *end;

    if (value.type == TK_NIL) return value;
    if (tk_str_is(text, "true") || tk_str_is(text, "false")) {
        return (struct tk_value){.type = TK_BOOL,
                                 .as.flag = tk_str_is(text, "true")};
    }
    if (text.len == 0 ||
        strspn(value.as.text.data, "0123456789.+-eE") != text.len) {
        return value;
    }
    number = strtod(value.as.text.data, &end);
    if (*end != '\0') return value;
    value = (struct tk_value){.type = TK_NUM, .as.number = number};
    return tk_value_int(&value, &whole) ? tk_value_of_int(whole) : value;
}

/* --- trials --- */

static int no_memory(struct tk_why *why)
{
    return tk_fail(why, TK_ENOMEM, "out of memory");
}

static struct tk_trial *add(struct tk_lineup *lineup, const char *policy,
                            uint32_t options, struct tk_why *why)
{
    struct tk_trial *grown;
    struct tk_trial *trial;

    if (lineup->count == TK_TRIALS_MAX) {
        tk_fail(why, TK_EFULL, "more than %d runs are asked for",
                TK_TRIALS_MAX);
        return NULL;
    }
    grown = realloc(lineup->trials, (lineup->count + 1) * sizeof *grown);
    if (grown != NULL) lineup->trials = grown;
    if (grown == NULL) {
        no_memory(why);
        return NULL;
    }
    trial = &grown[lineup->count];
    *trial = (struct tk_trial){
        .choice = tk_value_of_table(&lineup->pool, 1, options)};
    if (trial->choice.type != TK_NIL) {
        trial->choice.as.table.items[0] =
            tk_value_of_text(&lineup->pool, tk_str(policy));
    }
    if (trial->choice.type == TK_NIL ||
        trial->choice.as.table.items[0].type == TK_NIL) {
        no_memory(why);
        return NULL;
    }
    lineup->count++;
    return trial;
}

/* False on lack of memory. */
static bool set_option(struct tk_lineup *lineup, struct tk_trial *trial,
                       uint32_t number, struct tk_str name, struct tk_str value)
{
    struct tk_pair *pair = &trial->choice.as.table.pairs[number];

    pair->name = tk_value_of_text(&lineup->pool, name).as.text;
    pair->value = value_of(&lineup->pool, value);
    return pair->name.data != NULL && pair->value.type != TK_NIL;
}

/* "foresight", and " cold_cost=10" behind it for each option. */
static void name_trial(struct tk_trial *trial, struct tk_str policy)
{
    snprintf(trial->name, sizeof trial->name, "%.*s", TK_ARG(policy));
}

static void add_to_name(struct tk_trial *trial, struct tk_str option,
                        struct tk_str value)
{
    size_t len = strlen(trial->name);

    snprintf(trial->name + len, sizeof trial->name - len, " %.*s=%.*s",
             TK_ARG(option), TK_ARG(value));
}

static int add_combination(struct tk_lineup *lineup, const char *policy,
                           const struct sweep *sweeps, size_t count,
                           struct tk_why *why)
{
    struct tk_trial *trial = add(lineup, policy, (uint32_t)count, why);

    if (trial == NULL) return why->code;
    name_trial(trial, tk_lineup_name(policy));
    for (size_t i = 0; i < count; i++) {
        struct tk_str value = sweeps[i].values[sweeps[i].at];

        if (!set_option(lineup, trial, (uint32_t)i, sweeps[i].name, value)) {
            return no_memory(why);
        }
        add_to_name(trial, sweeps[i].name, value);
    }
    return 0;
}

/* Counts up; false when all combinations have been. */
static bool next_combination(struct sweep *sweeps, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (++sweeps[i].at < sweeps[i].count) return true;
        sweeps[i].at = 0;
    }
    return false;
}

int tk_lineup_add(struct tk_lineup *lineup, const char *policy,
                  const char *const *sets, struct tk_why *why)
{
    struct sweep sweeps[SETS_MAX];
    size_t count;
    int rc = read_sets(sets, tk_lineup_name(policy), sweeps, &count, why);

    if (rc != 0) return rc;
    do {
        rc = add_combination(lineup, policy, sweeps, count, why);
    } while (rc == 0 && next_combination(sweeps, count));
    return rc;
}

static int add_reference(struct tk_lineup *lineup, const char *name,
                         const char *policy, const char *const *sets,
                         struct tk_why *why)
{
    int rc = tk_lineup_add(lineup, policy, sets, why);

    if (rc != 0) return rc;
    name_trial(&lineup->trials[lineup->count - 1], tk_str(name));
    lineup->references = lineup->count;
    return 0;
}

int tk_lineup_add_references(struct tk_lineup *lineup, struct tk_why *why)
{
    static const char *const none[] = {NULL};
    static const char *const late[] = {"threshold=120s", "check_interval=60s",
                                       NULL};
    char on_demand[PATH_MAX + 64];
    int rc;

    snprintf(on_demand, sizeof on_demand, "%s/tokeng/reference/on_demand.lua",
             lineup->library->lua_dir);
    rc = add_reference(lineup, "on-demand", on_demand, none, why);
    if (rc == 0) {
        rc = add_reference(lineup, "always-fresh", "threshold", late, why);
    }
    if (rc == 0) rc = add_reference(lineup, "seed", "threshold", none, why);
    if (rc == 0) lineup->trials[lineup->count - 1].step_ms = SEED_STEP_MS;
    return rc;
}

/* The first problem is enough: there are few words to look through. */
static int tell_first(const struct tk_problems *problems, struct tk_why *why)
{
    struct tk_str rest = tk_buf_str(&problems->text);
    struct tk_str first = tk_str_cut(&rest, '\n');

    return tk_fail(why, TK_EINVAL, "%.*s", TK_ARG(first));
}

int tk_trial_open(const struct tk_lineup *lineup, const struct tk_trial *trial,
                  int64_t tick_ms, struct tk_policy **out, struct tk_why *why)
{
    struct tk_str rest = tk_str(trial->name);
    struct tk_str name = tk_str_cut(&rest, ' ');
    struct tk_problems problems;
    char path[TK_TALLY_NAME + 16];
    int rc = 0;

    snprintf(path, sizeof path, "--policy %.*s", TK_ARG(name));
    tk_problems_init(&problems);
    *out = tk_policy_open(lineup->library, path, &trial->choice, &problems);
    if (*out == NULL) {
        rc = tell_first(&problems, why);
    } else if (tick_ms > 0) {
        (*out)->check_interval_ms = tick_ms;
    }
    tk_problems_fini(&problems);
    return rc;
}
