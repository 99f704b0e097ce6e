/* tests/unit/engine/scripts.h - a small provider and a small policy, beside a
 * configuration in a folder of its own.
 */
#ifndef TK_TESTS_UNIT_ENGINE_SCRIPTS_H
#define TK_TESTS_UNIT_ENGINE_SCRIPTS_H

#include "tests/unit/engine/folder.h"

#include "base/log.h"
#include "engine/config.h"

static const char tiny_provider[] =
    "return { api = 1, name = 'tiny',\n"
    "  settings = { url = { type = 'url', required = true },\n"
    "               id = { type = 'text' }, scope = { type = 'text' },\n"
    "               password = { type = 'secret' } },\n"
    "  identity = { 'url', 'id', 'scope' },\n"
    "  kinds = { client = { renewable = 'always', subject = 'variant' } },\n"
    "  fetch = function(key, settings)\n"
    "    return { token = 'token-of-' .. (key.subject == '' and 'all'\n"
    "               or key.subject), expires_in = 7200 }\n"
    "  end }\n";

static const char tiny_policy[] =
    "local policy = { api = 1, name = 'tiny' }\n"
    "policy.options = { check_interval = { default = '10s' },\n"
    "                   lead = { default = '1m', min = '1s' } }\n"
    "function policy.decide(token, options)\n"
    "  if token.kind == 'bad' then error('no') end\n"
    "  return renew(token.remaining - options.lead, 'lead')\n"
    "end\n"
    "return policy\n";

/* Owned by the test; also the problems of the last load. */
struct scripts {
    struct folder folder;
    struct tk_problems problems;
    char config[128];
};

static inline int scripts_set_up(void **state)
{
    struct scripts *s = calloc(1, sizeof *s);

    if (s == NULL) return -1;
    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    folder_make(&s->folder);
    folder_write(&s->folder, "providers/tiny.lua", tiny_provider);
    folder_write(&s->folder, "policies/tiny.lua", tiny_policy);
    folder_write(&s->folder, "password", "hunter2\n");
    tk_problems_init(&s->problems);
    *state = s;
    return 0;
}

static inline int scripts_tear_down(void **state)
{
    struct scripts *s = *state;

    tk_problems_fini(&s->problems);
    folder_remove(&s->folder);
    free(s);
    return 0;
}

/* Writes the configuration; "$DIR" in it stands for the folder. */
static inline const char *write_config(struct scripts *s, const char *text)
{
    struct tk_buf out;
    const char *at = text;
    const char *mark;

    tk_buf_init(&out, 64 * 1024);
    while ((mark = strstr(at, "$DIR")) != NULL) {
        tk_buf_put(&out, at, (size_t)(mark - at));
        tk_buf_put_text(&out, s->folder.path);
        at = mark + 4;
    }
    tk_buf_put_text(&out, at);
    snprintf(s->config, sizeof s->config, "%s",
             folder_write(&s->folder, "tokeng.lua", tk_buf_text(&out)));
    tk_buf_fini(&out);
    return s->config;
}

static inline struct tk_config *load(struct scripts *s, const char *text)
{
    tk_problems_fini(&s->problems);
    tk_problems_init(&s->problems);
    return tk_config_load(write_config(s, text), NULL, NULL, &s->problems);
}

static inline const char *problems_of(struct scripts *s)
{
    return tk_buf_text(&s->problems.text);
}

#define WITH_SCRIPTS(test)                                                     \
    cmocka_unit_test_setup_teardown(test, scripts_set_up, scripts_tear_down)

#endif
