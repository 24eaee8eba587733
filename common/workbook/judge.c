#include "workbook/judge.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "box/limits.h"
#include "core/number.h"
#include "workbook/answer.h"
#include "workbook/files.h"
#include "workbook/libraries.h"
#include "workbook/process.h"
#include "workbook/screen.h"

#define FLAGS_FILE "build/student.flags"
#define BOX_STATUS "build/box.status" /* of the compiler's box, in the stage */

enum { MESSAGE_LINES = 40, WORDS = 8, COMPILE_SECONDS = 30 };

struct judge {
    struct judge_plan plan;
    struct verdict verdict;
    struct process process;
    uv_loop_t *loop;
    uv_timer_t soon;  /* calls done from the loop, also when all was decided at once */
    uv_timer_t limit; /* runs while the compiler does */
    bool cancelled, running, endless;
    struct libraries libraries; /* that the answer may use */
    char *compiler;             /* its words, cut apart */
    struct box_words words;     /* the command line of the compiler, or of the cases */
    char given[PATH_MAX];       /* the exercise's folder: its headers are given to the answer */
    char fresh[PATH_MAX];       /* the program while it is being built */
    char scratch[SCRATCH_SIZE]; /* for compiler and cases: what is killed leaves files behind */
    uint64_t began;
    void (*done)(struct verdict *verdict, void *data);
    void *data;
};

/* Where a file of the plan lies: within the stage, if there is one. path has PATH_MAX bytes. */
static const char *on_disk(const struct judge *judge, const char *name, char *path)
{
    const struct judge_box *box = judge->plan.box;

    int length = box == NULL ? snprintf(path, PATH_MAX, "%s", name)
                             : snprintf(path, PATH_MAX, "%s/%s", box->stage, name);
    if (length < 0 || length >= PATH_MAX)
        path[0] = '\0'; /* which cannot be opened */
    return path;
}

