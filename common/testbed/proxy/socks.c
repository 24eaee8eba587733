/* The SOCKS side: RFC 1928, with user and password as in RFC 1929. CONNECT alone of its commands.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "testbed/proxy/proxy.h"

enum { VERSION = 5, PASSWORD_VERSION = 1, NO_METHOD = 0, PASSWORD = 2, NONE = 0xff, CONNECT = 1 };
enum { IPV4 = 1, NAME = 3, IPV6 = 4 };
enum reply {
    GRANTED = 0,
    FAILURE = 1,
    NOT_ALLOWED = 2,
    NO_NETWORK = 3,
    NO_HOST = 4,
    NOBODY_LISTENS = 5,
    NO_COMMAND = 7,
    NO_ADDRESS_TYPE = 8
};

/* Waits for the next bytes and takes them. NULL when they do not come. */
static const unsigned char *take(struct connection *c, size_t length, int64_t deadline)
{
    if (io_need(c, length, deadline) != 1)
        return NULL;
    c->up.start += length;
    return (const unsigned char *)c->up.data + c->up.start - length;
}

/* Length and text. NULL when it does not come. */
static const unsigned char *take_text(struct connection *c, size_t *length, int64_t deadline)
{
    const unsigned char *byte = take(c, 1, deadline);

    if (byte == NULL)
        return NULL;
    *length = *byte;
    return take(c, *length, deadline);
}

static bool is_same(const char *due, const unsigned char *text, size_t length)
{
    return strlen(due) == length && CRYPTO_memcmp(due, text, length) == 0;
}

static bool check_password(struct connection *c, int64_t deadline)
{
    const unsigned char *version = take(c, 1, deadline), *user, *password;
    size_t user_length, length;

    if (version == NULL || *version != PASSWORD_VERSION ||
        (user = take_text(c, &user_length, deadline)) == NULL ||
        (password = take_text(c, &length, deadline)) == NULL)
        return false;
    /* Both are compared, whatever the first says: time tells nobody which was wrong. */
    bool good = is_same(c->proxy->user, user, user_length);
    good &= is_same(c->proxy->password, password, length);
    const unsigned char answer[] = {PASSWORD_VERSION, good ? 0 : 1};
    if (!good)
        proxy_log(c->proxy, "SOCKS5: wrong user or password");
    return io_send_all(c, c->client, answer, sizeof answer) && good;
}

static bool greet(struct connection *c, int64_t deadline)
{
    const unsigned char *version = take(c, 1, deadline), *methods;
    const unsigned char wanted = c->proxy->user != NULL ? PASSWORD : NO_METHOD;
    size_t count;

    if (version == NULL || *version != VERSION ||
        (methods = take_text(c, &count, deadline)) == NULL)
        return false;
    bool common = memchr(methods, wanted, count) != NULL;
    const unsigned char answer[] = {VERSION, common ? wanted : NONE};
    if (!common)
        proxy_log(c->proxy, "SOCKS5: no common method");
    return io_send_all(c, c->client, answer, sizeof answer) && common &&
           (wanted == NO_METHOD || check_password(c, deadline));
}

/* With the address that the server sees, or zeros. */
static bool answer(struct connection *c, enum reply code)
{
    struct sockaddr_storage local = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof local;
    unsigned char bytes[22] = {VERSION, (unsigned char)code, 0, IPV4};
    size_t length = 10;

    if (c->server != -1 && getsockname(c->server, (struct sockaddr *)&local, &size) == -1)
        local.ss_family = AF_UNSPEC;
    if (local.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)&local;
        memcpy(bytes + 4, &in->sin_addr, 4);
        memcpy(bytes + 8, &in->sin_port, 2);
    } else if (local.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)&local;
        bytes[3] = IPV6;
        memcpy(bytes + 4, &in6->sin6_addr, 16);
        memcpy(bytes + 20, &in6->sin6_port, 2);
        length = sizeof bytes;
    }
    return io_send_all(c, c->client, bytes, length);
}

/* The address that is asked for, as text. 0, or the reply that is due, or -1 for none. */
static int take_target(struct connection *c, int64_t deadline, char *host, char *port, int *type)
{
    const unsigned char *request = take(c, 4, deadline), *bytes, *number;
    size_t length;

    if (request == NULL || request[0] != VERSION)
        return -1;
    int command = request[1];
    *type = request[3];
    if (*type != IPV4 && *type != IPV6 && *type != NAME)
        return NO_ADDRESS_TYPE; /* how long it is, nobody knows */
    if (*type == NAME) {
        bytes = take_text(c, &length, deadline);
    } else {
        length = *type == IPV4 ? 4 : 16;
        bytes = take(c, length, deadline);
    }
    if (bytes == NULL || (number = take(c, 2, deadline)) == NULL)
        return -1;
    if (command != CONNECT)
        return NO_COMMAND;
    if (*type != NAME)
        (void)inet_ntop(*type == IPV4 ? AF_INET : AF_INET6, bytes, host, HOST_SIZE); /* has room */
    else if (length == 0 || memchr(bytes, '\0', length) != NULL)
        return FAILURE;
    else
        (void)snprintf(host, HOST_SIZE, "%.*s", (int)length, (const char *)bytes);
    (void)snprintf(port, 6, "%d", number[0] << 8 | number[1]);
    return GRANTED;
}

void socks_run(struct connection *c)
{
    static const enum reply CODES[] = {
        [REACHED] = GRANTED,        [FORBIDDEN] = NOT_ALLOWED,  [NO_NAME] = NO_HOST,
        [REFUSED] = NOBODY_LISTENS, [UNREACHABLE] = NO_NETWORK, [TOO_LATE] = NO_HOST,
        [NO_MEANS] = FAILURE};
    int64_t deadline = now_ms() + c->proxy->wait_ms;
    char host[HOST_SIZE] = "", port[6] = "";
    int type = 0;

    if (!greet(c, deadline)) {
        io_linger(c);
        return;
    }
    int code = take_target(c, deadline, host, port, &type);
    if (code == -1)
        return;
    if (code == GRANTED)
        code = (int)CODES[target_connect(c, host, port)];
    proxy_log(c->proxy, "SOCKS5 %s %s port %s: %d", type == NAME ? "name" : "address", host, port,
              code);
    if (!answer(c, (enum reply)code))
        return;
    if (code == GRANTED)
        io_tunnel(c);
    else
        io_linger(c);
}
