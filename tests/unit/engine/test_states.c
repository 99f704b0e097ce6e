#include "engine/states.h"

#include "tests/unit/engine/realm.h"

#include "base/file.h"

static const char *dir_of(struct realm *r)
{
    return r->s->folder.path;
}

static void save(struct realm *r, const char *source)
{
    tk_states_save(dir_of(r), source_of(r, source));
}

/* What is in the file of a source; "" if there is none. */
static const char *kept(struct realm *r, const char *source)
{
    static char text[1024];
    char name[64];
    struct tk_buf buf;

    tk_buf_init(&buf, sizeof text - 1);
    snprintf(name, sizeof name, "policy-state/%s.json", source);
    if (tk_file_read(folder_path(&r->s->folder, name), &buf, NULL) != 0) {
        text[0] = '\0';
    } else {
        snprintf(text, sizeof text, "%.*s", TK_ARG(tk_buf_str(&buf)));
    }
    tk_buf_fini(&buf);
    return text;
}

/* As after a restart: the scripts are loaded anew. */
static struct tk_config *start_again(struct realm *r)
{
    struct tk_config *config = load(r->s, realm_config);

    assert_string_equal(problems_of(r->s), "");
    tk_states_restore(dir_of(r), config);
    return config;
}

/* How often its policy has been asked, by its own count. */
static int64_t asked(const struct tk_config *config)
{
    struct tk_value state;
    struct tk_pool pool;
    int64_t count = -1;

    tk_pool_init(&pool, 1 << 20);
    assert_int_equal(tk_unit_state_get(config->sources[0]->policy->unit, &pool,
                                       &state, NULL),
                     0);
    assert_true(tk_value_int(tk_value_get(&state, "asked"), &count));
    tk_pool_fini(&pool);
    return count;
}

static void a_state_outlives_the_engine(void **state)
{
    struct realm *r = *state;
    struct tk_config *later;

    realm_fresh(r, "crm/client/a");
    realm_fresh(r, "crm/client/b");
    save(r, "crm");
    save(r, "hr");
    assert_string_equal(kept(r, "crm"),
                        "{\"policy\":\"mine\",\"state\":{\"asked\":2}}");
    /* They share a policy. */
    assert_string_equal(kept(r, "hr"), "");
    later = start_again(r);
    assert_int_equal(asked(later), 2);
    tk_config_free(later);
}

static void it_is_written_when_it_has_changed(void **state)
{
    struct realm *r = *state;
    struct tk_entry *entry = realm_fresh(r, "crm/client/a");

    save(r, "crm");
    folder_write(&r->s->folder, "policy-state/crm.json", "touched");
    save(r, "crm");
    assert_string_equal(kept(r, "crm"), "touched");
    tk_schedule_ask(r->fleet, entry, r->now);
    save(r, "crm");
    assert_string_equal(kept(r, "crm"),
                        "{\"policy\":\"mine\",\"state\":{\"asked\":2}}");
}

static void what_is_of_another_script_or_broken_is_left_out(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "5",
        "[]",
        "{\"policy\":\"mine\"}",
        "{\"policy\":\"other\",\"state\":{\"asked\":7}}",
        "{\"policy\":\"mine\",\"state\":5}",
    };
    struct realm *r = *state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tk_config *later;

        folder_write(&r->s->folder, "policy-state/crm.json", texts[i]);
        later = start_again(r);
        if (asked(later) != 0) fail_msg("%s", texts[i]);
        tk_config_free(later);
    }
}

static void without_a_directory_nothing_is_kept(void **state)
{
    struct realm *r = *state;

    realm_fresh(r, "crm/client/a");
    tk_states_save(NULL, source_of(r, "crm"));
    tk_states_save("/proc/nothing", source_of(r, "crm"));
    assert_true(source_of(r, "crm")->post.is_unsaved);
    save(r, "crm");
    assert_false(source_of(r, "crm")->post.is_unsaved);
    tk_states_restore(NULL, r->config);
    assert_int_equal(asked(r->config), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REALM(a_state_outlives_the_engine),
        WITH_REALM(it_is_written_when_it_has_changed),
        WITH_REALM(what_is_of_another_script_or_broken_is_left_out),
        WITH_REALM(without_a_directory_nothing_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
