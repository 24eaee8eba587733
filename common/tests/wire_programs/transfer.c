/*
 * Sends standard input to an echo server and prints what comes back: transfer PORT. Non-blocking,
 * on poll(), both ways at once. With a second argument, any, it is blocking and sends, ends, reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static char input[1 << 21];
static size_t size, sent;

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Sends some. True when all is out and told to be. */
static bool send_some(int fd)
{
    ssize_t put = sent < size ? send(fd, input + sent, size - sent, MSG_NOSIGNAL) : 0;

    if (put == -1 && errno != EINTR && errno != EAGAIN)
        fail("send");
    sent += put > 0 ? (size_t)put : 0;
    if (sent < size)
        return false;
    if (shutdown(fd, SHUT_WR) == -1)
        fail("shutdown");
    return true;
}

/* Receives some and prints it. True at the end. */
static bool receive_some(int fd)
{
    char data[16384];
    ssize_t got = recv(fd, data, sizeof data, 0);

    if (got == -1 && (errno == EINTR || errno == EAGAIN))
        return false;
    if (got == -1)
        fail("recv");
    if (fwrite(data, 1, (size_t)got, stdout) != (size_t)got)
        fail("standard output");
    return got == 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool blocking = argc > 2, all_sent = false, all_read = false;

    size = fread(input, 1, sizeof input, stdin);
    if (fd == -1 || connect(fd, (struct sockaddr *)&address, sizeof address) == -1)
        fail("connect");
    if (!blocking && fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
        fail("fcntl");
    while (blocking && !all_sent)
        all_sent = send_some(fd);
    while (!all_read) {
        struct pollfd p = {.fd = fd, .events = (short)(POLLIN | (all_sent ? 0 : POLLOUT))};
        if (!blocking && poll(&p, 1, -1) == -1) {
            if (errno != EINTR)
                fail("poll");
            continue;
        }
        if (!blocking && (p.revents & POLLOUT) != 0 && !all_sent)
            all_sent = send_some(fd);
        if (blocking || (p.revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            all_read = receive_some(fd);
    }
    return fflush(stdout) == EOF || close(fd) == -1;
}
