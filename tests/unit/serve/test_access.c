#include "serve/access.h"

#include "tests/unit/engine/scripts.h"

enum { OWNER = 990, GUEST = 33 };

/* --- the matrix --- */

/* Each key has a letter, by which the principals below say what is theirs. */
static const struct {
    char letter;
    const char *key;
} keys[] = {
    {'a', "crm/client"},
    {'b', "crm/client/read"},
    {'b', "crm/client/write"},
    {'b', "crm/client/read/more"},
    {'b', "crm/client/%2e%2e"},
    {'b', "crm/client/../../hr/client"},
    {'b', "crm/client/"},
    {'c', "crm/app"},
    {'c', "crm/clien"},
    {'c', "crm/client2"},
    {'c', "crm/client%2fread"},
    {'c', "crm/../hr/client"},
    {'c', "crm/%2e%2e/hr/client"},
    {'c', "crm//client"},
    {'c', "crm/\xc3\xa9"},
    {'c', "crm/"},
    {'d', "crm"}, /* no key, but it names the source */
    {'e', "hr/client"},
    {'e', "hr/client/read"},
    {'e', "hr/\xef\xbc\x8f"},
    {'f', "nope/client"}, /* none of a source that somebody has a grant for */
    {'f', "crmx/client"},
    {'f', "CRM/client"},
    {'f', "/crm/client"},
    {'f', "//crm/client"},
    {'f', "./crm/client"},
    {'f', "../crm/client"},
    {'f', "%63rm/client"},
    {'f', "crm%2fclient"},
    {'f', ""},
};
enum { KEYS = sizeof keys / sizeof keys[0] };

#define EVERY "abcdef"

static const enum tk_call calls[TK_RIGHTS] = {
    [TK_RIGHT_GET] = TK_CALL_GET,         [TK_RIGHT_REJECT] = TK_CALL_REJECT,
    [TK_RIGHT_REFRESH] = TK_CALL_REFRESH, [TK_RIGHT_ADMIN] = TK_CALL_DROP,
    [TK_RIGHT_METRICS] = TK_CALL_METRICS,
};

/* `allow` is of an API key; without one, `caller` says who it is. */
struct person {
    const char *name;
    const char *allow;
    const char *yes[TK_RIGHTS]; /* the letters of the keys that are his */
    const char *seen;           /* those that he is refused openly */
    enum tk_caller caller;
    uid_t uid;
};

static const struct person people[] = {
    {"owner",
     NULL,
     {EVERY, EVERY, EVERY, EVERY, EVERY},
     EVERY,
     TK_CALLER_OWNER,
     OWNER},
    {"root",
     NULL,
     {EVERY, EVERY, EVERY, EVERY, EVERY},
     EVERY,
     TK_CALLER_OWNER,
     0},
    {"guest", NULL, {EVERY, EVERY, "", "", ""}, EVERY, TK_CALLER_GUEST, GUEST},
    {"nobody", NULL, {"", "", "", "", ""}, "", TK_CALLER_NOBODY, 0},
    {"nothing", "", {"", "", "", "", ""}, "", TK_CALLER_HOLDER, 0},
    {"metrics", "'metrics'", {"", "", "", "", EVERY}, "", TK_CALLER_HOLDER, 0},
    {"reader", "'get *'", {EVERY, "", "", "", ""}, EVERY, TK_CALLER_HOLDER, 0},
    {"crm",
     "'get crm/*', 'reject crm/*'",
     {"abc", "abc", "", "", ""},
     "abcd",
     TK_CALLER_HOLDER,
     0},
    {"client",
     "'get crm/client', 'reject crm/client'",
     {"a", "a", "", "", ""},
     "abcd",
     TK_CALLER_HOLDER,
     0},
    {"variants",
     "'get crm/client/*', 'refresh crm/*'",
     {"b", "", "abc", "", ""},
     "abcd",
     TK_CALLER_HOLDER,
     0},
    {"admin", "'admin *'", {"", "", "", EVERY, ""}, EVERY, TK_CALLER_HOLDER, 0},
    {"hr",
     "'admin hr/*', 'metrics'",
     {"", "", "", "e", EVERY},
     "e",
     TK_CALLER_HOLDER,
     0},
};
enum { PEOPLE = sizeof people / sizeof people[0] };

