/*
 * Exercise 2.6  File server
 *
 * Another way: the path is resolved by realpath(), the whole file is read, its tag is a digest of
 * what it holds, and each answer is one call.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/date.h"
#include "http/server.h"

enum { MOST = 1 << 30, TEXT = 64 };

static char root[PATH_MAX];

struct answer {
    char place[PATH_MAX];
    struct stat status;
    struct buffer bytes;
    char etag[TEXT], date[HTTP_DATE_SIZE];
};

static int digit(char c)
{
    const char *digits = "0123456789abcdef", *at = strchr(digits, c | 0x20);

    return c == '\0' || at == NULL || (c < '0') ? -1 : (int)(at - digits);
}

/* Decodes all of the target first, with the slashes that separate as NULs: no name has those. */
static int decode(const char *target, char *text, size_t *length)
{
    for (*length = 0; *target != '\0' && *target != '?'; target++) {
        char byte = *target == '/' ? '\0' : *target;
        if (byte == '%') {
            int high = digit(target[1]), low = high < 0 ? -1 : digit(target[2]);
            if (low < 0 || high + low == 0)
                return 400;
            byte = (char)(high * 16 + low);
            target += 2;
        }
        text[(*length)++] = byte;
    }
    text[*length] = '\0';
    return 0;
}

/* root, and each segment behind a slash. Returns 0 or a status. */
static int find_path(const char *target, struct buffer *path, bool *slash)
{
    char *text = malloc(strlen(target) + 1);
    size_t length;
    int status = text == NULL ? 503 : decode(target, text, &length);

    if (status == 0 && buffer_print(path, "%s", root) == -1)
        status = 503;
    for (size_t at = 0; status == 0 && at < length; at += strlen(text + at) + 1) {
        const char *name = text + at;
        if (name[0] == '.' || strchr(name, '/') != NULL)
            status = 404;
        else if (name[0] != '\0' && buffer_print(path, "/%s", name) == -1)
            status = 503;
    }
    *slash = status == 0 && (length == 0 || text[length - 1] == '\0');
    free(text);
    return status;
}

/* Where a path leads, if that is below root, and what is there. */
static bool look(const char *path, struct answer *a)
{
    size_t length = strlen(root);

    return realpath(path, a->place) != NULL && strncmp(a->place, root, length) == 0 &&
           (a->place[length] == '/' || a->place[length] == '\0') && stat(a->place, &a->status) == 0;
}

static bool weighs(const char *member, size_t length)
{
    const char *q = memchr(member, '=', length);

    for (; q != NULL && q < member + length; q++)
        if (*q != '=' && *q != '0' && *q != '.')
            return true;
    return memchr(member, '=', length) == NULL;
}

static bool takes_gzip(const struct http_headers *headers)
{
    const char *value, *member;
    size_t position = 0, length;
    int gzip = -1, any = 0;

    while ((value = http_headers_next(headers, "Accept-Encoding", &position)) != NULL)
        while (http_list_next(&value, &member, &length)) {
            size_t name = strcspn(member, ";, \t");
            if (name == 4 && strncasecmp(member, "gzip", 4) == 0)
                gzip = weighs(member, length);
            else if (name == 1 && member[0] == '*')
                any = weighs(member, length);
        }
    return gzip >= 0 ? gzip : any;
}

static long long age(const struct stat *status)
{
    return status->st_mtim.tv_sec * 1000000000LL + status->st_mtim.tv_nsec;
}

static bool has_tag(const struct http_headers *headers, const char *etag)
{
    const char *value, *member;
    size_t position = 0, length;

    while ((value = http_headers_next(headers, "If-None-Match", &position)) != NULL)
        while (http_list_next(&value, &member, &length)) {
            size_t weak = strncmp(member, "W/", 2) == 0 ? 2 : 0;
            if (http_same_text(member, length, "*", 1) ||
                (length - weak == strlen(etag) && strncmp(member + weak, etag, strlen(etag)) == 0))
                return true;
        }
    return false;
}

static bool is_date(const char *value, time_t *when)
{
    return value != NULL && http_date_parse(value, time(NULL), when);
}

/* A number of any length; nothing is -1. */
static int64_t number(const char **at)
{
    int64_t n = **at >= '0' && **at <= '9' ? 0 : -1;

    for (; **at >= '0' && **at <= '9'; ++*at)
        n = n > MOST ? n : n * 10 + (**at - '0');
    return n;
}

/* Which part is to be sent: 200 for all, 206, or 416. */
static int choose_part(struct http_exchange *x, const struct answer *a, size_t *first, size_t *last)
{
    const struct http_headers *headers = &x->request->headers;
    const char *range = http_headers_get(headers, "Range");
    const char *same = http_headers_get(headers, "If-Range");
    int64_t size = (int64_t)a->bytes.length;
    time_t when;

    if (range == NULL || strcmp(x->request->method, "GET") != 0 || size == 0 ||
        strncasecmp(range, "bytes=", 6) != 0)
        return 200;
    if (same != NULL && strcmp(same, a->etag) != 0 &&
        (!is_date(same, &when) || when != a->status.st_mtime))
        return 200;
    range += 6;
    int64_t from = number(&range);
    if (*range++ != '-')
        return 200;
    int64_t to = number(&range);
    if (*range != '\0' || (from == -1 && to == -1) || (from != -1 && to != -1 && to < from))
        return 200;
    if (from == -1) {
        from = to > size ? 0 : size - to;
        to = -1;
    }
    if (from >= size)
        return 416;
    *first = (size_t)from;
    *last = (size_t)(to == -1 || to >= size ? size - 1 : to);
    return 206;
}

