/* TLS as the harness speaks it, with common/tests/harness/tls_student.c; harness.t knows the
 * verdicts. */
#include <string.h>

#include "harness/harness.h"

/* A program that trusts one authority has come; what its server shows is signed by another one. */
static struct tls_link *meet(struct session *s, const char *how, bool stranger, const char *names,
                             int until_days, struct link **link, struct student **p)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct tls_identity *authority = tls_authority(s, "authority.pem");

    if (stranger)
        authority = tls_authority(s, NULL);
    session_host(s, "site.test", "127.0.0.1", NULL);
    *p = student_start(s, how, "site.test", peer_port(server), NULL);
    *link = peer_accept(server);
    return link_start_tls(*link, tls_certificate(s, authority, names, -2, until_days));
}

static void talk(struct session *s, bool finishes)
{
    struct student *p;
    struct link *link;
    struct tls_link *tls = meet(s, "talk", false, "DNS:site.test", 1, &link, &p);
    size_t length;

    if (tls == NULL)
        session_fail(s, "The handshake failed.");
    if (tls_server_name(tls) == NULL || strcmp(tls_server_name(tls), "site.test") != 0)
        session_fail(s, "The name is another one.");
    const char *line = tls_line(tls, &length);
    if (length != 6 || strcmp(line, "hello\r") != 0)
        session_fail(s, "The line is another one.");
    line = tls_line(tls, &length);
    if (length != 3 || strcmp(line, "you") != 0)
        session_fail(s, "The second line is another one.");
    tls_send(tls, "", 0);
    tls_send(tls, "welcome\n", 8);
    if (finishes)
        tls_finish(tls);
    link_close(link);
    expect_output(p, finishes ? "welcome\nend\n" : "welcome\nECONNABORTED\n", finishes ? 12 : 21);
    expect_exit(p, 0);
}

static void in_order(struct session *s)
{
    talk(s, true);
}

static void cut(struct session *s)
{
    talk(s, false);
}

/* A handshake that does not succeed, and what the program says of it. */
static void refused(struct session *s, const char *how, bool stranger, const char *names,
                    int until_days, const char *said)
{
    struct student *p;
    struct link *link;

    session_closes_early(s);
    if (meet(s, how, stranger, names, until_days, &link, &p) != NULL)
        session_fail(s, "The handshake succeeded.");
    link_close(link);
    expect_output(p, said, strlen(said));
    expect_exit(p, 0);
}

static void expired(struct session *s)
{
    refused(s, "talk", false, "DNS:site.test", -1, "EKEYREJECTED\n");
}

static void stranger(struct session *s)
{
    refused(s, "talk", true, "DNS:site.test", 1, "EKEYREJECTED\n");
}

static void other_name(struct session *s)
{
    refused(s, "talk", false, "DNS:other.test,IP:127.0.0.1", 1, "EKEYREJECTED\n");
}

/* Nobody but the server itself stands behind its certificate. */
static void self_signed(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    (void)tls_authority(s, "authority.pem");
    session_closes_early(s);
    session_host(s, "site.test", "127.0.0.1", NULL);
    struct student *p = student_start(s, "talk", "site.test", peer_port(server), NULL);
    struct link *link = peer_accept(server);
    if (link_start_tls(link, tls_self_signed(s, "DNS:site.test", -1, 1)) != NULL)
        session_fail(s, "The handshake succeeded.");
    link_close(link);
    expect_output(p, "EKEYREJECTED\n", 13);
    expect_exit(p, 0);
}

/* A pin is of the key: the program plays no part in it. */
static void pin(struct session *s)
{
    struct tls_identity *one = tls_self_signed(s, "DNS:site.test", -1, 1);
    struct tls_identity *other = tls_self_signed(s, "DNS:site.test", -1, 1);

    if (strlen(tls_pin(s, one)) != 52 || strncmp(tls_pin(s, one), "sha256//", 8) != 0)
        session_fail(s, "The pin is %s.", tls_pin(s, one));
    if (strcmp(tls_pin(s, one), tls_pin(s, one)) != 0 ||
        strcmp(tls_pin(s, one), tls_pin(s, other)) == 0)
        session_fail(s, "The pin is not the key's.");
}

static void plain(struct session *s)
{
    struct student *p;
    struct link *link;

    session_closes_early(s);
    if (meet(s, "plain", false, "DNS:site.test", 1, &link, &p) != NULL)
        session_fail(s, "The handshake succeeded.");
    link_close(link);
    expect_exit(p, 0);
}

static void no_line(struct session *s)
{
    struct student *p;
    struct link *link;
    size_t length;

    session_closes_early(s);
    (void)tls_line(meet(s, "silent", false, "DNS:site.test", 1, &link, &p), &length);
}

static const struct test_case CASES[] = {
    {.name = "tls", .title = "t", .points = 1, .teaches = "It is so.", .run = in_order},
    {.name = "tls-cut", .title = "t", .points = 1, .teaches = "It is so.", .run = cut},
    {.name = "tls-expired", .title = "t", .points = 1, .teaches = "It is so.", .run = expired},
    {.name = "tls-stranger", .title = "t", .points = 1, .teaches = "It is so.", .run = stranger},
    {.name = "tls-other-name",
     .title = "t",
     .points = 1,
     .teaches = "It is so.",
     .run = other_name},
    {.name = "tls-self-signed",
     .title = "t",
     .points = 1,
     .teaches = "It is so.",
     .run = self_signed},
    {.name = "tls-pin", .title = "t", .points = 1, .teaches = "It is so.", .run = pin},
    {.name = "tls-plain", .title = "t", .points = 1, .teaches = "It is so.", .run = plain},
    {.name = "tls-no-line", .title = "t", .points = 1, .teaches = "It is so.", .run = no_line},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
