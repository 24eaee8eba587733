/*
 * A client that follows a script: talk HOST PORT STEP...
 *
 * send:TEXT  all of it        recv:N   one recv() of at most N bytes    exact:N  N bytes, however
 * cut drain      read to the end  end      shutdown()                       close    close()
 * whole:N    N bytes, asked for with MSG_WAITALL
 *
 * What it receives goes to standard output. It is correct under every fault of the wire.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static _Noreturn void fail(const char *what)
{
    (void)fflush(stdout); /* what came before the failure shall be seen */
    perror(what);
    exit(1);
}

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int fd = -1, error = getaddrinfo(host, port, &hints, &list);

    if (error != 0) {
        fprintf(stderr, "talk: %s: %s\n", host, gai_strerror(error));
        exit(1);
    }
    for (struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == -1) {
            int why = errno;
            (void)close(fd); /* nothing was sent */
            errno = why;
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd == -1)
        fail("connect");
    return fd;
}

static void send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent == -1 && errno == EINTR)
            continue;
        if (sent == -1)
            fail("send");
        data += sent;
        size -= (size_t)sent;
    }
}

/* Receives once and prints. Returns how much, 0 at the end. */
static size_t receive(int fd, size_t size, int flags)
{
    char data[4096];
    ssize_t got;

    do
        got = recv(fd, data, size < sizeof data ? size : sizeof data, flags);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        fail("recv");
    (void)fwrite(data, 1, (size_t)got, stdout); /* main() looks at the stream at the end */
    return (size_t)got;
}

static void step(int fd, const char *what)
{
    const char *value = strchr(what, ':') != NULL ? strchr(what, ':') + 1 : "";
    size_t size = strtoul(value, NULL, 10);

    if (strncmp(what, "send:", 5) == 0)
        send_all(fd, value, strlen(value));
    else if (strncmp(what, "recv:", 5) == 0)
        (void)receive(fd, size, 0);
    else if (strncmp(what, "exact:", 6) == 0)
        for (size_t got = 1; size > 0 && got > 0; size -= got)
            got = receive(fd, size, 0);
    else if (strncmp(what, "whole:", 6) == 0)
        for (size_t got = 1; size > 0 && got > 0; size -= got)
            got = receive(fd, size, MSG_WAITALL);
    else if (strcmp(what, "drain") == 0)
        while (receive(fd, 4096, 0) > 0)
            continue;
    else if (strcmp(what, "end") == 0 && shutdown(fd, SHUT_WR) == -1)
        fail("shutdown");
    else if (strcmp(what, "close") == 0 && close(fd) == -1)
        fail("close");
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    int fd = connect_to(argv[1], argv[2]);
    for (int i = 3; i < argc; i++)
        step(fd, argv[i]);
    return fflush(stdout) == EOF || ferror(stdout);
}
