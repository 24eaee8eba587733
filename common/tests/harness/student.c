/* A program for the harness to judge: its first argument says how it behaves, or misbehaves. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char **arguments; /* from argv[2] on */

static int connect_to_peer(int type)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, type, 0);

    to.sin_port = htons((in_port_t)strtol(arguments[1], NULL, 10));
    if (inet_pton(AF_INET, arguments[0], &to.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) == -1)
        exit(1);
    return fd;
}

/* Prints how many bytes each recv() returned: "3 4 3 ". */
static int count_reads(void)
{
    char bytes[4096];
    ssize_t n;
    int fd = connect_to_peer(SOCK_STREAM);

    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        printf("%zd ", n);
    return 0;
}

/* Asks for all 30 bytes in one call: it sleeps in recv() while the pieces come. */
static int read_all_at_once(void)
{
    char bytes[30];
    int fd = connect_to_peer(SOCK_STREAM);

    printf("%zd ", recv(fd, bytes, sizeof bytes, MSG_WAITALL));
    return 0;
}

static int exchange_datagrams(void)
{
    char bytes[64];
    int fd = connect_to_peer(SOCK_DGRAM);

    if (send(fd, "ping", 4, 0) != 4)
        return 1;
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    return n == -1 || fwrite(bytes, 1, (size_t)n, stdout) != (size_t)n;
}

/* Options on the connection, on another socket, and one that no kernel takes; then a byte. */
static int set_options(void)
{
    const int on = 1, too_much = 1000, wait = 5000;
    const struct linger linger = {1, 7};
    char byte;
    int fd = connect_to_peer(SOCK_STREAM), other = socket(AF_INET, SOCK_STREAM, 0);

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &wait, sizeof wait) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == -1 ||
        setsockopt(other, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == -1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &too_much, sizeof too_much) == 0)
        return 1;
    return send(fd, "x", 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 0;
}

/* Sets options between the first byte and the second: one that is so from the start, and another.
 */
static int set_late(void)
{
    const int on = 1;
    const struct linger off = {0, 0};
    char byte;
    int fd = connect_to_peer(SOCK_STREAM);

    return setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &on, sizeof on) == -1 ||
           send(fd, "x", 1, MSG_NOSIGNAL) != 1 ||
           setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1 ||
           setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &on, sizeof on) == -1 ||
           setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof off) == -1 ||
           send(fd, "y", 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 0;
}

/* Sends behind a cork that is never taken out, and waits. */
static int send_corked(void)
{
    const int on = 1;
    char byte;
    int fd = connect_to_peer(SOCK_STREAM);

    return setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on) == -1 ||
           send(fd, "cork", 4, MSG_NOSIGNAL) != 4 || recv(fd, &byte, 1, 0) != 0;
}

/* Listens without a client, its address to be used again. */
static int listen_only(void)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 || listen(fd, 1) == -1 ||
        getsockname(fd, (struct sockaddr *)&address, &length) == -1)
        return 1;
    printf("listening on [0.0.0.0]:%d\n", ntohs(address.sin_port));
    return fflush(stdout) == EOF || pause();
}

/* Accepts as slowly as a busy machine would, and says how many came. */
static int accept_slowly(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    struct timespec from, now;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (listen(fd, 16) == -1 || getsockname(fd, (struct sockaddr *)&address, &length) == -1)
        return 1;
    printf("listening on [0.0.0.0]:%d\n", ntohs(address.sin_port));
    if (fflush(stdout) == EOF)
        return 1;
    for (int i = 0; i < 100; i++) {
        (void)accept(fd, NULL, NULL);
        (void)clock_gettime(CLOCK_MONOTONIC, &from);
        do
            (void)clock_gettime(CLOCK_MONOTONIC, &now);
        while ((now.tv_sec - from.tv_sec) * 1000000000L + now.tv_nsec - from.tv_nsec < 1000000);
    }
    return 0;
}

