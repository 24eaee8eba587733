/* fails: slow-head slow-content */
/*
 * Every wait is given MS milliseconds anew. A server that sends a byte now and then is waited for
 * as long as it likes.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "core/tcp.h"

enum { HEAD_MOST = 65536, MS_MOST = 60000, PATH_MOST = 8000, REQUEST = 2 * PATH_MOST };
enum { NEVER_KNOWN = -1 };

/* A connection that is read until its deadline, and why that came to an end. */
struct reader {
    int fd;
    int64_t deadline;
    const char *why; /* NULL while all is well */
    bool in_order;   /* the server finished sending, and did not reset */
    size_t at, end;
    char bytes[16384];
};

/* What an answer says about itself. */
struct answer {
    int status;
    int lengths, codings; /* how many such fields there were */
    int64_t length;       /* Content-Length, and in the end the bytes of content */
    char type[256];
};

/* ---- reading ---- */

static bool stop(struct reader *r, const char *why)
{
    if (r->why == NULL)
        r->why = why;
    return false;
}

/* Waits for more, until the deadline. */
static bool fill(struct reader *r)
{
    while (r->why == NULL) {
        int64_t left = r->deadline;
        struct pollfd one = {.fd = r->fd, .events = POLLIN};
        int ready = left <= 0 ? 0 : poll(&one, 1, (int)left);
        if (ready == 0)
            return stop(r, "timeout");
        if (ready < 0)
            continue;
        ssize_t n = recv(r->fd, r->bytes, sizeof r->bytes, 0);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0) {
            r->in_order = n == 0;
            return stop(r, "truncated");
        }
        r->at = 0;
        r->end = (size_t)n;
        return true;
    }
    return false;
}

static int next_byte(struct reader *r)
{
    if (r->at == r->end && !fill(r))
        return EOF;
    return (unsigned char)r->bytes[r->at++];
}

/* Counts off so many bytes, whatever they are. */
static bool skip(struct reader *r, int64_t count)
{
    while (count > 0) {
        if (r->at == r->end && !fill(r))
            return false;
        int64_t here = (int64_t)(r->end - r->at);
        here = here < count ? here : count;
        r->at += (size_t)here;
        count -= here;
    }
    return true;
}

/*
 * Reads a line, without its end, into room bytes; what is longer, or takes more than is left of
 * the budget, makes the answer malformed.
 */
static bool read_line(struct reader *r, char *line, size_t room, size_t *budget)
{
    size_t length = 0;
    int c;

    while ((c = next_byte(r)) != '\n') {
        if (c == EOF)
            return false;
        if (c == '\0' || length + 1 == room || *budget == 0)
            return stop(r, "malformed");
        line[length++] = (char)c;
        (*budget)--;
    }
    if (length > 0 && line[length - 1] == '\r')
        length--;
    line[length] = '\0';
    return true;
}

/* ---- the head ---- */

/* A number of digits only: -1 for anything else, and where it would not fit. */
static int64_t digits(const char *text, size_t length, int base)
{
    int64_t number = 0;

    for (size_t i = 0; i < length; i++) {
        int c = tolower((unsigned char)text[i]);
        int digit = isdigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : base;
        if (digit >= base || number > (INT64_MAX - digit) / base)
            return -1;
        number = number * base + digit;
    }
    return length == 0 ? -1 : number;
}

static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && strchr("!#$%&'*+-.^_`|~", text[i]) == NULL)
            return false;
    return length > 0;
}

/* Keeps what stands before the parameters, if it is a media type. */
static void take_type(struct answer *a, const char *value)
{
    size_t length = strcspn(value, "; \t"), slash = strcspn(value, "/");

    if (slash >= length || !is_token(value, slash) || length >= sizeof a->type ||
        !is_token(value + slash + 1, length - slash - 1))
        return;
    for (size_t i = 0; i < length; i++)
        a->type[i] = (char)tolower((unsigned char)value[i]);
    a->type[length] = '\0';
}

static bool take_field(struct answer *a, char *line)
{
    size_t name = strcspn(line, ":");
    char *value = line + name + 1;

    if (line[name] == '\0' || !is_token(line, name))
        return false;
    line[name] = '\0';
    value += strspn(value, " \t");
    for (size_t n = strlen(value); n > 0 && strchr(" \t", value[n - 1]) != NULL; n--)
        value[n - 1] = '\0';
    if (strcasecmp(line, "Content-Type") == 0)
        take_type(a, value);
    if (strcasecmp(line, "Content-Length") == 0) {
        a->length = digits(value, strlen(value), 10);
        return a->length >= 0 && a->lengths++ == 0;
    }
    if (strcasecmp(line, "Transfer-Encoding") == 0)
        return strcasecmp(value, "chunked") == 0 && a->codings++ == 0;
    return true;
}

