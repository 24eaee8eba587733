#include "workbook/session.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/number.h"
#include "workbook/edit.h"
#include "workbook/quote.h"

/* ---- what a command printed -------------------------------------------------------------------
 */

int session_actual(const struct console_result *result, struct lines *lines)
{
    struct buffer text = {0};
    int rc = console_show(result->output.data, result->output.length, &text);

    if (rc == 0 && text.length > 0 && text.data[text.length - 1] != '\n')
        rc = buffer_add(&text, "\n", 1);
    if (rc == 0 && result->end == CONSOLE_DONE && result->status != 0)
        rc = buffer_print(&text, "[exit %d]\n", result->status);
    if (rc == 0)
        rc = lines_split(lines, buffer_text(&text));
    buffer_free(&text);
    return rc;
}

const char *session_trouble(enum console_end end)
{
    switch (end) {
    case CONSOLE_TIMEOUT:
        return _("It was still running after 10 s and was stopped.");
    case CONSOLE_FLOOD:
        return _("It printed more than 64 KiB and was stopped.");
    case CONSOLE_DEAD:
        return _("It ended the shell that runs the lesson; what follows cannot be run.");
    case CONSOLE_CANCELLED:
    case CONSOLE_DONE:
        break;
    }
    return NULL;
}

/* The first program that a command of the lesson names and that is such a one; NULL if none is. */
static char *program_find(const struct lesson *lesson, bool (*is_such)(const char *path))
{
    static const char ends[] = " \t\n;|&()<>\"'";

    for (size_t i = 0; i < lesson->command_count; i++) {
        const char *text = lesson->commands[i].text;
        while ((text = strstr(text, "build/")) != NULL) {
            size_t length = strcspn(text, ends);
            bool begins = text == lesson->commands[i].text || strchr(ends, text[-1]) != NULL;
            char *path = begins ? strndup(text, length) : NULL;
            /* Only 01_socket/… and the wire are built; a lesson may write other files there. */
            if (path != NULL &&
                (isdigit((unsigned char)path[6]) || strcmp(path, "build/wire") == 0) &&
                is_such(path))
                return path;
            free(path);
            text += length;
        }
    }
    return NULL;
}

static bool is_unbuilt(const char *program)
{
    return access(program, X_OK) == -1;
}

void session_source(const char *program, char *source, size_t size)
{
    (void)snprintf(source, size, "%s.c", program + strlen("build/"));
}

static bool is_changed(const char *program)
{
    char source[PATH_MAX];

    session_source(program, source, sizeof source);
    return access(source, F_OK) == 0 && edit_differs(source);
}

char *session_unbuilt(const struct lesson *lesson)
{
    return program_find(lesson, is_unbuilt);
}

int session_programs(const struct lesson *lesson, bool tour, struct buffer *out)
{
    char source[PATH_MAX], *program = program_find(lesson, is_unbuilt);
    int rc = 0;

    if (program != NULL && !is_changed(program)) {
        rc = buffer_print(out, _("%s is not built. Run: make %s"), program, program);
    } else if (program != NULL) {
        session_source(program, source, sizeof source);
        rc = buffer_print(out, _("%s does not compile as it is now; make %s says why. "), source,
                          program) |
             edit_cure(source, tour, out);
    } else if ((program = program_find(lesson, is_changed)) != NULL) {
        session_source(program, source, sizeof source);
        rc = buffer_print(out, _("%s is not as it was. "), source) | edit_cure(source, tour, out);
    }
    free(program);
    return rc;
}

/* ---- one lesson -------------------------------------------------------------------------------
 */

struct session {
    const struct screen *screen; /* of the details, printed behind the lesson's own line */
    const struct lesson *lesson;
    struct console *console;
    bool record;
    bool failed;  /* something differed */
    bool blocked; /* something could not be run */
    bool stuck;   /* a command did not end: what follows would only wait for it */
    struct buffer recorded;
    size_t copied; /* bytes of the source that are in recorded */
};