/* Serves one client, whom SIGTERM makes it forget. */
static int stop_early(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    sigset_t stop;
    int fd = socket(AF_INET, SOCK_STREAM, 0), number;

    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &stop, NULL) == -1 || listen(fd, 16) == -1 ||
        getsockname(fd, (struct sockaddr *)&address, &length) == -1)
        return 1;
    printf("listening on [0.0.0.0]:%d\n", ntohs(address.sin_port));
    if (fflush(stdout) == EOF || accept(fd, NULL, NULL) == -1)
        return 1;
    return sigwait(&stop, &number);
}

/* Never sleeps: as the first argument says, it asks for what always is, or will not wait. */
static int look_again(const char *how)
{
    int fd = connect_to_peer(SOCK_STREAM), in_vain = strcmp(how, "in-vain") == 0;
    struct pollfd polled = {fd, in_vain ? POLLIN : POLLOUT, 0};

    while (poll(&polled, 1, in_vain ? 0 : -1) >= 0)
        continue;
    return 1;
}

static int always_writable(void)
{
    return look_again("writable");
}

static int never_waits(void)
{
    return look_again("in-vain");
}

static int print_numbers(void)
{
    return puts("12 340 1.250\n0 0.5 7") == EOF;
}

static int read_for_ever(void)
{
    char byte;

    return (int)recv(connect_to_peer(SOCK_STREAM), &byte, 1, 0);
}

static void *run_reader(void *unused)
{
    (void)unused;
    (void)read_for_ever();
    return NULL;
}

/* The main thread waits for the other one, which reads: two calls without a time-out. */
static int join_reader(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, run_reader, NULL) != 0 || pthread_join(thread, NULL) != 0;
}

static int spin(void)
{
    for (volatile unsigned i = 0;; i++)
        continue;
    return 0; /* never */
}

static int flood(void)
{
    while (puts("all work and no play makes jack a dull boy") != EOF)
        continue;
    return 0;
}

static int fork_for_ever(void)
{
    for (;;)
        (void)fork();
    return 0; /* never */
}

static int eat_memory(void)
{
    for (;;) {
        char *block = malloc(1 << 20);
        if (block != NULL)
            memset(block, 1, 1 << 20);
    }
    return 0; /* never */
}

static int close_everything(void)
{
    for (int fd = 0; fd < 1024; fd++)
        (void)close(fd);
    return read_for_ever();
}

/* Leaves a child behind that ignores everything, in a session of its own. */
static int leave_daemon(void)
{
    if (fork() == 0) {
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        (void)setsid();
        (void)sigaction(SIGTERM, &ignore, NULL);
        (void)sigaction(SIGHUP, &ignore, NULL);
        for (;;)
            (void)pause();
    }
    puts("done");
    return 0;
}

/* NOLINTBEGIN: mistakes made on purpose, which the analyzer sees too */
static int overflow(void)
{
    volatile char *heap = malloc(16);

    heap[16] = 1;
    return 0;
}

static int overflow_stack(void)
{
    static char text[200];
    char place[64];

    memset(text, 'x', sizeof text);
    memcpy(place, text, arguments[0] == NULL ? 136 : 1);
    return place[0] != 'x';
}

static int read_past(void)
{
    char *text = malloc(1000);

    memset(text, 'x', 1000);
    return printf("%s", text) < 0;
}

static int read_before(void)
{
    volatile const char *volatile text = malloc(16);

    return text[-3];
}

static char table[16];

static int overflow_table(void)
{
    volatile size_t length = sizeof table + 10;

    memset(table, 0, length);
    return table[0];
}

static int use_null(void)
{
    int *volatile nowhere = NULL;

    return *nowhere;
}

static int overflow_integer(void)
{
    volatile int most = INT_MAX;

    most++;
    return 0;
}

