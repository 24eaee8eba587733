/* wire: the log, the fault plan, the ladder, and bytes made visible. */
#include <setjmp.h> /* cmocka.h wants these four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/fault.h"
#include "wire/ladder.h"
#include "wire/log.h"

static char path[64];
static struct wire_log log_made;
static struct buffer out;

static int set_up(void **state)
{
    struct error error;

    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/unit_wire.%ld", (long)getpid());
    return wire_log_create(&log_made, path, 64, &error);
}

static int tear_down(void **state)
{
    (void)state;
    wire_log_close(&log_made);
    buffer_free(&out);
    return unlink(path);
}

/* ---- the log ----------------------------------------------------------------------------------
 */

static uint32_t add(struct wire_event *event)
{
    return wire_log_add(log_made.header, log_made.header->capacity, event);
}

static void test_log_keeps_events(void **state)
{
    struct wire_event event = {.call = WIRE_SEND, .result = 7};
    struct wire_log other;
    struct error error;

    (void)state;
    assert_int_equal(wire_log_count(&log_made), 0);
    assert_null(wire_log_event(&log_made, 0));
    assert_int_equal(add(&event), 0);
    event.result = 8;
    assert_int_equal(add(&event), 1);
    assert_int_equal(wire_log_open(&other, path, &error), 0);
    assert_int_equal(wire_log_count(&other), 2);
    assert_int_equal(wire_log_event(&other, 1)->result, 8);
    assert_null(wire_log_event(&other, 2));
    atomic_store(&log_made.events[1].ready, 0); /* as if it were still being written */
    assert_null(wire_log_event(&other, 1));
    wire_log_close(&other);
}

static void test_log_when_full(void **state)
{
    struct wire_event event = {.call = WIRE_SEND};

    (void)state;
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(add(&event), i);
    assert_int_equal(add(&event), UINT32_MAX);
    assert_int_equal(wire_log_count(&log_made), 64);
    assert_null(wire_log_event(&log_made, 64));
    log_made.header->capacity = UINT32_MAX; /* as a program that scribbles might leave it */
    atomic_store(&log_made.header->count, UINT32_MAX);
    assert_int_equal(wire_log_count(&log_made), 64);
    assert_null(wire_log_event(&log_made, UINT32_MAX - 1));
}

static void test_log_arranged(void **state)
{
    struct wire_log other;
    struct stat about;
    struct error error;

    (void)state;
    assert_int_equal(log_made.header->arranged, 0);
    wire_log_arrange(&log_made, "/proc/self/exe", WIRE_EINTR | WIRE_DELAY, 77);
    assert_int_equal(wire_log_open(&other, path, &error), 0);
    assert_int_equal(stat("/proc/self/exe", &about), 0);
    assert_int_equal(other.header->arranged, 1);
    assert_int_equal(other.header->faults, WIRE_EINTR | WIRE_DELAY);
    assert_int_equal(other.header->seed, 77);
    assert_int_equal(other.header->device, about.st_dev);
    assert_int_equal(other.header->inode, about.st_ino);
    wire_log_close(&other);
    wire_log_arrange(&log_made, "/nowhere/program", 0, 0); /* no program is that one */
    assert_int_equal(log_made.header->inode, 0);
}

static void test_log_refuses(void **state)
{
    struct wire_log other;
    struct error error;

    (void)state;
    assert_int_equal(wire_log_open(&other, "/nowhere/log", &error), -1);
    assert_string_equal(error.text, "/nowhere/log: No such file or directory");
    log_made.header->magic++;
    assert_int_equal(wire_log_open(&other, path, &error), -1);
    log_made.header->magic--;
    log_made.header->capacity++; /* more than the file holds */
    assert_int_equal(wire_log_open(&other, path, &error), -1);
    log_made.header->capacity--;
    assert_int_equal(truncate(path, 8), 0);
    assert_int_equal(wire_log_open(&other, path, &error), -1);
    assert_non_null(strstr(error.text, "not a wire log"));
    assert_int_equal(wire_log_create(&other, "/nowhere/log", 8, &error), -1);
}

static void *wait_for_bell(void *seen)
{
    uint32_t *value = seen;

    *value = wire_log_wait(&log_made, 0, -1);
    return NULL;
}

