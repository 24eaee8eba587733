/*
 * Boxes for programs that nobody has read, made by bubblewrap: the words of its command lines, and
 * which level of isolation this system gives. Three kinds:
 *
 *   the compiler's box    no network; the exercise's headers and one source, one folder to write to
 *   the outer box         a case's: its own network, processes and files, for the harness
 *   the inner box         in it: one program under test, which sees nothing of the harness but the
 *                         network, its wire's log and the folder it runs in
 *
 * Inside, the workbook is always at BOX_ROOT, wherever it stands outside.
 */
#ifndef BOX_BOX_H
#define BOX_BOX_H

#include <stdbool.h>
#include <stddef.h>

#include "core/attributes.h"
#include "core/error.h"

#define BOX_ROOT "/workbook"
#define BOX_FILES "/files" /* of the outer box: what programs under test may fill */

/*
 * What lies between others and us.
 *   A  boxes in boxes, and control groups that count memory and tasks
 *   B  boxes in boxes, with the limits that a plain user can set
 *   C  limits alone: the system allows no namespaces
 */
enum box_level { BOX_A, BOX_B, BOX_C };

/* Who runs in boxes when we are root: no account has this number. Root keeps it out of what
 * belongs to others; namespaces can be nested by plain users alone. */
enum { BOX_USER = 61000 };

/* A command line in the making; what it is given by text is kept in it. */
struct box_words {
    const char *list[192];
    size_t count;
    char kept[16384];
    size_t used;
    bool full; /* something did not fit: the list must not be run */
};

/* Makes it empty. */
void box_begin(struct box_words *words);

/* Appends a word that lives long enough, or one that is printed; and the NULL behind the last. */
void box_add(struct box_words *words, const char *word);
void box_print(struct box_words *words, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * The words before a command that runs in a box; the command's own are added behind. seccomp is an
 * open descriptor of build/box.bpf, which bubblewrap inherits.
 */

/* Names below /etc that boxes see, up to a NULL: a stage has copies of them in etc. Beside them it
 * has a folder etc/alternatives if the system has one. */
extern const char *const box_etc[];

/*
 * stage is a folder with what boxes need of the workbook, laid out like it: build/student.flags,
 * the headers in exercises/, the source called name, and build/answers, which may be written to.
 * Then come further parts of the stage, if the source may use them, such as "common/core". At the
 * end, status is an open file in which bubblewrap notes that the command was run, and how it ended.
 */
void box_compiler(struct box_words *words, const char *stage, const char *name);
void box_compiler_part(struct box_words *words, const char *stage, const char *part);
void box_compiler_end(struct box_words *words, int seccomp, int status);

/* Of the same stage all is seen: the cases, the wire, the program that was built. The environment
 * is what cases need, and nothing else. */
void box_outer(struct box_words *words, const char *stage);

/*
 * Used inside an outer box. program, wire and hosts (NULL: none) are seen where they are, log also
 * to be written to, and BOX_FILES. The command is build/box-init's.
 */
void box_inner(struct box_words *words, const char *program, const char *wire, const char *log,
               const char *hosts, int seccomp);

#endif
