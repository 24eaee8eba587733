/* What group.c and groups.c share: the files of a control group, and which folders make up one. */
#ifndef BOX_GROUP_FILES_H
#define BOX_GROUP_FILES_H

#include <libintl.h>
#include <sys/types.h>

#include "box/group.h"

#define _(text) gettext(text) /* every sentence that a person reads goes through this */

enum { GROUP_MEMORY, GROUP_TASKS }; /* indexes of a pair of trees */

/* Joins folder and name in path, which has GROUP_PATH bytes. Returns 0, or -1 and fills error. */
int group_path(char *path, const char *folder, const char *name, struct error *error);

/* Writes text to a group's file in one write. Returns 0, or -1 with errno. */
int group_write(const char *folder, const char *name, const char *text);

/* Reads the beginning of a group's file; text is ended by a NUL. Returns its length, or -1 with
 * errno. */
ssize_t group_read(const char *folder, const char *name, char *text, size_t size);

/* The number in the line of a group's file that opens with key and a blank, or with the number
 * where key is ""; 0 if it is not there. */
uint64_t group_number(const char *folder, const char *name, const char *key);

/* How many folders a group has: one where both controllers are in one tree, else two. */
int group_trees(const struct groups *groups);

/* Ends what is in a folder of a group, then removes it; until is a moment of now_ms(). Return 0, or
 * -1 with errno. */
int group_end_all(const struct groups *groups, const char *folder, int64_t until);
int group_remove_folder(const char *folder, int64_t until);

#endif