static void test_log_doorbell(void **state)
{
    struct wire_event event = {.call = WIRE_SEND};
    uint32_t value = 0;
    pthread_t thread;

    (void)state;
    assert_int_equal(wire_log_wait(&log_made, 0, 5), 0); /* nobody rings: the time-out */
    assert_int_equal(pthread_create(&thread, NULL, wait_for_bell, &value), 0);
    while (atomic_load(&log_made.header->waiters) == 0)
        (void)sched_yield(); /* cannot fail on Linux */
    (void)add(&event);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(value, 1);
    assert_int_equal(wire_log_wait(&log_made, 0, -1), 1); /* has rung: no wait */
    assert_int_equal(atomic_load(&log_made.header->waiters), 0);
}

/* ---- the fault plan ---------------------------------------------------------------------------
 */

static void test_fault_names(void **state)
{
    struct error error;
    unsigned faults = 0, all = 0, i;

    (void)state;
    assert_int_equal(wire_faults_parse("short-read,eintr", &faults, &error), 0);
    assert_int_equal(faults, WIRE_SHORT_READ | WIRE_EINTR);
    assert_int_equal(wire_faults_parse("", &faults, &error), 0);
    assert_int_equal(faults, 0);
    faults = 99;
    assert_int_equal(wire_faults_parse("eintr,short", &faults, &error), -1);
    assert_string_equal(error.text, "no fault is called \"short\"");
    assert_int_equal(wire_faults_parse("eintr,", &faults, &error), -1);
    assert_int_equal(wire_faults_parse(",eintr", &faults, &error), -1);
    assert_int_equal(wire_faults_parse("eintr ", &faults, &error), -1);
    assert_int_equal(faults, 99);
    for (i = 0; wire_fault_name(1U << i) != NULL; i++) {
        assert_non_null(fault_help(i));
        assert_int_equal(wire_faults_parse(wire_fault_name(1U << i), &faults, &error), 0);
        assert_int_equal(faults, 1U << i);
        all |= faults;
    }
    assert_int_equal(all, (WIRE_YIELD << 1) - 1);
    assert_null(fault_help(i));
}

/* How many reads of at most asked bytes a stream of size bytes takes. */
static unsigned count_reads(const struct fault_plan *plan, uint32_t socket, uint64_t size,
                            size_t asked)
{
    struct fault_call call = {
        .way = FAULT_IN, .socket = socket, .asked = asked, .stream = true, .internet = true};
    unsigned reads = 0;

    while (call.in < size) {
        struct fault_verdict verdict = fault_decide(plan, &call);
        assert_int_equal(verdict.error, 0);
        assert_true(verdict.limit > 0);
        assert_true((verdict.limit < asked) == (verdict.faults != 0));
        call.in += verdict.limit < asked ? verdict.limit : asked;
        reads++;
    }
    return reads;
}

static void test_fault_pieces(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct fault_plan plan = {.faults = WIRE_SHORT_READ, .seed = seed};
        unsigned line = count_reads(&plan, 0, 12, 4096);
        assert_in_range(line, 3, 8); /* a line always comes in pieces, not all of one byte */
        assert_in_range(count_reads(&plan, 0, 1 << 20, 4096), 256, 600);
        assert_in_range(count_reads(&plan, 0, 1 << 20, 65536), 64, 200);
        assert_int_equal(count_reads(&plan, 0, 100, 1), 100); /* one byte cannot be cut */
        plan.faults = WIRE_SHORT_WRITE;
        assert_int_equal(count_reads(&plan, 0, 4096, 4096), 1); /* not ours */
    }
}

/* Pieces end where they end, whatever the reads before: time and segments do not matter. */
static void test_fault_pieces_do_not_move(void **state)
{
    struct fault_plan plan = {.faults = WIRE_SHORT_READ, .seed = 5};
    struct fault_call call = {.way = FAULT_IN, .asked = 4096, .stream = true};
    uint64_t offset = 0;

    (void)state;
    while (offset < 200000) {
        call.in = offset;
        size_t limit = fault_decide(&plan, &call).limit;
        uint64_t end = offset + (limit < call.asked ? limit : call.asked);
        call.in = offset + (end - offset) / 2; /* the same piece from its middle */
        if (call.in > offset && end < offset + 4096)
            assert_int_equal(call.in + fault_decide(&plan, &call).limit, end);
        offset = end;
    }
}

