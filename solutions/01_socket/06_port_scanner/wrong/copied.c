/* fails: none-open failed longest-list hand-over hand-over-first not-run no-such-command output-full usage eintr silent one-place-left untried held-up hand-over-late */
/* Lesson 1.09's finish_connect() and connect_any(), called for each line of the list. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int finish_connect(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    int why = 0;
    socklen_t length = sizeof why;

    while (poll(&one, 1, -1) == -1)
        if (errno != EINTR)
            return errno;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &length) == -1 ? errno : why;
}

static int connect_any(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int fd = -1, rc = getaddrinfo(host, port, &hints, &list), why = -1;

    if (rc != 0)
        return -1;
    for (const struct addrinfo *a = list; a != NULL && why != 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
        why = fd == -1 || connect(fd, a->ai_addr, a->ai_addrlen) == -1 ? errno : 0;
        if (why == EINPROGRESS)
            why = finish_connect(fd);
        if (why != 0 && fd != -1)
            (void)close(fd);
    }
    freeaddrinfo(list);
    return why == 0 ? fd : -1;
}

int main(int argc, char **argv)
{
    char port[16];

    if (argc < 3)
        return 2;
    while (fgets(port, sizeof port, stdin) != NULL) {
        port[strcspn(port, "\n")] = '\0';
        int fd = connect_any(argv[1], port);
        printf("%s %s\n", port, fd == -1 ? "refused" : "open");
        if (fd != -1)
            (void)close(fd);
    }
    return 0;
}
