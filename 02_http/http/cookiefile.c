/* The files of http/cookiejar.h: seven fields a line, with a tab between two. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/cookiejar.h"
#include "http/headers.h"

static const char HEADING[] = "# Netscape HTTP Cookie File\n"
                              "# Whoever can read this file can log in as its owner.\n\n";
static const char HTTP_ONLY[] = "#HttpOnly_";
enum { FIELDS = 7, FILE_LIMIT = 16 * 1024 * 1024, ROOM = 1000 };

/* ---- writing ---- */

static int write_line(struct buffer *out, const struct http_jar_cookie *cookie)
{
    long long expires = cookie->persistent ? (long long)cookie->expires : 0;

    if (cookie->persistent && expires == 0)
        expires = 1; /* 0 stands for the session */
    return buffer_print(out, "%s%s%s\t%s\t%s\t%s\t%lld\t%s\t%s\n",
                        cookie->http_only ? HTTP_ONLY : "", cookie->host_only ? "" : ".",
                        cookie->domain, cookie->host_only ? "FALSE" : "TRUE", cookie->path,
                        cookie->secure ? "TRUE" : "FALSE", expires, cookie->name, cookie->value);
}

/* Whether the flags let a cookie into a file, or out of it. */
static bool is_wanted(const struct http_jar_cookie *cookie, unsigned what, time_t now)
{
    if (!cookie->persistent)
        return (what & HTTP_JAR_SESSION) != 0;
    return cookie->expires > now || (what & HTTP_JAR_EXPIRED) != 0;
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written == -1 && errno == EINTR)
            continue;
        if (written == -1)
            return -1;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

/* Writes a new file beside the old one, and renames it once all of it is on the disk. */
static int replace_file(const char *file, const struct buffer *text, struct error *error)
{
    char other[PATH_MAX];
    int length = snprintf(other, sizeof other, "%s.XXXXXX", file);

    if (length < 0 || (size_t)length >= sizeof other)
        return error_set(error, "%s: the name is too long", file);
    int fd = mkostemp(other, O_CLOEXEC); /* with mode 0600 */
    if (fd == -1)
        return error_set_errno(error, "%s", file);
    bool failed = write_all(fd, buffer_text(text), text->length) == -1 || fsync(fd) == -1;
    int why = errno;
    if (close(fd) == -1 && !failed) {
        failed = true;
        why = errno;
    }
    if (!failed && rename(other, file) == 0)
        return 0;
    errno = failed ? why : errno;
    (void)error_set_errno(error, "%s", file);
    (void)unlink(other); /* what could be written of it is of no use */
    return -1;
}

/* Writes into what is there and no file. A rename would put a file where /dev/null was. */
static int write_into(const char *device, const struct buffer *text, struct error *error)
{
    int fd = open(device, O_WRONLY | O_NOCTTY | O_CLOEXEC);

    if (fd == -1)
        return error_set_errno(error, "%s", device);
    int result = write_all(fd, buffer_text(text), text->length);
    if (result == -1)
        (void)error_set_errno(error, "%s", device);
    (void)close(fd); /* what write() took is not held back here */
    return result;
}

