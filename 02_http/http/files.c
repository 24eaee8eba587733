#include "http/files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http/date.h"

int http_files_init(struct http_files *files, const char *folder, struct error *error)
{
    *files = (struct http_files){.root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    return files->root == -1 ? error_set_errno(error, "%s", folder) : 0;
}

void http_files_close(struct http_files *files)
{
    if (files->root != -1)
        (void)close(files->root); /* nothing was written */
    files->root = -1;
}

/* ---- paths ------------------------------------------------------------------------------------
 */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes one segment of a target behind path, once. Returns 0, or a status. */
static int decode_segment(const char *text, size_t length, struct buffer *path)
{
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '\\')
            return 400; /* a browser reads it as a slash: two opinions on one target */
        if (byte == '%') {
            int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
            int low = i + 2 < length ? hex_digit(text[i + 2]) : -1;
            if (high == -1 || low == -1)
                return 400;
            byte = (char)(high * 16 + low);
            i += 2;
            if (byte == '\0')
                return 400; /* for the kernel the name would end here */
            if (byte == '/')
                return 404; /* it is part of a name, and no file has such a name */
        }
        if (buffer_add(path, &byte, 1) == -1)
            return 500;
    }
    return 0;
}

/* Takes the last segment off again. False when there is none: the target climbs over the root. */
static bool drop_segment(struct buffer *path)
{
    if (path->length == 0)
        return false;
    while (path->length > 0 && path->data[path->length - 1] != '/')
        path->length--;
    if (path->length > 0)
        path->length--; /* the slash */
    return true;
}

/* One segment more, with the slash between. Dots are seen when nothing is coded any more.
 * Returns 0, or a status. */
static int add_segment(const char *text, size_t length, bool dot_files, struct buffer *path)
{
    size_t before = path->length;

    if (before > 0 && buffer_add(path, "/", 1) == -1)
        return 500;
    size_t start = path->length;
    int status = decode_segment(text, length, path);
    if (status != 0)
        return status;
    /* [segment] */
    size_t decoded = path->length - start;
    const char *name = buffer_text(path) + start;
    bool dot = decoded == 1 && name[0] == '.';
    bool dots = decoded == 2 && name[0] == '.' && name[1] == '.';
    if (decoded > 0 && name[0] == '.' && !dot && !dots && !dot_files)
        return 404;
    if (decoded == 0 || dot || dots)
        path->length = before;
    return dots && !drop_segment(path) ? 404 : 0;
    /* [/segment] */
}

int http_files_path(const char *target, bool dot_files, struct buffer *path, bool *folder)
{
    size_t length = 0;

    path->length = 0;
    *folder = true;
    if (*target != '/')
        return 400;
    for (; *target == '/'; target += length) {
        target++;
        length = strcspn(target, "/?#");
        int status = add_segment(target, length, dot_files, path);
        if (status != 0)
            return status;
    }
    /* As a folder ends: with nothing, or with dots, behind the last slash. */
    const char *last = target - length;
    static const char *const dots[] = {"", ".", "..", "%2e", ".%2e", "%2e.", "%2e%2e"};
    *folder = false;
    for (size_t i = 0; i < sizeof dots / sizeof dots[0]; i++)
        *folder |= strlen(dots[i]) == length && strncasecmp(last, dots[i], length) == 0;
    if (path->length == 0)
        return buffer_add(path, ".", 1) == 0 ? 0 : 500;
    path->data[path->length] = '\0';
    return 0;
}

int http_path_encode(struct buffer *out, const char *path)
{
    int failed = 0;

    for (; *path != '\0' && failed == 0; path++) {
        if (isalnum((unsigned char)*path) || strchr("-._~/", *path) != NULL)
            failed = buffer_add(out, path, 1);
        else
            failed = buffer_print(out, "%%%02X", (unsigned char)*path);
    }
    return failed;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

/* The kernel resolves the whole path and lets no step lead out of the root. */
static int open_beneath(int root, const char *path, int flags)
{
    /* [beneath] */
    struct open_how how = {.flags = (unsigned)flags};
    int fd = -1;

    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    for (int i = 0; i < 8; i++) {
        fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd != -1 || errno != EAGAIN)
            break; /* EAGAIN: something was renamed, ".." is unsure */
    }
    return fd;
    /* [/beneath] */
}

