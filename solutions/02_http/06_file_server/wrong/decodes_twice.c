/* fails: names */
/*
 * Exercise 2.6  File server
 *
 * Usage:  file_server FOLDER PORT
 *
 * Decodes what comes out of decoding once more: "%2520" becomes a blank.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
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
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/date.h"
#include "http/server.h"

enum { WORKERS = 24, TEXT = 128 };

static const char DIGITS[] = "0123456789";

/* The folder, and where it really lies: without a slash at its end. */
struct root {
    int fd;
    char path[PATH_MAX];
    size_t length;
};

/* What is to be sent: a file, or the .gz beside it. */
struct found {
    int fd;
    struct stat status;
    bool gzip;
    const char *type;
    char etag[TEXT];
};

/* ---- from the target to a path ---- */

/* Adds a segment, decoded once, behind path. Returns 0 or a status. */
static int add_segment(struct buffer *path, const char *text, size_t length)
{
    size_t start = path->length + (path->length > 0);

    if (length > 0 && path->length > 0 && buffer_add(path, "/", 1) == -1)
        return HTTP_SERVICE_UNAVAILABLE;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '%') {
            char hex[3] = "";
            if (length - i < 3 || !isxdigit((unsigned char)text[i + 1]) ||
                !isxdigit((unsigned char)text[i + 2]))
                return HTTP_BAD_REQUEST;
            memcpy(hex, text + i + 1, 2);
            byte = (char)strtoul(hex, NULL, 16);
            i += 2;
            if (byte == '%' && length - i > 2 && isxdigit((unsigned char)text[i + 1])) {
                memcpy(hex, text + i + 1, 2);
                byte = (char)strtoul(hex, NULL, 16);
                i += 2;
            }
            if (byte == '\0')
                return HTTP_BAD_REQUEST;
            if (byte == '/')
                return HTTP_NOT_FOUND; /* part of a name, and no file has such a name */
        }
        if (buffer_add(path, &byte, 1) == -1)
            return HTTP_SERVICE_UNAVAILABLE;
    }
    /* Now that nothing is coded any more, the dots can be seen. */
    return length > 0 && path->data[start] == '.' ? HTTP_NOT_FOUND : 0;
}

/* The path below the folder that a target means. slash: it ends with one. Returns 0 or a status. */
static int find_path(const char *target, struct buffer *path, bool *slash)
{
    do {
        target += *target == '/';
        size_t length = strcspn(target, "/?");
        int status = add_segment(path, target, length);
        if (status != 0)
            return status;
        *slash = length == 0;
        target += length;
    } while (*target == '/');
    return 0;
}

/* ---- from the path to a file ---- */

/* Whether an open file lies below root: the kernel knows where, links and all. */
static bool is_below(const struct root *root, int fd)
{
    char link[TEXT], place[PATH_MAX];

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd); /* a number always fits */
    ssize_t length = readlink(link, place, sizeof place);
    if (length == -1)
        return false;
    return (size_t)length >= root->length && memcmp(place, root->path, root->length) == 0 &&
           ((size_t)length == root->length || place[root->length] == '/');
}

/*
 * Opens what is a file or a folder below root. What was opened is judged, not its name, which may
 * be another file's by then; and a FIFO does not make us wait. Returns a descriptor, or -1 and
 * errno.
 */
static int open_below(const struct root *root, const char *path, struct stat *status)
{
    int fd = openat(root->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd == -1)
        return -1;
    if (is_below(root, fd) && fstat(fd, status) == 0 &&
        (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode)))
        return fd;
    (void)close(fd); /* nothing was written */
    errno = ENOENT;
    return -1;
}

