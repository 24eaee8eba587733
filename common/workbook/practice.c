/* practice: watches the answer; each save gives a verdict at once, keys do the rest. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workbook/answer.h"
#include "workbook/edit.h"
#include "workbook/hand.h"
#include "workbook/process.h"
#include "workbook/report.h"
#include "workbook/runner.h"
#include "workbook/terminal.h"
#include "workbook/watch.h"

/* What a command printed; text is NULL when there is nothing. */
struct text {
    char *text;
    size_t length;
};

struct practice {
    struct runner *runner;
    struct runner memory; /* as runner, but what it prints is kept as text */
    const struct exercise_entry *exercise;

    uv_loop_t loop;
    struct judge *judge; /* under way, or NULL */
    bool again;          /* the file changed meanwhile: judge once more */
    char program[PATH_MAX];
    struct verdict verdict;
    bool judged; /* verdict holds one */
    struct report_view view;
    bool full; /* the whole report, longer than the screen */
    bool cut;  /* something was left out */

    struct text page;   /* in place of the report */
    struct text notice; /* below it, until the next key or save */
    bool asking;        /* whether to reset */

    struct watch watch;
    struct terminal terminal;
    struct termios keys; /* the mode while keys are read */
    uv_poll_t input, signals;
    int fd; /* the terminal, opened once more: libuv makes it non-blocking, which others share not
             */
    bool leaving;
};

static void judge_again(struct practice *practice);

/* ---- drawing --------------------------------------------------------------------------------- */

