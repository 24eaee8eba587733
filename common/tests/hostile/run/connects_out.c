/* hostile: fail "status 40"; reaches for the internet, and for the machine that it runs on. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

/* Whether bytes can be sent there; a connection that is still being made counts too. */
static int reaches(int kind, const char *host, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET, kind | SOCK_NONBLOCK, 0), on = 1, reached = 0;

    (void)inet_pton(AF_INET, host, &to.sin_addr);
    (void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    if (kind == SOCK_DGRAM)
        reached = sendto(fd, "hostile", 7, 0, (struct sockaddr *)&to, sizeof to) == 7;
    else if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        reached = 1;
    else
        reached = poll(&(struct pollfd){fd, POLLOUT, 0}, 1, 0) == 0;
    (void)close(fd);
    return reached;
}

int main(void)
{
    static const char *const hosts[] = {
        "192.0.2.1",  "1.1.1.1",     "8.8.8.8",     "169.254.169.254", "10.0.0.1",
        "172.17.0.1", "192.168.1.1", "224.0.0.251", "255.255.255.255", "@HOST@"};

    for (int i = 0; i < 10; i++) {
        attempt(1 + i, reaches(SOCK_STREAM, hosts[i], 53));
        attempt(1 + i, reaches(SOCK_STREAM, hosts[i], @PORT@));
        attempt(11 + i, reaches(SOCK_DGRAM, hosts[i], 53));
        attempt(11 + i, reaches(SOCK_DGRAM, hosts[i], @PORT@));
    }
    return status;
}
