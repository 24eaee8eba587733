/* Saving what is behind a URL, in several attempts if it must be: url_retrieve() of request.h. */
#include "urllib/request.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "http/date.h"

enum { PIECE = 65536, FROM_LIMIT = 65536 };

/* A retrieval on its way. */
struct retrieval {
    const char *url, *path;
    const struct url_options *given;
    struct url_options options;  /* the caller's, with these fields */
    struct http_headers headers; /* as they are sent */
    char *part, *from;           /* PATH.part, PATH.part.from */
    int fd;                      /* of PATH.part, locked; -1 before */
    char *validator;             /* what If-Range says; NULL: begin anew */
    uint64_t done;               /* bytes in PATH.part */
    int64_t total;               /* of the whole, -1 when it is not known */
    struct url_error *error;
};

/* An error of the file system, which number says. */
static int file_failed(struct retrieval *r, const char *path, int number)
{
    return url_error_set(r->error, URL_NO_FILE, number, "%s: %s", path, strerror(number));
}

static int memory_failed(struct retrieval *r)
{
    return url_error_set(r->error, URL_NO_MEMORY, ENOMEM, "out of memory");
}

/* ---- PATH.part, and what it is a part of ---- */

/* Locks a PATH.part that was opened: of two processes with one path, one has to leave. */
static int lock_part(struct retrieval *r, int fd, struct stat *opened)
{
    if (fstat(fd, opened) == -1)
        return file_failed(r, r->part, errno);
    if (!S_ISREG(opened->st_mode))
        return url_error_set(r->error, URL_NO_FILE, EEXIST, "%s is no regular file", r->part);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return file_failed(r, r->part, errno);
    return url_error_set(r->error, URL_NO_FILE, EWOULDBLOCK, "%s: another process is writing it",
                         r->part);
}

/* Where standard output or error was closed, a new file would be taken for it, and what the program
 * prints would land in the file. Moves fd above the three; -1 stays -1, and errno with it. */
static int above_standard(int fd)
{
    if (fd == -1 || fd > STDERR_FILENO)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int why = errno;
    (void)close(fd); /* nothing was written */
    errno = why;
    return moved;
}

/* Opens PATH.part. With the lock in hand the name must still be that of the file: its holder may
 * have renamed it just before he let go. */
static int open_part(struct retrieval *r)
{
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    struct stat opened, named;

    for (;;) {
        int fd = above_standard(open(r->part, flags, 0666));
        if (fd == -1)
            return file_failed(r, r->part, errno);
        if (lock_part(r, fd, &opened) == -1) {
            (void)close(fd); /* nothing was written */
            return -1;
        }
        if (lstat(r->part, &named) == 0 && named.st_ino == opened.st_ino &&
            named.st_dev == opened.st_dev) {
            r->fd = fd;
            r->done = (uint64_t)opened.st_size;
            return 0;
        }
        (void)close(fd);
    }
}

/*
 * Reads PATH.part.from: two lines, the URL and the validator. What is not whole, or of another URL,
 * says nothing, and then the retrieval begins anew.
 */
static int read_from(struct retrieval *r)
{
    struct buffer text = {0};
    size_t length = strlen(r->url);
    struct stat named;
    int result = 0;

    /* Who reads from a pipe waits for a writer. */
    bool readable = r->done > 0 && lstat(r->from, &named) == 0 && S_ISREG(named.st_mode);
    if (readable && buffer_add_file(&text, r->from, FROM_LIMIT) == -1 && errno == ENOMEM)
        result = memory_failed(r);
    if (text.length > length + 2 && strncmp(text.data, r->url, length) == 0 &&
        text.data[length] == '\n' && text.data[text.length - 1] == '\n') {
        const char *validator = text.data + length + 1;
        size_t rest = text.length - length - 2; /* without the line ends */
        if (http_is_value(validator, rest)) {
            r->validator = strndup(validator, rest);
            result = r->validator == NULL ? memory_failed(r) : 0;
        }
    }
    buffer_free(&text);
    return result;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return -1;
        data += written;
        length -= (size_t)written;
    }
    return 0;
}

