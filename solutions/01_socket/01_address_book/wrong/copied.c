/* fails: numeric normal-ipv4 normal-ipv6 mapped duplicates service-name bad-service unknown-host blanks words long-lines last-line nul input-unreadable output-full clean many */
/*
 * Program 1.02, with host and service from standard input instead of its arguments, printed in the
 * form that is asked for. It ends at the first name that it does not know.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void print_address(const struct addrinfo *a)
{
    const struct sockaddr_in *in4 = (const void *)a->ai_addr;
    const struct sockaddr_in6 *in6 = (const void *)a->ai_addr;
    const void *address = a->ai_family == AF_INET6 ? (const void *)&in6->sin6_addr : &in4->sin_addr;
    in_port_t port = a->ai_family == AF_INET6 ? in6->sin6_port : in4->sin_port;
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(a->ai_family, address, text, sizeof text) == NULL)
        exit(EXIT_FAILURE);
    printf("[%s]:%u\n", text, ntohs(port));
}

int main(void)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    char host[1025], service[32];

    if (scanf("%1024s %31s", host, service) != 2) {
        fprintf(stderr, "usage: address_book <BOOK\n");
        return 2;
    }
    int rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0) {
        fprintf(stderr, "address_book: %s, %s: %s\n", host, service, gai_strerror(rc));
        return 1;
    }
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        print_address(a);
    freeaddrinfo(list);
    return EXIT_SUCCESS;
}
