/* core: errors, numbers, buffers, addresses, connections, the stop. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/address.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

static void test_clock(void **state)
{
    struct timespec before, after;

    (void)state;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
    uint64_t first = now_ns();
    int64_t middle = now_ms();
    uint64_t last = now_ns();
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
    assert_true(first >= (uint64_t)before.tv_sec * 1000000000U + (uint64_t)before.tv_nsec);
    assert_true(last >= first);
    assert_true(last <= (uint64_t)after.tv_sec * 1000000000U + (uint64_t)after.tv_nsec);
    assert_true(middle >= (int64_t)(first / 1000000U) && middle <= (int64_t)(last / 1000000U));
}

static void test_number(void **state)
{
    static const char *const bad[] = {"",
                                      " 1",
                                      "1 ",
                                      "+1",
                                      "0x10",
                                      "1e3",
                                      "--1",
                                      "-",
                                      "1.",
                                      "a",
                                      "65536",
                                      "-2",
                                      "99999999999999999999"};
    long number = 7;

    (void)state;
    assert_true(number_parse("0", 0, 65535, &number));
    assert_int_equal(number, 0);
    assert_true(number_parse("65535", 0, 65535, &number));
    assert_int_equal(number, 65535);
    assert_true(number_parse("-1", -1, 1, &number));
    assert_int_equal(number, -1);
    number = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(number_parse(bad[i], -1, 65535, &number));
    assert_false(number_parse(NULL, 0, 1, &number));
    assert_int_equal(number, 7);
}

static void test_buffer(void **state)
{
    struct buffer buffer = {0};
    char chunk[1000];

    (void)state;
    assert_string_equal(buffer_text(&buffer), "");
    assert_int_equal(buffer_add(&buffer, "a\0b", 3), 0);
    assert_int_equal(buffer_print(&buffer, "%d-%s", 42, "x"), 0);
    assert_int_equal(buffer.length, 7);
    assert_memory_equal(buffer.data, "a\0b42-x", 8);
    memset(chunk, 'y', sizeof chunk);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(buffer_add(&buffer, chunk, sizeof chunk), 0);
    assert_int_equal(buffer.length, 1000007);
    assert_int_equal(buffer.data[1000006], 'y');
    assert_int_equal(buffer.data[1000007], '\0');
    assert_int_equal(buffer_reserve(&buffer, SIZE_MAX - 10), -1);
    assert_int_equal(buffer.length, 1000007);
    buffer_free(&buffer);
    assert_null(buffer.data);
}

static void test_buffer_file(void **state)
{
    struct buffer buffer = {0};
    char path[] = "/tmp/unit-core-XXXXXX", bytes[100000];
    int fd = mkstemp(path);

    (void)state;
    memset(bytes, 'z', sizeof bytes);
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(close(fd), 0);
    assert_int_equal(buffer_add(&buffer, "head", 4), 0);
    assert_int_equal(buffer_add_file(&buffer, path, sizeof bytes), 0);
    assert_int_equal(buffer.length, sizeof bytes + 4);
    assert_int_equal(buffer_add_file(&buffer, path, sizeof bytes - 1), -1);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(buffer.length, sizeof bytes + 4);
    assert_int_equal(buffer.data[buffer.length], '\0');
    assert_int_equal(unlink(path), 0);
    assert_int_equal(buffer_add_file(&buffer, path, 1), -1);
    assert_int_equal(errno, ENOENT);
    buffer_free(&buffer);
}

static void check_address(int family, const char *host, const char *wanted)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(7003)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(7003)};
    char text[ADDRESS_TEXT];
    const struct sockaddr *address =
        family == AF_INET ? (struct sockaddr *)&in : (struct sockaddr *)&in6;

    assert_int_equal(
        inet_pton(family, host, family == AF_INET ? (void *)&in.sin_addr : (void *)&in6.sin6_addr),
        1);
    assert_string_equal(address_format(address, family == AF_INET ? sizeof in : sizeof in6, text),
                        wanted);
    assert_int_equal(address_port(address), 7003);
}

static void test_address(void **state)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    struct sockaddr odd = {.sa_family = 77};
    char text[ADDRESS_TEXT];
    socklen_t head = offsetof(struct sockaddr_un, sun_path);

    (void)state;
    check_address(AF_INET, "127.0.0.1", "127.0.0.1:7003");
    check_address(AF_INET6, "::1", "[::1]:7003");
    check_address(AF_INET6, "::ffff:10.1.2.3", "10.1.2.3:7003");
    assert_string_equal(address_format((struct sockaddr *)&local, head + 7, text), "unix:/run/x");
    memcpy(local.sun_path, "\0abc", 4);
    assert_string_equal(address_format((struct sockaddr *)&local, head + 4, text), "unix:@abc");
    assert_string_equal(address_format((struct sockaddr *)&local, head, text), "unix:");
    assert_string_equal(address_format(&odd, sizeof odd, text), "family 77");
    assert_int_equal(address_port(&odd), -1);
}

static void test_error(void **state)
{
    struct error error = {0};

    (void)state;
    assert_int_equal(error_set(&error, "%s:%d: bad", "file", 3), -1);
    assert_string_equal(error.text, "file:3: bad");
    errno = ENOENT;
    assert_int_equal(error_set_errno(&error, "open %s", "x"), -1);
    assert_string_equal(error.text, "open x: No such file or directory");
    assert_int_equal(errno, ENOENT);
    assert_int_equal(error_set(NULL, "nobody listens"), -1);
    assert_string_equal(errno_name(ECONNREFUSED), "ECONNREFUSED");
    assert_string_equal(errno_name(99999), "E?");
}

/* Runs what in a child whose standard error goes into text. Returns its exit status. */
static int run_child(void (*what)(void), char *text, size_t size, const char *out)
{
    int ends[2], status = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)!freopen(out, "w", stdout);
        what();
        _exit(99);
    }
    (void)close(ends[1]);
    ssize_t n = read(ends[0], text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static void call_die(void)
{
    die("%s is wrong", "this");
}

static void call_die_errno(void)
{
    errno = ECONNREFUSED;
    die_errno("%s port %d", "host", 7);
}

static void call_usage(void)
{
    die_usage("HOST PORT");
}

static void call_finish(void)
{
    (void)printf("%10000d", 1);
    finish(0);
}

static void test_programs(void **state)
{
    char text[256];

    (void)state;
    assert_int_equal(run_child(call_die, text, sizeof text, "/dev/null"), 1);
    assert_string_equal(text, "unit_core.t: this is wrong\n");
    assert_int_equal(run_child(call_die_errno, text, sizeof text, "/dev/null"), 1);
    assert_string_equal(text, "unit_core.t: host port 7: ECONNREFUSED (Connection refused)\n");
    assert_int_equal(run_child(call_usage, text, sizeof text, "/dev/null"), 2);
    assert_string_equal(text, "usage: unit_core.t HOST PORT\n");
    assert_int_equal(run_child(call_finish, text, sizeof text, "/dev/null"), 0);
    assert_int_equal(run_child(call_finish, text, sizeof text, "/dev/full"), 1);
    assert_non_null(strstr(text, "standard output: ENOSPC"));
}

/* A connection from end to end: what the modules make works, and they name what they cannot do. */
static void test_tcp(void **state)
{
    struct error error = {.text = ""};
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char port[8], text[4] = "";

    (void)state;
    int listener = tcp_listen(0, &error);
    assert_int_not_equal(listener, -1);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    (void)snprintf(port, sizeof port, "%d", address_port((struct sockaddr *)&address));
    int client = tcp_connect("127.0.0.1", port, &error);
    assert_int_not_equal(client, -1);
    int server = tcp_accept(listener);
    assert_int_not_equal(server, -1);
    assert_int_equal(fcntl(server, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    assert_int_equal(fcntl(server, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(tcp_send_all(client, "abc", 3), 0);
    assert_int_equal(recv(server, text, sizeof text, MSG_WAITALL | MSG_PEEK | MSG_DONTWAIT), 3);
    assert_memory_equal(text, "abc", 3);
    assert_int_equal(tcp_listen((uint16_t)address_port((struct sockaddr *)&address), &error), -1);
    assert_non_null(strstr(error.text, "EADDRINUSE"));
    assert_int_equal(close(listener) | close(server), 0);
    assert_int_equal(tcp_connect("127.0.0.1", port, &error), -1);
    assert_non_null(strstr(error.text, "ECONNREFUSED"));
    assert_int_equal(tcp_connect("name.invalid", "no such service", &error), -1);
    assert_non_null(strstr(error.text, "name.invalid"));
    assert_int_equal(close(client), 0);
}

/* Two sockets listen on one port, if both say so. */
static void test_tcp_shared(void **state)
{
    struct error error = {.text = ""};
    struct sockaddr_storage address;
    socklen_t length = sizeof address;

    (void)state;
    int first = tcp_listen_shared(0, &error);
    assert_int_not_equal(first, -1);
    assert_int_equal(getsockname(first, (struct sockaddr *)&address, &length), 0);
    const uint16_t port = (uint16_t)address_port((struct sockaddr *)&address);
    assert_int_equal(tcp_listen(port, &error), -1);
    assert_non_null(strstr(error.text, "EADDRINUSE"));
    int second = tcp_listen_shared(port, &error);
    assert_int_not_equal(second, -1);
    assert_int_equal(close(first) | close(second), 0);
}

static struct rlimit enough;

static void on_alarm(int number)
{
    (void)number;
    (void)setrlimit(RLIMIT_NOFILE, &enough);
}

/* Out of descriptors, until an alarm allows more: tcp_accept() waits for that, asleep. */
static void test_accept_later(void **state)
{
    const struct sigaction wake = {.sa_handler = on_alarm};
    const struct itimerval soon = {.it_value.tv_usec = 250000};
    struct error error = {.text = ""};
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char port[8];

    (void)state;
    int listener = tcp_listen(0, &error);
    assert_int_not_equal(listener, -1);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    (void)snprintf(port, sizeof port, "%d", address_port((struct sockaddr *)&address));
    int client = tcp_connect("127.0.0.1", port, &error);
    assert_int_not_equal(client, -1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &enough), 0);
    const struct rlimit few = {.rlim_cur = (rlim_t)client + 1, .rlim_max = enough.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(sigaction(SIGALRM, &wake, NULL), 0);
    clock_t used = clock();
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    int server = tcp_accept(listener);
    assert_int_not_equal(server, -1);
    assert_true(clock() - used < CLOCKS_PER_SEC / 20);
    assert_int_equal(close(listener) | close(client) | close(server), 0);
}

/* A signal that comes while the program is busy is seen, and one that comes before it sleeps. */
static void test_stop(void **state)
{
    struct error error = {.text = ""};
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(stop_wait(ends[0], POLLIN, 10), 0);
    assert_int_equal(stop_wait(-1, 0, 10), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(stop_wait(ends[0], POLLIN, -1), 1);
    assert_int_equal(stop_hold(&error), 0);
    assert_false(stop_asked());
    assert_int_equal(raise(SIGTERM), 0);
    assert_true(stop_asked());
    assert_int_equal(stop_wait(ends[0], POLLIN, -1), -1);
    assert_int_equal(tcp_accept(ends[0]), -1);
    assert_int_equal(close(ends[0]) | close(ends[1]), 0);
    assert_int_equal(ppoll(NULL, 0, NULL, stop_mask()), -1);
    assert_int_equal(errno, EINTR);
    assert_true(stop_asked());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number),       cmocka_unit_test(test_buffer),
        cmocka_unit_test(test_buffer_file),  cmocka_unit_test(test_address),
        cmocka_unit_test(test_error),        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_tcp),          cmocka_unit_test(test_tcp_shared),
        cmocka_unit_test(test_accept_later), cmocka_unit_test(test_stop),
        cmocka_unit_test(test_clock),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
