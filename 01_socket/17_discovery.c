/*
 * 1.17  Discovery
 *
 * Finds services whose address nobody knows, by asking everybody: multicast or broadcast.
 *
 * Python:  setsockopt() with IP_ADD_MEMBERSHIP, IP_MULTICAST_IF or SO_BROADCAST; sendto()
 * Usage:   17_discovery offer INTERFACE ADDRESS PORT SERVICE SERVICE_PORT NAME
 *          17_discovery find INTERFACE ADDRESS PORT SERVICE MILLISECONDS [COUNT]
 * See:     ip(7), udp(7), SO_BINDTODEVICE and SO_BROADCAST in socket(7), if_nametoindex(3),
 *          netdevice(7); RFC 1112, RFC 919, RFC 2365
 * Leaves out: IPv6, of which the lesson tells; an answer that waits a moment by chance, so that a
 *          thousand machines do not all answer at once; setting IP_MULTICAST_TTL and
 *          IP_MULTICAST_LOOP to what they are.
 */
#define _GNU_SOURCE /* struct ip_mreqn, struct ifreq */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/address.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

enum { WORD = 32, DATAGRAM = 128, FOUND_MOST = 64 };

/* Where questions go: a group or a broadcast address, through one interface. */
struct place {
    struct sockaddr_in address;
    const char *interface;
    bool group;
};

static char found[FOUND_MOST][DATAGRAM]; /* what was printed */
static long count;

/* [device] A socket to which nothing comes but through the interface. */
static int open_on(const char *interface)
{
    const socklen_t length = (socklen_t)strlen(interface) + 1;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, length) == -1)
        die_errno("%s", interface);
    return fd;
}
/* [/device] */

/* [group] Names the group, and the interface by its number and address: to join, or to ask. */
static void set_group(int fd, const struct place *place, int option)
{
    struct ip_mreqn group = {.imr_multiaddr = place->address.sin_addr,
                             .imr_ifindex = (int)if_nametoindex(place->interface)};
    struct ifreq request = {.ifr_addr.sa_family = AF_INET};
    struct sockaddr_in own;

    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", place->interface);
    if (ioctl(fd, SIOCGIFADDR, &request) == -1)
        die_errno("the address of %s", place->interface);
    memcpy(&own, &request.ifr_addr, sizeof own);
    group.imr_address = own.sin_addr;
    if (setsockopt(fd, IPPROTO_IP, option, &group, sizeof group) == -1)
        die_errno("the group");
}
/* [/group] */

/* [offer] Opens a socket that hears what is sent to the place; others may have such a one too. */
static int open_offering(const struct place *place)
{
    const struct sockaddr_in *to = &place->address;
    const int on = 1;
    int fd = open_on(place->interface);

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        bind(fd, (const void *)to, sizeof *to) == -1)
        die_errno("bind");
    if (place->group)
        set_group(fd, place, IP_ADD_MEMBERSHIP);
    return fd;
}
/* [/offer] */

/* [find] Opens a socket that may send to the place. */
static int open_finding(const struct place *place)
{
    const int on = 1;
    int fd = open_on(place->interface);

    if (place->group)
        set_group(fd, place, IP_MULTICAST_IF);
    else if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == -1)
        die_errno("SO_BROADCAST");
    return fd;
}
/* [/find] */

/* Takes a datagram as a string. False if there is none, or it is not a line of text. */
static bool receive(int fd, char text[DATAGRAM], struct sockaddr_in *from)
{
    socklen_t length = sizeof *from;
    ssize_t n = recvfrom(fd, text, DATAGRAM, MSG_TRUNC, (void *)from, &length), good = 0;

    if (n < 0 || n >= DATAGRAM)
        return false;
    text[n] = '\0';
    while (isprint((unsigned char)text[good]))
        good++;
    return good == n;
}

