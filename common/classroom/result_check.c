/*
 * What a result.json must hold. result.schema.json beside this file says the same for programs and
 * tells what each key means; the test holds both against the same examples.
 */
#include <stdio.h>
#include <string.h>

#include "classroom/marks.h"
#include "workbook/screen.h"

enum { RESULT_SCHEMA = 1 };

enum kind { TEXT, MOMENT, COUNT, NUMBER, TRUTH, OBJECT, LIST };

struct key {
    const char *name;
    enum kind kind;
    const char *words;       /* the values that a text may have, between blanks; NULL: any */
    const struct key *below; /* the keys of an object, or of each object in a list */
};

static const struct key isolation_keys[] = {
    {"level", TEXT, " A B C ", NULL}, {"sentence", TEXT, NULL, NULL}, {0}};

static const struct key limit_keys[] = {
    {"case_wall_s", NUMBER, NULL, NULL},       {"memory_mib", COUNT, NULL, NULL},
    {"processes", COUNT, NULL, NULL},          {"descriptors", COUNT, NULL, NULL},
    {"file_mib", COUNT, NULL, NULL},           {"output_mib", COUNT, NULL, NULL},
    {"compile_cpu_s", NUMBER, NULL, NULL},     {"compile_wall_s", NUMBER, NULL, NULL},
    {"compile_memory_mib", COUNT, NULL, NULL}, {0}};

static const struct key build_keys[] = {{"compiler", TEXT, NULL, NULL},
                                        {"flags", TEXT, NULL, NULL},
                                        {"workbook", TEXT, NULL, NULL},
                                        {0}};

static const struct key refused_keys[] = {
    {"path", TEXT, NULL, NULL}, {"reason", TEXT, NULL, NULL}, {"sentence", TEXT, NULL, NULL}, {0}};

static const struct key case_keys[] = {
    {"case", TEXT, NULL, NULL},
    {"title", TEXT, NULL, NULL},
    {"status", TEXT,
     " pass fail crash timeout memory processes output sanitizer leak skipped grader_error ", NULL},
    {"earned", COUNT, NULL, NULL},
    {"points", COUNT, NULL, NULL},
    {"cause", TEXT, NULL, NULL},
    {"hidden", TRUTH, NULL, NULL},
    {"retried", TRUTH, NULL, NULL},
    {0}};

static const struct key exercise_keys[] = {
    {"exercise", TEXT, NULL, NULL},
    {"name", TEXT, NULL, NULL},
    {"title", TEXT, NULL, NULL},
    {"chapter", COUNT, NULL, NULL},
    {"core", TRUTH, NULL, NULL},
    {"state", TEXT, " judged refused not-compiled unusable not-submitted grader_error ", NULL},
    {"why", TEXT, NULL, NULL},
    {"file", TEXT, NULL, NULL},
    {"sha256", TEXT, NULL, NULL},
    {"messages", TEXT, NULL, NULL},
    {"earned", COUNT, NULL, NULL},
    {"points", COUNT, NULL, NULL},
    {"passed", TRUTH, NULL, NULL},
    {"seconds", NUMBER, NULL, NULL},
    {"report", TEXT, NULL, NULL},
    {"cases", LIST, NULL, case_keys},
    {0}};

static const struct key result_keys[] = {
    {"submission", TEXT, NULL, NULL},
    {"student", TEXT, NULL, NULL},
    {"source", TEXT, NULL, NULL},
    {"kind", TEXT, " folder archive ", NULL},
    {"status", TEXT, " graded empty not_gradable grader_error ", NULL},
    {"why", TEXT, NULL, NULL},
    {"submitted", MOMENT, NULL, NULL},
    {"graded", MOMENT, NULL, NULL},
    {"seconds", NUMBER, NULL, NULL},
    {"seed", COUNT, NULL, NULL},
    {"isolation", OBJECT, NULL, isolation_keys},
    {"limits", OBJECT, NULL, limit_keys},
    {"build", OBJECT, NULL, build_keys},
    {"refused", LIST, NULL, refused_keys},
    {"earned", COUNT, NULL, NULL},
    {"points", COUNT, NULL, NULL},
    {"exercises", LIST, NULL, exercise_keys},
    {0}};

/* Where a value stands: "exercises[3].cases[0].status". */
struct place {
    char text[160];
};

static struct place place_below(const struct place *above, const char *key)
{
    struct place place;

    (void)snprintf(place.text, sizeof place.text, "%.100s%s%.50s", above->text,
                   above->text[0] != '\0' ? "." : "", key); /* keys are short, three levels deep */
    return place;
}