static int leak(void)
{
    char *volatile lost = malloc(123);

    lost = NULL;
    (void)lost;
    return puts("done") == EOF;
}
/* NOLINTEND */

static int leak_and_quit(void)
{
    (void)leak();
    _exit(0);
}

/* Prints the first datagram that comes. */
static int serve_datagram(void)
{
    struct sockaddr_in here = {.sin_family = AF_INET};
    socklen_t length = sizeof here;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    char bytes[64];

    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) == -1 ||
        getsockname(fd, (struct sockaddr *)&here, &length) == -1)
        return 1;
    printf("listening on 127.0.0.1:%d\n", ntohs(here.sin_port));
    if (fflush(stdout) == EOF)
        return 1;
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    return n == -1 || fwrite(bytes, 1, (size_t)n, stdout) != (size_t)n;
}

static int leave_zombie(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    (void)waitid(P_PID, (id_t)child, NULL, WEXITED | WNOWAIT);
    return read_for_ever();
}

#ifndef F_GETPIPE_SZ
#define F_GETPIPE_SZ 1032 /* shown with _GNU_SOURCE alone */
#endif

/* Prints how much its standard output holds that nobody has read. */
static int print_room(void)
{
    return printf("%d\n", fcntl(STDOUT_FILENO, F_GETPIPE_SZ)) < 0;
}

static void *end_at_once(void *unused)
{
    return unused;
}

static void *stay(void *unused)
{
    (void)pause(); /* it ends with the process */
    return unused;
}

/* Starts eight threads when told to; joins them, or lets them stay, if its third argument says so.
 */
static int start_threads(void)
{
    char byte;
    int fd = connect_to_peer(SOCK_STREAM);
    pthread_t threads[8];
    void *(*work)(void *) = strcmp(arguments[2], "wait") == 0 ? stay : end_at_once;

    if (recv(fd, &byte, 1, 0) != 1)
        return 1;
    for (int i = 0; i < 8; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0 ||
            (strcmp(arguments[2], "join") == 0 && pthread_join(threads[i], NULL) != 0))
            return 1;
    return (int)recv(fd, &byte, 1, 0);
}

static int print_bytes(void)
{
    return fwrite("a\0b\xff\n", 1, 5, stdout) != 5;
}

/* Says what became of reading its standard input. */
static int read_input(void)
{
    char byte;
    ssize_t n = read(STDIN_FILENO, &byte, 1);

    printf("%zd%s\n", n, n == -1 && errno == EISDIR ? " EISDIR" : "");
    return 0;
}

/* Prints what it receives in the way that its third argument names. */
static int print_reply(void)
{
    char bytes[64];
    ssize_t n;
    int fd = connect_to_peer(SOCK_STREAM);
    const char *how = arguments[2];

    memset(bytes, '\xc3', sizeof bytes); /* what memory holds that nobody filled */
    bytes[20] = '\0';
    if (strcmp(how, "left-over") == 0)
        memset(bytes, 0, sizeof bytes);
    while ((n = recv(fd, bytes, sizeof bytes - 1, 0)) > 0) {
        if (strcmp(how, "line-end") == 0 || strcmp(how, "nul") == 0)
            bytes[n] = '\0';
        if (strcmp(how, "whole") == 0)
            (void)fwrite(bytes, 1, sizeof bytes - 1, stdout);
        else
            printf(strcmp(how, "line-end") == 0 ? "%s\n" : "%s", bytes);
    }
    return 0;
}

static int send_string(void)
{
    int fd = connect_to_peer(SOCK_STREAM);

    return send(fd, "ab", 2, 0) != 2;
}

/* Sends what it is told in two pieces, and ends the connection. */
static int send_response(void)
{
    size_t length = strlen(arguments[2]), half = length / 2;
    int fd = connect_to_peer(SOCK_STREAM), on = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1 ||
        send(fd, arguments[2], half, 0) != (ssize_t)half)
        return 1;
    return send(fd, arguments[2] + half, length - half, 0) != (ssize_t)(length - half) ||
           shutdown(fd, SHUT_WR) == -1;
}