/* [answer] Answers questions for the service until told to stop. */
static void offer(const struct place *place, const char *service, long port, const char *name)
{
    struct error error;
    struct sockaddr_in asker;
    char text[DATAGRAM], answer[DATAGRAM];
    int fd = open_offering(place);

    if (stop_hold(&error) == -1 || tcp_announce(fd, &error) == -1) /* UDP's address will do, too */
        die("%s", error.text);
    while (stop_wait(fd, POLLIN, -1) != -1) {
        if (!receive(fd, text, &asker) || strncmp(text, "find ", 5) != 0 ||
            strspn(text + 5, "0123456789abcdef") != 16 || text[21] != ' ' ||
            strcmp(text + 22, service) != 0)
            continue; /* not for us */
        int n =
            snprintf(answer, sizeof answer, "here %.16s %s %ld %s", text + 5, service, port, name);
        if (sendto(fd, answer, (size_t)n, 0, (void *)&asker, sizeof asker) == -1)
            report_errno("cannot answer"); /* the asker asks again */
    }
    (void)close(fd);
}
/* [/answer] */

/* [take] Prints whom an answer names, by "PORT NAME", unless it was printed before. */
static void take(const char *answer, struct sockaddr_in from)
{
    char port[6], space, address[ADDRESS_TEXT], line[DATAGRAM];
    long number;

    if (sscanf(answer, "%5[0-9]%c", port, &space) != 2 || space != ' ' ||
        !number_parse(port, 1, UINT16_MAX, &number))
        return;
    from.sin_port = htons((uint16_t)number);
    (void)snprintf(line, sizeof line, "%s%s", address_format((void *)&from, sizeof from, address),
                   answer + strlen(port));
    for (long i = 0; i < count; i++)
        if (strcmp(found[i], line) == 0)
            return;
    memcpy(found[count++], line, sizeof line);
    puts(line);
}
/* [/take] */

static long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

/* [ask] Asks, and asks again, until the time is up or most have answered. */
static void find(const struct place *place, const char *service, long limit, long most)
{
    char question[DATAGRAM], wanted[DATAGRAM], text[DATAGRAM];
    struct sockaddr_in from;
    uint64_t id;
    int fd = open_finding(place);

    if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
        die_errno("getrandom");
    int length = snprintf(question, sizeof question, "find %016" PRIx64 " %s", id, service);
    int head = snprintf(wanted, sizeof wanted, "here %016" PRIx64 " %s ", id, service);
    long now = now_ms(), end = now + limit, ask = now, pause = limit / 8 + 1;
    for (; count < most && now < end; now = now_ms()) {
        if (now >= ask) { /* one datagram may be lost; three hardly are */
            if (sendto(fd, question, (size_t)length, 0, (const void *)&place->address,
                       sizeof place->address) == -1)
                die_errno("cannot ask");
            ask = now + pause;
            pause *= 2;
        }
        (void)stop_wait(fd, POLLIN, (int)((ask < end ? ask : end) - now)); /* receive() will see */
        if (receive(fd, text, &from) && strncmp(text, wanted, (size_t)head) == 0)
            take(text + head, from);
    }
    (void)close(fd);
    if (count == 0)
        die("nobody offers %s", service);
}
/* [/ask] */

static bool is_word(const char *text)
{
    size_t length = 0;

    while (isgraph((unsigned char)text[length]))
        length++;
    return length > 0 && length <= WORD && text[length] == '\0';
}

int main(int argc, char **argv)
{
    const bool offers = argc == 8 && strcmp(argv[1], "offer") == 0;
    const bool finds = (argc == 7 || argc == 8) && strcmp(argv[1], "find") == 0;
    struct place place = {.address.sin_family = AF_INET};
    long port, number, most = FOUND_MOST;

    if ((!offers && !finds) || strlen(argv[2]) >= IFNAMSIZ ||
        inet_pton(AF_INET, argv[3], &place.address.sin_addr) != 1 ||
        !number_parse(argv[4], 1, UINT16_MAX, &port) || !is_word(argv[5]) ||
        !number_parse(argv[6], 1, offers ? UINT16_MAX : 60000, &number) ||
        (offers && !is_word(argv[7])) ||
        (finds && argc == 8 && !number_parse(argv[7], 1, FOUND_MOST, &most)))
        die_usage("offer INTERFACE ADDRESS PORT SERVICE SERVICE_PORT NAME\n"
                  "       17_discovery find INTERFACE ADDRESS PORT SERVICE MILLISECONDS [COUNT]");
    place.address.sin_port = htons((uint16_t)port);
    place.interface = argv[2];
    place.group = IN_MULTICAST(ntohl(place.address.sin_addr.s_addr));
    if (offers)
        offer(&place, argv[5], number, argv[7]);
    else
        find(&place, argv[5], number, most);
    finish(EXIT_SUCCESS);
}
