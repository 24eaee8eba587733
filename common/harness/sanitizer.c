/* Sanitizer reports in plain words: what, where in the learner's file, where it was allocated. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "harness/internal.h"

/* Accesses to memory that is there no longer. */
static const struct {
    const char *kind, *words;
} GONE[] = {
    {"heap-use-after-free", "in memory that was freed"},
    {"stack-use-after-scope", "in a variable that no longer exists"},
    {"stack-use-after-return", "in a variable of a function that returned"},
};

/* What lies beside the place where an access went wrong. */
struct region {
    const char *name;       /* "a buffer of 16 bytes", "buf, which has 64 bytes" */
    unsigned long distance; /* from its end, or its start, to the first byte outside */
    bool before;            /* that byte lies before its start */
};

static void add_line(json_t *lines, const char *text, const char *where)
{
    (void)json_array_append_new(lines,
                                json_pack("{s:o, s:s}", "text", report_text(text), "where", where));
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

static const char *say_size(struct session *s, const char *what, unsigned long size)
{
    return session_print(s, "%s %lu byte%s", what, size, size == 1 ? "" : "s");
}

/*
 * An array in the frame: "    [32, 96) 'buf' (line 4)". Where one ends at the first bad byte, it is
 * the one; the report's own mark may stand at the next array, which a long access reaches too.
 */
static bool find_array(struct session *s, const char *text, struct region *region)
{
    const char *place = strstr(text, " at offset "), *at = strstr(text, "This frame has ");
    bool found = false, exact = false;
    char *end;

    if (place == NULL || at == NULL)
        return false;
    unsigned long offset = strtoul(place + strlen(" at offset "), NULL, 10);
    for (at = strchr(at, '\n'); at != NULL && !exact; at = strchr(at + 1, '\n')) {
        const char *open = at + 1 + strspn(at + 1, " "), *name, *stop;
        if (*open != '[')
            break;
        unsigned long from = strtoul(open + 1, &end, 10);
        unsigned long to = *end == ',' ? strtoul(end + 1, &end, 10) : 0;
        name = strchr(end, '\'');
        stop = name == NULL ? NULL : strchr(name + 1, '\'');
        if (to < from || stop == NULL)
            break;
        exact = to == offset;
        if (!exact && memmem(stop, strcspn(stop, "\n"), "flows this variable", 19) == NULL)
            continue;
        found = true;
        region->before = offset < from;
        region->distance = region->before ? from - offset : offset > to ? offset - to : 0;
        region->name = say_size(
            s, session_print(s, "%.*s, which has", (int)(stop - name - 1), name + 1), to - from);
    }
    return found;
}

/* "0x… is located 0 bytes to the right of 4096-byte region", "… of global variable 'table' defined
 * in 'a.c:4:6' (0x…) of size 16"; newer compilers say "after" and "before". */
static bool find_block(struct session *s, const char *text, struct region *region)
{
    char line[512], name[64];
    const char *at = text, *of;

    while ((at = strstr(at, "is located ")) != NULL) {
        (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        at++;
        char *end;
        unsigned long distance = strtoul(line + strlen("is located "), &end, 10);
        if (strncmp(end, " byte", 5) != 0 || (region->name != NULL && distance >= region->distance))
            continue; /* several may be named: the nearest is meant */
        const char *block = strstr(line, "-byte region"), *global = strstr(line, "variable '");
        while (block != NULL && block > line && block[-1] >= '0' && block[-1] <= '9')
            block--;
        if (block != NULL)
            region->name = say_size(s, "a buffer of", strtoul(block, NULL, 10));
        else if (global != NULL && (of = strstr(line, " of size ")) != NULL &&
                 sscanf(global, "variable '%63[^']'", name) == 1)
            region->name = say_size(s, session_print(s, "%s, which has", name),
                                    strtoul(of + strlen(" of size "), NULL, 10));
        else
            continue;
        region->distance = distance;
        region->before =
            strstr(line, " to the left of ") != NULL || strstr(line, " before ") != NULL;
    }
    return region->name != NULL;
}

/* The C function that made the access in the learner's place, "memcpy()"; "" if it did itself. */
static const char *find_function(struct session *s, const char *stack)
{
    char name[64];

    for (const char *at = strstr(stack, "    #"); at != NULL; at = strstr(at + 1, "    #")) {
        if (sscanf(at, "    #%*d %*s in __interceptor_%63s", name) == 1)
            return session_print(s, "%s()", name);
        if (sscanf(at, "    #%*d %*s in %63s", name) != 1 || strstr(name, "_common") == NULL)
            break; /* printf() and its like have one function in common, which calls the memory */
    }
    return "";
}

/* Where an access went outside, in words that hold for one byte and for a long memcpy(). */
static const char *say_outside(struct session *s, const struct region *region)
{
    if (region->name == NULL)
        return "outside a variable";
    if (region->distance > 1 || (region->before && region->distance > 0))
        return session_print(s, "%s %s %s", say_size(s, "", region->distance) + 1,
                             region->before ? "before" : "past the end of", region->name);
    return session_print(s, "past the end of %s", region->name);
}

/* "READ of size 1", what made it, and what lies beside it. words: known already, or NULL. */
static void read_access(struct session *s, json_t *lines, const char *text, const char *words)
{
    const char *access = strstr(text, "\nWRITE of size "), *verb = "writes", *by, *what;
    struct region region = {0};
    unsigned long size = 0;

    if (access == NULL) {
        access = strstr(text, "\nREAD of size ");
        verb = "reads";
    }
    if (access != NULL)
        size = strtoul(strstr(access, "size ") + 5, NULL, 10);
    by = access == NULL ? "" : find_function(s, access);
    if (words == NULL && !find_array(s, text, &region))
        (void)find_block(s, text, &region);
    if (words == NULL)
        words = say_outside(s, &region);
    const char *bytes = size == 1 ? "byte" : "bytes";
    bool far = words[0] >= '0' && words[0] <= '9';
    if (by[0] == '\0') /* it begins outside, with its first byte */
        what = session_print(s, "%c%s %lu %s%s %s.", verb[0] - 'a' + 'A', verb + 1, size, bytes,
                             far ? "," : "", words);
    else if (strncmp(words, "in ", 3) == 0)
        what = session_print(s, "%s %s %lu %s %s.", by, verb, size, bytes, words);
    else /* it may have begun inside */
        what = session_print(s, "%s %s %lu %s and %s %s.", by, verb, size, bytes,
                             far ? "starts" : "goes", words);
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

    for (size_t i = 0; i < sizeof GONE / sizeof GONE[0]; i++)
        if (strncmp(kind, GONE[i].kind, strlen(GONE[i].kind)) == 0) {
            read_access(s, lines, text, GONE[i].words);
            return;
        }
    size_t length = strcspn(kind, " :\n");
    if (length > 9 && memmem(kind, length, "-buffer-", 8) != NULL) {
        read_access(s, lines, text, NULL);
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
    else if (memmem(kind, length, "-param-overlap", 14) != NULL)
        add_line(lines,
                 session_print(s,
                               "%.*s() is told to copy between two pieces of memory that overlap, "
                               "or to copy more than its array holds.",
                               (int)strcspn(kind, "-"), kind),
                 find_frame(s, text));
    else
        add_line(lines, session_print(s, "Memory error: %.*s", (int)strcspn(kind, "\n("), kind),
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
    DIR *folder = opendir(s->open);
    const struct dirent *entry;

    (void)buffer_add(text, "\0", 1);
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (strncmp(entry->d_name, "sanitizer", 9) == 0)
            (void)buffer_add_file(text, session_print(s, "%s/%s", s->open, entry->d_name), 1 << 20);
    if (folder != NULL)
        (void)closedir(folder);
    /* Where ASan and UBSan share a program, the one resets the other's log to standard error. */
    for (const struct student *p = s->students; p != NULL; p = p->next)
        if (memmem(buffer_text(&p->errors), p->errors.length, "AddressSanitizer", 16) != NULL ||
            memmem(buffer_text(&p->errors), p->errors.length, ": runtime error: ", 17) != NULL)
            (void)buffer_add(text, p->errors.data, p->errors.length);
}

/* Whether a sanitizer has begun to write a report. */
static bool has_begun(const struct session *s)
{
    DIR *folder = opendir(s->open);
    const struct dirent *entry;
    bool begun = false;

    while (folder != NULL && !begun && (entry = readdir(folder)) != NULL)
        begun = strncmp(entry->d_name, "sanitizer", 9) == 0;
    if (folder != NULL)
        (void)closedir(folder); /* only read from */
    return begun;
}

void sanitizer_wait(struct session *s)
{
    enum { MOST_MS = 3000 };
    uint64_t began = now_ns();
    struct standing standing;
    bool alive = true;

    while (alive && now_ns() - began < UINT64_C(1000000) * MOST_MS) {
        bool sends = false;
        alive = false;
        for (struct student *p = s->students; p != NULL; p = p->next) {
            if (p->pid == 0 || student_reap(p))
                continue;
            alive = true;
            sends = sends || steps_in_send(p);
        }
        if (sends) {
            procs_look(&standing);
            sends = !standing.sleeping;
        }
        if (!sends && !has_begun(s))
            return;
        (void)poll(NULL, 0, 1); /* there is no event of a report's end but the program's */
    }
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
