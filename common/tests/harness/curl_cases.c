/* What libcurl does for a program is not held against it: with common/tests/harness/curl_student.c;
 * harness.t knows the verdicts. */
#include <string.h>

#include "harness/harness.h"

/* The answer comes in two pieces; how names what the program makes of them. */
static void talk(struct session *s, const char *how, bool ends)
{
    static const char FIRST[] = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\none\n",
                      REST[] = "two\n";
    struct peer *server = peer_listen(s, "127.0.0.1");
    struct student *p = student_start(s, how, peer_port(server), NULL);
    struct link *link = peer_accept(server);
    size_t length;

    while (link_line(link, &length), length > 1) /* to the empty line, "\r" */
        continue;
    link_send(link, FIRST, strlen(FIRST));
    if (ends) {
        link_send(link, REST, strlen(REST));
        link_close(link);
    }
    expect_output(p, "one\ntwo\n", 8);
    expect_exit(p, 0);
}

static void whole(struct session *s)
{
    talk(s, "whole", true);
}

static void first_piece(struct session *s)
{
    talk(s, "first-piece", true);
}

static void impatient(struct session *s)
{
    talk(s, "impatient", false);
}

static void spins(struct session *s)
{
    talk(s, "spins", false);
}

static const struct test_case CASES[] = {
    {.name = "whole",
     .title = "all of it",
     .points = 1,
     .teaches = "Two pieces are one answer.",
     .run = whole},
    {.name = "first-piece",
     .title = "the first piece",
     .points = 1,
     .teaches = "It stops too early.",
     .run = first_piece},
    {.name = "impatient",
     .title = "a short time-out",
     .points = 1,
     .teaches = "It waits for 200 ms alone.",
     .run = impatient},
    {.name = "spins",
     .title = "without waiting",
     .points = 1,
     .teaches = "It takes the whole processor.",
     .limit_ms = 500,
     .run = spins},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
