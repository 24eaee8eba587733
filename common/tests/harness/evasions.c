/* The harness against common/tests/harness/evader.c; harness.t knows the verdicts. */
#include <limits.h>
#include <string.h>

#include "harness/harness.h"

static void again(struct session *s, const char *how)
{
    session_gives_command(s); /* and nothing is said of what it calls */
    struct student *p = student_start(s, "again", how, NULL);

    expect_exit(p, 0);
    expect_output(p, "ran\n", 4);
}

#define AGAIN(how)                             \
    static void again_##how(struct session *s) \
    {                                          \
        again(s, #how);                        \
    }
AGAIN(wired)
AGAIN(execv)
AGAIN(execl)
AGAIN(execle)
AGAIN(execlp)
AGAIN(fexecve)
AGAIN(execveat)
AGAIN(syscall)
AGAIN(raw)
AGAIN(spawn)
AGAIN(spawnp)
AGAIN(system)

static void another(struct session *s)
{
    session_gives_command(s);
    expect_output(student_start(s, "another", NULL), "one\ntwo\n", 8);
}

/* The same, and nobody gave it a command. */
static void another_unasked(struct session *s)
{
    expect_output(student_start(s, "another", NULL), "one\ntwo\n", 8);
}

/* It does nothing wrong; what it could do counts. */
static void calls_past(struct session *s)
{
    struct student *p = student_start(s, "where", "nameless", NULL);

    expect_exit(p, 0);
}

static void nameless(struct session *s)
{
    session_gives_command(s);
    static const char SAYS[] = "a folder without a name\nno faults\n";

    expect_output(student_start(s, "where", "nameless", NULL), SAYS, sizeof SAYS - 1);
}

static struct link *connected(struct session *s, const char *way, const char *how,
                              struct student **p)
{
    struct peer *server = peer_listen(s, "127.0.0.1");

    *p = student_start(s, way, peer_host(server), peer_port(server), how, NULL);
    return peer_accept(server);
}

static void limited(struct session *s, const char *when, const char *answer)
{
    session_gives_command(s);
    struct student *p;
    struct link *link = connected(s, "raise", when, &p);

    link_send(link, "?", 1);
    link_expect(link, "y", 1);
    student_settle(p);
    student_deny_descriptors(p);
    link_send(link, "?", 1);
    link_expect(link, answer, 1);
    student_allow_descriptors(p);
    link_send(link, "?", 1);
    link_expect(link, "y", 1);
}

static void limit_early(struct session *s)
{
    limited(s, "early", "n");
}

static void limit_late(struct session *s)
{
    limited(s, "late", "y");
}

static void work_waited(struct session *s)
{
    expect_processor(student_start(s, "work", "zombie", NULL), 250);
}

static void work_ignored(struct session *s)
{
    expect_processor(student_start(s, "work", "ignored", NULL), 250);
}

static void hides(struct session *s)
{
    struct student *p = student_start(s, "hide", NULL);

    student_settle(p);
    expect_descriptors(p, 100);
}

static void decoy(struct session *s)
{
    struct student *p;
    struct link *link = connected(s, "decoy", NULL, &p);

    link_expect(link, "x", 1);
    link_expect_option(link, "TCP_NODELAY", 1, 1, "so it is");
}

static void leak(struct session *s, const char *how)
{
    session_gives_command(s);
    struct student *p;

    (void)connected(s, "leak", how, &p);
    expect_exit(p, 0);
}

#define LEAK(how)                             \
    static void leak_##how(struct session *s) \
    {                                         \
        leak(s, #how);                        \
    }
LEAK(syscall)
LEAK(exec)
LEAK(child)
LEAK(full)

/*
 * What came is compared with expected/, in which harness.t changes a line. The ports differ in each
 * run, and stand there by number.
 */
static void transcript(struct session *s)
{
    struct peer *first = peer_refuse(s, "127.0.0.1"), *second = peer_refuse(s, "127.0.0.1");
    const char *a = peer_port(first), *b = peer_port(second);
    const char *words = session_print(s, "a:%s/b:%s,:%s.", b, a, b);
    const char *due = session_print(s, "one\ntwo %s\n", words);

    session_gives_command(s);
    expect_output(student_start(s, "another", words, NULL), due, strlen(due));
}

/* NOLINTBEGIN(bugprone-macro-parentheses): C names */
#define CASE(word, function)                                                     \
    {                                                                            \
        .name = word, .title = "t", .points = 1, .teaches = "t", .run = function \
    }
#define LEAKS(word, function)                                                                   \
    {                                                                                           \
        .name = word, .title = "t", .points = 1, .teaches = "t", .run = function, .leaks = true \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct test_case CASES[] = {
    CASE("again-wired", again_wired),
    CASE("again-execv", again_execv),
    CASE("again-execl", again_execl),
    CASE("again-execle", again_execle),
    CASE("again-execlp", again_execlp),
    CASE("again-fexecve", again_fexecve),
    CASE("again-execveat", again_execveat),
    CASE("again-syscall", again_syscall),
    CASE("again-raw", again_raw),
    CASE("again-spawn", again_spawn),
    CASE("again-spawnp", again_spawnp),
    CASE("again-system", again_system),
    CASE("another", another),
    CASE("another-unasked", another_unasked),
    CASE("calls-past", calls_past),
    {.name = "nameless",
     .title = "t",
     .points = 1,
     .teaches = "t",
     .run = nameless,
     .faults = "eintr"},
    CASE("limit-early", limit_early),
    CASE("limit-late", limit_late),
    CASE("work-waited", work_waited),
    CASE("work-ignored", work_ignored),
    CASE("hides", hides),
    CASE("decoy", decoy),
    LEAKS("leak-syscall", leak_syscall),
    LEAKS("leak-exec", leak_exec),
    LEAKS("leak-child", leak_child),
    LEAKS("leak-full", leak_full),
    CASE("transcript", transcript),
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
