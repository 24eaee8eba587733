/* fails: eintr */
/*
 * Takes MSG_WAITALL for a promise: it calls again after EINTR, but fewer bytes than it asked for,
 * with which a signal may end the call as well, are the end of the stream to it.
 */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEAD = 6, SUM = 2, LIMIT = 10000 };
enum result { ALL, NOTHING, PART, FAILED };

static bool complain(const char *why)
{
    fprintf(stderr, "type_length_value: %s\n", why);
    return false;
}

static enum result read_exactly(int fd, unsigned char *bytes, size_t size)
{
    ssize_t n;

    do
        n = recv(fd, bytes, size, MSG_WAITALL);
    while (n == -1 && errno == EINTR);
    if (n == -1)
        return FAILED;
    if (n == 0)
        return NOTHING;
    return n == (ssize_t)size ? ALL : PART;
}

static uint64_t number_at(const unsigned char *bytes, int count)
{
    uint64_t n = 0;

    while (count-- > 0)
        n = n << 8 | *bytes++;
    return n;
}

static uint16_t sum_of(const unsigned char *bytes, size_t length)
{
    uint16_t sum = 0;

    while (length-- > 0)
        sum = (uint16_t)(sum + *bytes++);
    return sum;
}

/* Head, value and sum are three parts of one message. */
static bool send_pong(int fd, unsigned char *head, unsigned char *value, size_t length)
{
    unsigned char sum[SUM];
    struct iovec parts[] = {{head, HEAD}, {value, length}, {sum, SUM}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};

    head[1] = 4;
    uint16_t whole = (uint16_t)(sum_of(head, HEAD) + sum_of(value, length));
    sum[0] = (unsigned char)(whole >> 8);
    sum[1] = (unsigned char)whole;
    while (message.msg_iovlen > 0) {
        ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return complain(strerror(errno));
        size_t sent = (size_t)n;
        for (; message.msg_iovlen > 0 && sent >= message.msg_iov->iov_len; message.msg_iovlen--)
            sent -= message.msg_iov++->iov_len;
        if (message.msg_iovlen > 0) {
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + sent;
            message.msg_iov->iov_len -= sent;
        }
    }
    return true;
}

struct count {
    int messages, skipped, odd;
};

static bool take(int fd, unsigned char *head, unsigned char *value, size_t length,
                 struct count *count)
{
    uint64_t type = number_at(head, 2);

    count->messages++;
    if (type == 1) {
        (void)fputs("text \"", stdout);
        (void)fwrite(value, 1, length, stdout); /* main looks at stdout */
        puts("\"");
    } else if (type == 2 && length == 8) {
        printf("number %" PRId64 "\n", (int64_t)number_at(value, 8));
    } else if (type == 3) {
        return send_pong(fd, head, value, length);
    } else {
        count->skipped++;
        if (type == 2) {
            count->odd++;
            (void)complain("a number of a wrong length");
        }
    }
    return true;
}

static bool converse(int fd, struct count *count)
{
    unsigned char head[HEAD], rest[LIMIT + SUM];

    for (;;) {
        enum result got = read_exactly(fd, head, HEAD);
        if (got == NOTHING)
            return true;
        if (got == FAILED)
            return complain(strerror(errno));
        size_t length = got == ALL ? number_at(head + 2, 4) : 0;
        if (got != ALL)
            return complain("the end in a head");
        if (length > LIMIT)
            return complain("too long");
        if (read_exactly(fd, rest, length + SUM) != ALL)
            return complain("the end in a message");
        if ((uint16_t)(sum_of(head, HEAD) + sum_of(rest, length)) != number_at(rest + length, SUM))
            return complain("wrong sum");
        if (!take(fd, head, rest, length, count))
            return false;
    }
}

int main(int argc, char **argv)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    struct count count = {0};
    char *end;
    int fd = -1;

    if (argc != 3 || strtoul(argv[2], &end, 10) - 1 >= 65535 || *end != '\0') {
        fprintf(stderr, "usage: type_length_value HOST PORT\n");
        return 2;
    }
    int rc = getaddrinfo(argv[1], argv[2], &hints, &list);
    if (rc != 0)
        return complain(gai_strerror(rc)), 1;
    for (struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == -1) {
            (void)complain(strerror(errno));
            (void)close(fd); /* nothing is owed */
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd == -1)
        return 1;
    bool finished = converse(fd, &count);
    (void)close(fd); /* nothing is owed */
    if (finished)
        printf("%d messages, %d skipped\n", count.messages, count.skipped);
    if (fflush(stdout) == EOF)
        return complain("standard output"), 1;
    return finished && count.odd == 0 ? 0 : 1;
}