/* The same before Linux 5.6: one folder after the other, and no symbolic link is followed.
 * path has no dot segments. */
static int open_walking(int root, const char *path, int flags)
{
    char name[256]; /* no name of a file is longer */
    int at = root, fd = -1;

    for (;;) {
        size_t length = strcspn(path, "/");
        bool last = path[length] == '\0';
        errno = ENAMETOOLONG;
        fd = -1;
        if (length < sizeof name) {
            memcpy(name, path, length);
            name[length] = '\0';
            fd = openat(at, name, O_NOFOLLOW | O_CLOEXEC | (last ? flags : O_PATH | O_DIRECTORY));
        }
        if (at != root) {
            int error = errno;
            (void)close(at);
            errno = error;
        }
        if (fd == -1 || last)
            return fd;
        at = fd;
        path += length + 1;
    }
}

static int open_below(const struct http_files *files, const char *path, int flags)
{
    if (!files->walk) {
        int fd = open_beneath(files->root, path, flags);
        if (fd != -1 || (errno != ENOSYS && errno != EPERM)) /* EPERM: a sandbox's way to say so */
            return fd;
    }
    return open_walking(files->root, path, flags);
}

/* A descriptor of it, or -1 with errno; what is neither file nor folder is closed again. */
static int open_kind(const struct http_files *files, const char *path, int flags,
                     struct stat *status)
{
    int fd = open_below(files, path, flags | O_CLOEXEC);

    if (fd == -1)
        return -1;
    int error = fstat(fd, status) == -1 ? errno : 0;
    if (error == 0 && !S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode))
        error = ENXIO;
    if (error == 0)
        return fd;
    (void)close(fd);
    errno = error;
    return -1;
}

int http_files_open(const struct http_files *files, const char *path, struct stat *status)
{
    /* A look that opens nothing; then the file, and again a look: it may be another one by now. */
    int fd = open_kind(files, path, O_PATH, status);

    if (fd == -1)
        return -1;
    (void)close(fd);
    return open_kind(files, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, status);
}

/* ---- listings ---------------------------------------------------------------------------------
 */

struct names {
    char **list;
    size_t count;
};

static int compare_names(const void *left, const void *right)
{
    const char *a = *(char *const *)left, *b = *(char *const *)right;
    int order = strcasecmp(a, b);

    return order != 0 ? order : strcmp(a, b);
}

/* How many bytes of text are one character in UTF-8, 0 when they are none. RFC 3629 section 4. */
static size_t utf8_length(const unsigned char *text)
{
    unsigned low = 0x80, high = 0xBF; /* of the second byte */
    size_t length = 2;

    if (text[0] >= 0xC2 && text[0] <= 0xDF)
        length = 2;
    else if (text[0] >= 0xE0 && text[0] <= 0xEF)
        length = 3;
    else if (text[0] >= 0xF0 && text[0] <= 0xF4)
        length = 4;
    else
        return text[0] < 0x80;
    if (text[0] == 0xE0)
        low = 0xA0; /* shorter forms are none, */
    else if (text[0] == 0xED)
        high = 0x9F; /* halves of pairs neither, */
    else if (text[0] == 0xF0)
        low = 0x90;
    else if (text[0] == 0xF4)
        high = 0x8F; /* and above U+10FFFF is nothing */
    for (size_t i = 1; i < length; i++, low = 0x80, high = 0xBF)
        if (text[i] < low || text[i] > high)
            return 0;
    return length;
}

/* Appends text for a page: what is markup or no character is written as one that is neither. */
static int add_html(struct buffer *page, const char *text)
{
    int failed = 0;

    while (*text != '\0' && failed == 0) {
        size_t length = utf8_length((const unsigned char *)text);
        const char *as = NULL;
        if (*text == '&')
            as = "&amp;";
        else if (*text == '<')
            as = "&lt;";
        else if (*text == '>')
            as = "&gt;";
        else if (*text == '"')
            as = "&quot;";
        else if (length == 0 || iscntrl((unsigned char)*text))
            as = "\xEF\xBF\xBD"; /* U+FFFD, the replacement character */
        failed = as != NULL ? buffer_add(page, as, strlen(as)) : buffer_add(page, text, length);
        text += length > 0 ? length : 1;
    }
    return failed;
}