static void put_api_key(struct tk_buf *out, const struct person *person)
{
    unsigned char digest[TK_DIGEST_MAX];

    assert_int_equal(tk_digest(TK_SHA256, tk_str(person->name), digest),
                     TK_SHA256_LEN);
    tk_buf_printf(out, "{ name = '%s', allow = { %s }, sha256 = '",
                  person->name, person->allow);
    for (int i = 0; i < TK_SHA256_LEN; i++) {
        tk_buf_printf(out, "%02x", digest[i]);
    }
    tk_buf_put_text(out, "' },\n");
}

/* Each holder's API key is his name. */
static struct tk_config *load_people(struct scripts *s)
{
    struct tk_buf text;
    struct tk_config *config;

    tk_buf_init(&text, 64 * 1024);
    tk_buf_put_text(&text, "return { api_keys = {\n");
    for (size_t i = 0; i < PEOPLE; i++) {
        if (people[i].allow != NULL) put_api_key(&text, &people[i]);
    }
    tk_buf_put_text(&text,
                    "}, sources = {\n"
                    "  crm = { provider = 'tiny', url = 'https://x' },\n"
                    "  hr = { provider = 'tiny', url = 'https://x' } } }");
    config = load(s, tk_buf_text(&text));
    tk_buf_fini(&text);
    assert_string_equal(problems_of(s), "");
    assert_non_null(config);
    return config;
}

static struct tk_principal come(const struct tk_config *config,
                                const struct person *person)
{
    char authorization[64];

    if (person->caller == TK_CALLER_OWNER ||
        person->caller == TK_CALLER_GUEST) {
        return tk_access_local(person->uid, OWNER);
    }
    snprintf(authorization, sizeof authorization, "Bearer %s", person->name);
    return tk_access_remote(&config->api_keys, tk_str(authorization));
}

static enum tk_access wanted(const struct person *person, int right,
                             char letter)
{
    if (strchr(person->yes[right], letter) != NULL) return TK_ACCESS_YES;
    if (person->caller == TK_CALLER_NOBODY) return TK_ACCESS_WHO;
    if (right == TK_RIGHT_METRICS) return TK_ACCESS_NO;
    return strchr(person->seen, letter) != NULL ? TK_ACCESS_NO
                                                : TK_ACCESS_HIDDEN;
}

static void check_cell(const struct tk_principal *principal,
                       const struct person *person, int right, size_t k)
{
    struct tk_route route = {calls[right], tk_str(keys[k].key), ""};
    enum tk_access got = tk_access_judge(principal, &route);

    if (got != wanted(person, right, keys[k].letter)) {
        fail_msg("%s, right %d, key '%s': %d", person->name, right, keys[k].key,
                 got);
    }
}

static void nobody_may_more_than_was_allowed(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load_people(s);
    int cells = 0;

    for (size_t p = 0; p < PEOPLE; p++) {
        struct tk_principal principal = come(config, &people[p]);

        assert_int_equal(principal.caller, people[p].caller);
        for (int right = 0; right < TK_RIGHTS; right++) {
            for (size_t k = 0; k < KEYS; k++, cells++) {
                check_cell(&principal, &people[p], right, k);
            }
        }
    }
    assert_int_equal(cells, 12 * 30 * 5);
    tk_config_free(config);
}

/* --- calls without a key --- */

static enum tk_access judge(const struct tk_config *config, const char *name,
                            enum tk_call call, const char *rest)
{
    char authorization[64];
    struct tk_route route = {call, tk_str(rest), ""};
    struct tk_principal principal;

    snprintf(authorization, sizeof authorization, "Bearer %s", name);
    principal = tk_access_remote(&config->api_keys, tk_str(authorization));
    return tk_access_judge(&principal, &route);
}

