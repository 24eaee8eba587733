/*
 * Exercise 3.7  Segments
 *
 * A process for each segment: what is wrong is its exit status, and who has failed is a matter of
 * wait(). They share the open file, and pwrite() needs no more. A signal's handler can do all there
 * is to do: kill(), unlink() and _exit() are safe in one.
 *
 * Usage:  segments MS URL FILE
 * See:    lesson 3.08; fork(2), waitpid(2), pwrite(2), signal-safety(7)
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/number.h"
#include "http/client.h"
#include "urllib/parse.h"

enum { SEGMENTS = 4, ATTEMPTS = 3, URL_MOST = 8000, FILE_NAME_MOST = 1000, PIECE = 65536 };

/* What all threads know. Nobody changes it while more than one runs. */
static struct {
    char host[URL_MOST + 1], port[16];
    struct buffer target;
    struct http_client_limits limits;
    char *tag;      /* NULL: the file comes in one piece */
    uint64_t total; /* with a tag: the bytes of the file */
    const char *file;
    char part[FILE_NAME_MOST + 6];
    int fd;
} job;

static volatile pid_t children[SEGMENTS]; /* 0: it has ended, or does not run yet */

/* A child's exit status is 0, or one more than a place in this. */
static const char *const WORDS[] = {"cut", "malformed", "status", "changed", "range", "file"};

struct segment {
    uint64_t next, end; /* the first byte that is missing, and the one behind the last */
    char piece[PIECE];
};

/* Tells a failure of the client by the contract's words. */
static const char *word_of(long result)
{
    switch (result) {
    case HTTP_CLIENT_BAD_STATUS:
    case HTTP_CLIENT_BAD_ANSWER:
    case HTTP_CLIENT_TOO_LONG:
        return "malformed";
    default:
        return "cut";
    }
}

static void end_children(void)
{
    for (int i = 0; i < SEGMENTS; i++)
        if (children[i] > 0)
            (void)kill(children[i], SIGKILL); /* it may have ended by itself */
}

/* Ends the program with nothing left behind. */
static _Noreturn void fail(const char *word)
{
    end_children();
    (void)unlink(job.part); /* whether there was one or not */
    die("failed: %s", word);
}

static void on_stop(int number)
{
    static const char WHY[] = "segments: failed: stopped\n";

    (void)number;
    end_children();
    (void)unlink(job.part);
    (void)!write(STDERR_FILENO, WHY, sizeof WHY - 1); /* there is nobody else to tell */
    _exit(EXIT_FAILURE);
}

