#include "serve/problem.h"

#include "net/json.h"

static const char *title_of(int status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

static void put_lines(struct tk_json *json, struct tk_str lines)
{
    tk_json_open(json, '[');
    while (lines.data != NULL) {
        struct tk_str line = tk_str_cut(&lines, '\n');

        if (line.len > 0) tk_json_text(json, line);
    }
    tk_json_close(json, ']');
}

void tk_problem_write(const struct tk_http_problem *problem, struct tk_buf *out)
{
    struct tk_json json = {.out = out};

    tk_json_open(&json, '{');
    tk_json_put_text(&json, "type", "about:blank");
    tk_json_put_text(&json, "title", title_of(problem->status));
    tk_json_name(&json, "status");
    tk_json_int(&json, problem->status);
    tk_json_put_text(&json, "detail", problem->detail);
    tk_json_put_text(&json, "code", problem->code);
    if (problem->retry_ms > 0) {
        tk_json_name(&json, "retry_after");
        tk_json_num(&json, (double)problem->retry_ms / 1000);
    }
    if (problem->issuer_class != NULL) {
        tk_json_put_text(&json, "class", problem->issuer_class);
    }
    if (problem->issuer_code != NULL) {
        tk_json_put_text(&json, "issuer_code", problem->issuer_code);
    }
    if (problem->problems != NULL) {
        tk_json_name(&json, "problems");
        put_lines(&json, tk_buf_str(&problem->problems->text));
    }
    tk_json_close(&json, '}');
}

int64_t tk_problem_retry_after(const struct tk_http_problem *problem)
{
    return problem->retry_ms <= 1000 ? 1 : (problem->retry_ms + 999) / 1000;
}
