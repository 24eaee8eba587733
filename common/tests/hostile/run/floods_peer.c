/* hostile: fail; asks a question without end. */
#define _GNU_SOURCE
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    static char bytes[65536];
    int fd = -1;

    if (getaddrinfo("127.0.0.3", argv[2], &hints, &list) != 0)
        return 39;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, list->ai_addr, list->ai_addrlen) == -1)
        return 38;
    for (;;)
        if (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) == -1)
            return 40;
}
