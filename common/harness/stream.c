/* Streams: more bytes than are worth keeping, and bytes that the program was to leave alone. */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/internal.h"
#include "wire/ladder.h"

enum { PIECE = 65536 };

/* What standard output is to be, piece after piece. */
struct stream {
    size_t (*next)(void *state, char *bytes, size_t size);
    void *state;
    size_t at, length; /* of the piece: compared so far, and in all */
    uint64_t compared; /* of the pieces before this one and of it */
    bool over;         /* the case has its verdict: what still comes is thrown away */
    char piece[PIECE];
};

/* ---- what goes in ---- */

static bool is_fed(void *what)
{
    const struct student *p = what;

    return p->ended || p->in == -1 || p->fed == p->input.length;
}

void student_stream_input(struct student *p, size_t (*next)(void *state, char *bytes, size_t size),
                          void *state)
{
    struct session *s = p->session;
    size_t length;

    p->streamed = true;
    while (!p->ended) {
        if (!s->options->play) { /* play keeps all of it in a file, for the shell to feed */
            (void)pump(s, is_fed, p, "your program to read its standard input", false);
            p->input.length = p->fed = 0;
        }
        if (buffer_reserve(&p->input, PIECE) == -1)
            session_fault(s, "out of memory");
        length = next(state, p->input.data + p->input.length, PIECE);
        if (length == 0)
            return;
        p->input.length += length;
    }
}

static bool is_read(void *what)
{
    const struct student *p = what;
    int left = 0;

    return p->ended || p->in == -1 ||
           (p->fed == p->input.length && ioctl(p->in, FIONREAD, &left) == 0 && left == 0);
}

void student_wait_read(struct student *p)
{
    (void)pump(p->session, is_read, p, "your program to read its standard input", false);
}

void session_keep_input(struct session *s)
{
    s->keeps_input = true;
}

void expect_unread(struct student *p, size_t length, const char *whose)
{
    struct session *s = p->session;
    int left = 0;

    play_expect(s, "and it should leave %zu bytes of its standard input unread: %s", length, whose);
    if (s->options->play)
        return;
    student_wait_end(p);
    if (ioctl(p->kept, FIONREAD, &left) == -1)
        session_fault(s, "cannot ask a pipe how much is in it");
    size_t unread = (size_t)left + p->input.length - p->fed;
    if (unread < length)
        session_end(s, STATUS_FAIL, p,
                    session_print(s,
                                  "The program read %zu byte%s too far: they are %s, and nobody "
                                  "else can read them any more. getc() and fread() take whatever "
                                  "has come; read() takes no more than it is asked for.",
                                  length - unread, length - unread == 1 ? "" : "s", whose));
    if (unread > length)
        session_end(s, STATUS_FAIL, p,
                    session_print(s,
                                  "The program left %zu byte%s of its standard input unread that "
                                  "were still its own.",
                                  unread - length, unread - length == 1 ? "" : "s"));
}

/* ---- what comes out ---- */

void student_stream_output(struct student *p, size_t (*next)(void *state, char *bytes, size_t size),
                           void *state)
{
    p->stream = session_alloc(p->session, sizeof *p->stream);
    p->stream->next = next;
    p->stream->state = state;
}

/* Sees to it that the piece has bytes to compare. False at the end of the stream. */
static bool refill(struct stream *stream)
{
    if (stream->at == stream->length) {
        stream->at = 0;
        stream->length = stream->next(stream->state, stream->piece, PIECE);
    }
    return stream->at < stream->length;
}

static const char *show_byte(struct session *s, char byte)
{
    struct buffer shown = {0};

    (void)bytes_show(&byte, 1, 1, &shown);
    const char *text = session_print(s, "%s", buffer_text(&shown));
    buffer_free(&shown);
    return text;
}

/* How many of the first bytes of the piece came so. */
static size_t compare_piece(const struct stream *stream, const char *bytes, size_t length)
{
    const char *due = stream->piece + stream->at;
    size_t most = stream->length - stream->at, same = 0;

    most = most < length ? most : length;
    if (memcmp(due, bytes, most) == 0)
        return most;
    while (due[same] == bytes[same])
        same++;
    return same;
}

void stream_take(struct student *p, const char *bytes, size_t length)
{
    struct session *s = p->session;
    struct stream *stream = p->stream;

    while (length > 0 && !stream->over) {
        const char *wrong = NULL;
        size_t same = refill(stream) ? compare_piece(stream, bytes, length) : 0;
        bytes += same;
        length -= same;
        stream->at += same;
        stream->compared += same;
        if (stream->length == 0)
            wrong = session_print(s, "The output should end after %llu bytes; more follows.",
                                  (unsigned long long)stream->compared);
        else if (length > 0 && stream->at < stream->length)
            wrong = session_print(s, "Byte %llu of the output is %s; %s was due.",
                                  (unsigned long long)stream->compared + 1, show_byte(s, *bytes),
                                  show_byte(s, stream->piece[stream->at]));
        if (wrong != NULL) {
            stream->over = true;
            session_end(s, STATUS_FAIL, p, wrong);
        }
    }
}

uint64_t stream_compared(const struct student *p)
{
    return p->stream == NULL ? 0 : p->stream->compared;
}

void expect_stream_output(struct student *p)
{
    struct session *s = p->session;
    struct stream *stream = p->stream;

    play_expect(s, "your program should print what only the check compares: it is long");
    if (s->options->play)
        return;
    student_wait_end(p);
    uint64_t came = stream->compared;
    while (refill(stream)) {
        stream->compared += stream->length - stream->at;
        stream->at = stream->length;
    }
    if (came < stream->compared)
        session_end(s, STATUS_FAIL, p,
                    session_print(s, "The output ends after %llu of %llu bytes.",
                                  (unsigned long long)came, (unsigned long long)stream->compared));
    output_fits(p);
    transcript_add(
        s, session_print(s, "standard output, a stream of %llu bytes", (unsigned long long)came),
        "", 0);
}

/* ---- what it may cost ---- */

void student_limit_processor(struct student *p, int most_ms)
{
    p->most_cpu_ns = (uint64_t)most_ms * 1000000U;
}

void stream_check_processor(struct student *p, uint64_t used_ns)
{
    if (p->most_cpu_ns != 0 && used_ns > p->most_cpu_ns)
        session_end(p->session, STATUS_FAIL, p,
                    session_print(p->session,
                                  "The program had used the processor for %llu ms and was not "
                                  "done; it is to need no more than %llu.",
                                  (unsigned long long)(used_ns / 1000000U),
                                  (unsigned long long)(p->most_cpu_ns / 1000000U)));
}
