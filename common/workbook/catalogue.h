/*
 * The catalogue: which chapters, lessons and exercises there are, found by their place and name.
 * Nothing is listed anywhere; adding a file adds an entry.
 */
#ifndef WORKBOOK_CATALOGUE_H
#define WORKBOOK_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

struct lesson_entry {
    char id[8];     /* "1.03" */
    int chapter;    /* 1 */
    int number;     /* 3 */
    char *name;     /* "03_tcp_client" */
    char *title;    /* "TCP client", from the first line of its Markdown */
    char *sentence; /* what it shows: the sentence in the program's first comment */
    char *path;     /* "01_socket/03_tcp_client.md" */
    char *source;   /* "01_socket/03_tcp_client.c" */
    char *program;  /* "build/01_socket/03_tcp_client" */
    bool core;
    int minutes;
};

struct exercise_entry {
    char id[8]; /* "1.2" */
    int chapter;
    int number;
    char *folder;   /* "01_socket/02_fetch_first" */
    char *name;     /* "fetch_first" */
    char *title;    /* "Fetch from the first server that answers" */
    char *readme;   /* "exercises/01_socket/02_fetch_first/README.md" */
    char *starter;  /* "exercises/01_socket/02_fetch_first/fetch_first.c" */
    char *answer;   /* "answers/01_socket/02_fetch_first/fetch_first.c" */
    char *solution; /* "solutions/01_socket/02_fetch_first/fetch_first.c"; it may not exist */
    char *table;    /* "exercises/01_socket/02_fetch_first/cases.c" */
    char *cases;    /* "build/exercises/01_socket/02_fetch_first/cases" */
    char *needs;    /* "1.03", as its README says; "" if nothing */
    char *headers;  /* the headers it allows, separated by blanks: "errno.h netdb.h" */
    bool core;
    int minutes;
};

struct chapter_entry {
    int number;
    char *folder; /* "01_socket" */
    char *title;  /* "Sockets", from the first line of its README.md */
    struct lesson_entry *lessons;
    size_t lesson_count;
    struct exercise_entry *exercises;
    size_t exercise_count;
};

struct catalogue {
    struct chapter_entry *chapters;
    size_t chapter_count;
};

/*
 * Reads the workbook in the current directory; COURSE=core in the environment keeps it to the core
 * path. Returns 0, or -1 and fills error with the file and line that is not as it should be.
 */
int catalogue_load(struct catalogue *catalogue, struct error *error);
void catalogue_free(struct catalogue *catalogue);

/* By id: "1.03", "1.2". NULL if there is none. */
const struct lesson_entry *catalogue_lesson(const struct catalogue *catalogue, const char *id);
const struct exercise_entry *catalogue_exercise(const struct catalogue *catalogue, const char *id);
const struct chapter_entry *catalogue_chapter(const struct catalogue *catalogue, int number);

#endif
