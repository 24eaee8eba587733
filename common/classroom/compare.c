#include "classroom/compare.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "box/box.h"
#include "core/buffer.h"
#include "workbook/files.h"
#include "workbook/process.h"
#include "workbook/screen.h"

enum { SECONDS = 300, ALONE_PART = 60, NAME = 24, FILES_MOST = 99999 };

/* The comparison under way: a folder in which files have short names, a letter and a number. */
struct desk {
    struct comparison *comparison;
    struct buffer *texts; /* of the answers, as they are by now */
    char folder[SCRATCH_SIZE];
    unsigned user;  /* who runs sim_c; 0: as we are */
    bool exhausted; /* a run was ended by a limit */
    struct error *error;
};

static int no_memory(struct error *error)
{
    return error_set(error, "%s", _("There is no memory left."));
}

/* ---- files ----------------------------------------------------------------------------------- */

static int put_file(struct desk *desk, char kind, size_t index, const struct buffer *text)
{
    char path[SCRATCH_SIZE + NAME];

    (void)snprintf(path, sizeof path, "%s/%c%zu", desk->folder, kind, index);
    if (file_write(path, buffer_text(text), text->length, true, desk->error) == -1)
        return -1;
    if (desk->user != 0 && chown(path, desk->user, desk->user) == -1)
        return error_set_errno(desk->error, "%s", path);
    return 0;
}

/* The first answer with the text of this one. */
static size_t twin_of(const struct desk *desk, size_t index)
{
    const struct buffer *text = &desk->texts[index];

    for (size_t i = 0; i < index; i++) {
        const struct buffer *other = &desk->texts[i];
        enum compare_state state = desk->comparison->answers[i].state;
        if ((state == COMPARED || state == COMPARE_TOO_REGULAR) && other->length == text->length &&
            memcmp(buffer_text(other), buffer_text(text), text->length) == 0)
            return i;
    }
    return index;
}

/* sim_c sees each text once. */
static bool is_looked_at(const struct comparison *comparison, size_t index)
{
    const struct compared *answer = &comparison->answers[index];
    return answer->state == COMPARED && answer->twin == index;
}

/* The answers that can be read become files s0, s1 … */
static int put_answers(struct desk *desk)
{
    struct comparison *comparison = desk->comparison;

    for (size_t i = 0; i < comparison->count; i++) {
        struct compared *answer = &comparison->answers[i];
        struct buffer *text = &desk->texts[i];
        if (answer->state == COMPARE_TOO_REGULAR)
            continue;
        *answer = (struct compared){.path = answer->path, .twin = i};
        buffer_free(text);
        if (buffer_add_file(text, answer->path, 1 << 20) == -1)
            answer->state = COMPARE_UNREADABLE;
        else if (text->length > COMPARE_BYTES)
            answer->state = COMPARE_TOO_LARGE;
        else if ((answer->twin = twin_of(desk, i)) == i && put_file(desk, 's', i, text) == -1)
            return -1;
    }
    return 0;
}

/* What answers are compared with; a file that cannot be read is left empty. */
static int put_known(struct desk *desk, char kind, const struct compare_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        struct buffer text = {0};
        (void)buffer_add_file(&text, paths->list[i], 1 << 20);
        int result = put_file(desk, kind, i, &text);
        buffer_free(&text);
        if (result == -1)
            return -1;
    }
    return 0;
}

/* ---- sim_c ----------------------------------------------------------------------------------- */

/* Words of a command; the names of files are kept in it. */
struct words {
    const char **list;
    char (*names)[NAME];
    size_t count, name_count;
};

static int words_begin(struct words *words, size_t most)
{
    *words = (struct words){.list = calloc(most + 16, sizeof *words->list),
                            .names = calloc(most + 1, sizeof *words->names)};
    return words->list != NULL && words->names != NULL ? 0 : -1;
}

static void words_free(struct words *words)
{
    free(words->list);
    free(words->names);
}

static void add_name(struct words *words, char kind, size_t index)
{
    char *name = words->names[words->name_count++];

    (void)snprintf(name, NAME, "%c%zu", kind, index);
    words->list[words->count++] = name;
}

/* One run of sim_c: its options, over all answers or one, with files of a kind as the old ones. */
struct sim_run {
    const char *const *options;
    const size_t *alone; /* NULL: all that are compared; one has a part of the time */
    char kind;           /* of the old ones */
    size_t old;          /* how many; 0: none */
};

