/* Exercise 1.0, first steps: a program that passes, until somebody breaks it. */
#include <string.h>

#include "harness/harness.h"

/* Longer than the program's buffer, and another one with each seed. */
static const char *make_greeting(struct session *s)
{
    static const char *const words[] = {"Ahoj", "Bonjour", "Ciao",  "Hallo",
                                        "Hej",  "Hola",    "Salve", "Servus"};

    return session_print(s,
                         "%s, traveller number %u. You have come a long way, through two sockets "
                         "and a kernel.\nPlease mind the gap between recv() and recv().\n",
                         words[session_random(s, sizeof words / sizeof words[0])],
                         1000 + session_random(s, 9000));
}

static void greet(struct session *s, const char *text)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(server), peer_port(server), NULL);
    struct link *link = peer_accept(server);

    link_send(link, text, strlen(text));
    link_close(link);
    expect_output(p, text, strlen(text));
    expect_exit(p, 0);
}

static void greeting(struct session *s)
{
    greet(s, make_greeting(s));
}

/* Short, so that nothing but the memory can be wrong. */
static void clean(struct session *s)
{
    greet(s, session_print(s, "Goodbye, number %u.\n", 1000 + session_random(s, 9000)));
}

static void pieces(struct session *s)
{
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(server), peer_port(server), NULL);
    struct link *link = peer_accept(server);
    const char *text = make_greeting(s);
    size_t sizes[] = {1 + session_random(s, 9), 20 + session_random(s, 20), 0};

    link_send_pieces(link, text, strlen(text), sizes);
    link_close(link);
    expect_output(p, text, strlen(text));
    expect_exit(p, 0);
}

static void refused(struct session *s)
{
    struct peer *nobody = peer_refuse(s, "127.0.0.1");
    struct student *p = student_start(s, peer_host(nobody), peer_port(nobody), NULL);

    expect_failure(p, 1);
    expect_output(p, "", 0);
}

static const struct test_case CASES[] = {
    {.name = "greeting",
     .title = "a greeting",
     .teaches = "The server greets in two lines and closes; all of it is to be printed.",
     .run = greeting},
    {.name = "pieces",
     .title = "the greeting in three pieces",
     .teaches = "The server sent its greeting in three pieces; one recv() is not one message.",
     .run = pieces},
    {.name = "refused",
     .title = "nobody listens",
     .teaches = "Nobody listens there: that takes a message, and exit status 1.",
     .run = refused},
    {.name = "clean",
     .title = "no memory left behind",
     .teaches = "What getaddrinfo() allocates is given back by freeaddrinfo().",
     .run = clean,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
