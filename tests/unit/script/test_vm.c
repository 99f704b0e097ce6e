/* Each attack is tried in a provider's task, which is a coroutine, and in a
 * policy; and what hides in the source is tried on the loading of a file. */
#include "tests/unit/script/attacks.h"
#include "tests/unit/script/lua_test.h"
#include "tests/unit/script/script_file.h"
#include "tests/unit/wipes.h"

#include "script/vm.h"

#include <lua.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

/* Processor time, so that a busy machine fails no test. A sanitizer costs a
 * factor; with one, a part of the attacks on the slow entries has to do. */
#ifdef SANITIZED
enum {
    LONGEST_MS = 2000,
    TASK_STEP = 3 * TK_VM_SLOWDOWN,
    LOAD_STEP = 16 * TK_VM_SLOWDOWN,
};
#else
enum { LONGEST_MS = 200, TASK_STEP = 1, LOAD_STEP = 4 };
#endif

static double cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void check_time(double since, const char *attack)
{
    double took = cpu_ms() - since;

    if (took > LONGEST_MS) fail_msg("took %.0f ms: %.300s", took, attack);
}

static bool is_ended(int code)
{
    return code == TK_EBUDGET || code == TK_ENOMEM;
}

/* What is refused may also be ended before it gets so far. */
static bool is_stopped(int code)
{
    return code == TK_ESCRIPT || is_ended(code);
}

/* --- in a task --- */

/* Runs the attack, then the same unit once more with a setting that keeps it
 * from attacking. */
static void attack_by_task(struct provider *p, const char *attack,
                           bool (*is_right)(int code))
{
    struct tk_pair pair = {TK_STR("good"), {.type = TK_BOOL, .as.flag = true}};
    struct tk_value good = {.type = TK_TABLE,
                            .as.table = {.pairs = &pair, .pair_count = 1}};
    char lua[2048];
    double since;

    snprintf(lua, sizeof lua,
             "if settings.good then return { token = 'good' } end %s", attack);
    provider_load(p, lua);
    since = cpu_ms();
    provider_start(p);
    tk_loop_run(p->loop);
    check_time(since, attack);
    if (!is_right(p->code)) fail_msg("%d %s: %s", p->code, p->detail, attack);
    assert_int_equal(tk_unit_set_options(p->unit, &good, NULL), 0);
    provider_start(p);
    tk_loop_run(p->loop);
    if (p->code != 0) fail_msg("then %s: %s", p->detail, attack);
    assert_string_equal(p->token, "good");
    tk_unit_close(p->unit);
    p->unit = NULL;
    tk_timer_set(p->guard, tk_loop_now(p->loop) + 10000);
}

static void a_task_that_never_ends_is_ended(void **state)
{
    for (int i = 0; i < ENDLESS; i += TASK_STEP) {
        attack_by_task(*state, endless[i], is_ended);
    }
}

static void a_task_that_does_what_is_not_allowed_fails(void **state)
{
    for (int i = 0; i < REFUSED; i++) {
        attack_by_task(*state, refused[i], is_stopped);
    }
}

/* --- in a policy --- */

static void attack_by_policy(const char *attack, bool (*is_right)(int code))
{
    struct tk_token_view view = {
        .key = TK_STR("a/bad"), .kind = TK_STR("bad"), .state = "fresh"};
    struct tk_decision decision;
    char lua[2048];
    struct tk_why why;
    struct tk_unit *unit;
    double since;
    int rc;

    snprintf(lua, sizeof lua,
             "return { api = 1, name = 'x', decide = function(token) "
             "if token.kind == 'good' then return lapse 'good' end "
             "%s end }",
             attack);
    unit = script_open(TK_UNIT_POLICY, lua, &why);
    if (unit == NULL) fail_msg("%s: %s", why.text, attack);
    since = cpu_ms();
    rc = tk_unit_decide(unit, &view, &decision, &why);
    check_time(since, attack);
    if (!is_right(rc)) fail_msg("%d %s: %s", rc, why.text, attack);
    if (strstr(why.text, "/tmp/") != NULL) fail_msg("a path: %s", why.text);
    view.kind = TK_STR("good");
    if (tk_unit_decide(unit, &view, &decision, &why) != 0) {
        fail_msg("then %s: %s", why.text, attack);
    }
    assert_string_equal(decision.why, "good");
    tk_unit_close(unit);
}

static void a_policy_that_never_ends_is_ended(void **state)
{
    (void)state;
    for (int i = 0; i < ENDLESS; i++) attack_by_policy(endless[i], is_ended);
}

static void a_policy_that_does_what_is_not_allowed_fails(void **state)
{
    (void)state;
    for (int i = 0; i < REFUSED; i++) attack_by_policy(refused[i], is_stopped);
}

