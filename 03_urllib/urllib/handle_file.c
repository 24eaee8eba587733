/* file: URLs: files of this machine, as if a server had sent them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "http/date.h"
#include "http/files.h"
#include "urllib/internal.h"

struct open_file {
    int fd;
    uint64_t received;
};

static ssize_t read_file(struct url_response *response, void *data, size_t size,
                         struct url_error *error)
{
    struct open_file *file = response->source;
    ssize_t got;

    do
        got = read(file->fd, data, size);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        return url_error_set(error, URL_NO_FILE, errno, "%s (%s)", errno_name(errno),
                             strerror(errno));
    file->received += (uint64_t)got;
    if (got == 0 && file->received < (uint64_t)response->length) {
        uint64_t received = file->received;
        (void)url_error_set(error, URL_TOO_SHORT, 0, "the file became shorter"); /* always -1 */
        if (error != NULL) {
            error->received = received;
            error->expected = (uint64_t)response->length;
        }
        return -1;
    }
    return got;
}

static void close_file(struct url_response *response)
{
    struct open_file *file = response->source;

    (void)close(file->fd); /* only read from */
    free(file);
}

/* What mimetypes says of a name, or "text/plain", as Python's FileHandler has it. */
static const char *type_of(const char *path)
{
    static const char *const binary[] = {"bin", "a", "dll", "exe", "o", "obj", "so", NULL};
    const char *type = http_files_type(path), *name = strrchr(path, '/');
    const char *suffix = strrchr(name != NULL ? name : path, '.');

    if (strcmp(type, "application/octet-stream") != 0)
        return type;
    for (const char *const *b = binary; suffix != NULL && *b != NULL; b++)
        if (strcasecmp(suffix + 1, *b) == 0)
            return type;
    return "text/plain";
}

/* Opens a regular file: a device or a FIFO might never end. A descriptor; or -1 and an error. */
static int open_regular(const char *path, struct stat *status, struct url_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd == -1 || fstat(fd, status) == -1) {
        (void)url_error_set(error, URL_NO_FILE, errno, "%s (%s)", errno_name(errno),
                            strerror(errno)); /* returns -1 always */
    } else if (S_ISDIR(status->st_mode)) {
        (void)url_error_set(error, URL_NO_FILE, EISDIR, "it is a directory"); /* likewise */
    } else if (!S_ISREG(status->st_mode)) {
        (void)url_error_set(error, URL_NO_FILE, EINVAL, "it is no regular file"); /* likewise */
    } else {
        return fd;
    }
    if (fd != -1)
        (void)close(fd); /* nothing was written */
    return -1;
}

/* Makes a response, which owns fd. NULL when memory is short; then fd is the caller's. */
static struct url_response *make_response(int fd, const struct stat *status, const char *path,
                                          const struct url_request *request)
{
    struct open_file *file = calloc(1, sizeof *file);
    struct url_response *response = NULL;
    struct buffer url = {0};
    char date[HTTP_DATE_SIZE];
    bool complete = false;

    if (buffer_print(&url, "file://%.*s%.*s", URL_PRINT(request->url_parts.netloc),
                     URL_PRINT(request->url_parts.path)) == 0)
        response = url_response_new(200, "OK", url.data);
    buffer_free(&url);
    if (response != NULL && file != NULL)
        complete = http_headers_add(&response->headers, "Content-Type", type_of(path)) == 0 &&
                   http_headers_print(&response->headers, "Content-Length", "%lld",
                                      (long long)status->st_size) == 0 &&
                   (!http_date_format(status->st_mtime, date) ||
                    http_headers_add(&response->headers, "Last-Modified", date) == 0);
    if (!complete) {
        url_close(response);
        free(file);
        return NULL;
    }
    file->fd = fd;
    response->length = status->st_size;
    response->source = file;
    response->read = read_file;
    response->close = close_file;
    return response;
}

/* The path in the file system. 0; or -1 and an error. RFC 8089 section 2. */
static int path_of(const struct url_request *request, struct buffer *path, struct url_error *error)
{
    const struct url_part *host = &request->url_parts.netloc, *given = &request->url_parts.path;

    if (host->length > 0 && !http_same_text(host->text, host->length, "localhost", 9))
        return url_error_set(error, URL_NO_FILE, 0, "a file of another host: %.*s",
                             URL_PRINT(*host));
    if (given->length == 0 || given->text[0] != '/')
        return url_error_set(error, URL_BAD_URL, 0, "the path of a file does not begin with /");
    if (url_unquote_to_bytes(given->text, given->length, path) == -1)
        return url_error_memory(error);
    if (memchr(buffer_text(path), '\0', path->length) != NULL)
        return url_error_set(error, URL_BAD_URL, 0, "no file's name holds %%00");
    return 0;
}

/* [open] */
static struct url_response *open_file(struct url_handler *self, struct url_request *request,
                                      struct url_error *error)
{
    struct url_response *response = NULL;
    struct buffer path = {0};
    struct stat status;
    int fd = -1;

    (void)self;
    if (path_of(request, &path, error) == 0)
        fd = open_regular(buffer_text(&path), &status, error);
    if (fd != -1) {
        response = make_response(fd, &status, buffer_text(&path), request);
        if (response == NULL) {
            (void)close(fd);               /* nothing was written */
            (void)url_error_memory(error); /* returns -1 always */
        }
    }
    buffer_free(&path);
    return response;
}
/* [/open] */

struct url_handler *url_file_handler(void)
{
    static const char *const schemes[] = {"file", NULL};
    struct url_handler *handler = calloc(1, sizeof *handler);

    if (handler != NULL)
        *handler = (struct url_handler){.name = "file",
                                        .order = 500,
                                        .schemes = schemes,
                                        .open = open_file,
                                        .free = url_handler_free};
    return handler;
}
