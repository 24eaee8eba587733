/*
 * Control groups, those that this machine gives: what programs of another user, or of ours, can do
 * in them and what is known of it afterwards.
 *
 * BOX_GROUPS=v1 or v2 in the environment says which ones there have to be, and BOX_GROUPS=WORDS
 * that there are none and that the reason has these words. Unset, a machine without skips all. With
 * BOX_STARVE the machine runs out of memory, and nothing else is tried. BOX_PLACE says in which
 * folder they have to be made.
 */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box/group.h"
#include "box/group_files.h"

enum { OTHER_USER = 61000, LATE_MS = 20000 };

#define MIB ((uint64_t)1 << 20)

static const struct group_limits no_limits;
static struct groups groups; /* what setup() made */
static int held[2];          /* a pipe: it ends when everyone who has its other end has ended */

static uid_t user(void)
{
    return geteuid() == 0 ? OTHER_USER : geteuid();
}

static void become_user(void)
{
    if (geteuid() == 0 &&
        (setgroups(0, NULL) == -1 || setresgid(OTHER_USER, OTHER_USER, OTHER_USER) == -1 ||
         setresuid(OTHER_USER, OTHER_USER, OTHER_USER) == -1))
        _exit(9);
}

/* A program of the other user that is in a group when work begins. */
static pid_t start_in(const struct groups *where, const char *name,
                      const struct group_limits *limits, void (*work)(void))
{
    struct error error;

    (void)fflush(NULL); /* else the child has it as well */
    pid_t child = fork();
    if (child != 0)
        return child;
    (void)close(held[0]); /* ours alone, as are the locks, which exec closes elsewhere */
    for (int i = 0; i < 2; i++)
        if (where->lock[i] != -1)
            (void)close(where->lock[i]);
    become_user();
    if (group_enter(where, name, limits, &error) == -1) {
        (void)fprintf(stderr, "%s\n", error.text);
        _exit(8);
    }
    work();
    _exit(0);
}

static int status_of(pid_t child)
{
    int status = -1;

    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static struct group_use used(const struct groups *where, const char *name)
{
    struct group_use use;
    struct error error = {0};

    if (group_finish(where, name, &use, &error) == -1)
        fail_msg("%s", error.text);
    return use;
}

static bool is_there(const char *parent, const char *name)
{
    char path[GROUP_PATH];

    assert_int_equal(group_path(path, parent, name, NULL), 0);
    return access(path, F_OK) == 0;
}

/* Did everyone end who had the pipe? Waits for it, as long as a machine may be slow. */
static bool all_ended(void)
{
    struct pollfd end = {.fd = held[0]};

    (void)close(held[1]); /* ours; the others' are closed when they end */
    held[1] = -1;
    return poll(&end, 1, LATE_MS) == 1;
}

/* ---- what is done in groups ----------------------------------------------------------------- */

static void do_nothing(void)
{
}

static void wait_for_ever(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    if (sigaction(SIGTERM, &ignore, NULL) == -1)
        _exit(7);
    for (;;)
        (void)pause(); /* only SIGKILL is left */
}

/* As daemons do it: nobody's child, in a session of its own. */
static void leave_a_daemon(void)
{
    int ready[2];
    char byte;

    if (pipe2(ready, O_CLOEXEC) == -1)
        _exit(7);
    pid_t child = fork();
    if (child == 0) {
        if (setsid() == -1 || write(ready[1], "", 1) != 1)
            _exit(7);
        wait_for_ever();
    }
    if (child == -1 || read(ready[0], &byte, 1) != 1)
        _exit(7);
}

static void eat(size_t size)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    for (size_t i = 0; memory != MAP_FAILED && i < size; i += 4096)
        memory[i] = 1;
}

static void eat_memory(void)
{
    eat(512 * MIB);
}

static void eat_nearly_all(void)
{
    eat(31 * MIB);
}

static void fill_a_file_in_memory(void)
{
    static char piece[65536];
    int fd = memfd_create("file", MFD_CLOEXEC);

    for (int i = 0; fd != -1 && i < 8192; i++)
        if (write(fd, piece, sizeof piece) == -1)
            break;
}

