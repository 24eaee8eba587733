/*
 * proxy: who asks in another's place. An HTTP proxy, and a SOCKS 5 proxy beside it, for what
 * lessons and tests ask through one.
 *
 *   build/proxy [--log] [--user USER:PASSWORD] [--name NAME=ADDRESS]... [--wait MS] PORT
 *               [--socks PORT]
 *
 * PORT speaks HTTP/1.1: a request for a whole URL is passed on, and CONNECT makes a tunnel. The
 * port of --socks speaks SOCKS 5: CONNECT to an IPv4 or IPv6 address, or to a name. With --user
 * both want user and password. --name makes a host known to the proxy alone; several may be given.
 * --wait is how long it waits for a peer, 30000 unless told. --log prints a line for each request:
 *
 *   GET http://localhost:10130/get: 200
 *   CONNECT localhost:10131: 200
 *   SOCKS5 name localhost port 10130: 0
 *
 * It serves clients on this machine alone, and leads to this machine alone: nobody else may use it.
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "testbed/proxy/proxy.h"

static const char USAGE[] = "[--log] [--user USER:PASSWORD] [--name NAME=ADDRESS]... [--wait MS] "
                            "PORT [--socks PORT]";
enum { STOP_MS = 5000, SPARE = 32 };

void proxy_log(const struct proxy *proxy, const char *format, ...)
{
    char line[1024];
    va_list arguments;

    if (!proxy->log)
        return;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments); /* cut where too long */
    va_end(arguments);
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '?';           /* what a stranger wrote must not steer a terminal */
    (void)printf("%s\n", line); /* a log that cannot be written ends no proxy */
    (void)fflush(stdout);
}

/* ---- the command line ----------------------------------------------------------------------- */

static void take_user(struct proxy *proxy, char *text)
{
    char *colon = strchr(text, ':');
    size_t length = strlen(text);

    if (colon == NULL || colon == text || length > 500)
        die_usage(USAGE);
    if (buffer_reserve(&proxy->credentials, 4 * (length / 3 + 1) + 1) == -1)
        die("out of memory");
    proxy->credentials.length = (size_t)EVP_EncodeBlock((unsigned char *)proxy->credentials.data,
                                                        (const unsigned char *)text, (int)length);
    *colon = '\0';
    proxy->user = text;
    proxy->password = colon + 1;
}

static void take_name(struct proxy *proxy, char *text)
{
    char *equals = strchr(text, '=');

    if (equals == NULL || proxy->known_count == NAMES_MOST)
        die_usage(USAGE);
    *equals = '\0';
    proxy->known[proxy->known_count++] = (struct known){text, equals + 1};
}

static void parse(struct proxy *proxy, char **argv, long *port, long *socks)
{
    for (char **word = argv + 1; *word != NULL; word++) {
        char *value = word[1];
        long wait;
        if (strcmp(*word, "--log") == 0) {
            proxy->log = true;
            continue;
        }
        if (**word != '-' && *port == -1 && number_parse(*word, 0, UINT16_MAX, port))
            continue;
        if (value == NULL)
            die_usage(USAGE);
        word++;
        if (strcmp(word[-1], "--user") == 0)
            take_user(proxy, value);
        else if (strcmp(word[-1], "--name") == 0)
            take_name(proxy, value);
        else if (strcmp(word[-1], "--wait") == 0 && number_parse(value, 1, INT_MAX, &wait))
            proxy->wait_ms = (int)wait;
        else if (strcmp(word[-1], "--socks") != 0 || !number_parse(value, 0, UINT16_MAX, socks))
            die_usage(USAGE);
    }
    if (*port == -1)
        die_usage(USAGE);
}

/* ---- clients -------------------------------------------------------------------------------- */

/* The listeners are open to others, too: a socket for both families cannot be bound to loopback. */
static bool is_here(int fd)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof address;

    if (getpeername(fd, (struct sockaddr *)&address, &size) == -1)
        return false; /* it has gone again */
    if (address.ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)&address)->sin_addr.s_addr) >> 24 ==
               127;
    if (address.ss_family != AF_INET6)
        return false;
    const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)&address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
}

static void welcome(struct proxy *proxy, int listener, bool socks)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd == -1) {
        /* Otherwise the client stays queued, and accept4() would fail again at once. */
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            table_give_way(proxy);
            (void)stop_wait(-1, 0, 20);
        }
    } else if (is_here(fd)) {
        table_add(proxy, fd, socks);
    } else {
        (void)close(fd); /* a stranger */
    }
}

/* Takes clients until the end. listeners[1] is -1 when there is none. */
static void run(struct proxy *proxy, const int *listeners)
{
    while (!stop_asked()) {
        struct pollfd both[] = {{.fd = listeners[0], .events = POLLIN},
                                {.fd = listeners[1], .events = POLLIN}};
        if (!table_has_room(proxy)) {
            table_give_way(proxy);
            (void)stop_wait(-1, 0, 20);
            continue;
        }
        if (ppoll(both, 2, NULL, stop_mask()) <= 0)
            continue;
        for (int i = 0; i < 2; i++)
            if (both[i].revents != 0)
                welcome(proxy, listeners[i], i == 1);
    }
}

/* As many connections as there are descriptors for, two each. */
static unsigned most_connections(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        die_errno("RLIMIT_NOFILE");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
        die_errno("RLIMIT_NOFILE");
    if (limit.rlim_cur >= 2 * AT_ONCE + SPARE)
        return AT_ONCE;
    return limit.rlim_cur > SPARE + 2 ? (unsigned)(limit.rlim_cur - SPARE) / 2 : 1;
}

int main(int argc, char **argv)
{
    struct proxy proxy = {
        .wait_ms = 30000, .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
    long ports[] = {-1, -1};
    int listeners[] = {-1, -1};
    struct error error;

    (void)argc;
    parse(&proxy, argv, &ports[0], &ports[1]);
    proxy.most = most_connections();
    proxy.stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (proxy.stop == -1)
        die_errno("eventfd");
    if (stop_hold(&error) == -1)
        die("%s", error.text);
    for (int i = 0; i < 2; i++)
        if (ports[i] != -1 && (listeners[i] = tcp_listen((uint16_t)ports[i], &error)) == -1)
            die("%s", error.text);
    for (int i = 0; i < 2; i++) /* who has read the first line may come to either */
        if (ports[i] != -1 && tcp_announce(listeners[i], &error) == -1)
            die("%s", error.text);
    run(&proxy, listeners);
    for (int i = 0; i < 2; i++)
        if (listeners[i] != -1)
            (void)close(listeners[i]); /* nothing was written */
    if (eventfd_write(proxy.stop, 1) == -1)
        die_errno("eventfd");
    /* Somebody may still look a name up, and cannot be called off: then the process ends him. */
    if (table_wait_empty(&proxy, STOP_MS))
        buffer_free(&proxy.credentials);
    return EXIT_SUCCESS;
}