static void command_name(const struct session *session, const struct command *command)
{
    const char *text = command->text;
    char lead = '$';

    screen_print(session->screen, STYLE_PLAIN, "  %s:%zu\n", session->lesson->path, command->line);
    do {
        size_t length = strcspn(text, "\n");
        screen_print(session->screen, STYLE_CODE, "    %c %.*s\n", lead, (int)length, text);
        text += length + (text[length] == '\n');
        lead = '>';
    } while (*text != '\0');
}

/* A block cannot hold a line that would begin a command, or end the block. */
static bool recordable(const struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        if (strncmp(lines->line[i], "$ ", 2) == 0 || strncmp(lines->line[i], "```", 3) == 0 ||
            (i == 0 && strncmp(lines->line[i], "> ", 2) == 0))
            return false;
    return true;
}

static int command_write(struct session *session, const struct command *command)
{
    const char *text = command->text;
    const char *lead = "$ ";
    int rc = 0;

    do {
        size_t length = strcspn(text, "\n");
        rc |= buffer_print(&session->recorded, "%s%.*s\n", lead, (int)length, text);
        text += length + (text[length] == '\n');
        lead = "> ";
    } while (*text != '\0' && rc == 0);
    return rc;
}

static void output_record(struct session *session, const struct command *command,
                          const struct lines *actual)
{
    if (!recordable(actual)) {
        command_name(session, command);
        screen_wrap(session->screen, STYLE_PLAIN, 4,
                    _("It prints a line that begins like a command or a fence; a block cannot hold "
                      "that."));
        session->blocked = true;
    } else if (transcript_merge(&command->expected, actual, &session->recorded) == -1) {
        session->blocked = true;
    }
}

static void command_check(struct session *session, const struct command *command)
{
    struct console_result result;
    struct lines actual = {0};
    struct error error = {{0}};
    const char *trouble;

    if (console_run(session->console, command->text, NULL, &result, &error) == -1) {
        screen_wrap(session->screen, STYLE_PLAIN, 2, error.text);
        session->blocked = true;
        return;
    }
    if (session_actual(&result, &actual) == -1) {
        session->blocked = true;
    } else if ((trouble = session_trouble(result.end)) != NULL) {
        command_name(session, command);
        screen_wrap(session->screen, STYLE_PLAIN, 4, trouble);
        session->failed = true;
        session->stuck = result.end == CONSOLE_TIMEOUT;
    } else if (session->record) {
        if (command_write(session, command) == -1)
            session->blocked = true;
        output_record(session, command, &actual);
    } else if (!transcript_match(&command->expected, &actual, NULL)) {
        command_name(session, command);
        transcript_diff(session->screen, &command->expected, &actual);
        session->failed = true;
    }
    lines_free(&actual);
    buffer_free(&result.output);
    if (result.end == CONSOLE_DEAD)
        session->blocked = true;
}

static void copy_until(struct session *session, size_t end)
{
    const struct buffer *source = &session->lesson->source;

    if (end > session->copied &&
        buffer_add(&session->recorded, source->data + session->copied, end - session->copied) == -1)
        session->blocked = true;
    session->copied = end;
}

/* Runs a console part; recording, what stands before it is copied and its block written anew. */
static void part_check(struct session *session, const struct part *part)
{
    const struct lesson *lesson = session->lesson;
    size_t begin, end;

    lesson_block_range(lesson, &lesson->markdown.blocks[part->first], &begin, &end);
    if (session->record)
        copy_until(session, begin);
    for (size_t i = 0; i < part->commands && !session->blocked && !session->stuck; i++)
        command_check(session, &lesson->commands[part->command + i]);
    session->copied = session->record ? end : 0;
}

