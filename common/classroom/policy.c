/* The policy: a JSON object whose every key is known, checked and named when it is wrong. */
#include "classroom/policy.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "workbook/screen.h"

#define POLICY_NAME "grading.json"
static const size_t POLICY_LIMIT = (size_t)1 << 20; /* bytes */
static const double POINTS_LIMIT = 10000;

/* ---- moments --------------------------------------------------------------------------------- */

/* Takes count digits at *text, within low and high. */
static bool take_number(const char **text, int count, int low, int high, int *number)
{
    int value = 0;

    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + (**text - '0');
    }
    *number = value;
    return value >= low && value <= high;
}

static bool take_one(const char **text, const char *any)
{
    return **text != '\0' && strchr(any, *(*text)++) != NULL;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

int moment_parse(const char *text, long long *moment)
{
    struct tm tm = {0};
    int year, month, hours = 0, minutes = 0;

    if (!take_number(&text, 4, 1970, 9999, &year) || !take_one(&text, "-") ||
        !take_number(&text, 2, 1, 12, &month) || !take_one(&text, "-") ||
        !take_number(&text, 2, 1, days_of(year, month), &tm.tm_mday) || !take_one(&text, "Tt ") ||
        !take_number(&text, 2, 0, 23, &tm.tm_hour) || !take_one(&text, ":") ||
        !take_number(&text, 2, 0, 59, &tm.tm_min) || !take_one(&text, ":") ||
        !take_number(&text, 2, 0, 60, &tm.tm_sec))
        return -1;
    if (*text == '.') {
        size_t digits = strspn(++text, "0123456789");
        if (digits == 0)
            return -1;
        text += digits;
    }
    char sign = *text;
    if (!take_one(&text, "Zz+-"))
        return -1;
    if ((sign == '+' || sign == '-') &&
        (!take_number(&text, 2, 0, 23, &hours) || !take_one(&text, ":") ||
         !take_number(&text, 2, 0, 59, &minutes)))
        return -1;
    if (*text != '\0')
        return -1;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    long long offset = (hours * 60LL + minutes) * 60;
    *moment = (long long)timegm(&tm) - (sign == '-' ? -offset : offset);
    return 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* What is being read: the error names file and key. */
struct reading {
    struct policy *policy;
    const struct catalogue *catalogue;
    struct error *error;
};

/* "grading.json: exercises.1.2.due: …": where is the key, with what leads to it. */
static int refuse(const struct reading *reading, const char *where, const char *format, ...)
    PRINTF_LIKE(3, 4);

static int refuse(const struct reading *reading, const char *where, const char *format, ...)
{
    struct error why;
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(why.text, sizeof why.text, format, arguments); /* cut if it is long */
    va_end(arguments);
    return error_set(reading->error, "%s: %.100s: %.300s", reading->policy->file, where, why.text);
}

static int no_memory(const struct reading *reading)
{
    return error_set(reading->error, "%s", _("There is no memory left."));
}

/* An array of one more entry than count, zeroed; NULL and the old one kept when memory is short. */
static void *grown(void *list, size_t count, size_t size)
{
    char *longer = reallocarray(list, count + 1, size);

    if (longer != NULL)
        memset(longer + count * size, 0, size);
    return longer;
}

static int read_moment(const struct reading *reading, const char *where, const json_t *value,
                       long long *moment)
{
    if (!json_is_string(value) || moment_parse(json_string_value(value), moment) == -1)
        return refuse(reading, where, "%s",
                      _("this is not a date and time with its offset from UTC, such as "
                        "\"2026-12-01T23:59:00+01:00\""));
    return 0;
}

static int read_due(const struct reading *reading, const char *where, const json_t *value)
{
    reading->policy->has_due = true;
    return read_moment(reading, where, value, &reading->policy->due);
}

static int read_late_factor(const struct reading *reading, const char *where, const json_t *value)
{
    double factor = json_number_value(value);

    if (!json_is_number(value) || !(factor >= 0 && factor <= 1))
        return refuse(reading, where, "%s",
                      _("this is not a number from 0 to 1, by which late points are multiplied"));
    reading->policy->late_factor = factor;
    return 0;
}

static int read_several(const struct reading *reading, const char *where, const json_t *value)
{
    const char *word = json_is_string(value) ? json_string_value(value) : "";

    if (strcmp(word, "best") == 0)
        reading->policy->several = SEVERAL_BEST;
    else if (strcmp(word, "last") == 0)
        reading->policy->several = SEVERAL_LAST;
    else
        return refuse(reading, where, "%s", _("this is neither \"best\" nor \"last\""));
    return 0;
}

static int read_hidden(const struct reading *reading, const char *where, const json_t *value)
{
    const char *folder = json_string_value(value), *file = reading->policy->file;
    const char *slash = strrchr(file, '/');
    int above = slash == NULL || (folder != NULL && *folder == '/') ? 0 : (int)(slash - file) + 1;

    if (folder == NULL || *folder == '\0')
        return refuse(reading, where, "%s", _("this is not the name of a folder"));
    if (asprintf(&reading->policy->hidden, "%.*s%s", above, file, folder) < 0) {
        reading->policy->hidden = NULL;
        return no_memory(reading);
    }
    return 0;
}

static int check_exercise(const struct reading *reading, const char *where, const char *id)
{
    if (strlen(id) < sizeof((struct policy_exercise *)0)->id &&
        (reading->catalogue == NULL || catalogue_exercise(reading->catalogue, id) != NULL))
        return 0;
    return refuse(reading, where, _("there is no exercise %.40s"), id);
}

static int read_leave_out(const struct reading *reading, const char *where, const json_t *value)
{
    struct policy *policy = reading->policy;
    size_t index;
    const json_t *entry;

    if (!json_is_array(value))
        return refuse(reading, where, "%s",
                      _("this is not a list of exercises, such as [\"1.0\"]"));
    json_array_foreach(value, index, entry)
    {
        if (!json_is_string(entry))
            return refuse(reading, where, "%s",
                          _("an exercise is written as a text, such as \"1.0\""));
        if (check_exercise(reading, where, json_string_value(entry)) == -1)
            return -1;
        char **list = grown(policy->leave_out, policy->leave_out_count, sizeof *list);
        if (list == NULL)
            return no_memory(reading);
        policy->leave_out = list;
        list[policy->leave_out_count] = strdup(json_string_value(entry));
        if (list[policy->leave_out_count++] == NULL)
            return no_memory(reading);
    }
    return 0;
}

static int read_exercise(const struct reading *reading, const char *where, const char *id,
                         json_t *value)
{
    struct policy *policy = reading->policy;
    struct policy_exercise exercise = {.points = -1};
    char place[100];
    const char *key;
    json_t *entry;

    if (check_exercise(reading, where, id) == -1)
        return -1;
    (void)snprintf(exercise.id, sizeof exercise.id, "%s", id); /* check_exercise() measured it */
    (void)snprintf(place, sizeof place, "%s.%s", where, id);
    if (!json_is_object(value))
        return refuse(reading, place, "%s", _("this is not an object, such as {\"points\": 10}"));
    json_object_foreach(value, key, entry)
    {
        (void)snprintf(place, sizeof place, "%s.%s.%.40s", where, id, key); /* cut if it is long */
        if (strcmp(key, "points") == 0) {
            exercise.points = json_number_value(entry);
            if (!json_is_number(entry) ||
                !(exercise.points >= 0 && exercise.points <= POINTS_LIMIT))
                return refuse(reading, place, _("this is not a number from 0 to %g"), POINTS_LIMIT);
        } else if (strcmp(key, "due") == 0) {
            exercise.has_due = true;
            if (read_moment(reading, place, entry, &exercise.due) == -1)
                return -1;
        } else {
            return refuse(reading, place, _("an exercise has no such key; it has %s"),
                          "points, due");
        }
    }
    struct policy_exercise *list = grown(policy->exercises, policy->exercise_count, sizeof *list);
    if (list == NULL)
        return no_memory(reading);
    policy->exercises = list;
    list[policy->exercise_count++] = exercise;
    return 0;
}

static int read_exercises(const struct reading *reading, const char *where, const json_t *value)
{
    const char *id;
    json_t *entry;

    if (!json_is_object(value))
        return refuse(reading, where, "%s",
                      _("this is not an object, such as {\"1.2\": {\"points\": 10}}"));
    json_object_foreach((json_t *)value, id, entry) /* the macro asks for it; nothing is changed */
        if (read_exercise(reading, where, id, entry) == -1) return -1;
    return 0;
}

static int read_submitted(const struct reading *reading, const char *where, const json_t *value)
{
    struct policy *policy = reading->policy;
    char place[140];
    const char *name;
    json_t *entry;

    if (!json_is_object(value))
        return refuse(reading, where, "%s",
                      _("this is not an object of names and dates, such as "
                        "{\"alice\": \"2026-11-30T12:00:00Z\"}"));
    json_object_foreach((json_t *)value, name, entry)
    {                                                                  /* nothing is changed */
        (void)snprintf(place, sizeof place, "%s.%.100s", where, name); /* cut if it is long */
        struct policy_moment *list =
            grown(policy->submitted, policy->submitted_count, sizeof *list);
        if (list == NULL)
            return no_memory(reading);
        policy->submitted = list;
        list[policy->submitted_count].name = strdup(name);
        if (list[policy->submitted_count++].name == NULL)
            return no_memory(reading);
        if (read_moment(reading, place, entry, &list[policy->submitted_count - 1].moment) == -1)
            return -1;
    }
    return 0;
}

static const struct {
    const char *key;
    int (*read)(const struct reading *reading, const char *where, const json_t *value);
} keys[] = {
    {"exercises", read_exercises},     {"leave_out", read_leave_out}, {"due", read_due},
    {"late_factor", read_late_factor}, {"several", read_several},     {"submitted", read_submitted},
    {"hidden", read_hidden},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static int read_key(const struct reading *reading, const char *key, const json_t *value)
{
    char known[200] = "";

    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].key, key) == 0)
            return keys[i].read(reading, key, value);
        size_t length = strlen(known);
        (void)snprintf(known + length, sizeof known - length, "%s%s", length > 0 ? ", " : "",
                       keys[i].key); /* it has room for all of them */
    }
    return refuse(reading, key, _("a policy has no such key; it has %s"), known);
}

