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
 * Leaves out: IPv6, of which the lesson tells; and an answer that waits a moment by chance, so that
 *          a thousand machines do not all answer at once.
 */
#define _GNU_SOURCE /* struct ip_mreqn, struct ifreq, ppoll() */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
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

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"

enum { WORD = 32, DATAGRAM = 128, LINE = 128, FOUND_MOST = 64 };

/* Where questions go: a group or a broadcast address, through one interface. */
struct place {
    struct sockaddr_in address;
    const char *interface;
    bool group;
};

static void set_option(int fd, int level, int name, const void *value, socklen_t length,
                       const char *what)
{
    if (setsockopt(fd, level, name, value, length) == -1)
        die_errno("%s", what);
}

/* Sets an option, or ends the program with the option's name. */
#define SET(fd, level, name, value) set_option(fd, level, name, &(value), sizeof(value), #name)

/* [device] A socket to which nothing comes but through the interface. */
static int open_on(const char *interface)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd == -1)
        die_errno("socket");
    set_option(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface) + 1,
               interface);
    return fd;
}
/* [/device] */

/* [interface] The interface as multicast wants it: by its number, and with its address. */
static struct ip_mreqn group_on(int fd, const struct place *place)
{
    struct ifreq request = {.ifr_addr.sa_family = AF_INET};
    struct sockaddr_in address;
    unsigned number = if_nametoindex(place->interface);

    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", place->interface);
    if (number == 0 || ioctl(fd, SIOCGIFADDR, &request) == -1)
        die_errno("%s", place->interface);
    memcpy(&address, &request.ifr_addr, sizeof address);
    return (struct ip_mreqn){.imr_multiaddr = place->address.sin_addr,
                             .imr_address = address.sin_addr,
                             .imr_ifindex = (int)number};
}
/* [/interface] */

/* [offer] Opens a socket that hears what is sent to the place; others may have such a one too. */
static int open_offering(const struct place *place)
{
    const struct sockaddr_in *to = &place->address;
    const int on = 1;
    int fd = open_on(place->interface);

    SET(fd, SOL_SOCKET, SO_REUSEADDR, on);
    if (bind(fd, (const void *)to, sizeof *to) == -1)
        die_errno("bind");
    if (place->group) {
        struct ip_mreqn group = group_on(fd, place);
        SET(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, group);
    }
    return fd;
}
/* [/offer] */

/* [find] Opens a socket that may send to the place. */
static int open_finding(const struct place *place)
{
    const int on = 1, hops = 1;
    int fd = open_on(place->interface);

    if (place->group) {
        struct ip_mreqn group = group_on(fd, place);
        SET(fd, IPPROTO_IP, IP_MULTICAST_IF, group);
        SET(fd, IPPROTO_IP, IP_MULTICAST_TTL, hops);
        SET(fd, IPPROTO_IP, IP_MULTICAST_LOOP, on);
    } else {
        SET(fd, SOL_SOCKET, SO_BROADCAST, on);
    }
    return fd;
}
/* [/find] */

/* Takes a datagram and puts a NUL behind it. False if there is none, or it is no line of text. */
static bool receive(int fd, char text[DATAGRAM], struct sockaddr_in *from)
{
    socklen_t length = sizeof *from;
    ssize_t n = recvfrom(fd, text, DATAGRAM, MSG_DONTWAIT | MSG_TRUNC, (void *)from, &length);

    if (n < 0 || n >= DATAGRAM)
        return false;
    text[n] = '\0';
    for (ssize_t i = 0; i < n; i++)
        if (!isprint((unsigned char)text[i]))
            return false;
    return true;
}

/* [answer] Answers questions for the service until told to stop. */
static void offer(const struct place *place, const char *service, long port, const char *name)
{
    struct error error;
    struct sockaddr_in asker;
    char text[DATAGRAM], answer[DATAGRAM];
    int fd = open_offering(place);
    struct pollfd one = {.fd = fd, .events = POLLIN};

    if (stop_hold(&error) == -1)
        die("%s", error.text);
    printf("listening on [%s]:%d\n",
           inet_ntop(AF_INET, &place->address.sin_addr, text, sizeof text),
           ntohs(place->address.sin_port));
    if (fflush(stdout) == EOF)
        die_errno("standard output");
    while (!stop_asked()) {
        if (ppoll(&one, 1, NULL, stop_mask()) == -1 && errno != EINTR)
            die_errno("cannot wait");
        if (!receive(fd, text, &asker) || strncmp(text, "find ", 5) != 0 ||
            strspn(text + 5, "0123456789abcdef") != 16 || text[21] != ' ' ||
            strcmp(text + 22, service) != 0)
            continue; /* not for us */
        int n =
            snprintf(answer, sizeof answer, "here %.16s %s %ld %s", text + 5, service, port, name);
        if (sendto(fd, answer, (size_t)n, MSG_DONTWAIT, (void *)&asker, sizeof asker) == -1)
            report_errno("cannot answer"); /* the asker asks again */
    }
    (void)close(fd);
}
/* [/answer] */

