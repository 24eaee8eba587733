/*
 * What answers may use beside the C library: the workbook's own modules, such as core/ and http/,
 * and libraries of the system. make says of each, in build/student.libraries, what gcc is told when
 * an exercise lists one of its headers; a line begins with the header or with their folder:
 *
 *   http/ -I02_http build/libhttp.a core/ -lssl -lcrypto
 *   core/ -Icommon build/libcore.a
 *   jansson.h -ljansson
 *
 * Words that are neither options nor archives name other lines that this one needs, further down.
 */
#ifndef WORKBOOK_LIBRARIES_H
#define WORKBOOK_LIBRARIES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

#define LIBRARIES_FILE "build/student.libraries"

enum { LIBRARIES_MOST = 32, LIBRARY_WORDS = 64 };

/* Those that an exercise needs. */
struct libraries {
    char *text; /* of LIBRARIES_FILE, cut into words; what stands below points into it */
    struct library {
        const char *name; /* "http/" or "jansson.h" */
        char *words[LIBRARY_WORDS];
        size_t word_count;
        const char *folder; /* that holds the folder name: "02_http"; NULL: it is the system's */
        bool needed;
    } list[LIBRARIES_MOST];
    size_t count;
};

/*
 * Reads the file, and finds what an exercise needs that lists these headers, separated by blanks.
 * Returns 0, or -1 and fills error. The caller frees libraries in both cases.
 */
int libraries_read(struct libraries *libraries, const char *headers, struct error *error);
void libraries_free(struct libraries *libraries);

/*
 * The words that stand before the source on gcc's command line, or those behind it: one for each
 * call, until NULL. *at begins as 0.
 */
const char *libraries_before(const struct libraries *libraries, size_t *at);
const char *libraries_behind(const struct libraries *libraries, size_t *at);

/*
 * What they take of the workbook: "build/libcore.a" or, a folder with headers, "common/core". path
 * has PATH_MAX bytes. False behind the last; *at begins as 0.
 */
bool libraries_part(const struct libraries *libraries, size_t *at, char *path);

/* Whether a header belongs to a module of the workbook; path, of PATH_MAX bytes, is its file. */
bool libraries_own(const struct libraries *libraries, const char *header, size_t length,
                   char *path);

#endif
