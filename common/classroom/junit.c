/*
 * junit.xml, in the form that Jenkins, GitLab and GitHub's report actions read: testsuites, a
 * testsuite with its counts, testcase with failure, error or skipped in it. There is no standard;
 * the order of elements and the attributes are those of Jenkins' junit-10.xsd.
 */
#include <stdio.h>
#include <string.h>

#include "classroom/exports.h"
#include "workbook/files.h"
#include "workbook/screen.h"

struct counts {
    size_t tests, failures, errors, skipped;
};

/*
 * Appends text for use between tags or in an attribute. XML has no way to write most control
 * characters, nor U+FFFE and U+FFFF: text_harmless() shows the first, U+FFFD stands for the others.
 */
static int put_text(struct buffer *xml, const char *text)
{
    struct buffer plain = {0};
    int result = text_harmless(&plain, text, strlen(text));
    const char *at = buffer_text(&plain), *end = at + plain.length;

    for (size_t size = 0; result == 0 && at < end; at += size) {
        uint32_t code = 0;
        size = text_character(at, (size_t)(end - at), &code); /* harmless text is UTF-8 */
        /* Of a line end or a tab an attribute would make a blank. */
        if (code < 0x80 && strchr("&<>\"\n\t", (int)code) != NULL)
            result = buffer_print(xml, "&#%u;", (unsigned)code);
        else if ((code & 0xfffe) == 0xfffe)
            result = buffer_add(xml, "\xef\xbf\xbd", 3);
        else
            result = buffer_add(xml, at, size);
    }
    buffer_free(&plain);
    return result;
}

static int put_attribute(struct buffer *xml, const char *name, const char *text)
{
    if (buffer_print(xml, " %s=\"", name) == -1 || put_text(xml, text) == -1)
        return -1;
    return buffer_print(xml, "\"");
}

/* Seconds with three digits, with a point in every locale. */
static int put_time(struct buffer *xml, double seconds)
{
    long long ms = (long long)(seconds * 1000 + 0.5);

    return buffer_print(xml, " time=\"%lld.%03lld\"", ms / 1000, ms % 1000);
}

/* <failure type="crash" message="…">, <error …>, <skipped …>; nothing of a test that passed. */
static int put_verdict(struct buffer *xml, enum verdict_word verdict, const char *status,
                       const char *cause, const char *details)
{
    static const char *const elements[] = {
        [ITEM_FAILED] = "failure", [ITEM_SKIPPED] = "skipped", [ITEM_ERROR] = "error"};

    if (verdict == ITEM_PASSED)
        return 0;
    if (buffer_print(xml, "<%s", elements[verdict]) == -1 ||
        (verdict != ITEM_SKIPPED && put_attribute(xml, "type", status) == -1) ||
        put_attribute(xml, "message", cause) == -1 || buffer_print(xml, ">") == -1 ||
        put_text(xml, details) == -1)
        return -1;
    return buffer_print(xml, "</%s>", elements[verdict]);
}

static void count(struct counts *counts, enum verdict_word verdict)
{
    counts->tests++;
    counts->failures += verdict == ITEM_FAILED;
    counts->errors += verdict == ITEM_ERROR;
    counts->skipped += verdict == ITEM_SKIPPED;
}

static int put_counts(struct buffer *xml, const struct counts *counts)
{
    return buffer_print(xml, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
                        counts->tests, counts->failures, counts->errors, counts->skipped);
}

/* Opens a testcase. Viewers take what stands before a dot for a package: so "1.2" says nothing. */
static int open_case(struct buffer *xml, const char *class_name, const char *name)
{
    if (buffer_print(xml, "  <testcase") == -1 ||
        put_attribute(xml, "classname", class_name) == -1 || put_attribute(xml, "name", name) == -1)
        return -1;
    return buffer_print(xml, ">");
}

