/* engine/watch.h - has a script file changed since it was loaded?
 *
 * By looking at it now and then: it may be written in place, bit by bit, or
 * replaced by another under its name, on any file system. A change counts once
 * the file is as it was at the look before.
 */
#ifndef TK_ENGINE_WATCH_H
#define TK_ENGINE_WATCH_H

#include "base/file.h"

/* Owned by the policy that was loaded from the file. */
struct tk_watch {
    struct tk_stamp loaded; /* the file as it was then; */
    struct tk_stamp passed; /* a newer one that was not taken, */
    struct tk_stamp seen;   /* and the one of the last look */
    bool is_gone;
};

enum tk_news {
    TK_NEWS_NONE,
    TK_NEWS_UNSETTLED, /* it is being written: look again soon */
    TK_NEWS_CHANGED,   /* there is another to load */
    TK_NEWS_GONE,      /* nothing is there any more; told once */
};

enum {
    TK_WATCH_EVERY_MS = 1000,
    /* An editor or a copy is done with a script by then. */
    TK_WATCH_SETTLE_MS = 250,
};

/* Before the file is read, so that no change is missed. */
void tk_watch_start(struct tk_watch *watch, const char *path);
enum tk_news tk_watch_look(struct tk_watch *watch, const char *path);
/* What was seen last is not taken; what comes after it is, also what was
 * written while that was tried. */
void tk_watch_refuse(struct tk_watch *watch);
/* The file as it is now is not taken; the next change is. */
void tk_watch_pass(struct tk_watch *watch, const char *path);
/* Is there a newer one that was not taken? */
bool tk_watch_is_behind(const struct tk_watch *watch);

#endif