/* Never ends: each one forks, and goes on forking. */
static void fork_for_ever(void)
{
    for (;;)
        (void)fork(); /* refused sooner or later */
}

static void eat_a_little_and_wait(void)
{
    static char memory[8 * MIB];

    memset(memory, 1, sizeof memory);
    if (write(held[1], memory, 1) != 1) /* that much is done */
        _exit(7);
    wait_for_ever();
}

/* ---- the tests ------------------------------------------------------------------------------ */

static int setup(void **state)
{
    struct error error = {0};

    (void)state;
    if (groups_probe(&groups, user(), &error) == -1 || groups_make(&groups, user(), &error) == -1) {
        print_error("%s\n", error.text);
        return -1;
    }
    return pipe2(held, O_CLOEXEC);
}

static int teardown(void **state)
{
    struct error error = {0};

    (void)state;
    (void)close(held[0]); /* nothing was to be read */
    if (held[1] != -1)
        (void)close(held[1]); /* the same */
    if (groups_remove(&groups, &error) == 0)
        return 0;
    print_error("%s\n", error.text);
    return -1;
}

static void test_a_box(void **state)
{
    (void)state;
    const struct group_limits limits = {.memory = 64 * MIB, .tasks = 10};
    struct group_use use;

    assert_int_equal(status_of(start_in(&groups, "plain", &limits, do_nothing)), 0);
    assert_true(is_there(groups.parent[GROUP_MEMORY], "plain"));
    use = used(&groups, "plain");
    assert_false(use.memory_met || use.starved || use.tasks_met);
    assert_true(use.memory_peak < 64 * MIB); /* 0 where the kernel has spared the counting */
    assert_int_equal(use.cpu_us >= 0, groups.kind == GROUPS_V2);
    assert_false(is_there(groups.parent[GROUP_MEMORY], "plain"));
    assert_false(is_there(groups.parent[GROUP_TASKS], "plain"));

    /* Without limits, and by the words that another program was given. */
    struct groups parsed;
    assert_int_equal(groups_parse(&parsed, groups_text(&groups), NULL), 0);
    pid_t child = start_in(&parsed, "plain", &no_limits, eat_a_little_and_wait);
    char byte;
    assert_int_equal(read(held[0], &byte, 1), 1);
    use = used(&parsed, "plain");
    assert_int_equal(status_of(child), SIGKILL);
    assert_false(use.memory_met || use.starved || use.tasks_met);
    assert_true(use.memory_peak >= 8 * MIB);
}

static void test_memory(void **state)
{
    (void)state;
    const struct group_limits limits = {.memory = 32 * MIB, .tasks = 10};
    void (*const bombs[])(void) = {eat_memory, fill_a_file_in_memory};

    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        assert_int_equal(status_of(start_in(&groups, "bomb", &limits, bombs[i])), SIGKILL);
        struct group_use use = used(&groups, "bomb");
        assert_true(use.memory_met);
        assert_false(use.starved || use.tasks_met);
        assert_true(use.memory_peak > 24 * MIB && use.memory_peak <= 32 * MIB);
    }
    assert_int_equal(status_of(start_in(&groups, "near", &limits, eat_nearly_all)), 0);
    struct group_use use = used(&groups, "near");
    assert_false(use.memory_met || use.starved || use.tasks_met);
    assert_true(use.memory_peak >= 31 * MIB);
}

static void test_tasks(void **state)
{
    (void)state;
    const struct group_limits limits = {.memory = 64 * MIB, .tasks = 20};
    char text[64];

    pid_t child = start_in(&groups, "forks", &limits, fork_for_ever);
    for (;;) { /* until the limit was met; a failure shows as a test that does not end */
        (void)sched_yield();
        char path[GROUP_PATH];
        assert_int_equal(group_path(path, groups.parent[GROUP_TASKS], "forks", NULL), 0);
        if (group_number(path, "pids.events", "max") > 0) {
            assert_true(group_read(path, "pids.current", text, sizeof text) > 0);
            assert_true(strtol(text, NULL, 10) <= 20);
            break;
        }
    }
    struct group_use use = used(&groups, "forks");
    assert_int_equal(status_of(child), SIGKILL);
    assert_true(use.tasks_met);
    assert_false(use.memory_met || use.starved);
    assert_true(all_ended());
    assert_false(is_there(groups.parent[GROUP_TASKS], "forks"));
}

