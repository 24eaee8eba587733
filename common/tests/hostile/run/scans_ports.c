/* hostile: fail "status 40"; looks for services of the machine on loopback, by
 * TCP. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    struct sockaddr_in to = {.sin_family = AF_INET};

    (void)inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    for (int i = 0; i < 2000; i++) {
        int port = i < 1000 ? 1 + i : @PORT@ - 1500 + i;
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        to.sin_port = htons((in_port_t)port);
        int taken = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
        attempt(1, taken && port == @PORT@);
        attempt(2, taken && port < 1024);
        (void)close(fd);
    }
    return status;
}
