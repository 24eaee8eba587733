/*
 * A server whose handlers do what handlers should and should not, with times and limits of one's
 * choice: odd_server NAME=NUMBER … [cert=FILE key=FILE] PORT
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/server.h"

static char big[8 << 20];
static FILE *file;  /* 1 MiB of it */
static int running; /* handlers that stand, or stood, in on_meet() */

static void on_hello(struct http_exchange *x)
{
    http_answer(x, HTTP_OK, "text/plain", "hello\n", 6);
}

static void on_pieces(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_end_headers(x);
    for (int i = 0; i < 3; i++)
        http_print_body(x, "piece %d\n", i);
    http_send_body(x, "", 0);
    http_send_body(x, big, 40000); /* several chunks */
}

static void on_empty(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_end_headers(x);
}

static void on_no_content(struct http_exchange *x)
{
    http_send_response(x, HTTP_NO_CONTENT);
    http_end_headers(x);
    http_send_body(x, "not to be seen", 14);
}

static void on_short(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_send_header(x, "Content-Length", "10");
    http_end_headers(x);
    http_send_body(x, "12345", 5);
}

static void on_long(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_send_header(x, "Content-Length", "5");
    http_end_headers(x);
    http_send_body(x, "123", 3);
    http_send_body(x, "456", 3);
    http_send_body(x, "789", 3);
}

static void on_split(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_send_header(x, "X-Query", "a\r\nSet-Cookie: b");
    http_end_headers(x);
    http_send_body(x, "not to be seen", 14);
}

static void on_two_lengths(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_send_header(x, "Content-Length", "5");
    http_send_header(x, "Content-Length", "6");
    http_end_headers(x);
}

static void on_own_coding(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_send_header(x, "Transfer-Encoding", "chunked");
    http_end_headers(x);
}

static void on_nothing(struct http_exchange *x)
{
    (void)x;
}

static void on_late_error(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_end_headers(x);
    http_send_body(x, "so far", 6);
    http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
    http_send_body(x, "no further", 10);
}

static void on_error_instead(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_send_header(x, "Content-Length", "100");
    http_end_headers(x);
    http_send_error(x, HTTP_NOT_FOUND, "no <such> & \"thing\"");
}

static void on_early(struct http_exchange *x)
{
    http_send_response(x, HTTP_EARLY_HINTS);
    http_send_header(x, "Link", "</style.css>; rel=preload");
    http_end_headers(x);
    on_hello(x);
}

static void on_extra(struct http_exchange *x)
{
    http_add_header(x, "Set-Cookie", "a=1");
    http_add_header(x, "Set-Cookie", "b=2");
    http_send_error(x, HTTP_METHOD_NOT_ALLOWED, NULL);
}

static void on_close(struct http_exchange *x)
{
    http_close_connection(x);
    on_hello(x);
}

static void on_close_field(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_send_header(x, "Connection", "x, Close");
    http_send_header(x, "Content-Length", "2");
    http_end_headers(x);
    http_send_body(x, "ok", 2);
}

static void on_big(struct http_exchange *x)
{
    http_answer(x, HTTP_OK, NULL, big, sizeof big);
}

static void on_file(struct http_exchange *x)
{
    bool chunked = strcmp(x->request->target, "/file-chunked") == 0;

    http_send_response(x, HTTP_OK);
    if (!chunked)
        http_print_header(x, "Content-Length", "%d", (1 << 20) - 10);
    http_end_headers(x);
    http_send_file(x, fileno(file), 10, (1 << 20) - 10);
}

static void on_shrunk_file(struct http_exchange *x)
{
    http_send_response(x, HTTP_OK);
    http_print_header(x, "Content-Length", "%d", 2 << 20);
    http_end_headers(x);
    http_send_file(x, fileno(file), 0, 2 << 20);
}

/* Reads the body whole, then sends it back. */
static void on_echo(struct http_exchange *x)
{
    struct buffer body = {0};

    if (http_read_whole(x, &body) == 0)
        http_answer(x, HTTP_OK, NULL, body.data, body.length);
    buffer_free(&body);
}

/* Sends each piece as it comes. */
static void on_stream(struct http_exchange *x)
{
    char piece[1000];
    ssize_t got;

    x->body_limit = UINT64_MAX;
    http_send_response(x, HTTP_OK);
    http_end_headers(x);
    while ((got = http_read_body(x, piece, sizeof piece)) > 0 && !http_exchange_failed(x))
        http_send_body(x, piece, (size_t)got);
    if (got == -1)
        http_send_error(x, HTTP_BAD_REQUEST, NULL);
}

static void on_headers(struct http_exchange *x)
{
    const struct http_headers *headers = &x->request->headers;

    http_send_response(x, HTTP_OK);
    http_end_headers(x);
    http_print_body(x, "%s %s %d %s\n", x->request->method, x->request->target, x->request->version,
                    http_client_address(x));
    for (size_t i = 0; i < headers->count; i++)
        http_print_body(x, "%s: %s\n", headers->fields[i].name, headers->fields[i].value);
}