static void test_fault_errors(void **state)
{
    struct fault_plan plan = {.faults = WIRE_EINTR | WIRE_EAGAIN};
    unsigned interrupted = 0, again = 0;

    (void)state;
    for (plan.seed = 0; plan.seed < 50; plan.seed++) {
        for (uint32_t n = 0; n < 40; n++) {
            struct fault_call call = {.way = FAULT_IN, .number = n, .asked = 10, .stream = true};
            assert_int_equal(fault_decide(&plan, &call).error, 0); /* neither is allowed here */
            call.interrupt = true;
            int error = fault_decide(&plan, &call).error;
            assert_true(error == 0 || error == EINTR);
            call.nonblocking = true;
            error = fault_decide(&plan, &call).error;
            assert_true(n % 2 == 0 || error == 0); /* never twice in a row */
            assert_true(n != 0 || error != 0);     /* the first time always */
            interrupted += error == EINTR;
            again += error == EAGAIN;
        }
    }
    assert_in_range(interrupted, 150, 450);
    assert_in_range(again, 150, 450);
    struct fault_call waiting = {.way = FAULT_WAIT, .interrupt = true, .nonblocking = true};
    assert_int_equal(fault_decide(&plan, &waiting).error, EINTR);
}

/* recv() with MSG_WAITALL: a signal ends it with a part as often as with nothing. */
static void test_fault_whole(void **state)
{
    struct fault_plan plan = {.faults = WIRE_EINTR | WIRE_SHORT_READ};
    unsigned parts = 0, interrupted = 0;

    (void)state;
    for (plan.seed = 0; plan.seed < 100; plan.seed++) {
        struct fault_call call = {.way = FAULT_IN, .asked = 10, .interrupt = true, .whole = true};
        struct fault_verdict verdict = fault_decide(&plan, &call);
        assert_int_equal(verdict.faults, WIRE_EINTR);
        assert_true((verdict.error == EINTR) != (verdict.limit >= 1 && verdict.limit < call.asked));
        interrupted += verdict.error == EINTR;
        parts += verdict.error == 0;
        call.number = 1; /* never twice in a row */
        verdict = fault_decide(&plan, &call);
        assert_true(verdict.error == 0 && verdict.limit == SIZE_MAX && verdict.faults == 0);
        call.number = 0;
        call.asked = 1; /* one byte has no part */
        assert_int_equal(fault_decide(&plan, &call).error, EINTR);
    }
    assert_in_range(parts, 30, 70);
    assert_int_equal(parts + interrupted, 100);
}

static void test_fault_accept_both(void **state)
{
    struct fault_plan plan = {.faults = WIRE_ACCEPT_EMFILE | WIRE_ACCEPT_ABORTED};
    unsigned errors[2] = {0, 0};

    (void)state;
    for (plan.seed = 0; plan.seed < 50; plan.seed++) {
        for (uint32_t n = 0; n < 4; n++) {
            struct fault_call call = {.way = FAULT_ACCEPT, .number = n};
            struct fault_verdict verdict = fault_decide(&plan, &call);
            assert_true(verdict.error == 0 ||
                        verdict.error == (n % 2 == 0 ? ECONNABORTED : EMFILE));
            errors[n % 2] += verdict.error != 0;
        }
    }
    assert_true(errors[0] > 50 && errors[0] < 100 && errors[1] > 50 && errors[1] < 100);
    plan.faults = WIRE_ACCEPT_ABORTED;
    for (plan.seed = 0; plan.seed < 50; plan.seed++) {
        struct fault_call call = {.way = FAULT_ACCEPT};
        assert_int_equal(fault_decide(&plan, &call).error, ECONNABORTED);
        call.number = 3;
        assert_int_equal(fault_decide(&plan, &call).error, 0);
    }
}

