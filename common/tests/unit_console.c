/* The console: what a lesson's commands print, servers, limits, and that nothing is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "workbook/console.h"
#include "workbook/keeper.h"

static struct console *console;

static int setup(void **state)
{
    struct error error = {{0}};

    (void)state;
    console = console_open(NULL, &error);
    if (console == NULL)
        print_error("%s\n", error.text);
    return console != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    console_close(console);
    console = NULL;
    return 0;
}

static void check_run(const char *command, const char *output, int status)
{
    struct console_result result;
    struct error error = {{0}};
    struct buffer shown = {0};

    assert_int_equal(console_run(console, command, NULL, &result, &error), 0);
    assert_int_equal(console_show(result.output.data, result.output.length, &shown), 0);
    assert_string_equal(buffer_text(&shown), output);
    assert_int_equal(result.end, CONSOLE_DONE);
    assert_int_equal(result.status, status);
    buffer_free(&shown);
    buffer_free(&result.output);
}

static enum console_end ending(const char *command)
{
    struct console_result result;
    struct error error = {{0}};

    assert_int_equal(console_run(console, command, NULL, &result, &error), 0);
    assert_true(result.output.length <= CONSOLE_OUTPUT_MOST);
    buffer_free(&result.output);
    return result.end;
}

static void commands_share_one_shell(void **state)
{
    (void)state;
    check_run("echo out; echo err >&2; printf tail", "out\nerr\ntail", 0);
    check_run("word=sea; cd /", "", 0);
    check_run("pwd; echo $word", "/\nsea\n", 0);
    check_run("false", "", 1);
    check_run("echo $?", "1\n", 0);
    check_run("(exit 42)", "", 42);
    check_run("cat <<END\none $word\ntwo\nEND", "one sea\ntwo\n", 0);
    check_run("cat", "", 0); /* standard input is empty, not the terminal */
    check_run("sh -c 'exec sh -c \"exit 9\"'", "", 9);
}

static void lessons_see_the_same_everywhere(void **state)
{
    (void)state;
    check_run("echo $LC_ALL $TZ $COLUMNS $NO_COLOR ${MAKEFLAGS-none} ${BASH_ENV-none}",
              "C.UTF-8 UTC 80 1 none none\n", 0);
    check_run("env | grep -c __wire", "0\n", 1);
    check_run("ls /proc/self/fd | tr '\\n' ' '", "0 1 2 3 ", 0); /* 3 is ls's own */
    check_run("[ -t 0 ] || [ -t 1 ] || [ -e /dev/tty ] && : 2>/dev/null </dev/tty", "", 1);
}

static void odd_bytes_are_made_visible(void **state)
{
    (void)state;
    check_run("printf 'a\\0b\\r\\n\\033[2J\\t\\377\\303\\251\\302\\233'",
              "a\\0b\\r\n\\x1b[2J\t\\xff\xc3\xa9\\xc2\\x9b", 0);
}

/* A server in Python, so that this test needs no program of a chapter. */
#define SERVER                                                                          \
    "server() { exec /usr/bin/python3 -u -c '\n"                                        \
    "import signal, socket, sys\n"                                                      \
    "s = socket.create_server((\"127.0.0.1\", int(sys.argv[1])))\n"                     \
    "def stop(*_): print(\"stopped\", sys.argv[1]); sys.exit(0)\n"                      \
    "signal.signal(signal.SIGTERM, stop)\n"                                             \
    "if sys.argv[2] == \"loud\": print(\"listening\", sys.argv[1]); print(\"ready\")\n" \
    "while True:\n"                                                                     \
    "    c = s.accept()[0]; data = c.recv(100); c.sendall(data.upper()); c.close()\n"   \
    "    print(\"served\", data.decode().strip())\n"                                    \
    "' \"$@\"; }"
#define ASK(port, word) \
    "exec 3<>/dev/tcp/127.0.0.1/" port " && echo " word " >&3 && cat <&3; exec 3>&-"

static void a_server_is_awaited_by_its_first_line(void **state)
{
    (void)state;
    check_run(SERVER, "", 0);
    check_run("server 47121 loud &", "listening 47121\n", 0);
    check_run(ASK("47121", "one"), "ONE\n", 0);
    check_run(ASK("47121", "two"), "TWO\n", 0);
    check_run("kill %1", "ready\nserved one\nserved two\nstopped 47121\n", 0);
    check_run("kill -0 $! 2>/dev/null", "", 1); /* it has really ended */
}

