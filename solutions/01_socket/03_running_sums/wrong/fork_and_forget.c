/* fails: many-clients sigterm-while-serving clean */
/*
 * A process for each client, which was not asked for, and two things forgotten that come with it:
 * a child that has ended stays a zombie until somebody waits for it, and SIGTERM to the parent
 * does not reach the children.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONGEST 100

static volatile sig_atomic_t stop;

static void on_term(int number)
{
    (void)number;
    stop = 1;
}

static int make_server(int port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    int on = 1;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd == -1)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == -1 || listen(fd, 16) == -1) {
        close(fd);
        return -1;
    }
    return fd;
}

static int send_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = send(fd, text, left, MSG_NOSIGNAL);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return -1;
        text += n;
        left -= (size_t)n;
    }
    return 0;
}

static bool parse(const char *text, size_t length)
{
    size_t i = text[0] == '-' ? 1 : 0;

    if (i == length)
        return false;
    for (; i < length; i++)
        if (!isdigit((unsigned char)text[i]))
            return false;
    return true;
}

static int answer(int fd, const char *line, size_t length, long long *sum)
{
    char text[40];
    long long n;

    if (length > LONGEST)
        return send_all(fd, "error: line too long\n");
    if (!parse(line, length))
        return send_all(fd, "error: not a number\n");
    errno = 0;
    n = strtoll(line, NULL, 10);
    if (errno == ERANGE || (n > 0 && *sum > LLONG_MAX - n) || (n < 0 && *sum < LLONG_MIN - n))
        return send_all(fd, "error: overflow\n");
    *sum += n;
    snprintf(text, sizeof text, "%lld\n", *sum);
    return send_all(fd, text);
}

static void serve(int fd)
{
    char line[LONGEST + 1], block[512];
    size_t length = 0;
    long long sum = 0;

    while (!stop) {
        ssize_t n = recv(fd, block, sizeof block, 0);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        for (ssize_t i = 0; i < n; i++) {
            if (block[i] == '\n') {
                line[length < LONGEST ? length : LONGEST] = '\0';
                if (answer(fd, line, length, &sum) == -1)
                    return;
                length = 0;
            } else {
                if (length < LONGEST)
                    line[length] = block[i];
                length++;
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_term};
    struct sockaddr_in6 address;
    socklen_t size = sizeof address;
    char *end;

    if (argc != 2) {
        fprintf(stderr, "usage: running_sums PORT\n");
        return 2;
    }
    long port = strtol(argv[1], &end, 10);
    if (*end != '\0' || end == argv[1] || port < 0 || port > 65535) {
        fprintf(stderr, "running_sums: %s is no port\n", argv[1]);
        return 2;
    }
    sigaction(SIGTERM, &action, NULL);
    int listener = make_server((int)port);
    if (listener == -1) {
        perror("running_sums");
        return 1;
    }
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("listening on [::]:%d\n", ntohs(address.sin6_port));
    fflush(stdout);
    while (!stop) {
        int client = accept(listener, NULL, NULL);
        if (client == -1) {
            (void)poll(NULL, 0, 10); /* not again at once */
            continue;
        }
        if (fork() == 0) {
            close(listener);
            serve(client);
            close(client);
            exit(0);
        }
        close(client);
    }
    close(listener);
    return 0;
}
