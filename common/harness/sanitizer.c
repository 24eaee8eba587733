/* Sanitizer reports in plain words: what, where in the learner's file, where it was allocated. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/internal.h"

static const struct {
    const char *kind, *words;
} KINDS[] = {
    {"heap-buffer-overflow", "outside a buffer"},
    {"stack-buffer-overflow", "outside a local array"},
    {"stack-buffer-underflow", "before the start of a local array"},
    {"global-buffer-overflow", "outside a global array"},
    {"heap-use-after-free", "in memory that was freed"},
    {"stack-use-after-scope", "in a variable that no longer exists"},
    {"stack-use-after-return", "in a variable of a function that returned"},
    {"dynamic-stack-buffer-overflow", "outside a variable-length array"},
};

static void add_line(json_t *lines, const char *text, const char *where)
{
    (void)json_array_append_new(lines, json_pack("{s:s, s:s}", "text", text, "where", where));
}

/* The first frame of a stack that lies in the learner's file: "fetch.c:44, in read_all"; or "". */
static const char *find_frame(struct session *s, const char *stack)
{
    const char *source = strrchr(s->options->source, '/');
    char function[128], place[1024];

    source = source == NULL ? s->options->source : source + 1;
    for (const char *at = strstr(stack, "    #"); at != NULL; at = strstr(at + 1, "    #")) {
        /* A blank line ends a stack: what follows is the next one's. */
        const char *end = strstr(stack, "\n\n");
        if (end != NULL && at > end)
            break;
        if (sscanf(at, "    #%*d %*s in %127s %1023s", function, place) != 2)
            continue;
        const char *base = strrchr(place, '/');
        base = base == NULL ? place : base + 1;
        size_t length = strlen(source);
        if (strncmp(base, source, length) != 0 || base[length] != ':')
            continue;
        int line = (int)strtol(base + length + 1, NULL, 10);
        return session_print(s, "%s:%d, in %s", source, line, function);
    }
    return "";
}

/* "READ of size 1", then where the buffer is: "0x… is located 0 bytes to the right of 4096-byte
 * region". */
static void read_access(struct session *s, json_t *lines, const char *text, const char *words)
{
    const char *access = strstr(text, "\nWRITE of size "), *region = strstr(text, "is located ");
    const char *verb = access != NULL ? "Writes" : "Reads";
    unsigned long size = 0, length = 0;
    bool before = false;

    if (access == NULL)
        access = strstr(text, "\nREAD of size ");
    if (access != NULL)
        size = strtoul(strstr(access, "size ") + 5, NULL, 10);
    if (region != NULL) {
        const char *of = strstr(region, " of "), *end = strchr(region, '\n');
        const char *left = strstr(region, " to the left of ");
        const char *right = strstr(region, " to the right of ");
        before = left != NULL && end != NULL && left < end;
        of = before ? left + 12 : right != NULL ? right + 13 : of;
        length = of == NULL ? 0 : strtoul(of + 4, NULL, 10);
    }
    const char *bytes = size == 1 ? "byte" : "bytes";
    const char *what = session_print(s, "%s %lu %s %s.", verb, size, bytes, words);
    if (length > 0 && strstr(words, "outside a buffer") != NULL)
        what = session_print(s, "%s %lu %s %s a buffer of %lu bytes.", verb, size, bytes,
                             before ? "before" : "past the end of", length);
    add_line(lines, what, access == NULL ? "" : find_frame(s, access));
    const char *freed = strstr(text, "freed by thread"),
               *made = strstr(text, "allocated by thread");
    if (freed != NULL)
        add_line(lines, "The memory was freed at", find_frame(s, freed));
    if (made != NULL && find_frame(s, made)[0] != '\0')
        add_line(lines, "The buffer was allocated at", find_frame(s, made));
}

static void read_leaks(struct session *s, json_t *lines, const char *text)
{
    const char *at = strstr(text, " leak of ");

    for (int shown = 0; at != NULL && shown < 3; at = strstr(at + 1, " leak of "), shown++) {
        unsigned long bytes = strtoul(at + 9, NULL, 10);
        add_line(lines, session_print(s, "Never freed: %lu bytes, allocated at", bytes),
                 find_frame(s, at));
    }
}

