/* fails: messages split-everywhere byte-by-byte several-together many-messages empty-values unknown numbers odd-numbers binary high-bytes lengths bad-sum bad-sum-skipped too-long four-gib end-in-message nothing reset ping pings-together large-ping gone-before-answer eintr short-reads every-address ipv6 clean */
/*
 * Program 1.05 with the arguments of the exercise: its server's half at the end of a connection
 * that it makes itself. It knows messages behind their length; here there is a type before it, and
 * a sum behind.
 */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LIMIT = 10000, HEAD = 4, RING = 16384 };

/* The bytes that came and are no message yet. They lie in a ring: the end goes on at the front. */
struct stream {
    int fd;
    bool lines; /* messages end in \n; otherwise four bytes before each say how long it is */
    size_t start, length;
    char bytes[RING];
};

/* Adds what has come. Returns how much; 0 at the end; -1 if the station is lost. */
static ssize_t fill(struct stream *s)
{
    size_t end = (s->start + s->length) % RING, room = RING - s->length;
    size_t behind = room < RING - end ? room : RING - end;
    const struct iovec free_parts[] = {{.iov_base = s->bytes + end, .iov_len = behind},
                                       {.iov_base = s->bytes, .iov_len = room - behind}};
    ssize_t n;

    do
        n = readv(s->fd, free_parts, 2);
    while (n == -1 && errno == EINTR);
    if (n > 0)
        s->length += (size_t)n;
    return n;
}

static unsigned char byte_at(const struct stream *s, size_t i)
{
    return (unsigned char)s->bytes[(s->start + i) % RING];
}

/* Is a whole message there? Returns 1 and its size, 0 for not yet, -1 for too long. */
static int find_message(const struct stream *s, size_t *size)
{
    size_t n = 0;

    if (s->lines) {
        while (n < s->length && byte_at(s, n) != '\n')
            n++;
    } else {
        if (s->length < HEAD)
            return 0;
        for (size_t i = 0; i < HEAD; i++)
            n = n << 8 | byte_at(s, i); /* the most significant byte comes first */
    }
    *size = n;
    return n > LIMIT ? -1 : s->length >= n + (s->lines ? 1 : HEAD);
}

/* Takes a message that was found out of the ring, and prints it. */
static void print_message(struct stream *s, size_t size)
{
    printf("text \"");
    for (size_t i = 0; i < size; i++) {
        int byte = byte_at(s, i + (s->lines ? 0 : HEAD));
        (void)putchar(isprint(byte) ? byte : '?'); /* what strangers send is no text for a screen */
    }
    puts("\"");
    s->start = (s->start + size + (s->lines ? 1 : HEAD)) % RING;
    s->length -= size + (s->lines ? 1 : HEAD);
}

/* Takes messages until the station's end, or a message that it will not have. */
static bool serve(struct stream *s)
{
    size_t size = 0, count = 0;
    unsigned char first = 0;
    ssize_t n = -1;
    int found = 0;

    if (recv(s->fd, &first, 1, MSG_PEEK) == 1)
        s->lines = isprint(first) || isspace(first);
    while (found != -1 && (n = fill(s)) > 0) {
        while ((found = find_message(s, &size)) == 1) {
            print_message(s, size);
            count++;
        }
    }
    if (found == -1)
        fprintf(stderr, "type_length_value: refused: a message of %zu bytes\n", size);
    else if (n == 0)
        printf("%zu messages, %zu bytes over\n", count, s->length);
    else
        fprintf(stderr, "type_length_value: lost: %s\n", strerror(errno));
    return found != -1 && n == 0;
}

/* What core/tcp.h does for the program: an answer may not include that. */
static int tcp_connect(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int fd = -1, rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0) {
        fprintf(stderr, "type_length_value: %s: %s\n", host, gai_strerror(rc));
        return -1;
    }
    for (const struct addrinfo *a = list; a != NULL && fd == -1; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == -1) {
            fprintf(stderr, "type_length_value: %s: %s\n", host, strerror(errno));
            (void)close(fd); /* it was never connected */
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

int main(int argc, char **argv)
{
    struct stream s = {.fd = -1};
    char *end = NULL;
    long port = argc == 3 ? strtol(argv[2], &end, 10) : 0;

    if (port < 1 || port > UINT16_MAX || *end != '\0') {
        fprintf(stderr, "usage: type_length_value HOST PORT\n");
        return 2;
    }
    s.fd = tcp_connect(argv[1], argv[2]);
    if (s.fd == -1)
        return EXIT_FAILURE;
    bool right = serve(&s);
    (void)close(s.fd); /* it was only read from */
    if (fflush(stdout) == EOF || ferror(stdout)) {
        fprintf(stderr, "type_length_value: standard output: %s\n", strerror(errno));
        right = false;
    }
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