static int run_words(struct words *words, const struct desk *desk, const struct sim_run *run,
                     const char *seconds)
{
    static const char limits[] = "ulimit -t \"$1\" && ulimit -v 2097152 && ulimit -c 0 && "
                                 "ulimit -f 0 && shift && exec sim_c \"$@\"";
    const struct comparison *comparison = desk->comparison;

    if (words_begin(words, comparison->count + run->old) == -1)
        return -1;
    const char *const front[] = {"sh", "-c", limits, "sim_c", seconds, NULL};
    for (size_t i = 0; front[i] != NULL; i++)
        words->list[words->count++] = front[i];
    for (size_t i = 0; run->options[i] != NULL; i++)
        words->list[words->count++] = run->options[i];
    for (size_t i = 0; i < comparison->count; i++)
        if (run->alone != NULL ? *run->alone == i : is_looked_at(comparison, i))
            add_name(words, 's', i);
    if (run->old > 0)
        words->list[words->count++] = "/";
    for (size_t i = 0; i < run->old; i++)
        add_name(words, run->kind, i);
    return 0;
}

static void on_end(struct process *process)
{
    (void)process; /* process_start() wants to be told of one */
}

enum { SIGNALS = 3 };

/* Signals to end, while a process runs that would otherwise go on without us. */
struct watch {
    uv_signal_t handles[SIGNALS];
    struct process *process;
    int signal; /* the one that came, or 0 */
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct watch *watch = handle->data;

    watch->signal = number;
    process_end(watch->process);
}

static void watch_begin(struct watch *watch, uv_loop_t *loop)
{
    static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

    for (int i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(loop, &watch->handles[i]); /* only sets fields */
        watch->handles[i].data = watch;
        /* Without a handler the signal ends us at once, which is what is left to do then. */
        (void)uv_signal_start(&watch->handles[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&watch->handles[i]);
    }
}

/* Ends as if the signal had met us unprepared, if one came. */
static void watch_end(struct watch *watch, uv_loop_t *loop)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};

    for (int i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&watch->handles[i], NULL);
    (void)uv_run(loop, UV_RUN_DEFAULT); /* until they are closed */
    if (watch->signal == 0)
        return;
    scratch_remove_all();
    (void)sigaction(watch->signal, &plain, NULL); /* cannot fail for these signals */
    (void)raise(watch->signal);
}

/* Runs it. output gets what it printed, and is freed by the caller. */
static int run_sim(struct desk *desk, const struct sim_run *run, struct buffer *output)
{
    struct words words = {0};
    uv_loop_t loop;
    char seconds[16];
    struct process process = {.folder = desk->folder, .user = desk->user};
    int most = desk->comparison->seconds > 0 ? desk->comparison->seconds : SECONDS;

    if (run->alone != NULL)
        most = most > ALONE_PART ? most / ALONE_PART : 1;
    (void)snprintf(seconds, sizeof seconds, "%d", most);
    if (run_words(&words, desk, run, seconds) == -1 || uv_loop_init(&loop) != 0) {
        words_free(&words);
        return no_memory(desk->error);
    }
    struct watch watch = {.process = &process};
    watch_begin(&watch, &loop);
    process_start(&loop, &process, words.list, NULL, on_end);
    (void)uv_run(&loop, UV_RUN_DEFAULT); /* until nothing of it is left */
    watch_end(&watch, &loop);
    (void)uv_loop_close(&loop);
    words_free(&words);
    *output = process.output;
    buffer_free(&process.errors);
    if (process.failure.text[0] != '\0')
        return error_set(desk->error, "%s", process.failure.text);
    if (process.flooded)
        return error_set(desk->error, "%s", _("sim_c found more than could be kept"));
    desk->exhausted = process.signal != 0;
    if (desk->exhausted)
        return error_set(desk->error, _("sim_c took more than %d s or too much memory"), most);
    if (process.status != 0)
        return error_set(desk->error, _("sim_c ended with status %d"), (int)process.status);
    return 0;
}

/* ---- what sim_c prints ----------------------------------------------------------------------- */