static void what_is_of_all_sources_needs_a_grant_for_all(void **state)
{
    static const enum tk_call of_all[] = {TK_CALL_LIST, TK_CALL_RELOAD,
                                          TK_CALL_POLICIES, TK_CALL_VERSION};
    struct scripts *s = *state;
    struct tk_config *config = load_people(s);

    for (size_t i = 0; i < sizeof of_all / sizeof of_all[0]; i++) {
        assert_int_equal(judge(config, "admin", of_all[i], ""), TK_ACCESS_YES);
        assert_int_equal(judge(config, "hr", of_all[i], ""), TK_ACCESS_NO);
        assert_int_equal(judge(config, "reader", of_all[i], ""), TK_ACCESS_NO);
    }
    assert_int_equal(judge(config, "hr", TK_CALL_PAUSE, "hr"), TK_ACCESS_YES);
    assert_int_equal(judge(config, "hr", TK_CALL_POLICY_SET, "hr"),
                     TK_ACCESS_YES);
    assert_int_equal(judge(config, "crm", TK_CALL_POLICY_SET, "crm"),
                     TK_ACCESS_NO);
    assert_int_equal(judge(config, "crm", TK_CALL_SHADOW_START, "crm"),
                     TK_ACCESS_NO);
    assert_int_equal(judge(config, "crm", TK_CALL_ROLLBACK, "crm"),
                     TK_ACCESS_NO);
    assert_int_equal(judge(config, "hr", TK_CALL_RESUME, "crm"),
                     TK_ACCESS_HIDDEN);
    assert_int_equal(judge(config, "crm", TK_CALL_PAUSE, "crm"), TK_ACCESS_NO);
    assert_int_equal(judge(config, "hr", TK_CALL_EXPLAIN, "hr/client"),
                     TK_ACCESS_YES);
    assert_int_equal(judge(config, "crm", TK_CALL_EXPLAIN, "crm/client"),
                     TK_ACCESS_NO);
    tk_config_free(config);
}

static void health_is_for_all_who_are_known(void **state)
{
    static const enum tk_call open[] = {TK_CALL_LIVEZ, TK_CALL_READYZ,
                                        TK_CALL_NO_PATH, TK_CALL_NO_METHOD};
    struct scripts *s = *state;
    struct tk_config *config = load_people(s);
    struct tk_principal guest = tk_access_local(GUEST, OWNER);

    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        struct tk_route route = {open[i], TK_STR(""), ""};

        assert_int_equal(tk_access_judge(&guest, &route), TK_ACCESS_YES);
        assert_int_equal(judge(config, "nothing", open[i], ""), TK_ACCESS_YES);
        assert_int_equal(judge(config, "nobody", open[i], ""), TK_ACCESS_WHO);
    }
    tk_config_free(config);
}

static void a_guest_may_get_reject_and_look_for_life_and_no_more(void **state)
{
    struct tk_principal guest = tk_access_local(GUEST, OWNER);
    int open = 0;

    (void)state;
    for (int call = TK_CALL_GET; call <= TK_CALL_READYZ; call++) {
        struct tk_route route = {(enum tk_call)call, TK_STR("crm/client"), ""};

        open += tk_access_judge(&guest, &route) == TK_ACCESS_YES;
    }
    assert_int_equal(open, 4);
}

/* --- who it is --- */

static void an_api_key_is_shown_as_a_bearer(void **state)
{
    static const char *const good[] = {"Bearer crm", "bearer crm",
                                       "BEARER   crm"};
    static const char *const bad[] = {"",
                                      "crm",
                                      "Bearer",
                                      "Bearer ",
                                      "Bearer cr",
                                      "Basic crm",
                                      "Bearer crmx",
                                      "Bearer\tcrm",
                                      "Bearer crm hr",
                                      "Bearer crm,"};
    struct scripts *s = *state;
    struct tk_config *config = load_people(s);

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct tk_principal principal =
            tk_access_remote(&config->api_keys, tk_str(good[i]));

        assert_int_equal(principal.caller, TK_CALLER_HOLDER);
        assert_string_equal(principal.api_key->name, "crm");
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (tk_access_remote(&config->api_keys, tk_str(bad[i])).caller !=
            TK_CALLER_NOBODY) {
            fail_msg("'%s'", bad[i]);
        }
    }
    assert_int_equal(
        tk_access_remote(&config->api_keys, tk_str_of(NULL, 0)).caller,
        TK_CALLER_NOBODY);
    tk_config_free(config);
}

