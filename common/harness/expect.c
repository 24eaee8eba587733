/* What is expected of the program, and the reference outputs in expected/. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/internal.h"
#include "wire/ladder.h"

/* ---- reference outputs ---- */

enum { SHOWN_WHOLE = 2048 }; /* longer texts stand in expected/ by length and check sum */

/* FNV-1a, 64 bits: enough to notice a change, and nothing here is secret. */
static uint64_t check_sum(const unsigned char *bytes, size_t length)
{
    uint64_t sum = 0xcbf29ce484222325U;

    for (size_t i = 0; i < length; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3U;
    return sum;
}

/* Puts the number of the peer into the place of its port, the only part that differs in each run:
 * ":port2" for ":41873", where peer is the second that was made. */
static void hide_port(const struct peer *peer, struct buffer *text)
{
    const struct peer *older = peer;
    size_t port = strlen(peer->port), room = port + 1;
    int number = 0;
    char name[16];

    for (; older != NULL; older = older->next)
        number++;
    int length = snprintf(name, sizeof name, ":port%d", number);
    for (size_t at = 0; at + room <= text->length; at++) {
        char *colon = text->data + at;
        if (*colon != ':' || memcmp(colon + 1, peer->port, port) != 0 ||
            isdigit((unsigned char)colon[room]) || buffer_reserve(text, sizeof name) == -1)
            continue;
        colon = text->data + at;
        memmove(colon + length, colon + room, text->length - at - room + 1);
        memcpy(colon, name, (size_t)length);
        text->length += (size_t)length - room;
    }
}

static void transcript_write(struct session *s, const char *what, const void *bytes, size_t length)
{
    const char *at = bytes;

    (void)buffer_print(&s->transcript, "# %s, %zu bytes", what, length);
    if (length > SHOWN_WHOLE) {
        (void)buffer_print(&s->transcript, ", FNV-1a %016llx\n",
                           (unsigned long long)check_sum(bytes, length));
        return;
    }
    (void)buffer_print(&s->transcript, "\n");
    while (length > 0) { /* a line of the file is a line of the text, its line end made visible */
        const char *end = memchr(at, '\n', length);
        size_t line = end == NULL ? length : (size_t)(end - at) + 1;
        (void)bytes_show(at, line, (size_t)-1, &s->transcript);
        (void)buffer_print(&s->transcript, "\n");
        at += line;
        length -= line;
    }
}

void transcript_add(struct session *s, const char *what, const void *bytes, size_t length)
{
    struct buffer text = {0};

    if (s->unrecorded)
        return;
    (void)buffer_add(&text, bytes, length);
    for (const struct peer *peer = s->peers; peer != NULL; peer = peer->next)
        hide_port(peer, &text);
    transcript_write(s, what, buffer_text(&text), text.length);
    buffer_free(&text);
}

static void transcript_record(struct session *s, const char *path)
{
    FILE *file;

    (void)mkdir(s->options->expected, 0777); /* it may be there */
    file = fopen(path, "we");
    if (file == NULL ||
        fwrite(buffer_text(&s->transcript), 1, s->transcript.length, file) !=
            s->transcript.length ||
        fclose(file) == EOF)
        session_fault(s, "cannot write %s: %s", path, strerror(errno));
}

/* A line as a sentence quotes it: no longer than that, and not cut within a character. */
static const char *quote_line(struct session *s, const char *line)
{
    size_t length = strcspn(line, "\n"), most = 60;

    if (length <= most)
        return session_print(s, "\"%.*s\"", (int)length, line);
    while (((unsigned char)line[most] & 0xc0) == 0x80)
        most--;
    return session_print(s, "\"%.*s…\"", (int)most, line);
}

/* The first line in which the file in expected/ and the transcript differ, in words. */
static const char *first_change(struct session *s, const char *kept, const char *now)
{
    int line = 1;

    for (;; line++) {
        size_t length = strcspn(kept, "\n");
        if (length != strcspn(now, "\n") || memcmp(kept, now, length) != 0 ||
            kept[length] != now[length] || kept[length] == '\0')
            break;
        kept += length + 1;
        now += length + 1;
    }
    return session_print(s, "line %d is %s there and %s now", line,
                         *kept == '\0' ? "missing" : quote_line(s, kept),
                         *now == '\0' ? "missing" : quote_line(s, now));
}

/* Whether now is made of lines of kept, in their order: then it only lacks some. */
static bool is_part(const char *kept, const char *now)
{
    while (*now != '\0') {
        size_t length = strcspn(now, "\n"), line;
        if (*kept == '\0')
            return false;
        line = strcspn(kept, "\n");
        if (line == length && memcmp(kept, now, length) == 0)
            now += length + (now[length] == '\n');
        kept += line + (kept[line] == '\n');
    }
    return true;
}

void transcripts_sweep(const struct options *options, const struct test_case *cases)
{
    DIR *folder = opendir(options->expected);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        size_t length = strlen(entry->d_name);
        const struct test_case *c = cases;
        if (length < 5 || strcmp(entry->d_name + length - 4, ".txt") != 0)
            continue;
        while (c->name != NULL &&
               (strlen(c->name) != length - 4 || memcmp(c->name, entry->d_name, length - 4) != 0))
            c++;
        if (c->name == NULL && unlinkat(dirfd(folder), entry->d_name, 0) == -1)
            report_errno("%s/%s", options->expected, entry->d_name);
    }
    if (folder != NULL)
        (void)closedir(folder); /* only read from */
}