static void test_fault_accept(void **state)
{
    struct fault_plan plan = {.faults = WIRE_ACCEPT_EMFILE};

    (void)state;
    for (plan.seed = 0; plan.seed < 50; plan.seed++) {
        unsigned refused = 0;
        for (uint32_t n = 0; n < 10; n++) {
            struct fault_call call = {.way = FAULT_ACCEPT, .number = n};
            struct fault_verdict verdict = fault_decide(&plan, &call);
            assert_true(verdict.error == (n == refused ? EMFILE : 0) || n >= refused);
            refused += verdict.error == EMFILE;
        }
        assert_in_range(refused, 1, 3);
    }
}

static void test_fault_start(void **state)
{
    struct fault_plan plan = {.faults = WIRE_START_EAGAIN};
    unsigned seen = 0;

    (void)state;
    for (plan.seed = 0; plan.seed < 50; plan.seed++) {
        assert_in_range(fault_starts_refused(&plan), 1, 3);
        seen |= 1U << fault_starts_refused(&plan);
    }
    assert_int_equal(seen, 1U << 1 | 1U << 2 | 1U << 3);
    plan.faults = WIRE_ACCEPT_EMFILE;
    assert_int_equal(fault_starts_refused(&plan), 0);
}

static void test_fault_doom(void **state)
{
    struct fault_plan plan = {.faults = WIRE_RESET | WIRE_HALF_CLOSE};
    unsigned spared = 0;

    (void)state;
    for (plan.seed = 0; plan.seed < 50; plan.seed++) {
        assert_in_range(fault_reset_at(&plan, 0), 1, 16);
        assert_in_range(fault_half_close_at(&plan, 0), 1, 8);
        for (uint32_t socket = 1; socket < 20; socket++)
            spared += fault_reset_at(&plan, socket) == UINT64_MAX;
        struct fault_call call = {.way = FAULT_IN, .asked = 100, .stream = true, .internet = true};
        struct fault_verdict verdict = fault_decide(&plan, &call);
        assert_true(verdict.limit <= fault_reset_at(&plan, 0));
        assert_true(verdict.limit <= fault_half_close_at(&plan, 0));
        call.internet = false;
        assert_true(fault_decide(&plan, &call).limit == SIZE_MAX);
    }
    assert_in_range(spared, 350, 600);
    plan.faults = 0;
    assert_true(fault_reset_at(&plan, 0) == UINT64_MAX);
}

static void test_fault_datagrams(void **state)
{
    struct fault_plan plan = {.faults = WIRE_UDP_DROP};
    unsigned dropped = 0;

    (void)state;
    for (plan.seed = 0; plan.seed < 50; plan.seed++) {
        assert_int_equal(fault_datagram(&plan, 0, 0), WIRE_UDP_DROP);
        assert_int_equal(fault_datagram(&plan, 1, 0), 0); /* the next try's fresh socket */
        for (uint32_t n = 0; n < 20; n++) {
            assert_true(fault_datagram(&plan, 0, n) == 0 || fault_datagram(&plan, 0, n + 1) == 0);
            dropped += fault_datagram(&plan, 0, n) != 0;
        }
    }
    assert_in_range(dropped, 200, 500);
}

/* ---- the ladder -------------------------------------------------------------------------------
 */

/* A call that has returned, on socket, whose peer is port 7003 on loopback. */
static struct wire_event *make(struct wire_event *event, int call, uint64_t socket, int64_t result,
                               const char *data)
{
    *event = (struct wire_event){.call = (uint8_t)call,
                                 .phase = WIRE_EXIT,
                                 .family = AF_INET,
                                 .type = SOCK_STREAM,
                                 .socket = socket,
                                 .asked = 4096,
                                 .result = result};
    event->peer.in = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(7003), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (call == WIRE_SEND)
        event->asked = result;
    event->time_ns = (uint64_t)(wire_log_count(&log_made) + 1) * 100000;
    if (data != NULL)
        memcpy(event->head, data, strlen(data));
    return event;
}

static void put(int call, uint64_t socket, int64_t result, const char *data)
{
    struct wire_event event;

    (void)add(make(&event, call, socket, result, data));
}

static void put_error(int call, uint64_t socket, int error)
{
    struct wire_event event;

    (void)make(&event, call, socket, -1, NULL);
    event.error = error;
    (void)add(&event);
}

static const char *draw(int columns, int lines, bool times)
{
    struct ladder_options options = {.columns = columns, .lines = lines, .times = times};

    buffer_free(&out);
    assert_int_equal(ladder_draw(&log_made, &options, &out), 0);
    return buffer_text(&out);
}

