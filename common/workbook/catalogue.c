#include "workbook/catalogue.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/number.h"

#define SEPARATOR " \xc2\xb7 " /* " · " */

enum { TEXT_LIMIT = 1 << 20 };

/* Formatted text on the heap, or NULL when memory is short. */
static char *text_format(const char *format, ...) PRINTF_LIKE(1, 2);

static char *text_format(const char *format, ...)
{
    char *text;
    va_list arguments;

    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return length == -1 ? NULL : text;
}

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* "03_tcp_client": the number in front, and a name behind it; -1 for anything else. */
static int numbered(const char *name)
{
    if (!isdigit((unsigned char)name[0]) || !isdigit((unsigned char)name[1]) || name[2] != '_' ||
        name[3] == '\0')
        return -1;
    return (name[0] - '0') * 10 + (name[1] - '0');
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The array with room for one more element behind count, which is zeroed. NULL when memory is
 * short. */
static void *array_grow(void *array, size_t count, size_t size)
{
    char *grown = realloc(array, (count + 1) * size);

    if (grown != NULL)
        memset(grown + count * size, 0, size);
    return grown;
}

/* ---- reading the first lines ----------------------------------------------------------------- */

/* A cursor over the lines of a text; each line is cut off in place. */
struct lines {
    char *next;
    int number; /* of the line last read, from 1 */
};

static char *lines_next(struct lines *lines)
{
    char *line = lines->next;

    if (line == NULL || *line == '\0')
        return NULL;
    char *end = strchr(line, '\n');
    lines->next = end != NULL ? end + 1 : NULL;
    if (end != NULL)
        *end = '\0';
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
    lines->number++;
    return line;
}

static char *lines_next_filled(struct lines *lines)
{
    char *line;

    do {
        line = lines_next(lines);
    } while (line != NULL && *line == '\0');
    return line;
}

/* What the first line and the first paragraph of a lesson or an exercise say. */
struct head {
    char *title; /* these point into the text */
    char *needs;
    bool core;
    int minutes;
};

/* "Core · 20 minutes · needs 1.02". */
static bool head_parse_facts(char *line, struct head *head)
{
    char *minutes = strstr(line, SEPARATOR);
    if (minutes == NULL)
        return false;
    *minutes = '\0';
    minutes += strlen(SEPARATOR);
    char *needs = strstr(minutes, SEPARATOR);
    if (needs == NULL)
        return false;
    *needs = '\0';
    needs += strlen(SEPARATOR);

    char *unit = strchr(minutes, ' ');
    long number;
    if (unit == NULL || (strcmp(unit, " minutes") != 0 && strcmp(unit, " minute") != 0))
        return false;
    *unit = '\0';
    if (!number_parse(minutes, 1, 9999, &number) || strncmp(needs, "needs ", 6) != 0)
        return false;
    head->core = strcmp(line, "Core") == 0;
    head->minutes = (int)number;
    head->needs = strcmp(needs + 6, "nothing") == 0 ? needs + strlen(needs) : needs + 6;
    return head->core || strcmp(line, "More") == 0;
}

static int head_read(struct lines *lines, const char *path, const char *id, struct head *head,
                     struct error *error)
{
    char *line = lines_next(lines);
    size_t length = strlen(id);

    if (line == NULL || strncmp(line, "# ", 2) != 0 || strncmp(line + 2, id, length) != 0 ||
        line[2 + length] != ' ')
        return error_set(error, "%s:1: expected \"# %s TITLE\"", path, id);
    head->title = line + 2 + length;
    head->title += strspn(head->title, " ");
    line = lines_next_filled(lines);
    if (line == NULL || !head_parse_facts(line, head))
        return error_set(error,
                         "%s:%d: expected \"Core" SEPARATOR "20 minutes" SEPARATOR "needs 1.02\"",
                         path, lines->number);
    return 0;
}

/* The sentence in a program's first comment: the paragraph behind its title. NULL: memory is short.
 */
static char *sentence_read(const char *source)
{
    struct buffer text = {0}, sentence = {0};
    struct lines lines = {0};
    char *line;
    bool title = false, done = false;

    if (buffer_add_file(&text, source, TEXT_LIMIT) == -1)
        return strdup("");
    lines.next = text.data;
    while (!done && (line = lines_next(&lines)) != NULL) {
        done = strstr(line, "*/") != NULL;
        if (done)
            *strstr(line, "*/") = '\0';
        line += strspn(line, " /*");
        if (*line == '\0')
            done = done || sentence.length > 0;
        else if (!title)
            title = true;
        else if (buffer_print(&sentence, "%s%s", sentence.length > 0 ? " " : "", line) == -1)
            done = true;
    }
    char *result = strdup(buffer_text(&sentence));
    buffer_free(&text);
    buffer_free(&sentence);
    return result;
}

/* The backquoted names in the lines below "## Headers", separated by blanks. */
static char *headers_read(struct lines *lines)
{
    struct buffer names = {0};
    bool inside = false;
    char *line;

    while ((line = lines_next(lines)) != NULL) {
        if (strncmp(line, "## ", 3) == 0)
            inside = strcmp(line + 3, "Headers") == 0;
        for (char *open = inside ? strchr(line, '`') : NULL; open != NULL;) {
            char *close = strchr(open + 1, '`');
            if (close == NULL)
                break;
            *close = '\0';
            open += open[1] == '<' ? 2 : 1;
            (void)buffer_print(&names, "%s%.*s", names.length > 0 ? " " : "",
                               (int)strcspn(open, ">"), open);
            open = strchr(close + 1, '`');
        }
    }
    char *result = strdup(buffer_text(&names));
    buffer_free(&names);
    return result;
}

/* ---- lessons --------------------------------------------------------------------------------- */

static bool course_is_core(void)
{
    const char *course = getenv("COURSE");
    return course != NULL && strcmp(course, "core") == 0;
}

static void lesson_free(struct lesson_entry *lesson)
{
    free(lesson->name);
    free(lesson->title);
    free(lesson->sentence);
    free(lesson->path);
    free(lesson->source);
    free(lesson->program);
}

static int lesson_fill(struct lesson_entry *lesson, const char *folder, const struct head *head)
{
    lesson->title = strdup(head->title);
    lesson->source = text_format("%s/%s.c", folder, lesson->name);
    lesson->program = text_format("build/%s/%s", folder, lesson->name);
    lesson->core = head->core;
    lesson->minutes = head->minutes;
    lesson->sentence = lesson->source != NULL ? sentence_read(lesson->source) : NULL;
    return lesson->title != NULL && lesson->program != NULL && lesson->sentence != NULL ? 0 : -1;
}

/* file is "03_tcp_client.md". */
static int lesson_load(struct chapter_entry *chapter, const char *file, struct error *error)
{
    struct lesson_entry *lesson =
        array_grow(chapter->lessons, chapter->lesson_count, sizeof *lesson);
    struct buffer text = {0};
    struct head head = {0};
    int result = -1;

    if (lesson == NULL)
        return error_set(error, "out of memory");
    chapter->lessons = lesson;
    lesson += chapter->lesson_count;
    lesson->chapter = chapter->number;
    lesson->number = numbered(file);
    (void)snprintf(lesson->id, sizeof lesson->id, "%d.%02d", chapter->number, lesson->number);
    lesson->name = strndup(file, strlen(file) - strlen(".md"));
    lesson->path = text_format("%s/%s", chapter->folder, file);
    if (lesson->name == NULL || lesson->path == NULL) {
        (void)error_set(error, "out of memory");
    } else if (buffer_add_file(&text, lesson->path, TEXT_LIMIT) == -1) {
        (void)error_set_errno(error, "%s", lesson->path);
    } else {
        struct lines lines = {.next = text.data};
        result = head_read(&lines, lesson->path, lesson->id, &head, error);
        if (result == 0 &&
            (head.title == NULL || lesson_fill(lesson, chapter->folder, &head) == -1))
            result = error_set(error, "out of memory");
    }
    buffer_free(&text);
    if (result == 0 && (head.core || !course_is_core()))
        chapter->lesson_count++;
    else
        lesson_free(lesson);
    return result;
}

/* ---- exercises ------------------------------------------------------------------------------- */

static void exercise_free(struct exercise_entry *exercise)
{
    free(exercise->folder);
    free(exercise->name);
    free(exercise->title);
    free(exercise->readme);
    free(exercise->starter);
    free(exercise->answer);
    free(exercise->solution);
    free(exercise->table);
    free(exercise->cases);
    free(exercise->needs);
    free(exercise->headers);
}

/* The paths, which follow from the folder; name is "02_fetch_first". */
static int exercise_place(struct exercise_entry *exercise, const struct chapter_entry *chapter,
                          const char *name)
{
    exercise->chapter = chapter->number;
    exercise->number = numbered(name);
    (void)snprintf(exercise->id, sizeof exercise->id, "%d.%d", chapter->number, exercise->number);
    exercise->name = strdup(name + 3);
    exercise->folder = text_format("%s/%s", chapter->folder, name);
    if (exercise->name == NULL || exercise->folder == NULL)
        return -1;
    const char *folder = exercise->folder, *file = exercise->name;
    exercise->readme = text_format("exercises/%s/README.md", folder);
    exercise->starter = text_format("exercises/%s/%s.c", folder, file);
    exercise->answer = text_format("answers/%s/%s.c", folder, file);
    exercise->solution = text_format("solutions/%s/%s.c", folder, file);
    exercise->table = text_format("exercises/%s/cases.c", folder);
    exercise->cases = text_format("build/exercises/%s/cases", folder);
    return exercise->readme != NULL && exercise->starter != NULL && exercise->answer != NULL &&
                   exercise->solution != NULL && exercise->table != NULL && exercise->cases != NULL
               ? 0
               : -1;
}

static int exercise_read(struct exercise_entry *exercise, struct error *error)
{
    struct buffer text = {0};
    struct head head = {0};

    if (buffer_add_file(&text, exercise->readme, TEXT_LIMIT) == -1)
        return error_set_errno(error, "%s", exercise->readme);
    struct lines lines = {.next = text.data};
    int result = head_read(&lines, exercise->readme, exercise->id, &head, error);
    if (result == 0) {
        exercise->title = strdup(head.title);
        exercise->needs = strdup(head.needs);
        exercise->core = head.core;
        exercise->minutes = head.minutes;
        exercise->headers = headers_read(&lines);
        if (exercise->title == NULL || exercise->needs == NULL || exercise->headers == NULL)
            result = error_set(error, "out of memory");
    }
    buffer_free(&text);
    return result;
}

static int exercise_load(struct chapter_entry *chapter, const char *name, struct error *error)
{
    struct exercise_entry *exercise =
        array_grow(chapter->exercises, chapter->exercise_count, sizeof *exercise);

    if (exercise == NULL)
        return error_set(error, "out of memory");
    chapter->exercises = exercise;
    exercise += chapter->exercise_count;
    int result = exercise_place(exercise, chapter, name);
    if (result == -1)
        (void)error_set(error, "out of memory");
    /* A folder without a task is none of ours: what git leaves behind of a removed exercise. */
    bool there = result == 0 && is_file(exercise->readme);
    if (there)
        result = exercise_read(exercise, error);
    if (result == 0 && there && (exercise->core || !course_is_core()))
        chapter->exercise_count++;
    else
        exercise_free(exercise);
    return result;
}

/* ---- chapters -------------------------------------------------------------------------------- */

typedef int (*name_handler)(struct chapter_entry *, const char *, struct error *);

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int keep_lesson(const struct dirent *entry)
{
    const char *name = entry->d_name;
    /* NN_name.md, but not NN_name.zh-CN.md. */
    return numbered(name) != -1 && ends_with(name, ".md") &&
           strchr(name, '.') == name + strlen(name) - strlen(".md");
}

static int keep_numbered(const struct dirent *entry)
{
    return numbered(entry->d_name) != -1 && strchr(entry->d_name, '.') == NULL;
}

static int keep_chapter(const struct dirent *entry)
{
    int number = keep_numbered(entry) ? numbered(entry->d_name) : -1;
    return number >= 1 && number <= 5;
}

/* Calls handler for the names in path, in order. A folder that is missing is an empty one. */
static int for_names(const char *path, int (*keep)(const struct dirent *), name_handler handler,
                     struct chapter_entry *chapter, struct error *error)
{
    struct dirent **names = NULL;
    int count = scandir(path, &names, keep, compare_names), result = 0;

    if (count == -1)
        return errno == ENOENT || errno == ENOTDIR ? 0 : error_set_errno(error, "%s", path);
    for (int i = 0; i < count; i++) {
        if (result == 0)
            result = handler(chapter, names[i]->d_name, error);
        free(names[i]);
    }
    free(names);
    return result;
}

/* The title in the first line of README.md, "# 1 Sockets" or "# Chapter 1: Sockets"; else the
 * folder's name. */
static char *chapter_title(const char *folder)
{
    struct buffer text = {0};
    char *path = text_format("%s/README.md", folder), *title = NULL;

    if (path != NULL && buffer_add_file(&text, path, TEXT_LIMIT) == 0) {
        struct lines lines = {.next = text.data};
        char *line = lines_next(&lines);
        if (line != NULL && strncmp(line, "# ", 2) == 0) {
            line += 2;
            if (strncmp(line, "Chapter ", 8) == 0)
                line += 8;
            line += strspn(line, "0123456789.: ");
            title = *line != '\0' ? strdup(line) : NULL;
        }
    }
    if (title == NULL && (title = strdup(folder + 3)) != NULL)
        title[0] = (char)toupper((unsigned char)title[0]);
    buffer_free(&text);
    free(path);
    return title;
}

static int chapter_load(struct catalogue *catalogue, const char *name, struct error *error)
{
    struct chapter_entry *chapter =
        array_grow(catalogue->chapters, catalogue->chapter_count, sizeof *chapter);

    if (chapter == NULL)
        return error_set(error, "out of memory");
    catalogue->chapters = chapter;
    chapter += catalogue->chapter_count++;
    chapter->number = numbered(name);
    chapter->folder = strdup(name);
    chapter->title = chapter_title(name);
    char *exercises = text_format("exercises/%s", name);
    if (chapter->folder == NULL || chapter->title == NULL || exercises == NULL) {
        free(exercises);
        return error_set(error, "out of memory");
    }
    int result = for_names(name, keep_lesson, lesson_load, chapter, error);
    if (result == 0)
        result = for_names(exercises, keep_numbered, exercise_load, chapter, error);
    free(exercises);
    return result;
}

int catalogue_load(struct catalogue *catalogue, struct error *error)
{
    struct dirent **names = NULL;
    const char *course = getenv("COURSE");
    int result = 0;

    *catalogue = (struct catalogue){0};
    if (course != NULL && *course != '\0' && strcmp(course, "core") != 0)
        return error_set(error, "COURSE is \"core\" or not set, not \"%.40s\"", course);
    int count = scandir(".", &names, keep_chapter, compare_names);
    if (count == -1)
        return error_set_errno(error, "the workbook's folder");
    for (int i = 0; i < count; i++) {
        if (result == 0)
            result = chapter_load(catalogue, names[i]->d_name, error);
        free(names[i]);
    }
    free(names);
    if (result == -1)
        catalogue_free(catalogue);
    return result;
}

void catalogue_free(struct catalogue *catalogue)
{
    for (size_t c = 0; c < catalogue->chapter_count; c++) {
        struct chapter_entry *chapter = &catalogue->chapters[c];
        for (size_t i = 0; i < chapter->lesson_count; i++)
            lesson_free(&chapter->lessons[i]);
        for (size_t i = 0; i < chapter->exercise_count; i++)
            exercise_free(&chapter->exercises[i]);
        free(chapter->lessons);
        free(chapter->exercises);
        free(chapter->folder);
        free(chapter->title);
    }
    free(catalogue->chapters);
    *catalogue = (struct catalogue){0};
}

const struct lesson_entry *catalogue_lesson(const struct catalogue *catalogue, const char *id)
{
    for (size_t c = 0; c < catalogue->chapter_count; c++)
        for (size_t i = 0; i < catalogue->chapters[c].lesson_count; i++)
            if (strcmp(catalogue->chapters[c].lessons[i].id, id) == 0)
                return &catalogue->chapters[c].lessons[i];
    return NULL;
}

const struct exercise_entry *catalogue_exercise(const struct catalogue *catalogue, const char *id)
{
    for (size_t c = 0; c < catalogue->chapter_count; c++)
        for (size_t i = 0; i < catalogue->chapters[c].exercise_count; i++)
            if (strcmp(catalogue->chapters[c].exercises[i].id, id) == 0)
                return &catalogue->chapters[c].exercises[i];
    return NULL;
}

const struct chapter_entry *catalogue_chapter(const struct catalogue *catalogue, int number)
{
    for (size_t c = 0; c < catalogue->chapter_count; c++)
        if (catalogue->chapters[c].number == number)
            return &catalogue->chapters[c];
    return NULL;
}