static void commands_check(struct session *session)
{
    const struct lesson *lesson = session->lesson;
    struct error error = {{0}};

    session->console = console_open(NULL, &error);
    if (session->console == NULL) {
        screen_wrap(session->screen, STYLE_PLAIN, 2, error.text);
        session->blocked = true;
        return;
    }
    for (size_t i = 0; i < lesson->part_count; i++)
        if (lesson->parts[i].kind == PART_CONSOLE && !session->blocked && !session->stuck)
            part_check(session, &lesson->parts[i]);
    console_close(session->console);
    if (!session->record || session->blocked || session->failed)
        return;
    copy_until(session, lesson->source.length);
    if (session->recorded.length != lesson->source.length ||
        memcmp(session->recorded.data, lesson->source.data, lesson->source.length) != 0) {
        if (file_replace(lesson->path, &session->recorded, &error) == -1) {
            screen_wrap(session->screen, STYLE_PLAIN, 2, error.text);
            session->blocked = true;
        } else {
            screen_print(session->screen, STYLE_PLAIN, _("  %s: recorded\n"), lesson->path);
        }
    }
}

/* After the blocks were written: regions that the text quotes. */
static bool quotes_refresh(struct session *session)
{
    struct error error = {{0}};

    if (lesson_quotes_record(session->lesson->path, &error) == -1) {
        screen_wrap(session->screen, STYLE_PLAIN, 2, error.text);
        session->blocked = true;
    }
    return !session->blocked;
}

/* What may explain a failure: a program that the learner has changed. */
static void programs_tell(const struct session *session)
{
    struct buffer text = {0};

    if (session->stuck)
        screen_wrap(session->screen, STYLE_PLAIN, 2, _("What follows was not run."));
    if (session_programs(session->lesson, false, &text) == 0 && text.length > 0)
        screen_wrap(session->screen, STYLE_PLAIN, 2, text.data);
    buffer_free(&text);
}

static void session_run(struct session *session)
{
    const struct lesson *lesson = session->lesson;
    char *unbuilt = session_unbuilt(lesson);

    if (unbuilt != NULL) {
        programs_tell(session);
        session->blocked = true;
    } else if (lesson->command_count == 0) {
        screen_print(session->screen, STYLE_PLAIN, _("  %s: there is no console block to run\n"),
                     lesson->path);
        session->failed = true;
    } else {
        commands_check(session);
        if (session->record && !session->failed && !session->blocked)
            (void)quotes_refresh(session); /* it has said what was wrong */
        if (session->failed || session->blocked)
            programs_tell(session);
    }
    free(unbuilt);
}

/* ---- several ----------------------------------------------------------------------------------
 */

/* "ok    1.03 TCP client  0.24 s", then the details. */
static void verdict_show(const struct screen *screen, const struct lesson *lesson, const char *path,
                         enum style style, const char *verdict, double seconds)
{
    screen_print(screen, style, "%-5s", verdict);
    if (lesson->id[0] != '\0')
        screen_print(screen, STYLE_PLAIN, " %s %s", lesson->id, lesson->title);
    else
        screen_print(screen, STYLE_PLAIN, " %s", path);
    screen_print(screen, STYLE_DIM, "  %.2f s\n", seconds);
}

/* Runs one lesson with work, and prints its line and what work had to say. Returns the status. */
static int lesson_run(const struct screen *screen, const char *path, bool record,
                      void (*work)(struct session *))
{
    struct lesson lesson;
    struct error error = {{0}};
    char *details = NULL;
    size_t length = 0;

    if (lesson_read(&lesson, path, &error) == -1) {
        screen_print(screen, STYLE_BAD, "%-5s", _("FAIL"));
        screen_print(screen, STYLE_PLAIN, " %s\n", error.text);
        return 2;
    }
    struct screen apart = *screen;
    apart.out = open_memstream(&details, &length);
    struct session session = {.screen = &apart, .lesson = &lesson, .record = record};
    uint64_t begun = now_ns();
    if (apart.out == NULL)
        session.blocked = true;
    else
        work(&session);
    bool good = !session.failed && !session.blocked;
    verdict_show(screen, &lesson, path, good ? STYLE_GOOD : STYLE_BAD, good ? _("ok") : _("FAIL"),
                 (double)(now_ns() - begun) / 1e9);
    if (apart.out != NULL && fclose(apart.out) == 0)
        (void)fputs(details, screen->out);
    (void)fflush(screen->out); /* one lesson at a time is seen */
    free(details);
    buffer_free(&session.recorded);
    lesson_free(&lesson);
    return good ? 0 : session.failed ? 1 : 2;
}