/* Takes the text that is due. */
static bool take(const char **at, const char *due)
{
    size_t length = strlen(due);

    if (strncmp(*at, due, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool take_number(const char **at, size_t *number)
{
    char *end;

    if (**at < '0' || **at > '9')
        return false;
    *number = strtoul(*at, &end, 10);
    *at = end;
    return *number <= FILES_MOST * 100UL;
}

static bool take_name(const char **at, char kind, size_t *index, size_t count)
{
    const char due[] = {kind, '\0'};

    return take(at, due) && take_number(at, index) && *index < count;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end != NULL ? end + 1 : line + strlen(line);
}

/* "File s3: 634 tokens, 151 lines": how many words an answer has, or has of its own. */
static void read_words(const struct desk *desk, const struct buffer *output, bool own)
{
    size_t index, tokens;

    for (const char *line = buffer_text(output); *line != '\0'; line = next_line(line)) {
        const char *at = line;
        if (!take(&at, "File ") || !take_name(&at, 's', &index, desk->comparison->count) ||
            !take(&at, ": ") || !take_number(&at, &tokens))
            continue;
        struct compared *answer = &desk->comparison->answers[index];
        *(own ? &answer->own : &answer->words) = tokens;
    }
}

/* "s3 consists for 92 % of l7 material": calls found for each. */
static void read_shares(struct desk *desk, const struct buffer *output, char kind, size_t count,
                        void (*found)(struct comparison *comparison, size_t answer, size_t other,
                                      int percent))
{
    size_t answer, other, percent;

    for (const char *line = buffer_text(output); *line != '\0'; line = next_line(line)) {
        const char *at = line;
        if (take_name(&at, 's', &answer, desk->comparison->count) && take(&at, " consists for ") &&
            take_number(&at, &percent) && take(&at, " % of ") &&
            take_name(&at, kind, &other, count) && percent <= 100)
            found(desk->comparison, answer, other, (int)percent);
    }
}

/* Lines first to last, counted from 1, become blank. */
static void blank_lines(struct buffer *text, size_t first, size_t last)
{
    size_t line = 1;

    for (size_t i = 0; i < text->length && line <= last; i++) {
        if (text->data[i] == '\n')
            line++;
        else if (line >= first)
            text->data[i] = ' ';
    }
}

/* "s3: line 46-102    |l7: line 41-99[289]": what is known goes out of the answers. */
static void read_known(const struct desk *desk, const struct buffer *output)
{
    size_t index, first, last;

    for (const char *line = buffer_text(output); *line != '\0'; line = next_line(line)) {
        const char *at = line;
        if (take_name(&at, 's', &index, desk->comparison->count) && take(&at, ": line ") &&
            take_number(&at, &first) && take(&at, "-") && take_number(&at, &last))
            blank_lines(&desk->texts[index], first, last);
    }
}

/* ---- the steps ------------------------------------------------------------------------------- */

/* Takes out of the answers what stands in files of a kind. */
static int take_out(struct desk *desk, char kind, size_t count)
{
    static const char *const options[] = {"-n", "-T", "-S", NULL};
    const struct comparison *comparison = desk->comparison;
    struct buffer output = {0};

    if (count == 0)
        return 0;
    int result =
        run_sim(desk, &(struct sim_run){.options = options, .kind = kind, .old = count}, &output);
    if (result == 0)
        read_known(desk, &output);
    for (size_t i = 0; result == 0 && i < comparison->count; i++)
        if (is_looked_at(comparison, i))
            result = put_file(desk, 's', i, &desk->texts[i]);
    buffer_free(&output);
    return result;
}

static void found_lesson(struct comparison *comparison, size_t answer, size_t other, int percent)
{
    struct compared *to = &comparison->answers[answer];

    if (percent > to->lesson || (percent == to->lesson && other < to->lesson_index)) {
        to->lesson = percent;
        to->lesson_index = other;
    }
}

static void found_solution(struct comparison *comparison, size_t answer, size_t other, int percent)
{
    struct compared *to = &comparison->answers[answer];

    if (percent > to->solution || (percent == to->solution && other < to->solution_index)) {
        to->solution = percent;
        to->solution_index = other;
    }
}

static void found_answer(struct comparison *comparison, size_t answer, size_t other, int percent)
{
    comparison->shared[answer * comparison->count + other] = (unsigned char)percent;
}

/* How much of each answer stands in which of the workbook's programs; and how long answers are. */
static int measure_lessons(struct desk *desk)
{
    static const char *const options[] = {"-p", "-S", NULL};
    size_t count = desk->comparison->lessons.count;
    struct buffer output = {0};
    int result =
        run_sim(desk, &(struct sim_run){.options = options, .kind = 'l', .old = count}, &output);

    if (result == 0) {
        read_words(desk, &output, false);
        read_shares(desk, &output, 'l', count, found_lesson);
    }
    buffer_free(&output);
    return result;
}

/* Each answer with each of the files of a kind; 's' stands for the other answers. */
static int measure(struct desk *desk, char kind, size_t count,
                   void (*found)(struct comparison *comparison, size_t answer, size_t other,
                                 int percent))
{
    char least[8];
    const char *const options[] = {"-p", kind == 's' ? "-a" : "-S", "-e", "-t", least, NULL};
    struct sim_run run = {.options = options, .kind = kind, .old = kind == 's' ? 0 : count};
    struct buffer output = {0};

    (void)snprintf(least, sizeof least, "%d", COMPARE_THRESHOLD);
    int result = run_sim(desk, &run, &output);
    if (result == 0) {
        read_words(desk, &output, true);
        read_shares(desk, &output, kind, count, found);
    }
    buffer_free(&output);
    return result;
}

/* Looks for answers that alone are too much for sim_c. Returns how many there are. */
static size_t leave_out_regular(struct desk *desk)
{
    static const char *const options[] = {"-n", "-T", NULL};
    size_t count = 0;

    for (size_t i = 0; i < desk->comparison->count; i++) {
        struct buffer output = {0};
        struct sim_run run = {.options = options, .alone = &i};
        if (is_looked_at(desk->comparison, i) && run_sim(desk, &run, &output) == -1) {
            desk->comparison->answers[i].state = COMPARE_TOO_REGULAR;
            count++;
        }
        buffer_free(&output);
    }
    return count;
}

static size_t count_looked_at(const struct comparison *comparison)
{
    size_t count = 0;

    for (size_t i = 0; i < comparison->count; i++)
        count += is_looked_at(comparison, i);
    return count;
}

static int compare_all(struct desk *desk)
{
    struct comparison *comparison = desk->comparison;

    if (count_looked_at(comparison) == 0)
        return 0;
    if (take_out(desk, 't', comparison->starters.count) == -1 || measure_lessons(desk) == -1 ||
        take_out(desk, 'l', comparison->lessons.count) == -1)
        return -1;
    if (comparison->solutions.count > 0 &&
        measure(desk, 'x', comparison->solutions.count, found_solution) == -1)
        return -1;
    return measure(desk, 's', comparison->count, found_answer);
}

static int put_all(struct desk *desk)
{
    struct comparison *comparison = desk->comparison;

    return put_answers(desk) == -1 || put_known(desk, 't', &comparison->starters) == -1 ||
                   put_known(desk, 'l', &comparison->lessons) == -1 ||
                   put_known(desk, 'x', &comparison->solutions) == -1
               ? -1
               : 0;
}

/* What was found of a text holds for each answer that has it. */
static void tell_twins(struct comparison *comparison)
{
    size_t count = comparison->count;

    for (size_t i = 0; i < count; i++) {
        struct compared *answer = &comparison->answers[i];
        const char *path = answer->path;
        if (answer->state != COMPARED)
            continue;
        *answer = comparison->answers[answer->twin];
        answer->path = path;
        if (answer->state == COMPARED && answer->own < COMPARE_LEAST)
            answer->state = COMPARE_TOO_SHORT;
    }
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b < count; b++) {
            size_t one = comparison->answers[a].twin, other = comparison->answers[b].twin;
            comparison->shared[a * count + b] =
                one == other ? 100 : comparison->shared[one * count + other];
        }
}

/* All of it; once more without those that were too much, if there are any. */
static int compare_at(struct desk *desk)
{
    struct comparison *comparison = desk->comparison;

    if (desk->user != 0 && chown(desk->folder, desk->user, desk->user) == -1)
        return error_set_errno(desk->error, "%s", desk->folder);
    if (put_all(desk) == -1)
        return -1;
    int result = compare_all(desk);
    if (result == -1 && desk->exhausted && leave_out_regular(desk) > 0)
        result = put_answers(desk) == -1 ? -1 : compare_all(desk);
    if (result == 0)
        tell_twins(comparison);
    return result;
}

int compare(struct comparison *comparison, struct error *error)
{
    struct desk desk = {
        .comparison = comparison, .user = geteuid() == 0 ? BOX_USER : 0, .error = error};
    int result;

    desk.texts = calloc(comparison->count + 1, sizeof *desk.texts);
    comparison->shared = calloc(comparison->count * comparison->count + 1, 1);
    if (desk.texts == NULL || comparison->shared == NULL || comparison->count > FILES_MOST)
        result = no_memory(error);
    else if ((result = scratch_make(desk.folder, error)) == 0)
        result = compare_at(&desk);
    scratch_remove(desk.folder);
    for (size_t i = 0; desk.texts != NULL && i < comparison->count; i++)
        buffer_free(&desk.texts[i]);
    free(desk.texts);
    return result;
}

void compare_free(struct comparison *comparison)
{
    free(comparison->shared);
    comparison->shared = NULL;
}

bool compare_possible(void)
{
    static const char *const command[] = {"sh", "-c", "command -v sim_c", NULL};
    struct buffer output = {0};
    struct error error = {0};
    int status = process_run(command, &output, NULL, &error);

    buffer_free(&output);
    return status == 0;
}