/* A screen that writes into memory: a frame reaches the terminal in one piece. */
static FILE *memory_screen(const struct practice *practice, struct screen *screen, char **text,
                           size_t *length)
{
    *screen = practice->runner->out;
    screen->out = open_memstream(text, length);
    return screen->out;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* "1.2 · 7/12 · 0.24 s" */
static void put_state(const struct practice *practice, char *text, size_t size)
{
    const struct verdict *verdict = &practice->verdict;
    const char *id = practice->exercise->id;
    const char *more = practice->watch.polling ? _(" · looking twice a second") : "";

    if (practice->watch.gone)
        (void)snprintf(text, size, _("%s · your file is gone%s"), id, more);
    else if (practice->judge != NULL || !practice->judged)
        (void)snprintf(text, size, _("%s · judging%s"), id, more);
    else if (verdict->outcome == OUTCOME_JUDGED && verdict->points > 0)
        (void)snprintf(text, size, _("%s · %d/%d · %.2f s%s"), id, verdict->earned, verdict->points,
                       verdict->seconds, more);
    else
        (void)snprintf(text, size, _("%s · %.2f s%s"), id, verdict->seconds, more);
}

static void put_keys(const struct practice *practice, const struct screen *screen)
{
    char state[200];
    struct buffer cut = {0};
    bool several = practice->judged && report_failures(&practice->verdict) > 1;

    if (practice->notice.length > 0)
        (void)fputs(practice->notice.text, screen->out);
    put_state(practice, state, sizeof state);
    (void)text_cut(state, screen->columns, &cut); /* memory short: no state */
    int rule = screen->columns - text_columns(buffer_text(&cut)) - 1;
    for (int i = 0; i < rule; i++)
        screen_print(screen, STYLE_DIM, "%s", "─");
    (void)fprintf(screen->out, "%s%s\n", rule >= 0 ? " " : "", buffer_text(&cut));
    buffer_free(&cut);
    if (practice->asking) {
        screen_wrap(screen, STYLE_KEY, 0,
                    _("Put the starter back? Your answer is kept beside it. [y]es, any other key "
                      "is no"));
        return;
    }
    if (practice->page.text != NULL)
        screen_wrap(screen, STYLE_DIM, 0, _("Enter goes back to the report."));
    else if (practice->full && several)
        screen_wrap(screen, STYLE_DIM, 0,
                    _("Enter shows the short report, Tab the next failed case alone."));
    else if (practice->full)
        screen_wrap(screen, STYLE_DIM, 0, _("Enter shows the short report."));
    else if (practice->cut && several)
        screen_wrap(screen, STYLE_DIM, 0,
                    _("Enter shows the whole report, Tab the next failed case."));
    else if (practice->cut)
        screen_wrap(screen, STYLE_DIM, 0, _("Enter shows the whole report."));
    else if (several)
        screen_wrap(screen, STYLE_DIM, 0, _("Tab shows the next failed case."));
    screen_wrap(screen, STYLE_KEY, 0,
                _("[n]ext [p]rev [l]ist [h]int [e]dit [y]play [r]eset [s]olution [q]uit"));
}

/* The report in at most rows lines, if it can be had in so few. */
static char *draw_report(struct practice *practice, size_t rows)
{
    char *text = NULL;
    size_t length = 0;
    struct screen screen;
    struct report_view view = practice->view;

    practice->cut = false;
    view.one = !practice->full;
    for (view.brevity = BREVITY_NONE;; view.brevity++) {
        if (memory_screen(practice, &screen, &text, &length) == NULL)
            return NULL;
        if (practice->judged)
            report_print(&screen, &practice->verdict, &view);
        else
            screen_title(&screen, practice->exercise->title, "");
        (void)fclose(screen.out); /* memory short: the end is missing */
        if (practice->full || view.brevity == BREVITY_MOST || count_lines(text) <= rows)
            break;
        free(text);
        practice->cut = true;
    }
    return text;
}

static void draw(struct practice *practice)
{
    char *keys = NULL, *body;
    size_t length = 0, rows = (size_t)terminal_rows();
    struct screen screen;

    if (practice->leaving)
        return;
    /* The keys are drawn twice: first to know how many lines they take, with every remark. */
    if (memory_screen(practice, &screen, &keys, &length) == NULL)
        return;
    put_keys(practice, &screen);
    (void)fclose(screen.out);
    size_t taken = count_lines(keys) + 2;
    free(keys);
    body = practice->page.text != NULL ? strdup(practice->page.text)
                                       : draw_report(practice, rows > taken ? rows - taken : 1);
    if (body == NULL || memory_screen(practice, &screen, &keys, &length) == NULL) {
        free(body);
        return;
    }
    put_keys(practice, &screen);
    (void)fclose(screen.out);
    if (length > 0 && keys[length - 1] == '\n')
        keys[length - 1] = '\0'; /* the cursor stays behind the keys: no line is lost below */
    (void)printf("\033[H\033[2J%s\n%s", body, keys);
    (void)fflush(stdout); /* a terminal that is gone is noticed by its signal */
    free(body);
    free(keys);
}

/* ---- what commands print --------------------------------------------------------------------- */

static void text_free(struct text *text)
{
    free(text->text);
    *text = (struct text){0};
}

static void forget_texts(struct practice *practice)
{
    text_free(&practice->page);
    text_free(&practice->notice);
    practice->asking = false;
}

/* A runner that prints into text, until keep_end(). */
static const struct runner *keep_begin(struct practice *practice, struct text *text)
{
    text_free(text);
    practice->memory = *practice->runner;
    if (memory_screen(practice, &practice->memory.out, &text->text, &text->length) == NULL)
        practice->memory.out.out = stdout;
    practice->memory.err = practice->memory.out;
    return &practice->memory;
}

static void keep_end(struct practice *practice, struct text *text)
{
    if (practice->memory.out.out != stdout)
        (void)fclose(practice->memory.out.out); /* memory short: the end is missing */
    if (text->length == 0)
        text_free(text);
}

static void notice(struct practice *practice, const char *sentence)
{
    runner_say(keep_begin(practice, &practice->notice), STYLE_PLAIN, "%s", sentence);
    keep_end(practice, &practice->notice);
}

/* ---- judging --------------------------------------------------------------------------------- */

static void on_verdict(struct verdict *verdict, void *data)
{
    struct practice *practice = data;

    practice->judge = NULL;
    if (practice->leaving)
        return;
    if (practice->again) {
        practice->again = false;
        judge_again(practice);
        return;
    }
    verdict_free(&practice->verdict);
    practice->verdict = *verdict;
    *verdict = (struct verdict){0};
    practice->judged = true;
    practice->view.focus = 0;
    draw(practice);
    /* After drawing, since it waits for the disk; what goes wrong is told once, so drawn once. */
    struct text trouble = {0};
    runner_note(keep_begin(practice, &trouble), &practice->verdict);
    keep_end(practice, &trouble);
    if (trouble.text != NULL) {
        text_free(&practice->notice);
        practice->notice = trouble;
        draw(practice);
    }
}

/* Judges the file as it is now; what is under way is of an older one. */
static void judge_again(struct practice *practice)
{
    const struct exercise_entry *exercise = practice->exercise;
    struct judge_plan plan = {.exercise = exercise,
                              .source = exercise->answer,
                              .program = practice->program,
                              .columns = practice->runner->out.columns};

    if (practice->judge != NULL) {
        practice->again = true;
        judge_cancel(practice->judge);
        return;
    }
    (void)snprintf(practice->program, sizeof practice->program, "build/answers/%s/%s",
                   exercise->folder, exercise->name);
    practice->judge = judge_start(&practice->loop, &plan, on_verdict, practice);
}

static void on_change(struct watch *watch)
{
    struct practice *practice = watch->data;

    if (!watch->gone) {
        forget_texts(practice);
        judge_again(practice);
    }
    draw(practice);
}

/* Opens an exercise: its answer, the watch on it, its first verdict. */
static void open_exercise(struct practice *practice, const struct exercise_entry *exercise)
{
    practice->exercise = exercise;
    practice->judged = practice->full = false;
    forget_texts(practice);
    (void)runner_open(keep_begin(practice, &practice->notice), exercise); /* judging tells more */
    keep_end(practice, &practice->notice);
    watch_file(&practice->watch, exercise->answer);
    judge_again(practice);
    draw(practice);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void leave(struct practice *practice)
{
    if (practice->leaving)
        return;
    practice->leaving = true;
    if (practice->judge != NULL)
        judge_cancel(practice->judge);
    watch_close(&practice->watch);
    uv_close((uv_handle_t *)&practice->input, NULL);
    uv_close((uv_handle_t *)&practice->signals, NULL);
}

static void move_to(struct practice *practice, const struct exercise_entry *exercise,
                    const char *otherwise)
{
    if (exercise != NULL)
        open_exercise(practice, exercise);
    else
        notice(practice, otherwise);
}

static int run_editor(struct practice *practice)
{
    /* EDITOR may hold arguments, quoted as for a shell. */
    static const char command[] = "eval \"exec $1 \\\"\\$2\\\"\"";
    const char *chosen = editor_command();
    const char *arguments[] = {"/bin/sh", "-c", command, "sh", chosen, practice->exercise->answer,
                               NULL};
    struct error error = {0};
    if (chosen == NULL)
        return 127;
    int ending, status = hand_over(arguments, &ending, &error);

    if (ending != 0)
        (void)raise(ending); /* it is read as any other signal */
    return status == -1 || status == 126 ? 127 : status;
}

/* Lends the terminal: the mode it had at first, and ours again afterwards. */
static void lend(struct practice *practice, int (*run)(struct practice *practice))
{
    (void)printf("\033[H\033[2J");
    (void)fflush(stdout);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &practice->terminal.before);
    int status = run(practice);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &practice->keys);
    screen_init(&practice->runner->out, stdout);
    const char *advice = run == run_editor ? editor_advice() : NULL;
    if (status == 127)
        notice(practice, _("The editor could not be started. Set EDITOR to one that is "
                           "installed, for instance: export EDITOR=nano"));
    else if (advice != NULL)
        notice(practice, advice);
}