static void a_web_page_is_told_by_its_host_or_its_origin(void **state)
{
    const struct tk_str none = {NULL, 0};

    (void)state;
    assert_false(tk_access_is_foreign(TK_STR("127.0.0.1:7070"), none));
    assert_true(tk_access_is_foreign(TK_STR("evil.example:7070"), none));
    assert_true(tk_access_is_foreign(none, none));
    assert_true(
        tk_access_is_foreign(TK_STR("localhost"), TK_STR("http://localhost")));
    assert_true(tk_access_is_foreign(TK_STR("localhost"), TK_STR("null")));
    assert_true(tk_access_is_foreign(TK_STR("localhost"), TK_STR("")));
}

/* --- reader groups --- */

static enum tk_access ask(const struct tk_principal *principal,
                          enum tk_call call, const char *key)
{
    struct tk_route route = {call, tk_str(key), ""};

    return tk_access_judge(principal, &route);
}

static void a_member_may_get_and_reject_the_keys_of_his_groups(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config =
        load(s, "return { readers = { ['11'] = { 'crm/client' } }, sources = {"
                "  crm = { provider = 'tiny', url = 'https://x' },"
                "  hr = { provider = 'tiny', url = 'https://x' } } }");
    const gid_t in[] = {7, 11}, out[] = {7}, own[] = {11, 990};
    struct tk_principal member, stranger, guest;

    assert_string_equal(problems_of(s), "");
    member = tk_access_member(&config->readers, in, 2, 990);
    assert_int_equal(ask(&member, TK_CALL_GET, "crm/client"), TK_ACCESS_YES);
    assert_int_equal(ask(&member, TK_CALL_REJECT, "crm/client"), TK_ACCESS_YES);
    assert_int_equal(ask(&member, TK_CALL_GET, "crm/client/read"),
                     TK_ACCESS_NO);
    assert_int_equal(ask(&member, TK_CALL_GET, "hr/client"), TK_ACCESS_HIDDEN);
    assert_int_equal(ask(&member, TK_CALL_REFRESH, "crm/client"), TK_ACCESS_NO);
    assert_int_equal(ask(&member, TK_CALL_EXPLAIN, "crm/client"), TK_ACCESS_NO);
    assert_int_equal(ask(&member, TK_CALL_LIST, ""), TK_ACCESS_NO);
    assert_int_equal(ask(&member, TK_CALL_METRICS, ""), TK_ACCESS_NO);
    assert_int_equal(ask(&member, TK_CALL_LIVEZ, ""), TK_ACCESS_YES);
    stranger = tk_access_member(&config->readers, out, 1, 990);
    assert_int_equal(ask(&stranger, TK_CALL_GET, "crm/client"), TK_ACCESS_NO);
    assert_int_equal(ask(&stranger, TK_CALL_GET, "hr/client"), TK_ACCESS_NO);
    assert_int_equal(ask(&stranger, TK_CALL_LIVEZ, ""), TK_ACCESS_YES);
    guest = tk_access_member(&config->readers, own, 2, 990);
    assert_int_equal(ask(&guest, TK_CALL_GET, "hr/client"), TK_ACCESS_YES);
    tk_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRIPTS(nobody_may_more_than_was_allowed),
        WITH_SCRIPTS(what_is_of_all_sources_needs_a_grant_for_all),
        WITH_SCRIPTS(health_is_for_all_who_are_known),
        cmocka_unit_test(a_guest_may_get_reject_and_look_for_life_and_no_more),
        WITH_SCRIPTS(a_member_may_get_and_reject_the_keys_of_his_groups),
        WITH_SCRIPTS(an_api_key_is_shown_as_a_bearer),
        cmocka_unit_test(a_web_page_is_told_by_its_host_or_its_origin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
