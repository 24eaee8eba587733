#include "classroom/collect.h"

#include <stdlib.h>

#include "classroom/exports.h"
#include "classroom/pages.h"

static int (*const reports[])(const struct class *class, const char *out, struct error *error) = {
    gradebook_write, junit_write, exports_write, feedback_write, class_page_write, similarity_write,
};
enum { REPORT_COUNT = sizeof reports / sizeof reports[0] };

static void count(const struct class *class, struct collected *collected)
{
    collected->submissions = class->submission_count;
    for (size_t i = 0; i < class->submission_count; i++) {
        enum standing standing = class->submissions[i].standing;
        collected->graded += standing == STANDING_GRADED;
        collected->empty += standing == STANDING_EMPTY;
        collected->not_gradable += standing == STANDING_NOT_GRADABLE;
        collected->grader_errors += standing == STANDING_GRADER_ERROR;
    }
    collected->students = class->student_count;
    for (size_t i = 0; i < class->student_count; i++)
        collected->missing += class->students[i].standing == STANDING_MISSING;
}

int collect_write(const struct class_options *options, struct collected *collected,
                  struct error *error)
{
    struct class class;
    int result = 0;

    *collected = (struct collected){0};
    if (class_load(&class, options, error) == -1)
        return -1;
    count(&class, collected);
    collected->warnings = class.warnings;
    collected->warning_count = class.warning_count;
    class.warnings = NULL;
    class.warning_count = 0;
    for (size_t i = 0; result == 0 && i < REPORT_COUNT; i++)
        result = reports[i](&class, options->out, error);
    class_free(&class);
    return result;
}

void collected_free(struct collected *collected)
{
    for (size_t i = 0; i < collected->warning_count; i++)
        free(collected->warnings[i]);
    free(collected->warnings);
    *collected = (struct collected){0};
}
