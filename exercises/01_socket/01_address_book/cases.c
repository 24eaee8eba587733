/* Exercise 1.1, address book: what is tried, and how. */
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "harness/harness.h"

enum { LINE_MOST = 512, BLANKS = 600, MANY = 2000 };

/*
 * Starts the program on a book. It sees a hosts table of ours, never the system's: a name that is
 * not in the table is unknown, and no name server is asked.
 */
static struct student *start_bytes(struct session *s, const char *book, size_t length)
{
    session_host(s, "somebody.test", "192.0.2.99", NULL);
    struct student *p = student_start(s, NULL);
    student_input(p, book, length);
    student_end_input(p);
    return p;
}

static struct student *start(struct session *s, const char *book)
{
    return start_bytes(s, book, strlen(book));
}

static void expect_lines(struct student *p, const char *lines)
{
    expect_output(p, lines, strlen(lines));
}

static unsigned any(struct session *s)
{
    return 1 + session_random(s, 250);
}

static unsigned any_port(struct session *s)
{
    return 1024 + session_random(s, 60000);
}

/* An address that no program can know beforehand. */
static const char *any_address(struct session *s)
{
    return session_print(s, "10.%u.%u.%u", any(s), any(s), any(s));
}

static void numeric(struct session *s)
{
    const char *one = any_address(s), *two = any_address(s);
    unsigned port = any_port(s), other = any_port(s);
    struct student *p = start(s, session_print(s, "%s %u\n%s %u\n", one, port, two, other));

    expect_lines(p, session_print(s, "[%s]:%u\n[%s]:%u\n", one, port, two, other));
    expect_exit(p, 0);
}

static void named(struct session *s)
{
    const char *address = any_address(s), *name = session_print(s, "h%u.test", any(s));
    unsigned port = any_port(s);

    session_host(s, name, address, NULL);
    struct student *p = start(s, session_print(s, "%s %u\n", name, port));
    expect_lines(p, session_print(s, "[%s]:%u\n", address, port));
    expect_exit(p, 0);
}

/* From high to low and of both families: neither sorted nor sorted apart. */
static void every_address(struct session *s)
{
    unsigned n = any(s), port = any_port(s);
    const char *a = session_print(s, "10.9.%u.1", n), *b = session_print(s, "2001:db8::%x", n),
               *c = session_print(s, "10.8.%u.1", n), *d = session_print(s, "2001:db8::1:%x", n);

    session_host(s, "four.test", a, b, c, d, NULL);
    struct student *p = start(s, session_print(s, "four.test %u\n", port));
    expect_lines(p, session_print(s, "[%s]:%u\n[%s]:%u\n[%s]:%u\n[%s]:%u\n", a, port, b, port, c,
                                  port, d, port));
    expect_exit(p, 0);
}

static void normal_ipv6(struct session *s)
{
    unsigned n = 0xa00 + any(s), port = any_port(s);
    struct student *p =
        start(s, session_print(s, "2001:0DB8:0:0:0:0:0:%X %u\n::1 %u\n2001:db8:%x::0:0001 %u\n", n,
                               port, port, n, port));

    expect_lines(p, session_print(s, "[2001:db8::%x]:%u\n[::1]:%u\n[2001:db8:%x::1]:%u\n", n, port,
                                  port, n, port));
    expect_exit(p, 0);
}

static void normal_ipv4(struct session *s)
{
    unsigned n = any(s), m = any(s), port = any_port(s);
    struct student *p = start(s, session_print(s, "10.%u %u\n0x0a%02x00%02x %u\n012.0.%u.7 %u\n", n,
                                               port, m, n, port, m, port));

    expect_lines(p, session_print(s, "[10.0.0.%u]:%u\n[10.%u.0.%u]:%u\n[10.0.%u.7]:%u\n", n, port,
                                  m, n, port, m, port));
    expect_exit(p, 0);
}

static void mapped(struct session *s)
{
    const char *address = any_address(s), *other = any_address(s);
    unsigned port = any_port(s);

    session_host(s, "both.test", session_print(s, "::ffff:%s", address), address, NULL);
    struct student *p = start(
        s, session_print(s, "::ffff:%s %u\nboth.test %u\n%s %u\n", other, port, port, other, port));
    expect_lines(p, session_print(s, "[%s]:%u\n[%s]:%u\n", other, port, address, port));
    expect_exit(p, 0);
}

