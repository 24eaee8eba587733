/* The peer played by hand: the learner runs the program in another terminal, under gdb for
 * instance. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/number.h"
#include "harness/internal.h"
#include "wire/ladder.h"

static void say(const struct session *s, const char *format, va_list arguments)
{
    (void)printf("  %6.1f s  ", (double)(now_ns() - s->began_ns) / 1e9);
    (void)vprintf(format, arguments);
    (void)putchar('\n');
    (void)fflush(stdout);
}

void play_say(const struct session *s, const char *format, ...)
{
    va_list arguments;

    if (!s->options->play)
        return;
    va_start(arguments, format);
    say(s, format, arguments);
    va_end(arguments);
}

void play_say_of(const struct link *link, const char *format, ...)
{
    const struct session *s = link->session;
    va_list arguments;
    char text[512];
    unsigned number = 0;

    if (!s->options->play)
        return;
    for (const struct link *l = link; l != NULL; l = l->next) /* the last one made comes first */
        number++;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (link->called && link == s->links && number == 1)
        play_say(s, "%s", text);
    else
        play_say(s, "%s %u: %s", link->called ? "connection" : "client", number, text);
}

static void read_line(char *line, int size)
{
    (void)fflush(stdout);
    if (fgets(line, size, stdin) == NULL) {
        (void)putchar('\n');
        exit(EXIT_SUCCESS);
    }
    line[strcspn(line, "\n")] = '\0';
    if (!isatty(STDIN_FILENO)) /* where Enter is typed it ends the prompt's line too */
        (void)putchar('\n');
}

void play_pause(struct session *s, const char *prompt)
{
    char line[64];

    if (!s->options->play)
        return;
    play_announce(s);
    (void)printf("  %s: ", prompt);
    read_line(line, sizeof line);
}

const char *play_ask_port(struct session *s)
{
    char line[64];
    long port;

    play_announce(s);
    do {
        (void)printf("  which port does your program print? ");
        read_line(line, sizeof line);
    } while (!number_parse(line, 1, 65535, &port));
    return session_print(s, "%ld", port);
}

/* As the learner would write it from the workbook's folder. */
static const char *short_path(struct session *s, const char *path)
{
    char here[4096];
    size_t length = getcwd(here, sizeof here) == NULL ? 0 : strlen(here);

    if (length > 0 && strncmp(path, here, length) == 0 && path[length] == '/')
        return path + length + 1;
    return session_print(s, "%s", path);
}

/* build/wire, which lies beside libwire.so: by its whole path where one is told to cd before. */
static const char *wire_command(struct session *s)
{
    const char *library = strrchr(s->options->wire, '/');

    if (!s->has_files || library == NULL)
        return "build/wire";
    return session_print(s, "%.*s/wire", (int)(library - s->options->wire), s->options->wire);
}

/* Text that printf(1) can make, in single quotes; false if the input is not that, or too long. */
static bool quote_input(const struct buffer *input, struct buffer *quoted)
{
    enum { MOST = 60 };

    if (input->length > MOST)
        return false;
    for (size_t i = 0; i < input->length; i++) {
        char c = input->data[i];
        if (c == '\n')
            (void)buffer_print(quoted, "\\n");
        else if (c == '%' || c == '\\')
            (void)buffer_print(quoted, "%c%c", c, c);
        else if (c < ' ' || c > '~' || c == '\'')
            return false;
        else
            (void)buffer_add(quoted, &c, 1);
    }
    return true;
}

/* Keeps input that no command line can hold in a file of the case. Returns its path. */
static const char *keep_input(struct session *s, const struct buffer *input)
{
    const char *path = session_print(s, "%s/input", s->folder);
    FILE *file = fopen(path, "we");

    if (file == NULL || fwrite(input->data, 1, input->length, file) != input->length ||
        fclose(file) == EOF)
        session_fault(s, "cannot write %s: %s", path, strerror(errno));
    return path;
}