static void test_what_is_left(void **state)
{
    (void)state;
    assert_int_equal(status_of(start_in(&groups, "daemon", &no_limits, leave_a_daemon)), 0);
    assert_int_equal(status_of(start_in(&groups, "other", &no_limits, leave_a_daemon)), 0);
    (void)used(&groups, "daemon");
    assert_true(is_there(groups.parent[GROUP_MEMORY], "other"));
    /* The parent goes with all that was not finished. */
    char parents[2][GROUP_PATH];
    memcpy(parents, groups.parent, sizeof parents);
    assert_int_equal(groups_remove(&groups, NULL), 0);
    assert_true(all_ended());
    assert_int_equal(access(parents[GROUP_MEMORY], F_OK), -1);
    assert_int_equal(access(parents[GROUP_TASKS], F_OK), -1);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const names[] = {"", ".", "..", ".x", "a/b", "A", "a b", "a\n", "Grader"};
    static const char *const texts[] = {"",        "v",        "v1",      "v1:",  "v1:/a",
                                        "v1:/a:b", "v3:/a:/b", "v2:a:/b", "/a:/b"};
    char name[GROUP_NAME + 1] = "", text[GROUP_PATH + 16] = "v1:/b:/";
    struct error error = {0};
    struct groups parsed;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(group_enter(&groups, names[i], &no_limits, &error), -1);
        assert_int_equal(group_finish(&groups, names[i], NULL, &error), -1);
        assert_non_null(strstr(error.text, "no name"));
    }
    memset(name, 'a', GROUP_NAME);
    assert_int_equal(group_enter(&groups, name, &no_limits, &error), -1);

    error.text[0] = '\0';
    assert_int_equal(group_finish(&groups, "nobody", NULL, &error), -1);
    assert_non_null(strstr(error.text, "never entered"));

    assert_int_equal(status_of(start_in(&groups, "twice", &no_limits, do_nothing)), 0);
    assert_int_equal(group_enter(&groups, "twice", &no_limits, &error), -1);
    assert_non_null(strstr(error.text, "cannot make"));
    (void)used(&groups, "twice");

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(groups_parse(&parsed, texts[i], &error), -1);
        assert_int_equal(parsed.kind, GROUPS_NONE);
        assert_int_equal(group_enter(&parsed, "name", &no_limits, &error), -1);
    }
    memset(text + strlen(text), 'b', GROUP_PATH);
    assert_int_equal(groups_parse(&parsed, text, &error), -1);
}

/* Twenty at a time, each in and out of a group of its own. */
static void test_many(void **state)
{
    (void)state;
    const struct group_limits limits = {.memory = 4 * MIB, .tasks = 5};
    pid_t children[20];
    char name[GROUP_NAME];

    for (int i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof name, "case-%d", i); /* fits */
        children[i] = start_in(&groups, name, &limits, i % 2 == 0 ? do_nothing : eat_memory);
    }
    for (int i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof name, "case-%d", i); /* fits */
        assert_int_equal(status_of(children[i]), i % 2 == 0 ? 0 : SIGKILL);
        assert_int_equal(used(&groups, name).memory_met, i % 2);
    }
}

/* Starts another grader, which lets a daemon run in a group; places gets where its groups are. */
static pid_t start_grader(char places[2][GROUP_PATH])
{
    struct groups other = groups;
    int words[2];

    assert_int_equal(pipe2(words, O_CLOEXEC), 0);
    (void)fflush(NULL); /* else the child has it as well */
    pid_t grader = fork();
    if (grader == 0) {
        if (groups_probe(&other, user(), NULL) == -1 || groups_make(&other, user(), NULL) == -1 ||
            waitpid(start_in(&other, "left", &no_limits, leave_a_daemon), NULL, 0) == -1 ||
            write(words[1], other.parent, sizeof other.parent) != sizeof other.parent)
            _exit(7);
        wait_for_ever();
    }
    assert_int_equal(close(words[1]), 0);
    assert_int_equal(read(words[0], places, sizeof other.parent), sizeof other.parent);
    assert_int_equal(close(words[0]), 0);
    return grader;
}

