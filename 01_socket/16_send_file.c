/*
 * 1.16  Send a file
 *
 * Sends a file to each client, behind its length, without the bytes ever passing through itself.
 *
 * Python:  socket.sendfile(), os.sendfile()
 * Usage:   16_send_file [--copy] FILE PORT    --copy: by read() and send(), to compare
 * See:     sendfile(2), splice(2), tcp(7) (TCP_CORK), send(2) (MSG_MORE), clock_gettime(2)
 * Leaves out: clients side by side (lessons 1.11 to 1.14): one that stands still for two seconds is
 *          given up. What a client sends is not read: it may cost that one the end of the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h> /* struct tcp_info with all its fields; <netinet/tcp.h> has an older one */
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

/* A file on its way to a client. */
struct transfer {
    int fd, file;
    off_t offset, end; /* the next byte of the file, and where it ended when we looked */
    long calls;
    bool copies;
    char block[65536]; /* for --copy: what was read, and how much of it was sent */
    size_t have, sent;
};

/* [copy] The long way: into our memory, and out of it again. */
static ssize_t copy_some(struct transfer *t)
{
    size_t left = (size_t)(t->end - t->offset);

    if (t->sent == t->have) {
        size_t asked = left < sizeof t->block ? left : sizeof t->block;
        ssize_t n = pread(t->file, t->block, asked, t->offset);
        t->calls++;
        if (n <= 0)
            return n;
        t->have = (size_t)n;
        t->sent = 0;
    }
    ssize_t n = send(t->fd, t->block + t->sent, t->have - t->sent, 0);
    t->calls++;
    if (n > 0) {
        t->sent += (size_t)n;
        t->offset += n;
    }
    return n;
}
/* [/copy] */

/* [sendfile] */
static ssize_t send_some(struct transfer *t)
{
    if (t->copies)
        return copy_some(t);
    t->calls++;
    size_t left = (size_t)(t->end - t->offset);
    return sendfile(t->fd, t->file, &t->offset, left); /* moves offset */
}
/* [/sendfile] */

/* [loop] Returns NULL when everything was sent, else why not. */
static const char *send_file(struct transfer *t)
{
    while (t->offset < t->end) {
        ssize_t n = send_some(t);
        if (n == 0)
            return "the file has shrunk";
        if (n == -1 && errno == EAGAIN && stop_wait(t->fd, POLLOUT, 2000) != 1)
            return stop_asked() ? "we stop" : "the client stands still";
        if (n == -1 && errno == EINVAL && !t->copies)
            t->copies = true; /* not every file system can do it */
        else if (n == -1 && errno != EAGAIN && errno != EINTR)
            return errno_name(errno);
        if (stop_asked())
            return "we stop";
    }
    return NULL;
}
/* [/loop] */

/* [header] The length first, so that the client knows whether it got everything. */
static int send_header(const struct transfer *t)
{
    /* MSG_MORE: to wait a moment for the file, and travel with its first bytes. */
    const int flags = t->end > 0 ? MSG_MORE : 0;
    char header[32];
    int length = snprintf(header, sizeof header, "%lld\n", (long long)t->end);

    for (int sent = 0; sent < length;) {
        ssize_t n = send(t->fd, header + sent, (size_t)(length - sent), flags);
        if (n == -1 && errno != EINTR)
            return -1; /* not EAGAIN: nothing was sent before, and so little has room */
        sent += n > 0 ? (int)n : 0;
    }
    return 0;
}
/* [/header] */

static double processor_ms(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); /* this clock always exists */
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void serve(int fd, const char *path, bool copies)
{
    static struct transfer t; /* large, and one at a time */
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    struct stat file;
    double before = processor_ms();
    const char *trouble = NULL;

    t = (struct transfer){.fd = fd, .copies = copies};
    t.file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (t.file == -1 || fstat(t.file, &file) == -1) {
        trouble = errno_name(errno);
    } else if (!S_ISREG(file.st_mode)) {
        trouble = "not an ordinary file";
    } else {
        t.end = file.st_size;
        trouble = send_header(&t) == -1 ? errno_name(errno) : send_file(&t);
    }
    double used = processor_ms() - before; /* the clock would show the client's pace */
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == -1)
        report_errno("TCP_INFO");
    printf("%lld of %lld bytes, calls %ld, segments %u, %.1f ms%s%s\n", (long long)t.offset,
           (long long)t.end, t.calls, info.tcpi_data_segs_out, used, trouble == NULL ? "" : "; ",
           trouble == NULL ? "" : trouble);
    (void)fflush(stdout); /* that nobody reads the log is no reason to stop serving */
    if (t.file != -1)
        (void)close(t.file); /* only read */
}

int main(int argc, char **argv)
{
    bool copies = argc == 4 && strcmp(argv[1], "--copy") == 0;
    struct error error;
    long port;
    int client;

    if (argc != 3 + copies || !number_parse(argv[argc - 1], 0, UINT16_MAX, &port))
        die_usage("[--copy] FILE PORT");
    if (stop_hold(&error) == -1)
        die("%s", error.text);
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    while ((client = tcp_accept(listener)) != -1) {
        serve(client, argv[argc - 2], copies);
        (void)close(client); /* the kernel sends what it was given */
    }
    (void)close(listener);
    return EXIT_SUCCESS;
}