static int add_entry(struct buffer *page, const char *name, bool folder, bool link)
{
    if (buffer_print(page, "<li><a href=\"") == -1 || http_path_encode(page, name) == -1 ||
        buffer_print(page, "%s\">", folder ? "/" : "") == -1 || add_html(page, name) == -1)
        return -1;
    const char *mark = link ? "@" : "/";
    return buffer_print(page, "%s</a></li>\n", folder || link ? mark : "");
}

/* Whether a name in a folder is to be served, and what it is. */
static bool look(const struct http_files *files, int folder, const char *path, const char *name,
                 struct stat *status, bool *link)
{
    struct buffer whole = {0};
    int fd = -1;

    if (fstatat(folder, name, status, AT_SYMLINK_NOFOLLOW) == -1)
        return false; /* gone meanwhile */
    *link = S_ISLNK(status->st_mode);
    if (!*link)
        return S_ISREG(status->st_mode) || S_ISDIR(status->st_mode);
    bool top = strcmp(path, ".") == 0;
    if (buffer_print(&whole, "%s%s%s", top ? "" : path, top ? "" : "/", name) == 0)
        fd = open_kind(files, whole.data, O_PATH, status);
    buffer_free(&whole);
    if (fd != -1)
        (void)close(fd);
    return fd != -1;
}

/* The names in a folder, sorted. Returns 0, or -1 with errno. */
static int read_names(const struct http_files *files, int folder, struct names *names)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy != -1 ? fdopendir(copy) : NULL;
    const struct dirent *entry;

    if (stream == NULL) {
        int error = errno;
        if (copy != -1)
            (void)close(copy);
        errno = error;
        return -1;
    }
    names->list = calloc(HTTP_FILES_LISTED, sizeof *names->list);
    errno = 0;
    while (names->list != NULL && names->count < HTTP_FILES_LISTED &&
           (entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        if (name[0] == '.' && (!files->dot_files || name[1 + (name[1] == '.')] == '\0'))
            continue;
        names->list[names->count] = strdup(name);
        if (names->list[names->count] == NULL)
            break;
        names->count++;
        errno = 0;
    }
    int error = errno;
    (void)closedir(stream);
    if (names->list != NULL)
        qsort(names->list, names->count, sizeof *names->list, compare_names);
    errno = error;
    return error == 0 ? 0 : -1;
}

static int add_names(const struct http_files *files, int folder, const char *path,
                     const struct names *names, struct buffer *page)
{
    for (size_t i = 0; i < names->count; i++) {
        struct stat status;
        bool link;
        if (look(files, folder, path, names->list[i], &status, &link) &&
            add_entry(page, names->list[i], S_ISDIR(status.st_mode), link) == -1)
            return -1;
    }
    return 0;
}

int http_files_list(const struct http_files *files, int folder, const char *path,
                    struct buffer *page)
{
    struct names names = {0};
    struct buffer title = {0};
    const char *shown = strcmp(path, ".") == 0 ? "" : path;
    int rc = read_names(files, folder, &names);

    if (rc == 0)
        rc = add_html(&title, shown);
    if (rc == 0)
        rc = buffer_print(page,
                          "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<title>/%s%s</title>\n</head>\n<body>\n<h1>/%s%s</h1>\n<ul>\n",
                          buffer_text(&title), *shown != '\0' ? "/" : "", buffer_text(&title),
                          *shown != '\0' ? "/" : "");
    if (rc == 0)
        rc = add_names(files, folder, path, &names, page);
    if (rc == 0)
        rc = buffer_print(page, "</ul>\n</body>\n</html>\n");
    int error = errno;
    for (size_t i = 0; i < names.count; i++)
        free(names.list[i]);
    free(names.list);
    buffer_free(&title);
    errno = error;
    return rc;
}

/* ---- conditions -------------------------------------------------------------------------------
 */

