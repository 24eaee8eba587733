/*
 * The keeper: the process between the runner and the bash of a lesson. It makes the network
 * namespace, inherits every orphan, and when the runner closes the channel, or dies, it ends
 * everything that was started before it ends itself.
 */
#ifndef WORKBOOK_KEEPER_H
#define WORKBOOK_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { KEEPER_CHANNEL = 62 }; /* its descriptor in bash: far from those a program gets */

/*
 * Runs the keeper in the calling process, a fresh fork(), and never returns. channel is its end of
 * a socket pair; folder, private to this session, is removed at the end. Writes to the channel
 * "ready PID" once bash stands, or "refused" if isolated was asked for and is not to be had, and
 * "dead STATUS" when bash has ended.
 */
_Noreturn void keeper_run(int channel, const char *folder, const char *const *bash, bool isolated);

/* The processes descending from root, root not among them. Returns how many; at most most are
 * listed. */
size_t keeper_descendants(pid_t root, pid_t *list, size_t most);

/* The state letter of a process as in /proc/PID/stat, 'S' while it sleeps; 0 if there is none. */
char keeper_state(pid_t pid);

#endif