/* Reads once, says why it reads no more, and ends. */
static int give_up(void)
{
    char bytes[8];
    int fd = connect_to_peer(SOCK_STREAM);

    if (recv(fd, bytes, sizeof bytes, 0) <= 0)
        return 2;
    fprintf(stderr, "student: not what was agreed\n");
    return close(fd) == -1 ? 2 : 1;
}

/* The first of two messages that begin with a NUL. */
static int send_first(void)
{
    return send(connect_to_peer(SOCK_STREAM), "\0a", 2, 0) != 2;
}

/* Ends with status 1 before it has sent what is due: by itself, behind a close(), by a signal. */
static int end_short(void)
{
    int fd = connect_to_peer(SOCK_STREAM);

    if (send(fd, "ab", 2, 0) != 2)
        return 2;
    if (strcmp(arguments[2], "close") == 0)
        (void)close(fd);
    if (strcmp(arguments[2], "signal") == 0)
        (void)raise(SIGUSR1);
    return 1;
}

/* Sends 16 bytes of which the last is its argument's. */
static int send_message(void)
{
    char bytes[16] = {0, 3, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, arguments[2][0]};

    return send(connect_to_peer(SOCK_STREAM), bytes, sizeof bytes, 0) != sizeof bytes;
}

/* Prints the one, tells the other on standard error, and ends with status 1. */
static int say_and_fail(void)
{
    (void)fputs(arguments[0], stdout);
    (void)fputs(arguments[1], stderr);
    return 1;
}

static int sleep_in(void)
{
    struct pollfd pipes[2] = {{.events = POLLIN}, {.events = POLLIN}};
    int ends[2][2];

    if (strcmp(arguments[0], "nothing") == 0)
        return poll(NULL, 0, -1);
    if (strcmp(arguments[0], "select") == 0)
        return select(0, NULL, NULL, NULL, &(struct timeval){5, 0});
    if (strcmp(arguments[0], "short") == 0) {
        (void)poll(NULL, 0, 10); /* the wire interrupts it */
        return 1;
    }
    if (strcmp(arguments[0], "sleep") == 0)
        return usleep(5000000);
    if (pipe(ends[0]) == -1 || pipe(ends[1]) == -1)
        return 1;
    pipes[0].fd = ends[0][0];
    pipes[1].fd = ends[1][0];
    return poll(pipes, 2, -1);
}

/* Keeps a socket that listens, one that does not, and a pipe. */
static int hold_open(void)
{
    int ends[2], fd = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0);

    return listen(fd, 1) == -1 || other == -1 || pipe(ends) == -1 || pause();
}

static int send_datagram(void)
{
    return send(connect_to_peer(SOCK_DGRAM), "ping", 4, 0) != 4;
}

static int listen_on_none(void)
{
    puts("listening on [127.0.0.1]:0");
    (void)fflush(stdout);
    return pause();
}

static int print_sum(void)
{
    (void)fputs("127.0.0.1: Connection refused\n", stderr);
    return puts("sum 1") == EOF;
}

static int say_usage(void)
{
    puts("usage: student HOST");
    return 2;
}

static int write_to_closed(void)
{
    int fd = connect_to_peer(SOCK_STREAM);
    char byte;

    (void)recv(fd, &byte, 1, 0); /* the end, or the reset */
    for (;;)
        (void)send(fd, "x", 1, 0);
    return 0; /* never */
}

static int wait_with_timeout(void)
{
    struct timeval soon = {.tv_usec = 300000};
    char byte;
    int fd = connect_to_peer(SOCK_STREAM);

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
    (void)!recv(fd, &byte, 1, 0);
    return puts("woken") == EOF;
}

static int stop_parent(void)
{
    return kill(getppid(), SIGSTOP) == 0 ? pause() : 1;
}

