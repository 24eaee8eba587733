/*
 * Exercise 2.4 by another way: a machine of states that is fed whatever recv() gave, byte by byte.
 * Nothing of it waits, and the loop that feeds it knows nothing of HTTP.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "core/tcp.h"

enum { HEAD_MOST = 65536 };

enum state { STATUS_LINE, FIELD, COUNTED, SIZE, DATA, DATA_END, TRAILER, TO_END, DONE, BAD };

struct machine {
    enum state state;
    bool head_only;
    struct buffer line, type;
    size_t head; /* bytes of the head at hand */
    int status;
    bool has_length, chunked;
    uint64_t length, left, content;
};

static bool number(const char *text, unsigned base, uint64_t *value)
{
    static const char all[] = "0123456789abcdef";

    *value = 0;
    for (const char *at = text; *at != '\0'; at++) {
        const char *digit = strchr(all, tolower((unsigned char)*at));
        if (digit == NULL || digit >= all + base || *value > (uint64_t)INT64_MAX / base)
            return false;
        *value = *value * base + (uint64_t)(digit - all);
        if (*value > INT64_MAX)
            return false;
    }
    return text[0] != '\0';
}

static bool token(const char *text, size_t length)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && strchr(marks, text[i]) == NULL)
            return false;
    return length > 0;
}

static enum state status_line(struct machine *m, const char *text)
{
    bool right = strncmp(text, "HTTP/1.", 7) == 0 && isdigit((unsigned char)text[7]) &&
                 text[8] == ' ' && strspn(text + 9, "0123456789") == 3 &&
                 (text[12] == ' ' || text[12] == '\0');

    m->status = right ? (int)strtol(text + 9, NULL, 10) : 0;
    if (m->status < 100 || m->status > 599)
        return BAD;
    m->has_length = m->chunked = false;
    m->length = 0;
    m->type.length = 0;
    return FIELD;
}

static enum state head_end(struct machine *m)
{
    if (m->has_length && m->chunked)
        return BAD;
    m->head = 0;
    if (m->status < 200)
        return STATUS_LINE;
    m->left = m->length;
    if (m->head_only || m->status == 204 || m->status == 304)
        return DONE;
    if (m->chunked)
        return SIZE;
    if (!m->has_length)
        return TO_END;
    return m->left == 0 ? DONE : COUNTED;
}

static enum state field(struct machine *m, char *text)
{
    char *colon = strchr(text, ':'), *value = colon + 1;
    bool ok = true;

    if (*text == '\0')
        return head_end(m);
    if (colon == NULL || !token(text, (size_t)(colon - text)))
        return BAD;
    *colon = '\0';
    value += strspn(value, " \t");
    size_t length = strlen(value);
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        value[--length] = '\0';
    if (strcasecmp(text, "content-length") == 0) {
        ok = !m->has_length && number(value, 10, &m->length);
        m->has_length = true;
    } else if (strcasecmp(text, "transfer-encoding") == 0) {
        ok = !m->chunked && strcasecmp(value, "chunked") == 0;
        m->chunked = true;
    } else if (strcasecmp(text, "content-type") == 0) {
        size_t end = strcspn(value, "; \t"), slash = strcspn(value, "/");
        if (slash < end && token(value, slash) && token(value + slash + 1, end - slash - 1))
            for (size_t i = 0; i < end; i++)
                ok = buffer_print(&m->type, "%c", tolower((unsigned char)value[i])) == 0 && ok;
    }
    return ok ? FIELD : BAD;
}

static enum state size_line(struct machine *m, char *text)
{
    size_t end = strcspn(text, ";");

    while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t'))
        end--;
    text[end] = '\0';
    return !number(text, 16, &m->left) ? BAD : m->left == 0 ? TRAILER : DATA;
}

/* A whole line, without its end. */
static enum state take_line(struct machine *m)
{
    char *text = m->line.data;

    if (m->line.length > 0 && text[m->line.length - 1] == '\r')
        text[--m->line.length] = '\0';
    if (m->state == STATUS_LINE)
        return status_line(m, text);
    if (m->state == FIELD)
        return field(m, text);
    if (m->state == SIZE)
        return size_line(m, text);
    if (m->state == DATA_END)
        return *text == '\0' ? SIZE : BAD;
    return *text == '\0' ? DONE : TRAILER;
}