static void test_dead_grader(void **state)
{
    (void)state;
    char places[2][GROUP_PATH];
    struct groups mine;

    pid_t grader = start_grader(places);
    assert_int_equal(groups_probe(&mine, user(), NULL), 0); /* as it sweeps */
    assert_true(is_there(places[GROUP_MEMORY], "left"));    /* not what is in use */
    assert_true(is_there(places[GROUP_TASKS], "left"));
    assert_int_equal(kill(grader, SIGKILL), 0);
    assert_int_equal(status_of(grader), SIGKILL);
    assert_int_equal(groups_probe(&mine, user(), NULL), 0);
    assert_int_equal(access(places[GROUP_MEMORY], F_OK), -1);
    assert_int_equal(access(places[GROUP_TASKS], F_OK), -1);
    assert_true(all_ended());
}

/* This process's groups, as the kernel names them. */
static void read_own(char *text, size_t size)
{
    assert_true(group_read("/proc/self", "cgroup", text, size) > 0);
}

static void test_probe(void **state)
{
    char before[2048], during[2048], after[2048];
    struct error error = {0};

    (void)state;
    read_own(before, sizeof before);
    if (groups_probe(&groups, user(), &error) == -1)
        fail_msg("%s", error.text);
    const char *wanted = getenv("BOX_GROUPS");
    if (wanted != NULL)
        assert_int_equal(groups.kind, strcmp(wanted, "v1") == 0 ? GROUPS_V1 : GROUPS_V2);
    const char *place = getenv("BOX_PLACE");
    if (place != NULL)
        assert_string_equal(groups.place[GROUP_MEMORY], place);
    read_own(after, sizeof after);
    assert_string_equal(before, after);

    assert_int_equal(groups_make(&groups, user(), &error), 0);
    read_own(during, sizeof during);
    assert_int_equal(strcmp(before, during) != 0, groups.kind == GROUPS_V2);
    assert_int_equal(groups_remove(&groups, &error), 0);
    read_own(after, sizeof after);
    assert_string_equal(before, after);
    assert_int_equal(groups_remove(&groups, &error), 0); /* nothing is left to remove */
}

/*
 * The whole machine is out of memory, which is not the program's doing: it had a right to more.
 * Only for a machine that is there for these tests.
 */
static void test_starved(void **state)
{
    (void)state;
    assert_int_equal(status_of(start_in(&groups, "starved", &no_limits, eat_memory)), SIGKILL);
    struct group_use use = used(&groups, "starved");
    assert_true(use.starved);
    assert_false(use.memory_met);
}

static void test_reason(void **state)
{
    struct error error = {0};

    (void)state;
    assert_int_equal(groups_probe(&groups, user(), &error), -1);
    assert_int_equal(groups.kind, GROUPS_NONE);
    print_message("# %s\n", error.text);
    const char *wanted = getenv("BOX_GROUPS");
    assert_true(wanted != NULL && strstr(error.text, wanted) != NULL);
    assert_int_equal(groups_make(&groups, user(), &error), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probe),
        cmocka_unit_test_setup_teardown(test_a_box, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tasks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dead_grader, setup, teardown)};
    const struct CMUnitTest starving[] = {
        cmocka_unit_test_setup_teardown(test_starved, setup, teardown)};
    const struct CMUnitTest reasons[] = {cmocka_unit_test(test_reason)};
    const char *wanted = getenv("BOX_GROUPS");
    struct error error = {0};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (wanted != NULL && strcmp(wanted, "v1") != 0 && strcmp(wanted, "v2") != 0)
        return cmocka_run_group_tests(reasons, NULL, NULL);
    if (wanted == NULL && groups_probe(&groups, user(), &error) == -1) {
        (void)printf("1..0 # SKIP %s\n", error.text);
        return 0;
    }
    return getenv("BOX_STARVE") != NULL ? cmocka_run_group_tests(starving, NULL, NULL)
                                        : cmocka_run_group_tests(tests, NULL, NULL);
}
