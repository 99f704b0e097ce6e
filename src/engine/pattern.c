#include "engine/pattern.h"

#include "base/key.h"
#include "base/near.h"

bool tk_pattern_read(struct tk_str text, struct tk_pattern *out)
{
    struct tk_str rest;
    struct tk_key key;
    struct tk_why why;

    out->is_exact = text.len == 0 || text.data[text.len - 1] != '*';
    out->start = text;
    if (out->is_exact) return tk_key_parse(text, &key, &why) == 0;
    out->start.len--;
    if (out->start.len == 0) return true;
    if (out->start.len > TK_KEY_MAX) return false;
    rest = out->start;
    while (rest.len > 0) {
        struct tk_str part = tk_str_cut(&rest, '/');

        if (!tk_key_is_part(part) || rest.data == NULL) return false;
    }
    return true;
}

void tk_pattern_check(const struct tk_pattern *pattern,
                      const struct tk_value *sources, const char *path,
                      struct tk_problems *problems)
{
    struct tk_str rest = pattern->start;
    struct tk_str name = tk_str_cut(&rest, '/');
    struct tk_near near;

    if (name.len == 0 || sources == NULL ||
        tk_value_find(sources, name) != NULL) {
        return;
    }
    tk_near_init(&near, name);
    for (uint32_t i = 0; i < sources->as.table.pair_count; i++) {
        tk_near_try(&near, sources->as.table.pairs[i].name);
    }
    tk_problem(problems, path, "there is no source %.*s%s%.*s%s", TK_ARG(name),
               near.best.len > 0 ? "; did you mean " : "", TK_ARG(near.best),
               near.best.len > 0 ? "?" : "");
}

bool tk_pattern_covers(const struct tk_pattern *pattern, struct tk_str key)
{
    return pattern->is_exact ? tk_str_eq(key, pattern->start)
                             : tk_str_starts(key, pattern->start);
}

bool tk_pattern_names(const struct tk_pattern *pattern, struct tk_str source)
{
    return pattern->start.len == 0 || (tk_str_starts(pattern->start, source) &&
                                       pattern->start.len > source.len &&
                                       pattern->start.data[source.len] == '/');
}

bool tk_pattern_covers_all(const struct tk_pattern *pattern,
                           struct tk_str source)
{
    if (pattern->is_exact) return false;
    if (pattern->start.len == 0) return true;
    return source.len > 0 && pattern->start.len == source.len + 1 &&
           tk_pattern_names(pattern, source);
}