/* Feeds one byte. */
static void feed(struct machine *m, char byte)
{
    if (m->state == DONE || m->state == BAD)
        return;
    if (m->state == TO_END || m->state == COUNTED || m->state == DATA) {
        m->content++;
        if (m->state != TO_END && --m->left == 0)
            m->state = m->state == DATA ? DATA_END : DONE;
        return;
    }
    bool in_head = m->state == STATUS_LINE || m->state == FIELD;
    bool too_long = (in_head ? ++m->head : m->line.length) > HEAD_MOST;
    if (m->state == DATA_END && byte != '\n' && byte != '\r')
        too_long = true;
    if (too_long || byte == '\0' || buffer_add(&m->line, &byte, byte != '\n') == -1) {
        m->state = BAD;
        return;
    }
    if (byte == '\n') {
        m->state = buffer_reserve(&m->line, 1) == -1 ? BAD : take_line(m);
        m->line.length = 0;
    }
}

/* Feeds what comes until the machine stops. Returns the word for what is wrong, or NULL. */
static const char *feed_all(struct machine *m, int fd, int64_t deadline)
{
    static char block[65536];

    while (m->state != DONE && m->state != BAD) {
        int64_t left = deadline - now_ms();
        struct pollfd one = {fd, POLLIN, 0};
        if (left <= 0)
            return "timeout";
        if (poll(&one, 1, (int)left) != 1)
            continue;
        ssize_t n = recv(fd, block, sizeof block, MSG_DONTWAIT);
        if (n == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return n == 0 && m->state == TO_END ? NULL : "truncated";
        for (ssize_t i = 0; i < n; i++)
            feed(m, block[i]);
    }
    return m->state == BAD ? "malformed" : NULL;
}

static bool check(char **argv, int64_t ms, const char *path)
{
    struct machine m = {.head_only = strcmp(argv[1], "HEAD") == 0};
    struct error error;
    struct buffer request = {0};
    const char *wrong = "unreachable";
    const char *form = strchr(argv[2], ':') == NULL ? "%s %s HTTP/1.1\r\nHost: %s:%s\r\n"
                                                    : "%s %s HTTP/1.1\r\nHost: [%s]:%s\r\n";
    int fd = tcp_connect(argv[2], argv[3], &error);

    if (fd != -1) {
        int64_t deadline = now_ms() + ms;
        char text[10000];
        (void)snprintf(text, sizeof text, form, argv[1], path, argv[2], argv[3]); /* it fits */
        bool sent = buffer_print(&request, "%sConnection: close\r\n\r\n", text) == 0 &&
                    tcp_send_all(fd, request.data, request.length) == 0;
        wrong = sent ? feed_all(&m, fd, deadline) : "truncated";
        (void)close(fd);
    }
    bool counted = wrong == NULL && !m.head_only && m.status != 304;
    if (wrong != NULL)
        printf("error %s - %s\n", wrong, path);
    else if (m.head_only && !m.has_length)
        printf("%d %s - %s\n", m.status, m.type.length ? m.type.data : "-", path);
    else
        printf("%d %s %llu %s\n", m.status, m.type.length ? m.type.data : "-",
               (unsigned long long)(counted       ? m.content
                                    : m.head_only ? m.length
                                                  : 0),
               path);
    buffer_free(&m.line);
    buffer_free(&m.type);
    buffer_free(&request);
    return wrong == NULL && m.status < 400;
}

int main(int argc, char **argv)
{
    long port, ms = 0;
    bool all_well = true;
    bool right = argc >= 6 && (strcmp(argv[1], "GET") == 0 || strcmp(argv[1], "HEAD") == 0) &&
                 strlen(argv[2]) < 256 && number_parse(argv[3], 1, 65535, &port) &&
                 number_parse(argv[4], 1, 60000, &ms);

    for (int i = 5; right && i < argc; i++) {
        right = argv[i][0] == '/' && strlen(argv[i]) <= 8000;
        for (const char *at = argv[i]; *at != '\0'; at++)
            right = right && *at > ' ' && *at < '\177';
    }
    if (!right)
        die_usage("METHOD HOST PORT MS PATH...");
    for (int i = 5; i < argc; i++)
        all_well = check(argv, ms, argv[i]) && all_well;
    finish(all_well ? EXIT_SUCCESS : EXIT_FAILURE);
}