/* A child makes calls while its parent stands in send(). */
static int send_beside_child(void)
{
    char byte;
    int fd = connect_to_peer(SOCK_STREAM);

    if (fork() == 0)
        _exit(recv(fd, &byte, 1, 0) != 1);
    return send(fd, "x", 1, MSG_NOSIGNAL) != 1;
}

/* Folders in folders, until no path can name the last, which is locked. */
static int dig(void)
{
    for (int i = 0; i < 1000; i++)
        if (mkdir("folder", 0700) == -1 || chdir("folder") == -1)
            return 1;
    return chmod("/proc/self/cwd", 0);
}

/* Writes a verdict of its own into the pipe of the process that judges it. */
static int forge(void)
{
    static const char verdict[] = "{\"status\": \"pass\", \"points\": 1, \"earned\": 1}";
    char path[64];

    for (int i = 3; i < 64; i++) {
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", getppid(), i);
        int fd = open(path, O_WRONLY | O_NONBLOCK);
        struct stat about;
        if (fd != -1 && fstat(fd, &about) == 0 && S_ISFIFO(about.st_mode))
            (void)!write(fd, verdict, sizeof verdict - 1);
    }
    return kill(getppid(), SIGKILL) == 0 ? pause() : 1;
}

static int stop(void)
{
    return raise(SIGSTOP);
}

/* Sends until no more goes out, waits to be told to, and prints how much that was. */
static int fill_up(void)
{
    static char block[65536];
    char byte;
    long sent = 0;
    ssize_t n;
    int fd = connect_to_peer(SOCK_STREAM);

    while ((n = send(fd, block, sizeof block, MSG_DONTWAIT)) > 0)
        sent += n;
    if (recv(fd, &byte, 1, 0) != 1)
        return 1;
    printf("%ld", sent);
    return 0;
}

static int send_lines(void)
{
    int fd = connect_to_peer(SOCK_STREAM);

    return send(fd, "a\0b\nsecond\nrest", 15, 0) != 15;
}

/* Sends 15 bytes, then takes 3,000, then waits. */
static int reply(void)
{
    static char bytes[3000];
    int fd = connect_to_peer(SOCK_STREAM);

    if (send(fd, bytes, 15, 0) != 15 || recv(fd, bytes, sizeof bytes, MSG_WAITALL) != 3000)
        return 1;
    return recv(fd, bytes, 1, 0) > 0;
}

static int count_echo(void)
{
    char bytes[64];
    int fd = connect_to_peer(SOCK_STREAM);

    if (send(fd, bytes, 30, 0) != 30 || shutdown(fd, SHUT_WR) == -1)
        return 1;
    ssize_t n = recv(fd, bytes, sizeof bytes, MSG_WAITALL);
    printf("%zd %zd", n, recv(fd, bytes, 1, 0));
    return 0;
}

/* A simple echo server's way: while it is in send(), it receives nothing. */
static int echo_blocks(void)
{
    char block[4096];
    ssize_t n;
    int fd = connect_to_peer(SOCK_STREAM);

    while ((n = recv(fd, block, sizeof block, 0)) > 0)
        if (send(fd, block, (size_t)n, 0) != n) /* it blocks: all or nothing */
            return 1;
    return 0;
}

static int reset_peer(void)
{
    const struct linger linger = {.l_onoff = 1};
    int fd = connect_to_peer(SOCK_STREAM);

    if (send(fd, "unread", 6, 0) != 6)
        return 1;
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == -1)
        return 1;
    return close(fd);
}

static int grow_fat(void)
{
    enum { FAT = 32 << 20 };
    char byte, *fat;
    int fd = connect_to_peer(SOCK_STREAM);

    if (recv(fd, &byte, 1, 0) != 1)
        return 1;
    fat = malloc(FAT);
    if (fat == NULL)
        return 1;
    memset(fat, byte, FAT);
    ssize_t n = recv(fd, &byte, 1, 0);
    free(fat);
    return n != 1;
}