/* Reads one head, from its status line to its empty line. */
static bool read_head(struct reader *r, struct answer *a)
{
    static char line[HEAD_MOST + 1];
    size_t budget = HEAD_MOST;

    *a = (struct answer){.length = NEVER_KNOWN, .type = "-"};
    if (!read_line(r, line, sizeof line, &budget))
        return false;
    a->status = (int)digits(line + strnlen(line, 9), strnlen(line + strnlen(line, 9), 3), 10);
    if (strncmp(line, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)line[7]) || line[8] != ' ' ||
        a->status < 100 || a->status > 599 || (line[12] != ' ' && line[12] != '\0'))
        return stop(r, "malformed");
    for (;;) {
        if (!read_line(r, line, sizeof line, &budget))
            return false;
        if (line[0] == '\0')
            break;
        if (!take_field(a, line))
            return stop(r, "malformed");
    }
    return a->lengths == 0 || a->codings == 0 || stop(r, "malformed");
}

/* ---- the content ---- */

static bool read_chunks(struct reader *r, int64_t *length)
{
    static char line[HEAD_MOST + 1];
    size_t budget = HEAD_MOST;
    int64_t size;

    *length = 0;
    do {
        size_t one = HEAD_MOST;
        if (!read_line(r, line, sizeof line, &one))
            return false;
        size_t end = strcspn(line, ";");
        while (end > 0 && strchr(" \t", line[end - 1]) != NULL)
            end--;
        size = digits(line, end, 16);
        if (size < 0 || size > INT64_MAX - *length)
            return stop(r, "malformed");
        *length += size;
        if (!skip(r, size))
            return false;
        if (size > 0 && (!read_line(r, line, 2, &one) || line[0] != '\0'))
            return stop(r, "malformed");
    } while (size > 0);
    do /* trailer fields: read, and not looked at */
        if (!read_line(r, line, sizeof line, &budget))
            return false;
    while (line[0] != '\0');
    return true;
}

/* Counts what comes until the server finishes. */
static bool read_to_end(struct reader *r, int64_t *length)
{
    *length = (int64_t)(r->end - r->at);
    while (fill(r))
        *length += (int64_t)(r->end - r->at);
    if (!r->in_order)
        return false;
    r->why = NULL; /* here an end is no mistake */
    return true;
}

/* Reads the answer to one request: interim heads, then the one that counts, then its content. */
static bool read_answer(struct reader *r, const char *method, struct answer *a)
{
    do
        if (!read_head(r, a))
            return false;
    while (a->status < 200);
    if (strcmp(method, "HEAD") == 0)
        return true; /* its length is what GET would have brought */
    if (a->status == 204 || a->status == 304) {
        a->length = 0;
        return true;
    }
    if (a->codings > 0)
        return read_chunks(r, &a->length);
    return a->lengths > 0 ? skip(r, a->length) : read_to_end(r, &a->length);
}

/* ---- the paths ---- */

/* Checks one path and prints its line. False if there is anything wrong with it. */
static bool check(char **argv, long ms, const char *path)
{
    static char request[REQUEST];
    struct error error = {""};
    struct answer a = {0};
    struct reader r = {.fd = tcp_connect(argv[2], argv[3], &error)};
    bool six = strchr(argv[2], ':') != NULL; /* an IPv6 address stands in brackets */

    r.deadline = ms;
    int length = snprintf(request, sizeof request,
                          "%s %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nConnection: close\r\n\r\n", argv[1],
                          path, six ? "[" : "", argv[2], six ? "]" : "", argv[3]);
    if (r.fd == -1)
        r.why = "unreachable";
    else if (tcp_send_all(r.fd, request, (size_t)length) == -1)
        r.why = "truncated";
    else if (read_answer(&r, argv[1], &a))
        r.why = NULL;
    if (r.fd != -1)
        (void)close(r.fd); /* all that counts was read */
    if (r.why != NULL)
        printf("error %s - %s\n", r.why, path);
    else if (a.length == NEVER_KNOWN)
        printf("%d %s - %s\n", a.status, a.type, path);
    else
        printf("%d %s %" PRId64 " %s\n", a.status, a.type, a.length, path);
    return r.why == NULL && a.status < 400;
}

static bool is_path(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return text[0] == '/' && strlen(text) <= PATH_MOST;
}

int main(int argc, char **argv)
{
    long port, ms = 0;
    bool right = argc >= 6 && (strcmp(argv[1], "GET") == 0 || strcmp(argv[1], "HEAD") == 0) &&
                 strlen(argv[2]) <= 255 && number_parse(argv[3], 1, 65535, &port) &&
                 number_parse(argv[4], 1, MS_MOST, &ms);
    int status = EXIT_SUCCESS;

    for (int i = 5; right && i < argc; i++)
        right = is_path(argv[i]);
    if (!right)
        die_usage("METHOD HOST PORT MS PATH...");
    for (int i = 5; i < argc; i++)
        if (!check(argv, ms, argv[i]))
            status = EXIT_FAILURE;
    finish(status);
}