static void a_silent_server_is_awaited_by_its_socket(void **state)
{
    (void)state;
    check_run(SERVER, "", 0);
    check_run("server 47122 quiet &", "", 0);
    check_run(ASK("47122", "word"), "WORD\n", 0);
    check_run("server 47123 quiet &", "", 0);
    check_run(ASK("47123", "other"), "OTHER\n", 0);
    check_run("kill %2", "served other\nstopped 47123\n", 0);
    check_run("kill $(jobs -p %1)", "served word\nstopped 47122\n", 0);
}

static void wait_shows_what_was_printed_later(void **state)
{
    (void)state;
    check_run("mkfifo /tmp/pipe.$$", "", 0);
    check_run("{ echo first; read line </tmp/pipe.$$; echo $line; } &", "first\n", 0);
    check_run("echo second >/tmp/pipe.$$; rm /tmp/pipe.$$", "", 0);
    check_run("wait", "second\n", 0);
    check_run("wait", "", 0);
    check_run("sh -c 'exit 7' &", "", 0);
    check_run("wait $!", "", 7);
}

static void a_server_that_fails_says_so_at_once(void **state)
{
    long long begun = now_ms();

    (void)state;
    check_run("sh -c 'echo no port >&2; exit 1' &", "no port\n", 0);
    assert_true(now_ms() - begun < 2000);
}

static void a_flood_is_stopped(void **state)
{
    long long begun = now_ms();

    (void)state;
    assert_int_equal(ending("yes"), CONSOLE_FLOOD);
    assert_true(now_ms() - begun < CONSOLE_LIMIT_MS / 2);
    check_run("echo still here", "still here\n", 0);
}

static void the_end_of_the_shell_is_told(void **state)
{
    (void)state;
    assert_int_equal(ending("exit 3"), CONSOLE_DEAD);
    assert_int_equal(ending("echo anybody"), CONSOLE_DEAD);
    assert_int_equal(ending("true"), CONSOLE_DEAD);
}

static void a_command_that_never_ends_is_stopped(void **state)
{
    const struct console_watch watch = {.limit_ms = 200};
    struct console_result result;
    struct error error = {{0}};
    long long begun = now_ms();

    (void)state;
    check_run("sleep 1000 >/dev/null &", "", 0);
    check_run("server=$!", "", 0);
    assert_int_equal(console_run(console, "echo x; sleep 1001", &watch, &result, &error), 0);
    assert_int_equal(result.end, CONSOLE_TIMEOUT);
    assert_int_equal(result.output.length, 2); /* what came before stays */
    buffer_free(&result.output);
    assert_int_equal(console_run(console, "while :; do :; done", &watch, &result, &error), 0);
    assert_int_equal(result.end, CONSOLE_TIMEOUT); /* bash itself */
    buffer_free(&result.output);
    assert_int_equal(ending("true"), CONSOLE_DEAD);
    assert_true(now_ms() - begun < CONSOLE_LIMIT_MS);
}

static void a_stopped_command_spares_the_servers(void **state)
{
    const struct console_watch watch = {.limit_ms = 200};
    struct console_result result;
    struct error error = {{0}};

    (void)state;
    check_run("sleep 1000 >/dev/null &", "", 0);
    check_run("server=$!", "", 0);
    assert_int_equal(console_run(console, "sleep 1001", &watch, &result, &error), 0);
    assert_int_equal(result.end, CONSOLE_TIMEOUT);
    buffer_free(&result.output);
    check_run("kill -0 $server && echo the server lives", "the server lives\n", 0);
}

struct told {
    int pipe[2];
    size_t bytes;
};

static void on_output(void *data, const char *bytes, size_t length)
{
    struct told *told = data;

    assert_non_null(bytes);
    told->bytes += length;
    assert_int_equal(write(told->pipe[1], "x", 1), 1); /* makes fd readable: cancels below */
}

static bool on_ready(void *data)
{
    (void)data;
    return true;
}

static void output_streams_and_can_be_cancelled(void **state)
{
    struct told told = {{0, 0}, 0};
    struct console_result result;
    struct error error = {{0}};

    (void)state;
    assert_int_equal(pipe(told.pipe), 0);
    const struct console_watch watch = {on_output, told.pipe[0], on_ready, &told, 0};
    assert_int_equal(console_run(console, "echo now; sleep 1000", &watch, &result, &error), 0);
    assert_int_equal(result.end, CONSOLE_CANCELLED);
    assert_int_equal(told.bytes, 4);
    buffer_free(&result.output);
    (void)close(told.pipe[0]);
    (void)close(told.pipe[1]);
}

