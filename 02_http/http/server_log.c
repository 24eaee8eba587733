#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http/server_internal.h"

const char *http_client_address(struct http_exchange *exchange)
{
    struct exchange *x = (struct exchange *)exchange;
    const struct connection *c = x->connection;
    const void *address = &c->address.in6.sin6_addr;
    int family = c->address.family;

    if (x->client[0] != '\0')
        return x->client;
    if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&c->address.in6.sin6_addr)) {
        family = AF_INET;
        address = &c->address.in6.sin6_addr.s6_addr[12];
    } else if (family == AF_INET) {
        address = &c->address.in.sin_addr;
    }
    if ((family != AF_INET && family != AF_INET6) ||
        inet_ntop(family, address, x->client, sizeof x->client) == NULL)
        memcpy(x->client, "unix", sizeof "unix");
    return x->client;
}

/* Makes of text what cannot move a terminal's cursor or look like two lines. */
static void add_plain(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        int failed;
        if (c < ' ' || c >= 0x7f)
            failed = buffer_print(out, "\\x%02x", c);
        else
            failed = c == '\\' ? buffer_add(out, "\\\\", 2) : buffer_add(out, text, 1);
        if (failed == -1)
            return; /* memory is short: half a line is better than none */
    }
}

/* Hands a line to the program; text becomes the worker's again. */
static void write_line(struct exchange *x)
{
    struct server *server = x->worker->server;

    (void)pthread_mutex_lock(&server->log_lock); /* it is a plain mutex: that cannot fail */
    server->options->log(server->options->log_context, http_client_address(&x->public),
                         buffer_text(&x->worker->text));
    (void)pthread_mutex_unlock(&server->log_lock);
}

/* The first line as it came, of what is no request. The parser has left it as it was. */
static void add_raw_line(struct exchange *x)
{
    const struct input *in = x->input;
    char line[256];
    size_t length = 0;

    for (size_t at = in->start; at < in->end && length < sizeof line - 1; at++) {
        char c = in->data[at];
        if ((c == '\r' || c == '\n' || c == '\0') && length > 0)
            break;
        if (c != '\r' && c != '\n' && c != '\0')
            line[length++] = c;
    }
    line[length] = '\0';
    add_plain(&x->worker->text, line);
}

void log_request(struct exchange *x)
{
    const struct http_head *head = x->public.request;
    struct buffer *text = &x->worker->text;

    if (x->options->log == NULL)
        return;
    text->length = 0;
    (void)buffer_add(text, "\"", 1); /* short of memory the line is shorter */
    if (head->method != NULL && head->target != NULL) {
        add_plain(text, head->method);
        (void)buffer_add(text, " ", 1);
        add_plain(text, x->asked != NULL ? x->asked : head->target);
        if (head->version != 0)
            (void)buffer_print(text, " HTTP/%d.%d", head->version / 10, head->version % 10);
    } else {
        add_raw_line(x);
    }
    (void)buffer_print(text, "\" %d ", x->status);
    if (x->has_length)
        (void)buffer_print(text, "%llu", (unsigned long long)x->promised);
    else
        (void)buffer_add(text, "-", 1);
    write_line(x);
}

void log_error(struct exchange *x, int status, const char *message)
{
    http_log_message(&x->public, "code %d, message %s", status, message);
}

void http_log_message(struct http_exchange *exchange, const char *format, ...)
{
    struct exchange *x = (struct exchange *)exchange;
    char line[1024];
    va_list arguments;

    if (x->options->log == NULL)
        return;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments); /* what is longer is cut off */
    va_end(arguments);
    x->worker->text.length = 0;
    add_plain(&x->worker->text, line);
    write_line(x);
}

void http_log_file(void *file, const char *client, const char *text)
{
    char when[64] = "-";
    time_t now = time(NULL);
    struct tm local;

    if (localtime_r(&now, &local) != NULL)
        (void)strftime(when, sizeof when, "%d/%b/%Y %H:%M:%S", &local);
    /* That nobody reads the log is no reason to stop serving. */
    (void)fprintf(file, "%s - - [%s] %s\n", client, when, text);
    (void)fflush(file);
}
