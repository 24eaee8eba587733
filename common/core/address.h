/* Socket addresses as people write them. */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include <sys/socket.h>

enum { ADDRESS_TEXT = 128 }; /* room for the longest text below, its NUL included */

/*
 * Writes "[::1]:7003", "127.0.0.1:7003", "unix:/path" or "family 17" into text, which has room for
 * ADDRESS_TEXT bytes; an IPv4 address mapped into IPv6 is written as IPv4. Returns text.
 */
const char *address_format(const struct sockaddr *address, socklen_t length, char *text);

/* The port in host byte order, or -1 if the family has none. */
int address_port(const struct sockaddr *address);

#endif