/* Twice in one name, in two names, by name and by number; the same address with another port. */
static void duplicates(struct session *s)
{
    const char *one = session_print(s, "10.7.%u.1", any(s)),
               *two = session_print(s, "10.6.%u.1", any(s));
    unsigned port = any_port(s);

    session_host(s, "twice.test", one, two, one, NULL);
    session_host(s, "alias.test", two, NULL);
    struct student *p =
        start(s, session_print(s, "twice.test %u\n%s %u\nalias.test %u\n%s %u\ntwice.test %u\n",
                               port, one, port + 1, port, one, port, port + 1));
    expect_lines(p, session_print(s, "[%s]:%u\n[%s]:%u\n[%s]:%u\n[%s]:%u\n", one, port, two, port,
                                  one, port + 1, two, port + 1));
    expect_exit(p, 0);
}

static void service_names(struct session *s)
{
    const char *address = any_address(s);
    struct student *p = start(s, session_print(s, "%s https\n%s http\n%s 80\n%s smtp\n", address,
                                               address, address, address));

    expect_lines(p, session_print(s, "[%s]:443\n[%s]:80\n[%s]:25\n", address, address, address));
    expect_exit(p, 0);
}

/* The name of a service that UDP has and TCP has not; NULL if this system knows none of them. */
static const char *udp_service(void)
{
    static const char *const names[] = {"tftp", "bootps", "ntp", "snmp"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (getservbyname(names[i], "udp") != NULL && getservbyname(names[i], "tcp") == NULL)
            return names[i];
    return NULL;
}

static void bad_services(struct session *s)
{
    /* 2^32 + 65536, and then what the system knows */
    const char *bad[] = {"65536", "0", "-1", "+80", "80x", "no-such-service", "4295032832", NULL};
    const char *address = any_address(s), *book = "";
    unsigned port = any_port(s);
    size_t count = sizeof bad / sizeof bad[0] - 1;

    if ((bad[count] = udp_service()) != NULL)
        count++;
    for (size_t i = 0; i < count; i++)
        book = session_print(s, "%s%s %s\n", book, address, bad[i]);
    struct student *p = start(
        s, session_print(s, "%s%s %010u\n%s 65535\n%s 1\n", book, address, port, address, address));
    expect_lines(
        p, session_print(s, "[%s]:%u\n[%s]:65535\n[%s]:1\n", address, port, address, address));
    for (size_t i = 0; i < count; i++)
        expect_error_line(p, session_print(s, "line %zu:", i + 1));
    expect_failure(p, 1);
}

static void unknown_host(struct session *s)
{
    const char *one = any_address(s), *two = any_address(s);
    unsigned port = any_port(s);

    session_host(s, "known.test", two, NULL);
    struct student *p = start(
        s, session_print(s, "%s %u\nunknown.test %u\nknown.test %u\n", one, port, port, port));
    expect_lines(p, session_print(s, "[%s]:%u\n[%s]:%u\n", one, port, two, port));
    expect_failure(p, 1);
    expect_error_line(p, "line 2:");
}

static void blanks(struct session *s)
{
    const char *a = any_address(s), *b = any_address(s), *c = any_address(s);
    unsigned port = any_port(s);
    struct student *p =
        start(s, session_print(s, "\n   \t\n%s %u\r\n\r\n \t%s\t\t %u \t \n\n%s %u\n\n", a, port, b,
                               port, c, port));

    expect_lines(p, session_print(s, "[%s]:%u\n[%s]:%u\n[%s]:%u\n", a, port, b, port, c, port));
    expect_exit(p, 0);
}

/* A form feed and a vertical tab are no blanks: what they stand in is one word. */
static void words(struct session *s)
{
    const char *a = any_address(s), *b = any_address(s);
    unsigned port = any_port(s);
    struct student *p =
        start(s, session_print(s, "\n%s %u\n\n%s\n%s %u %u\n%s\f%u\n%s\v%u\n%s %u\n", a, port, a, a,
                               port + 1, port + 2, b, port + 1, b, port + 2, b, port));

    expect_lines(p, session_print(s, "[%s]:%u\n[%s]:%u\n", a, port, b, port));
    expect_failure(p, 1);
    expect_error_line(p, "line 4:");
    expect_error_line(p, "line 5:");
    expect_error_line(p, "line 6:");
    expect_error_line(p, "line 7:");
}

/*
 * As long as a line may be, a byte more, and far more; behind the blanks stands what looks right.
 * Then blanks alone, and a carriage return that is the byte too many.
 */
static void long_lines(struct session *s)
{
    const char *a = any_address(s), *b = any_address(s), *c = any_address(s);
    unsigned port = any_port(s);
    const char *words = session_print(s, "%s %u", b, port);
    const char *book =
        session_print(s, "%-*s\n%-*s\n%*s\n%s\n%*s\n%-*s\r\n%s %u\n", LINE_MOST,
                      session_print(s, "%s %u", a, port), LINE_MOST + 1, words, 10000, words,
                      "unknown.test 1", BLANKS, "", LINE_MOST, words, c, port);
    struct student *p = start(s, book);

    expect_lines(p, session_print(s, "[%s]:%u\n[%s]:%u\n", a, port, c, port));
    expect_failure(p, 1);
    expect_error_line(p, "line 2:");
    expect_error_line(p, "line 3:");
    expect_error_line(p, "line 4:");
    expect_error_line(p, "line 5:");
    expect_error_line(p, "line 6:");
}

static void last_line(struct session *s)
{
    const char *a = any_address(s), *b = any_address(s);
    unsigned port = any_port(s);
    struct student *p = start(s, session_print(s, "%s %u\n%s %u", a, port, b, port));

    expect_lines(p, session_print(s, "[%s]:%u\n[%s]:%u\n", a, port, b, port));
    expect_exit(p, 0);
    p = start(s, session_print(s, "%s %u\n%*s %u", a, port, LINE_MOST, b, port));
    expect_lines(p, session_print(s, "[%s]:%u\n", a, port));
    expect_failure(p, 1);
    expect_error_line(p, "line 2:");
}

static void nul_byte(struct session *s)
{
    const char *a = any_address(s), *b = any_address(s);
    unsigned port = any_port(s);
    char book[128];
    int length = snprintf(book, sizeof book, "%s %u%c.tail\n%s %u\n", a, port, 0, b, port);

    struct student *p = start_bytes(s, book, (size_t)length);
    expect_lines(p, session_print(s, "[%s]:%u\n", b, port));
    expect_failure(p, 1);
    expect_error_line(p, "line 1:");
}

static void input_unreadable(struct session *s)
{
    session_spoil_input(s);
    struct student *p = start(s, "");

    expect_failure(p, 1);
    expect_output(p, "", 0);
}

static void output_full(struct session *s)
{
    session_fill_output(s);
    struct student *p = start(s, session_print(s, "%s %u\n", any_address(s), any_port(s)));

    expect_failure(p, 1);
}

static void usage(struct session *s)
{
    const char *address = any_address(s);
    unsigned port = any_port(s);

    session_host(s, "somebody.test", "192.0.2.99", NULL);
    struct student *p = student_start(s, address, session_print(s, "%u", port), NULL);
    student_end_input(p);
    expect_failure(p, 2);
    expect_output(p, "", 0);
}

/* Bytes of a sort are freed, whichever way a line went. */
static void clean(struct session *s)
{
    const char *a = any_address(s), *b = any_address(s);
    unsigned port = any_port(s);

    session_host(s, "two.test", b, "2001:db8::5", NULL);
    struct student *p =
        start(s, session_print(s,
                               "%s %u\nunknown.test %u\ntwo.test %u\n%s no-such-service\nx\n%s "
                               "%u\n%*s\n",
                               a, port, port, port, a, a, port, 9000, "x"));
    expect_lines(p,
                 session_print(s, "[%s]:%u\n[%s]:%u\n[2001:db8::5]:%u\n", a, port, b, port, port));
    expect_failure(p, 1);
}

static void many(struct session *s)
{
    enum { LINE = 32 };
    unsigned net = any(s), port = any_port(s);
    char *book = session_alloc(s, 2 * (size_t)MANY * LINE),
         *lines = session_alloc(s, (size_t)MANY * LINE);
    size_t length = 0, expected = 0;

    for (unsigned i = 0; i < 2 * MANY; i++) {
        unsigned n = i % MANY;
        length +=
            (size_t)snprintf(book + length, LINE, "10.%u.%u.%u %u\n", net, n / 250, n % 250, port);
        if (i < MANY)
            expected += (size_t)snprintf(lines + expected, LINE, "[10.%u.%u.%u]:%u\n", net, n / 250,
                                         n % 250, port);
    }
    struct student *p = start_bytes(s, book, length);
    expect_output(p, lines, expected);
    expect_exit(p, 0);
}

static const struct test_case CASES[] = {
    {.name = "numeric",
     .title = "two addresses, two ports",
     .points = 1,
     .teaches = "Two lines with an address and a port each came out as [address]:port.",
     .run = numeric},
    {.name = "named",
     .title = "a name",
     .points = 1,
     .teaches = "The host was a name, and what is to be printed is its address.",
     .run = named},
    {.name = "every-address",
     .title = "a name with four addresses, IPv4 and IPv6",
     .points = 2,
     .teaches = "getaddrinfo() gives a list; each address in it is printed, in the order of the "
                "list, IPv4 and IPv6.",
     .run = every_address},
    {.name = "normal-ipv4",
     .title = "IPv4 addresses in unusual forms",
     .points = 1,
     .teaches = "10.7, 0x0a000007 and 012.0.0.7 are all 10.0.0.7 to getaddrinfo(), and that "
                "is how they are printed.",
     .run = normal_ipv4},
    {.name = "normal-ipv6",
     .title = "IPv6 addresses, written at length",
     .points = 2,
     .teaches = "Capitals and leading zeros are gone in the normal form; it is inet_ntop() that "
                "writes it, not the book.",
     .run = normal_ipv6},
    {.name = "mapped",
     .title = "IPv4 mapped into IPv6",
     .points = 1,
     .teaches = "::ffff:192.0.2.1 is 192.0.2.1 in an IPv6 address: printed as IPv4, and once.",
     .run = mapped},
    {.name = "duplicates",
     .title = "the same address by several ways",
     .points = 2,
     .teaches = "Each [address]:port comes once, where it is first mentioned, by whatever name.",
     .run = duplicates},
    {.name = "service-name",
     .title = "services by name",
     .points = 2,
     .teaches = "http is port 80, and the same as 80; getaddrinfo() knows the names.",
     .run = service_names},
    {.name = "bad-service",
     .title = "services that are none",
     .points = 2,
     .teaches = "getaddrinfo() cuts 65536 to 0, takes +80 for 80, and names of UDP services unless "
                "SOCK_STREAM is asked for; a port is digits, 1 to 65535.",
     .run = bad_services},
    {.name = "unknown-host",
     .title = "one host of three is unknown",
     .points = 2,
     .teaches = "An unknown host gets one message with its line's number; the other lines are "
                "printed, and the status is 1.",
     .run = unknown_host},
    {.name = "blanks",
     .title = "empty lines, tabs and carriage returns",
     .points = 1,
     .teaches = "Blanks are spaces, tabs and carriage returns; a line of nothing else is skipped.",
     .run = blanks},
    {.name = "words",
     .title = "a word too few, a word too many",
     .points = 1,
     .teaches =
         "A line has two words. Others are refused by their number, and empty lines count. A "
         "form feed, which isspace() takes for a blank, is none.",
     .run = words},
    {.name = "long-lines",
     .title = "lines of 512, 513 and 10,000 bytes",
     .points = 2,
     .teaches =
         "512 bytes are a line; a longer one is refused whole, be it all blanks, and its tail "
         "is no line.",
     .run = long_lines},
    {.name = "last-line",
     .title = "a last line without its end",
     .points = 1,
     .teaches = "The last line needs no line end; it may be too long all the same.",
     .run = last_line},
    {.name = "nul",
     .title = "a NUL byte in a line",
     .points = 1,
     .teaches =
         "A NUL ends a C string, but no line: what stands behind it belongs to the line too.",
     .run = nul_byte},
    {.name = "input-unreadable",
     .title = "standard input cannot be read",
     .points = 1,
     .teaches = "Standard input was a folder: getc() and fgets() say EOF and NULL for a failure as "
                "for the end, and ferror(stdin) tells which it was.",
     .run = input_unreadable},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "The disk is full: puts() may still succeed, and only fflush() or fclose() tells.",
     .run = output_full},
    {.name = "usage",
     .title = "an argument",
     .points = 1,
     .teaches = "The book comes from standard input; an argument is a mistake, status 2.",
     .run = usage},
    {.name = "clean",
     .title = "nothing left in memory",
     .points = 1,
     .teaches = "What getaddrinfo() gave is freed with freeaddrinfo(), and the rest is freed too.",
     .run = clean,
     .leaks = true},
    {.name = "many",
     .title = "2,000 lines, twice",
     .points = 2,
     .teaches = "2,000 different lines came, and then the same again; there is no most.",
     .run = many},
    {0},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