static int read_policy(const struct reading *reading)
{
    const char *file = reading->policy->file, *key;
    struct buffer text = {0};
    json_error_t place;
    json_t *value;
    int result = 0;

    if (buffer_add_file(&text, file, POLICY_LIMIT) == -1) {
        int why = errno;
        buffer_free(&text);
        errno = why;
        return error_set_errno(reading->error, "%s", file);
    }
    /* Spreadsheets and editors on Windows put a byte order mark first; JSON has none. */
    size_t mark = strncmp(buffer_text(&text), "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    json_t *root =
        json_loadb(buffer_text(&text) + mark, text.length - mark, JSON_REJECT_DUPLICATES, &place);
    buffer_free(&text);
    if (root == NULL)
        return error_set(reading->error, "%s:%d: %s", file, place.line, place.text);
    if (!json_is_object(root))
        result = error_set(reading->error, _("%s:1: a policy is a JSON object, {…}"), file);
    json_object_foreach(root, key, value) if (result == 0) result = read_key(reading, key, value);
    json_decref(root);
    return result;
}

/* ---- the interface --------------------------------------------------------------------------- */

const char *policy_file(const char *given, const char *submissions, char *path, size_t size)
{
    if (given != NULL || submissions == NULL || *submissions == '\0')
        return given;
    if (snprintf(path, size, "%s/" POLICY_NAME, submissions) >= (int)size)
        return NULL; /* no such file can be */
    return access(path, F_OK) == 0 ? path : NULL;
}

int policy_load(struct policy *policy, const char *file, const struct catalogue *catalogue,
                struct error *error)
{
    const struct reading reading = {policy, catalogue, error};

    *policy = (struct policy){.late_factor = 1};
    if (file == NULL)
        return 0;
    policy->file = strdup(file);
    int result = policy->file == NULL ? no_memory(&reading) : read_policy(&reading);
    if (result == -1)
        policy_free(policy);
    return result;
}

void policy_free(struct policy *policy)
{
    for (size_t i = 0; i < policy->leave_out_count; i++)
        free(policy->leave_out[i]);
    for (size_t i = 0; i < policy->submitted_count; i++)
        free(policy->submitted[i].name);
    free(policy->leave_out);
    free(policy->submitted);
    free(policy->exercises);
    free(policy->hidden);
    free(policy->file);
    *policy = (struct policy){.late_factor = 1};
}

const struct policy_exercise *policy_exercise(const struct policy *policy, const char *id)
{
    for (size_t i = 0; i < policy->exercise_count; i++)
        if (strcmp(policy->exercises[i].id, id) == 0)
            return &policy->exercises[i];
    return NULL;
}

bool policy_leaves_out(const struct policy *policy, const char *id)
{
    for (size_t i = 0; i < policy->leave_out_count; i++)
        if (strcmp(policy->leave_out[i], id) == 0)
            return true;
    return false;
}
