#include "sim/html.h"

#include "base/file.h"

#include "tests/unit/engine/folder.h"
#include "tests/unit/sim/trial.h"
#include "tests/unit/text.h"

static int put(struct folder *folder, struct tk_buf *out, const char *trace,
               struct tk_why *why)
{
    struct tk_trace none = {0};
    struct tk_lineup lineup = {0};
    struct tk_contest_terms terms = {.trace = &none, .lineup = &lineup};
    struct tk_contest contest = {.terms = &terms};
    struct tk_html_data data = {.trace = tk_str(trace), .contest = &contest};

    tk_buf_init(out, 100000);
    return tk_html_put(out, &data, folder->path, why);
}

static void expect(const char *template, const char *page)
{
    struct folder folder;
    struct tk_buf out;
    struct tk_why why;

    folder_make(&folder);
    folder_write(&folder, "web/a.js", "{{b.js}}");
    folder_write(&folder, "web/b.js", "");
    folder_write(&folder, "web/simulate.html", template);
    if (put(&folder, &out, "t", &why) != 0) fail_msg("%s", why.text);
    assert_text(tk_buf_str(&out), tk_str(page));
    tk_buf_fini(&out);
    folder_remove(&folder);
}

static void files_are_put_where_they_are_named(void **state)
{
    (void)state;
    expect("", "");
    expect("plain { } }}", "plain { } }}");
    expect("<{{b.js}}>", "<>");
    expect("{{b.js}}{{b.js}}", "");
}

static void what_was_put_in_is_not_looked_at_again(void **state)
{
    (void)state;
    expect("1{{a.js}}2{{a.js}}", "1{{b.js}}2{{b.js}}");
}

static void refuse(const char *template, int err, const char *reason)
{
    struct folder folder;
    struct tk_buf out;
    struct tk_why why;

    folder_make(&folder);
    if (template != NULL) folder_write(&folder, "web/simulate.html", template);
    assert_int_equal(put(&folder, &out, "t", &why), err);
    if (strstr(why.text, reason) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", why.text, reason);
    }
    tk_buf_fini(&out);
    folder_remove(&folder);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    refuse(NULL, TK_ENOENT, "/web/simulate.html: No such file");
    refuse("{{none.js}}", TK_ENOENT, "/web/none.js: No such file");
    refuse("a {{b", TK_EINVAL, "a {{ without a name and }}");
    refuse("a {{}}", TK_EINVAL, "a {{ without a name and }}");
}

static void no_name_in_a_trace_ends_the_script(void **state)
{
    struct folder folder;
    struct tk_buf out;
    struct tk_why why;

    (void)state;
    folder_make(&folder);
    folder_write(&folder, "web/simulate.html", "{{data}}");
    assert_int_equal(put(&folder, &out, "</script><!--", &why), 0);
    assert_null(strchr(tk_buf_text(&out), '<'));
    assert_non_null(strstr(tk_buf_text(&out), "\"\\u003c/script>\\u003c!--\""));
    tk_buf_fini(&out);
    folder_remove(&folder);
}

static void a_page_larger_than_its_buffer_is_an_error(void **state)
{
    struct folder folder;
    struct tk_buf out;
    struct tk_why why;
    struct tk_html_data data = {0};

    (void)state;
    folder_make(&folder);
    folder_write(&folder, "web/simulate.html", "five!");
    tk_buf_init(&out, 4);
    assert_int_equal(tk_html_put(&out, &data, folder.path, &why), TK_ETOOBIG);
    tk_buf_fini(&out);
    folder_remove(&folder);
}

static void the_page_is_written_to_a_file(void **state)
{
    struct folder folder;
    struct tk_html_data data = {0};
    struct tk_buf bytes;
    struct tk_why why;
    char path[PATH_MAX];

    (void)state;
    folder_make(&folder);
    folder_write(&folder, "web/simulate.html", "page");
    snprintf(path, sizeof path, "%s/out.html", folder.path);
    assert_int_equal(tk_html_write(path, &data, folder.path, &why), 0);
    tk_buf_init(&bytes, 100);
    assert_int_equal(tk_file_read(path, &bytes, &why), 0);
    assert_text(tk_buf_str(&bytes), TK_STR("page"));
    tk_buf_fini(&bytes);
    assert_int_equal(tk_html_write(folder.path, &data, folder.path, &why),
                     TK_EEXIST);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_put_where_they_are_named),
        cmocka_unit_test(what_was_put_in_is_not_looked_at_again),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(no_name_in_a_trace_ends_the_script),
        cmocka_unit_test(a_page_larger_than_its_buffer_is_an_error),
        cmocka_unit_test(the_page_is_written_to_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