static void put_close(uint64_t socket, unsigned unread, const char *data)
{
    struct wire_event event;

    (void)make(&event, WIRE_CLOSE, socket, 0, data);
    event.unread = unread;
    (void)add(&event);
}

static void test_ladder_client(void **state)
{
    struct wire_event event;

    (void)state;
    assert_string_equal(draw(80, 0, true), "");
    put(WIRE_SOCKET, 9, 3, NULL);
    put(WIRE_CONNECT, 9, 0, NULL);
    put(WIRE_SEND, 9, 6, "hello\n");
    put(WIRE_RECV, 9, 5, "hello");
    put_error(WIRE_RECV, 9, EAGAIN);
    (void)make(&event, WIRE_SHUTDOWN, 9, 0, NULL);
    event.flags = SHUT_WR;
    (void)add(&event);
    put_close(9, 7, " world,");
    assert_string_equal(draw(60, 0, true),
                        "  your program                              server\n"
                        "0.0 ms  |--- connect ------------------------->|\n"
                        "0.1 ms  |--- 6 B  \"hello\\n\" ------------------>|\n"
                        "0.2 ms  |<-- 5 B  \"hello\" ---------------------|\n"
                        "0.4 ms  |--- end ----------------------------->|\n"
                        "0.5 ms  |<-- 7 B  \" world,\" -------------------|  never read\n"
                        "0.5 ms  |--- close --------------------------->|  reset\n");
}

static void test_ladder_refused_and_reset(void **state)
{
    (void)state;
    put_error(WIRE_CONNECT, 8, ECONNREFUSED);
    put_close(8, 0, NULL);
    put(WIRE_CONNECT, 9, 0, NULL);
    put_error(WIRE_RECV, 9, ECONNRESET);
    put_close(9, 0, NULL);
    assert_string_equal(
        draw(80, 0, false),
        "your program                                  server\n"
        "    1 |--- connect --------------------------X   |  refused, 127.0.0.1:7003\n"
        "    2 |--- connect ----------------------------->|  127.0.0.1:7003\n"
        "    2 |   X-- reset -----------------------------|\n");
}

static void test_ladder_connect_in_progress(void **state)
{
    struct wire_event event;

    (void)state;
    put_error(WIRE_CONNECT, 9, EINPROGRESS);
    assert_non_null(strstr(draw(80, 0, false), "X   |  no answer"));
    (void)make(&event, WIRE_GETSOCKOPT, 9, 0, NULL);
    event.asked = 0;
    (void)add(&event);
    assert_null(strstr(draw(80, 0, false), "X"));
    event.asked = ETIMEDOUT;
    (void)add(&event);
    assert_non_null(strstr(draw(80, 0, false), "X   |  timed out"));
}

static void test_ladder_server(void **state)
{
    struct wire_event event;
    uint64_t inode = 20;

    (void)state;
    (void)make(&event, WIRE_ACCEPT, 5, 4, NULL);
    memcpy(event.head, &inode, sizeof inode);
    (void)add(&event);
    put(WIRE_RECV, 20, 2, "hi");
    put(WIRE_RECV, 20, 0, NULL);
    put_close(20, 0, NULL); /* a copy, by fork(): the other goes on */
    put(WIRE_SEND, 20, 2, "yo");
    put_close(20, 0, NULL);
    assert_string_equal(draw(40, 0, false), "your program                      client\n"
                                            "|<-- connect --------------------------|\n"
                                            "|<-- 2 B  \"hi\" ------------------------|\n"
                                            "|<-- end ------------------------------|\n"
                                            "|--- 2 B  \"yo\" ----------------------->|\n"
                                            "|--- close --------------------------->|\n");
}

static void test_ladder_condenses(void **state)
{
    (void)state;
    put(WIRE_CONNECT, 9, 0, NULL);
    for (int i = 0; i < 20; i++)
        put(WIRE_RECV, 9, 4096, "0123456789012345678901234567890");
    put(WIRE_SEND, 9, 1, "x");
    const char *ladder = draw(80, 0, false);
    assert_non_null(strstr(ladder, "|<-- … 17 more, 69,632 B ---"));
    assert_non_null(strstr(ladder, "|<-- 4,096 B  \"0123456789012"));
    unsigned lines = 0;
    for (const char *at = ladder; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 1 + 1 + 3 + 1 + 1);
}

