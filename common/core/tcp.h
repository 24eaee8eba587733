/*
 * What lessons 1.03 and 1.04 explain step by step, for the programs after them: a client's way to a
 * connection, a server's way to a listening socket, and the loop around send().
 */
#ifndef CORE_TCP_H
#define CORE_TCP_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/*
 * Listens on every address of this machine, IPv6 and IPv4 through one socket, or IPv4 alone where
 * there is no IPv6. port is in host byte order; with 0 the system chooses. Returns a socket that is
 * close-on-exec and does not block; the caller closes it. Returns -1 and an error when the port is
 * taken or forbidden. Python: socket.create_server(dualstack_ipv6=True). Source: lesson 1.04,
 * ipv6(7), listen(2).
 */
int tcp_listen(uint16_t port, struct error *error);

/*
 * As tcp_listen(), with SO_REUSEPORT set before bind(): other sockets of the same user may listen
 * on the port as well, if they all were made this way. Source: lesson 1.13, socket(7).
 */
int tcp_listen_shared(uint16_t port, struct error *error);

/*
 * Prints "listening on [address]:port" and flushes it: clients may come. Any socket with an address
 * of its own will do, one for datagrams too. Returns 0, or -1 and an error when standard output
 * cannot be written.
 */
int tcp_announce(int listener, struct error *error);

/*
 * Waits for the next client of a listener that does not block, as tcp_listen() makes it. Returns a
 * socket that is close-on-exec and does not block; the caller closes it. Returns -1 only when the
 * program is to stop (core/stop.h). It passes over a client that has left already, and while
 * descriptors or memory are short it tries again ten times a second. Python: socket.accept().
 * Source: lesson 1.04, accept(2).
 */
int tcp_accept(int listener);

/*
 * Connects to the first address of host that accepts. service is a name or a number. Returns a
 * socket that is close-on-exec and blocks; the caller closes it. Returns -1 and the error of the
 * last address, or that of the name. It waits as long as the system does, minutes perhaps.
 * Python: socket.create_connection(). Source: lesson 1.03, getaddrinfo(3).
 */
int tcp_connect(const char *host, const char *service, struct error *error);

/*
 * Sends all of it on a socket that blocks, without SIGPIPE. Returns 0, or -1 with errno as send()
 * set it; how much the peer was sent is then not known. Python: socket.sendall(). Source: send(2).
 */
int tcp_send_all(int fd, const void *data, size_t length);

#endif