static int lessons_run(const struct screen *screen, size_t count, char *const *paths, bool record,
                       void (*work)(struct session *))
{
    size_t bad = 0;
    int status = 0;
    uint64_t begun = now_ns();

    for (size_t i = 0; i < count; i++) {
        int one = lesson_run(screen, paths[i], record, work);
        bad += one != 0;
        if (one != 0 && status != 1)
            status = one;
    }
    screen_print(screen, STYLE_PLAIN, ngettext("%zu lesson", "%zu lessons", count), count);
    screen_print(screen, STYLE_PLAIN, _(", %zu failed, %.2f s\n"), bad,
                 (double)(now_ns() - begun) / 1e9);
    return status;
}

/* With no files named: all lessons here. */
static int lessons_find(const struct screen *screen, size_t count, char *const *paths,
                        glob_t *found)
{
    *found = (glob_t){0};
    if (count > 0)
        return 0;
    if (glob("0[1-5]_*/[0-9][0-9]_*.md", 0, NULL, found) == 0)
        return 0;
    screen_wrap(screen, STYLE_PLAIN, 0,
                _("There is no lesson here. Run this from the workbook's own folder."));
    (void)paths;
    return -1;
}

static int all_run(const struct screen *screen, size_t count, char *const *paths, bool record,
                   void (*work)(struct session *))
{
    glob_t found;

    if (lessons_find(screen, count, paths, &found) == -1)
        return 2;
    int status = count > 0 ? lessons_run(screen, count, paths, record, work)
                           : lessons_run(screen, found.gl_pathc, found.gl_pathv, record, work);
    globfree(&found);
    return status;
}

/* ---- the Python column ------------------------------------------------------------------------
 */

enum { PORT_NONE = 0 };

/* Appends the code spans of a cell, a line each. */
static int cell_code(const char *text, struct buffer *script)
{
    bool code = false;
    int rc = 0;

    for (; *text != '\0' && rc == 0; text++) {
        bool mark = *text >= SCREEN_MARK && *text <= SCREEN_MARK + STYLE_SOFT;
        if (code && mark)
            rc = buffer_add(script, "\n", 1);
        if (mark)
            code = *text == SCREEN_MARK + STYLE_CODE;
        else if (code)
            rc = buffer_add(script, text, 1);
    }
    return rc;
}

/* The script that the Python column of the first such table makes. Its line, 0 if there is none. */
static size_t python_script(const struct lesson *lesson, struct buffer *script)
{
    for (size_t i = 0; i < lesson->markdown.count; i++) {
        const struct block *table = &lesson->markdown.blocks[i];
        if (table->kind != BLOCK_TABLE || strcmp(buffer_text(&table->cells[0]), "Python") != 0)
            continue;
        for (size_t row = 1; row < table->rows; row++)
            if (cell_code(buffer_text(&table->cells[row * table->columns]), script) == -1)
                return 0;
        return table->line;
    }
    return 0;
}