static void test_ladder_joins_small_pieces(void **state)
{
    (void)state;
    put(WIRE_CONNECT, 9, 0, NULL);
    for (int i = 0; i < 3; i++)
        put(WIRE_RECV, 9, 1, "a");
    put(WIRE_SEND, 9, 1, "x");
    for (int i = 0; i < 40; i++)
        put(WIRE_RECV, 9, 1, i % 2 == 0 ? "b" : "\n");
    put(WIRE_RECV, 9, 5, "large");
    assert_string_equal(draw(60, 0, false),
                        "your program                                  server\n"
                        "      |--- connect ----------------------------->|\n"
                        "      |<-- 1 B  \"a\" -----------------------------|\n"
                        "      |<-- 1 B  \"a\" -----------------------------|\n"
                        "      |<-- 1 B  \"a\" -----------------------------|\n"
                        "      |--- 1 B  \"x\" ---------------------------->|\n"
                        "      |<-- 40 pieces, 40 B  \"b\\nb\\nb\\nb\\nb\\nb…\" -|\n"
                        "      |<-- 5 B  \"large\" -------------------------|\n");
    /* Where they would not all fit, few are joined too. */
    assert_non_null(strstr(draw(60, 6, false), "|<-- 3 pieces, 3 B  \"aaa\" ---"));
}

static void test_ladder_fits(void **state)
{
    struct buffer fits = {0};

    (void)state;
    put(WIRE_CONNECT, 9, 0, NULL);
    put(WIRE_SEND, 9, 31, "a | text ->| that looks like a ladder");
    put(WIRE_RECV, 9, 6, "\xc3\xa4\xc3\xb6\xc3\xbc");
    put_close(9, 7, " world,");
    char *drawn = strdup(draw(80, 0, true));
    assert_non_null(drawn);
    for (int columns = 30; columns < 100; columns++) {
        buffer_free(&fits);
        assert_int_equal(ladder_fit(drawn, columns, &fits), 0);
        if (columns >= 80)
            assert_string_equal(buffer_text(&fits), drawn);
        size_t rail = 0, lines = 0;
        char *copy = strdup(buffer_text(&fits)), *rest = copy, *line;
        while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
            assert_true(bytes_columns(line) <= (size_t)columns);
            if (lines++ == 0)
                continue; /* the names */
            char *end = strstr(line, "  never") != NULL  ? strstr(line, "  never")
                        : strstr(line, "  rese") != NULL ? strstr(line, "  rese")
                        : strstr(line, "|  ") != NULL    ? strstr(line, "|  ") + 1
                                                         : line + strlen(line);
            *end = '\0';
            assert_int_equal(end[-1], '|');
            assert_true(rail == 0 || bytes_columns(line) == rail);
            rail = bytes_columns(line);
        }
        free(copy);
    }
    buffer_free(&fits);
    assert_int_equal(ladder_fit("no ladder | at all, and far too long for this", 10, &fits), 0);
    assert_string_equal(buffer_text(&fits), "no ladder | at all, and far too long for this");
    buffer_free(&fits);
    free(drawn);
}

static void test_ladder_limits(void **state)
{
    (void)state;
    put(WIRE_CONNECT, 9, 0, NULL);
    for (int i = 0; i < 15; i++) {
        put(WIRE_SEND, 9, 31, "\x16\x03\x01 an æ and \xff and more, so long");
        put(WIRE_RECV, 9, 31, "plain text that is far too long");
    }
    for (int columns = 20; columns < 120; columns++) {
        for (int limit = 4; limit < 40; limit += 5) {
            const char *ladder = draw(columns, limit, columns % 2 == 0);
            int lines = 0;
            for (const char *at = ladder, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
                char line[512];
                assert_true((size_t)(end - at) < sizeof line);
                memcpy(line, at, (size_t)(end - at));
                line[end - at] = '\0';
                if (columns >= 40)
                    assert_true(bytes_columns(line) <= (size_t)columns);
                lines++;
            }
            assert_int_equal(lines, limit < 32 ? limit : 32);
        }
    }
}