/* True if a process with word in its arguments is there. */
static bool running(const char *word)
{
    char path[300], line[4096];
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    bool found = false;

    assert_non_null(folder);
    while (!found && (entry = readdir(folder)) != NULL) {
        (void)snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        int fd = open(path, O_RDONLY);
        ssize_t length = fd != -1 ? read(fd, line, sizeof line) : -1;
        if (fd != -1)
            (void)close(fd);
        found = length > 0 && memmem(line, (size_t)length, word, strlen(word)) != NULL;
    }
    (void)closedir(folder);
    return found;
}

static void closing_ends_everything(void **state)
{
    struct error error = {{0}};
    char word[64];
    char command[512];

    (void)state;
    (void)snprintf(word, sizeof word, "seconds-%d", (int)getpid());
    console = console_open(NULL, &error);
    assert_non_null(console);
    /* A plain child, one in a session of its own that ignores SIGTERM, and a daemon's child. */
    (void)snprintf(command, sizeof command,
                   "for how in '' setsid; do\n"
                   "  $how sh -c 'trap \"\" TERM; while :; do sleep 1000; done' %s </dev/null &\n"
                   "done\n"
                   "(setsid sh -c '(sleep 1000; : %s) & exec true' &)\n",
                   word, word);
    check_run(command, "", 0);
    assert_true(running(word));
    console_close(console);
    console = NULL;
    assert_false(running(word));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void a_killed_runner_leaves_nothing(void **state)
{
    char word[64], command[256], byte;
    int pair[2];

    (void)state;
    (void)snprintf(word, sizeof word, "orphan-%d", (int)getpid());
    (void)snprintf(command, sizeof command, "sh -c 'while :; do sleep 1000; done' %s &", word);
    assert_int_equal(pipe(pair), 0);
    pid_t runner = fork();
    assert_int_not_equal(runner, -1);
    if (runner == 0) {
        struct console_result result;
        struct console *own = console_open(NULL, NULL);
        if (own == NULL || console_run(own, command, NULL, &result, NULL) == -1 ||
            write(pair[1], "x", 1) != 1)
            _exit(1);
        (void)pause();
        _exit(1);
    }
    assert_int_equal(read(pair[0], &byte, 1), 1);
    assert_true(running(word));
    /* The keeper, too, is watched: nothing is left once it has ended. */
    pid_t keeper[4];
    assert_int_equal(keeper_descendants(runner, keeper, 1), 1);
    (void)kill(runner, SIGKILL);
    assert_int_equal(waitpid(runner, NULL, 0), runner);
    for (int i = 0; i < 2000 && keeper_state(keeper[0]) != '\0' && keeper_state(keeper[0]) != 'Z';
         i++)
        (void)poll(NULL, 0, 5); /* not our child, so there is nothing else to wait on */
    assert_false(running(word));
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void consoles_do_not_meet(void **state)
{
    struct error error = {{0}};

    (void)state;
    if (!console_isolated(console)) { /* skip() of cmocka 1.1.5 says "not ok" in TAP */
        print_message("# not tried: this system has no private network namespaces\n");
        return;
    }
    check_run(SERVER, "", 0);
    check_run("server 47124 loud &", "listening 47124\n", 0);
    struct console *first = console;
    console = console_open(NULL, &error);
    assert_non_null(console);
    check_run("(exec 3<>/dev/tcp/127.0.0.1/47124) 2>/dev/null", "", 1);
    console_close(console);
    console = first;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commands_share_one_shell, setup, teardown),
        cmocka_unit_test_setup_teardown(lessons_see_the_same_everywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_bytes_are_made_visible, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_is_awaited_by_its_first_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silent_server_is_awaited_by_its_socket, setup, teardown),
        cmocka_unit_test_setup_teardown(wait_shows_what_was_printed_later, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_fails_says_so_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flood_is_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_of_the_shell_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_command_that_never_ends_is_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stopped_command_spares_the_servers, setup, teardown),
        cmocka_unit_test_setup_teardown(output_streams_and_can_be_cancelled, setup, teardown),
        cmocka_unit_test(closing_ends_everything),
        cmocka_unit_test(a_killed_runner_leaves_nothing),
        cmocka_unit_test_setup_teardown(consoles_do_not_meet, setup, teardown),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