static int run_play(struct practice *practice)
{
    const struct tap_case *test = report_focus(&practice->verdict, practice->view.focus);
    char seed[16];
    struct runner runner = *practice->runner;

    (void)snprintf(seed, sizeof seed, "%d", practice->verdict.seed);
    runner.seed = seed;
    (void)play_case(&runner, practice->exercise, test->name); /* it says itself what went wrong */
    return 0;
}

static void key_play(struct practice *practice)
{
    if (practice->judge != NULL || !practice->judged ||
        report_focus(&practice->verdict, practice->view.focus) == NULL)
        notice(practice, _("There is no failed case to play. Any case can be played by its "
                           "name: make play E=1.2 CASE=name"));
    else
        lend(practice, run_play);
}

static void key_asked(struct practice *practice, char key)
{
    practice->asking = false;
    if (key != 'y' && key != 'Y')
        return;
    (void)reset_answer(keep_begin(practice, &practice->notice), practice->exercise);
    keep_end(practice, &practice->notice);
    watch_file(&practice->watch, practice->exercise->answer); /* our own change is no save */
    judge_again(practice);
}

static void key_text(struct practice *practice, int (*show)(const struct runner *runner,
                                                            const struct exercise_entry *exercise))
{
    (void)show(keep_begin(practice, &practice->page), practice->exercise);
    keep_end(practice, &practice->page);
}

static int list_for(const struct runner *runner, const struct exercise_entry *exercise)
{
    (void)exercise;
    return show_list(runner);
}

static void key_report(struct practice *practice, char key)
{
    if (practice->page.text != NULL)
        text_free(&practice->page);
    else if (key == '\t') { /* always seen: y plays the case that is shown */
        practice->view.focus++;
        practice->full = false;
    } else if (practice->cut || practice->full)
        practice->full = !practice->full;
}