void transcript_check(struct session *s)
{
    const char *path = session_print(s, "%s/%s.txt", s->options->expected, s->test->name);
    struct buffer file = {0};

    if (s->options->seed != DEFAULT_SEED || s->options->play)
        return;
    if (s->transcript.length == 0 && s->options->record) {
        (void)unlink(path); /* mostly there is none */
        return;
    }
    if (s->options->record) {
        transcript_record(s, path);
        return;
    }
    if (buffer_add_file(&file, path, 1 << 20) == -1) {
        if (errno != ENOENT)
            session_fault(s, "%s: %s", path, strerror(errno));
        if (s->transcript.length > 0 &&
            access(s->options->expected, F_OK) == 0) /* not in a new exercise, or a handout */
            session_fault(s, "%s is missing: make record writes it", path);
        return;
    }
    bool same = file.length == s->transcript.length &&
                memcmp(buffer_text(&file), buffer_text(&s->transcript), file.length) == 0;
    if (!same && is_part(buffer_text(&file), buffer_text(&s->transcript)))
        session_fail(s,
                     "The program gave up before all that this case asks of it had come. (What our "
                     "solution did stands in %s: %s.)",
                     path, first_change(s, buffer_text(&file), buffer_text(&s->transcript)));
    if (!same)
        session_fault(s,
                      "%s is not what this case expects any more: %s; make record writes it anew",
                      path, first_change(s, buffer_text(&file), buffer_text(&s->transcript)));
    buffer_free(&file);
}

/* ---- the program's end ---- */

static bool has_ended(void *what)
{
    const struct student *p = what;

    /* A child that it left behind may hold the pipes open; its own end is what counts. */
    return p->ended;
}

void student_wait_end(struct student *p)
{
    struct session *s = p->session;

    if (s->options->play)
        return; /* whoever runs it sees its end */
    p->may_end = true;
    (void)pump(s, has_ended, p,
               p->stopped
                   ? "your program to end after SIGTERM. A call that its handler interrupts "
                     "returns -1 with EINTR, but goes on by itself if the handler was set by "
                     "signal() or with SA_RESTART"
                   : "your program to end",
               false);
    s->certain = p->stopped && WIFSIGNALED(p->wait_status) && WTERMSIG(p->wait_status) == SIGTERM;
    if (s->certain)
        session_end(s, STATUS_FAIL, p,
                    "SIGTERM ended the program on the spot. A handler, set with sigaction(), lets "
                    "it close what it holds and return from main.");
    if (WIFSIGNALED(p->wait_status) && !(p->stopped && WTERMSIG(p->wait_status) == SIGKILL))
        session_end(s, STATUS_CRASH, p, student_death(p));
}

void expect_exit(struct student *p, int status)
{
    struct session *s = p->session;

    if (s->options->play) {
        play_expect(s, "your program should end with exit status %d", status);
        return;
    }
    student_wait_end(p);
    int got = WEXITSTATUS(p->wait_status);
    s->generic = got != status;
    if (got != status)
        session_end(s, STATUS_FAIL, p,
                    session_print(s,
                                  "The program ended with exit status %d; it should have been %d.",
                                  got, status));
}

static bool has_text(const struct buffer *output)
{
    for (size_t i = 0; i < output->length; i++)
        if (isprint((unsigned char)output->data[i]))
            return true;
    return false;
}