/* Keeps all of its input. */
static int keep_input(void)
{
    enum { PIECE = 1 << 20, PIECES = 64 };
    char *pieces[PIECES];
    int count = 0, made;

    do {
        pieces[count] = malloc(PIECE);
        if (pieces[count] == NULL)
            return 1;
        made = fread(pieces[count], 1, PIECE, stdin) == PIECE;
        count++;
    } while (made && count < PIECES);
    while (count > 0)
        free(pieces[--count]);
    return 0;
}

/* Told to, it opens what it can. */
static int count_descriptors(void)
{
    char byte;
    int count = 0, fd = connect_to_peer(SOCK_STREAM);

    if (recv(fd, &byte, 1, 0) != 1)
        return 1;
    while (count < 100 && dup(fd) != -1)
        count++;
    printf("%d", count);
    return 0;
}

/* Copies a file of its folder to another name there, and leaves out the byte of arguments[2]. */
static int copy_file(void)
{
    FILE *from = fopen(arguments[0], "re"), *to = fopen(arguments[1], "we");
    int byte;

    if (from == NULL || to == NULL)
        return 1;
    while ((byte = fgetc(from)) != EOF)
        if (byte != arguments[2][0])
            (void)fputc(byte, to);
    return fclose(from) == EOF || fclose(to) == EOF;
}

/* Writes what it is told in one call to a file "big", and prints how much went, and why no more. */
static int write_big(void)
{
    static char bytes[65536];
    int fd = open("big", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    size_t size = (size_t)strtol(arguments[0], NULL, 10);
    ssize_t first = write(fd, bytes, size), second = write(fd, bytes, 1);

    printf("%zd %zd %s\n", first, second, second == -1 && errno == EFBIG ? "EFBIG" : "fine");
    return close(fd) == -1;
}

/* Listens to a group, says "ready" to it, and prints what else it hears until "stop". */
static int hear_group(void)
{
    const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    struct sockaddr_in group = {.sin_family = AF_INET};
    struct ip_mreq member = {.imr_interface = loopback};
    char bytes[64];
    const int on = 1;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    group.sin_port = htons((in_port_t)strtol(arguments[1], NULL, 10));
    if (inet_pton(AF_INET, arguments[0], &group.sin_addr) != 1)
        return 1;
    member.imr_multiaddr = group.sin_addr;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        bind(fd, (struct sockaddr *)&group, sizeof group) == -1 ||
        setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member) == -1 ||
        setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback) == -1 ||
        sendto(fd, "ready", 5, 0, (struct sockaddr *)&group, sizeof group) != 5)
        return 1;
    for (;;) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            return 1;
        if (n == 4 && memcmp(bytes, "stop", 4) == 0)
            return 0;
        printf("%.*s ", (int)n, bytes);
    }
}

/* Asks every port of arguments at once, then reads the answers in the opposite order. */
static int ask_all(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fds[8], count = 0;
    char text[8];

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (; count < 8 && arguments[count] != NULL; count++) {
        to.sin_port = htons((in_port_t)strtol(arguments[count], NULL, 10));
        fds[count] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fds[count], (struct sockaddr *)&to, sizeof to) == -1)
            return 1;
        text[0] = (char)('a' + count);
        if (send(fds[count], text, 1, 0) != 1 || send(fds[count], "?\nmore\n", 7, 0) != 7)
            return 1;
    }
    while (count-- > 0) {
        ssize_t n = recv(fds[count], text, 2, MSG_WAITALL);
        if (n != 2)
            return 1;
        printf("%.2s ", text);
        (void)close(fds[count]);
    }
    return 0;
}

static int read_unready(void)
{
    char byte;
    int fd = connect_to_peer(SOCK_STREAM);

    return fcntl(fd, F_SETFL, O_NONBLOCK) == -1 || recv(fd, &byte, 1, 0) == -1;
}

