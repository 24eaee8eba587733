/* fails: long-lines */
/* A line of nothing but blanks is skipped, however long it is. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { LINE_MOST = 512, TEXT = INET6_ADDRSTRLEN + 9 }; /* "[" "]:65535" and the NUL */
static const char BLANKS[] = " \t\r";

struct book {
    char (*printed)[TEXT];
    size_t count, room;
    unsigned long line;
    bool failed;
};

static void complain(struct book *book, const char *what, const char *why)
{
    fprintf(stderr, "address_book: line %lu: %s%s%s\n", book->line, what, *what ? ": " : "", why);
    book->failed = true;
}

/* Reads a line without its end; length counts on where text has no room. False at the end. */
static bool read_line(char text[LINE_MOST + 1], size_t *length)
{
    bool blank = true;
    int c;

    *length = 0;
    while ((c = getc(stdin)) != EOF && c != '\n') {
        blank = blank && strchr(BLANKS, c) != NULL;
        if (*length < LINE_MOST)
            text[*length] = (char)c;
        (*length)++;
    }
    text[*length < LINE_MOST ? *length : LINE_MOST] = '\0';
    if (blank && c != EOF)
        *length = strlen(text) < *length ? strlen(text) : *length;
    return c != EOF || *length > 0;
}

/* A number from 1 to 65535, or no number at all, which may then be a name. */
static bool is_service(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    unsigned long number = strtoul(text, NULL, 10); /* too large a number gives ULONG_MAX */

    if (text[digits] == '\0')
        return number >= 1 && number <= UINT16_MAX;
    return !isdigit((unsigned char)*text) && *text != '-' && *text != '+';
}

static void print_once(struct book *book, const char *text)
{
    for (size_t i = 0; i < book->count; i++)
        if (strcmp(book->printed[i], text) == 0)
            return;
    if (book->count == book->room) {
        size_t room = book->room > 0 ? book->room * 2 : 64;
        void *more = realloc(book->printed, room * sizeof *book->printed);
        if (more == NULL) {
            complain(book, text, "not enough memory");
            return;
        }
        book->printed = more;
        book->room = room;
    }
    memcpy(book->printed[book->count++], text, TEXT);
    puts(text);
}

static void print_address(struct book *book, const struct addrinfo *a)
{
    const struct sockaddr_in *in4 = (const void *)a->ai_addr;
    const struct sockaddr_in6 *in6 = (const void *)a->ai_addr;
    char host[INET6_ADDRSTRLEN], text[TEXT];
    in_port_t port = in4->sin_port;
    const char *done;

    if (a->ai_family == AF_INET6) {
        port = in6->sin6_port;
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) /* the last 4 of its 16 bytes */
            done = inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, sizeof host);
        else
            done = inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
    } else {
        done = inet_ntop(AF_INET, &in4->sin_addr, host, sizeof host);
    }
    if (done == NULL)
        return;                                                      /* no family of ours */
    (void)snprintf(text, sizeof text, "[%s]:%u", host, ntohs(port)); /* there is room for all */
    print_once(book, text);
}

static void look_up(struct book *book, const char *host, const char *service)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;

    if (!is_service(service)) {
        complain(book, service, "no port from 1 to 65535");
        return;
    }
    int rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0) {
        complain(book, rc == EAI_SERVICE ? service : host, gai_strerror(rc));
        return;
    }
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        print_address(book, a);
    freeaddrinfo(list);
}

static void take_line(struct book *book, char *text, size_t length)
{
    char *rest, *host, *service;

    if (length > LINE_MOST) {
        complain(book, "", "longer than 512 bytes");
    } else if (strlen(text) != length) {
        complain(book, "", "a NUL byte");
    } else if ((host = strtok_r(text, BLANKS, &rest)) != NULL) {
        service = strtok_r(NULL, BLANKS, &rest);
        if (service == NULL || strtok_r(NULL, BLANKS, &rest) != NULL)
            complain(book, "", "not a host and a service");
        else
            look_up(book, host, service);
    }
}

int main(int argc, char **argv)
{
    struct book book = {0};
    char text[LINE_MOST + 1];
    size_t length;

    if (argc != 1) {
        fprintf(stderr, "usage: %s <BOOK\n", argv[0]);
        return 2;
    }
    while (read_line(text, &length)) {
        book.line++;
        take_line(&book, text, length);
    }
    if (ferror(stdin)) {
        perror("address_book: standard input");
        book.failed = true;
    }
    if (fflush(stdout) == EOF || ferror(stdout)) {
        perror("address_book: standard output");
        book.failed = true;
    }
    free(book.printed);
    return book.failed ? 1 : 0;
}
