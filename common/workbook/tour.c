#include "workbook/tour.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "workbook/console.h"
#include "workbook/edit.h"
#include "workbook/lesson.h"
#include "workbook/pager.h"
#include "workbook/question.h"
#include "workbook/session.h"
#include "workbook/terminal.h"
#include "workbook/wireview.h"

enum { NARROW = 30, SMALL = 38, MIDDLE = 64 }; /* columns */

enum step_kind { STEP_TEXT, STEP_PREDICT, STEP_COMMAND, STEP_END };

/* Where the tour stops: a part of the lesson, or one command of a console block. */
struct step {
    enum step_kind kind;
    size_t part, command;
};

/* What a command printed when it was run here. */
struct outcome {
    bool ran, differs;
    enum console_end end;
    struct lines actual;
    char log[256];
};

struct tour {
    const struct catalogue *catalogue;
    const struct chapter_entry *chapter;
    struct progress *progress;
    struct screen screen;
    struct terminal terminal;
    const struct lesson_entry *entry; /* the lesson at hand, … */
    struct lesson lesson;             /* … read */
    struct step *steps;
    size_t step_count, step;
    struct outcome *outcomes; /* one for each command of the lesson */
    struct console *console;
    size_t ran;       /* commands this console has run, in order */
    size_t last;      /* the command that ran last, SIZE_MAX for none */
    size_t used;      /* lines printed since the learner last pressed a key */
    int prompt_rows;  /* of the command above the prompt's own line */
    size_t flowed;    /* steps before this one that stand on its page and did not stop */
    bool flows;       /* this one does not stop either */
    bool answered;    /* the question, in this lesson */
    char answer;      /* 'a' …; 0 if it is not known any more */
    bool unsaved;     /* it was said that progress cannot be kept */
    char notice[512]; /* a sentence for the next page */
};

enum action { ACTION_NEXT, ACTION_BACK, ACTION_REDRAW, ACTION_QUIT, ACTION_ANSWER };

/* ---- printing ---------------------------------------------------------------------------------
 */

static void say(struct tour *t, enum style style, const char *text)
{
    screen_wrap(&t->screen, style, 0, text);
    t->used++;
}

static void position_show(struct tour *t)
{
    struct buffer left = {0}, right = {0}, meta = {0};
    size_t index = (size_t)(t->entry - t->chapter->lessons);

    if (buffer_print(&left, "%s  %s", t->lesson.id, t->lesson.title) == 0 &&
        buffer_print(&right, _("%zu of %zu"), index + 1, t->chapter->lesson_count) == 0)
        screen_title(&t->screen, buffer_text(&left), buffer_text(&right));
    screen_rule(&t->screen);
    t->used = 2;
    if (t->step == 0 && t->lesson.minutes > 0 &&
        buffer_print(&meta, _("%s, about %d minutes"),
                     t->lesson.core ? _("On the core path") : _("Beyond the core path"),
                     t->lesson.minutes) == 0) {
        if (*t->lesson.needs != '\0')
            (void)buffer_print(&meta, _(", after %s"), t->lesson.needs); /* else: not said */
        say(t, STYLE_DIM, buffer_text(&meta));
        say(t, STYLE_PLAIN, "");
    }
    buffer_free(&left);
    buffer_free(&right);
    buffer_free(&meta);
}

/* The blocks of a part as they will be printed, so that their lines can be counted. */
static char *blocks_render(const struct tour *t, size_t first, size_t count)
{
    char *text = NULL;
    size_t length = 0;
    struct screen apart = t->screen;

    apart.out = open_memstream(&text, &length);
    if (apart.out == NULL)
        return NULL;
    for (size_t i = first; i < first + count; i++)
        markdown_show(&apart, &t->lesson.markdown.blocks[i],
                      i + 1 < first + count ? &t->lesson.markdown.blocks[i + 1] : NULL);
    if (fclose(apart.out) == 0)
        return text;
    free(text);
    return NULL;
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;

    while ((text = strchr(text, '\n')) != NULL) {
        lines++;
        text++;
    }
    return lines;
}

static size_t page_room(const struct tour *t)
{
    size_t rows = (size_t)terminal_rows();

    rows = rows > 4 ? rows - 2 : 2;
    return t->used < rows ? rows - t->used : 0;
}

/* ---- commands ---------------------------------------------------------------------------------
 */

