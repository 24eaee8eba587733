/* Exercise 4.9, certificate doctor: what is tried, and how. */
#include <string.h>

#include "harness/harness.h"

enum {
    LIMIT_MS = 400,
    LEAST_MS = LIMIT_MS * 8 / 10,
    LATEST_MS = LIMIT_MS * 12 / 10,
};

static const char AMPLE[] = "30000", LIMIT[] = "400", TRUSTED[] = "authority.pem";
static const char HOST[] = "127.0.0.1", NAME[] = "site.test", GOOD[] = "good";

enum status {
    NO_NAME = 10,
    REFUSED,
    TIME_OUT,
    NO_TLS,
    EXPIRED,
    NOT_YET,
    SELF_SIGNED,
    UNKNOWN_AUTHORITY,
    WRONG_HOST,
    WRONG_PIN
};
static const char *const WORDS[] = {
    [0] = GOOD,
    [NO_NAME] = "no-name",
    [REFUSED] = "refused",
    [TIME_OUT] = "time-out",
    [NO_TLS] = "no-tls",
    [EXPIRED] = "expired",
    [NOT_YET] = "not-yet-valid",
    [SELF_SIGNED] = "self-signed",
    [UNKNOWN_AUTHORITY] = "unknown-authority",
    [WRONG_HOST] = "wrong-host",
    [WRONG_PIN] = "wrong-pin",
};

/* One server, and whom the program trusts. */
struct practice {
    struct session *session;
    struct tls_identity *authority;
    struct peer *server;
};

/* ---- a run ---- */

static struct practice practice_at(struct session *s, const char *host)
{
    struct practice made = {s, tls_authority(s, TRUSTED), peer_listen(s, host)};

    session_host(s, NAME, HOST, NULL);
    session_closes_early(s); /* a handshake is all there is */
    return made;
}

static struct practice practice_new(struct session *s)
{
    return practice_at(s, HOST);
}

/* Who connects all the same is refused, and need not wait. */
static struct practice practice_closed(struct session *s)
{
    struct practice at = practice_new(s);

    at.server = peer_refuse(s, HOST);
    return at;
}

static struct tls_identity *certificate_for(const struct practice *at, const char *names)
{
    return tls_certificate(at->session, at->authority, names, -1, 1);
}

/* pin may be NULL: not given. */
static struct student *start(const struct practice *at, const char *ms, const char *host,
                             const char *pin)
{
    return student_start(at->session, TRUSTED, ms, host, peer_port(at->server), pin, NULL);
}

/* The word on standard output, and the status; a message where something is wrong. */
static void diagnosed(struct session *s, struct student *p, int status)
{
    const char *line = session_print(s, "%s\n", WORDS[status]);

    expect_output(p, line, strlen(line));
    if (status == 0)
        expect_exit(p, 0);
    else
        expect_failure(p, status);
}

/*
 * The program examines this certificate. Where it looks only behind the handshake, that is done
 * well, and it hangs up then.
 */
static void examine(const struct practice *at, const struct tls_identity *shown, const char *host,
                    const char *pin, int status)
{
    struct session *s = at->session;
    struct student *p = start(at, AMPLE, host, pin);
    struct link *link = peer_accept(at->server);
    struct tls_link *tls = link_start_tls(link, shown);

    if (tls == NULL && status == 0)
        session_blame(s, "There was no handshake of TLS, or the program broke it off, although "
                         "nothing is wrong with the certificate.");
    if (tls != NULL && strcmp(host, NAME) == 0 &&
        (tls_server_name(tls) == NULL || strcmp(tls_server_name(tls), NAME) != 0))
        session_blame(s, "In the handshake the program did not ask for the name \"%s\" (SNI).",
                      NAME);
    if (tls != NULL)
        link_wait_end(link);
    link_close(link);
    diagnosed(s, p, status);
}

/* ---- certificates ---- */

static void good(struct session *s)
{
    struct practice at = practice_new(s);

    examine(&at, certificate_for(&at, "DNS:other.test,DNS:site.test"), NAME, NULL, 0);
    examine(&at, certificate_for(&at, "DNS:SITE.test"), NAME, NULL, 0);
}

static void address(struct session *s)
{
    struct practice at = practice_new(s);

    examine(&at, certificate_for(&at, "IP:127.0.0.1"), HOST, NULL, 0);
}

