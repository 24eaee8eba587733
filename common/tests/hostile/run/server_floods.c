/* hostile 1.3: fail in sums; answers each client with more than it can keep. */
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
    static char bytes[1 << 16];
    int fd = serve_at_any_port();

    for (;;) {
        int client = accept(fd, NULL, NULL);
        for (int i = 0; i < 10000 && send(client, bytes, sizeof bytes, MSG_NOSIGNAL) > 0; i++)
            continue;
        (void)close(client);
    }
}
