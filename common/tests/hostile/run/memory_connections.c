/* hostile: memory "connections"; fills the buffers of connections to itself, of which the machine has
 * so many for all. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char bytes[1 << 20];

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    int most = 64 << 20;

    if (!here(argc, argv))
        return 40;
    (void)sigaction(SIGPIPE, &ignore, NULL);
    for (int i = 0; i < 20; i++)
        if (fork() == 0)
            break;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)bind(server, (struct sockaddr *)&address, length);
    (void)listen(server, 1000);
    (void)getsockname(server, (struct sockaddr *)&address, &length);
    (void)setsockopt(server, SOL_SOCKET, SO_RCVBUF, &most, sizeof most);
    for (int i = 0; i < 300; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        struct pollfd polled = {fd, POLLOUT, 0};
        (void)connect(fd, (struct sockaddr *)&address, length);
        (void)poll(&polled, 1, 10);
        while (write(fd, bytes, sizeof bytes) > 0)
            continue;
    }
    (void)poll(NULL, 0, 3000);
    return 41;
}