static void ipv6(struct session *s)
{
    struct practice at = practice_at(s, "::1");

    examine(&at, certificate_for(&at, "IP:::1"), "::1", NULL, 0);
}

static void expired(struct session *s)
{
    struct practice at = practice_new(s);

    examine(&at, tls_certificate(s, at.authority, "DNS:site.test", -2, -1), NAME, NULL, EXPIRED);
}

static void not_yet(struct session *s)
{
    struct practice at = practice_new(s);

    examine(&at, tls_certificate(s, at.authority, "DNS:site.test", 1, 2), NAME, NULL, NOT_YET);
}

static void wrong_host(struct session *s)
{
    struct practice at = practice_new(s);

    examine(&at, certificate_for(&at, "DNS:other.test,DNS:a.site.test"), NAME, NULL, WRONG_HOST);
    examine(&at, certificate_for(&at, "DNS:other.test,IP:127.0.0.1"), NAME, NULL, WRONG_HOST);
}

static void wrong_address(struct session *s)
{
    struct practice at = practice_new(s);

    examine(&at, certificate_for(&at, "DNS:site.test,IP:127.0.0.2"), HOST, NULL, WRONG_HOST);
}

static void self_signed(struct session *s)
{
    struct practice at = practice_new(s);

    examine(&at, tls_self_signed(s, "DNS:site.test", -1, 1), NAME, NULL, SELF_SIGNED);
}

static void unknown_authority(struct session *s)
{
    struct practice at = practice_new(s);
    struct tls_identity *stranger = tls_authority(s, NULL);

    examine(&at, tls_certificate(s, stranger, "DNS:site.test", -1, 1), NAME, NULL,
            UNKNOWN_AUTHORITY);
}

/* ---- pins ---- */

static void pinned(struct session *s)
{
    struct practice at = practice_new(s);
    struct tls_identity *shown = certificate_for(&at, "DNS:site.test");

    examine(&at, shown, NAME, tls_pin(s, shown), 0);
}

static void second_pin(struct session *s)
{
    struct practice at = practice_new(s);
    struct tls_identity *shown = certificate_for(&at, "DNS:site.test");
    struct tls_identity *spare = certificate_for(&at, "DNS:site.test");
    const char *pins = session_print(s, "%s;%s", tls_pin(s, spare), tls_pin(s, shown));

    examine(&at, shown, NAME, pins, 0);
}

static void wrong_pin(struct session *s)
{
    struct practice at = practice_new(s);
    struct tls_identity *shown = certificate_for(&at, "DNS:site.test");
    struct tls_identity *other = certificate_for(&at, "DNS:site.test");

    examine(&at, shown, NAME, tls_pin(s, other), WRONG_PIN);
    examine(&at, shown, NAME, tls_pin(s, at.authority), WRONG_PIN);
}

/* The right key makes no bad certificate good. */
static void pinned_and_bad(struct session *s)
{
    struct practice at = practice_new(s);
    struct tls_identity *shown = tls_certificate(s, at.authority, "DNS:site.test", -2, -1);

    examine(&at, shown, NAME, tls_pin(s, shown), EXPIRED);
    shown = tls_self_signed(s, "DNS:site.test", -1, 1);
    examine(&at, shown, NAME, tls_pin(s, shown), SELF_SIGNED);
}

/* ---- no TLS, no server ---- */

/* The server says this when the handshake has begun, and hangs up. */
static void say(const struct practice *at, const char *text, bool reset)
{
    struct student *p = start(at, AMPLE, NAME, NULL);
    struct link *link = peer_accept(at->server);

    link_expect(link, "\x16\x03", 2); /* a record of the handshake begins so */
    link_send(link, text, strlen(text));
    if (reset)
        link_reset(link);
    else
        link_close(link);
    diagnosed(at->session, p, NO_TLS);
}

