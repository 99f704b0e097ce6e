/* The invariant: between tk_vm_begin and tk_vm_end the count hook is set on
 * the state that runs, and once `killed` is set the hook comes at every
 * instruction and raises. The error object is then a light userdata, so that
 * ending a call needs no memory. */
#define _DEFAULT_SOURCE
#include "script/vm.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    HOOK_EVERY = 100,
    /* Making 16 bytes costs about as much as an instruction. */
    BYTES_PER_INSTRUCTION = 16,
};

struct tk_vm *tk_vm_of(lua_State *L)
{
    return *(struct tk_vm **)lua_getextraspace(L);
}

/* --- time --- */

static int64_t read_clock_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The coarse clock costs 5 ns and says whether it is worth asking for the
 * thread's processor time, which is a system call. Processor time, because a
 * script must not die of somebody else's load. */
static bool is_over_time(struct tk_vm *vm)
{
    int64_t tick = read_clock_us(CLOCK_MONOTONIC_COARSE);
    int64_t cpu_us;

    if (tick == vm->tick) return false;
    vm->tick = tick;
    cpu_us = read_clock_us(CLOCK_THREAD_CPUTIME_ID);
    if (vm->cpu_end_us == 0) vm->cpu_end_us = cpu_us + vm->cpu_ms * 1000;
    return cpu_us > vm->cpu_end_us;
}

/* --- the hook --- */

static void on_count(lua_State *L, lua_Debug *where);

static void arm(struct tk_vm *vm, lua_State *L)
{
    vm->is_armed = true;
    lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
}

static void disarm(struct tk_vm *vm, lua_State *L)
{
    vm->is_armed = false;
    lua_sethook(L, on_count, LUA_MASKCOUNT, HOOK_EVERY);
}

static void note_place(struct tk_vm *vm, lua_State *L)
{
    lua_Debug where;

    for (int level = 0; lua_getstack(L, level, &where) != 0; level++) {
        lua_getinfo(L, "Sl", &where);
        if (where.currentline <= 0) continue;
        snprintf(vm->killed_at, sizeof vm->killed_at,
                 "%s:%d: ", where.short_src, where.currentline);
        return;
    }
}

static void kill_entry(struct tk_vm *vm, lua_State *L, int code)
{
    vm->killed = code;
    note_place(vm, L);
    arm(vm, L);
}

void tk_vm_recheck(lua_State *L)
{
    struct tk_vm *vm = tk_vm_of(L);

    if (vm->killed == 0) return;
    lua_pushlightuserdata(L, vm);
    lua_error(L);
}

static void on_count(lua_State *L, lua_Debug *where)
{
    struct tk_vm *vm = tk_vm_of(L);

    (void)where;
    if (vm->killed == 0) {
        vm->budget -= vm->is_armed ? 1 : HOOK_EVERY;
        if (vm->budget <= 0 || is_over_time(vm)) kill_entry(vm, L, TK_EBUDGET);
    }
    tk_vm_recheck(L);
    if (vm->is_armed) disarm(vm, L);
}

void tk_vm_charge(lua_State *L, size_t work)
{
    struct tk_vm *vm = tk_vm_of(L);
    int64_t cost = work > INT32_MAX ? INT32_MAX : (int64_t)work;

    vm->budget -= cost;
    tk_vm_check_time(L);
}

void tk_vm_check_time(lua_State *L)
{
    struct tk_vm *vm = tk_vm_of(L);

    if (vm->killed == 0 && (vm->budget <= 0 || is_over_time(vm))) {
        kill_entry(vm, L, TK_EBUDGET);
    }
    tk_vm_recheck(L);
}

/* --- memory --- */

static void give_back(struct tk_vm *vm, void *block, size_t size)
{
    if (block == NULL) return;
    tk_blocks_give(&vm->blocks, block, size);
    vm->used -= size;
}

/* Lua answers a refusal with a full collection and asks once more. The second
 * refusal ends the entry: a script that catches it could ask for ever. Either
 * way the hook looks at the clock right after it. */
static void *refuse(struct tk_vm *vm, size_t size)
{
    if (vm->running != NULL) {
        if (vm->refused == size && vm->killed == 0) vm->killed = TK_ENOMEM;
        arm(vm, vm->running);
    }
    vm->refused = size;
    return NULL;
}

/* Lua does not bear that making a block smaller fails: it then stays as it is,
 * without the bytes of its end. */
static void *move(struct tk_vm *vm, void *block, size_t old_size, size_t size)
{
    size_t kept = old_size < size ? old_size : size;
    void *fresh = tk_blocks_take(&vm->blocks, size);

    if (fresh == NULL && size > old_size) return refuse(vm, size);
    if (fresh == NULL) {
        explicit_bzero((char *)block + size, old_size - size);
        vm->used -= old_size - size;
        return block;
    }
    if (kept > 0) memcpy(fresh, block, kept);
    vm->used += size;
    give_back(vm, block, old_size);
    return fresh;
}

