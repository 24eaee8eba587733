/*
 * Asks a UDP echo server for each line of its arguments, in order, and prints the answers: each is
 * numbered, tried again after 50 ms, and taken once. datagrams PORT WORD...
 *
 * With "-" for a port it sends all words at once to itself and prints them as they arrive.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* The answer to number, or an empty text after the time-out. */
static void await(int fd, int number, char *answer, size_t room)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char data[256];

    answer[0] = '\0';
    while (answer[0] == '\0' && poll(&p, 1, 50) != 0) {
        ssize_t got = recv(fd, data, sizeof data - 1, MSG_DONTWAIT);
        if (got == -1)
            continue; /* interrupted, or nothing after all: wait again */
        data[got] = '\0';
        char *word;
        if (strtol(data, &word, 10) == number) /* others are late doubles */
            (void)snprintf(answer, room, "%s", word);
    }
}

static void ask(int fd, int number, const char *word)
{
    char question[256], answer[256] = "";
    int length = snprintf(question, sizeof question, "%d %s", number, word);

    for (int tries = 0; tries < 20 && answer[0] == '\0'; tries++) {
        if (send(fd, question, (size_t)length, 0) == -1 && errno != EINTR && errno != EAGAIN)
            fail("send");
        await(fd, number, answer, sizeof answer);
    }
    printf("%s\n", answer);
}

static void send_to_self(int fd, char **words)
{
    struct sockaddr_in self = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof self;
    char data[256];
    ssize_t got;

    if (bind(fd, (struct sockaddr *)&self, sizeof self) == -1 ||
        getsockname(fd, (struct sockaddr *)&self, &length) == -1)
        fail("bind");
    for (; *words != NULL; words++)
        if (sendto(fd, *words, strlen(*words), 0, (struct sockaddr *)&self, length) == -1)
            fail("sendto");
    while ((got = recv(fd, data, sizeof data, MSG_DONTWAIT)) != -1)
        printf("%.*s\n", (int)got, data);
}

int main(int argc, char **argv)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (argc < 2 || fd == -1)
        return 2;
    if (strcmp(argv[1], "-") == 0) {
        send_to_self(fd, argv + 2);
    } else {
        struct sockaddr_in server = {.sin_family = AF_INET,
                                     .sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10)),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        if (connect(fd, (struct sockaddr *)&server, sizeof server) == -1)
            fail("connect");
        for (int i = 2; i < argc; i++)
            ask(fd, i, argv[i]);
    }
    return fflush(stdout) == EOF || close(fd) == -1;
}
