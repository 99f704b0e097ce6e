#include "engine/watch.h"

static const struct tk_stamp nothing;

void tk_watch_start(struct tk_watch *watch, const char *path)
{
    *watch = (struct tk_watch){0};
    tk_file_stamp(path, &watch->loaded);
    watch->seen = watch->loaded;
}

enum tk_news tk_watch_look(struct tk_watch *watch, const char *path)
{
    struct tk_stamp now;
    bool is_there = tk_file_stamp(path, &now);
    bool is_settled = tk_stamp_same(&now, &watch->seen);

    watch->seen = now;
    if (!is_settled) return TK_NEWS_UNSETTLED;
    if (!is_there && watch->is_gone) return TK_NEWS_NONE;
    watch->is_gone = !is_there;
    if (!is_there) return TK_NEWS_GONE;
    return tk_stamp_same(&now, &watch->loaded) ||
                   tk_stamp_same(&now, &watch->passed)
               ? TK_NEWS_NONE
               : TK_NEWS_CHANGED;
}

void tk_watch_refuse(struct tk_watch *watch)
{
    watch->passed = watch->seen;
}

void tk_watch_pass(struct tk_watch *watch, const char *path)
{
    tk_file_stamp(path, &watch->passed);
    watch->seen = watch->passed;
}

bool tk_watch_is_behind(const struct tk_watch *watch)
{
    return !tk_stamp_same(&watch->passed, &nothing) &&
           !tk_stamp_same(&watch->passed, &watch->loaded);
}
