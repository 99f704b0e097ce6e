/* script/unit_state.h - a unit as the files of this room see it. */
#ifndef TK_SCRIPT_UNIT_STATE_H
#define TK_SCRIPT_UNIT_STATE_H

#include "script/outgoing.h"
#include "script/unit.h"
#include "script/vm.h"

enum {
    TK_UNIT_NAMES = 12, /* what a script's table may hold, at most */
    TK_UNIT_DECIDE_BUDGET = TK_VM_SHORT_BUDGET,
    TK_UNIT_HANDLE_BUDGET = 1000 * 1000,
};

#define TK_UNIT_NO_CLOCK INT64_MIN

/* Owned by whoever called tk_unit_open. */
struct tk_unit {
    struct tk_vm *vm;
    enum tk_unit_kind kind;
    char *path;
    struct tk_pool pool; /* of `about` */
    struct tk_value about;
    int functions[TK_UNIT_NAMES]; /* registry references, by place in the
                                   * list of names; LUA_NOREF */
    int options;                  /* a reference */
    int variants; /* a reference: settings with a variant's laid over them */
    struct tk_loop *collects_on; /* the collector's call waits there */

    /* Providers: the request of the task that has just yielded. */
    struct tk_outgoing outgoing;

    /* Policies. The token may be read only while `view` is set. */
    const struct tk_token_view *view;
    /* The time of day that the script is told, as base/profile.h counts it;
     * set while the script is called. */
    int64_t local_s;
    bool is_deciding; /* the verbs may be used */
    int table_ref;    /* what the file returned */
    int view_ref;
    int profile_ref; /* token.profile */
    int today_ref;   /* token.today */
    int decide_ref;
    int event_refs[TK_EVENTS];
    struct tk_decision decision;
    uintptr_t decision_id; /* of the last renew, ask or lapse */

    /* Fakes. */
    int state_ref;
};

/* The reference of a function of the script, or LUA_NOREF. */
int tk_unit_function(const struct tk_unit *unit, const char *name);

#endif