/* A script may pile up over many calls what one call could not make. */
static void
memory_that_grows_over_many_calls_ends_a_call_and_not_the_unit(void **state)
{
    struct tk_token_view view = {.kind = TK_STR("bad"), .state = "fresh"};
    struct tk_decision decision;
    struct tk_why why;
    struct tk_unit *unit = script_open(
        TK_UNIT_POLICY,
        "local all = {} "
        "return { api = 1, name = 'x', decide = function(token) "
        "if token.kind == 'good' then all = {} return lapse() end "
        "all[#all + 1] = ('x'):rep(20000 + #all) return lapse() end }",
        &why);
    int rc = 0;

    (void)state;
    for (int i = 0; i < 100000 && rc == 0; i++) {
        rc = tk_unit_decide(unit, &view, &decision, &why);
    }
    assert_int_equal(rc, TK_ENOMEM);
    assert_non_null(strstr(why.text, "16 MiB"));
    view.kind = TK_STR("good");
    assert_int_equal(tk_unit_decide(unit, &view, &decision, &why), 0);
    view.kind = TK_STR("bad");
    assert_int_equal(tk_unit_decide(unit, &view, &decision, &why), 0);
    tk_unit_close(unit);
}

static int decide(const char *body, struct tk_why *why)
{
    struct tk_token_view view = {.kind = TK_STR("bad"), .state = "fresh"};
    struct tk_decision decision;
    struct tk_unit *unit;
    char lua[512];
    int rc;

    snprintf(lua, sizeof lua,
             "return { api = 1, name = 'x', decide = function() %s end }",
             body);
    unit = script_open(TK_UNIT_POLICY, lua, why);
    assert_non_null(unit);
    rc = tk_unit_decide(unit, &view, &decision, why);
    tk_unit_close(unit);
    return rc;
}

/* A few hundred instructions, and five million bytes. */
static void memory_that_is_made_counts_against_the_budget(void **state)
{
    struct tk_why why;

    (void)state;
    assert_int_equal(decide("local s = ('0123456789'):rep(10000) "
                            "for i = 1, 50 do local t = s .. i end "
                            "return lapse()",
                            &why),
                     TK_EBUDGET);
    assert_non_null(strstr(why.text, "budget of instructions"));
}

/* One instruction on a text must stay short. */
static void no_text_is_longer_than_a_quarter_of_a_mebibyte(void **state)
{
    struct tk_why why;

    (void)state;
    assert_int_equal(decide("local s = ('0123456789'):rep(13100) s = s .. s "
                            "return lapse()",
                            &why),
                     0);
    assert_int_equal(decide("local s = ('0123456789'):rep(13200) s = s .. s "
                            "return lapse()",
                            &why),
                     TK_ENOMEM);
}

static void lack_of_memory_cannot_be_caught(void **state)
{
    struct tk_why why;

    (void)state;
    assert_int_equal(decide("local s = ('0123456789'):rep(13200) "
                            "pcall(function() return s .. s end) "
                            "return lapse()",
                            &why),
                     TK_ENOMEM);
}

/* --- processor time --- */

/* Works for longer than a short entry may, and not as long as a long one. */
static int work(lua_State *L)
{
    double end = cpu_ms() + 2 * TK_VM_SHORT_CPU_MS;

    while (cpu_ms() < end) tk_vm_check_time(L);
    return 0;
}

static void a_short_entry_may_take_less_time_than_a_long_one(void **state)
{
    struct tk_vm *vm;
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_vm_new("test.lua", NULL, &vm), 0);
    assert_int_equal(tk_vm_protect(vm, work, NULL, TK_VM_SHORT_BUDGET, &why),
                     TK_EBUDGET);
    assert_non_null(strstr(why.text, "budget of processor time"));
    assert_int_equal(tk_vm_protect(vm, work, NULL, TK_VM_LOAD_BUDGET, &why), 0);
    tk_vm_free(vm);
}

/* --- while loading --- */

/* Appends `piece`, with `number` where it has a '#', and returns its length. */
static size_t put_piece(char *out, const char *piece, unsigned number)
{
    size_t len = 0;

    for (; *piece != '\0'; piece++) {
        if (*piece == '#') {
            len += (size_t)sprintf(out + len, "%u", number);
        } else {
            out[len++] = *piece;
        }
    }
    return len;
}

