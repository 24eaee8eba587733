/*
 * Exercise 2.5 by another way: there is no buffer that could hold bytes of another answer, because
 * none is ever read beyond the end of the one at hand. Lines are received byte by byte, content in
 * as many bytes as are due, and the kernel is asked whether there is more.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "core/tcp.h"
#include "http/message.h"

static const char *host, *port;
static int fd = -1;
static bool fresh;         /* nothing was answered on it yet */
static bool any;           /* a byte of the answer at hand has come */
static bool ended;         /* the connection ended in order */
static struct buffer line; /* what is received byte by byte */

static void hang_up(void)
{
    if (fd != -1)
        (void)close(fd); /* nobody waits for what was sent */
    fd = -1;
}

/* Receives at most so many bytes; 0 when there is nothing more to come. */
static size_t take(char *bytes, size_t most)
{
    for (;;) {
        ssize_t n = recv(fd, bytes, most, 0);
        if (n == -1 && errno == EINTR)
            continue;
        ended = n == 0;
        any = any || n > 0;
        return n > 0 ? (size_t)n : 0;
    }
}

/* One byte more behind those in line. */
static bool take_byte(void)
{
    char byte;

    if (take(&byte, 1) == 0)
        return false;
    if (buffer_add(&line, &byte, 1) == -1)
        die("no memory");
    return true;
}

static bool skip(unsigned long long count)
{
    static char bytes[65536];

    while (count > 0) {
        size_t n = take(bytes, count < sizeof bytes ? (size_t)count : sizeof bytes);
        if (n == 0)
            return false;
        count -= n;
    }
    return true;
}

/* Reads a line that ends in CR LF, and cuts that off. */
static bool take_line(void)
{
    for (line.length = 0; line.length < 8192;) {
        if (!take_byte())
            return false;
        if (line.data[line.length - 1] == '\n') {
            line.length -= line.length > 1 && line.data[line.length - 2] == '\r' ? 2 : 1;
            line.data[line.length] = '\0';
            return true;
        }
    }
    return false;
}

static bool read_chunks(unsigned long long *length)
{
    unsigned long long size;

    do {
        if (!take_line())
            return false;
        size_t digits = strspn(line.data, "0123456789abcdefABCDEF");
        if (digits == 0 || digits > 15 || strchr("; \t", line.data[digits]) == NULL)
            return false;
        size = strtoull(line.data, NULL, 16);
        *length += size;
        if (!skip(size) || (size > 0 && (!take_line() || line.length > 0)))
            return false;
    } while (size > 0);
    do
        if (!take_line())
            return false;
    while (line.length > 0);
    return true;
}

/* Reads the head that counts. */
static bool read_head(const char *method, struct http_head *head)
{
    enum http_result result;

    do {
        http_head_free(head);
        http_head_response(head, method, NULL);
        line.length = 0;
        do
            if (!take_byte())
                return false;
        while ((result = http_head_parse(head, line.data, line.length)) == HTTP_PARTIAL);
    } while (result == HTTP_COMPLETE && head->status < 200);
    return result == HTTP_COMPLETE;
}

/* Reads an answer. True when it was complete; the connection is hung up if it cannot go on. */
static bool read_answer(const char *method, int *status, unsigned long long *length)
{
    struct http_head head = {0};
    bool whole = read_head(method, &head), goes_on = head.keep_alive;
    char bytes[4096];
    size_t n;

    *length = 0;
    if (whole && head.framing == HTTP_LENGTH) {
        *length = head.content_length;
        whole = skip(*length);
    } else if (whole && head.framing == HTTP_CHUNKED) {
        whole = read_chunks(length);
    } else if (whole && head.framing == HTTP_UNTIL_CLOSE) {
        while ((n = take(bytes, sizeof bytes)) > 0)
            *length += n;
        whole = ended;
        goes_on = false;
    }
    *status = head.status;
    http_head_free(&head);
    fresh = false;
    if (!whole || !goes_on)
        hang_up();
    return whole;
}

/* Hangs up if the server has said anything, or has gone, while nothing was asked. */
static void look(void)
{
    char byte;
    ssize_t n;

    if (fd == -1)
        return;
    do
        n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    while (n == -1 && errno == EINTR);
    if (n >= 0 || errno != EAGAIN)
        hang_up();
}

static bool connected(void)
{
    struct error error;

    look();
    if (fd == -1) {
        fd = tcp_connect(host, port, &error);
        fresh = true;
    }
    if (fd == -1)
        report("%s", error.text);
    return fd != -1;
}

static void send_all_of_it(const char *method, const char *path, const char *body)
{
    struct buffer out = {0};
    bool six = strchr(host, ':') != NULL;

    if (buffer_print(&out, "%s %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nConnection: keep-alive\r\n",
                     method, path, six ? "[" : "", host, six ? "]" : "", port) == -1 ||
        (body != NULL && buffer_print(&out, "Content-Length: %zu\r\n", strlen(body)) == -1) ||
        buffer_print(&out, "\r\n%s", body == NULL ? "" : body) == -1)
        die("no memory");
    (void)tcp_send_all(fd, out.data, out.length); /* what comes back tells */
    buffer_free(&out);
}

/* Does a request and prints its line. */
static bool perform(const char *method, const char *path, const char *body)
{
    bool post = strcmp(method, "POST") == 0, sent = false, whole = false;
    unsigned long long length;
    int status;

    for (int tries = 0; tries < 2 && !whole; tries++) {
        if (!connected()) {
            sent = false;
            break;
        }
        bool was_fresh = fresh;
        any = false;
        sent = true;
        send_all_of_it(method, path, body);
        whole = read_answer(method, &status, &length);
        look();
        if (post || was_fresh || any)
            break;
    }
    if (whole)
        printf("%d %llu %s %s\n", status, length, method, path);
    else
        printf("%s - %s %s\n", post && sent ? "unknown" : "failed", method, path);
    if (fflush(stdout) == EOF)
        die_errno("standard output");
    return whole;
}

/* Cuts a line and does what it says. False, and *known too, if it is no request. */
static bool obey(char *text, size_t length, bool *known)
{
    char *path = strchr(text, ' '), *body = path == NULL ? NULL : strchr(path + 1, ' ');

    *known = false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 32 || text[i] == 127)
            return false;
    if (path == NULL || path[1] != '/' || length > 8192)
        return false;
    *path++ = '\0';
    if (body != NULL)
        *body++ = '\0';
    if (strcmp(text, "PUT") == 0 || strcmp(text, "POST") == 0)
        *known = body != NULL;
    else
        *known = body == NULL && (strcmp(text, "GET") == 0 || strcmp(text, "HEAD") == 0 ||
                                  strcmp(text, "DELETE") == 0);
    return *known && perform(text, path, body);
}

int main(int argc, char **argv)
{
    char *text = NULL;
    size_t room = 0;
    ssize_t n;
    long number;
    bool all_well = true, known = true;

    if (argc != 3 || strlen(argv[1]) > 255 || !number_parse(argv[2], 1, 65535, &number))
        die_usage("HOST PORT <requests");
    host = argv[1];
    port = argv[2];
    while (known && (n = getline(&text, &room, stdin)) != -1) {
        if (text[n - 1] == '\n')
            text[--n] = '\0';
        all_well = obey(text, (size_t)n, &known) && all_well;
        if (!known)
            report("not a request: %.60s", text);
    }
    all_well = all_well && !ferror(stdin);
    hang_up();
    free(text);
    buffer_free(&line);
    finish(all_well ? EXIT_SUCCESS : EXIT_FAILURE);
}
