/* Multicast on the loopback interface: one datagram for all who listen to a group. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/number.h"
#include "harness/internal.h"

struct port *port_open_group(struct session *s, const char *group)
{
    const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    struct ip_mreq member = {.imr_interface = loopback};
    struct sockaddr_storage address;
    char number[8];
    long port = 0;
    const int on = 1;

    /* The number is nobody else's, since this socket holds it; from now on it may be shared. */
    int holder = peer_bind(s, "127.0.0.1", SOCK_DGRAM, number);
    (void)number_parse(number, 1, 65535, &port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t length = peer_address(s, group, (uint16_t)port, &address);
    member.imr_multiaddr = ((struct sockaddr_in *)&address)->sin_addr;
    if (fd == -1 || setsockopt(holder, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        bind(fd, (struct sockaddr *)&address, length) == -1 ||
        setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member) == -1)
        session_fault(s, "cannot join the group %s: %s", group, strerror(errno));
    struct port *opened = port_add(s, group, fd, number);
    opened->holder = holder;
    return opened;
}

void port_leave(struct port *port)
{
    (void)close(port->fd); /* what came to it is for nobody any more */
    (void)close(port->holder);
    port->fd = port->holder = -1;
}

void port_ask(struct port *from, const struct port *group, const void *bytes, size_t length)
{
    const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};

    if (setsockopt(from->fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback) == -1)
        session_fault(from->session, "cannot send to groups: %s", strerror(errno));
    port_send(from, group->host, group->number, bytes, length);
}