static void plain_text(struct session *s)
{
    struct practice at = practice_new(s);

    say(&at, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", false);
    say(&at, "220 mail.test ESMTP\r\n", false);
}

static void broken_off(struct session *s)
{
    struct practice at = practice_new(s);

    say(&at, "", false);
    say(&at, "", true);
}

static void refused(struct session *s)
{
    struct practice at = practice_closed(s);

    diagnosed(s, start(&at, AMPLE, NAME, NULL), REFUSED);
}

static void no_name(struct session *s)
{
    struct practice at = practice_new(s);

    diagnosed(s, start(&at, AMPLE, "unknown.test", NULL), NO_NAME);
    peer_expect_nobody(at.server, "The name is unknown.");
}

/* ---- arguments ---- */

static void usage_of(const struct practice *at, const char *const words[5], int status)
{
    struct student *p =
        student_start(at->session, words[0], words[1], words[2], words[3], words[4], NULL);

    expect_output(p, "", 0);
    expect_failure(p, status);
}

static void usage(struct session *s)
{
    static const char *const LIMITS[] = {"0", "60001", "1s", ""};
    static const char *const PORTS[] = {"0", "65536", "https"};
    struct practice at = practice_closed(s);
    const char *port = peer_port(at.server);

    usage_of(&at, (const char *const[]){TRUSTED, AMPLE, NAME, NULL, NULL}, 2);
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++)
        usage_of(&at, (const char *const[]){TRUSTED, LIMITS[i], NAME, port, NULL}, 2);
    for (size_t i = 0; i < sizeof PORTS / sizeof *PORTS; i++)
        usage_of(&at, (const char *const[]){TRUSTED, AMPLE, NAME, PORTS[i], NULL}, 2);
}

/* libcurl would take most of them for a file's name. */
static void bad_pin(struct session *s)
{
    struct practice at = practice_closed(s);
    const char *port = peer_port(at.server);
    const char *pin = tls_pin(s, certificate_for(&at, "DNS:site.test"));
    const char *pins[] = {"",
                          pin + strlen("sha256//"),
                          session_print(s, "%.51s", pin),
                          session_print(s, "%s=", pin),
                          session_print(s, "%s;", pin),
                          session_print(s, "%s,%s", pin, pin),
                          session_print(s, "SHA256%s", pin + strlen("sha256"))};

    for (size_t i = 0; i < sizeof pins / sizeof *pins; i++)
        usage_of(&at, (const char *const[]){TRUSTED, AMPLE, NAME, port, pins[i]}, 2);
}

static void no_authority(struct session *s)
{
    struct practice at = practice_closed(s);
    const char *port = peer_port(at.server);

    session_file(s, "empty.pem", "nobody\n", 7);
    usage_of(&at, (const char *const[]){"missing.pem", AMPLE, NAME, port, NULL}, 1);
    usage_of(&at, (const char *const[]){"empty.pem", AMPLE, NAME, port, NULL}, 1);
}

static void output_full(struct session *s)
{
    struct practice at = practice_closed(s);

    session_fill_output(s);
    expect_failure(start(&at, AMPLE, NAME, NULL), 1);
}

/* ---- time ---- */

static bool was_late(struct session *s, struct student *p)
{
    return student_ran_ms(p) > LATEST_MS && session_again(s);
}

static void in_time(struct session *s, struct student *p)
{
    expect_ran(p, LEAST_MS, LATEST_MS);
    diagnosed(s, p, TIME_OUT);
}

static void no_connection(struct session *s)
{
    struct student *p;

    do {
        struct practice at = practice_new(s);
        at.server = peer_ignore(s, HOST);
        p = start(&at, LIMIT, NAME, NULL);
    } while (was_late(s, p));
    in_time(s, p);
}

/* Silence, or the beginning of a record and then a little more of it. */
static void slow_server(struct session *s, const char *first, size_t length, bool more)
{
    struct student *p;

    do {
        struct practice at = practice_new(s);
        p = start(&at, LIMIT, NAME, NULL);
        struct link *link = peer_accept(at.server);
        link_expect(link, "\x16\x03", 2);
        link_send(link, first, length);
        if (more) {
            session_wait(s, LIMIT_MS * 6 / 10);
            link_send(link, "\x02", 1);
        }
        link_wait_end(link);
        link_close(link);
    } while (was_late(s, p));
    in_time(s, p);
}

static void hangs(struct session *s)
{
    slow_server(s, "", 0, false);
}

static void drips(struct session *s)
{
    slow_server(s, "\x16\x03\x03\x00\x7a", 5, true); /* 122 bytes are to follow */
}