/* What reads is another program, whose calls stand in no line of this file. */
static int become_cat(void)
{
    int fd = connect_to_peer(SOCK_STREAM);

    return dup2(fd, 0) == -1 || execlp("cat", "cat", (char *)NULL) == -1;
}

/* Holds four sockets at once, one of them by two descriptors, and never five. Then it spends 0.1 s
 * asleep, or 0.3 s of processor time. */
static int take_time(void)
{
    int fds[4] = {connect_to_peer(SOCK_STREAM)};

    for (int i = 1; i < 4; i++)
        fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
    (void)close(fds[3]);
    fds[3] = dup(fds[2]);
    (void)close(fds[2]);
    fds[2] = socket(AF_INET6, SOCK_STREAM, 0);
    for (int i = 0; i < 4; i++)
        (void)close(fds[i]);
    if (arguments[2] == NULL)
        return usleep(100000);
    while (clock() < 3 * CLOCKS_PER_SEC / 10)
        continue;
    return 0;
}

/* Sends "ok", finishes sending, and closes; with an argument more it reads to the end first. */
static int answer_and_close(void)
{
    char bytes[64];
    int fd = connect_to_peer(SOCK_STREAM);

    if (send(fd, "ok", 2, 0) != 2 || shutdown(fd, SHUT_WR) == -1)
        return 1;
    while (arguments[2] != NULL && recv(fd, bytes, sizeof bytes, 0) > 0)
        continue;
    return close(fd);
}

static void *open_first(void *unused)
{
    (void)unused;
    return open(arguments[0], O_RDONLY) == -1 ? NULL : arguments;
}

/* One thread opens the file that its first argument names, the other waits for input. */
static int open_alone(void)
{
    pthread_t thread;
    char byte;

    if (pthread_create(&thread, NULL, open_first, NULL) != 0)
        return 1;
    return read(STDIN_FILENO, &byte, 1) == 0 && pthread_join(thread, NULL) == 0 ? 0 : 1;
}

/* Holds as many files open as its first argument says, until its input ends. */
static int hold_files(void)
{
    char byte;

    for (long i = strtol(arguments[0], NULL, 10); i > 0; i--)
        if (open(arguments[1], O_RDONLY) == -1)
            return 1;
    return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}

