/*
 * Takes the bytes one by one: a machine with one state for each field. The sum grows as they come,
 * and the value of a message that is skipped is stored nowhere.
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

enum { LIMIT = 10000 };
enum field { TYPE, LENGTH, VALUE, SUM };
static const size_t FIELD_SIZE[] = {[TYPE] = 2, [LENGTH] = 4, [SUM] = 2};

struct machine {
    int fd;
    enum field field;
    size_t have; /* bytes of this field */
    uint32_t type, length, sum, told;
    unsigned char value[LIMIT];
    int messages, skipped;
    bool odd;
};

static bool complain(const char *why)
{
    fprintf(stderr, "type_length_value: %s\n", why);
    return false;
}

static bool put(struct machine *m, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(m->fd, bytes, size, MSG_NOSIGNAL);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return complain(strerror(errno));
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static bool pong(struct machine *m)
{
    const unsigned char head[] = {0,
                                  4,
                                  (unsigned char)(m->length >> 24),
                                  (unsigned char)(m->length >> 16),
                                  (unsigned char)(m->length >> 8),
                                  (unsigned char)m->length};
    uint32_t sum = m->sum + 1; /* of a 3 that has become a 4 */
    const unsigned char tail[] = {(unsigned char)(sum >> 8), (unsigned char)sum};

    return put(m, head, sizeof head) && put(m, m->value, m->length) && put(m, tail, sizeof tail);
}

static bool finish_message(struct machine *m)
{
    uint64_t number = 0;

    if ((m->sum & 0xffff) != m->told)
        return complain("a wrong sum");
    m->messages++;
    if (m->type == 3)
        return pong(m);
    if (m->type == 1) {
        printf("text \"");
        for (size_t i = 0; i < m->length; i++)
            (void)putchar(m->value[i]); /* main looks at stdout */
        printf("\"\n");
    } else if (m->type == 2 && m->length == 8) {
        for (int i = 0; i < 8; i++)
            number = number << 8 | m->value[i];
        printf("number %" PRId64 "\n", (int64_t)number);
    } else {
        m->skipped++;
        if (m->type == 2) {
            (void)complain("a number that is none");
            m->odd = true;
        }
    }
    return true;
}

/* Goes on to the next field, and over one that is empty. */
static bool next_field(struct machine *m)
{
    m->have = 0;
    if (m->field == LENGTH && m->length > LIMIT)
        return complain("a length above 10,000");
    if (m->field == SUM) {
        bool right = finish_message(m);
        m->field = TYPE;
        m->type = m->length = m->sum = m->told = 0;
        return right;
    }
    m->field++;
    if (m->field == VALUE && m->length == 0)
        m->field++;
    return true;
}

static bool take(struct machine *m, unsigned char byte)
{
    if (m->field != SUM)
        m->sum += byte;
    if (m->field == TYPE)
        m->type = m->type << 8 | byte;
    else if (m->field == LENGTH)
        m->length = m->length << 8 | byte;
    else if (m->field == VALUE && m->type <= 3)
        m->value[m->have] = byte;
    else if (m->field == SUM)
        m->told = m->told << 8 | byte;
    m->have++;
    return m->have < (m->field == VALUE ? m->length : FIELD_SIZE[m->field]) || next_field(m);
}

static bool converse(struct machine *m)
{
    unsigned char bytes[777];

    for (;;) {
        ssize_t n = read(m->fd, bytes, sizeof bytes);
        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return complain(strerror(errno));
        if (n == 0)
            return (m->field == TYPE && m->have == 0) || complain("the end in a message");
        for (ssize_t i = 0; i < n; i++)
            if (!take(m, bytes[i]))
                return false;
    }
}

int main(int argc, char **argv)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct machine m = {.fd = -1};
    struct addrinfo *list;
    char *end;

    if (argc != 3 || strtoul(argv[2], &end, 10) - 1 >= 65535 || *end != '\0') {
        fprintf(stderr, "usage: type_length_value HOST PORT\n");
        return 2;
    }
    int rc = getaddrinfo(argv[1], argv[2], &hints, &list);
    if (rc != 0)
        return complain(gai_strerror(rc)), 1;
    for (struct addrinfo *a = list; a != NULL && m.fd == -1; a = a->ai_next) {
        m.fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (m.fd != -1 && connect(m.fd, a->ai_addr, a->ai_addrlen) == -1) {
            (void)complain(strerror(errno));
            (void)close(m.fd); /* nothing is owed */
            m.fd = -1;
        }
    }
    freeaddrinfo(list);
    if (m.fd == -1)
        return 1;
    bool finished = converse(&m);
    (void)close(m.fd); /* nothing is owed */
    if (finished)
        printf("%d messages, %d skipped\n", m.messages, m.skipped);
    if (fflush(stdout) == EOF)
        return complain("standard output"), 1;
    return finished && !m.odd ? 0 : 1;
}