static bool write_at(const char *bytes, size_t length, uint64_t at)
{
    while (length > 0) {
        ssize_t n = pwrite(job.fd, bytes, length, (off_t)at);
        if (n == -1 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        length -= (size_t)n;
        at += (uint64_t)n;
    }
    return true;
}

/*
 * Makes a client, asks, and waits for the head of the answer: NULL, and a word, when none came. The
 * client is the caller's in any case; it may be NULL.
 */
static const struct http_head *ask(struct http_client **client, const char *method,
                                   const struct http_headers *fields, const char **why)
{
    const struct http_head *head = NULL;
    struct error error;
    int result = HTTP_CLIENT_NO_MEMORY;

    *client = http_client_new(job.host, job.port, NULL, &job.limits, &error);
    if (*client != NULL)
        result = http_client_request(*client, method, buffer_text(&job.target), fields, NULL, 0);
    if (result == HTTP_CLIENT_OK)
        result = http_client_get_response(*client, &head);
    *why = result == HTTP_CLIENT_OK ? NULL : word_of(result);
    return result == HTTP_CLIENT_OK ? head : NULL;
}

/* ---- a segment ---- */

/* Whether the answer brings what was asked for, and how many bytes of it come before that. */
static const char *judge(const struct segment *s, const struct http_head *head, uint64_t *before)
{
    const char *tag = http_headers_get(&head->headers, "ETag");
    const char *range = http_headers_get(&head->headers, "Content-Range");
    char due[100];

    *before = head->status == 200 ? s->next : 0;
    if (head->status != 200 && head->status != 206)
        return "status";
    if (tag == NULL || strcmp(tag, job.tag) != 0)
        return "changed";
    (void)snprintf(due, sizeof due, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, s->next, s->end - 1,
                   job.total);
    if (head->status == 206 && (range == NULL || strcmp(range, due) != 0))
        return "range";
    return NULL;
}

/* Takes the body: of a 200 the bytes in front and behind belong to others. */
static const char *take(struct segment *s, struct http_client *client, bool whole, uint64_t before)
{
    ssize_t n;

    while (!(whole && s->next == s->end) &&
           (n = http_client_read(client, s->piece, sizeof s->piece)) != 0) {
        if (n < 0)
            return word_of(n);
        uint64_t skip = before < (uint64_t)n ? before : (uint64_t)n;
        uint64_t here = (uint64_t)n - skip, left = s->end - s->next;
        before -= skip;
        if (here > left && !whole)
            return "range";
        here = here < left ? here : left;
        if (!write_at(s->piece + skip, here, s->next))
            return "file";
        s->next += here;
    }
    return s->next < s->end ? "cut" : NULL;
}

/* One connection for what is missing. */
static const char *attempt(struct segment *s)
{
    struct http_headers fields = {0};
    const struct http_head *head = NULL;
    struct http_client *client = NULL;
    const char *why = "cut";
    uint64_t before;

    if (http_headers_print(&fields, "Range", "bytes=%" PRIu64 "-%" PRIu64, s->next, s->end - 1) ==
            0 &&
        http_headers_add(&fields, "If-Range", job.tag) == 0 &&
        http_headers_add(&fields, "Connection", "close") == 0)
        head = ask(&client, "GET", &fields, &why);
    if (head != NULL)
        why = judge(s, head, &before);
    if (head != NULL && why == NULL)
        why = take(s, client, head->status == 200, before);
    http_client_free(client);
    http_headers_free(&fields);
    return why;
}

/* The child's whole life. */
static _Noreturn void run_segment(struct segment *s)
{
    const char *why = "cut";
    int status = 0;

    (void)sigaction(SIGTERM, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    (void)sigaction(SIGINT, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    for (int i = 0; i < ATTEMPTS && why != NULL && strcmp(why, "cut") == 0; i++)
        why = attempt(s);
    while (why != NULL && strcmp(WORDS[status++], why) != 0)
        continue;
    _exit(status);
}

static void load_segments(void)
{
    static struct segment segment;
    int status;
    pid_t pid;

    for (int i = 0; i < SEGMENTS; i++) {
        segment.next = job.total * (unsigned)i / SEGMENTS;
        segment.end = job.total * (unsigned)(i + 1) / SEGMENTS;
        children[i] = fork();
        if (children[i] == -1)
            fail("cut");
        if (children[i] == 0)
            run_segment(&segment);
    }
    while ((pid = waitpid(-1, &status, 0)) != -1 || errno == EINTR) {
        for (int i = 0; i < SEGMENTS; i++)
            if (children[i] == pid)
                children[i] = 0;
        if (pid != -1 && status != 0)
            fail(WIFEXITED(status) ? WORDS[WEXITSTATUS(status) - 1] : "cut");
    }
}

/* ---- the file ---- */

/* In one piece, without ranges. Returns how many bytes. */
static uint64_t load_whole(void)
{
    static char piece[PIECE];
    struct http_client *client;
    const char *why;
    const struct http_head *head = ask(&client, "GET", NULL, &why);
    uint64_t at = 0;
    ssize_t n = 0;

    if (head != NULL && head->status != 200)
        why = "status";
    while (why == NULL && (n = http_client_read(client, piece, sizeof piece)) > 0) {
        if (!write_at(piece, (size_t)n, at))
            why = "file";
        at += (uint64_t)n;
    }
    http_client_free(client);
    if (why == NULL && n < 0)
        why = word_of(n);
    if (why != NULL)
        fail(why);
    return at;
}

/* Asks what there is: sets the tag if it may come in segments. */
static void look(void)
{
    struct http_client *client;
    const char *why;
    const struct http_head *head = ask(&client, "HEAD", NULL, &why);

    if (head == NULL)
        fail(why);
    if (head->status != 200)
        fail("status");
    const char *tag = http_headers_get(&head->headers, "ETag");
    const char *length = http_headers_get(&head->headers, "Content-Length");
    long total;
    if (tag != NULL && tag[0] == '"' && length != NULL &&
        http_headers_has(&head->headers, "Accept-Ranges", "bytes") &&
        number_parse(length, SEGMENTS, INT64_MAX / SEGMENTS, &total)) {
        job.total = (uint64_t)total;
        job.tag = strdup(tag);
        if (job.tag == NULL)
            fail("cut");
    }
    http_client_free(client);
}

static bool read_url(const char *text)
{
    struct url url;
    struct url_netloc place;

    for (const char *at = text; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    if (strlen(text) > URL_MOST || url_split(text, strlen(text), &url, NULL) == -1 ||
        url.netloc.text == NULL || !http_same_text(url.scheme.text, url.scheme.length, "http", 4))
        return false;
    url_split_netloc(url.netloc, &place);
    int port = url_port(&place, 80);
    if (port < 1 || place.username.text != NULL || place.host.length == 0)
        return false;
    (void)snprintf(job.host, sizeof job.host, "%.*s", URL_PRINT(place.host)); /* they fit */
    (void)snprintf(job.port, sizeof job.port, "%d", port);
    const char *slash = url.path.length == 0 ? "/" : "";
    const char *mark = url.query.text == NULL ? "" : "?";
    return buffer_print(&job.target, "%s%.*s%s%.*s", slash, URL_PRINT(url.path), mark,
                        URL_PRINT(url.query)) == 0;
}

int main(int argc, char **argv)
{
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    long ms;

    if (argc != 4 || !number_parse(argv[1], 100, 60000, &ms) || !read_url(argv[2]) ||
        argv[3][0] == '\0' || strlen(argv[3]) > FILE_NAME_MOST)
        die_usage("MS URL FILE");
    job.limits = (struct http_client_limits){.connect_ms = (int)ms, .wait_ms = (int)ms};
    job.file = argv[3];
    (void)snprintf(job.part, sizeof job.part, "%s.part", job.file); /* it fits */
    job.fd = open(job.part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (job.fd == -1)
        die_errno("failed: file: %s", job.part); /* it may be somebody else's: no unlink() */
    if (sigaction(SIGTERM, &stop, NULL) == -1 || sigaction(SIGINT, &stop, NULL) == -1)
        fail("cut");
    look();
    if (job.tag != NULL)
        load_segments();
    uint64_t total = job.tag != NULL ? job.total : load_whole();
    int segments = job.tag != NULL ? SEGMENTS : 1;
    if (fsync(job.fd) == -1 || close(job.fd) == -1)
        fail("file");
    if (rename(job.part, job.file) == -1)
        fail("file");
    free(job.tag);
    buffer_free(&job.target);
    (void)printf("segments: %d, bytes: %" PRIu64 "\n", segments, total);
    finish(EXIT_SUCCESS);
}