/* The process to come is the box's user, and starts in the stage. */
static void set_stage(struct judge *judge)
{
    const struct judge_box *box = judge->plan.box;

    judge->process.folder = box == NULL ? NULL : box->stage;
    judge->process.user = box == NULL ? 0 : box->user;
    judge->process.given_count = 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

void verdict_free(struct verdict *verdict)
{
    buffer_free(&verdict->messages);
    tap_free(&verdict->tap);
}

static void on_judge_closed(uv_handle_t *handle)
{
    struct judge *judge = handle->data;
    struct verdict verdict = judge->verdict;
    void (*done)(struct verdict *, void *) = judge->done;
    void *data = judge->data;

    if (judge->cancelled)
        verdict.outcome = OUTCOME_CANCELLED;
    scratch_remove(judge->scratch);
    libraries_free(&judge->libraries);
    free(judge->compiler);
    free(judge);
    done(&verdict, data);
    verdict_free(&verdict);
}

static void on_limit_closed(uv_handle_t *handle)
{
    struct judge *judge = handle->data;

    uv_close((uv_handle_t *)&judge->soon, on_judge_closed);
}

static void on_soon(uv_timer_t *timer)
{
    struct judge *judge = timer->data;

    uv_close((uv_handle_t *)&judge->limit, on_limit_closed);
}

static void conclude(struct judge *judge, enum outcome outcome)
{
    judge->verdict.outcome = outcome;
    judge->verdict.seconds = (double)(uv_hrtime() - judge->began) / 1e9;
    (void)uv_timer_start(&judge->soon, on_soon, 0, 0); /* fails only if it is closing */
}

void judge_cancel(struct judge *judge)
{
    judge->cancelled = true;
    if (judge->running)
        process_end(&judge->process);
}

/* ---- the cases ------------------------------------------------------------------------------- */

/* Adds up what the cases found. Returns 0, or -1 with why filled when it contradicts itself. */
static int weigh(struct verdict *verdict, int64_t status)
{
    const struct tap *tap = &verdict->tap;
    bool all = true;

    tap_points(tap, &verdict->earned, &verdict->points);
    for (size_t i = 0; i < tap->count; i++) {
        all = all && tap->cases[i].ok;
        if (strcmp(tap_text(&tap->cases[i], "status"), "harness") == 0)
            return error_set(&verdict->why, "%s: %s", tap->cases[i].name,
                             tap_text(&tap->cases[i], "cause"));
    }
    if (status != (all ? 0 : 1))
        return error_set(&verdict->why, _("the cases ended with exit status %d"), (int)status);
    verdict->passed = all;
    verdict->seed = tap_number(&tap->cases[0], "seed");
    return 0;
}

/* The first line of what was written to standard error, made harmless, for a sentence. */
static void first_words(const struct buffer *errors, struct buffer *words)
{
    const char *text = buffer_text(errors);
    size_t length = strcspn(text, "\n");

    (void)text_harmless(words, text, length < 300 ? length : 300);
}

static void on_cases_end(struct process *process)
{
    struct judge *judge = process->data;
    struct verdict *verdict = &judge->verdict;
    enum outcome outcome = OUTCOME_FAULT;
    struct buffer words = {0};

    judge->running = false;
    first_words(&process->errors, &words);
    if (process->failure.text[0] != '\0')
        verdict->why = process->failure;
    else if (process->signal != 0)
        (void)error_set(&verdict->why, _("the cases were ended by signal %d"), process->signal);
    else if (process->status != 0 && process->status != 1)
        (void)error_set(&verdict->why, _("the cases ended with exit status %d%s%s"),
                        (int)process->status, words.length > 0 ? ": " : "", buffer_text(&words));
    else if (process->flooded)
        (void)error_set(&verdict->why, "%s", _("the cases printed more than 16 MiB"));
    else if (tap_parse(buffer_text(&process->output), process->output.length, &verdict->tap,
                       &verdict->why) == 0 &&
             weigh(verdict, process->status) == 0)
        outcome = OUTCOME_JUDGED;
    buffer_free(&words);
    buffer_free(&process->output);
    buffer_free(&process->errors);
    conclude(judge, outcome);
}

static void add_option(struct box_words *words, const char *name, const char *value)
{
    if (value == NULL)
        return;
    box_add(words, name);
    box_add(words, value);
}

static void start_cases(struct judge *judge)
{
    const struct judge_plan *plan = &judge->plan;
    const struct judge_box *box = plan->box;
    struct box_words *words = &judge->words;
    char columns[32], temporary[PATH_MAX + 8];
    const char *extra[] = {columns, temporary, NULL};

    set_stage(judge);
    box_begin(words);
    box_add(words, plan->exercise->cases);
    box_add(words, "--program");
    box_print(words, "%s%s", box != NULL && box->level != BOX_C ? BOX_ROOT "/" : "", plan->program);
    add_option(words, "--source", plan->source);
    add_option(words, "--case", plan->case_name);
    add_option(words, "--seed", plan->seed);
    if (plan->record)
        box_add(words, "--record");
    if (box != NULL && box->level != BOX_C)
        add_option(words, "--box", box->stage);
    if (box != NULL)
        add_option(words, "--groups", box->groups);
    if (box != NULL && box->side_by_side > 0) {
        box_add(words, "--jobs");
        box_print(words, "%d", box->side_by_side);
    }
    (void)snprintf(columns, sizeof columns, "COLUMNS=%d", plan->columns > 0 ? plan->columns : 80);
    (void)snprintf(temporary, sizeof temporary, "TMPDIR=%s%s",
                   box == NULL ? judge->scratch : box->stage, box == NULL ? "" : "/tmp");
    judge->running = true;
    process_start(judge->loop, &judge->process, words->list, extra, on_cases_end);
}

/* ---- the compiler ---------------------------------------------------------------------------- */

/* A hundred times what the slowest machine needs; where that is not enough, COMPILE_SECONDS is. */
static int compile_seconds(const struct judge *judge)
{
    const char *text = getenv("COMPILE_SECONDS");
    long seconds = judge->plan.box == NULL ? COMPILE_SECONDS : LIMIT_COMPILE_WALL_S;

    if (text != NULL && !number_parse(text, 1, 3600, &seconds))
        seconds = COMPILE_SECONDS;
    return (int)seconds;
}

static void on_limit(uv_timer_t *timer)
{
    struct judge *judge = timer->data;

    judge->endless = true;
    process_end(&judge->process);
}

/* What is shown of what the compiler said; where that says too little, a sentence of ours. */
static void take_messages(struct judge *judge, const char *said, size_t length)
{
    struct buffer *messages = &judge->verdict.messages;

    /* What does not fit into memory is not shown; the outcome stands. */
    if (judge->endless)
        (void)buffer_print(messages,
                           _("The compiler was still at work after %d s, and was stopped.\n"),
                           compile_seconds(judge));
    else if (judge->process.status != 0 && (strstr(said, "File size limit exceeded") != NULL ||
                                            strstr(said, "File too large") != NULL))
        (void)buffer_print(messages,
                           _("The program would take more than %d MiB on the disk. An array with "
                             "values lies there whole; one without does not.\n"),
                           LIMIT_FILE >> 20);
    else if (judge->process.status != 0 && strstr(said, "CPU time limit exceeded") != NULL)
        (void)buffer_print(messages,
                           _("The compiler needed more than %d s of processor time, and was "
                             "stopped.\n"),
                           LIMIT_COMPILE_CPU_S);
    else if (judge->process.status != 0 && (strstr(said, "out of memory allocating") != NULL ||
                                            strstr(said, "virtual memory exhausted") != NULL))
        (void)buffer_print(messages,
                           _("The compiler needed more than %d MiB of memory, and gave up.\n"),
                           LIMIT_COMPILE_MIB);
    else
        (void)compiler_messages(judge->plan.source, said, length, MESSAGE_LINES, messages);
}

static bool takes_others_headers(struct judge *judge, struct buffer *said)
{
    const struct judge_plan *plan = &judge->plan;
    struct answer_headers headers = {plan->any_header ? "" : plan->exercise->headers, judge->given,
                                     &judge->libraries};

    return answer_check_included(plan->source, said, &headers, &judge->verdict.why) == -1;
}

/* Whether there was to be a box and bubblewrap did not come as far as to start the compiler. */
static bool box_failed(struct judge *judge)
{
    struct buffer noted = {0};
    char path[PATH_MAX];
    bool failed = judge->plan.box != NULL && judge->plan.box->level != BOX_C;

    if (!failed)
        return false;
    if (buffer_add_file(&noted, on_disk(judge, BOX_STATUS, path), 1 << 16) == 0)
        failed = strstr(buffer_text(&noted), "\"exit-code\"") == NULL;
    buffer_free(&noted);
    return failed && judge->process.signal == 0;
}

/*
 * Whether the disk is full, or nearly so: what the compiler says of it stands also in an #error. In
 * a box its temporary files may have found no room as well, which is the answer's doing.
 */
static bool disk_is_full(const struct judge *judge, const char *said)
{
    const struct judge_box *box = judge->plan.box;
    struct statvfs about;

    if (strstr(said, "No space left on device") == NULL)
        return false;
    return box == NULL || statvfs(box->stage, &about) == -1 ||
           (uint64_t)about.f_bavail * about.f_frsize < LIMIT_FILE ||
           (about.f_files > 0 && about.f_favail == 0);
}

static void on_compiled(struct process *process)
{
    struct judge *judge = process->data;
    struct verdict *verdict = &judge->verdict;

    judge->running = false;
    (void)uv_timer_stop(&judge->limit); /* cannot fail */
    bool refused = takes_others_headers(judge, &process->errors);
    const char *said = buffer_text(&process->errors);
    bool unboxed = box_failed(judge);
    char path[PATH_MAX], target[PATH_MAX];
    bool full = process->status != 0 && disk_is_full(judge, said);
    /* A stage is ours, and nothing in it is locked: there an answer says so. */
    bool locked = judge->plan.box == NULL && process->status != 0 &&
                  strstr(said, judge->fresh) != NULL &&
                  (strstr(said, "Read-only file system") != NULL ||
                   strstr(said, "Permission denied") != NULL);
    if (unboxed)
        first_words(&process->errors, &verdict->messages);
    else if (!refused)
        take_messages(judge, said, process->errors.length);
    buffer_free(&process->output);
    buffer_free(&process->errors);
    bool good = process->failure.text[0] == '\0' && process->signal == 0 && process->status == 0 &&
                !judge->cancelled && !judge->endless && !refused;
    if (!good) /* gcc has mostly removed it itself */
        (void)unlink(on_disk(judge, judge->fresh, path));
    if (unboxed && !judge->cancelled && !judge->endless) {
        (void)error_set(&verdict->why, _("the compiler's box could not be made: %s"),
                        buffer_text(&verdict->messages));
        conclude(judge, OUTCOME_FAULT);
    } else if (refused) {
        conclude(judge, OUTCOME_REFUSED);
    } else if (process->failure.text[0] != '\0') {
        (void)error_set(&verdict->why, _("the compiler cannot be started (%s)"),
                        process->failure.text);
        conclude(judge, OUTCOME_FAULT);
    } else if (process->signal != 0 && !judge->cancelled && !judge->endless) {
        (void)error_set(&verdict->why, _("the compiler was ended by signal %d"), process->signal);
        conclude(judge, OUTCOME_FAULT);
    } else if (full) {
        (void)error_set(&verdict->why, "%s", _("the disk is full; the compiler could not write"));
        conclude(judge, OUTCOME_FAULT);
    } else if (locked) {
        (void)error_set(&verdict->why, _("the compiler may not write into the folder of %s"),
                        judge->plan.program);
        conclude(judge, OUTCOME_FAULT);
    } else if (!good) {
        conclude(judge, OUTCOME_UNCOMPILED);
    } else if (rename(on_disk(judge, judge->fresh, path),
                      on_disk(judge, judge->plan.program, target)) == -1) {
        (void)error_set_errno(&verdict->why, "%s", judge->plan.program);
        conclude(judge, OUTCOME_FAULT);
    } else if (judge->plan.compile_only) {
        conclude(judge, OUTCOME_JUDGED);
    } else {
        start_cases(judge);
    }
}

/*
 * Starts it with a limit for the files that it writes, so that a line or two cannot fill the disk.
 * What we write ourselves is small, and nothing is written between the two calls.
 */
static void start_limited(struct judge *judge, const char *const *arguments,
                          const char *const *extra)
{
    struct rlimit before, limit;

    bool known = getrlimit(RLIMIT_FSIZE, &before) == 0;
    limit = before;
    if (known && limit.rlim_cur > LIMIT_FILE)
        limit.rlim_cur = LIMIT_FILE;
    if (known)
        (void)setrlimit(RLIMIT_FSIZE, &limit); /* lower than before: cannot fail */
    process_start(judge->loop, &judge->process, arguments, extra, on_compiled);
    if (known)
        (void)setrlimit(RLIMIT_FSIZE, &before);
}

/* Names that answer_check_plain() finds where they are written; here, where they are put together.
 */
static const char *const outlaws[] = {
    "-Dno_sanitize=answers_are_plain_c",
    "-D__no_sanitize__=answers_are_plain_c",
    "-Dno_sanitize_address=answers_are_plain_c",
    "-D__no_sanitize_address__=answers_are_plain_c",
    "-Dno_sanitize_undefined=answers_are_plain_c",
    "-D__no_sanitize_undefined__=answers_are_plain_c",
    "-Dno_address_safety_analysis=answers_are_plain_c",
    "-D__no_address_safety_analysis__=answers_are_plain_c",
    /* gcc hands their texts to the assembler as they are: a line end in one begins a command. */
    "-Dsection(text)=answers_are_plain_c",
    "-D__section__(text)=answers_are_plain_c",
    "-Dweakref(text)=answers_are_plain_c",
    "-D__weakref__(text)=answers_are_plain_c",
    "-Dsymver(...)=answers_are_plain_c",
    "-D__symver__(...)=answers_are_plain_c",
};
enum { OUTLAWS = sizeof outlaws / sizeof outlaws[0] };

/* The compiler's box: in it are the source, and the headers and archives that it may use. */
static void begin_compiler_box(struct judge *judge)
{
    struct box_words *words = &judge->words;
    const char *stage = judge->plan.box->stage;
    char part[PATH_MAX];

    box_compiler(words, stage, judge->plan.source);
    for (size_t at = 0; libraries_part(&judge->libraries, &at, part);)
        box_compiler_part(words, stage, part);
    box_compiler_end(words, 3, 4);
}

/* The words before the compiler's own: its box, its limits. */
static int add_box(struct judge *judge)
{
    const struct judge_box *box = judge->plan.box;
    struct process *process = &judge->process;
    char path[PATH_MAX];

    set_stage(judge);
    box_begin(&judge->words);
    if (box == NULL)
        return 0;
    if (box->level != BOX_C) {
        process->given[0] = open(on_disk(judge, "build/box.bpf", path), O_RDONLY | O_CLOEXEC);
        process->given[1] =
            open(on_disk(judge, BOX_STATUS, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        process->given_count = 2; /* they become 3 and 4 */
        if (process->given[0] == -1 || process->given[1] == -1)
            return error_set_errno(&judge->verdict.why, "%s", path);
        begin_compiler_box(judge);
    }
    box_add(&judge->words, "prlimit");
    /* The first limit ends it by a signal that says so; at the second it would be killed. */
    box_print(&judge->words, "--cpu=%d:%d", LIMIT_COMPILE_CPU_S, LIMIT_COMPILE_CPU_S + 2);
    box_print(&judge->words, "--as=%lld", (long long)LIMIT_COMPILE_MIB << 20);
    return 0;
}

static void close_given(struct process *process)
{
    for (int i = 0; i < process->given_count; i++)
        if (process->given[i] != -1)
            (void)close(process->given[i]); /* bubblewrap has them */
    process->given_count = 0;
}

/* The source between what its libraries want before and behind it. */
static void add_source(struct box_words *words, const struct judge *judge)
{
    const char *word;
    bool any = false;

    for (size_t at = 0; (word = libraries_before(&judge->libraries, &at)) != NULL;)
        box_add(words, word);
    box_add(words, judge->plan.source);
    for (size_t at = 0; (word = libraries_behind(&judge->libraries, &at)) != NULL; any = true) {
        if (!any) /* a library less to load for each start, when it is not used */
            box_add(words, "-Wl,--as-needed");
        box_add(words, word);
    }
}

static int start_compiler(struct judge *judge)
{
    char temporary[SCRATCH_SIZE + 8];
    const char *extra[] = {"LC_ALL=C.UTF-8", temporary, NULL}; /* its words are recognised */
    const char *compiler = getenv("CC");
    struct box_words *words = &judge->words;

    if (add_box(judge) == -1) {
        close_given(&judge->process);
        return -1;
    }
    judge->compiler = strdup(compiler != NULL && *compiler != '\0' ? compiler : "gcc");
    if (judge->compiler == NULL)
        return error_set(&judge->verdict.why, "out of memory");
    char *rest = judge->compiler;
    int n = 0;
    for (char *word; n < WORDS && (word = strsep(&rest, " \t")) != NULL;)
        if (*word != '\0') {
            box_add(words, word);
            n++;
        }
    box_add(words, "@" FLAGS_FILE);
    box_add(words, "-fdiagnostics-color=never");
    box_add(words, "-fmax-errors=50"); /* more than are shown; thousands take minutes */
    for (size_t i = 0; i < OUTLAWS; i++)
        box_add(words, outlaws[i]);
    box_add(words, "-H"); /* tells which headers it takes */
    add_option(words, "-iquote", judge->given);
    add_source(words, judge);
    add_option(words, "-o", judge->fresh);
    (void)snprintf(temporary, sizeof temporary, "TMPDIR=%s",
                   judge->plan.box == NULL ? judge->scratch : "/tmp");
    judge->running = true;
    (void)uv_timer_start(&judge->limit, on_limit, 1000U * (uint64_t)compile_seconds(judge),
                         0); /* fails only if closing */
    start_limited(judge, words->list, extra);
    close_given(&judge->process);
    return 0;
}

/* ---- the beginning --------------------------------------------------------------------------- */

/* True if source is what the exercise began with. */
static bool is_starter(const struct exercise_entry *exercise, const struct buffer *source)
{
    struct buffer starter = {0};
    bool same = buffer_add_file(&starter, exercise->starter, 1 << 20) == 0 &&
                starter.length == source->length &&
                memcmp(buffer_text(&starter), buffer_text(source), source->length) == 0;

    buffer_free(&starter);
    return same;
}

/* What has to be there before anything is worth compiling. */
static int look_around(struct judge *judge)
{
    const struct judge_plan *plan = &judge->plan;

    if (access(FLAGS_FILE, R_OK) == -1)
        return error_set(&judge->verdict.why, _("%s is missing; run make first"), FLAGS_FILE);
    char part[PATH_MAX];
    for (size_t at = 0; libraries_part(&judge->libraries, &at, part);)
        if (access(part, R_OK) == -1)
            return error_set(&judge->verdict.why, _("%s is missing; run make first"), part);
    if (plan->box == NULL && cases_find(plan->exercise, &judge->verdict.why) == -1)
        return -1;
    if (!plan->any_header && *plan->exercise->headers == '\0')
        (void)error_set(&judge->verdict.note,
                        _("%s lists nothing below Headers, so every header is allowed."),
                        plan->exercise->readme);
    (void)snprintf(judge->fresh, sizeof judge->fresh, "%s.%ld.new", plan->program, (long)getpid());
    if (plan->box != NULL)
        return 0; /* the stage has it all */
    if (scratch_make(judge->scratch, &judge->verdict.why) == -1)
        return -1;
    return folder_make_for(plan->program, &judge->verdict.why);
}

/* Decides what can be decided without a compiler. False if that was all. */
static bool begin(struct judge *judge)
{
    const struct judge_plan *plan = &judge->plan;
    struct verdict *verdict = &judge->verdict;
    struct buffer source = {0};
    enum outcome outcome = OUTCOME_JUDGED;
    char path[PATH_MAX];

    if (answer_read(on_disk(judge, plan->source, path), &source, &verdict->why) == -1) {
        outcome = OUTCOME_UNUSABLE;
    } else if (libraries_read(&judge->libraries, plan->exercise->headers, &verdict->why) == -1) {
        outcome = OUTCOME_FAULT;
    } else {
        digest_of(buffer_text(&source), source.length, verdict->digest);
        verdict->starter = is_starter(plan->exercise, &source);
        int line = answer_line_not_utf8(&source);
        if (line != 0)
            (void)error_set(&verdict->note,
                            _("Line %d of %s is not UTF-8 text; it is judged as it is."), line,
                            plan->source);
        struct answer_headers headers = {plan->any_header ? "" : plan->exercise->headers,
                                         judge->given, &judge->libraries};
        bool listed = answer_check_headers(plan->source, &source, &headers, &verdict->why) == 0;
        verdict->not_plain =
            listed && answer_check_plain(plan->source, &source, &verdict->why) == -1;
        if (!listed || verdict->not_plain)
            outcome = OUTCOME_REFUSED;
        else if (look_around(judge) == -1 || start_compiler(judge) == -1)
            outcome = OUTCOME_FAULT;
    }
    buffer_free(&source);
    if (outcome != OUTCOME_JUDGED)
        conclude(judge, outcome);
    return outcome == OUTCOME_JUDGED;
}

struct judge *judge_start(uv_loop_t *loop, const struct judge_plan *plan,
                          void (*done)(struct verdict *verdict, void *data), void *data)
{
    struct judge *judge = calloc(1, sizeof *judge);

    if (judge == NULL)
        return NULL;
    judge->plan = *plan;
    judge->loop = loop;
    judge->done = done;
    judge->data = data;
    judge->process.data = judge;
    judge->began = uv_hrtime();
    (void)snprintf(judge->given, sizeof judge->given, "exercises/%s", plan->exercise->folder);
    judge->verdict.exercise = plan->exercise;
    judge->verdict.source = plan->source;
    judge->verdict.whole = plan->case_name == NULL;
    (void)uv_timer_init(loop, &judge->soon); /* only sets fields */
    (void)uv_timer_init(loop, &judge->limit);
    judge->soon.data = judge->limit.data = judge;
    (void)begin(judge);
    return judge;
}

/* ---- several, and waiting for them ----------------------------------------------------------- */

struct crowd;

struct seat {
    struct crowd *crowd;
    struct judge *judge; /* NULL: free */
    size_t index;        /* of its plan */
};

struct crowd {
    const struct judge_plan *plans;
    size_t count, next;
    struct seat *seats;
    size_t seat_count, taken;
    uv_loop_t loop;
    uv_signal_t signals[3];
    int signal;      /* that asked us to end, or 0 */
    sigset_t before; /* what was blocked before */
    void (*done)(size_t index, struct verdict *verdict, void *data);
    void *data;
};

static void crowd_fill(struct crowd *crowd);

static void on_seat_judged(struct verdict *verdict, void *data)
{
    struct seat *seat = data;
    struct crowd *crowd = seat->crowd;

    seat->judge = NULL;
    crowd->taken--;
    crowd->done(seat->index, verdict, crowd->data);
    crowd_fill(crowd);
}

/* Starts what there is room for; when nothing is left, lets the loop end. */
static void crowd_fill(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->seat_count; i++) {
        struct seat *seat = &crowd->seats[i];
        if (seat->judge != NULL || crowd->signal != 0 || crowd->next == crowd->count)
            continue;
        seat->index = crowd->next++;
        seat->judge = judge_start(&crowd->loop, &crowd->plans[seat->index], on_seat_judged, seat);
        if (seat->judge == NULL) {
            struct verdict verdict = {.outcome = OUTCOME_FAULT,
                                      .exercise = crowd->plans[seat->index].exercise};
            (void)error_set(&verdict.why, "out of memory");
            crowd->done(seat->index, &verdict, crowd->data);
            continue;
        }
        crowd->taken++;
    }
    if (crowd->taken > 0)
        return;
    (void)sigprocmask(SIG_SETMASK, &crowd->before, NULL);
    for (int i = 0; i < 3; i++)
        if (!uv_is_closing((uv_handle_t *)&crowd->signals[i]))
            uv_close((uv_handle_t *)&crowd->signals[i], NULL);
}

static void on_end_signal(uv_signal_t *handle, int number)
{
    struct crowd *crowd = handle->data;

    crowd->signal = number;
    for (size_t i = 0; i < crowd->seat_count; i++)
        if (crowd->seats[i].judge != NULL)
            judge_cancel(crowd->seats[i].judge);
}

static void (*before_end)(void);

void judge_before_end(void (*leave)(void))
{
    before_end = leave;
}

void signals_of_end(sigset_t *set)
{
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGHUP);
}

void judge_end_by(int number)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t set;

    processes_end_known();
    processes_sweep();
    if (before_end != NULL)
        before_end();
    scratch_remove_all();
    (void)sigaction(number, &plain, NULL); /* cannot fail for these signals */
    (void)raise(number);
    signals_of_end(&set);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int judge_many(const struct judge_plan *plans, size_t count, int side_by_side,
               void (*done)(size_t index, struct verdict *verdict, void *data), void *data,
               struct error *error)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct crowd crowd = {.plans = plans, .count = count, .done = done, .data = data};

    sigset_t ending;

    (void)sigprocmask(SIG_SETMASK, NULL, &crowd.before);
    crowd.seat_count = (size_t)side_by_side;
    crowd.seats = calloc(crowd.seat_count, sizeof *crowd.seats);
    if (crowd.seats == NULL)
        return error_set(error, "out of memory");
    int result = uv_loop_init(&crowd.loop);
    if (result != 0) {
        free(crowd.seats);
        return error_set(error, "%s", uv_strerror(result));
    }
    for (int i = 0; i < 3; i++) {
        (void)uv_signal_init(&crowd.loop, &crowd.signals[i]); /* only sets fields */
        crowd.signals[i].data = &crowd;
        /* Without a handler the signal ends us at once, which is what is left to do then. */
        (void)uv_signal_start(&crowd.signals[i], on_end_signal, numbers[i]);
    }
    signals_of_end(&ending);
    (void)sigprocmask(SIG_UNBLOCK, &ending, NULL);
    for (size_t i = 0; i < crowd.seat_count; i++)
        crowd.seats[i].crowd = &crowd;
    crowd_fill(&crowd);
    (void)uv_run(&crowd.loop, UV_RUN_DEFAULT); /* until no handle is left */
    (void)uv_loop_close(&crowd.loop);
    free(crowd.seats);
    if (crowd.signal != 0)
        judge_end_by(crowd.signal);
    return 0;
}