void http_etag_format(const struct stat *status, char etag[HTTP_ETAG_SIZE])
{
    /* Nanoseconds too: a file may change twice within a second and keep its size. */
    (void)snprintf(etag, HTTP_ETAG_SIZE, "\"%llx-%llx-%lx\"", (unsigned long long)status->st_size,
                   (unsigned long long)status->st_mtim.tv_sec,
                   (unsigned long)status->st_mtim.tv_nsec); /* 16 + 16 + 16 digits fit */
}

/* Whether the field is "*" or its list has the tag. A weak one counts only in weak comparison. */
static bool has_tag(const struct http_headers *request, const char *name, const char *etag,
                    bool weak)
{
    const char *value, *member;
    size_t position = 0, length;

    while ((value = http_headers_next(request, name, &position)) != NULL) {
        while (http_list_next(&value, &member, &length)) {
            if (length == 1 && member[0] == '*')
                return true;
            if (weak && length > 2 && memcmp(member, "W/", 2) == 0) {
                member += 2;
                length -= 2;
            }
            if (length == strlen(etag) && memcmp(member, etag, length) == 0)
                return true;
        }
    }
    return false;
}

static bool read_date(const struct http_headers *request, const char *name, time_t *when)
{
    const char *value = http_headers_get(request, name);

    return value != NULL && http_date_parse(value, time(NULL), when);
}

int http_condition(const struct http_headers *request, const char *etag, time_t modified)
{
    time_t when;

    if (http_headers_get(request, "If-Match") != NULL) {
        if (!has_tag(request, "If-Match", etag, false))
            return 412;
    } else if (read_date(request, "If-Unmodified-Since", &when) && modified > when) {
        return 412;
    }
    if (http_headers_get(request, "If-None-Match") != NULL)
        return has_tag(request, "If-None-Match", etag, true) ? 304 : 0;
    return read_date(request, "If-Modified-Since", &when) && modified <= when ? 304 : 0;
}

bool http_if_range(const struct http_headers *request, const char *etag, time_t modified,
                   time_t now)
{
    const char *value = http_headers_get(request, "If-Range");
    time_t when;

    if (value == NULL)
        return true;
    if (value[0] == '"' || strncmp(value, "W/", 2) == 0)
        return strcmp(value, etag) == 0; /* ours are strong: a weak one is never equal */
    return http_date_parse(value, now, &when) && when == modified && modified < now;
}

/* ---- ranges -----------------------------------------------------------------------------------
 */

/* Digits; a number that is too large becomes the largest. False when there is none. */
static bool read_digits(const char **at, const char *end, uint64_t *number)
{
    const char *start = *at;

    *number = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        unsigned digit = (unsigned)(**at - '0');
        *number = *number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *number * 10 + digit;
    }
    return *at > start;
}

/* One range: "0-99", "100-" or "-50". Returns 1, 0 when there is nothing of it, -1 when it is none.
 */
static int read_range(const char *text, size_t length, uint64_t size, struct http_range *range)
{
    const char *end = text + length;
    uint64_t first = 0, last = UINT64_MAX;
    bool has_first = read_digits(&text, end, &first);

    if (text == end || *text++ != '-')
        return -1;
    bool has_last = read_digits(&text, end, &last);
    if (text != end || (!has_first && !has_last) || (has_first && has_last && first > last))
        return -1;
    if (!has_first) { /* so many bytes at the end */
        *range = (struct http_range){last < size ? size - last : 0, last < size ? last : size};
        return range->length > 0;
    }
    if (!has_last || last >= size)
        last = size - 1;
    if (first >= size)
        return 0;
    *range = (struct http_range){first, last - first + 1};
    return 1;
}

int http_range_parse(const char *value, uint64_t size, struct http_range ranges[HTTP_RANGES])
{
    const char *member;
    size_t length;
    uint64_t left = size;
    int count = 0, asked = 0;

    if (size == 0 || strncasecmp(value, "bytes=", 6) != 0)
        return 0; /* nothing has no parts: it is sent whole */
    value += 6;
    while (http_list_next(&value, &member, &length)) {
        struct http_range range;
        int rc = read_range(member, length, size, &range);
        if (rc == -1 || ++asked > HTTP_RANGES || (rc == 1 && range.length > left))
            return 0;
        if (rc == 1) {
            left -= range.length;
            ranges[count++] = range;
        }
    }
    if (asked == 0)
        return 0;
    return count > 0 ? count : -1;
}

