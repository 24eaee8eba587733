/*
 * Exercise 1.0  First steps
 *
 * Usage:  first_steps HOST PORT
 *
 * Connects to a server and prints what it says, up to its end. The program is right as it stands:
 * the task is to break it, to see what the workbook says about that, and to mend it again.
 */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connects to a server. Returns a socket, or -1 after saying why. */
static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    int rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0) {
        fprintf(stderr, "first_steps: %s: %s\n", host, gai_strerror(rc));
        return -1;
    }
    /* The first address will do here; lesson 1.03 tries them all. */
    int fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    if (fd != -1 && connect(fd, list->ai_addr, list->ai_addrlen) == -1) {
        perror("first_steps: connect");
        (void)close(fd); /* nothing was sent */
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

/* Prints what comes, until there is no more. */
static void print_greeting(int fd)
{
    char bytes[64];
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);

    while (n > 0) {
        (void)fwrite(bytes, 1, (size_t)n, stdout); /* main looks whether all was written */
        n = recv(fd, bytes, sizeof bytes, 0);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: first_steps HOST PORT\n");
        return 2;
    }
    int fd = connect_to(argv[1], argv[2]);
    if (fd == -1)
        return 1;
    print_greeting(fd);
    (void)close(fd); /* nothing was sent */
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
