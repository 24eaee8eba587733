#include "classroom/result.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "box/limits.h"
#include "workbook/files.h"
#include "workbook/process.h"
#include "workbook/report.h"
#include "workbook/runner.h"

#define FLAGS_FILE "build/student.flags"

const char *moment_stamp(long long moment, char *text)
{
    time_t seconds = (time_t)moment;
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        (void)snprintf(text, 32, "1970-01-01T00:00:00Z");
    return text;
}

/* ---- one exercise ---------------------------------------------------------------------------- */

static const char *state_of(const struct grading *grading)
{
    static const char *const names[] = {
        [OUTCOME_JUDGED] = "judged",           [OUTCOME_REFUSED] = "refused",
        [OUTCOME_UNCOMPILED] = "not-compiled", [OUTCOME_UNUSABLE] = "unusable",
        [OUTCOME_FAULT] = "grader_error",      [OUTCOME_CANCELLED] = "grader_error",
    };
    const struct verdict *verdict = &grading->verdict, *hidden = &grading->hidden;

    if (grading->path == NULL)
        return grading->unusable != NULL ? "unusable" : "not-submitted";
    if (verdict->outcome == OUTCOME_JUDGED && grading->has_hidden &&
        hidden->outcome != OUTCOME_JUDGED)
        return "grader_error";
    return names[verdict->outcome];
}

/* Text of unknown bytes as JSON takes it; what is not UTF-8 is made harmless. */
static json_t *safe_text(const char *text, size_t length)
{
    struct buffer safe = {0};
    /* Not every reader takes \u0000. */
    json_t *string = memchr(text, '\0', length) == NULL ? json_stringn(text, length) : NULL;

    if (string == NULL && text_harmless(&safe, text, length) == 0)
        string = json_stringn(buffer_text(&safe), safe.length);
    buffer_free(&safe);
    return string == NULL ? json_string("") : string;
}

static bool was_retried(const struct grading *grading, const char *name)
{
    const json_t *retried;
    size_t i;

    json_array_foreach(grading->retried, i,
                       retried) if (strcmp(json_string_value(retried), name) == 0) return true;
    return false;
}

static void add_cases(json_t *list, const struct grading *grading, const struct tap *tap,
                      bool hidden)
{
    for (size_t i = 0; i < tap->count; i++) {
        const struct tap_case *test = &tap->cases[i];
        bool skipped = test->skip != NULL;
        const char *status = skipped ? "skipped" : tap_text(test, "status");
        const char *cause = skipped ? test->skip : tap_text(test, "cause");
        if (strcmp(status, "harness") == 0)
            status = "grader_error";
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:i, s:i, s:o, s:b, s:b}", "case", test->name, "title",
                            tap_text(test, "title"), "status", status, "earned",
                            test->ok && !skipped ? tap_number(test, "points") : 0, "points",
                            skipped ? 0 : tap_number(test, "points"), "cause",
                            safe_text(cause, strlen(cause)), "hidden", hidden, "retried",
                            was_retried(grading, test->name)));
    }
}

/* The report as `make check` prints it, on 80 columns without colour. */
static json_t *report_text(const struct grading *grading)
{
    char *text = NULL;
    size_t length = 0;
    FILE *memory = grading->path == NULL ? NULL : open_memstream(&text, &length);
    struct screen screen = {.out = memory, .columns = 80};
    struct report_view view = {.brevity = BREVITY_NONE};

    if (memory == NULL)
        return json_string("");
    report_print(&screen, &grading->verdict, &view);
    if (grading->has_hidden && grading->hidden.outcome == OUTCOME_JUDGED) {
        screen_print(&screen, STYLE_PLAIN, "\n");
        screen_wrap(&screen, STYLE_PLAIN, 2,
                    _("Cases that are not shown, and count like the others:"));
        for (size_t i = 0; i < grading->hidden.tap.count; i++)
            screen_print(&screen, STYLE_PLAIN, "  %-4s  %s\n",
                         grading->hidden.tap.cases[i].ok ? "ok" : "FAIL",
                         grading->hidden.tap.cases[i].name);
    }
    json_t *report = fclose(memory) == 0 ? safe_text(text, length) : json_string("");
    free(text);
    return report;
}

