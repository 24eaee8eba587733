/* fails: unknown head not-a-url bodies in-pieces chunked keep-alive pipelining pipelined-pieces continue smuggling bad-chunks large-heads answer-arrives sigterm port-is-free killed torn-line eintr short-reads short-writes no-descriptors usage cannot-begin leaks never-reads idle slow-head slow-body limits-apart sigterm-slow never-takes crowd */
/*
 * Exercise 2.10  URL shortener that stands up to load
 *
 * Lesson 2.11's handlers on the loop of lesson 1.13: what one recv() brings is a request.
 */
#define _GNU_SOURCE /* accept4(): in POSIX since 2024 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/message.h"
#include "http/status.h"

enum { BLOCK = 65536, EVENTS = 256, MOST = 4096 };

static int epoll;
static bool open_now[MOST]; /* by descriptor */
static char *urls[MOST];
static size_t count;

static int watch(int operation, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    return epoll_ctl(epoll, operation, fd, &event);
}

static void drop(int fd)
{
    open_now[fd] = false;
    (void)close(fd);
}

static void answer(int fd, int status, const char *location)
{
    char text[4096];
    const char *phrase = http_status_phrase(status), *body = location != NULL ? location : phrase;
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\nLocation: %s\r\n\r\n%s\n",
                          status, phrase, strlen(body) + 1, location != NULL ? location : "", body);

    if (send(fd, text, (size_t)length, MSG_NOSIGNAL) < length)
        drop(fd);
}

static void do_post(int fd, const char *url)
{
    char path[32];

    if (count < MOST && (urls[count] = strdup(url)) != NULL) {
        (void)snprintf(path, sizeof path, "/%zu", ++count);
        answer(fd, HTTP_CREATED, path);
    }
}

static void do_get(int fd, const char *target)
{
    long number;

    if (target[0] == '/' && number_parse(target + 1, 1, (long)count, &number))
        answer(fd, HTTP_FOUND, urls[number - 1]);
    else
        answer(fd, HTTP_NOT_FOUND, NULL);
}

static void serve(int fd)
{
    static char block[BLOCK + 1];
    struct http_head head;
    ssize_t n = recv(fd, block, BLOCK, 0);

    if (n <= 0) {
        drop(fd);
        return;
    }
    block[n] = '\0';
    http_head_request(&head, NULL);
    if (http_head_parse(&head, block, (size_t)n) != HTTP_COMPLETE)
        answer(fd, HTTP_BAD_REQUEST, NULL);
    else if (strcmp(head.method, "POST") == 0)
        do_post(fd, block + head.length);
    else if (strcmp(head.method, "GET") == 0)
        do_get(fd, head.target);
    else
        answer(fd, HTTP_NOT_IMPLEMENTED, NULL);
    http_head_free(&head);
}

static void read_urls(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[BLOCK];

    while (file != NULL && count < MOST && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        urls[count++] = strdup(line);
    }
    if (file != NULL)
        (void)fclose(file); /* it was only read */
}

static void write_urls(const char *path)
{
    FILE *file = fopen(path, "w");

    for (size_t i = 0; i < count; i++) {
        if (file != NULL)
            (void)fprintf(file, "%s\n", urls[i]);
        free(urls[i]);
    }
    if (file == NULL || fclose(file) == EOF)
        die_errno("%s", path);
}

static void serve_all(int listener)
{
    struct epoll_event events[EVENTS];

    while (!stop_asked()) {
        int n = epoll_pwait(epoll, events, EVENTS, -1, stop_mask());
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                serve(fd);
                continue;
            }
            fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (fd != -1 && watch(EPOLL_CTL_ADD, fd, EPOLLIN) == 0)
                open_now[fd] = true;
        }
    }
}

int main(int argc, char **argv)
{
    struct error error;
    long port;

    if (argc != 6 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT FILE IDLE HEAD BODY");
    read_urls(argv[2]);
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1)
        die("%s", error.text);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll == -1 || watch(EPOLL_CTL_ADD, listener, EPOLLIN) == -1)
        die_errno("epoll");
    if (tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    serve_all(listener);
    for (int fd = 0; fd < MOST; fd++)
        if (open_now[fd])
            drop(fd);
    (void)close(epoll);
    (void)close(listener);
    write_urls(argv[2]);
    return 0;
}