static int save_text(const char *file, const struct buffer *text, struct error *error)
{
    struct stat status;

    if (stat(file, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return write_into(file, text, error);
    char *real = realpath(file, NULL); /* a link stays one. NULL: there is nothing yet */
    int result = replace_file(real != NULL ? real : file, text, error);
    free(real);
    return result;
}

int http_jar_save(const struct http_jar *jar, const char *file, unsigned what, time_t now,
                  struct error *error)
{
    struct buffer text = {0};
    const struct http_jar_cookie *cookie = NULL;
    int result = buffer_add(&text, HEADING, sizeof HEADING - 1);

    while (result == 0 && (cookie = http_jar_next(jar, cookie)) != NULL) {
        if (is_wanted(cookie, what, now))
            result = write_line(&text, cookie);
    }
    if (result == -1)
        (void)error_set(error, "%s: out of memory", file);
    else
        result = save_text(file, &text, error);
    buffer_free(&text);
    return result;
}

/* ---- reading ---- */

static bool is_text(const char *text, const char *wanted)
{
    return http_same_text(text, strlen(text), wanted, strlen(wanted));
}

/* TRUE or FALSE. */
static bool read_flag(const char *text, bool *flag)
{
    *flag = is_text(text, "TRUE");
    return *flag || is_text(text, "FALSE");
}

/* Seconds since 1970; 0 and nothing mean that there is no expiry. */
static bool read_expiry(const char *text, struct http_jar_cookie *cookie)
{
    char *end;

    errno = 0;
    long long seconds = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || strspn(text, "-0123456789") != strlen(text))
        return false;
    cookie->expires = (time_t)seconds;
    cookie->persistent = seconds != 0;
    return true;
}

/* Reads a line, and cuts it into its fields. False when it is no cookie's. */
static bool read_line(char *line, struct http_jar_cookie *cookie)
{
    char *fields[FIELDS + 1] = {NULL};
    size_t count = 0;
    bool below;

    *cookie = (struct http_jar_cookie){0};
    if (strncmp(line, HTTP_ONLY, sizeof HTTP_ONLY - 1) == 0) {
        cookie->http_only = true;
        line += sizeof HTTP_ONLY - 1;
    }
    for (char *at = line; at != NULL && count <= FIELDS; count++) {
        fields[count] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    if (count == FIELDS - 1) /* an editor took away the tab before an empty value */
        fields[count++] = line + strlen(line);
    if (count != FIELDS || !read_flag(fields[1], &below) ||
        !read_flag(fields[3], &cookie->secure) || !read_expiry(fields[4], cookie))
        return false;
    cookie->host_only = !below;
    fields[0] += fields[0][0] == '.';
    for (char *at = fields[0]; *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    }
    cookie->domain = fields[0];
    cookie->path = fields[2];
    cookie->name = fields[5];
    cookie->value = fields[6];
    return true;
}

/* Takes the next line off *rest, without its end. NULL behind the last. */
static char *next_line(char **rest)
{
    char *line = *rest;

    if (*line == '\0')
        return NULL;
    char *end = line + strcspn(line, "\n");
    *rest = *end == '\n' ? end + 1 : end;
    *end = '\0';
    if (end > line && end[-1] == '\r')
        end[-1] = '\0';
    return line;
}

/*
 * Puts the cookies of text, which is cut to pieces, into the jar; from names the file in messages.
 * Returns 0, or -1 with error.
 */
static int read_text(struct http_jar *jar, char *text, const char *from, unsigned what, time_t now,
                     struct error *error)
{
    struct http_jar_cookie cookie;
    struct error why = {.text = "a line of a cookie has seven fields"};
    char *line;

    for (int number = 1; (line = next_line(&text)) != NULL; number++) {
        bool comment = line[0] == '#' && strncmp(line, HTTP_ONLY, sizeof HTTP_ONLY - 1) != 0;
        if (comment || line[strspn(line, " \t")] == '\0')
            continue;
        if (!read_line(line, &cookie))
            return error_set(error, "%s:%d: %s", from, number, why.text);
        if (!is_wanted(&cookie, what, now) ||
            (!cookie.host_only && http_is_public_suffix(cookie.domain)))
            continue;
        enum http_jar_result result = http_jar_add(jar, &cookie, now, &why);
        if (result == HTTP_JAR_FAILED || result == HTTP_JAR_REFUSED)
            return error_set(error, "%s:%d: %s", from, number, why.text);
    }
    return 0;
}

/* Puts all cookies of one jar into another. Those that would have to go at once are left out. */
static int pour(struct http_jar *to, const struct http_jar *from, time_t now, struct error *error)
{
    const struct http_jar_cookie *cookie = NULL;

    while ((cookie = http_jar_next(from, cookie)) != NULL) {
        if (http_jar_add(to, cookie, now, error) == HTTP_JAR_FAILED)
            return -1;
    }
    return 0;
}

int http_jar_load(struct http_jar *jar, const char *file, unsigned what, time_t now,
                  struct error *error)
{
    /* All lines are read before the first counts: into a jar of their own, which has room. But the
     * time for a domain grows with the square of its cookies, and most would go again. */
    size_t kept = http_jar_policy(jar)->per_domain, room = kept < SIZE_MAX - ROOM ? ROOM : 0;
    const struct http_jar_policy all = {.per_domain = kept + room, .total = SIZE_MAX};
    struct buffer text = {0};
    struct http_jar *fresh = NULL;
    int result = -1;

    if (buffer_add_file(&text, file, FILE_LIMIT) == -1)
        (void)error_set_errno(error, "%s", file);
    else if (text.length > 0 && memchr(text.data, '\0', text.length) != NULL)
        (void)error_set(error, "%s: a file of cookies has no NUL", file);
    else if ((fresh = http_jar_new(&all)) == NULL)
        (void)error_set(error, "%s: out of memory", file);
    else if (text.length == 0 || read_text(fresh, text.data, file, what, now, error) == 0)
        result = pour(jar, fresh, now, error);
    http_jar_free(fresh);
    buffer_free(&text);
    return result;
}
