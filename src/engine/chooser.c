#include "engine/chooser.h"

#include "base/log.h"
#include "engine/states.h"
#include "engine/tick.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHOICE_MAX_BYTES = 128 * 1024 };

/* Owned by its engine. */
struct tk_chooser {
    struct tk_chooser_options options;
    struct tk_config *config; /* in force; NULL: none yet */
    struct tk_timer *timer;
    struct tk_choices choices;
    struct tk_shadows *shadows;
    size_t to_save; /* the source whose turn it is */
};

static int64_t now_of(const struct tk_chooser *chooser)
{
    return tk_loop_now(chooser->options.loop);
}

static struct tk_swap swap_of(const struct tk_chooser *chooser,
                              struct tk_source *source)
{
    return (struct tk_swap){
        .fleet = chooser->options.fleet,
        .config = chooser->config,
        .source = source,
        .now = now_of(chooser),
    };
}

/* --- the files --- */

static void say_refused(const struct tk_swap *swap,
                        const struct tk_problems *problems)
{
    struct tk_str rest = tk_buf_str(&problems->text);
    struct tk_str first = tk_str_cut(&rest, '\n');

    tk_swap_refuse(swap, first);
    tk_log(TK_LOG_ERROR,
           "policy file has changed but is not taken; the version before it "
           "stays in force",
           tk_text("policy", swap->old->name), tk_view("why", first));
}

static void load_anew(struct tk_chooser *chooser, struct tk_policy *old)
{
    const char *path = tk_unit_path(old->unit);
    struct tk_swap swap = swap_of(chooser, NULL);
    struct tk_problems problems;
    struct tk_policy *policy;
    struct tk_trial trial;

    swap.old = old;
    tk_problems_init(&problems);
    policy = tk_swap_open(&swap, path, &old->choice, &trial, &problems);
    if (policy == NULL) {
        tk_watch_refuse(&old->watch);
        say_refused(&swap, &problems);
    } else {
        tk_log(TK_LOG_INFO, "policy file has changed and is taken",
               tk_text("path", path), tk_num("tried_on", trial.asked));
        tk_swap_renew(&swap, policy);
        tk_policy_close(policy);
        chooser->options.changed(chooser->options.data);
    }
    tk_problems_fini(&problems);
}

/* Returns whether there is more to be seen soon. Whatever is replaced, the list
 * is another one after it. */
static bool look(struct tk_chooser *chooser)
{
    const struct tk_config *config = chooser->config;
    bool is_unsettled = false;

    for (size_t i = 0; i < config->policy_count; i++) {
        struct tk_policy *policy = config->policies[i];
        const char *path;

        if (policy->unit == NULL) continue;
        path = tk_unit_path(policy->unit);
        switch (tk_watch_look(&policy->watch, path)) {
        case TK_NEWS_NONE:
            break;
        case TK_NEWS_UNSETTLED:
            is_unsettled = true;
            break;
        case TK_NEWS_CHANGED:
            load_anew(chooser, policy);
            return true;
        case TK_NEWS_GONE:
            tk_log(TK_LOG_WARN,
                   "policy file is gone; what was loaded from it stays in "
                   "force",
                   tk_text("path", path));
            break;
        }
    }
    return is_unsettled;
}

/* One at each look: a kill loses little, and no look is long. */
static void save_one(struct tk_chooser *chooser)
{
    const struct tk_config *config = chooser->config;

    if (chooser->to_save >= config->source_count) chooser->to_save = 0;
    tk_states_save(chooser->options.state_dir,
                   config->sources[chooser->to_save++]);
}

static void look_again(void *data)
{
    struct tk_chooser *chooser = data;
    bool is_soon = look(chooser);

    save_one(chooser);
    tk_timer_set(chooser->timer,
                 now_of(chooser) +
                     (is_soon ? TK_WATCH_SETTLE_MS : TK_WATCH_EVERY_MS));
}

/* --- life --- */

int tk_chooser_new(const struct tk_chooser_options *options,
                   struct tk_chooser **out)
{
    struct tk_chooser *chooser = calloc(1, sizeof *chooser);
    int rc;

