#include "classroom/class.h"

#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "classroom/one.h"
#include "workbook/judge.h"
#include "workbook/process.h"

enum { TRIES = 2, JOBS_MOST = 64 };

struct seat {
    struct process process;
    struct work *work;
    size_t index; /* of its submission */
    bool taken;
};

struct work {
    const struct class_run *run;
    struct class_sums *sums;
    struct seat seats[JOBS_MOST];
    unsigned char *tries; /* of each submission */
    size_t *left;         /* submissions without a result, as a queue */
    size_t left_count, next, count, done, fresh;
    int busy;
    uint64_t began_ns;
    uv_loop_t loop;
    uv_signal_t signals[3];
};

/* ---- what there is already ------------------------------------------------------------------- */

static struct timespec graded_at; /* for changed_since(), which nftw() gives no argument */
static size_t seen;

static int changed_since(const char *path, const struct stat *status, int type, struct FTW *place)
{
    enum { SEEN_MOST = 20000 };                        /* the intake reads no more of them either */
    const struct timespec *changed = &status->st_ctim; /* which unpacking sets, as writing does */

    (void)path;
    (void)place;
    if (type == FTW_NS || ++seen > SEEN_MOST)
        return 0;
    return changed->tv_sec > graded_at.tv_sec ||
           (changed->tv_sec == graded_at.tv_sec && changed->tv_nsec > graded_at.tv_nsec);
}

/* Whether anything of a submission was written or renamed since it was graded. */
static bool has_changed(const char *submission, const char *result)
{
    struct stat status;

    if (stat(result, &status) == -1)
        return true;
    graded_at = status.st_mtim;
    seen = 0;
    return nftw(submission, changed_since, 16, FTW_PHYS) >
           0; /* -1: it cannot be read, or is gone */
}

bool class_is_graded(const char *out, const struct submission *submission)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/results/%s/result.json", out, submission->name);
    if (has_changed(submission->path, path))
        return false;
    json_t *root = json_load_file(path, 0, NULL);
    const char *status = json_string_value(json_object_get(root, "status"));
    bool graded = status != NULL && strcmp(status, "grader_error") != 0;
    json_decref(root);
    return graded;
}

/* ---- the bar --------------------------------------------------------------------------------- */

static void put_bar(const struct work *work)
{
    enum { WIDTH = 30 };
    const struct screen *screen = work->run->err;
    double seconds = (double)(uv_hrtime() - work->began_ns) / 1e9;
    size_t filled = work->count == 0 ? WIDTH : work->done * WIDTH / work->count;
    static const char full[] = "█", empty[] = "░"; /* of one length in bytes */
    char bar[WIDTH * (sizeof full - 1) + 1] = "", left[60] = "", faults[40] = "";

    if (!screen->terminal)
        return;
    for (size_t i = 0; i < WIDTH; i++)
        memcpy(bar + i * (sizeof full - 1), i < filled ? full : empty, sizeof full);
    if (work->fresh > 0 && seconds > 0)
        (void)snprintf(left, sizeof left, _("%.1f/s   %.0f s left"), (double)work->fresh / seconds,
                       seconds / (double)work->fresh * (double)(work->count - work->done));
    if (work->sums->faults > 0)
        (void)snprintf(faults, sizeof faults, _("   %zu grader faults"), work->sums->faults);
    (void)fprintf(screen->out, "\r\033[K");
    screen_print(screen, STYLE_PLAIN, _("Grading  %s%s%zu of %zu   %s%s"),
                 screen->columns < 80 ? "" : bar, screen->columns < 80 ? "" : "  ", work->done,
                 work->count, left, faults);
    (void)fflush(screen->out);
}

static void end_bar(const struct work *work)
{
    if (work->run->err->terminal)
        (void)fprintf(work->run->err->out, "\r\033[K");
}

/* ---- one after another ----------------------------------------------------------------------- */

static void fill_seats(struct work *work);

/* A sentence of a submission that could not be graded, from what `grade one` said. */
static void tell_fault(const struct work *work, const struct submission *submission,
                       const struct process *process)
{
    const struct one_options options = {.path = submission->path, .out = work->run->folder};
    const char *said = buffer_text(&process->errors);
    struct error why = process->failure, error;
    char path[PATH_MAX];

    if (process->signal != 0)
        (void)error_set(&why, _("the grader was ended by signal %d"), process->signal);
    else if (why.text[0] == '\0')
        (void)error_set(&why, "%.480s", *said == '\0' ? _("the grader gave no result") : said);
    for (char *end = why.text; (end = strchr(end, '\n')) != NULL;)
        *end = ' '; /* it was wrapped for a terminal */
    end_bar(work);
    screen_print(work->run->err, STYLE_BAD, "%s: ", submission->name);
    screen_print(work->run->err, STYLE_PLAIN, "%s\n", why.text);
    (void)snprintf(path, sizeof path, "%s/results/%s/result.json", work->run->folder,
                   submission->name);
    if (has_changed(submission->path, path) && one_failed(&options, why.text, &error) == -1)
        screen_print(work->run->err, STYLE_PLAIN, "%s\n", error.text);
}