/* ---- the answer -------------------------------------------------------------------------------
 */

/* A file that is about to be sent. */
struct served {
    int fd;
    const char *type;
    uint64_t size;
    time_t modified;
    char etag[HTTP_ETAG_SIZE];
    char date[HTTP_DATE_SIZE];
};

/* What every answer about the file says, 304 too. */
static void begin(struct http_exchange *x, int status, const struct served *file)
{
    http_send_response(x, status);
    http_send_header(x, "Accept-Ranges", "bytes");
    http_send_header(x, "ETag", file->etag);
    if (file->date[0] != '\0')
        http_send_header(x, "Last-Modified", file->date);
}

static void send_range(struct http_exchange *x, const struct served *file,
                       const struct http_range *range)
{
    begin(x, HTTP_PARTIAL_CONTENT, file);
    http_send_header(x, "Content-Type", file->type);
    http_print_header(x, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->first,
                      range->first + range->length - 1, file->size);
    http_print_header(x, "Content-Length", "%" PRIu64, range->length);
    http_end_headers(x);
    http_send_file(x, file->fd, (off_t)range->first, range->length);
}

/* Several ranges are parts of one body, each behind its own head. RFC 9110 section 14.6. */
static void send_ranges(struct http_exchange *x, const struct served *file,
                        const struct http_range *ranges, int count)
{
    unsigned char random[12];
    char boundary[2 * sizeof random + 1] = "";
    struct buffer heads[HTTP_RANGES] = {{0}};
    uint64_t length = 0;
    int failed = getrandom(random, sizeof random, 0) != (ssize_t)sizeof random;

    for (size_t i = 0; i < sizeof random; i++)
        (void)snprintf(boundary + 2 * i, 3, "%02x", random[i]); /* two digits each: they fit */
    for (int i = 0; i < count && !failed; i++) {
        failed = buffer_print(&heads[i],
                              "\r\n--%s\r\nContent-Type: %s\r\n"
                              "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n",
                              boundary, file->type, ranges[i].first,
                              ranges[i].first + ranges[i].length - 1, file->size);
        length += heads[i].length + ranges[i].length;
    }
    if (failed) {
        http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
    } else {
        begin(x, HTTP_PARTIAL_CONTENT, file);
        http_print_header(x, "Content-Type", "multipart/byteranges; boundary=%s", boundary);
        http_print_header(x, "Content-Length", "%" PRIu64, length + strlen(boundary) + 8);
        http_end_headers(x);
        for (int i = 0; i < count; i++) {
            http_send_body(x, heads[i].data, heads[i].length);
            http_send_file(x, file->fd, (off_t)ranges[i].first, ranges[i].length);
        }
        http_print_body(x, "\r\n--%s--\r\n", boundary);
    }
    for (int i = 0; i < count; i++)
        buffer_free(&heads[i]);
}

static void send_whole(struct http_exchange *x, const struct served *file)
{
    begin(x, HTTP_OK, file);
    http_send_header(x, "Content-Type", file->type);
    http_print_header(x, "Content-Length", "%" PRIu64, file->size);
    http_end_headers(x);
    http_send_file(x, file->fd, 0, file->size);
}