static void on_log(struct http_exchange *x)
{
    http_log_message(x, "a\nline \x1b[31m of %d parts", 2);
    on_hello(x);
}

/* Comes back only when another handler has stood here as well, or after five seconds. */
static void on_meet(struct http_exchange *x)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
    struct timespec until;
    int rc = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until); /* it is there on every Linux */
    until.tv_sec += 5;
    (void)pthread_mutex_lock(&lock); /* fails for no mutex that was set up */
    running++;
    (void)pthread_cond_broadcast(&came); /* the same */
    while (running < 2 && rc == 0)
        rc = pthread_cond_timedwait(&came, &lock, &until);
    (void)pthread_mutex_unlock(&lock); /* the same */
    http_answer(x, rc == 0 ? HTTP_OK : HTTP_GATEWAY_TIMEOUT, NULL, NULL, 0);
}

static const struct {
    const char *path;
    void (*handle)(struct http_exchange *x);
} ROUTES[] = {{"/hello", on_hello},
              {"/pieces", on_pieces},
              {"/empty", on_empty},
              {"/no-content", on_no_content},
              {"/short", on_short},
              {"/long", on_long},
              {"/split", on_split},
              {"/two-lengths", on_two_lengths},
              {"/own-coding", on_own_coding},
              {"/nothing", on_nothing},
              {"/late-error", on_late_error},
              {"/error-instead", on_error_instead},
              {"/early", on_early},
              {"/extra", on_extra},
              {"/close", on_close},
              {"/close-field", on_close_field},
              {"/big", on_big},
              {"/file", on_file},
              {"/file-chunked", on_file},
              {"/shrunk-file", on_shrunk_file},
              {"/echo", on_echo},
              {"/stream", on_stream},
              {"/headers", on_headers},
              {"/log", on_log},
              {"/meet", on_meet}};

static void do_any(struct http_exchange *x)
{
    for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++)
        if (strcmp(x->request->target, ROUTES[i].path) == 0) {
            ROUTES[i].handle(x);
            return;
        }
    http_send_error(x, HTTP_NOT_FOUND, NULL);
}

/* One NAME=NUMBER. */
static bool set_option(struct http_server_options *o, const char *text)
{
    const char *value = strchr(text, '=');
    size_t length = value != NULL ? (size_t)(value - text) : 0;
    const struct {
        const char *name;
        int *number;
    } numbers[] = {{"idle", &o->idle_ms},   {"head", &o->head_ms},     {"body", &o->body_ms},
                   {"write", &o->write_ms}, {"linger", &o->linger_ms}, {"stop", &o->stop_ms}};
    long number;

    if (value == NULL || !number_parse(value + 1, 0, 1000000000, &number))
        return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strlen(numbers[i].name) == length && strncmp(numbers[i].name, text, length) == 0)
            *numbers[i].number = (int)number;
    if (strncmp(text, "workers=", 8) == 0)
        o->workers = (unsigned)number;
    if (strncmp(text, "connections=", 12) == 0)
        o->connections = (unsigned)number;
    if (strncmp(text, "nagle=", 6) == 0)
        o->nagle = number != 0;
    return true;
}

/* Fills the long answers with what shows a byte that is missing, doubled or out of place. */
static void fill(void)
{
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)('a' + (i * 2654435761U >> 8) % 26);
    file = tmpfile();
    if (file == NULL || fwrite(big, 1, 1 << 20, file) != 1 << 20 || fflush(file) == EOF)
        die_errno("a file");
}

int main(int argc, char **argv)
{
    static const struct http_handler ALL[] = {
        {"GET", do_any}, {"POST", do_any}, {"PUT", do_any}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    const char *certificate = NULL, *key = NULL;
    struct error error;
    long port;

    for (int i = 1; i < argc - 1; i++) {
        if (strncmp(argv[i], "cert=", 5) == 0)
            certificate = argv[i] + 5;
        else if (strncmp(argv[i], "key=", 4) == 0)
            key = argv[i] + 4;
        else if (!set_option(&options, argv[i]))
            die_usage("[NAME=NUMBER …] PORT");
    }
    if (argc < 2 || !number_parse(argv[argc - 1], 0, UINT16_MAX, &port))
        die_usage("[NAME=NUMBER …] PORT");
    fill();
    options.handlers = ALL;
    options.log = http_log_file;
    options.log_context = stderr;
    if (certificate != NULL && (options.tls = http_tls_server(certificate, key, &error)) == NULL)
        die("%s", error.text);
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    http_tls_free(options.tls);
    (void)fclose(file); /* it is a temporary one */
    puts("stopped");
    finish(EXIT_SUCCESS);
}
