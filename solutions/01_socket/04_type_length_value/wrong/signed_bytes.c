/* fails: messages byte-by-byte several-together many-messages empty-values unknown numbers odd-numbers binary high-bytes lengths bad-sum bad-sum-skipped too-long four-gib end-in-message ping pings-together large-ping gone-before-answer eintr short-reads every-address reset ipv6 clean */
/*
 * char is signed on this machine. A byte of 200 counts as -56 in the sum, which is then another
 * one than the station's; a sum of letters comes out right.
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
enum { TEXT = 1, NUMBER = 2, PING = 3, PONG = 4 };
enum found { NOT_YET, COMPLETE, REFUSED };

struct station {
    int fd;
    unsigned char bytes[HEAD + LIMIT + SUM];
    size_t length;
    int messages, skipped;
    bool odd; /* a number was none */
};

static void complain(const char *what, const char *why)
{
    fprintf(stderr, "type_length_value: %s: %s\n", what, why);
}

/* Connects to the first address that takes us. Returns a socket, or -1 after saying why. */
static int connect_any(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    int fd = -1, rc = getaddrinfo(host, port, &hints, &list);

    if (rc != 0) {
        complain(host, gai_strerror(rc));
        return -1;
    }
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        complain(host, strerror(errno));
        if (fd != -1)
            (void)close(fd); /* it was never connected */
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

static bool send_all(int fd, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n == -1 && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The number of count bytes, most significant first. */
static uint64_t number_at(const unsigned char *bytes, size_t count)
{
    uint64_t number = 0;

    for (size_t i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

static unsigned sum_of(const unsigned char *bytes, size_t length)
{
    unsigned sum = 0;

    for (size_t i = 0; i < length; i++)
        sum += (unsigned)(signed char)bytes[i];
    return sum & 0xffff;
}

/* Looks at the length as soon as it is there, and before anything is computed from it. */
static enum found find_message(const struct station *s, size_t *length)
{
    if (s->length < HEAD)
        return NOT_YET;
    *length = (size_t)number_at(s->bytes + 2, 4);
    if (*length > LIMIT) {
        complain("refused", "a value is longer than 10,000 bytes");
        return REFUSED;
    }
    if (s->length < HEAD + *length + SUM)
        return NOT_YET;
    if (sum_of(s->bytes, HEAD + *length) != number_at(s->bytes + HEAD + *length, SUM)) {
        complain("refused", "the sum of a message is wrong");
        return REFUSED;
    }
    return COMPLETE;
}

/* The answer has the ping's bytes but for its type, and so another sum. */
static bool answer(struct station *s, size_t length)
{
    unsigned char *sum = s->bytes + HEAD + length;

    s->bytes[1] = PONG;
    unsigned now = sum_of(s->bytes, HEAD + length);
    sum[0] = (unsigned char)(now >> 8);
    sum[1] = (unsigned char)now;
    if (send_all(s->fd, s->bytes, HEAD + length + SUM))
        return true;
    complain("sending", strerror(errno));
    return false;
}

/* Deals with the message at the beginning. Returns false when it could not be answered. */
static bool take_message(struct station *s, size_t length)
{
    const unsigned char *value = s->bytes + HEAD;
    unsigned type = (unsigned)number_at(s->bytes, 2);

    s->messages++;
    if (type == TEXT) {
        printf("text \"");
        (void)fwrite(value, 1, length, stdout); /* main looks at stdout in the end */
        printf("\"\n");
    } else if (type == NUMBER && length == 8) {
        printf("number %" PRId64 "\n", (int64_t)number_at(value, 8));
    } else if (type == PING) {
        return answer(s, length);
    } else {
        s->skipped++;
        if (type == NUMBER) {
            complain("skipped", "a number that has not 8 bytes");
            s->odd = true;
        }
    }
    return true;
}

/* Takes all that are complete. Returns false when the conversation is over. */
static bool take_messages(struct station *s)
{
    enum found found;
    size_t length;

    while ((found = find_message(s, &length)) == COMPLETE) {
        if (!take_message(s, length))
            return false;
        s->length -= HEAD + length + SUM;
        memmove(s->bytes, s->bytes + HEAD + length + SUM, s->length);
    }
    return found == NOT_YET;
}

/* Returns whether the station came to an end in order. */
static bool listen_to(struct station *s)
{
    for (;;) {
        ssize_t n = recv(s->fd, s->bytes + s->length, sizeof s->bytes - s->length, 0);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            complain("receiving", strerror(errno));
        if (n == 0 && s->length > 0)
            complain("broken off", "the end came in the middle of a message");
        if (n <= 0)
            return n == 0 && s->length == 0;
        s->length += (size_t)n;
        if (!take_messages(s))
            return false;
    }
}

int main(int argc, char **argv)
{
    struct station station = {.fd = -1};
    char *end = NULL;
    long port = argc == 3 ? strtol(argv[2], &end, 10) : 0;

    if (port < 1 || port > UINT16_MAX || *end != '\0') {
        fprintf(stderr, "usage: type_length_value HOST PORT\n");
        return 2;
    }
    station.fd = connect_any(argv[1], argv[2]);
    if (station.fd == -1)
        return 1;
    bool right = listen_to(&station);
    (void)close(station.fd); /* nothing is owed any more */
    if (right)
        printf("%d messages, %d skipped\n", station.messages, station.skipped);
    if (fflush(stdout) == EOF || ferror(stdout)) {
        complain("standard output", strerror(errno));
        right = false;
    }
    return right && !station.odd ? 0 : 1;
}