/* Says what files its arguments name: "link to there, fifo, file of 784111777.000000007". */
static int look_at(void)
{
    struct stat status;
    char target[64];

    for (char **name = arguments; *name != NULL; name++) {
        if (lstat(*name, &status) == -1)
            return 1;
        if (S_ISLNK(status.st_mode)) {
            ssize_t length = readlink(*name, target, sizeof target);
            printf("link to %.*s\n", (int)length, target);
        } else {
            printf("%s of %lld.%09ld\n", S_ISFIFO(status.st_mode) ? "fifo" : "file",
                   (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
        }
    }
    return 0;
}

/* Prints how many bytes each read() of its input returned: "3 4 ". */
static int count_input(void)
{
    char bytes[64];
    ssize_t n;

    while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        printf("%zd ", n);
    return 0;
}

/*
 * Copies as many bytes of its input as its first argument says, then writes its second argument
 * behind them: "" for nothing, "more". A third one makes it work for a second first.
 */
static int copy_input(void)
{
    static char bytes[8192];
    size_t left = strtoul(arguments[0], NULL, 10);

    while (arguments[2] != NULL && clock() < CLOCKS_PER_SEC)
        continue;
    while (left > 0) {
        ssize_t n = read(STDIN_FILENO, bytes, left < sizeof bytes ? left : sizeof bytes);
        if (n <= 0 || write(STDOUT_FILENO, bytes, (size_t)n) != n)
            return 1;
        left -= (size_t)n;
    }
    return write(STDOUT_FILENO, arguments[1], strlen(arguments[1])) == -1;
}

/* Compares a line of its input with its first argument, as its second one says. */
static int compare(void)
{
    char line[80];
    int difference = 0;
    const char *secret = arguments[0];

    if (scanf("%64s", line) != 1)
        return 2;
    switch (arguments[1][0]) {
    case 'm':
        return memcmp(line, secret, 64) != 0;
    case 's':
        return strcmp(line, secret) != 0;
    default:
        for (size_t i = 0; i < 64; i++)
            difference |= line[i] ^ secret[i];
        return difference != 0;
    }
}

/* Sends texts, each to its port and on a connection of its own, and prints the answers. */
static int ask(void)
{
    char *host = arguments[0], bytes[4096];
    ssize_t n;

    while (arguments[1] != NULL && arguments[2] != NULL) {
        int fd = connect_to_peer(SOCK_STREAM);
        if (send(fd, arguments[2], strlen(arguments[2]), MSG_NOSIGNAL) == -1)
            return 1;
        while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
            printf("%.*s", (int)n, bytes);
        (void)close(fd);
        arguments += 2;
        arguments[0] = host;
    }
    return 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} ways[] = {{"count-reads", count_reads},
            {"waitall", read_all_at_once},
            {"ask", ask},
            {"udp", exchange_datagrams},
            {"numbers", print_numbers},
            {"options", set_options},
            {"cork", send_corked},
            {"set-late", set_late},
            {"listen-only", listen_only},
            {"accept-slowly", accept_slowly},
            {"stop-early", stop_early},
            {"always-writable", always_writable},
            {"never-waits", never_waits},
            {"read", read_for_ever},
            {"join", join_reader},
            {"spin", spin},
            {"flood", flood},
            {"fork", fork_for_ever},
            {"memory", eat_memory},
            {"close-all", close_everything},
            {"daemon", leave_daemon},
            {"overflow", overflow},
            {"null", use_null},
            {"integer", overflow_integer},
            {"stack", overflow_stack},
            {"past", read_past},
            {"before", read_before},
            {"table", overflow_table},
            {"print-reply", print_reply},
            {"send-string", send_string},
            {"respond", send_response},
            {"give-up", give_up},
            {"send-first", send_first},
            {"end-short", end_short},
            {"message", send_message},
            {"fail", say_and_fail},
            {"sleep-in", sleep_in},
            {"hold-open", hold_open},
            {"datagram", send_datagram},
            {"port-zero", listen_on_none},
            {"sum", print_sum},
            {"usage", say_usage},
            {"leak", leak},
            {"quit", leak_and_quit},
            {"udp-server", serve_datagram},
            {"zombie", leave_zombie},
            {"room", print_room},
            {"threads", start_threads},
            {"bytes", print_bytes},
            {"input", read_input},
            {"sigpipe", write_to_closed},
            {"timeout", wait_with_timeout},
            {"send", send_beside_child},
            {"dig", dig},
            {"forge", forge},
            {"stop", stop},
            {"stop-parent", stop_parent},
            {"fill", fill_up},
            {"lines", send_lines},
            {"reply", reply},
            {"count-echo", count_echo},
            {"echo", echo_blocks},
            {"reset", reset_peer},
            {"fat", grow_fat},
            {"keep-input", keep_input},
            {"descriptors", count_descriptors},
            {"copy", copy_file},
            {"write-big", write_big},
            {"take-time", take_time},
            {"read-unready", read_unready},
            {"become-cat", become_cat},
            {"group", hear_group},
            {"ask-all", ask_all},
            {"compare", compare},
            {"copy-input", copy_input},
            {"count-input", count_input},
            {"answer-and-close", answer_and_close},
            {"look", look_at},
            {"open", open_alone},
            {"hold-files", hold_files}};

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    arguments = argv + 2;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(argv[1], ways[i].name) == 0)
            return ways[i].run();
    return 2;
}
