/*
 * What the parts of the proxy know of each other.
 *
 * main.c    the command line, the two listeners, the stop
 * table.c   all connections, a thread each; who gives way when there are too many
 * io.c      waiting, reading and writing, every wait with its end; the tunnel
 * target.c  where a client wants to go, and whether it may
 * http.c    the HTTP side: requests in absolute form, and CONNECT
 * relay.c   one request and its response, passed on
 * socks.c   the SOCKS side
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/attributes.h"
#include "core/error.h"
#include "http/message.h"

enum {
    HOST_SIZE = 256,  /* the longest name that DNS has, and its NUL */
    NAMES_MOST = 16,  /* of --name */
    ROOM = 96 * 1024, /* bytes of one direction: the largest head, and the first of a body */
    AT_ONCE = 2000    /* connections */
};

/* A name that only the proxy knows, as an office's proxy knows the hosts of the office. */
struct known {
    const char *name, *address;
};

struct proxy {
    bool log;
    const char *user, *password; /* NULL: everybody may */
    struct buffer credentials;   /* the same as Basic sends them, in base64 */
    struct known known[NAMES_MOST];
    size_t known_count;
    int wait_ms; /* for a connection, for a head, and in which something has to move */
    int stop;    /* becomes readable when all threads are to end */

    pthread_mutex_t lock; /* for all that follows */
    pthread_cond_t ended;
    struct connection *first;
    unsigned count, most;
};

/* Bytes of one direction. From start to ready they are to be sent, from ready to end not judged. */
struct bytes {
    char *data; /* ROOM */
    size_t start, ready, end;
};

/* A client, and the server that it was led to. */
struct connection {
    struct proxy *proxy;
    int client, server; /* server is -1 when there is none */
    bool socks;
    struct bytes up, down;  /* from the client, from the server */
    _Atomic int64_t active; /* when a byte moved last */
    struct connection *previous, *next;
};

/* ---- main.c ---- */

/* Prints a line if there is a log. */
void proxy_log(const struct proxy *proxy, const char *format, ...) PRINTF_LIKE(2, 3);

/* ---- table.c ---- */

/* Serves the client in a thread; fd is closed in any case. */
void table_add(struct proxy *proxy, int fd, bool socks);

/* Whether there is room for one more. If not, those who idle longest are cut off. */
bool table_has_room(struct proxy *proxy);
void table_give_way(struct proxy *proxy);

/* Waits until all threads have ended. False when one did not within that time. */
bool table_wait_empty(struct proxy *proxy, int ms);

/* ---- io.c ---- */

enum { IO_TIMEOUT = 0, IO_GONE = -1 }; /* GONE: the peer is lost, or the proxy is to stop */

/* Waits until one of two is ready. Returns how many are, IO_TIMEOUT or IO_GONE. */
int io_wait(const struct connection *c, struct pollfd *two, int64_t deadline);

/* Receives what there is room for. How many bytes; 0 at the end; -1, errno EAGAIN: nothing now. */
ssize_t io_receive(struct connection *c, int fd, struct bytes *into);

/* Sends what is ready and goes out at once. False when the connection failed. */
bool io_send(struct connection *c, int fd, struct bytes *from);

/* Waits for at least need bytes from the client. 1, or as io_wait(). */
int io_need(struct connection *c, size_t need, int64_t deadline);

/* Sends all of it to fd. False when that failed or took too long. */
bool io_send_all(struct connection *c, int fd, const void *data, size_t length);

/* Moves what is left to the front, so that there is room behind it. */
void io_pack(struct bytes *bytes);

/* Passes bytes both ways until both have ended, or one failed: then the other sees a reset. */
void io_tunnel(struct connection *c);

/* From now on, close() on it is a reset: the peer must not take what it has for everything. */
void io_break(int fd);

/* Finishes sending, and reads a while what the client still says: else a reset could overtake the
 * last answer. */
void io_linger(struct connection *c);

/* ---- target.c ---- */

enum reached { REACHED, FORBIDDEN, NO_NAME, REFUSED, UNREACHABLE, TOO_LATE, NO_MEANS };

/* Connects c->server to the host, if that is this machine. */
enum reached target_connect(struct connection *c, const char *host, const char *port);

/* ---- http.c, relay.c, socks.c ---- */

/* Serve a client until it or its server ends. */
void http_run(struct connection *c);
void socks_run(struct connection *c);

/* How a request in absolute form ended. */
enum relayed {
    RELAY_DONE,   /* the connection may live on */
    RELAY_CLOSE,  /* all was sent, and it ends here */
    RELAY_BROKEN, /* the response broke off */
    RELAY_NONE,   /* no response: the server ended, or said what is none */
    RELAY_LATE,   /* no response in time */
    RELAY_BAD,    /* the request's body is malformed */
    RELAY_SLOW    /* it did not come in time */
};

/*
 * Sends the head to c->server, then the body, and passes the response on. what names it in the log.
 */
enum relayed relay(struct connection *c, const struct http_head *request, const struct buffer *head,
                   const char *what);

/*
 * Copies the fields that go further than to the next peer, and adds Via. Returns 0, or -1 when
 * memory is short. Source: RFC 9110 sections 7.6.1 and 7.6.3.
 */
int relay_fields(const struct http_head *from, struct http_headers *to);

#endif