    *out = NULL;
    if (chooser == NULL) return TK_ENOMEM;
    chooser->options = *options;
    rc = tk_timer_new(options->loop, look_again, chooser, &chooser->timer);
    if (rc == 0) {
        rc = tk_shadows_new(options->loop, options->fleet, &chooser->shadows);
    }
    if (rc != 0) {
        tk_timer_free(chooser->timer);
        free(chooser);
        return rc;
    }
    tk_choices_open(&chooser->choices, options->state_dir);
    *out = chooser;
    return 0;
}

void tk_chooser_free(struct tk_chooser *chooser)
{
    if (chooser == NULL) return;
    for (size_t i = 0;
         chooser->config != NULL && i < chooser->config->source_count; i++) {
        tk_states_save(chooser->options.state_dir, chooser->config->sources[i]);
    }
    tk_shadows_free(chooser->shadows);
    tk_timer_free(chooser->timer);
    tk_choices_close(&chooser->choices);
    free(chooser);
}

/* --- a configuration --- */

/* What was chosen may have become impossible: then the configuration's own
 * policy is in force, and the choice waits for better times. */
static void choose_again(struct tk_chooser *chooser, struct tk_config *config,
                         struct tk_source *source)
{
    const struct tk_value *choice =
        tk_choices_get(&chooser->choices, tk_str(source->name));
    struct tk_problems problems;
    struct tk_policy *policy;
    char path[TK_PATH_TEXT];

    if (choice == NULL) return;
    snprintf(path, sizeof path, "sources.%s.policy", source->name);
    tk_problems_init(&problems);
    policy = tk_policy_open(&config->library, path, choice, &problems);
    if (policy != NULL) {
        tk_source_choose(source, policy);
        source->post.is_chosen = true;
        tk_log(TK_LOG_INFO, "policy is not the configured one, but chosen",
               tk_text("source", source->name),
               tk_text("policy", policy->name));
        tk_policy_close(policy);
    } else {
        tk_log(TK_LOG_ERROR,
               "the policy that was chosen cannot be taken; the configured one "
               "is in force",
               tk_text("source", source->name),
               tk_text("why", tk_buf_text(&problems.text)));
    }
    tk_problems_fini(&problems);
}

static bool is_same_choice(const struct tk_policy *a, const struct tk_policy *b)
{
    struct tk_buf texts[2];
    struct tk_json json[2] = {{.out = &texts[0]}, {.out = &texts[1]}};
    bool is_same;

    tk_buf_init(&texts[0], CHOICE_MAX_BYTES);
    tk_buf_init(&texts[1], CHOICE_MAX_BYTES);
    tk_choice_write(&a->choice, &json[0]);
    tk_choice_write(&b->choice, &json[1]);
    is_same = texts[0].failed == 0 && texts[1].failed == 0 &&
              tk_str_eq(tk_buf_str(&texts[0]), tk_buf_str(&texts[1]));
    tk_buf_fini(&texts[0]);
    tk_buf_fini(&texts[1]);
    return is_same;
}

/* A version of a file that somebody went back from does not come again by a
 * reload. */
static bool was_passed(const struct tk_policy *old,
                       const struct tk_policy *policy)
{
    return tk_watch_is_behind(&old->watch) &&
           tk_stamp_same(&old->watch.passed, &policy->watch.loaded);
}

static void carry_state(const struct tk_source *source,
                        const struct tk_policy *old, struct tk_policy *policy)
{
    struct tk_why why;

    if (tk_swap_carry(old, policy, &why) == 0) return;
    tk_log(TK_LOG_WARN, "state of a policy is not carried over",
           tk_text("source", source->name), tk_text("why", why.text));
}

static void carry(const struct tk_source *from, struct tk_source *to)
{
    bool is_same = is_same_choice(from->policy, to->policy);

    to->post.swaps = from->post.swaps;
    to->post.refusals = from->post.refusals;
    to->post.saved = from->post.saved;
    if (is_same) {
        to->post.since = from->post.since;
        to->post.was_chosen = from->post.was_chosen;
        tk_policy_put(&to->post.before, from->post.before);
    }
    if (to->policy != to->post.configured) {
        carry_state(to, from->post.configured, to->post.configured);
    }
    if (is_same && was_passed(from->policy, to->policy)) {
        tk_source_choose(to, from->policy);
    } else {
        carry_state(to, from->policy, to->policy);
    }
}