static void on_only_judged(size_t index, struct verdict *verdict, void *data)
{
    (void)index;
    *(struct verdict *)data = *verdict;
    *verdict = (struct verdict){0};
}

void judge_now(const struct judge_plan *plan, struct verdict *verdict)
{
    *verdict = (struct verdict){.outcome = OUTCOME_FAULT, .exercise = plan->exercise};
    (void)judge_many(plan, 1, 1, on_only_judged, verdict, &verdict->why);
}

/* ---- what there is to judge ------------------------------------------------------------------ */

char *judge_program(const struct exercise_entry *exercise)
{
    char *path;
    return asprintf(&path, "build/answers/%s/%s", exercise->folder, exercise->name) == -1 ? NULL
                                                                                          : path;
}

void seed_fresh(char *text)
{
    uint32_t number = 0;

    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        number = (uint32_t)uv_hrtime();
    (void)snprintf(text, 16, "%u", number % 999998U + 2U); /* 1 is the seed everyone knows */
}

static int list_add(struct case_entry **list, size_t *count, const char *line, size_t length)
{
    json_t *object = json_loadb(line, length, 0, NULL);
    const char *name = json_string_value(json_object_get(object, "case"));
    const char *title = json_string_value(json_object_get(object, "title"));
    const char *teaches = json_string_value(json_object_get(object, "teaches"));
    struct case_entry *grown = realloc(*list, (*count + 1) * sizeof *grown);

    if (grown != NULL)
        *list = grown;
    if (grown != NULL && name != NULL && title != NULL) {
        struct case_entry *entry = &grown[*count];
        *entry = (struct case_entry){
            .name = strdup(name),
            .title = strdup(title),
            .teaches = strdup(teaches != NULL ? teaches : ""),
            .points = (int)json_integer_value(json_object_get(object, "points")),
        };
        ++*count;
    }
    json_decref(object);
    return grown != NULL && name != NULL && title != NULL ? 0 : -1;
}