static void read_address_report(struct session *s, json_t *lines, const char *text)
{
    const char *kind = strstr(text, "AddressSanitizer: ") + 18;

    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strncmp(kind, KINDS[i].kind, strlen(KINDS[i].kind)) == 0) {
            read_access(s, lines, text, KINDS[i].words);
            return;
        }
    if (strncmp(kind, "SEGV", 4) == 0)
        add_line(lines,
                 strstr(text, "zero page") != NULL ? "Uses a NULL pointer."
                                                   : "Uses a pointer that leads nowhere.",
                 find_frame(s, text));
    else if (strncmp(kind, "ABRT", 4) == 0)
        add_line(lines, "Calls abort(), as a failed assert() does.", find_frame(s, text));
    else if (strncmp(kind, "stack-overflow", 14) == 0)
        add_line(lines,
                 "The stack is full: a function calls itself without end, or an array is too big.",
                 find_frame(s, text));
    else if (strncmp(kind, "attempting double-free", 22) == 0 ||
             strncmp(kind, "attempting free", 15) == 0)
        add_line(lines, "Frees memory that malloc() did not return, or that was freed before.",
                 find_frame(s, text));
    else
        add_line(lines, session_print(s, "AddressSanitizer: %.*s", (int)strcspn(kind, "\n("), kind),
                 find_frame(s, text));
}

static void read_undefined_report(struct session *s, json_t *lines, const char *error)
{
    const char *start = error;
    const char *source = strrchr(s->options->source, '/');

    source = source == NULL ? s->options->source : source + 1;
    while (start[-1] != '\n' && start[-1] != '/' && start[-1] != '\0')
        start--;
    const char *colon = strchr(start, ':');
    const char *words = error + strlen(": runtime error: ");
    add_line(lines,
             session_print(s, "Undefined behaviour: %.*s.", (int)strcspn(words, "\n"), words),
             session_print(s, "%s:%ld", source, colon == NULL ? 0 : strtol(colon + 1, NULL, 10)));
}

/* Keeps the report where the learner can read it: beside the built program. */
static const char *keep_report(struct session *s, const struct buffer *text)
{
    const char *slash = strrchr(s->options->program, '/');
    const char *path = session_print(s, "%.*s/sanitizer.txt",
                                     slash == NULL ? 1 : (int)(slash - s->options->program),
                                     slash == NULL ? "." : s->options->program);
    FILE *file = fopen(path, "we");

    if (file == NULL)
        return NULL; /* a folder that cannot be written: the short form has to do */
    bool whole = fwrite(text->data, 1, text->length, file) == text->length;
    return fclose(file) == 0 && whole ? path : NULL;
}

/* All reports of the session's processes, one behind the other. A NUL stands before the text. */
static void collect_reports(struct session *s, struct buffer *text)
{
    DIR *folder = opendir(s->folder);
    const struct dirent *entry;

    (void)buffer_add(text, "\0", 1);
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (strncmp(entry->d_name, "sanitizer", 9) == 0)
            (void)buffer_add_file(text, session_print(s, "%s/%s", s->folder, entry->d_name),
                                  1 << 20);
    if (folder != NULL)
        (void)closedir(folder);
    /* Where ASan and UBSan share a program, the one resets the other's log to standard error. */
    for (const struct student *p = s->students; p != NULL; p = p->next)
        if (memmem(buffer_text(&p->errors), p->errors.length, "AddressSanitizer", 16) != NULL ||
            memmem(buffer_text(&p->errors), p->errors.length, ": runtime error: ", 17) != NULL)
            (void)buffer_add(text, p->errors.data, p->errors.length);
}

json_t *sanitizer_read(struct session *s, bool *leak, const char **report)
{
    struct buffer text = {0};
    json_t *lines = NULL;
    const char *error;

    *leak = false;
    *report = NULL;
    collect_reports(s, &text);
    if (text.length > 1) {
        const char *all = text.data + 1;
        lines = json_array();
        if (strstr(all, "ERROR: AddressSanitizer: ") != NULL) {
            read_address_report(s, lines, strstr(all, "ERROR: AddressSanitizer: "));
        } else if ((error = strstr(all, ": runtime error: ")) != NULL) {
            read_undefined_report(s, lines, error);
        } else if (strstr(all, "LeakSanitizer: detected") != NULL) {
            *leak = true;
            read_leaks(s, lines, all);
        } else { /* no error after all: a warning about the system, which is not the program's */
            json_decref(lines);
            lines = NULL;
        }
        if (lines != NULL)
            *report = keep_report(s, &(struct buffer){text.data + 1, text.length - 1, 0});
    }
    buffer_free(&text);
    return lines;
}
