#include "core/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/un.h>

static const char *format_unix(const struct sockaddr_un *address, socklen_t length, char *text)
{
    size_t head = offsetof(struct sockaddr_un, sun_path);
    int room = length > head ? (int)(length - head) : 0;

    if (room > 0 && address->sun_path[0] == '\0') /* Linux: a name in no file system */
        (void)snprintf(text, ADDRESS_TEXT, "unix:@%.*s", room - 1, address->sun_path + 1);
    else
        (void)snprintf(text, ADDRESS_TEXT, "unix:%.*s", room, address->sun_path);
    return text;
}

const char *address_format(const struct sockaddr *address, socklen_t length, char *text)
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
        (void)inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        (void)snprintf(text, ADDRESS_TEXT, "%s:%d", host, ntohs(in->sin_port));
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
            (void)inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, sizeof host);
            (void)snprintf(text, ADDRESS_TEXT, "%s:%d", host, ntohs(in6->sin6_port));
        } else {
            (void)inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
            (void)snprintf(text, ADDRESS_TEXT, "[%s]:%d", host, ntohs(in6->sin6_port));
        }
    } else if (address->sa_family == AF_UNIX) {
        return format_unix((const struct sockaddr_un *)(const void *)address, length, text);
    } else {
        (void)snprintf(text, ADDRESS_TEXT, "family %d", address->sa_family);
    }
    return text;
}

int address_port(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
    if (address->sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
    return -1;
}