static int write_from(struct retrieval *r, const char *validator)
{
    struct buffer text = {0};
    int result = -1, number = ENOMEM;

    if (buffer_print(&text, "%s\n%s\n", r->url, validator) == 0) {
        /* The URL may hold a password. */
        int fd = open(r->from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        result = fd == -1 ? -1 : write_all(fd, text.data, text.length);
        number = errno;
        if (fd != -1 && close(fd) == -1 && result == 0) {
            result = -1;
            number = errno;
        }
    }
    buffer_free(&text);
    return result == 0 ? 0 : file_failed(r, r->from, number);
}

/*
 * The response's validator, if a later request may name it in If-Range: a strong entity tag; or,
 * without any tag, a date of change that is a second older than the response. Within that second
 * the file might have changed twice.
 */
static const char *strong_validator(const struct http_headers *headers)
{
    /* [validator] */
    const char *tag = http_headers_get(headers, "ETag");
    const char *date = http_headers_get(headers, "Last-Modified");
    const char *sent = http_headers_get(headers, "Date");
    time_t now = time(NULL), change, answer;

    if (tag != NULL)
        return tag[0] == '"' ? tag : NULL; /* W/"...": nearly the same */
    if (date == NULL || !http_date_parse(date, now, &change))
        return NULL;
    if (sent == NULL || !http_date_parse(sent, now, &answer))
        return NULL;
    return change < answer ? date : NULL;
    /* [/validator] */
}

/* Empties PATH.part for the body of this response. The order counts: at no moment does a validator
 * stand beside bytes of another version. */
static int begin_anew(struct retrieval *r, const struct url_response *response)
{
    const struct http_headers *headers = &response->headers;

    r->done = 0;
    r->total = response->length;
    /* [anew] */
    const char *validator = strong_validator(headers);

    if (ftruncate(r->fd, 0) == -1)
        return file_failed(r, r->part, errno);
    if (unlink(r->from) == -1 && errno != ENOENT)
        return file_failed(r, r->from, errno);
    return validator != NULL ? write_from(r, validator) : 0;
    /* [/anew] */
}

/* ---- what is asked, and what may come ---- */

/* The caller's fields; and Range, when there is something to go on with. */
static int make_fields(struct retrieval *r)
{
    const struct http_headers *given = r->given != NULL ? r->given->headers : NULL;
    int result = 0;

    http_headers_clear(&r->headers);
    for (size_t i = 0; given != NULL && i < given->count && result == 0; i++)
        result = http_headers_add(&r->headers, given->fields[i].name, given->fields[i].value);
    (void)http_headers_remove(&r->headers, "Range"); /* most often there is none */
    (void)http_headers_remove(&r->headers, "If-Range");
    /* [ask] */
    if (result == 0 && r->validator != NULL)
        result = http_headers_print(&r->headers, "Range", "bytes=%" PRIu64 "-", r->done);
    if (result == 0 && r->validator != NULL)
        result = http_headers_add(&r->headers, "If-Range", r->validator);
    /* [/ask] */
    if (result == -1 && errno != ENOMEM)
        return url_error_set(r->error, URL_BAD_URL, errno, "a field that may not be sent");
    return result == 0 ? 0 : memory_failed(r);
}

/* Reads digits, at least one and at most 18, and moves on. */
static bool read_digits(const char **at, uint64_t *number)
{
    size_t length = strspn(*at, "0123456789");

    if (length == 0 || length > 18)
        return false;
    *number = 0;
    for (const char *end = *at + length; *at < end; (*at)++)
        *number = *number * 10 + (uint64_t)(**at - '0');
    return true;
}

static bool read_mark(const char **at, const char *mark)
{
    size_t length = strlen(mark);

    if (!http_same_text(*at, strnlen(*at, length), mark, length))
        return false;
    *at += length;
    return true;
}

/* [content-range]
 * Whether it is what was asked for: "bytes FIRST-LAST/TOTAL", FIRST being the byte behind those
 * that are here. TOTAL may be unknown to a server, "*": then nobody could tell when all is here.
 */
static bool is_next_part(const char *value, uint64_t first_wanted, uint64_t *total)
{
    uint64_t first, last;

    return value != NULL && read_mark(&value, "bytes ") && read_digits(&value, &first) &&
           read_mark(&value, "-") && read_digits(&value, &last) && read_mark(&value, "/") &&
           read_digits(&value, total) && *value == '\0' && first == first_wanted && last >= first &&
           last < *total;
}
/* [/content-range] */

/*
 * Whether what the response says of itself is not what the first attempt was told. The entity tag
 * must be in a 206, a date need not be: RFC 9110 section 15.3.7.
 */
static bool is_other(const struct retrieval *r, const struct http_headers *headers)
{
    bool by_tag = r->validator[0] == '"';
    const char *now = http_headers_get(headers, by_tag ? "ETag" : "Last-Modified");

    return now == NULL ? by_tag : strcmp(now, r->validator) != 0;
}

/* After a 416: whether there is nothing left to send, since all of it is here. */
static bool is_whole(const struct retrieval *r, const struct http_headers *headers)
{
    const char *value = http_headers_get(headers, "Content-Range");
    const char *name = r->validator[0] == '"' ? "ETag" : "Last-Modified";
    uint64_t total;

    return value != NULL && read_mark(&value, "bytes */") && read_digits(&value, &total) &&
           *value == '\0' && total == r->done && http_headers_get(headers, name) != NULL &&
           !is_other(r, headers);
}

static struct url_response *ask(struct retrieval *r)
{
    if (make_fields(r) == -1)
        return NULL;
    r->options.headers = &r->headers;
    return url_open(r->url, &r->options, r->error);
}

/* [resume]
 * Asks for the rest, and prepares PATH.part for what comes. *response is what to read, or NULL when
 * everything is here already. Returns 0, or -1 and an error.
 */
static int resume(struct retrieval *r, struct url_response **response)
{
    bool whole = false, ranged = r->validator != NULL;
    uint64_t total;

    *response = ask(r);
    if (*response == NULL && ranged && r->error->failure == URL_HTTP && r->error->status == 416) {
        whole = is_whole(r, &r->error->response->headers);
        r->total = (int64_t)r->done;
        url_error_clear(r->error);
    } else if (*response == NULL) {
        return -1;
    } else if ((*response)->status != 206) {
        return begin_anew(r, *response); /* all of it: it has changed, or there are no ranges */
    } else if (!ranged || !is_other(r, &(*response)->headers)) {
        const char *range = http_headers_get(&(*response)->headers, "Content-Range");
        if (ranged && is_next_part(range, r->done, &total)) {
            r->total = (int64_t)total;
            return 0;
        }
        (void)unlink(r->from); /* if that fails, the next attempt fails as this one does */
        return url_error_set(r->error, URL_BAD_ANSWER, 0, "the server sent another part: %.80s",
                             range != NULL ? range : "it does not say which");
    }
    url_close(*response);
    *response = NULL;
    if (whole)
        return 0;
    free(r->validator); /* another version, from a server that does not know If-Range */
    r->validator = NULL;
    *response = ask(r);
    if (*response != NULL && (*response)->status == 206)
        return url_error_set(r->error, URL_BAD_ANSWER, 0, "a part that nobody asked for");
    return *response == NULL ? -1 : begin_anew(r, *response);
}
/* [/resume] */

/* ---- the body ---- */

/* How the body ended, for the file as a whole. */
static int judge_end(struct retrieval *r, ssize_t result)
{
    uint64_t done = r->done;
    int64_t total = r->total;

    if (result == 0 && (total == -1 || done == (uint64_t)total))
        return 0;
    if (result == 0)
        (void)url_error_set(r->error, URL_TOO_SHORT, 0,
                            "the body ended after %" PRIu64 " of %" PRId64 " bytes", done, total);
    if (r->error->failure == URL_TOO_SHORT) {
        r->error->received = done;
        r->error->expected = total == -1 ? r->error->expected : (uint64_t)total;
    }
    return -1;
}

/* [save] */
static int save_body(struct retrieval *r, struct url_response *response,
                     bool (*progress)(void *context, uint64_t done, int64_t total), void *context)
{
    char *piece = malloc(PIECE);
    ssize_t n = -1;

    if (piece == NULL)
        return memory_failed(r);
    for (;;) {
        if (progress != NULL && !progress(context, r->done, r->total)) {
            (void)url_error_set(r->error, URL_STOPPED, 0, "stopped after %" PRIu64 " bytes",
                                r->done);
            break;
        }
        n = url_read(response, piece, PIECE, r->error);
        if (n <= 0)
            break;
        if (r->total != -1 && (uint64_t)n > (uint64_t)r->total - r->done) {
            n = url_error_set(r->error, URL_BAD_ANSWER, 0, "more came than was announced");
            (void)unlink(r->from); /* who knows what these bytes are */
            break;
        }
        if (write_all(r->fd, piece, (size_t)n) == -1) {
            n = file_failed(r, r->part, errno);
            break;
        }
        r->done += (uint64_t)n;
    }
    free(piece);
    return n > 0 ? -1 : judge_end(r, n);
}
/* [/save] */

/* [finish] */
static int give_name(struct retrieval *r)
{
    if (fsync(r->fd) == -1)
        return file_failed(r, r->part, errno);
    if (rename(r->part, r->path) == -1)
        return file_failed(r, r->path, errno);
    (void)unlink(r->from); /* there may be none */
    return 0;
}
/* [/finish] */

static int copy_fields(struct retrieval *r, const struct http_headers *from,
                       struct http_headers *to)
{
    for (size_t i = 0; to != NULL && i < from->count; i++) {
        if (http_headers_add(to, from->fields[i].name, from->fields[i].value) == -1)
            return memory_failed(r);
    }
    return 0;
}

static int prepare(struct retrieval *r, const struct url_options *options)
{
    struct stat there;
    struct buffer part = {0}, from = {0};

    r->options = options != NULL ? *options : (struct url_options){0};
    if (buffer_print(&part, "%s.part", r->path) == -1 ||
        buffer_print(&from, "%s.part.from", r->path) == -1) {
        buffer_free(&part);
        buffer_free(&from);
        return memory_failed(r);
    }
    r->part = part.data;
    r->from = from.data;
    if (stat(r->path, &there) == 0 && !S_ISREG(there.st_mode)) /* a rename would remove a device */
        return url_error_set(r->error, URL_NO_FILE, EEXIST, "%s is no regular file", r->path);
    if (open_part(r) == -1)
        return -1;
    if (r->options.data == NULL &&
        (r->options.method == NULL || strcmp(r->options.method, "GET") == 0))
        return read_from(r);
    return 0;
}

/* Lets PATH.part go, and takes it away if there is nothing in it to go on with. */
static void leave_part(struct retrieval *r, int result)
{
    struct stat status;

    if (r->fd == -1)
        return;
    if (result == -1 && fstat(r->fd, &status) == 0 && status.st_size == 0) {
        (void)unlink(r->from); /* most often it is not there */
        (void)unlink(r->part);
    }
    (void)close(r->fd); /* fsync() has said whether all was written */
}

int url_retrieve(const char *url, const char *path, const struct url_options *options,
                 bool (*progress)(void *context, uint64_t done, int64_t total), void *context,
                 struct http_headers *headers, struct url_error *error)
{
    struct url_error own = {0};
    struct retrieval r = {.url = url,
                          .path = path,
                          .given = options,
                          .fd = -1,
                          .total = -1,
                          .error = error != NULL ? error : &own};
    struct url_response *response = NULL;
    int result = prepare(&r, options);

    if (result == 0)
        result = resume(&r, &response);
    if (result == 0 && response != NULL)
        result = copy_fields(&r, &response->headers, headers);
    if (result == 0 && response != NULL)
        result = save_body(&r, response, progress, context);
    if (result == 0)
        result = give_name(&r);
    if (result == 0 && progress != NULL)
        (void)progress(context, r.done, (int64_t)r.done); /* there is nothing left to stop */
    url_close(response);
    leave_part(&r, result);
    free(r.part);
    free(r.from);
    free(r.validator);
    http_headers_free(&r.headers);
    url_error_clear(&own);
    return result;
}
