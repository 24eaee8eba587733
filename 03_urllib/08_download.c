/*
 * 3.08  Download
 *
 * Saves a URL as a file, shows how far it is, and goes on where an earlier attempt was cut off.
 *
 * Python:  urllib.request.urlretrieve(url, filename, reporthook)
 * Usage:   08_download [--wait MS] [--most BYTES] URL FILE
 *          On a terminal there is a bar, else a line for each tenth. --most: refuse to go beyond.
 * See:     RFC 9110 sections 13.1.5 (If-Range), 14 (ranges) and 15.3.7 (206); rename(2), fsync(2)
 * Leaves out: several parts at a time (exercise 3.7), trying again by itself, coded content.
 */
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "urllib/request.h"

static const char USAGE[] = "[--wait MS] [--most BYTES] URL FILE";
enum { REDRAWN_MS = 100, WIDEST = 200, MEBIBYTE = 1 << 20 };

struct meter {
    uint64_t first, most; /* bytes that were here before; the most that are wanted */
    int64_t begun, drawn; /* milliseconds of now_ms() */
    uint64_t told;        /* how many tenths, or MiB, there was a line for */
    bool terminal, started, known;
};

/* "12.3 MB", always of 8 columns. */
static void format_bytes(double bytes, char text[16])
{
    static const char *const UNITS[] = {"B ", "kB", "MB", "GB", "TB"};
    size_t unit = 0;

    for (; bytes >= 999.95 && unit < 4; unit++)
        bytes /= 1000;
    (void)snprintf(text, 16, "%5.*f %s", unit > 0, bytes, UNITS[unit]); /* a longer one is cut */
}

/* "01:59", or "--:--" where nobody can tell. */
static void format_left(double seconds, char text[16])
{
    if (seconds >= 0 && seconds < 6000)
        (void)snprintf(text, 16, "%02d:%02d", (int)seconds / 60, (int)seconds % 60);
    else
        (void)snprintf(text, 16, "--:--");
}

static int screen_columns(void)
{
    struct winsize window;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 ? window.ws_col : 80;
}

/* [bar] One line, drawn over itself: a bar, how much that is, how fast it comes, the time left. */
static void draw_bar(const struct meter *meter, uint64_t done, int64_t total, int64_t now)
{
    char bytes[16], rate[16], left[16], bar[WIDEST], line[WIDEST + 80];
    double seconds = (double)(now - meter->begun) / 1000;
    /* What an earlier attempt brought says nothing about the speed of this one. */
    double speed = seconds > 0 ? (double)(done - meter->first) / seconds : 0;
    double part = total > 0 ? (double)done / (double)total : 1;
    int columns = screen_columns();
    bool narrow = columns < 60;
    int width = columns - 1 - (narrow ? 26 : 41); /* a full line would wrap */

    format_bytes((double)done, bytes);
    format_bytes(speed, rate);
    format_left(speed > 0 ? ((double)total - (double)done) / speed : -1, left);
    width = width < 0 ? 0 : width > WIDEST ? WIDEST : width;
    memset(bar, ' ', sizeof bar);
    memset(bar, '#', (size_t)(part * width));
    if (total == -1)
        (void)snprintf(line, sizeof line, "%s  %s/s", bytes, rate);
    else if (narrow)
        (void)snprintf(line, sizeof line, "[%.*s] %3d%%  %s/s  %s", width, bar, (int)(part * 100),
                       rate, left);
    else
        (void)snprintf(line, sizeof line, "[%.*s] %3d%%  %s  %s/s  %s left", width, bar,
                       (int)(part * 100), bytes, rate, left);
    (void)printf("\r%.*s\033[K", columns - 1, line); /* and clears what stood behind it */
}
/* [/bar] */

/* [lines] For a log: lines that are the same whenever and however fast the pieces came. */
static void print_lines(struct meter *meter, uint64_t done, int64_t total)
{
    uint64_t now = total > 0 ? (uint64_t)((double)done / (double)total * 10) : done / MEBIBYTE;

    while (meter->told < now) {
        meter->told++;
        if (total > 0)
            (void)printf("%" PRIu64 "0 %%\n", meter->told);
        else
            (void)printf("%" PRIu64 " MiB\n", meter->told);
    }
}
/* [/lines] */

static void begin(struct meter *meter, uint64_t done, int64_t total)
{
    meter->started = true;
    meter->known = total != -1;
    meter->first = done;
    meter->begun = now_ms();
    if (done > 0)
        (void)printf("%" PRIu64 " bytes are here already\n", done);
    if (total == -1)
        (void)printf("nobody says how many there are\n");
    else
        (void)printf("%" PRId64 " bytes to come\n", total - (int64_t)done);
    meter->told = total > 0 ? done * 10 / (uint64_t)total : done / MEBIBYTE;
}

/* [progress] Called at the beginning, after each piece and at the end. */
static bool on_progress(void *context, uint64_t done, int64_t total)
{
    struct meter *meter = context;
    int64_t now = now_ms();
    bool end = done == (uint64_t)total;

    if (!meter->started)
        begin(meter, done, total);
    if (!meter->known)
        total = -1; /* known in the end, and of no use */
    if (meter->terminal && (end || now - meter->drawn >= REDRAWN_MS)) {
        draw_bar(meter, done, total, now);
        meter->drawn = now;
    } else if (!meter->terminal) {
        print_lines(meter, done, total);
    }
    (void)fflush(stdout); /* finish() reports what could not be written */
    return done <= meter->most && total <= (int64_t)meter->most;
}
/* [/progress] */

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"wait", required_argument, NULL, 'w'}, {"most", required_argument, NULL, 'm'}, {0}};
    struct meter meter = {.most = INT64_MAX, .terminal = isatty(STDOUT_FILENO)};
    struct url_options options = {0};
    struct url_error error = {0};
    long number;
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 'w' && number_parse(optarg, 1, INT_MAX, &number))
            options.timeout_ms = (int)number;
        else if (option == 'm' && number_parse(optarg, 0, LONG_MAX, &number))
            meter.most = (uint64_t)number;
        else
            die_usage(USAGE);
    }
    if (argc - optind != 2)
        die_usage(USAGE);
    const char *url = argv[optind], *file = argv[optind + 1];
    /* [retrieve] */
    int result = url_retrieve(url, file, &options, on_progress, &meter, NULL, &error);
    if (meter.terminal && meter.started)
        (void)printf("\n"); /* the bar stays, as far as it came */
    if (result == -1)
        die("%s: %s", url_failure_name(error.failure), error.text);
    (void)printf("saved as %s\n", file);
    /* [/retrieve] */
    finish(EXIT_SUCCESS);
}