json_t *result_exercise(const struct grading *grading)
{
    const struct exercise_entry *e = grading->exercise;
    const struct verdict *verdict = &grading->verdict;
    const char *state = state_of(grading);
    bool judged = strcmp(state, "judged") == 0, hidden = grading->has_hidden;
    const struct error *why = hidden && verdict->outcome == OUTCOME_JUDGED && !judged
                                  ? &grading->hidden.why
                                  : &verdict->why;
    const char *said = grading->unusable != NULL ? grading->unusable : why->text;
    char file[256];
    json_t *cases = json_array();

    (void)snprintf(file, sizeof file, "%s/%s.c", e->folder, e->name);
    add_cases(cases, grading, &verdict->tap, false);
    add_cases(cases, grading, &grading->hidden.tap, true);
    int earned = judged ? verdict->earned + (hidden ? grading->hidden.earned : 0) : 0;
    int points = judged ? verdict->points + (hidden ? grading->hidden.points : 0) : grading->points;
    return json_pack(
        "{s:s, s:s, s:s, s:i, s:b, s:s, s:o, s:s, s:s, s:o, s:i, s:i, s:b, s:f, s:o, s:o}",
        "exercise", e->id, "name", e->name, "title", e->title, "chapter", e->chapter, "core",
        e->core, "state", state, "why", safe_text(said, strlen(said)), "file", file, "sha256",
        grading->sha256 == NULL ? "" : grading->sha256, "messages",
        safe_text(buffer_text(&verdict->messages), verdict->messages.length), "earned", earned,
        "points", points, "passed",
        judged && verdict->passed && (!hidden || grading->hidden.passed), "seconds",
        verdict->seconds + grading->hidden.seconds, "report", report_text(grading), "cases", cases);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static json_t *limits(void)
{
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "case_wall_s",
                     LIMIT_WALL_MS / 1000, "memory_mib", LIMIT_MEMORY_MIB, "processes",
                     LIMIT_PROCESSES, "descriptors", LIMIT_DESCRIPTORS, "file_mib",
                     LIMIT_FILE >> 20, "output_mib", LIMIT_OUTPUT >> 20, "compile_cpu_s",
                     LIMIT_COMPILE_CPU_S, "compile_wall_s", LIMIT_COMPILE_WALL_S,
                     "compile_memory_mib", LIMIT_COMPILE_MIB);
}

int compiler_version(struct buffer *version, struct error *error)
{
    static char known[512]; /* it is asked when there is nothing to grade yet, and at the end */
    const char *compiler = getenv("CC");
    char word[256];
    const char *arguments[] = {word, "--version", NULL};

    if (compiler == NULL || *compiler == '\0')
        compiler = "gcc";
    (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(compiler, " \t"), compiler);
    if (known[0] != '\0')
        return buffer_add(version, known, strlen(known));
    int status = process_run(arguments, version, NULL, error);
    if (status > 0)
        return error_set(error, _("The compiler %s --version ended with status %d."), word, status);
    if (status == 0)
        (void)snprintf(known, sizeof known, "%s", buffer_text(version));
    return status;
}

static json_t *build(void)
{
    struct buffer version = {0}, flags = {0};

    (void)compiler_version(&version, NULL); /* then it says nothing, and "" stands */
    (void)buffer_add_file(&flags, FLAGS_FILE, 1 << 16);
    json_t *object = json_pack(
        "{s:o, s:o, s:s}", "compiler",
        safe_text(buffer_text(&version), strcspn(buffer_text(&version), "\n")), "flags",
        safe_text(buffer_text(&flags), strcspn(buffer_text(&flags), "\n")), "workbook", VERSION);
    buffer_free(&version);
    buffer_free(&flags);
    return object;
}

json_t *result_begin(const struct submission *submission, const struct isolation *isolation,
                     unsigned seed, const char *status, const char *why)
{
    char now[32];

    return json_pack(
        "{s:i, s:s, s:s, s:o, s:s, s:s, s:o, s:s, s:s, s:f, s:I, s:{s:s, s:s}, s:o, s:o, s:[], "
        "s:i, s:i, s:[]}",
        "schema", 1, "submission", submission->name, "student", submission->student, "source",
        safe_text(submission->path, strlen(submission->path)), "kind",
        submission->archive ? "archive" : "folder", "status", status, "why",
        safe_text(why, strlen(why)), "submitted", "1970-01-01T00:00:00Z", "graded",
        moment_stamp(time(NULL), now), "seconds", 0.0, "seed", (json_int_t)seed, "isolation",
        "level", isolation_letter(isolation), "sentence", isolation->sentence, "limits", limits(),
        "build", build(), "refused", "earned", 0, "points", 0, "exercises");
}

void result_sum(json_t *result)
{
    const json_t *exercise;
    json_int_t earned = 0, points = 0;
    bool fault = false;
    size_t i;

    json_array_foreach(json_object_get(result, "exercises"), i, exercise)
    {
        const char *state = json_string_value(json_object_get(exercise, "state"));
        earned += json_integer_value(json_object_get(exercise, "earned"));
        points += json_integer_value(json_object_get(exercise, "points"));
        if (fault || state == NULL || strcmp(state, "grader_error") != 0)
            continue;
        fault = true;
        const char *id = json_string_value(json_object_get(exercise, "exercise"));
        const char *why = json_string_value(json_object_get(exercise, "why"));
        (void)json_object_set_new(result, "why", json_sprintf("%s: %s", id, why));
    }
    (void)json_object_set_new(result, "earned", json_integer(earned));
    (void)json_object_set_new(result, "points", json_integer(points));
    if (fault)
        (void)json_object_set_new(result, "status", json_string("grader_error"));
}
