#include "cli/args.h"

#include "base/near.h"
#include "base/span.h"

#include <stdlib.h>

static bool is_count(struct tk_str text, int64_t *out)
{
    int64_t number = 0;

    if (text.len == 0 || text.len > 15) return false; /* below 2^53 */
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
        number = number * 10 + (text.data[i] - '0');
    }
    *out = number;
    return true;
}

static bool is_span(enum tk_option_type type, struct tk_str text, int64_t *out)
{
    int64_t number;

    if (tk_span_parse(text, out) == 0) return true;
    if (!is_count(text, &number)) return false;
    if (type == TK_OPTION_SPAN && number != 0) return false;
    if (number > TK_SPAN_MAX_MS / 1000) return false;
    *out = number * 1000;
    return true;
}

static bool is_share(const char *text, double *out)
{
    char *end;

    /* strtod also takes blanks, signs, "nan" and hexadecimal. */
    if (text[0] == '\0' || text[strspn(text, "0123456789.")] != '\0') {
        return false;
    }
    *out = strtod(text, &end);
    return *end == '\0' && *out >= 0 && *out <= 1;
}

static const char *what_it_takes(enum tk_option_type type)
{
    switch (type) {
    case TK_OPTION_SPAN:
        return "a length of time such as 500ms, 5s or 1m30s";
    case TK_OPTION_SECONDS:
        return "seconds, or a length of time such as 5m";
    case TK_OPTION_COUNT:
        return "a whole number";
    case TK_OPTION_SHARE:
        return "a number from 0 to 1";
    case TK_OPTION_FLAG:
    case TK_OPTION_TEXT:
    case TK_OPTION_TEXTS:
        break;
    }
    return "a text";
}

static bool is_good(enum tk_option_type type, const char *value)
{
    int64_t number;
    double share;

    switch (type) {
    case TK_OPTION_SPAN:
    case TK_OPTION_SECONDS:
        return is_span(type, tk_str(value), &number);
    case TK_OPTION_COUNT:
        return is_count(tk_str(value), &number);
    case TK_OPTION_SHARE:
        return is_share(value, &share);
    case TK_OPTION_FLAG:
        break;
    case TK_OPTION_TEXT:
    case TK_OPTION_TEXTS:
        return value[0] != '\0';
    }
    return true;
}

static int unknown(const struct tk_args *args, struct tk_str word,
                   struct tk_why *why)
{
    struct tk_near near;

    tk_near_init(&near, tk_str_skip(word, 2));
    tk_near_try(&near, TK_STR("help"));
    for (size_t i = 0; i < args->option_count; i++) {
        tk_near_try(&near, tk_str(args->options[i].name));
    }
    return tk_fail(why, TK_EINVAL, "unknown option %.*s%s%.*s%s", TK_ARG(word),
                   near.best.len > 0 ? "; did you mean --" : "",
                   TK_ARG(near.best), near.best.len > 0 ? "?" : "");
}

static const struct tk_option *find(const struct tk_args *args,
                                    struct tk_str word)
{
    for (size_t i = 0; i < args->option_count; i++) {
        const struct tk_option *option = &args->options[i];

        if (tk_str_starts(word, TK_STR("--"))) {
            if (tk_str_is(tk_str_skip(word, 2), option->name)) return option;
        } else if (word.len == 2 && word.data[1] == option->letter) {
            return option;
        }
    }
    return NULL;
}

static int add_text(struct tk_args *args, const struct tk_option *option,
                    const char *value, struct tk_why *why)
{
    if (args->text_count == TK_TEXTS_MAX) {
        return tk_fail(why, TK_EINVAL, "--%s is given too often", option->name);
    }
    args->texts[args->text_count++] = (struct tk_args_text){option, value};
    return 0;
}

/* `argv[*at]` begins with '-'; moves on to the value if that is the next. */
static int read_option(struct tk_args *args, int argc, char *const *argv,
                       int *at, struct tk_why *why)
{
    struct tk_str rest = tk_str(argv[*at]);
    struct tk_str word = tk_str_cut(&rest, '=');
    const struct tk_option *option = find(args, word);
    const char *value = rest.data;

    if (option == NULL) return unknown(args, word, why);
    if (option->type == TK_OPTION_FLAG) {
        if (value != NULL) {
            return tk_fail(why, TK_EINVAL, "--%s takes no value", option->name);
        }
        value = "";
    } else if (value == NULL) {
        if (*at + 1 >= argc) {
            return tk_fail(why, TK_EINVAL, "--%s needs a value: %s",
                           option->name, what_it_takes(option->type));
        }
        value = argv[++*at];
    }
    if (!is_good(option->type, value)) {
        return tk_fail(why, TK_EINVAL, "--%s takes %s, not '%s'", option->name,
                       what_it_takes(option->type), value);
    }
    args->values[option - args->options] = value;
    return option->type == TK_OPTION_TEXTS ? add_text(args, option, value, why)
                                           : 0;
}

static int read_word(struct tk_args *args, const char *word, struct tk_why *why)
{
    if (args->word_count == TK_WORDS_MAX) {
        return tk_fail(why, TK_EINVAL, "too many words");
    }
    args->words[args->word_count++] = word;
    return 0;
}

int tk_args_parse(const struct tk_option *options, size_t count, int argc,
                  char *const *argv, struct tk_args *out, struct tk_why *why)
{
    bool only_words = false;
    int first = 0; /* complaint, which yields to a --help that follows it */

    *out = (struct tk_args){.options = options, .option_count = count};
    if (count > TK_OPTIONS_MAX) return tk_fail(why, TK_EINTERNAL, "options");
    for (int at = 0; at < argc; at++) {
        const char *word = argv[at];
        int rc = 0;

        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words &&
                   (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            out->wants_help = true;
            return 0;
        } else if (first != 0) {
            continue;
        } else if (!only_words && word[0] == '-' && word[1] != '\0') {
            rc = read_option(out, argc, argv, &at, why);
        } else {
            rc = read_word(out, word, why);
        }
        if (rc != 0) first = rc;
    }
    return first;
}

const char *tk_args_text(const struct tk_args *args, const char *name)
{
    for (size_t i = 0; i < args->option_count; i++) {
        if (strcmp(args->options[i].name, name) == 0) return args->values[i];
    }
    return NULL;
}

size_t tk_args_texts(const struct tk_args *args, const char *name,
                     const char *out[TK_TEXTS_MAX + 1])
{
    size_t count = 0;

    for (size_t i = 0; i < args->text_count; i++) {
        if (strcmp(args->texts[i].option->name, name) == 0) {
            out[count++] = args->texts[i].value;
        }
    }
    out[count] = NULL;
    return count;
}

bool tk_args_has(const struct tk_args *args, const char *name)
{
    return tk_args_text(args, name) != NULL;
}

int64_t tk_args_ms(const struct tk_args *args, const char *name,
                   int64_t otherwise)
{
    const char *text = tk_args_text(args, name);
    int64_t ms;

    if (text == NULL || !is_span(TK_OPTION_SECONDS, tk_str(text), &ms)) {
        return otherwise;
    }
    return ms;
}

int64_t tk_args_count(const struct tk_args *args, const char *name,
                      int64_t otherwise)
{
    const char *text = tk_args_text(args, name);
    int64_t number;

    if (text == NULL || !is_count(tk_str(text), &number)) return otherwise;
    return number;
}

double tk_args_share(const struct tk_args *args, const char *name,
                     double otherwise)
{
    const char *text = tk_args_text(args, name);
    double share;

    return text != NULL && is_share(text, &share) ? share : otherwise;
}
