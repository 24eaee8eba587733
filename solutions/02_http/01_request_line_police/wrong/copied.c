/* fails: good-versions other-versions bad-versions no-version blanks methods lower-case bad-methods origin absolute asterisk authority first-row long-target long-method bare-lf controls empty-line in-pieces byte-by-byte much-behind broken-off resets many-clients sigterm sigterm-while-serving eintr short-writes usage clean silent dribble stays */
/*
 * Program 2.04 behind the server of 1.04, without the module: what has come is searched for the end
 * of a line, and the line is cut at its blanks. It knows good and bad, as lesson 2.04 does.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

static const char *judge(char *line)
{
    char method[16], target[4096], version[16];

    if (sscanf(line, "%15s %4095s %15s", method, target, version) != 3)
        return "400 Bad Request";
    if (strncmp(version, "HTTP/1.", 7) != 0)
        return "505 HTTP Version Not Supported";
    return "200 OK";
}

static void serve(int fd)
{
    char line[8192];
    size_t length = 0;
    ssize_t got;

    while (length < sizeof line - 1 && stop_wait(fd, POLLIN, -1) == 1 &&
           (got = recv(fd, line + length, sizeof line - 1 - length, 0)) > 0) {
        length += (size_t)got;
        line[length] = '\0';
        if (strchr(line, '\n') == NULL)
            continue;
        char answer[128];
        const char *status = judge(line);
        int size =
            snprintf(answer, sizeof answer,
                     "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", status);
        (void)send(fd, answer, (size_t)size, MSG_NOSIGNAL); /* it may be gone */
        return;
    }
}

int main(int argc, char **argv)
{
    struct error error;
    long port;
    int listener, client;

    if (argc != 3 || !number_parse(argv[1], 0, 65535, &port))
        die_usage("PORT MS");
    if (stop_hold(&error) == -1 || (listener = tcp_listen((uint16_t)port, &error)) == -1 ||
        tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    while ((client = tcp_accept(listener)) != -1) {
        serve(client);
        (void)close(client);
    }
    (void)close(listener);
    return EXIT_SUCCESS;
}