static bool is_older(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Whether a member of Accept-Encoding lets its coding be used: its weight is not 0. */
static bool is_wanted(const char *member, size_t name, size_t length)
{
    bool weighed = false;

    for (size_t i = name; i < length; i++) {
        weighed |= member[i] == '=';
        if (weighed && member[i] >= '1' && member[i] <= '9')
            return true;
    }
    return !weighed;
}

static bool accepts_gzip(const struct http_headers *headers)
{
    bool named = false, gzip = false, any = false;
    const char *value, *member;
    size_t position = 0, length;

    while ((value = http_headers_next(headers, "Accept-Encoding", &position)) != NULL)
        while (http_list_next(&value, &member, &length)) {
            size_t name = 0;
            while (name < length && strchr("; \t", member[name]) == NULL)
                name++;
            if (http_same_text(member, name, "gzip", 4)) {
                named = true;
                gzip = is_wanted(member, name, length);
            } else if (name == 1 && *member == '*') {
                any = is_wanted(member, name, length);
            }
        }
    return named ? gzip : any;
}

/* Takes path.gz in the file's place if it is a file and no older. */
static void prefer_gzip(const struct root *root, struct buffer *path, struct found *file)
{
    struct stat status;

    if (buffer_add(path, ".gz", 3) == -1)
        return;
    int fd = open_below(root, path->data, &status);
    if (fd == -1)
        return;
    if (!S_ISREG(status.st_mode) || is_older(&status.st_mtim, &file->status.st_mtim)) {
        (void)close(fd);
        return;
    }
    (void)close(file->fd);
    file->fd = fd;
    file->status = status;
    file->gzip = true;
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {{".html", "text/html"},     {".css", "text/css"},
                                           {".js", "text/javascript"}, {".txt", "text/plain"},
                                           {".png", "image/png"},      {".gz", "application/gzip"}};
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

/* ---- conditions and ranges ---- */

/* If-None-Match has the tag, or, without that field, the file is no newer than the date. */
static bool is_known(const struct http_headers *headers, const struct found *file)
{
    const char *value, *member, *since = http_headers_get(headers, "If-Modified-Since");
    size_t position = 0, length;
    time_t when;

    while ((value = http_headers_next(headers, "If-None-Match", &position)) != NULL)
        while (http_list_next(&value, &member, &length)) {
            size_t weak = length > 2 && memcmp(member, "W/", 2) == 0 ? 2 : 0;
            if ((length == 1 && *member == '*') ||
                (length - weak == strlen(file->etag) &&
                 memcmp(member + weak, file->etag, length - weak) == 0))
                return true;
        }
    return http_headers_get(headers, "If-None-Match") == NULL && since != NULL &&
           http_date_parse(since, time(NULL), &when) && file->status.st_mtim.tv_sec <= when;
}

/* The client's part fits to the file as it is now. */
static bool is_same(const struct http_headers *headers, const struct found *file)
{
    const char *value = http_headers_get(headers, "If-Range");
    time_t when;

    return value == NULL || strcmp(value, file->etag) == 0 ||
           (http_date_parse(value, time(NULL), &when) && file->status.st_mtim.tv_sec == when);
}

/* Reads one range of size bytes. Returns the status: 206, 416, or 200 for what does not count. */
static int find_range(const char *value, uint64_t size, uint64_t *first, uint64_t *length)
{
    if (value == NULL || strncasecmp(value, "bytes=", 6) != 0 || size == 0)
        return HTTP_OK;
    value += 6;
    size_t before = strspn(value, DIGITS);
    if (value[before] != '-')
        return HTTP_OK;
    const char *second = value + before + 1;
    size_t behind = strspn(second, DIGITS);
    if (second[behind] != '\0' || before + behind == 0)
        return HTTP_OK;
    /* What is too large for strtoull() becomes the largest number, which is right here. */
    uint64_t from = strtoull(value, NULL, 10), to = behind > 0 ? strtoull(second, NULL, 10) : size;
    if (before == 0) {
        from = to < size ? size - to : 0;
        to = size;
    } else if (behind > 0 && from > to) {
        return HTTP_OK;
    }
    if (from >= size)
        return HTTP_RANGE_NOT_SATISFIABLE;
    *first = from;
    *length = (to < size ? to + 1 : size) - from;
    return HTTP_PARTIAL_CONTENT;
}

/* ---- answers ---- */

static void send_head(struct http_exchange *x, int status, const struct found *file)
{
    char date[HTTP_DATE_SIZE];

    http_send_response(x, status);
    http_send_header(x, "ETag", file->etag);
    http_send_header(x, "Vary", "Accept-Encoding");
    if (status == HTTP_NOT_MODIFIED)
        return;
    http_send_header(x, "Content-Type", file->type);
    http_send_header(x, "Accept-Ranges", "bytes");
    if (http_date_format(file->status.st_mtim.tv_sec, date))
        http_send_header(x, "Last-Modified", date);
    if (file->gzip)
        http_send_header(x, "Content-Encoding", "gzip");
}

static void send_file(struct http_exchange *x, const struct found *file)
{
    const struct http_headers *headers = &x->request->headers;
    uint64_t size = (uint64_t)file->status.st_size, first = 0, length = size;
    char all[TEXT];
    int status = HTTP_OK;

    if (is_known(headers, file))
        status = HTTP_NOT_MODIFIED;
    else if (strcmp(x->request->method, "GET") == 0 && is_same(headers, file))
        status = find_range(http_headers_get(headers, "Range"), size, &first, &length);
    if (status == HTTP_RANGE_NOT_SATISFIABLE) {
        (void)snprintf(all, sizeof all, "bytes */%" PRIu64, size); /* 28 bytes at most */
        http_add_header(x, "Content-Range", all);
        http_send_error(x, status, NULL);
        return;
    }
    send_head(x, status, file);
    if (status == HTTP_PARTIAL_CONTENT)
        http_print_header(x, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first,
                          first + length - 1, size);
    if (status != HTTP_NOT_MODIFIED)
        http_print_header(x, "Content-Length", "%" PRIu64, length);
    http_end_headers(x);
    if (status != HTTP_NOT_MODIFIED)
        http_send_file(x, file->fd, (off_t)first, length);
}

/* The same address with a slash behind, made anew: "//name" would be another host. */
static void redirect(struct http_exchange *x, const char *path)
{
    struct buffer to = {0};
    int failed = buffer_add(&to, "/", 1);

    for (; *path != '\0' && failed == 0; path++)
        failed = isalnum((unsigned char)*path) || strchr("-._~/", *path) != NULL
                     ? buffer_add(&to, path, 1)
                     : buffer_print(&to, "%%%02X", (unsigned char)*path);
    if (failed != 0 || buffer_add(&to, "/", 1) == -1) {
        http_send_error(x, HTTP_SERVICE_UNAVAILABLE, NULL);
    } else {
        http_add_header(x, "Location", to.data);
        http_answer(x, HTTP_MOVED_PERMANENTLY, NULL, "", 0);
    }
    buffer_free(&to);
}

/* Opens what path means, for a folder its index.html. Returns 0, or the status that is due. */
static int find_file(const struct root *root, struct buffer *path, bool slash, struct found *file)
{
    bool folder = false;

    file->fd = open_below(root, path->length > 0 ? path->data : ".", &file->status);
    if (file->fd != -1 && S_ISDIR(file->status.st_mode)) {
        (void)close(file->fd);
        file->fd = -1;
        folder = true;
        if (!slash)
            return HTTP_MOVED_PERMANENTLY;
        if (buffer_print(path, "%sindex.html", path->length > 0 ? "/" : "") == -1)
            return HTTP_SERVICE_UNAVAILABLE;
        file->fd = open_below(root, path->data, &file->status);
    }
    if (file->fd == -1)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? HTTP_SERVICE_UNAVAILABLE
                                                                     : HTTP_NOT_FOUND;
    return S_ISREG(file->status.st_mode) && folder == slash ? 0 : HTTP_NOT_FOUND;
}

static void do_get(struct http_exchange *x)
{
    const struct root *root = x->context;
    struct buffer path = {0};
    struct found file = {.fd = -1};
    bool slash = false;
    int status = find_path(x->request->target, &path, &slash);

    if (status == 0)
        status = find_file(root, &path, slash, &file);
    if (status == HTTP_MOVED_PERMANENTLY) {
        redirect(x, path.data);
    } else if (status != 0) {
        http_send_error(x, status, NULL);
    } else {
        file.type = type_of(path.data);
        if (accepts_gzip(&x->request->headers))
            prefer_gzip(root, &path, &file);
        (void)snprintf(file.etag, sizeof file.etag, "\"%" PRIx64 "-%" PRIx64 "-%lx%s\"",
                       (uint64_t)file.status.st_size, (uint64_t)file.status.st_mtim.tv_sec,
                       (unsigned long)file.status.st_mtim.tv_nsec, /* 16 digits each, at most */
                       file.gzip ? "-gz" : "");
        send_file(x, &file);
    }
    if (file.fd != -1)
        (void)close(file.fd); /* it was only read */
    buffer_free(&path);
}

static void do_other(struct http_exchange *x)
{
    http_add_header(x, "Allow", "GET, HEAD");
    http_send_error(x, HTTP_METHOD_NOT_ALLOWED, NULL);
}

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {{"GET", do_get}, {"*", do_other}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port;

    if (argc != 3 || !number_parse(argv[2], 0, UINT16_MAX, &port))
        die_usage("FOLDER PORT");
    struct root root = {.fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (root.fd == -1 || realpath(argv[1], root.path) == NULL)
        die_errno("%s", argv[1]);
    root.length = strcmp(root.path, "/") == 0 ? 0 : strlen(root.path);
    options.handlers = handlers;
    options.context = &root;
    options.workers = WORKERS; /* one that sends to a slow client is busy until that has it all */
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    (void)close(root.fd);
    return 0;
}