/* What stays in force is started again by who puts a configuration in force. */
static void stop_ticks(const struct tk_config *config)
{
    for (size_t i = 0; config != NULL && i < config->policy_count; i++) {
        tk_tick_stop(config->policies[i]);
    }
}

void tk_chooser_adopt(struct tk_chooser *chooser, struct tk_config *config)
{
    stop_ticks(chooser->config);
    for (size_t i = 0; i < config->source_count; i++) {
        struct tk_source *source = config->sources[i];
        const struct tk_source *from =
            chooser->config == NULL
                ? NULL
                : tk_config_source(chooser->config, tk_str(source->name));

        choose_again(chooser, config, source);
        if (from != NULL) carry(from, source);
    }
    if (chooser->config == NULL) {
        tk_states_restore(chooser->options.state_dir, config);
    }
    tk_config_list_policies(config);
    chooser->config = config;
    tk_shadows_move(chooser->shadows, config);
    tk_timer_set(chooser->timer, now_of(chooser) + TK_WATCH_EVERY_MS);
}

/* --- over the API --- */

/* What holds for a source is what a restart finds, or why it does not. */
static int save_choice(struct tk_chooser *chooser,
                       const struct tk_source *source, struct tk_why *why)
{
    const struct tk_policy *policy = source->policy;
    const struct tk_value *choice =
        source->post.is_chosen ? &policy->choice : NULL;
    struct tk_str name = tk_str(source->name);
    int rc = 0;

    if (choice != NULL || tk_choices_get(&chooser->choices, name) != NULL) {
        rc = tk_choices_set(&chooser->choices, name, choice, why);
    }
    if (rc == 0 && tk_watch_is_behind(&policy->watch)) {
        rc = tk_fail(why, TK_EVERSION, "its file has a newer version");
    }
    return rc;
}

static void keep(struct tk_chooser *chooser, const struct tk_source *source,
                 struct tk_chosen *out)
{
    out->not_kept.code = 0;
    if (save_choice(chooser, source, &out->not_kept) != 0) {
        tk_log(TK_LOG_WARN, "choice of a policy is not kept",
               tk_text("source", source->name),
               tk_text("why", out->not_kept.text));
    }
    chooser->options.changed(chooser->options.data);
}

int tk_chooser_choose(struct tk_chooser *chooser, struct tk_source *source,
                      const struct tk_value *choice, bool is_trial,
                      struct tk_chosen *out, struct tk_problems *problems)
{
    struct tk_swap swap = swap_of(chooser, source);
    struct tk_policy *policy =
        tk_swap_open(&swap, "policy", choice, &out->trial, problems);

    out->not_kept.code = 0;
    if (policy == NULL) return TK_EINVAL;
    if (!is_trial) {
        tk_states_save(chooser->options.state_dir, source);
        tk_swap_choose(&swap, policy);
        keep(chooser, source, out);
    }
    tk_policy_close(policy);
    return 0;
}

int tk_chooser_back(struct tk_chooser *chooser, struct tk_source *source,
                    struct tk_chosen *out, struct tk_why *why)
{
    struct tk_swap swap = swap_of(chooser, source);
    int rc = tk_swap_back(&swap, why);

    out->trial = (struct tk_trial){0};
    if (rc == 0) keep(chooser, source, out);
    return rc;
}

void tk_chooser_reset(struct tk_chooser *chooser, struct tk_source *source,
                      struct tk_chosen *out)
{
    struct tk_swap swap = swap_of(chooser, source);

    out->trial = (struct tk_trial){0};
    tk_swap_reset(&swap);
    keep(chooser, source, out);
}

int tk_chooser_compare(struct tk_chooser *chooser, struct tk_source *source,
                       const struct tk_value *choice, struct tk_trial *trial,
                       struct tk_problems *problems)
{
    struct tk_swap swap = swap_of(chooser, source);
    struct tk_policy *policy =
        tk_swap_open(&swap, "policy", choice, trial, problems);
    int rc;

    if (policy == NULL) return TK_EINVAL;
    rc = tk_shadows_start(chooser->shadows, source, policy);
    tk_policy_close(policy);
    if (rc != 0) tk_problem(problems, "policy", "%s", tk_err_text(rc));
    return rc;
}

struct tk_shadows *tk_chooser_shadows(struct tk_chooser *chooser)
{
    return chooser->shadows;
}