static void command_print(struct tour *t, const struct command *command)
{
    const char *text = command->text;
    const char *lead = "$ ";

    do {
        size_t length = strcspn(text, "\n");
        screen_print(&t->screen, STYLE_KEY, "%s", lead);
        screen_print(&t->screen, STYLE_CODE, "%.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
        t->used++;
        lead = "> ";
    } while (*text != '\0');
}

static void actual_line(struct tour *t, const char *line)
{
    enum style style = strncmp(line, "[exit ", 6) == 0 ? STYLE_DIM : STYLE_PLAIN;

    if (strchr(line, '\t') == NULL) {
        t->used += screen_code(&t->screen, style, 0, line);
        return;
    }
    screen_print(&t->screen, style, "%s\n", line); /* the terminal knows where its tabs are */
    t->used++;
}

/* What came of a command beside its output: why it was stopped, where it differs. */
static void outcome_note(struct tour *t, size_t index)
{
    const struct outcome *outcome = &t->outcomes[index];
    const char *trouble = session_trouble(outcome->end);
    struct buffer about = {0};

    if (trouble != NULL) {
        say(t, STYLE_KEY, trouble);
    } else if (outcome->differs) {
        say(t, STYLE_DIM, _("This run printed something other than what the lesson shows (-):"));
        transcript_diff(&t->screen, &t->lesson.commands[index].expected, &outcome->actual);
        t->used += 4;
    }
    if ((trouble != NULL || outcome->differs) && session_programs(&t->lesson, true, &about) == 0 &&
        about.length > 0)
        say(t, STYLE_KEY, about.data);
    buffer_free(&about);
}

static void outcome_print(struct tour *t, size_t index)
{
    command_print(t, &t->lesson.commands[index]);
    for (size_t i = 0; i < t->outcomes[index].actual.count; i++)
        actual_line(t, t->outcomes[index].actual.line[i]);
    outcome_note(t, index);
}

/* Output as it streams in: whole lines are shown at once, the rest when it is whole. */
struct stream {
    struct tour *tour;
    struct buffer rest;
    bool visible;
};

static void lines_print(struct tour *t, const char *text)
{
    struct lines lines;

    if (lines_split(&lines, text) == 0)
        for (size_t i = 0; i < lines.count; i++)
            actual_line(t, lines.line[i]);
    lines_free(&lines);
}

static void stream_flush(struct stream *stream, size_t length)
{
    struct buffer shown = {0};

    if (stream->visible && length > 0 && console_show(stream->rest.data, length, &shown) == 0) {
        lines_print(stream->tour, buffer_text(&shown));
        (void)fflush(stream->tour->screen.out); /* it is watched as it comes */
    }
    stream->rest.length -= length;
    if (length > 0)
        memmove(stream->rest.data, stream->rest.data + length, stream->rest.length);
    buffer_free(&shown);
}

static void on_output(void *data, const char *bytes, size_t length)
{
    struct stream *stream = data;

    if (buffer_add(&stream->rest, bytes, length) == -1)
        return;
    char *end = memrchr(stream->rest.data, '\n', stream->rest.length);
    if (end != NULL)
        stream_flush(stream, (size_t)(end - stream->rest.data) + 1);
}

static bool on_ready(void *data)
{
    struct stream *stream = data;

    return terminal_signal(&stream->tour->terminal);
}

/* Runs one command in the console as it is. False when the tour is to end. */
static bool command_run(struct tour *t, size_t index, bool visible)
{
    struct outcome *outcome = &t->outcomes[index];
    struct stream stream = {.tour = t, .visible = visible};
    const struct console_watch watch = {
        .on_output = on_output, .fd = t->terminal.signals, .on_ready = on_ready, .data = &stream};
    struct console_result result;
    struct error error = {{0}};

    (void)fflush(t->screen.out);
    if (console_run(t->console, t->lesson.commands[index].text, &watch, &result, &error) == -1) {
        say(t, STYLE_BAD, error.text);
        buffer_free(&stream.rest);
        return true;
    }
    t->ran = index + 1;
    if (stream.rest.length > 0)
        stream_flush(&stream, stream.rest.length);
    buffer_free(&stream.rest);
    lines_free(&outcome->actual);
    outcome->ran = true;
    outcome->end = result.end;
    (void)snprintf(outcome->log, sizeof outcome->log, "%s", result.log);
    (void)session_actual(&result, &outcome->actual); /* short of memory: seen as a difference */
    outcome->differs =
        !transcript_match(&t->lesson.commands[index].expected, &outcome->actual, NULL);
    if (visible && result.end == CONSOLE_DONE && result.status != 0)
        screen_print(&t->screen, STYLE_DIM, "[exit %d]\n", result.status);
    buffer_free(&result.output);
    return result.end != CONSOLE_CANCELLED;
}

static void console_end(struct tour *t)
{
    console_close(t->console);
    t->console = NULL;
    t->ran = 0;
}

/*
 * Brings the console to where command index is due: a lesson is one session, so that what comes
 * before runs again, unseen, after a step back, a resumed tour or a new build.
 */
static bool console_prepare(struct tour *t, size_t index)
{
    struct error error = {{0}};

    if (t->console != NULL && t->ran == index)
        return true;
    console_end(t);
    t->console = console_open(wireview_library(), &error);
    if (t->console == NULL) {
        say(t, STYLE_BAD, error.text);
        return true;
    }
    if (index > 0)
        say(t, STYLE_DIM, _("(The commands before it run first, unseen.)"));
    for (size_t i = 0; i < index; i++)
        if (!command_run(t, i, false))
            return false;
    return true;
}

/* Runs command index in sight. False when the tour is to end. */
static bool command_show(struct tour *t, size_t index)
{
    if (!console_prepare(t, index))
        return false;
    command_print(t, &t->lesson.commands[index]);
    if (t->console == NULL)
        return true;
    bool goes_on = command_run(t, index, true);
    t->last = index;
    if (goes_on)
        outcome_note(t, index);
    return goes_on;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static void help_show(struct tour *t)
{
    static const char *const keys[][2] = {
        {"Enter", N_("runs the command, or goes on")},
        {"w", N_("what the command that just ran said on the wire")},
        {"s", N_("the program's source")},
        {"e", N_("edits the program, then builds it")},
        {"u", N_("puts the program back as it was before you edited it")},
        {"r", N_("runs the last command again")},
        {"b", N_("back")},
        {"q", N_("quits; the tour goes on from here next time")},
    };

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char lead[32];
        (void)snprintf(lead, sizeof lead, "  %-5s  ", keys[i][0]);
        screen_item(&t->screen, STYLE_PLAIN, 9, lead, _(keys[i][1]));
    }
    say(t, STYLE_DIM, _("At a question its letters answer; the arrow keys go back and on."));
}

static void wire_show(struct tour *t)
{
    struct error error = {{0}};
    const char *log = t->last != SIZE_MAX ? t->outcomes[t->last].log : "";

    if (t->last == SIZE_MAX)
        say(t, STYLE_DIM, _("No command has run in this lesson yet."));
    else if (wireview_show(&t->screen, log, &error) == -1)
        say(t, STYLE_DIM, error.text);
}

static void source_show(struct tour *t)
{
    struct error error = {{0}};

    if (pager_show(&t->screen, &t->terminal, t->entry->source, &error) == -1)
        (void)snprintf(t->notice, sizeof t->notice, "%s", error.text);
}

static void program_edit(struct tour *t, bool undo)
{
    char *unbuilt = undo ? session_unbuilt(&t->lesson) : NULL, source[PATH_MAX];
    const char *program = t->entry->program;
    const char *advice;

    (void)snprintf(source, sizeof source, "%s", t->entry->source);
    if (unbuilt != NULL) { /* it may be another lesson's, which this one runs */
        session_source(unbuilt, source, sizeof source);
        program = unbuilt;
    }
    page_begin(&t->screen);
    if ((undo ? edit_undo : edit_program)(&t->screen, &t->terminal, source, program, t->notice,
                                          sizeof t->notice))
        t->ran = SIZE_MAX; /* what runs now is the old program: the session begins anew */
    if (!undo && (advice = editor_advice()) != NULL) {
        size_t length = strlen(t->notice);
        (void)snprintf(t->notice + length, sizeof t->notice - length, " %s", advice);
    }
    free(unbuilt);
}

/* The command that r runs: the last one, also after the tour was left and came back. */
static size_t command_last(const struct tour *t)
{
    for (size_t i = t->step; t->last == SIZE_MAX && i-- > 0;)
        if (t->steps[i].kind == STEP_COMMAND)
            return t->steps[i].command;
    return t->last;
}

/* The screen lines that a command takes, "$ " before it. */
static int command_rows(const struct tour *t, const char *text)
{
    int rows = 0;

    do {
        size_t length = strcspn(text, "\n");
        char *line = strndup(text, length);
        int columns = 2 + (line != NULL ? text_columns(line) : 0);
        rows += 1 + (columns - 1) / t->screen.columns;
        free(line);
        text += length + (text[length] == '\n');
    } while (*text != '\0');
    return rows;
}

/* One line at the bottom that waits for a key. A command stands in it, or before it if it is long.
 */
static void prompt_show(struct tour *t, const struct command *command, const char *hint)
{
    struct buffer cut = {0};

    t->prompt_rows = 0;
    if (command != NULL && strchr(command->text, '\n') == NULL &&
        text_columns(command->text) + text_columns(hint) + 4 < t->screen.columns) {
        int gap = t->screen.columns - 3 - text_columns(command->text) - text_columns(hint);
        screen_print(&t->screen, STYLE_KEY, "$ ");
        screen_print(&t->screen, STYLE_CODE, "%s%*s", command->text, gap, "");
    } else if (command != NULL) {
        command_print(t, command);
        t->prompt_rows = command_rows(t, command->text);
    }
    if (text_cut(hint, t->screen.columns - 1, &cut) == 0)
        screen_print(&t->screen, STYLE_DIM, "%s", buffer_text(&cut));
    buffer_free(&cut);
}

/* Takes the prompt away again, command and all: it is printed anew when it runs. */
static void prompt_clear(struct tour *t)
{
    if (!t->screen.terminal)
        (void)fputc('\n', t->screen.out);
    else if (t->prompt_rows > 0 && t->prompt_rows < terminal_rows() - 1)
        (void)fprintf(t->screen.out, "\r\033[%dA\033[J", t->prompt_rows);
    else
        (void)fputs("\r\033[K", t->screen.out);
}

/* The keys that do something here and then ask again. True if the prompt is to be shown again. */
static bool key_serve(struct tour *t, int key, enum action *action)
{
    *action = ACTION_REDRAW;
    if (key == 'w')
        wire_show(t);
    else if (key == '?' || key == 'h')
        help_show(t);
    else if (key == 's')
        source_show(t);
    else if (key == 'e' || key == 'u')
        program_edit(t, key == 'u');
    else if (key == 'r' && command_last(t) == SIZE_MAX)
        say(t, STYLE_DIM, _("No command has run in this lesson yet."));
    else if (key == 'r' && !command_show(t, command_last(t)))
        *action = ACTION_QUIT;
    return strchr("seu", key) == NULL && *action != ACTION_QUIT;
}

/*
 * Asks and serves keys until one of them moves the tour. answer takes a letter up to last; without
 * letters, r is an answer as well.
 */
static enum action prompt(struct tour *t, const struct command *command, const char *hint,
                          char last, char *answer)
{
    enum action action;

    for (;;) {
        prompt_show(t, command, hint);
        int key = terminal_key(&t->terminal);
        while (key < KEY_END && key != KEY_ENTER &&
               (key > 'z' || strchr("bqwseurh?", key) == NULL) && (key < 'a' || key > last))
            key = terminal_key(&t->terminal); /* means nothing here */
        prompt_clear(t);
        t->used = 0;
        if ((key >= 'a' && key <= last) || (last == 0 && answer != NULL && key == 'r')) {
            *answer = (char)key;
            return ACTION_ANSWER;
        }
        if (key == KEY_ENTER || key == KEY_RIGHT)
            return ACTION_NEXT;
        if (key == 'b' || key == KEY_LEFT)
            return ACTION_BACK;
        if (key == 'q' || key == KEY_END)
            return ACTION_QUIT;
        if (key == KEY_REDRAW || !key_serve(t, key, &action))
            return key == KEY_REDRAW ? ACTION_REDRAW : action;
    }
}

/* ---- steps ------------------------------------------------------------------------------------
 */

/* The hint of a stop; all keys are named where a lesson begins, if there is room. */
static const char *hint_on(const struct tour *t)
{
    const char *all = _("Enter goes on  w wire  s source  e edit  r again  b back  q quit  ? keys");

    if (t->step == 0 && text_columns(all) < t->screen.columns)
        return all;
    if (t->steps[t->step].kind == STEP_TEXT && t->screen.columns >= SMALL) {
        enum part_kind kind = t->lesson.parts[t->steps[t->step].part].kind;
        if (kind == PART_INVESTIGATE)
            return _("Enter goes on  s source  ? keys");
        if (kind == PART_MODIFY)
            return t->screen.columns < MIDDLE
                       ? _("Enter  e edit  r run  u undo  ? keys")
                       : _("Enter goes on  e edit and build  r run again  u undo  ? keys");
    }
    return t->screen.columns < NARROW ? _("Enter  ? keys") : _("Enter goes on  ? keys");
}

/* The hint of a command: short enough to stand behind it, if that can be. */
static const char *hint_run(const struct tour *t, const struct command *command)
{
    static const char all[] = N_("Enter runs it  ? keys"), some[] = N_("Enter runs it");
    int room = t->screen.columns - text_columns(command->text) - 5;

    if (t->screen.columns < NARROW)
        return _("Enter  ? keys");
    return text_columns(_(all)) > room && text_columns(_(some)) <= room ? _(some) : _(all);
}

/* Prints text, stopping where the screen is full; breaks after an empty line where it can. */
static enum action text_print(struct tour *t, const char *text)
{
    while (*text != '\0') {
        size_t room = page_room(t), lines = 0, blank = 0;
        const char *end = text, *best = NULL;
        while (*end != '\0' && lines < room) {
            bool empty = *end == '\n';
            end += strcspn(end, "\n") + 1;
            lines++;
            if (empty) {
                best = end;
                blank = lines;
            }
        }
        if (*end != '\0' && best != NULL && blank * 3 > lines) {
            end = best;
            lines = blank;
        }
        (void)fwrite(text, 1, (size_t)(end - text), t->screen.out);
        t->used += lines;
        text = end;
        if (*text == '\0')
            break;
        enum action action = prompt(t, NULL, hint_on(t), 0, NULL);
        if (action != ACTION_NEXT)
            return action;
    }
    return ACTION_NEXT;
}

/* Does the step after this one fit below it? Then the tour need not stop between the two. */
static bool next_follows(const struct tour *t)
{
    const struct step *next = t->step + 1 < t->step_count ? &t->steps[t->step + 1] : NULL;

    if (next == NULL || next->kind == STEP_TEXT)
        return false;
    if (next->kind == STEP_END)
        return page_room(t) > 6;
    if (next->kind == STEP_COMMAND)
        return page_room(t) > 2;
    const struct part *part = &t->lesson.parts[next->part];
    char *text = blocks_render(t, part->first, part->count);
    bool fits = text != NULL && lines_of(text) + 2 < page_room(t);
    free(text);
    return fits;
}

static enum action text_step(struct tour *t, const struct step *step)
{
    const struct part *part = &t->lesson.parts[step->part];
    char *text = blocks_render(t, part->first, part->count);
    enum action action = text_print(t, text != NULL ? text : "");

    free(text);
    t->flows = action == ACTION_NEXT && next_follows(t);
    return action != ACTION_NEXT || t->flows ? action : prompt(t, NULL, hint_on(t), 0, NULL);
}

static void progress_keep(struct tour *t)
{
    struct error error = {{0}};

    if (progress_save(t->progress, &error) == -1 && !t->unsaved) {
        t->unsaved = true;
        (void)snprintf(t->notice, sizeof t->notice, "%s", error.text);
    }
}

/* The question, and once it is answered also the answer. NULL when memory is short. */
static char *predict_render(const struct tour *t)
{
    char *text = NULL;
    size_t length = 0;
    struct screen apart = t->screen;

    if ((apart.out = open_memstream(&text, &length)) == NULL)
        return NULL;
    question_ask(&apart, &t->lesson);
    if (t->answer != '\0') {
        screen_print(&apart, STYLE_KEY, "> %c\n", t->answer);
        question_judge(&apart, &t->lesson, t->answer);
    }
    if (fclose(apart.out) == 0)
        return text;
    free(text);
    return NULL;
}

/* Asks for a letter until there is one; that a guess is enough is said once. */
static enum action letter_ask(struct tour *t, char *answer)
{
    char last = question_last(&t->lesson);

    for (bool told = false; last != '\0'; told = true) {
        enum action action = prompt(t, NULL, question_hint(&t->screen, &t->lesson), last, answer);
        if (action != ACTION_NEXT)
            return action;
        if (!told)
            say(t, STYLE_DIM, _("A guess is enough: press its letter."));
    }
    return ACTION_NEXT;
}

static enum action predict_step(struct tour *t)
{
    char answer = '\0', *text = predict_render(t);
    enum action action = text_print(t, text != NULL ? text : "");

    free(text);
    if (action == ACTION_NEXT && t->answered)
        action = prompt(t, NULL,
                        t->screen.columns < MIDDLE ? _("Enter  b back  r answers")
                                                   : _("Enter goes on  b back  r answers again"),
                        0, &answer);
    if (t->answered && action != ACTION_ANSWER)
        return action;
    if (action == ACTION_NEXT || action == ACTION_ANSWER)
        action = letter_ask(t, &answer);
    if (action != ACTION_ANSWER)
        return action;
    screen_print(&t->screen, STYLE_KEY, "> %c\n", answer);
    question_judge(&t->screen, &t->lesson, answer);
    if (!t->answered)
        progress_predict(t->progress, t->lesson.id, answer == t->lesson.predict.answer,
                         (long long)time(NULL));
    t->answered = true;
    t->answer = answer;
    progress_keep(t);
    if (next_follows(t))
        return ACTION_NEXT;
    return prompt(t, NULL, hint_on(t), 0, NULL);
}

static enum action command_step(struct tour *t, const struct step *step)
{
    const struct command *command = &t->lesson.commands[step->command];
    enum action action = prompt(t, command, hint_run(t, command), 0, NULL);
    const struct step *next = t->step + 1 < t->step_count ? &t->steps[t->step + 1] : NULL;

    if (action != ACTION_NEXT)
        return action;
    if (!command_show(t, step->command))
        return ACTION_QUIT;
    if (next == NULL || next->kind != STEP_COMMAND)
        say(t, STYLE_PLAIN, "");
    return ACTION_NEXT;
}

/* What can be done once this lesson is: the exercises that waited for it. */
static void exercises_name(struct tour *t)
{
    struct buffer text = {0};

    for (size_t i = 0; i < t->chapter->exercise_count; i++) {
        const struct exercise_entry *exercise = &t->chapter->exercises[i];
        if (strcmp(exercise->needs, t->entry->id) != 0)
            continue;
        if (buffer_print(
                &text, _("Exercise %s, %s, asks for no more than you know now: make practice E=%s"),
                exercise->id, exercise->title, exercise->id) == 0)
            say(t, STYLE_PLAIN, buffer_text(&text));
        buffer_free(&text);
    }
}

static bool last_lesson(const struct tour *t)
{
    return t->entry == &t->chapter->lessons[t->chapter->lesson_count - 1];
}

static void end_print(struct tour *t, const char *format, ...) PRINTF_LIKE(2, 3);

static void end_print(struct tour *t, const char *format, ...)
{
    va_list arguments;
    char text[512];

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say(t, STYLE_PLAIN, text);
}

static enum action end_step(struct tour *t)
{
    progress_set_lesson_done(t->progress, t->entry->id);
    progress_set_lesson_step(t->progress, t->entry->id, 0);
    progress_set_place(t->progress, t->chapter->number, last_lesson(t) ? "" : t->entry[1].id);
    progress_keep(t);
    screen_rule(&t->screen);
    if (edit_changed(t->entry->source))
        end_print(t, _("%s is not as it was: u puts it back, and keeps your change."),
                  t->entry->source);
    if (last_lesson(t)) {
        end_print(t, _("That was lesson %s, and the last of chapter %d."), t->entry->id,
                  t->chapter->number);
        exercises_name(t);
        end_print(t, _("What comes next are the exercises: make practice opens the next one; make "
                       "list shows them all."));
        return edit_changed(t->entry->source)
                   ? prompt(t, NULL, _("u puts it back  Enter ends"), 0, NULL)
                   : ACTION_NEXT;
    }
    end_print(t, _("That was lesson %s. Next: %s, %s."), t->entry->id, t->entry[1].id,
              t->entry[1].title);
    exercises_name(t);
    return prompt(t, NULL, _("Enter goes on  q quits"), 0, NULL);
}

static enum action step_take(struct tour *t)
{
    const struct step *step = &t->steps[t->step];

    switch (step->kind) {
    case STEP_PREDICT:
        return predict_step(t);
    case STEP_COMMAND:
        return command_step(t, step);
    case STEP_END:
        return end_step(t);
    case STEP_TEXT:
        break;
    }
    return text_step(t, step);
}

/* The lines that the commands of this block have printed so far, for a page that shows them. */
static size_t outcomes_rows(const struct tour *t)
{
    size_t rows = 0;

    for (size_t i = 0; i < t->step; i++) {
        const struct outcome *outcome = &t->outcomes[t->steps[i].command];
        if (t->steps[i].kind == STEP_COMMAND && t->steps[i].part == t->steps[t->step].part &&
            outcome->ran)
            rows += outcome->actual.count + 1 + (outcome->differs ? 8 : 0);
    }
    return rows;
}

/* The end of what was read before the commands at hand: as many whole paragraphs as there is room.
 */
static void before_print(struct tour *t)
{
    const struct step *step = &t->steps[t->step];
    size_t taken = outcomes_rows(t) + (t->notice[0] != '\0' ? 4 : 0) +
                   (size_t)command_rows(t, t->lesson.commands[step->command].text);
    size_t room = page_room(t) > taken ? page_room(t) - taken : 0;
    const struct part *part = step->part > 0 ? &t->lesson.parts[step->part - 1] : NULL;

    if (part == NULL || part->kind == PART_CONSOLE)
        return;
    char *text =
        part->kind == PART_PREDICT ? predict_render(t) : blocks_render(t, part->first, part->count);
    const char *from = text != NULL ? text : "";
    while (lines_of(from) > room) {
        const char *next = strstr(from, "\n\n");
        from = next != NULL ? next + 2 : "";
    }
    (void)fputs(from, t->screen.out);
    t->used += lines_of(from);
    free(text);
}

/* A clean page that begins with the lesson's title and what belongs before the step at hand. */
static void page_show(struct tour *t)
{
    const struct step *step = &t->steps[t->step];

    screen_init(&t->screen, t->screen.out);
    page_begin(&t->screen);
    position_show(t);
    if (step->kind == STEP_COMMAND)
        before_print(t);
    for (size_t i = 0; step->kind == STEP_COMMAND && i < t->step; i++)
        if (t->steps[i].kind == STEP_COMMAND && t->steps[i].part == step->part &&
            t->outcomes[t->steps[i].command].ran)
            outcome_print(t, t->steps[i].command);
    if (t->notice[0] != '\0') {
        say(t, STYLE_KEY, t->notice);
        say(t, STYLE_PLAIN, "");
    }
    t->notice[0] = '\0';
}

/* ---- lessons ----------------------------------------------------------------------------------
 */

static void lesson_leave(struct tour *t)
{
    console_end(t);
    for (size_t i = 0; t->outcomes != NULL && i < t->lesson.command_count; i++)
        lines_free(&t->outcomes[i].actual);
    free(t->outcomes);
    free(t->steps);
    lesson_free(&t->lesson);
    t->outcomes = NULL;
    t->steps = NULL;
    t->step_count = 0;
}

static int lesson_enter(struct tour *t, const struct lesson_entry *entry, struct error *error)
{
    struct buffer path = {0};

    t->entry = entry;
    t->last = SIZE_MAX;
    t->answered = false;
    t->answer = '\0';
    t->flowed = 0;
    t->flows = false;
    int rc = lesson_localised(entry->path, &path);
    if (rc == 0)
        rc = lesson_read(&t->lesson, path.data, error);
    buffer_free(&path);
    if (rc == -1)
        return -1;
    t->outcomes = calloc(t->lesson.command_count + 1, sizeof *t->outcomes);
    t->steps = calloc(t->lesson.part_count + t->lesson.command_count + 2, sizeof *t->steps);
    if (t->outcomes == NULL || t->steps == NULL) {
        lesson_leave(t);
        return error_set(error, _("there is not enough memory to read a text"));
    }
    for (size_t p = 0; p < t->lesson.part_count; p++) {
        const struct part *part = &t->lesson.parts[p];
        size_t count = part->kind == PART_CONSOLE ? part->commands : 1;
        enum step_kind kind = part->kind == PART_CONSOLE   ? STEP_COMMAND
                              : part->kind == PART_PREDICT ? STEP_PREDICT
                                                           : STEP_TEXT;
        for (size_t i = 0; i < count; i++)
            t->steps[t->step_count++] = (struct step){kind, p, part->command + i};
    }
    t->steps[t->step_count++] = (struct step){.kind = STEP_END};
    int step = progress_lesson_step(t->progress, entry->id);
    t->step = step > 0 && (size_t)step < t->step_count ? (size_t)step : 0;
    for (size_t i = 0; i < t->step; i++) /* what was left behind the question was past it */
        t->answered |= t->steps[i].kind == STEP_PREDICT;
    return 0;
}

/* Walks through one lesson. NEXT when it is done, BACK from its first step, else QUIT. */
static enum action lesson_walk(struct tour *t)
{
    bool clean = true;
    char *unbuilt = session_unbuilt(&t->lesson);
    struct buffer about = {0};

    if (unbuilt != NULL && session_programs(&t->lesson, true, &about) == 0)
        (void)snprintf(t->notice, sizeof t->notice, "%s", buffer_text(&about));
    else if (t->step > 0)
        (void)snprintf(t->notice, sizeof t->notice,
                       _("On from where you left off, stop %zu of %zu."), t->step + 1,
                       t->step_count);
    else if (edit_changed(t->entry->source))
        (void)snprintf(t->notice, sizeof t->notice,
                       _("%s is as you changed it: u puts it back, and keeps your change."),
                       t->entry->source);
    free(unbuilt);
    buffer_free(&about);
    while (t->step < t->step_count) {
        progress_set_place(t->progress, t->chapter->number, t->entry->id);
        progress_set_lesson_step(t->progress, t->entry->id, (int)t->step);
        progress_keep(t);
        if (clean)
            page_show(t);
        enum action action = step_take(t);
        clean = action != ACTION_NEXT;
        if (action == ACTION_NEXT)
            t->step++;
        else if (action == ACTION_QUIT || (action == ACTION_BACK && t->step <= t->flowed))
            return action;
        else if (action == ACTION_BACK) /* to the stop before, which a page may be away */
            t->step -= 1 + t->flowed;
        t->flowed = t->flows ? t->flowed + 1 : 0;
        t->flows = false;
    }
    return ACTION_NEXT;
}

/* The lesson that was left, else the first that is not done; all done, the tour begins again. */
static size_t lesson_first(const struct tour *t)
{
    const char *place = progress_place(t->progress, t->chapter->number);

    for (size_t i = 0; i < t->chapter->lesson_count; i++)
        if (strcmp(t->chapter->lessons[i].id, place) == 0)
            return i;
    for (size_t i = 0; i < t->chapter->lesson_count; i++)
        if (!progress_lesson_done(t->progress, t->chapter->lessons[i].id))
            return i;
    return 0;
}

static int lessons_walk(struct tour *t, struct error *error)
{
    size_t index = lesson_first(t);
    enum action action = ACTION_NEXT;

    while (index < t->chapter->lesson_count && action != ACTION_QUIT) {
        if (lesson_enter(t, &t->chapter->lessons[index], error) == -1)
            return -1;
        action = lesson_walk(t);
        if (action == ACTION_NEXT)
            index++;
        else if (action == ACTION_BACK && index > 0)
            index--;
        lesson_leave(t);
    }
    if (action == ACTION_QUIT && t->terminal.signal == 0)
        screen_print(&t->screen, STYLE_DIM, _("make chapter%d goes on from here.\n"),
                     t->chapter->number);
    return 0;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

/* Every session of the chapter without anybody at the keyboard. */
static int chapter_check(const struct chapter_entry *chapter, const struct screen *screen)
{
    char **paths = calloc(chapter->lesson_count + 1, sizeof *paths);
    int status = 2;

    for (size_t i = 0; paths != NULL && i < chapter->lesson_count; i++)
        paths[i] = chapter->lessons[i].path;
    if (paths != NULL && chapter->lesson_count > 0)
        status = lesson_check(screen, chapter->lesson_count, paths, false);
    else
        screen_wrap(screen, STYLE_PLAIN, 0, _("This chapter has no lessons yet."));
    free(paths);
    return status;
}

int tour_chapter(const struct catalogue *catalogue, struct progress *progress,
                 const struct screen *screen, int number)
{
    struct tour tour = {.catalogue = catalogue,
                        .chapter = catalogue_chapter(catalogue, number),
                        .progress = progress,
                        .screen = *screen};
    struct error error = {{0}};

    if (tour.chapter == NULL) {
        screen_print(screen, STYLE_PLAIN, _("There is no chapter %d here.\n"), number);
        return 2;
    }
    if (!terminal_there() || tour.chapter->lesson_count == 0)
        return chapter_check(tour.chapter, screen);
    if (terminal_open(&tour.terminal, &error) == -1) {
        screen_wrap(screen, STYLE_PLAIN, 0, error.text);
        return 2;
    }
    int rc = lessons_walk(&tour, &error);
    if (rc == -1)
        screen_wrap(&tour.screen, STYLE_BAD, 0, error.text);
    terminal_close(&tour.terminal);
    if (tour.terminal.signal != 0) /* as if the signal had met an ordinary program */
        (void)raise(tour.terminal.signal);
    return rc == -1 ? 2 : 0;
}
