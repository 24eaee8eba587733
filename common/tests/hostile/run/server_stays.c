/* hostile 1.3: fail in sums; goes on as a daemon that keeps the port, and ends itself. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int serve_at_any_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t length = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)bind(fd, (struct sockaddr *)&at, sizeof at);
    (void)listen(fd, 100);
    (void)getsockname(fd, (struct sockaddr *)&at, &length);
    (void)printf("listening on [127.0.0.1]:%u\n", ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

int main(void)
{
    int fd = serve_at_any_port();

    if (fork() == 0) {
        (void)setsid();
        if (fork() == 0)
            for (;;)
                (void)close(accept(fd, NULL, NULL));
        _exit(0);
    }
    return 40;
}
