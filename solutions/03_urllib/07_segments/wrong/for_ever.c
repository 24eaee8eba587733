/* fails: never-whole never-a-byte silent */
/*
 * A segment that is cut off is asked for again until it comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Who is done, and what the first failure was. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static unsigned done;
static const char *failure;

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

/*
 * Ends the program with nothing left behind. Whoever still writes, writes into a file without a
 * name. The lock stays: one thread at a time may exit().
 */
static _Noreturn void fail(const char *word)
{
    (void)pthread_mutex_lock(&lock);
    (void)unlink(job.part); /* whether there was one or not */
    die("failed: %s", word);
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

static void *run_segment(void *argument)
{
    struct segment *s = argument;
    const char *why = "cut";

    for (int i = 0; why != NULL && strcmp(why, "cut") == 0; i++)
        why = attempt(s);
    (void)pthread_mutex_lock(&lock); /* one that is used rightly cannot fail */
    done++;
    if (failure == NULL)
        failure = why;
    (void)pthread_cond_signal(&news);
    (void)pthread_mutex_unlock(&lock);
    return NULL;
}

static void load_segments(void)
{
    struct segment *segments = calloc(SEGMENTS, sizeof *segments);
    pthread_t threads[SEGMENTS];

    for (unsigned i = 0; i < SEGMENTS; i++) {
        if (segments == NULL)
            fail("cut");
        segments[i].next = job.total * i / SEGMENTS;
        segments[i].end = job.total * (i + 1) / SEGMENTS;
        if (pthread_create(&threads[i], NULL, run_segment, &segments[i]) != 0)
            fail("cut");
    }
    (void)pthread_mutex_lock(&lock);
    while (done < SEGMENTS && failure == NULL)
        (void)pthread_cond_wait(&news, &lock);
    (void)pthread_mutex_unlock(&lock);
    if (failure != NULL)
        fail(failure);
    for (unsigned i = 0; i < SEGMENTS; i++)
        (void)pthread_join(threads[i], NULL); /* they are about to end */
    free(segments);
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

static void *wait_for_signal(void *argument)
{
    int number;

    (void)sigwait(argument, &number); /* the set is valid */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &number);
    fail("stopped");
}

int main(int argc, char **argv)
{
    pthread_t watcher;
    sigset_t stops;
    long ms;

    if (argc != 4 || !number_parse(argv[1], 100, 60000, &ms) || !read_url(argv[2]) ||
        argv[3][0] == '\0' || strlen(argv[3]) > FILE_NAME_MOST)
        die_usage("MS URL FILE");
    job.limits = (struct http_client_limits){.connect_ms = (int)ms, .wait_ms = (int)ms};
    job.file = argv[3];
    (void)snprintf(job.part, sizeof job.part, "%s.part", job.file); /* it fits */
    (void)sigemptyset(&stops);
    (void)sigaddset(&stops, SIGTERM);
    (void)sigaddset(&stops, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &stops, NULL); /* its arguments are valid */
    job.fd = open(job.part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (job.fd == -1)
        die_errno("failed: file: %s", job.part); /* it may be somebody else's: no unlink() */
    if (pthread_create(&watcher, NULL, wait_for_signal, &stops) != 0)
        fail("cut");
    look();
    if (job.tag != NULL)
        load_segments();
    uint64_t total = job.tag != NULL ? job.total : load_whole();
    int segments = job.tag != NULL ? SEGMENTS : 1;
    if (fsync(job.fd) == -1 || close(job.fd) == -1)
        fail("file");
    (void)pthread_cancel(watcher); /* a signal comes too late from here on */
    (void)pthread_join(watcher, NULL);
    if (rename(job.part, job.file) == -1)
        fail("file");
    free(job.tag);
    buffer_free(&job.target);
    (void)printf("segments: %d, bytes: %" PRIu64 "\n", segments, total);
    finish(EXIT_SUCCESS);
}