static void on_key(struct practice *practice, char key)
{
    const struct catalogue *catalogue = &practice->runner->catalogue;

    text_free(&practice->notice);
    if (practice->asking) {
        key_asked(practice, key);
    } else if (key == 'n') {
        move_to(practice, exercise_after(catalogue, practice->exercise),
                _("This is the last exercise."));
    } else if (key == 'p') {
        move_to(practice, exercise_before(catalogue, practice->exercise),
                _("This is the first exercise."));
    } else if (key == 'l') {
        key_text(practice, list_for);
    } else if (key == 'h') {
        key_text(practice, show_hint);
    } else if (key == 's') {
        key_text(practice, show_solution);
    } else if (key == 'e') {
        lend(practice, run_editor);
    } else if (key == 'y') {
        key_play(practice);
    } else if (key == 'r') {
        practice->asking = true;
    } else if (key == '\n' || key == '\r' || key == ' ' || key == '\t') {
        key_report(practice, key);
    } else if (key == 'q' || key == 'Q' || key == 4 /* Ctrl-D */) {
        leave(practice);
    } else {
        return;
    }
    draw(practice);
}

/* True for every byte of an escape sequence: arrow keys and the like mean nothing here. */
static bool in_escape(char byte)
{
    static int state; /* 0 outside, 1 behind ESC, 2 inside the sequence */

    if (state == 0) {
        state = byte == '\033';
        return state == 1;
    }
    if (state == 1)
        state = byte == '[' || byte == 'O' ? 2 : 0;
    else if ((unsigned char)byte >= 0x40)
        state = 0;
    return true;
}

static void on_input(uv_poll_t *handle, int status, int events)
{
    struct practice *practice = handle->data;
    char bytes[64];

    (void)events;
    ssize_t got = status < 0 ? 0 : read(practice->fd, bytes, sizeof bytes);
    if (got == -1 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got <= 0)
        leave(practice); /* the terminal is gone */
    for (ssize_t i = 0; i < got && !practice->leaving; i++)
        if (!in_escape(bytes[i]))
            on_key(practice, bytes[i]);
}

static void on_signal(uv_poll_t *handle, int status, int events)
{
    struct practice *practice = handle->data;

    (void)status;
    (void)events;
    if (terminal_signal(&practice->terminal)) { /* this is also where Ctrl-Z stops us */
        leave(practice);
    } else if (practice->terminal.resized) {
        practice->terminal.resized = false;
        screen_init(&practice->runner->out, stdout);
        screen_init(&practice->runner->err, stderr);
        draw(practice);
    }
}

/* ---- from beginning to end ------------------------------------------------------------------- */

static int practise(struct practice *practice)
{
    struct error error = {0};
    int result = uv_loop_init(&practice->loop);

    if (result != 0)
        return runner_refuse(practice->runner, "%s", uv_strerror(result));
    practice->fd = open("/proc/self/fd/0", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (practice->fd == -1)
        return runner_refuse(practice->runner, _("The terminal cannot be read: %s."),
                             strerror(errno));
    if (terminal_open(&practice->terminal, &error) == -1)
        return runner_refuse(practice->runner, "%s", error.text);
    (void)tcgetattr(STDIN_FILENO,
                    &practice->keys); /* it is a terminal: terminal_open() saw to it */
    (void)uv_poll_init(&practice->loop, &practice->input, practice->fd);
    (void)uv_poll_init(&practice->loop, &practice->signals, practice->terminal.signals);
    practice->input.data = practice->signals.data = practice;
    (void)uv_poll_start(&practice->input, UV_READABLE, on_input);
    (void)uv_poll_start(&practice->signals, UV_READABLE, on_signal);
    watch_init(&practice->loop, &practice->watch);
    practice->watch.on_change = on_change;
    practice->watch.data = practice;
    open_exercise(practice, practice->exercise);
    (void)uv_run(&practice->loop, UV_RUN_DEFAULT); /* until no handle is left */
    (void)uv_loop_close(&practice->loop);
    processes_sweep();
    (void)close(practice->fd);
    (void)printf("\n");
    terminal_close(&practice->terminal);
    return 0;
}

int command_practice(struct runner *runner)
{
    static struct practice practice; /* large, and there is one */

    practice.runner = runner;
    if (runner_all_passed(runner)) {
        runner_say(runner, STYLE_GOOD, "%s",
                   _("Every exercise is passed. Name one to work on it again: make practice "
                     "E=1.2"));
        return 0;
    }
    practice.exercise = runner_current(runner);
    if (practice.exercise == NULL)
        return 2;
    if (!terminal_there()) {
        (void)runner_refuse(runner, "%s",
                            _("practice needs a terminal; here is one verdict instead."));
        runner->exercise = practice.exercise->id;
        return command_check(runner);
    }
    int status = practise(&practice);
    verdict_free(&practice.verdict);
    forget_texts(&practice);
    if (practice.terminal.signal != 0) {
        struct sigaction plain = {.sa_handler = SIG_DFL};
        (void)sigaction(practice.terminal.signal, &plain, NULL); /* cannot fail for these */
        (void)raise(practice.terminal.signal); /* the shell and make have to see it */
    }
    return status;
}
