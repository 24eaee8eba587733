#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "testbed/service/service.h"

void send_json(struct call *call, int status, json_t *value)
{
    char *text = value != NULL ? json_dumps(value, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
    size_t length = text != NULL ? strlen(text) : 0;

    json_decref(value);
    if (text == NULL) {
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    text[length] = '\n'; /* for the NUL: what is sent has its length */
    http_answer(call->x, status, "application/json", text, length + 1);
    free(text);
}

void send_text(struct call *call, int status, const char *type, const char *text)
{
    http_answer(call->x, status, type, text, strlen(text));
}

void send_status(struct call *call, int status)
{
    http_send_error(call->x, status, NULL);
}

void send_bad(struct call *call, const char *why)
{
    http_send_error(call->x, HTTP_BAD_REQUEST, why);
}

void send_redirect(struct call *call, int status, const char *location)
{
    struct buffer page = {0};

    http_add_header(call->x, "Location", location);
    if (buffer_print(&page, "<!DOCTYPE html>\n<title>Elsewhere</title>\n<p>See <a href=\"") == 0 &&
        html_escape(location, &page) == 0 && buffer_print(&page, "\">there</a>.\n") == 0)
        http_answer(call->x, status, "text/html; charset=utf-8", page.data, page.length);
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    buffer_free(&page);
}

void add_header_print(struct call *call, const char *name, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof text && http_is_value(text, (size_t)length))
        http_add_header(call->x, name, text);
}

bool call_is_tls(const struct call *call)
{
    return http_stream_is_tls(http_exchange_stream(call->x));
}

const char *call_host(const struct call *call)
{
    const char *host = call_header(call, "Host");

    return host != NULL ? host : "localhost";
}

int call_absolute(const struct call *call, const char *path, struct buffer *out)
{
    return buffer_print(out, "%s://%s%s", call_is_tls(call) ? "https" : "http", call_host(call),
                        path);
}

void call_cut(struct call *call)
{
    http_flush(call->x);
    /* What the server would still write, the last chunk for instance, gets lost. */
    (void)shutdown(http_stream_fd(http_exchange_stream(call->x)), SHUT_RDWR);
}
