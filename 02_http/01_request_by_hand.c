/*
 * 2.01  A request by hand
 *
 * Writes a request byte by byte over a socket, or the answer to one, and shows every byte.
 *
 * Python:  socket.create_connection(), sendall(), recv(): what http.client does inside
 * Usage:   01_request_by_hand HOST PORT TARGET, or 01_request_by_hand PORT (the server)
 * See:     RFC 9112 sections 2.1, 3 and 4; RFC 9110 sections 7.2, 8.3 and 8.6
 * Leaves out: everything that makes it safe: a parser (lesson 2.04), and an answer that ends before
 *          its connection does (lesson 2.06). The server serves one client at a time.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

enum { MOST = 8192, PATIENCE = 5000 }; /* bytes of a request, milliseconds until it must be here */

/* [answers] All that the server ever says. Each has as many bytes of content as it promises. */
static const char FOUND[] = "HTTP/1.1 200 OK\r\n"
                            "Content-Type: text/plain\r\n"
                            "Content-Length: 6\r\n"
                            "Connection: close\r\n"
                            "\r\n"
                            "Hello\n";
static const char NOT_FOUND[] = "HTTP/1.1 404 Not Found\r\n"
                                "Content-Length: 0\r\n"
                                "Connection: close\r\n"
                                "\r\n";
/* [/answers] */

/* Prints bytes line by line, a mark in front, and what cannot be seen as it is written in C. */
static void show(const char *mark, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (i == 0 || bytes[i - 1] == '\n')
            printf("%s ", mark);
        if (bytes[i] == '\r')
            printf("\\r");
        else if (bytes[i] == '\n')
            printf("\\n\n");
        else if (isprint((unsigned char)bytes[i]))
            putchar(bytes[i]);
        else
            printf("\\x%02x", (unsigned)(unsigned char)bytes[i]);
    }
    if (length > 0 && bytes[length - 1] != '\n')
        printf("\n");
}

/* The client: four lines, and then all that comes until the server ends. */
static void ask(const char *host, const char *port, const char *target)
{
    struct buffer request = {0}, answer = {0};
    struct error error;
    char block[4096];
    ssize_t n;
    int fd = tcp_connect(host, port, &error);

    if (fd == -1)
        die("%s", error.text);
    /* [request] */
    if (buffer_print(&request,
                     "GET %s HTTP/1.1\r\n"
                     "Host: %s:%s\r\n"
                     "Connection: close\r\n"
                     "\r\n",
                     target, host, port) == -1)
        die("out of memory");
    show("->", request.data, request.length);
    if (tcp_send_all(fd, request.data, request.length) == -1)
        die_errno("sending");
    /* [/request] */
    while ((n = recv(fd, block, sizeof block, 0)) != 0) {
        if (n == -1 && errno != EINTR)
            die_errno("receiving");
        if (n > 0 && (answer.length > MOST || buffer_add(&answer, block, (size_t)n) == -1))
            die("the answer is too long to be shown");
    }
    show("<-", buffer_text(&answer), answer.length);
    buffer_free(&request);
    buffer_free(&answer);
    (void)close(fd); /* it has ended */
}

/* Reads up to an empty line. Returns how many bytes came, and whether the line did. */
static size_t read_request(int fd, char *request, int *whole)
{
    int64_t deadline = now_ms() + PATIENCE;
    size_t length = 0;

    *whole = 0;
    while (!*whole && length < MOST && now_ms() < deadline) {
        if (stop_wait(fd, POLLIN, (int)(deadline - now_ms())) == -1)
            break;
        ssize_t n = recv(fd, request + length, MOST - length, 0);
        if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
            break;
        length += n > 0 ? (size_t)n : 0;
        request[length] = '\0';
        *whole = strstr(request, "\r\n\r\n") != NULL;
    }
    return length;
}

/* The server: one of its two answers, for whoever has sent an empty line. */
static void answer_client(int fd)
{
    char request[MOST + 1] = "";
    int whole;
    size_t length = read_request(fd, request, &whole);
    const char *answer = strncmp(request, "GET /hello ", 11) == 0 ? FOUND : NOT_FOUND;
    size_t size = strlen(answer);

    show("<-", request, length);
    if (!whole)
        puts("no empty line came: no answer");
    else if (send(fd, answer, size, 0) != (ssize_t)size) /* it fits into the socket's buffer */
        report_errno("sending");
    else
        show("->", answer, size);
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop */
}

static void serve(uint16_t port)
{
    struct error error;
    int client, listener;

    if (stop_hold(&error) == -1 || (listener = tcp_listen(port, &error)) == -1 ||
        tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    while ((client = tcp_accept(listener)) != -1) {
        answer_client(client);
        (void)close(client); /* this is the end that "Connection: close" announced */
    }
    (void)close(listener);
}

int main(int argc, char **argv)
{
    long port;

    if (argc == 4 && argv[3][strcspn(argv[3], " \r\n")] == '\0')
        ask(argv[1], argv[2], argv[3]);
    else if (argc == 2 && number_parse(argv[1], 0, UINT16_MAX, &port))
        serve((uint16_t)port);
    else
        die_usage("HOST PORT TARGET, or PORT");
    finish(EXIT_SUCCESS);
}