static void send_file(struct http_exchange *x, const struct answer *a, const char *type)
{
    const struct http_headers *headers = &x->request->headers;
    const char *since = http_headers_get(headers, "If-Modified-Since");
    size_t first = 0, last = 0;
    char range[TEXT];
    time_t when;
    bool known = http_headers_count(headers, "If-None-Match") > 0
                     ? has_tag(headers, a->etag)
                     : is_date(since, &when) && a->status.st_mtime <= when;
    int status = known ? 304 : choose_part(x, a, &first, &last);

    (void)snprintf(range, sizeof range, "bytes */%zu", a->bytes.length); /* it fits */
    if (status == 206)
        (void)snprintf(range, sizeof range, "bytes %zu-%zu/%zu", first, last, a->bytes.length);
    if (status == 206 || status == 416)
        http_add_header(x, "Content-Range", range);
    if (status == 416) {
        http_send_error(x, status, NULL);
        return;
    }
    http_add_header(x, "Accept-Ranges", "bytes");
    http_add_header(x, "Vary", "Accept-Encoding");
    http_add_header(x, "ETag", a->etag);
    http_add_header(x, "Last-Modified", a->date);
    if (strstr(a->etag, ".gz") != NULL)
        http_add_header(x, "Content-Encoding", "gzip");
    if (status == 206)
        http_answer(x, status, type, a->bytes.data + first, last - first + 1);
    else
        http_answer(x, status, status == 200 ? type : NULL, buffer_text(&a->bytes),
                    status == 200 ? a->bytes.length : 0);
}

static const char *type_of(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (dot == NULL)
        dot = "";
    return strcmp(dot, ".html") == 0  ? "text/html; charset=utf-8"
           : strcmp(dot, ".css") == 0 ? "text/css"
           : strcmp(dot, ".js") == 0  ? "text/javascript"
           : strcmp(dot, ".txt") == 0 ? "text/plain; charset=utf-8"
           : strcmp(dot, ".png") == 0 ? "image/png"
           : strcmp(dot, ".gz") == 0  ? "application/gzip"
                                      : "application/octet-stream";
}

/* Reads the file, or the .gz that does for it. Returns 0 or a status. */
static int read_file(struct http_exchange *x, struct buffer *path, struct answer *a)
{
    static _Thread_local struct answer gz;
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    const char *mark = "";

    gz.bytes = (struct buffer){0};
    if (takes_gzip(&x->request->headers) && buffer_print(path, ".gz") == 0) {
        if (look(path->data, &gz) && S_ISREG(gz.status.st_mode) &&
            age(&gz.status) >= age(&a->status)) {
            *a = gz;
            mark = ".gz";
        }
    }
    if (buffer_add_file(&a->bytes, a->place, MOST) == -1)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? 503 : 404;
    for (size_t i = 0; i < a->bytes.length; i++)
        hash = (hash ^ (unsigned char)a->bytes.data[i]) * 1099511628211U;
    (void)snprintf(a->etag, sizeof a->etag, "\"%016" PRIx64 "%s\"", hash, mark); /* it fits */
    (void)http_date_format(a->status.st_mtime, a->date);
    return 0;
}

static void redirect(struct http_exchange *x, const char *path)
{
    struct buffer to = {0};
    int failed = 0;

    for (; *path != '\0'; path++) {
        bool plain = *path >= '-' && *path <= 'z' && strchr(":;<>?@[\\]^`", *path) == NULL;
        failed |= buffer_print(&to, plain ? "%c" : "%%%02X", (unsigned char)*path);
    }
    if (failed != 0 || buffer_print(&to, "/") == -1) {
        http_send_error(x, 503, NULL);
    } else {
        http_add_header(x, "Location", to.data);
        http_answer(x, 301, NULL, "", 0);
    }
    buffer_free(&to);
}

static void do_get(struct http_exchange *x)
{
    struct buffer path = {0};
    struct answer *a = calloc(1, sizeof *a);
    bool slash = false;
    int status = a == NULL ? 503 : find_path(x->request->target, &path, &slash);

    if (status == 0 && !look(path.data, a))
        status = 404;
    if (status == 0 && S_ISDIR(a->status.st_mode)) {
        if (!slash)
            status = 301;
        else if (buffer_print(&path, "/index.html") == -1)
            status = 503;
        else if (!look(path.data, a))
            status = 404;
        slash = false;
    }
    if (status == 0 && (slash || !S_ISREG(a->status.st_mode)))
        status = 404;
    const char *type = status == 0 ? type_of(path.data) : NULL;
    if (status == 0)
        status = read_file(x, &path, a);
    if (status == 301)
        redirect(x, path.data + strlen(root));
    else if (status != 0)
        http_send_error(x, status, NULL);
    else
        send_file(x, a, type);
    if (a != NULL)
        buffer_free(&a->bytes);
    free(a);
    buffer_free(&path);
}

static void do_other(struct http_exchange *x)
{
    http_add_header(x, "Allow", "HEAD, GET");
    http_send_error(x, 405, NULL);
}

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {
        {"GET", do_get}, {"HEAD", do_get}, {"*", do_other}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    struct stat status;
    long port;

    if (argc != 3 || !number_parse(argv[2], 0, UINT16_MAX, &port))
        die_usage("FOLDER PORT");
    if (realpath(argv[1], root) == NULL || stat(root, &status) == -1)
        die_errno("%s", argv[1]);
    if (!S_ISDIR(status.st_mode))
        die("%s is no folder", argv[1]);
    if (strcmp(root, "/") == 0)
        root[0] = '\0';
    options.handlers = handlers;
    options.workers = 32;
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    return 0;
}
