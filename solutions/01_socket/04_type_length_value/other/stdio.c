/*
 * fdopen() turns the socket into a FILE: fread() collects the pieces, and loops by itself. Answers
 * go by send(), around the FILE, so that nothing has to change between reading and writing.
 */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD = 6, SUM = 2, LIMIT = 10000 };

static bool complain(const char *why)
{
    fprintf(stderr, "type_length_value: %s\n", why);
    return false;
}

static size_t read_all(FILE *in, unsigned char *bytes, size_t size)
{
    size_t have = 0;

    while (have < size) {
        errno = 0;
        have += fread(bytes + have, 1, size - have, in);
        if (have < size && ferror(in) && errno == EINTR)
            clearerr(in);
        else if (have < size)
            break;
    }
    return have;
}

static unsigned long number_at(const unsigned char *bytes, size_t count)
{
    return count == 0 ? 0 : number_at(bytes, count - 1) << 8 | bytes[count - 1];
}

static unsigned long sum_of(const unsigned char *bytes, size_t count)
{
    unsigned long sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += bytes[i];
    return sum % 65536;
}

static bool pong(int fd, unsigned char *bytes, size_t length)
{
    bytes[1] = 4;
    unsigned long sum = sum_of(bytes, HEAD + length);
    bytes[HEAD + length] = (unsigned char)(sum / 256);
    bytes[HEAD + length + 1] = (unsigned char)(sum % 256);
    length += HEAD + SUM;
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n == -1 && errno != EINTR)
            return complain(strerror(errno));
        bytes += n == -1 ? 0 : n;
        length -= n == -1 ? 0 : (size_t)n;
    }
    return true;
}

/* Returns true when the station has finished; *odd when a number was none. */
static bool converse(FILE *in, bool *odd)
{
    unsigned char bytes[HEAD + LIMIT + SUM];
    int messages = 0, skipped = 0;
    size_t have;

    while ((have = read_all(in, bytes, HEAD)) == HEAD) {
        size_t length = number_at(bytes + 2, 4);
        unsigned long type = number_at(bytes, 2);
        if (length > LIMIT)
            return complain("too long");
        if (read_all(in, bytes + HEAD, length + SUM) != length + SUM)
            return complain("broken off");
        if (sum_of(bytes, HEAD + length) != number_at(bytes + HEAD + length, SUM))
            return complain("wrong sum");
        messages++;
        if (type == 1)
            printf("text \""), (void)fwrite(bytes + HEAD, 1, length, stdout), printf("\"\n");
        else if (type == 2 && length == 8)
            printf("number %ld\n", (long)number_at(bytes + HEAD, 8));
        else if (type == 3 && !pong(fileno(in), bytes, length))
            return false;
        else if (type != 3)
            skipped++;
        if (type == 2 && length != 8)
            *odd = !complain("an odd number");
    }
    if (have > 0 || ferror(in))
        return complain("broken off");
    printf("%d messages, %d skipped\n", messages, skipped);
    return true;
}

int main(int argc, char **argv)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    bool odd = false;
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
    FILE *in = fd == -1 ? NULL : fdopen(fd, "r");
    if (in == NULL)
        return 1;
    bool finished = converse(in, &odd);
    (void)fclose(in); /* it was only read */
    if (fflush(stdout) == EOF)
        return complain("standard output"), 1;
    return finished && !odd ? 0 : 1;
}
