/*
 * 1.02  Resolve
 *
 * Turns names into addresses and back, and shows the bytes of which an address is made.
 *
 * Python:  socket.getaddrinfo(), getnameinfo(), gaierror, inet_pton(), htons(), if_nameindex()
 * Usage:   02_resolve [HOST SERVICE]
 * See:     getaddrinfo(3), getnameinfo(3), inet_pton(3), byteorder(3), if_nameindex(3), ip(7),
 *          ipv6(7); RFC 6724 (the order of addresses)
 * Leaves out: many look-ups at once, and a time limit for one: getaddrinfo() waits (lesson 5.08).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.h"

/* [machine] Prints this machine's own name and its interfaces. */
static void print_machine(void)
{
    char name[256];
    struct if_nameindex *list = if_nameindex();

    if (list == NULL || gethostname(name, sizeof name) == -1)
        die_errno("cannot look at this machine");
    name[sizeof name - 1] = '\0'; /* a name that was cut need not be ended: gethostname(2) */
    printf("host name %s\n", name);
    for (const struct if_nameindex *i = list; i->if_index != 0; i++)
        printf("interface %u is %s\n", i->if_index, i->if_name);
    if_freenameindex(list);
}
/* [/machine] */

/* [error] The name of an error of getaddrinfo(), which has numbers of its own. */
static const char *gai_name(int rc)
{
    switch (rc) {
    case EAI_AGAIN:
        return "EAI_AGAIN"; /* temporary: no name server answered */
    case EAI_NONAME:
        return "EAI_NONAME"; /* final: there is no such host */
    case EAI_SERVICE:
        return "EAI_SERVICE"; /* final: there is no such service */
    case EAI_SYSTEM:
        return errno_name(errno);
    default:
        return "EAI_…";
    }
}
/* [/error] */

static void print_bytes(const char *label, const void *data, size_t n)
{
    const unsigned char *bytes = data;

    printf("%s", label);
    for (size_t i = 0; i < n; i++)
        printf(" %02x", bytes[i]);
}

/* [address] Prints one address: its text, the bytes that go over the wire, the name it has. */
static void print_address(const struct addrinfo *a)
{
    const struct sockaddr_in *in4 = (const void *)a->ai_addr;
    const struct sockaddr_in6 *in6 = (const void *)a->ai_addr;
    const void *address = a->ai_family == AF_INET6 ? (const void *)&in6->sin6_addr : &in4->sin_addr;
    in_port_t port = a->ai_family == AF_INET6 ? in6->sin6_port : in4->sin_port;
    char text[INET6_ADDRSTRLEN], host[1025], service[32]; /* sizes from getnameinfo(3) */

    if (inet_ntop(a->ai_family, address, text, sizeof text) == NULL)
        die_errno("inet_ntop");
    printf("[%s]:%u, %s\n", text, ntohs(port), a->ai_family == AF_INET6 ? "IPv6" : "IPv4");
    print_bytes("  address", address, a->ai_family == AF_INET6 ? 16 : 4);
    print_bytes("\n  port   ", &port, sizeof port);
    int rc = getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, service, sizeof service, 0);
    if (rc != 0)
        printf("\n  name    %s\n", gai_name(rc));
    else
        printf("\n  name    %s, %s\n", host, service);
}
/* [/address] */

int main(int argc, char **argv)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM}; /* without: three lines for each */
    struct addrinfo *list;
    unsigned char plain[16];

    if (argc == 1) {
        print_machine();
        finish(EXIT_SUCCESS);
    }
    if (argc != 3)
        die_usage("[HOST SERVICE]");
    if (inet_pton(AF_INET, argv[1], plain) != 1 && inet_pton(AF_INET6, argv[1], plain) != 1)
        printf("%s is no plain address: getaddrinfo() has to find out\n", argv[1]);
    int rc = getaddrinfo(argv[1], argv[2], &hints, &list);
    if (rc != 0)
        die("%s, %s: %s (%s)", argv[1], argv[2], gai_name(rc), gai_strerror(rc));
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        print_address(a);
    freeaddrinfo(list);
    finish(EXIT_SUCCESS);
}
