#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

const char *tk_err_name(int code)
{
    switch (code) {
    case TK_OK:
        return "OK";
#define TK_ERR_NAME(name, number, text)                                        \
    case TK_##name:                                                            \
        return #name;
        TK_ERR_MAP(TK_ERR_NAME)
#undef TK_ERR_NAME
    default:
        return "EUNKNOWN";
    }
}

const char *tk_err_text(int code)
{
    switch (code) {
    case TK_OK:
        return "no error";
#define TK_ERR_TEXT(name, number, text)                                        \
    case TK_##name:                                                            \
        return text;
        TK_ERR_MAP(TK_ERR_TEXT)
#undef TK_ERR_TEXT
    default:
        return "unknown error";
    }
}

int tk_fail(struct tk_why *why, int code, const char *format, ...)
{
    if (why != NULL) {
        char text[sizeof why->text];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        why->code = code;
        snprintf(why->text, sizeof why->text, "%s", text);
    }
    return code;
}
