/*
 * Built the other way round: the book is read whole first, a word is a place in it and never a
 * string until it has been looked at, addresses are remembered as bytes in a tree, and
 * getnameinfo() writes them.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct place {
    unsigned char bytes[18]; /* as in IPv6, IPv4 mapped into it; then the port */
    struct place *less, *more;
};

static struct place *places;
static bool failed;

static void refuse(size_t number, const char *why)
{
    char line[200];
    int n = snprintf(line, sizeof line, "address_book: line %zu: %s\n", number, why);

    failed = true;
    if (n > 0 && write(STDERR_FILENO, line, (size_t)n) == -1)
        return; /* nobody to tell */
}

static bool is_new(const unsigned char bytes[18])
{
    struct place **at = &places;

    while (*at != NULL) {
        int order = memcmp(bytes, (*at)->bytes, 18);
        if (order == 0)
            return false;
        at = order < 0 ? &(*at)->less : &(*at)->more;
    }
    *at = calloc(1, sizeof **at);
    if (*at != NULL)
        memcpy((*at)->bytes, bytes, 18);
    return true;
}

static void forget(struct place *place)
{
    while (place != NULL) {
        struct place *more = place->more;
        forget(place->less);
        free(place);
        place = more;
    }
}

static void print_address(const struct addrinfo *a)
{
    unsigned char bytes[18] = {[10] = 0xff, 0xff};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six;
    const struct sockaddr *shown = a->ai_addr;
    socklen_t length = a->ai_addrlen;
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (a->ai_family == AF_INET) {
        memcpy(&four, a->ai_addr, sizeof four);
        memcpy(bytes + 12, &four.sin_addr, 4);
        memcpy(bytes + 16, &four.sin_port, 2);
    } else if (a->ai_family == AF_INET6) {
        memcpy(&six, a->ai_addr, sizeof six);
        memcpy(bytes, &six.sin6_addr, 16);
        memcpy(bytes + 16, &six.sin6_port, 2);
        if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
            memcpy(&four.sin_addr, bytes + 12, 4);
            four.sin_port = six.sin6_port;
            shown = (const struct sockaddr *)&four;
            length = sizeof four;
        }
    } else {
        return;
    }
    if (is_new(bytes) && getnameinfo(shown, length, host, sizeof host, port, sizeof port,
                                     NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        printf("[%s]:%s\n", host, port);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of line, from *at on: its length, 0 if there is none, and where it begins in *at.
 */
static size_t next_word(const char *line, size_t length, size_t *at)
{
    size_t end;

    while (*at < length && is_blank(line[*at]))
        ++*at;
    for (end = *at; end < length && !is_blank(line[end]); end++)
        ;
    return end - *at;
}

static const char *look_up(const char *host, const char *service)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    long port = 0;
    size_t digits = 0;

    for (; service[digits] >= '0' && service[digits] <= '9' && port <= 65535; digits++)
        port = port * 10 + service[digits] - '0';
    if (digits > 0 && (service[digits] != '\0' || port < 1 || port > 65535))
        return "that is no port";
    if (service[0] == '+' || service[0] == '-')
        return "a port has no sign";
    int rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0)
        return gai_strerror(rc);
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        print_address(a);
    freeaddrinfo(list);
    return NULL;
}

static const char *take(const char *line, size_t length)
{
    char host[513] = "", service[513] = "";
    size_t at = 0, n;

    if (length > 512)
        return "too long";
    if (memchr(line, '\0', length) != NULL)
        return "there is a NUL in it";
    if ((n = next_word(line, length, &at)) == 0)
        return NULL;
    memcpy(host, line + at, n);
    at += n;
    n = next_word(line, length, &at);
    memcpy(service, line + at, n);
    at += n;
    return n == 0 || next_word(line, length, &at) != 0 ? "two words, please"
                                                       : look_up(host, service);
}

int main(int argc, char **argv)
{
    char *book = NULL;
    size_t length = 0, room = 0, number = 1;
    ssize_t n = 1;

    (void)argv;
    if (argc > 1)
        return fputs("usage: address_book <BOOK\n", stderr) == EOF ? 1 : 2;
    while (n > 0) {
        if (length == room) {
            char *more = realloc(book, room = room * 2 + 4096);
            if (more == NULL)
                break;
            book = more;
        }
        n = read(STDIN_FILENO, book + length, room - length);
        length += n > 0 ? (size_t)n : 0;
    }
    failed = n != 0;
    if (failed)
        perror("address_book");
    for (size_t at = 0; at < length; number++) {
        const char *end = memchr(book + at, '\n', length - at);
        size_t size = end == NULL ? length - at : (size_t)(end - book) - at;
        const char *why = take(book + at, size);
        if (why != NULL)
            refuse(number, why);
        at += size + 1;
    }
    if (fclose(stdout) == EOF) {
        perror("address_book");
        failed = true;
    }
    forget(places);
    free(book);
    return failed;
}
