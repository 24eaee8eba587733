/* The peer played by hand: the learner runs the program in another terminal, under gdb for
 * instance. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/number.h"
#include "harness/internal.h"

void play_say(const struct session *s, const char *format, ...)
{
    va_list arguments;

    if (!s->options->play)
        return;
    va_start(arguments, format);
    (void)printf("  %6.1f s  ", (double)(now_ns() - s->began_ns) / 1e9);
    (void)vprintf(format, arguments);
    (void)putchar('\n');
    (void)fflush(stdout);
    va_end(arguments);
}

static void read_line(char *line, int size)
{
    (void)fflush(stdout);
    if (fgets(line, size, stdin) == NULL) {
        (void)putchar('\n');
        exit(EXIT_SUCCESS);
    }
    line[strcspn(line, "\n")] = '\0';
}

void play_pause(const struct session *s, const char *prompt)
{
    char line[64];

    if (!s->options->play)
        return;
    (void)printf("  %s: ", prompt);
    read_line(line, sizeof line);
}

const char *play_ask_port(struct session *s)
{
    char line[64];
    long port;

    do {
        (void)printf("  which port does your program print? ");
        read_line(line, sizeof line);
    } while (!number_parse(line, 1, 65535, &port));
    return session_print(s, "%ld", port);
}

/* What goes to the program's standard input is not known yet: it is written when the steps queue
 * it. */
void play_start(struct student *p, char **arguments, const char *log)
{
    struct session *s = p->session;

    (void)log;
    (void)printf("\nRun your program in another terminal:\n\n  %s", s->options->program);
    for (size_t i = 1; arguments[i] != NULL; i++)
        (void)printf(" %s", arguments[i][0] == '\0' ? "''" : arguments[i]);
    (void)printf("\n\nor under gdb:\n\n  gdb --args %s", s->options->program);
    for (size_t i = 1; arguments[i] != NULL; i++)
        (void)printf(" %s", arguments[i][0] == '\0' ? "''" : arguments[i]);
    if (s->has_hosts)
        (void)printf("\n\nIts hosts table is %s/hosts: before it, set\n\n  export LD_PRELOAD=%s "
                     "WIRE_HOSTS=%s/hosts ASAN_OPTIONS=verify_asan_link_order=0",
                     s->folder, s->options->wire, s->folder);
    (void)printf("\n\nCtrl-C ends the peer.\n\n");
    (void)fflush(stdout);
}

void session_play(const struct test_case *test, const struct options *options)
{
    (void)printf("%s: %s\n%s\n", test->name, test->title, test->teaches);
    session_run(test, options, -1);
}
