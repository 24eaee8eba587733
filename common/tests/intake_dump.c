/* Prints what the classroom's intake makes of something, as JSON, for intake.t. Usage:
 *   intake_dump plan FOLDER | find PATH | read PATH [entries|depth|file|archive|total|ms N]… */
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classroom/intake.h"
#include "classroom/plan.h"
#include "core/number.h"

/* A text that must be UTF-8, since result.json is. */
static json_t *text(const char *bytes)
{
    json_t *value = json_string(bytes);

    if (value == NULL)
        die("not UTF-8: %s", bytes);
    return value;
}

static json_t *refusals_json(const struct refusals *refusals)
{
    json_t *list = json_array();

    for (size_t i = 0; i < refusals->count; i++) {
        const struct refusal *refusal = &refusals->list[i];
        json_t *one = json_pack("{s:o, s:s, s:o, s:s}", "path", text(refusal->path), "reason",
                                refusal->reason, "sentence", text(refusal->sentence), "exercise",
                                refusal->exercise != NULL ? refusal->exercise->id : "");
        if (json_array_append_new(list, one) == -1)
            die("json");
    }
    return list;
}

static json_t *submission_json(const struct submission *submission)
{
    return json_pack("{s:o, s:o, s:s, s:b}", "name", text(submission->name), "student",
                     text(submission->student), "path", submission->path, "archive",
                     submission->archive);
}

static json_t *plan_json(const char *folder)
{
    struct plan plan;
    struct error error = {0};
    json_t *list = json_array();

    if (plan_read(folder, &plan, &error) == -1)
        return json_pack("{s:o, s:s}", "submissions", list, "error", error.text);
    for (size_t i = 0; i < plan.count; i++)
        if (json_array_append_new(list, submission_json(&plan.submissions[i])) == -1)
            die("json");
    int several = plan_check_students(&plan, true, &error);
    int single = plan_check_students(&plan, false, &error);
    json_t *all = json_pack("{s:o, s:o, s:i, s:i, s:s, s:i}", "submissions", list, "refusals",
                            refusals_json(&plan.refusals), "several", several, "single", single,
                            "error", error.text, "unlisted", (int)plan.refusals.unlisted);
    plan_free(&plan);
    return all;
}

static json_t *find_json(const char *path)
{
    struct submission submission;
    struct error error = {0};

    if (submission_find(path, &submission, &error) == -1)
        return json_pack("{s:s}", "error", error.text);
    json_t *all = submission_json(&submission);
    submission_free(&submission);
    return all;
}

static json_t *files_json(const struct intake *intake)
{
    json_t *list = json_array();

    for (size_t i = 0; i < intake->count; i++) {
        const struct intake_file *file = &intake->files[i];
        /* Latin-1 as code points, since JSON is UTF-8 and the bytes may be none. */
        json_t *bytes = json_array();
        for (size_t j = 0; j < file->content.length && j < 64; j++)
            if (json_array_append_new(bytes, json_integer((unsigned char)file->content.data[j])) ==
                -1)
                die("json");
        json_t *one = json_pack("{s:s, s:o, s:s, s:I, s:i, s:o}", "exercise", file->exercise->id,
                                "path", text(file->path), "sha256", file->sha256, "modified",
                                (json_int_t)file->modified, "length", (int)file->content.length,
                                "bytes", bytes);
        if (json_array_append_new(list, one) == -1)
            die("json");
    }
    return list;
}

static json_t *strays_json(const struct intake *intake)
{
    json_t *list = json_array();

    for (size_t i = 0; i < intake->stray_count; i++) {
        const struct intake_stray *stray = &intake->strays[i];
        json_t *one = json_pack("{s:o, s:s, s:o}", "path", text(stray->path), "exercise",
                                stray->exercise != NULL ? stray->exercise->id : "", "sentence",
                                text(stray->sentence));
        if (json_array_append_new(list, one) == -1)
            die("json");
    }
    return list;
}

static json_t *read_json(const char *path, const struct intake_limits *limits)
{
    struct catalogue catalogue;
    struct intake intake;
    struct error error = {0};

    if (catalogue_load(&catalogue, &error) == -1)
        die("%s", error.text);
    if (intake_read_within(path, &catalogue, limits, &intake, &error) == -1) {
        catalogue_free(&catalogue);
        return json_pack("{s:s}", "error", error.text);
    }
    json_t *all =
        json_pack("{s:o, s:o, s:o, s:i, s:i, s:I, s:s, s:s}", "files", files_json(&intake),
                  "refusals", refusals_json(&intake.refusals), "strays", strays_json(&intake),
                  "others", (int)intake.others, "unlisted", (int)intake.refusals.unlisted,
                  "submitted", (json_int_t)intake.submitted, "reason",
                  intake.reason != NULL ? intake.reason : "", "why", intake.why.text);
    intake_free(&intake);
    catalogue_free(&catalogue);
    return all;
}

static void limit_set(struct intake_limits *limits, const char *name, const char *value)
{
    long number;

    if (!number_parse(value, 0, 1 << 30, &number))
        die("not a number: %s", value);
    if (strcmp(name, "entries") == 0)
        limits->entries = (size_t)number;
    else if (strcmp(name, "depth") == 0)
        limits->depth = (size_t)number;
    else if (strcmp(name, "file") == 0)
        limits->file = (size_t)number;
    else if (strcmp(name, "archive") == 0)
        limits->archive = (size_t)number;
    else if (strcmp(name, "total") == 0)
        limits->total = (size_t)number;
    else if (strcmp(name, "ms") == 0)
        limits->ms = number;
    else
        die("no limit: %s", name);
}

int main(int argc, char **argv)
{
    struct intake_limits limits = intake_limits;

    (void)setlocale(LC_ALL, ""); /* as the runner does; one that is not there changes nothing */
    if (argc < 3)
        die_usage("plan FOLDER | find PATH | read PATH [LIMIT N]…");
    for (int i = 3; i + 1 < argc; i += 2)
        limit_set(&limits, argv[i], argv[i + 1]);
    json_t *all = strcmp(argv[1], "plan") == 0   ? plan_json(argv[2])
                  : strcmp(argv[1], "find") == 0 ? find_json(argv[2])
                                                 : read_json(argv[2], &limits);
    if (all == NULL || json_dumpf(all, stdout, JSON_INDENT(1)) == -1)
        die("json");
    json_decref(all);
    finish(EXIT_SUCCESS);
}