static const struct test_case CASES[] = {
    {.name = "good",
     .title = "a good certificate, of one's own authority",
     .points = 2,
     .teaches =
         "Somebody in AUTHORITIES signed the certificate, for this name among others, and it "
         "is valid now. The name is sent (SNI), and the connection closed behind the "
         "handshake.",
     .run = good},
    {.name = "address",
     .title = "a good certificate for an address",
     .points = 1,
     .teaches = "An address is compared with the addresses in the certificate.",
     .run = address},
    {.name = "ipv6",
     .title = "the same for IPv6",
     .points = 1,
     .teaches = "In a URL, an IPv6 address stands in brackets.",
     .run = ipv6,
     .ipv6 = true},
    {.name = "expired",
     .title = "a certificate that has expired",
     .points = 2,
     .teaches = "It was good until yesterday.",
     .run = expired},
    {.name = "not-yet",
     .title = "a certificate that is not valid yet",
     .points = 2,
     .teaches = "It will be good tomorrow: or a clock is wrong.",
     .run = not_yet},
    {.name = "wrong-host",
     .title = "a certificate for another name",
     .points = 2,
     .teaches = "Everything is good but the name. libcurl looks at it behind OpenSSL's own result.",
     .run = wrong_host},
    {.name = "wrong-address",
     .title = "a certificate for another address",
     .points = 1,
     .teaches = "The address that was asked for is not among those of the certificate.",
     .run = wrong_address},
    {.name = "self-signed",
     .title = "a certificate that signed itself",
     .points = 2,
     .teaches = "Whoever runs the server made it by himself: nobody stands behind it.",
     .run = self_signed},
    {.name = "unknown-authority",
     .title = "an authority that nobody knows",
     .points = 2,
     .teaches = "An authority signed it, but none of AUTHORITIES.",
     .run = unknown_authority},
    {.name = "pinned",
     .title = "the key that was pinned",
     .points = 1,
     .teaches = "The certificate is good, and the key is the one that the pin names.",
     .run = pinned},
    {.name = "second-pin",
     .title = "two pins",
     .points = 1,
     .teaches = "One of the pins is enough: the other one waits for the next key.",
     .run = second_pin},
    {.name = "wrong-pin",
     .title = "another key",
     .points = 2,
     .teaches = "The certificate is good, but the key is another one. The authority's key does not "
                "count: the pin is the server's.",
     .run = wrong_pin},
    {.name = "pinned-and-bad",
     .title = "the pinned key in a bad certificate",
     .points = 2,
     .teaches = "A pin is asked for on top of the rest, and takes the place of nothing.",
     .run = pinned_and_bad},
    {.name = "plain-text",
     .title = "a server that does not speak TLS",
     .points = 2,
     .teaches = "What answers the ClientHello is text.",
     .run = plain_text},
    {.name = "broken-off",
     .title = "an end in the handshake",
     .points = 1,
     .teaches = "The server hung up, or reset the connection, before it had shown a certificate.",
     .run = broken_off},
    {.name = "refused",
     .title = "nobody listens",
     .points = 1,
     .teaches = "The connection was refused: it is not TLS that is ill.",
     .run = refused},
    {.name = "no-name",
     .title = "an unknown name",
     .points = 1,
     .teaches = "Nobody knows the host's name.",
     .run = no_name},
    {.name = "clean",
     .title = "nothing stays behind",
     .points = 1,
     .teaches = "All memory is freed, whatever the diagnosis.",
     .run = pinned_and_bad,
     .leaks = true},
    {.name = "usage",
     .title = "a wrong command line",
     .points = 1,
     .teaches = "A wrong command line is status 2, and nobody is asked.",
     .run = usage},
    {.name = "bad-pin",
     .title = "a pin that is none",
     .points = 1,
     .teaches = "A pin with a mistake in it is not one that does not match: the user has to know.",
     .run = bad_pin},
    {.name = "no-authority",
     .title = "no authorities",
     .points = 1,
     .teaches = "Without authorities no server can be judged: nobody is asked.",
     .run = no_authority},
    {.name = "output-full",
     .title = "standard output is full",
     .points = 1,
     .teaches = "A diagnosis that could not be written is a failure, status 1.",
     .run = output_full},
    {.name = "no-connection",
     .title = "no connection in time",
     .points = 1,
     .teaches = "Nobody takes the connection, and nobody refuses it.",
     .run = no_connection},
    {.name = "hangs",
     .title = "a server that hangs in the handshake",
     .points = 2,
     .teaches = "The connection is there, and nothing comes. MS is for both.",
     .run = hangs},
    {.name = "drips",
     .title = "a handshake that drips",
     .points = 1,
     .teaches = "A byte now and then does not make MS longer: it is one time limit for the whole.",
     .run = drips},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