static void test_ladder_datagrams(void **state)
{
    struct wire_event event;

    (void)state;
    for (int i = 0; i < 4; i++) {
        (void)make(&event, i % 2 == 0 ? WIRE_RECV : WIRE_SEND, 9, 4, "ping");
        event.type = SOCK_DGRAM;
        event.asked = 4;
        event.peer.in.sin_port = htons((uint16_t)(7001 + i / 2)); /* two clients, one socket */
        event.faults = i == 3 ? WIRE_UDP_DROP : 0;
        (void)add(&event);
    }
    const char *ladder = draw(80, 0, false);
    assert_non_null(strstr(ladder, "client\n"));
    assert_non_null(strstr(ladder, " 1 |--- 4 B  \"ping\" -"));
    assert_non_null(strstr(ladder, " 2 |<-- 4 B  \"ping\" -"));
    assert_non_null(strstr(ladder, "X   |  lost"));
}

/* ---- bytes ------------------------------------------------------------------------------------
 */

static void assert_shown(const char *bytes, size_t length, size_t columns, const char *want)
{
    struct buffer shown = {0};

    assert_int_equal(bytes_show(bytes, length, columns, &shown), 0);
    assert_string_equal(buffer_text(&shown), want);
    buffer_free(&shown);
}

static void test_bytes_show(void **state)
{
    (void)state;
    assert_shown("", 0, 10, "");
    assert_shown("hello\n", 6, 10, "hello\\n");
    assert_shown("a\tb\r\0\\\x1b\x7f", 8, 99, "a\\tb\\r\\0\\\\\\x1b\\x7f");
    assert_shown("æ€𝄞", 9, 3, "æ€𝄞");
    assert_shown("\xff\xc3", 2, 99, "\\xff\\xc3");
    assert_shown("\xc0\x80", 2, 99, "\\xc0\\x80");            /* an overlong NUL */
    assert_shown("\xed\xa0\x80", 3, 99, "\\xed\\xa0\\x80");   /* half of a surrogate pair */
    assert_shown("a\xe2\x80\xae", 4, 99, "a\\xe2\\x80\\xae"); /* writing turned round */
    assert_shown("\xc2\x9b", 2, 99, "\\xc2\\x9b");            /* a terminal's control sequence */
    assert_shown("12345", 5, 5, "12345");
    assert_shown("123456", 6, 5, "1234…");
    assert_shown("123\n4", 5, 5, "123…");  /* never half an escape */
    assert_shown("中文字", 9, 5, "中文…"); /* two columns each */
    assert_shown("abc", 3, 1, "…");
    assert_shown("abc", 3, 0, "");
    assert_int_equal(bytes_columns("a\\n中…"), 6);
    assert_true(bytes_are_text("GET / \r\n", 8));
    assert_true(bytes_are_text("cut in a charact\xc3", 17));
    assert_false(bytes_are_text("\x16\x03\x01\x02\x00\x01", 6));
}

#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOG(test_log_keeps_events),
        WITH_LOG(test_log_when_full),
        WITH_LOG(test_log_refuses),
        WITH_LOG(test_log_arranged),
        WITH_LOG(test_log_doorbell),
        cmocka_unit_test(test_fault_names),
        cmocka_unit_test(test_fault_pieces),
        cmocka_unit_test(test_fault_pieces_do_not_move),
        cmocka_unit_test(test_fault_errors),
        cmocka_unit_test(test_fault_whole),
        cmocka_unit_test(test_fault_accept),
        cmocka_unit_test(test_fault_accept_both),
        cmocka_unit_test(test_fault_start),
        cmocka_unit_test(test_fault_doom),
        cmocka_unit_test(test_fault_datagrams),
        WITH_LOG(test_ladder_client),
        WITH_LOG(test_ladder_refused_and_reset),
        WITH_LOG(test_ladder_connect_in_progress),
        WITH_LOG(test_ladder_server),
        WITH_LOG(test_ladder_condenses),
        WITH_LOG(test_ladder_joins_small_pieces),
        WITH_LOG(test_ladder_fits),
        WITH_LOG(test_ladder_limits),
        WITH_LOG(test_ladder_datagrams),
        cmocka_unit_test(test_bytes_show),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
