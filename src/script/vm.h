/* script/vm.h - one sandboxed Lua state: memory with a cap, time with a budget.
 *
 * Hostile or broken, a script is ended in time and the state stays usable.
 * Instructions are counted by a hook; what one instruction can cost is bounded
 * (no string above TK_VM_TEXT_MAX, memory counted against the budget), and
 * above it all stands a limit of processor time. A call that was ended is
 * `killed`: every further instruction raises again, so that no pcall of the
 * script can go on.
 *
 * C code that may raise runs inside tk_vm_protect or inside a script's call;
 * all other code here uses only functions of Lua that cannot raise.
 */
#ifndef TK_SCRIPT_VM_H
#define TK_SCRIPT_VM_H

#include "base/err.h"
#include "base/str.h"
#include "script/blocks.h"

#include <lua.h>
#include <stdint.h>

/* The thread sanitizer slows every touch of memory tenfold: there a script is
 * given the time that the same work takes. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TK_VM_SLOWDOWN 8
#endif
#endif
#ifndef TK_VM_SLOWDOWN
#define TK_VM_SLOWDOWN 1
#endif

enum {
    TK_VM_MEMORY_MAX = 16 << 20,
    TK_VM_TEXT_MAX = 256 << 10, /* of one Lua string, and of a source file */
    TK_VM_LOAD_BUDGET = 10 * 1000 * 1000,
    /* Of one entry into Lua, whatever its budget; and of a short one, a
     * policy's call, of which a landing token may cause three. */
    TK_VM_CPU_MS = 100 * TK_VM_SLOWDOWN,
    TK_VM_SHORT_CPU_MS = 25 * TK_VM_SLOWDOWN,
    TK_VM_SHORT_BUDGET = 100 * 1000,
    TK_VM_NAME = 64,
    TK_VM_SENTENCE = 300, /* of an error message */
};

/* Owned by whoever called tk_vm_new. */
struct tk_vm {
    lua_State *L;
    lua_State *running; /* where the current entry runs; NULL outside */
    void *context;      /* for whom it runs; a task, or NULL */
    const char *lua_dir;
    bool is_loading;       /* the file is being loaded: require may read */
    char name[TK_VM_NAME]; /* of the file, as errors show it */

    struct tk_blocks blocks;
    size_t used; /* bytes */
    size_t refused;
    int64_t budget;     /* instructions left in this entry */
    int64_t tick;       /* of the coarse clock, at the last look */
    int64_t cpu_ms;     /* that this entry may take, */
    int64_t cpu_end_us; /* and when that is over */
    bool is_armed;      /* the hook comes at the next instruction */
    int killed;         /* 0, TK_EBUDGET or TK_ENOMEM */
    char killed_at[TK_VM_NAME + 16];
};

/* A state without any library. `lua_dir` is borrowed and may be NULL. */
TK_MUST_USE int tk_vm_new(const char *path, const char *lua_dir,
                          struct tk_vm **out);
void tk_vm_free(struct tk_vm *vm);
struct tk_vm *tk_vm_of(lua_State *L);

/* Every entry into Lua stands between these two. `L` is the state or one of
 * its coroutines. The second takes the error object off the stack of `L` and
 * returns 0, TK_ESCRIPT, TK_EBUDGET or TK_ENOMEM. */
void tk_vm_begin(struct tk_vm *vm, lua_State *L, int64_t budget);
TK_MUST_USE int tk_vm_end(struct tk_vm *vm, lua_State *L, int status,
                          struct tk_why *why);

/* Runs `function` with `arg` as a light userdata, protected. */
TK_MUST_USE int tk_vm_protect(struct tk_vm *vm, lua_CFunction function,
                              void *arg, int64_t budget, struct tk_why *why);

/* For functions in C whose work grows with their arguments: counts `work`
 * against the budget. May raise. */
void tk_vm_charge(lua_State *L, size_t work);
/* Raises again if the entry was killed: after every catch. */
void tk_vm_recheck(lua_State *L);
/* Ends the entry if its budget or its processor time is over. May raise. */
void tk_vm_check_time(lua_State *L);

/* Copies at most `cap` - 1 bytes, control bytes as '?', and terminates. */
void tk_vm_make_printable(struct tk_str text, char *out, size_t cap);

#endif