/* `piece` as often as it fits between `head` and `tail`. */
static void attack_by_source(const char *head, const char *piece,
                             const char *tail)
{
    size_t end = TK_VM_TEXT_MAX - strlen(tail) - 64;
    char *text = calloc(1, TK_VM_TEXT_MAX + 1);
    size_t at = strlen(head);
    struct tk_unit *unit;
    struct tk_why why;
    double since;

    assert_non_null(text);
    memcpy(text, head, at);
    for (unsigned i = 0; at < end; i++) at += put_piece(text + at, piece, i);
    memcpy(text + at, tail, strlen(tail));
    since = cpu_ms();
    unit = script_open(TK_UNIT_POLICY, text, &why);
    check_time(since, piece);
    assert_null(unit);
    free(text);
}

static void a_source_that_is_hard_to_compile_is_refused_in_time(void **state)
{
    (void)state;
    attack_by_source("", "::l#::", "");
    attack_by_source("", "goto l# ", "");
    attack_by_source("do ", "goto a ", "::a:: end");
    attack_by_source("return a", " and a", "");
    attack_by_source("return a", " or b", "");
    attack_by_source("if a then", " elseif a then", " end");
    attack_by_source("while a do ", "if a then break end ", "end");
    attack_by_source("return ", "(", "");
    attack_by_source("return ", "{", "");
    attack_by_source("return ", "- ", "1");
    attack_by_source("return a", "..a", "");
    attack_by_source("local ", "a,", "b");
    attack_by_source("a=", "a=", "1");
    attack_by_source("", "local a# ", "");
    attack_by_source("return { ", "a# = #, ", "}");
    attack_by_source("", "function f() ", "");
    attack_by_source("return '", "\\z   ", "'");
    attack_by_source("--[==[", "]=]", "");
}

static void a_file_that_never_ends_is_ended(void **state)
{
    (void)state;
    for (int i = 0; i < ENDLESS; i += LOAD_STEP) {
        double since = cpu_ms();
        struct tk_why why;

        assert_null(script_open(TK_UNIT_POLICY, endless[i], &why));
        check_time(since, endless[i]);
        if (!is_ended(why.code)) fail_msg("%s: %s", why.text, endless[i]);
    }
}

/* --- the rest of the contract --- */

static void a_reason_names_file_and_line_and_no_path(void **state)
{
    struct provider *p = *state;

    provider_run(p, "while true do end");
    assert_non_null(strstr(p->detail, ":2:"));
    assert_non_null(strstr(p->detail, "budget of instructions"));
    assert_null(strstr(p->detail, "/tmp/"));
}

static void a_reason_is_short_and_printable(void **state)
{
    struct provider *p = *state;

    provider_run(p, "error(('\\27[31m\\n'):rep(1000))");
    assert_true(strlen(p->detail) < 400);
    for (const char *c = p->detail; *c != '\0'; c++) assert_true(*c >= ' ');
}

static int make_and_drop_texts(lua_State *L)
{
    (void)L;
    lua_pushstring(L, "hunter2 hunter2 hunter2 hunter2 hunter2 hunter2");
    *(const char **)lua_touserdata(L, 1) = lua_tostring(L, -1);
    return 0;
}

static void memory_of_lua_is_wiped_when_it_is_given_back(void **state)
{
    const char *text = NULL;
    struct tk_vm *vm;
    bool is_wiped = false;

    (void)state;
    assert_int_equal(tk_vm_new("test.lua", NULL, &vm), 0);
    assert_int_equal(tk_vm_protect(vm, make_and_drop_texts, &text, 1000, NULL),
                     0);
    lua_gc(vm->L, LUA_GCCOLLECT, 0);
    for (size_t i = 0; i < WIPES_KEPT && i < wipe_count; i++) {
        const char *start = wipes[i].start;

        is_wiped = is_wiped || (start < text && text < start + wipes[i].len);
    }
    assert_true(is_wiped);
    tk_vm_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(a_task_that_never_ends_is_ended),
        WITH_PROVIDER(a_task_that_does_what_is_not_allowed_fails),
        cmocka_unit_test(a_policy_that_never_ends_is_ended),
        cmocka_unit_test(a_policy_that_does_what_is_not_allowed_fails),
        cmocka_unit_test(
            memory_that_grows_over_many_calls_ends_a_call_and_not_the_unit),
        cmocka_unit_test(memory_that_is_made_counts_against_the_budget),
        cmocka_unit_test(no_text_is_longer_than_a_quarter_of_a_mebibyte),
        cmocka_unit_test(lack_of_memory_cannot_be_caught),
        cmocka_unit_test(a_short_entry_may_take_less_time_than_a_long_one),
        cmocka_unit_test(a_source_that_is_hard_to_compile_is_refused_in_time),
        cmocka_unit_test(a_file_that_never_ends_is_ended),
        WITH_PROVIDER(a_reason_names_file_and_line_and_no_path),
        WITH_PROVIDER(a_reason_is_short_and_printable),
        cmocka_unit_test(memory_of_lua_is_wiped_when_it_is_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
