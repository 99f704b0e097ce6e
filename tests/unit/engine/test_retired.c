#include "engine/retired.h"

#include "tests/unit/engine/scripts.h"

static const char text[] =
    "return { sources = { crm = { provider = 'tiny', url = 'https://x' } } }";

static struct tk_config *retire(struct scripts *s, struct tk_retired **list)
{
    struct tk_retired *place = tk_retired_new();
    struct tk_config *config = load(s, text);

    assert_non_null(place);
    assert_non_null(config);
    tk_retired_push(list, place, config);
    return config;
}

static void a_busy_configuration_outlives_the_others(void **state)
{
    struct scripts *s = *state;
    struct tk_retired *list = NULL;
    struct tk_config *busy;

    retire(s, &list);
    busy = retire(s, &list);
    retire(s, &list);
    busy->sources[0]->active = 1;
    tk_retired_free(&list, false);
    assert_non_null(list);
    assert_string_equal(busy->sources[0]->name, "crm");
    busy->sources[0]->active = 0;
    tk_retired_free(&list, false);
    assert_null(list);
}

static void at_the_end_all_go(void **state)
{
    struct scripts *s = *state;
    struct tk_retired *list = NULL;

    retire(s, &list)->sources[0]->active = 1;
    retire(s, &list);
    tk_retired_free(&list, true);
    assert_null(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRIPTS(a_busy_configuration_outlives_the_others),
        WITH_SCRIPTS(at_the_end_all_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