/* [take] Prints whom an answer names. False if it is no answer, or one that was printed before. */
static bool take(const char *text, const char *wanted, const struct sockaddr_in *from)
{
    static char found[FOUND_MOST][LINE];
    static size_t count;
    char host[INET_ADDRSTRLEN], port[8], line[LINE];
    long number;

    if (strncmp(text, wanted, strlen(wanted)) != 0)
        return false; /* of another program, or to another question */
    text += strlen(wanted);
    size_t digits = strspn(text, "0123456789");
    (void)snprintf(port, sizeof port, "%.*s", (int)digits, text);
    if (digits > 5 || !number_parse(port, 1, UINT16_MAX, &number) || text[digits] != ' ')
        return false;
    (void)snprintf(line, sizeof line, "%s:%s%s",
                   inet_ntop(AF_INET, &from->sin_addr, host, sizeof host), port, text + digits);
    for (size_t i = 0; i < count; i++)
        if (strcmp(found[i], line) == 0)
            return false;
    if (count == FOUND_MOST)
        return false;
    memcpy(found[count++], line, sizeof line);
    puts(line);
    return true;
}
/* [/take] */

static long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

/* [ask] Asks, and asks again, until the time is up or most have answered. Returns how many did. */
static long find(const struct place *place, const char *service, long limit, long most)
{
    char question[DATAGRAM], wanted[DATAGRAM], text[DATAGRAM];
    struct sockaddr_in from;
    uint64_t id;
    long found = 0, pause = limit / 8 + 1;
    int fd = open_finding(place);

    if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
        die_errno("getrandom");
    int length = snprintf(question, sizeof question, "find %016" PRIx64 " %s", id, service);
    (void)snprintf(wanted, sizeof wanted, "here %016" PRIx64 " %s ", id, service);
    long now = now_ms(), end = now + limit, ask = now;
    for (; found < most && now < end; now = now_ms()) {
        if (now >= ask) { /* one datagram may be lost; three hardly are */
            if (sendto(fd, question, (size_t)length, 0, (const void *)&place->address,
                       sizeof place->address) == -1)
                die_errno("cannot ask");
            ask = now + pause;
            pause *= 2;
        }
        struct pollfd one = {.fd = fd, .events = POLLIN};
        long until = ask < end ? ask : end;
        if (poll(&one, 1, (int)(until - now)) == -1 && errno != EINTR)
            die_errno("cannot wait");
        if (one.revents != 0 && receive(fd, text, &from) && take(text, wanted, &from))
            found++;
    }
    (void)close(fd);
    return found;
}
/* [/ask] */

static bool is_word(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++)
        if (!isgraph((unsigned char)text[i]))
            return false;
    return length > 0 && length <= WORD;
}

int main(int argc, char **argv)
{
    struct place place = {.address.sin_family = AF_INET};
    const bool offers = argc == 8 && strcmp(argv[1], "offer") == 0;
    long port, number, most = FOUND_MOST;

    if ((!offers && ((argc != 7 && argc != 8) || strcmp(argv[1], "find") != 0)) ||
        strlen(argv[2]) >= IFNAMSIZ || inet_pton(AF_INET, argv[3], &place.address.sin_addr) != 1 ||
        !number_parse(argv[4], 1, UINT16_MAX, &port) || !is_word(argv[5]) ||
        !number_parse(argv[6], 1, offers ? UINT16_MAX : 60000, &number) ||
        (offers ? !is_word(argv[7]) : argc == 8 && !number_parse(argv[7], 1, FOUND_MOST, &most)))
        die_usage("offer INTERFACE ADDRESS PORT SERVICE SERVICE_PORT NAME\n"
                  "       17_discovery find INTERFACE ADDRESS PORT SERVICE MILLISECONDS [COUNT]");
    place.address.sin_port = htons((uint16_t)port);
    place.interface = argv[2];
    place.group = IN_MULTICAST(ntohl(place.address.sin_addr.s_addr));
    if (offers) {
        offer(&place, argv[5], number, argv[7]);
    } else if (find(&place, argv[5], number, most) == 0) {
        die("nobody offers %s", argv[5]);
    }
    finish(EXIT_SUCCESS);
}