static int put_item(struct buffer *xml, const struct item *item)
{
    struct buffer class_name = {0};
    int result = buffer_print(&class_name, "%d.%02d_%s", item->exercise->chapter,
                              item->exercise->number, item->exercise->name);

    if (result == 0)
        result = open_case(xml, buffer_text(&class_name),
                           *item->name != '\0' ? item->name : item->exercise->name);
    buffer_free(&class_name);
    if (result == -1 ||
        put_verdict(xml, item->verdict, item->status, item->cause, item->details) == -1)
        return -1;
    return buffer_print(xml, "</testcase>\n");
}

/* The submission itself, where it was not graded: one test that says so. */
static int put_whole(struct buffer *xml, const struct student *student, struct counts *counts)
{
    const char *sentence = student->remarks;
    enum verdict_word verdict = ITEM_ERROR;

    if (student->standing == STANDING_MISSING) {
        verdict = ITEM_SKIPPED;
        sentence = _("Nothing was handed in.");
    } else if (student->standing == STANDING_EMPTY || student->standing == STANDING_NOT_GRADABLE) {
        verdict = ITEM_FAILED;
    }
    count(counts, verdict);
    if (open_case(xml, "submission", "submission") == -1 ||
        put_verdict(xml, verdict, standing_name(student->standing), sentence, "") == -1)
        return -1;
    return buffer_print(xml, "</testcase>\n");
}

static int put_cases(struct buffer *xml, const struct class *class, const struct student *student,
                     struct counts *counts)
{
    struct items items = {0};
    const struct class_submission *counted = student->counted;
    bool graded = counted != NULL && (counted->standing == STANDING_GRADED ||
                                      counted->standing == STANDING_GRADER_ERROR);

    /* The grader may have failed before it came to any exercise. */
    if (graded && json_array_size(json_object_get(counted->result, "exercises")) > 0 &&
        items_of(class, counted, &items) == -1)
        return -1;
    int result = items.count == 0 ? put_whole(xml, student, counts) : 0;
    for (size_t i = 0; result == 0 && i < items.count; i++) {
        count(counts, items.list[i].verdict);
        result = put_item(xml, &items.list[i]);
    }
    items_free(&items);
    return result;
}

static int put_suite(struct buffer *xml, const struct class *class, const struct student *student,
                     struct counts *all)
{
    struct buffer cases = {0};
    struct counts counts = {0};
    const json_t *result = student->counted != NULL ? student->counted->result : NULL;
    int done = put_cases(&cases, class, student, &counts);

    if (done == 0)
        done = buffer_print(xml, " <testsuite");
    if (done == 0)
        done = put_attribute(xml, "name", student->name);
    if (done == 0)
        done = put_counts(xml, &counts);
    if (done == 0)
        done = put_time(xml, result_number(result, "seconds"));
    if (done == 0)
        done = buffer_print(xml, ">\n");
    if (done == 0)
        done = buffer_add(xml, buffer_text(&cases), cases.length);
    if (done == 0)
        done = buffer_print(xml, " </testsuite>\n");
    buffer_free(&cases);
    all->tests += counts.tests;
    all->failures += counts.failures;
    all->errors += counts.errors;
    all->skipped += counts.skipped;
    return done;
}

int junit_write(const struct class *class, const char *out, struct error *error)
{
    struct buffer xml = {0}, suites = {0};
    struct counts all = {0};
    double seconds = 0;
    int result = 0;

    for (size_t i = 0; result == 0 && i < class->student_count; i++) {
        const struct student *student = &class->students[i];
        if (student->counted != NULL)
            seconds += result_number(student->counted->result, "seconds");
        result = put_suite(&suites, class, student, &all);
    }
    if (result == 0)
        result = buffer_print(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                    "<testsuites name=\"workbook\"");
    if (result == 0)
        result = put_counts(&xml, &all);
    if (result == 0)
        result = put_time(&xml, seconds);
    if (result == 0)
        result = buffer_print(&xml, ">\n%s</testsuites>\n", buffer_text(&suites));
    if (result == -1)
        (void)error_set(error, "%s", _("There is no memory left."));
    else
        result = report_write(out, NULL, "junit.xml", &xml, error);
    buffer_free(&suites);
    buffer_free(&xml);
    return result;
}