/* lua_Alloc. For a new block `old_size` is the kind of object it is for. */
static void *allocate(void *data, void *block, size_t old_size, size_t size)
{
    struct tk_vm *vm = data;
    bool is_text = block == NULL && old_size == LUA_TSTRING;

    if (block == NULL) old_size = 0;
    if (size == 0) {
        give_back(vm, block, old_size);
        return NULL;
    }
    if (size > old_size) {
        /* The header of a Lua string is less than 64 bytes. */
        if ((is_text && size > TK_VM_TEXT_MAX + 64) ||
            size - old_size > TK_VM_MEMORY_MAX - vm->used) {
            return refuse(vm, size);
        }
        vm->refused = 0;
        vm->budget -= (int64_t)((size - old_size) / BYTES_PER_INSTRUCTION);
    }
    return move(vm, block, old_size, size);
}

/* --- life --- */

static void keep_name(struct tk_vm *vm, const char *path)
{
    const char *slash = strrchr(path, '/');

    tk_vm_make_printable(tk_str(slash == NULL ? path : slash + 1), vm->name,
                         sizeof vm->name);
}

int tk_vm_new(const char *path, const char *lua_dir, struct tk_vm **out)
{
    struct tk_vm *vm = calloc(1, sizeof *vm);

    *out = NULL;
    if (vm == NULL) return TK_ENOMEM;
    vm->lua_dir = lua_dir;
    keep_name(vm, path);
    vm->L = lua_newstate(allocate, vm);
    if (vm->L == NULL) {
        tk_blocks_fini(&vm->blocks);
        free(vm);
        return TK_ENOMEM;
    }
    *(struct tk_vm **)lua_getextraspace(vm->L) = vm;
    *out = vm;
    return 0;
}

void tk_vm_free(struct tk_vm *vm)
{
    if (vm == NULL) return;
    lua_close(vm->L);
    tk_blocks_fini(&vm->blocks);
    free(vm);
}

/* --- entries --- */

void tk_vm_begin(struct tk_vm *vm, lua_State *L, int64_t budget)
{
    vm->running = L;
    vm->budget = budget;
    vm->killed = 0;
    vm->killed_at[0] = '\0';
    vm->refused = 0;
    vm->cpu_ms =
        budget <= TK_VM_SHORT_BUDGET ? TK_VM_SHORT_CPU_MS : TK_VM_CPU_MS;
    vm->cpu_end_us = 0;
    vm->tick = read_clock_us(CLOCK_MONOTONIC_COARSE);
    if (lua_gethook(L) == NULL) disarm(vm, L);
}

void tk_vm_make_printable(struct tk_str text, char *out, size_t cap)
{
    size_t len = text.len < cap ? text.len : cap - 1;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        out[i] = c < ' ' || c == 0x7f ? '?' : text.data[i];
    }
    out[len] = '\0';
}

static int fail_killed(const struct tk_vm *vm, int code, struct tk_why *why)
{
    char place[sizeof vm->killed_at + 2];

    snprintf(place, sizeof place, "%s%s",
             vm->killed_at[0] == '\0' ? vm->name : vm->killed_at,
             vm->killed_at[0] == '\0' ? ": " : "");
    if (code == TK_ENOMEM) {
        return tk_fail(why, code, "%sthe script used up its memory of %d MiB",
                       place, TK_VM_MEMORY_MAX >> 20);
    }
    return tk_fail(why, code, "%sthe script used up its budget of %s", place,
                   vm->budget <= 0 ? "instructions" : "processor time");
}

/* Only texts are taken from a script: turning another object into one would
 * run the script again. */
static int fail_script(const struct tk_vm *vm, lua_State *L, struct tk_why *why)
{
    char sentence[TK_VM_SENTENCE];
    struct tk_str text;
    size_t len = strlen(vm->name);

    if (lua_type(L, -1) != LUA_TSTRING) {
        return tk_fail(why, TK_ESCRIPT, "%s: error object of type %s", vm->name,
                       lua_typename(L, lua_type(L, -1)));
    }
    text.data = lua_tolstring(L, -1, &text.len);
    tk_vm_make_printable(text, sentence, sizeof sentence);
    if (strncmp(sentence, vm->name, len) == 0 && sentence[len] == ':') {
        return tk_fail(why, TK_ESCRIPT, "%s", sentence);
    }
    return tk_fail(why, TK_ESCRIPT, "%s: %s", vm->name, sentence);
}

int tk_vm_end(struct tk_vm *vm, lua_State *L, int status, struct tk_why *why)
{
    int rc;

    vm->running = NULL;
    if (vm->is_armed) disarm(vm, L);
    if (status == LUA_OK || status == LUA_YIELD) {
        /* Killed by its very last instruction? Then it has ended anyway. */
        vm->killed = 0;
        return 0;
    }
    if (vm->killed != 0 || status == LUA_ERRMEM) {
        rc = fail_killed(vm, vm->killed == 0 ? TK_ENOMEM : vm->killed, why);
    } else {
        rc = fail_script(vm, L, why);
    }
    lua_pop(L, 1);
    vm->killed = 0;
    return rc;
}

int tk_vm_protect(struct tk_vm *vm, lua_CFunction function, void *arg,
                  int64_t budget, struct tk_why *why)
{
    tk_vm_begin(vm, vm->L, budget);
    lua_pushcfunction(vm->L, function);
    lua_pushlightuserdata(vm->L, arg);
    return tk_vm_end(vm, vm->L, lua_pcall(vm->L, 1, 0, 0), why);
}