static void on_graded(struct process *process)
{
    struct seat *seat = process->data;
    struct work *work = seat->work;
    const struct submission *submission = &work->run->plan->submissions[seat->index];

    seat->taken = false;
    work->busy--;
    bool graded = !work->sums->interrupted && class_is_graded(work->run->folder, submission);
    if (!graded && !work->sums->interrupted && ++work->tries[seat->index] < TRIES) {
        work->left[work->left_count++] = seat->index; /* there is room for every try */
    } else if (!work->sums->interrupted) {
        work->done++;
        work->fresh++;
        if (!graded) {
            work->sums->faults++;
            tell_fault(work, submission, process);
        }
        put_bar(work);
    }
    buffer_free(&process->output);
    buffer_free(&process->errors);
    fill_seats(work);
}

static void start(struct work *work, struct seat *seat, size_t index)
{
    const struct class_run *run = work->run;
    const char *arguments[16] = {run->program, "grade", "one"};
    int n = 3;

    if (run->policy != NULL) {
        arguments[n++] = "--policy";
        arguments[n++] = run->policy;
    }
    arguments[n++] = "--found";
    arguments[n++] = run->found;
    arguments[n++] = "--";
    arguments[n++] = run->plan->submissions[index].path;
    arguments[n++] = run->folder;
    arguments[n] = NULL;
    seat->taken = true;
    seat->index = index;
    seat->process.data = seat;
    work->busy++;
    process_start(&work->loop, &seat->process, arguments, NULL, on_graded);
}

static void fill_seats(struct work *work)
{
    for (int i = 0; i < work->run->jobs && i < JOBS_MOST; i++)
        if (!work->seats[i].taken && !work->sums->interrupted && work->next < work->left_count)
            start(work, &work->seats[i], work->left[work->next++]);
    if (work->busy == 0)
        for (int i = 0; i < 3; i++)
            if (!uv_is_closing((uv_handle_t *)&work->signals[i]))
                uv_close((uv_handle_t *)&work->signals[i], NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct work *work = handle->data;

    work->sums->interrupted = true;
    work->sums->signal = number;
    for (int i = 0; i < JOBS_MOST; i++)
        if (work->seats[i].taken)
            process_end(&work->seats[i].process);
}

static void watch_signals(struct work *work)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    for (int i = 0; i < 3; i++) {
        (void)uv_signal_init(&work->loop, &work->signals[i]); /* only sets fields */
        work->signals[i].data = work;
        /* Without a handler the signal ends us at once, and what is graded is kept as well. */
        (void)uv_signal_start(&work->signals[i], on_signal, numbers[i]);
    }
    sigset_t ending; /* blocked while there is something that a signal would leave behind */
    signals_of_end(&ending);
    (void)sigprocmask(SIG_UNBLOCK, &ending, NULL);
}

int class_grade(const struct class_run *run, struct class_sums *sums, struct error *error)
{
    struct work *work = calloc(1, sizeof *work);
    size_t count = run->plan->count;
    int result = 0;

    *sums = (struct class_sums){0};
    if (work == NULL || (work->tries = calloc(count + 1, 1)) == NULL ||
        (work->left = calloc(count * TRIES + 1, sizeof *work->left)) == NULL) {
        result = error_set(error, "%s", _("There is no memory left."));
    } else if ((result = uv_loop_init(&work->loop)) != 0) {
        result = error_set(error, "%s", uv_strerror(result));
    } else {
        work->run = run;
        work->sums = sums;
        work->count = count;
        work->began_ns = uv_hrtime();
        for (int i = 0; i < JOBS_MOST; i++)
            work->seats[i].work = work;
        for (size_t i = 0; i < count; i++) {
            if (class_is_graded(run->folder, &run->plan->submissions[i]))
                work->done++;
            else
                work->left[work->left_count++] = i;
        }
        watch_signals(work);
        put_bar(work);
        fill_seats(work);
        (void)uv_run(&work->loop, UV_RUN_DEFAULT); /* until no handle is left */
        (void)uv_loop_close(&work->loop);
        end_bar(work);
    }
    if (work != NULL) {
        free(work->tries);
        free(work->left);
    }
    free(work);
    return result;
}