static bool is_word(const char *words, const char *text)
{
    size_t length = strlen(text);

    for (const char *at = strstr(words, text); length > 0 && at != NULL; at = strstr(at + 1, text))
        if (at > words && at[-1] == ' ' && at[length] == ' ' && strchr(text, ' ') == NULL)
            return true;
    return false;
}

static bool is_kind(const struct key *key, const json_t *value)
{
    long long moment;

    switch (key->kind) {
    case TEXT:
        return json_is_string(value) &&
               (key->words == NULL || is_word(key->words, json_string_value(value)));
    case MOMENT:
        return json_is_string(value) && moment_parse(json_string_value(value), &moment) == 0;
    case COUNT:
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case NUMBER:
        return json_is_number(value) && json_number_value(value) >= 0;
    case TRUTH:
        return json_is_boolean(value);
    case OBJECT:
        return json_is_object(value);
    case LIST:
        return json_is_array(value);
    }
    return false;
}

static const char *kind_name(const struct key *key)
{
    static const char *const names[] = {
        [TEXT] = N_("a text"),     [MOMENT] = N_("a date and time"), [COUNT] = N_("a whole number"),
        [NUMBER] = N_("a number"), [TRUTH] = N_("true or false"),    [OBJECT] = N_("an object"),
        [LIST] = N_("a list")};

    return key->words != NULL ? key->words : _(names[key->kind]);
}

static int check_keys(const struct key *keys, const json_t *object, const struct place *above,
                      struct error *error);

/* A list of objects that all have the same keys. */
static int check_list(const struct key *key, const json_t *list, const struct place *place,
                      struct error *error)
{
    size_t index;
    const json_t *value;

    json_array_foreach(list, index, value)
    {
        struct place here;
        (void)snprintf(here.text, sizeof here.text, "%.120s[%zu]", place->text, index);
        if (!json_is_object(value))
            return error_set(error, _("%s is not an object"), here.text);
        if (check_keys(key->below, value, &here, error) == -1)
            return -1;
    }
    return 0;
}

static int check_keys(const struct key *keys, const json_t *object, const struct place *above,
                      struct error *error)
{
    for (const struct key *key = keys; key->name != NULL; key++) {
        const json_t *value = json_object_get(object, key->name);
        struct place place = place_below(above, key->name);
        if (value == NULL)
            return error_set(error, _("%s is missing"), place.text);
        if (!is_kind(key, value))
            return error_set(error, _("%s is not what it should be: %s"), place.text,
                             kind_name(key));
        if (key->below == NULL)
            continue;
        if (key->kind == LIST ? check_list(key, value, &place, error) == -1
                              : check_keys(key->below, value, &place, error) == -1)
            return -1;
    }
    return 0;
}

/* "1.2": the chapter, a dot, the number. */
static bool is_exercise_id(const char *id)
{
    size_t chapter = strspn(id, "0123456789");
    size_t number = id[chapter] == '.' ? strspn(id + chapter + 1, "0123456789") : 0;

    return chapter > 0 && chapter < 4 && number > 0 && number < 6 &&
           id[chapter + 1 + number] == '\0';
}

static int check_exercises(const json_t *exercises, struct error *error)
{
    size_t index;
    const json_t *exercise;

    json_array_foreach(exercises, index, exercise)
    {
        const char *id = result_text(exercise, "exercise");
        if (!is_exercise_id(id))
            return error_set(error, _("exercises[%zu].exercise is not a number such as 1.2"),
                             index);
        for (size_t i = 0; i < index; i++)
            if (strcmp(result_text(json_array_get(exercises, i), "exercise"), id) == 0)
                return error_set(error, _("exercise %s is in it twice"), id);
        if (result_number(exercise, "earned") > result_number(exercise, "points"))
            return error_set(error, _("exercise %s has more points earned than there are"), id);
    }
    return 0;
}

int result_check(const json_t *root, struct error *error)
{
    const struct place top = {""};
    const json_t *schema = json_object_get(root, "schema");

    if (!json_is_object(root) || !json_is_integer(schema))
        return error_set(error, "%s", _("this is not the result of a submission"));
    if (json_integer_value(schema) != RESULT_SCHEMA)
        return error_set(error,
                         _("its schema is %lld, and this workbook reads %d: it is from another "
                           "version"),
                         (long long)json_integer_value(schema), RESULT_SCHEMA);
    if (check_keys(result_keys, root, &top, error) == -1)
        return -1;
    return check_exercises(json_object_get(root, "exercises"), error);
}

const char *result_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

double result_number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}