static void send_file(struct http_exchange *x, int fd, const char *path, const struct stat *status)
{
    const struct http_headers *fields = &x->request->headers;
    const char *range = http_headers_get(fields, "Range");
    struct served file = {.fd = fd, .type = http_files_type(path)};
    struct http_range ranges[HTTP_RANGES];
    time_t now = time(NULL);
    char all[32];
    int count = 0;

    file.size = (uint64_t)status->st_size;
    file.modified = status->st_mtime < now ? status->st_mtime : now; /* never in the future */
    http_etag_format(status, file.etag);
    (void)http_date_format(file.modified, file.date); /* left out if the year has five digits */
    int outcome = http_condition(fields, file.etag, file.modified);
    if (outcome == HTTP_PRECONDITION_FAILED) {
        http_send_error(x, outcome, NULL);
        return;
    }
    if (outcome == HTTP_NOT_MODIFIED) {
        begin(x, outcome, &file);
        http_end_headers(x);
        return;
    }
    if (range != NULL && http_headers_count(fields, "Range") == 1 && /* which GET alone has */
        strcmp(x->request->method, "GET") == 0 &&
        http_if_range(fields, file.etag, file.modified, now))
        count = http_range_parse(range, file.size, ranges);
    if (count == -1) {
        http_add_header(x, "Accept-Ranges", "bytes");
        (void)snprintf(all, sizeof all, "bytes */%" PRIu64, file.size); /* 28 bytes at most */
        http_add_header(x, "Content-Range", all);
        http_send_error(x, HTTP_RANGE_NOT_SATISFIABLE, NULL);
    } else if (count == 1) {
        send_range(x, &file, &ranges[0]);
    } else if (count > 1) {
        send_ranges(x, &file, ranges, count);
    } else {
        send_whole(x, &file);
    }
}

/* The same address with a slash behind, so that relative links in the page lead into the folder. */
static void redirect(struct http_exchange *x, const char *path)
{
    const char *query = strchr(x->request->target, '?');
    struct buffer to = {0};

    if (buffer_add(&to, "/", 1) == -1 || http_path_encode(&to, path) == -1 ||
        buffer_print(&to, "/%s", query != NULL ? query : "") == -1) {
        http_send_error(x, HTTP_INTERNAL_SERVER_ERROR, NULL);
    } else {
        http_add_header(x, "Location", to.data);
        http_answer(x, HTTP_MOVED_PERMANENTLY, NULL, "", 0);
    }
    buffer_free(&to);
}

/* A path that cannot be opened is not found, whatever the reason: a stranger needs no other. */
static void refuse(struct http_exchange *x, int error)
{
    bool short_of = error == EMFILE || error == ENFILE || error == ENOMEM || error == EIO;

    http_send_error(x, short_of ? HTTP_SERVICE_UNAVAILABLE : HTTP_NOT_FOUND, NULL);
}

/* A page of the folder's own if it has one, else the names in it. */
static void send_folder(struct http_exchange *x, const struct http_files *files, int folder,
                        struct buffer *path)
{
    static const char *const pages[] = {"/index.html", "/index.htm"};
    struct buffer page = {0};
    size_t length = path->length;
    struct stat status;

    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (buffer_add(path, pages[i], strlen(pages[i])) == -1) {
            refuse(x, ENOMEM);
            return;
        }
        const char *name = length == 1 && path->data[0] == '.' ? path->data + 2 : path->data;
        int fd = http_files_open(files, name, &status);
        if (fd != -1 && S_ISREG(status.st_mode)) {
            send_file(x, fd, name, &status);
            (void)close(fd);
            return;
        }
        if (fd != -1)
            (void)close(fd);
        path->length = length;
        path->data[length] = '\0';
    }
    if (files->hide)
        refuse(x, ENOENT);
    else if (http_files_list(files, folder, path->data, &page) == -1)
        refuse(x, errno);
    else
        http_answer(x, HTTP_OK, "text/html; charset=utf-8", page.data, page.length);
    buffer_free(&page);
}

void http_files_answer(struct http_exchange *x, const struct http_files *files)
{
    struct buffer path = {0};
    struct stat status;
    bool folder;
    int refusal = http_files_path(x->request->target, files->dot_files, &path, &folder);
    int fd = refusal == 0 ? http_files_open(files, path.data, &status) : -1;

    if (refusal != 0)
        http_send_error(x, refusal, NULL);
    else if (fd == -1)
        refuse(x, errno);
    else if (S_ISREG(status.st_mode) && folder)
        refuse(x, ENOTDIR);
    else if (S_ISREG(status.st_mode))
        send_file(x, fd, path.data, &status);
    else if (!folder)
        redirect(x, path.data);
    else
        send_folder(x, files, fd, &path);
    if (fd != -1)
        (void)close(fd); /* it was only read */
    buffer_free(&path);
}