static const char *first_line(struct session *s, const struct buffer *output)
{
    struct buffer shown = {0};

    (void)bytes_show(output->data, strcspn(buffer_text(output), "\n"), 60, &shown);
    const char *line = session_print(s, "%s", buffer_text(&shown));
    buffer_free(&shown);
    return line;
}

void expect_message(struct student *p)
{
    struct session *s = p->session;

    if (p->silent == 0)
        return;
    const char *cause = session_print(s,
                                      "The program ended with status %d, as it should, but wrote "
                                      "nothing on standard error. ",
                                      p->silent);
    if (p->fitted || !has_text(&p->output))
        session_end(s, STATUS_FAIL, p,
                    session_print(s, "%s%s", cause,
                                  p->silent == EXIT_USAGE ? "Say there what is wrong."
                                                          : "Say there why it gave up."));
    session_end(s, STATUS_FAIL, p,
                session_print(s,
                              "%sIt printed \"%s\" on standard output; a message belongs on "
                              "standard error: fprintf(stderr, …).",
                              cause, first_line(s, &p->output)));
}

void output_fits(struct student *p)
{
    p->fitted = true;
    expect_message(p);
}

void expect_failure(struct student *p, int status)
{
    struct session *s = p->session;

    expect_exit(p, status);
    play_expect(s, "and it should say why on standard error");
    if (s->options->play)
        return;
    if (has_text(&p->errors))
        return;
    p->silent = status;
    /* Whether what it printed is a message or was due, a later step may know. */
    if (p->fitted || !has_text(&p->output))
        expect_message(p);
}

void expect_error(struct student *p, const char *text)
{
    struct session *s = p->session;

    if (s->options->play)
        return;
    student_wait_end(p);
    if (memmem(buffer_text(&p->errors), p->errors.length, text, strlen(text)) == NULL) {
        const char *cause =
            session_print(s, "Its message on standard error does not name \"%s\".", text);
        if (memmem(buffer_text(&p->output), p->output.length, text, strlen(text)) != NULL)
            cause = session_print(s,
                                  "Its message that names \"%s\" is on standard output. A message "
                                  "belongs on standard error: fprintf(stderr, …).",
                                  text);
        report_comparison(&(struct comparison){.expected = text,
                                               .got = p->errors.data,
                                               .expected_length = strlen(text),
                                               .got_length = p->errors.length,
                                               .message = true});
        session_end(s, STATUS_FAIL, p, cause);
    }
}

void expect_error_line(struct student *p, const char *text)
{
    unsigned lines = 0;

    expect_error(p, text);
    if (p->session->options->play)
        return;
    for (const char *line = buffer_text(&p->errors); *line != '\0'; line += line[0] == '\n') {
        size_t length = strcspn(line, "\n");
        lines += memmem(line, length, text, strlen(text)) != NULL;
        line += length;
    }
    if (lines > 1)
        session_end(p->session, STATUS_FAIL, p,
                    session_print(p->session,
                                  "%u lines on standard error name %s; it should be one.", lines,
                                  text));
}

void expect_output(struct student *p, const void *bytes, size_t length)
{
    struct session *s = p->session;

    if (s->options->play) {
        struct buffer shown = {0};
        (void)bytes_show(bytes, length, 60, &shown);
        play_expect(s, "your program should print %zu bytes: %s", length, buffer_text(&shown));
        buffer_free(&shown);
        return;
    }
    student_wait_end(p);
    if (p->output.length != length || (length > 0 && memcmp(p->output.data, bytes, length) != 0)) {
        struct comparison differs = {.expected = bytes,
                                     .got = p->output.data,
                                     .expected_length = length,
                                     .got_length = p->output.length};
        report_comparison(&differs);
        session_end(s, STATUS_FAIL, p, difference_say(s, &differs));
    }
    output_fits(p);
    transcript_add(s, "standard output", bytes, length);
}

void expect_descriptors(struct student *p, int most)
{
    if (p->session->options->play)
        return;
    student_settle(p);
    int open = student_descriptors(p);
    if (open > most) {
        const char *held = held_say(p->session, p);
        session_end(p->session, STATUS_FAIL, p,
                    session_print(p->session,
                                  "The program holds %d descriptors open; %d would do.%s%s%s What "
                                  "socket(), accept() or open() returned must be closed, on every "
                                  "way out.",
                                  open, most, held[0] == '\0' ? "" : " Besides 0, 1 and 2: ", held,
                                  held[0] == '\0' ? "" : "."));
    }
}