int cases_find(const struct exercise_entry *exercise, struct error *error)
{
    if (access(exercise->table, R_OK) == -1) /* then what make once built from it counts no more */
        return error_set(error, _("%s is missing; it says what is checked"), exercise->table);
    if (access(exercise->cases, X_OK) == -1)
        return error_set(error, _("%s is missing; run make first"), exercise->cases);
    return 0;
}

/* What --list printed when the cases were made, if make kept it. */
static bool read_kept_list(const struct exercise_entry *exercise, struct buffer *output)
{
    struct stat cases, kept;
    char path[PATH_MAX];

    return snprintf(path, sizeof path, "%s.list", exercise->cases) < (int)sizeof path &&
           stat(exercise->cases, &cases) == 0 && stat(path, &kept) == 0 &&
           (kept.st_mtim.tv_sec > cases.st_mtim.tv_sec ||
            (kept.st_mtim.tv_sec == cases.st_mtim.tv_sec &&
             kept.st_mtim.tv_nsec >= cases.st_mtim.tv_nsec)) &&
           kept.st_size > 0 && buffer_add_file(output, path, 1 << 20) == 0;
}

int cases_list(const struct exercise_entry *exercise, struct case_entry **list, size_t *count,
               struct error *error)
{
    const char *arguments[] = {exercise->cases, "--list", NULL};
    struct buffer output = {0};
    int result = 0;

    *list = NULL;
    *count = 0;
    if (cases_find(exercise, error) == -1)
        return -1;
    if (!read_kept_list(exercise, &output))
        result = process_run(arguments, &output, NULL, error);
    if (result > 0)
        result =
            error_set(error, _("%s --list ended with exit status %d"), exercise->cases, result);
    const char *text = buffer_text(&output);
    while (result == 0 && *text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > 0 && list_add(list, count, text, length) == -1)
            result = error_set(error, _("%s --list printed no list"), exercise->cases);
        text += length + (text[length] == '\n');
    }
    if (result == 0 && *count == 0)
        result = error_set(error, _("%s --list printed no list"), exercise->cases);
    buffer_free(&output);
    if (result == -1) {
        cases_free(*list, *count);
        *list = NULL;
        *count = 0;
    }
    return result;
}

void cases_free(struct case_entry *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].name);
        free(list[i].title);
        free(list[i].teaches);
    }
    free(list);
}
