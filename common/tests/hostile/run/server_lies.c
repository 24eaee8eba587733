/* hostile 1.3: fail in sums; names a port that somebody else listens on, of the machine best of
 * all. */
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
    (void)serve_at_any_port;
    (void)printf("listening on [127.0.0.1]:@PORT@\n");
    (void)fflush(stdout);
    for (;;)
        (void)pause();
}