/* Says how to run the program: its input has been queued by the time that a step first waits. */
static void announce(struct student *p)
{
    struct session *s = p->session;
    struct buffer text = {0};
    /* Where the case wrote files the program runs among them; elsewhere where the learner is. */
    const char *command = s->has_files ? s->options->program : short_path(s, s->options->program);
    const char *in = s->has_files ? session_print(s, "cd %s\n  ", s->work) : "";
    const char *arguments = strchr(p->command, ' '), *from = "", *wire = "";
    const char *to = s->full_output ? " >/dev/full" : "";
    const char *small = "", *after = "";

    arguments = arguments == NULL ? "" : arguments;
    (void)printf("\nRun your program in another terminal:\n\n  ");
    (void)printf("%s", in);
    if (s->has_hosts) /* its own hosts table, by way of the wire */
        wire = session_print(s, "%s --hosts %s/hosts ", wire_command(s), s->folder);
    if (s->spoilt_input)
        from = session_print(s, " <%s", SPOILT_INPUT);
    else if (p->end_input && p->input.length == 0)
        from = " </dev/null";
    else if (p->input.length > 0 && !quote_input(&p->input, &text))
        from = session_print(s, " <%s", keep_input(s, &p->input));
    if (p->input.length > 0 && from[0] == '\0')
        (void)printf("printf '%s' | ", buffer_text(&text));
    if (s->files_kib != 0) { /* the signal is ignored, as full.c does it */
        small = session_print(s, "(trap '' XFSZ; ulimit -f %d; ", s->files_kib);
        after = ")";
    }
    (void)printf("%s%s%s%s%s%s%s\n", small, wire, command, arguments, from, to, after);
    if (p->input.length > 0 && from[0] == '\0')
        from = session_print(s, " <%s", keep_input(s, &p->input));
    (void)printf("\nor under gdb, where you type  run%s%s\n\n  %sgdb --args %s%s\n", from, to, wire,
                 command, arguments);
    (void)printf("\nCtrl-C ends playing.\n\n");
    (void)fflush(stdout);
    buffer_free(&text);
}

/* Before what was expected is over: the program runs alone, and nobody else knows when it did. */
static void wait_by_hand(struct session *s)
{
    char line[64];

    if (!s->by_hand)
        return;
    s->by_hand = false;
    (void)printf("  Enter goes on: ");
    read_line(line, sizeof line);
}

bool play_announce(struct session *s)
{
    bool said = false;

    for (struct student *p = s->students; p != NULL; p = p->next)
        if (s->options->play && !p->announced) {
            wait_by_hand(s);
            said = p->announced = true;
            announce(p);
        }
    return said;
}

void play_expect(struct session *s, const char *format, ...)
{
    va_list arguments;

    if (!s->options->play)
        return;
    if (play_announce(s)) /* nothing has happened yet: no peer of the program's keeps us here */
        s->by_hand = true;
    va_start(arguments, format);
    say(s, format, arguments);
    va_end(arguments);
}

const char *play_show(struct session *s, const void *bytes, size_t length)
{
    struct buffer shown = {0};

    (void)bytes_show(bytes, length, 40, &shown);
    const char *text = session_print(s, "%zu B  \"%s\"", length, buffer_text(&shown));
    buffer_free(&shown);
    return text;
}

/* What was expected beside what came, as the verdict would have it. */
void play_end(struct session *s, enum status status, const char *cause)
{
    wait_by_hand(s);
    json_t *verdict = report_build(s, status, NULL, cause);
    const char *expected = json_string_value(json_object_get(verdict, "expected"));
    const char *got = json_string_value(json_object_get(verdict, "got"));

    if (status == STATUS_PASS)
        cause = s->peers == NULL && s->links == NULL && s->ports == NULL
                    ? "That was all of this case."
                    : "The conversation is over.";
    (void)printf("\n%s\n", cause);
    if (expected != NULL && got != NULL)
        (void)printf("\n  Expected   %s\n  Got        %s\n", expected, got);
    (void)fflush(stdout);
    json_decref(verdict);
}

void session_play(const struct test_case *test, const struct options *options)
{
    (void)printf("%s: %s\n%s\n", test->name, test->title, test->teaches);
    session_run(test, options, -1);
}