/* The number at the end of a server's first line, "listening on [::]:7003", else of its command. */
static long port_of(const char *line, const char *command)
{
    const char *texts[] = {line, command};
    long port = PORT_NONE;

    for (size_t i = 0; i < 2 && port == PORT_NONE; i++) {
        size_t end = strcspn(texts[i], "\n"), begin;
        char digits[8];
        while (end > 0 && !isdigit((unsigned char)texts[i][end - 1]))
            end--;
        for (begin = end; begin > 0 && isdigit((unsigned char)texts[i][begin - 1]);)
            begin--;
        (void)snprintf(digits, sizeof digits, "%.*s", (int)(end - begin), texts[i] + begin);
        if (!number_parse(digits, 1, 65535, &port))
            port = PORT_NONE;
    }
    return port;
}

static const char *python_path(void)
{
    return access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
}

/* Starts the server that the lesson names and says at which port it is; -1 with a sentence. */
static long server_start(struct session *session)
{
    struct buffer command = {0};
    struct console_result result = {0};
    struct error error = {{0}};
    const char *server = session->lesson->python;
    long port = PORT_NONE;

    if (server == NULL || *server == '\0')
        return PORT_NONE;
    if (buffer_print(&command, "%s &", server) == -1 ||
        console_run(session->console, command.data, NULL, &result, &error) == -1) {
        session->blocked = true;
    } else {
        port = port_of(buffer_text(&result.output), server);
        if (port == PORT_NONE || result.end != CONSOLE_DONE) {
            screen_print(session->screen, STYLE_PLAIN, _("  %s:%zu: the server %s did not start\n"),
                         session->lesson->path, session->lesson->python_line, server);
            screen_print(session->screen, STYLE_DIM, "    %s\n", buffer_text(&result.output));
            session->failed = true;
        }
    }
    buffer_free(&command);
    buffer_free(&result.output);
    return port;
}

static void script_run(struct session *session, const struct buffer *script, size_t line)
{
    long port = server_start(session);
    struct buffer command = {0}, shown = {0};
    struct console_result result = {0};
    struct error error = {{0}};

    if (session->failed || session->blocked)
        return;
    int rc = buffer_print(&command,
                          "%s - <<'END OF SCRIPT'\n"
                          "import socket, os, errno, select, struct\nhost = \"localhost\"\n"
                          "port = %ld\n%sEND OF SCRIPT",
                          python_path(), port, buffer_text(script));
    if (rc == -1 || console_run(session->console, command.data, NULL, &result, &error) == -1) {
        session->blocked = true;
    } else if (result.end != CONSOLE_DONE || result.status != 0) {
        const char *trouble = session_trouble(result.end);
        (void)console_show(result.output.data, result.output.length, &shown); /* else: less said */
        screen_print(session->screen, STYLE_PLAIN, _("  %s:%zu: the Python column does not run\n"),
                     session->lesson->path, line);
        screen_print(session->screen, STYLE_DIM, "%s", buffer_text(&shown));
        if (trouble != NULL)
            screen_wrap(session->screen, STYLE_PLAIN, 2, trouble);
        session->failed = true;
    }
    buffer_free(&shown);
    buffer_free(&command);
    buffer_free(&result.output);
}

static void python_run(struct session *session)
{
    struct buffer script = {0};
    struct error error = {{0}};
    size_t line = python_script(session->lesson, &script);

    if (line == 0 || session->lesson->python == NULL) {
        screen_print(session->screen, STYLE_PLAIN,
                     line == 0 ? _("  %s: there is no table with a Python column\n")
                               : _("  %s: no comment <!-- python: COMMAND --> names its server\n"),
                     session->lesson->path);
        session->failed = true;
    } else if ((session->console = console_open(NULL, &error)) == NULL) {
        screen_wrap(session->screen, STYLE_PLAIN, 2, error.text);
        session->blocked = true;
    } else {
        script_run(session, &script, line);
        console_close(session->console);
    }
    buffer_free(&script);
}

int lesson_python(const struct screen *screen, size_t count, char *const *paths)
{
    return all_run(screen, count, paths, false, python_run);
}

int lesson_check(const struct screen *screen, size_t count, char *const *paths, bool record)
{
    return all_run(screen, count, paths, record, session_run);
}
