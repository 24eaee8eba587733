/*
 * Exercise 2.1  Request line police, with a buffer that is looked at anew
 *
 * Whatever has come lies in one buffer, and each time more comes all of it is looked at from the
 * start: it is never more than 8 KiB before the verdict is certain. Sockets block, and poll() keeps
 * the time.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" DIGITS

enum { ROOM = 16384 };

static const char OK[] = "200 OK", BAD[] = "400 Bad Request", LATE[] = "408 Request Timeout",
                  LONG[] = "414 URI Too Long", UNKNOWN[] = "501 Not Implemented",
                  VERSION[] = "505 HTTP Version Not Supported";

/* An authority at the start of text: its length, 0 if there is none. With port one must be there.
 */
static size_t authority_length(const char *text, bool port)
{
    size_t host = strspn(text, LETTERS "-._~"), digits;

    if (*text == '[') {
        host = 1 + strspn(text + 1, DIGITS "abcdefABCDEF:.");
        if (host == 1 || text[host++] != ']')
            return 0;
    }
    if (host == 0 || text[host] != ':')
        return port ? 0 : host;
    digits = strspn(text + host + 1, DIGITS);
    long number = digits >= 1 && digits <= 5 ? strtol(text + host + 1, NULL, 10) : 0;
    return number >= 1 && number <= 65535 ? host + 1 + digits : 0;
}

static bool is_rest(const char *text)
{
    for (;;) {
        text += strspn(text, LETTERS "-._~!$&'()*+,;=:@/?");
        if (*text == '\0')
            return true;
        if (*text != '%' || strspn(text + 1, DIGITS "abcdefABCDEF") == 0 ||
            strspn(text + 2, DIGITS "abcdefABCDEF") == 0)
            return false;
        text += 3;
    }
}

static const char *form_of(const char *method, const char *target)
{
    size_t length;

    if (strcmp(method, "CONNECT") == 0) {
        length = authority_length(target, true);
        return length > 0 && target[length] == '\0' ? "authority" : "";
    }
    if (strcmp(method, "OPTIONS") == 0 && strcmp(target, "*") == 0)
        return "asterisk";
    if (*target == '/')
        return is_rest(target) ? "origin" : "";
    const char *behind = strstr(target, "://");
    size_t scheme = behind == NULL ? 0 : (size_t)(behind - target);
    if ((scheme != 4 && scheme != 5) || strncasecmp(target, "https", scheme) != 0)
        return "";
    length = authority_length(behind + 3, false);
    behind += 3 + length;
    return length > 0 && strchr("/?", *behind) != NULL && is_rest(behind) ? "absolute" : "";
}

/* A line without its line end, in which every byte is from 32 to 126. */
static const char *judge(char *line, const char **form)
{
    char *target = strchr(line, ' '), *version = target == NULL ? NULL : strchr(target + 1, ' ');

    if (version == NULL || strchr(version + 1, ' ') != NULL || target == line ||
        version == target + 1)
        return BAD;
    *target++ = *version++ = '\0';
    if (strlen(version) != 8 || memcmp(version, "HTTP/", 5) != 0 || version[6] != '.' ||
        strspn(version + 5, DIGITS) != 1 || strspn(version + 7, DIGITS) != 1)
        return BAD;
    if (version[5] != '1')
        return VERSION;
    if (line[strspn(line, LETTERS "!#$%&'*+-.^_`|~")] != '\0')
        return BAD;
    const char *found = strstr(" GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH ", line);
    if (found == NULL || found[-1] != ' ' || found[strlen(line)] != ' ')
        return UNKNOWN;
    *form = form_of(line, target);
    return **form == '\0' ? BAD : OK;
}

/* How many bytes lie between from and to, without the one at cr. */
static size_t count(const char *from, const char *to, const char *cr)
{
    return (size_t)(to - from) - (cr != NULL && cr >= from && cr < to ? 1 : 0);
}

/* The verdict on what has come, or NULL if it is not certain yet. */
static const char *examine(char *bytes, size_t length, const char **form)
{
    if (length >= 2 && memcmp(bytes, "\r\n", 2) == 0) {
        bytes += 2;
        length -= 2;
    }
    char *feed = memchr(bytes, '\n', length), *end = feed == NULL ? bytes + length : feed;
    char *cr = memchr(bytes, '\r', (size_t)(end - bytes));
    char *first = memchr(bytes, ' ', (size_t)(end - bytes));
    char *second = first == NULL ? NULL : memchr(first + 1, ' ', (size_t)(end - first - 1));

    if (count(bytes, first == NULL ? end : first, cr) > 32)
        return UNKNOWN;
    if (first != NULL && count(first + 1, second == NULL ? end : second, cr) > 8000)
        return LONG;
    if (second != NULL && count(second + 1, end, cr) > 16)
        return BAD;
    if (feed == NULL)
        return NULL;
    if (cr == NULL || cr != feed - 1)
        return BAD;
    for (const char *at = bytes; at < cr; at++)
        if (*at < ' ' || *at == 0x7f)
            return BAD;
    *cr = '\0';
    return judge(bytes, form);
}

/* Waits for something to read. False when the time is up or it is to stop. */
static bool has_come(int fd, int64_t deadline)
{
    int64_t left;

    while ((left = deadline - now_ms()) > 0) {
        int ready = stop_wait(fd, POLLIN, (int)left);
        if (ready != 0)
            return ready == 1;
    }
    return false;
}

/* Returns what to answer, or NULL for a client that is owed nothing. */
static const char *hear(int fd, int64_t deadline, const char **form)
{
    char bytes[ROOM];
    size_t length = 0;

    while (has_come(fd, deadline)) {
        ssize_t got = recv(fd, bytes + length, 4096, 0);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == 0 && length > 0)
            return BAD;
        if (got <= 0)
            return NULL;
        length += (size_t)got;
        const char *verdict = examine(bytes, length, form);
        if (verdict != NULL)
            return verdict;
    }
    return stop_asked() ? NULL : LATE;
}

static void serve(int fd, int limit)
{
    const char *form = "", *verdict = hear(fd, now_ms() + limit, &form);
    char text[256], rest[4096];
    int64_t deadline = now_ms() + limit;

    if (verdict == NULL)
        return;
    size_t content = *form == '\0' ? 0 : strlen(form) + 1;
    (void)snprintf(text, sizeof text,
                   "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s%s", verdict,
                   content, form, content == 0 ? "" : "\n"); /* has room for each of them */
    if (tcp_send_all(fd, text, strlen(text)) == -1 || shutdown(fd, SHUT_WR) == -1)
        return;
    ssize_t got = 1;
    while ((got > 0 || errno == EINTR) && has_come(fd, deadline))
        if ((got = recv(fd, rest, sizeof rest, 0)) == 0)
            return;
}

int main(int argc, char **argv)
{
    struct error error;
    long port, limit;
    int listener, client;

    if (argc != 3 || !number_parse(argv[1], 0, 65535, &port) ||
        !number_parse(argv[2], 1, 60000, &limit))
        die_usage("PORT MS");
    if (stop_hold(&error) == -1 || (listener = tcp_listen((uint16_t)port, &error)) == -1 ||
        tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    while ((client = tcp_accept(listener)) != -1) {
        if (fcntl(client, F_SETFL, 0) == 0) /* it is to block */
            serve(client, (int)limit);
        (void)close(client); /* what was sent is on its way */
    }
    (void)close(listener);
    return EXIT_SUCCESS;
}
