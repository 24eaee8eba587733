/*
 * Processes that the runner starts, each the head of a session of its own so that it can be ended
 * with everything it started. What escapes from its session is found as well: the runner is the
 * reaper of all its descendants (processes_adopt), and ends those it did not start itself.
 */
#ifndef WORKBOOK_PROCESS_H
#define WORKBOOK_PROCESS_H

#include <stdbool.h>
#include <uv.h>

#include "core/buffer.h"
#include "core/error.h"

struct process {
    struct buffer output, errors; /* what it wrote; freed by the caller */
    bool flooded;                 /* it wrote more than is kept */
    bool killed;                  /* process_end() was called */
    struct error failure;         /* why it could not be started; "" if it was */
    int64_t status;               /* exit status */
    int signal;                   /* that ended it, or 0 */
    void *data;                   /* the caller's */
    const char *folder;           /* to start it in, or NULL */
    unsigned user;                /* to become first, with a group of that number; 0: as we are */
    int given[2];                 /* descriptors that it gets as 3 and 4 … */
    int given_count;              /* … so many of them */

    /* For process.c alone. */
    void (*on_end)(struct process *process);
    struct process *next;
    uv_process_t handle;
    uv_pipe_t pipes[2];
    uv_timer_t patience;
    int open; /* handles not yet closed */
    bool exited;
    bool ended[2];
};

/* Makes this process the reaper of all its descendants. Call it first. */
void processes_adopt(void);

/* Ends every descendant that the runner did not start itself. */
void processes_sweep(void);

/* A child started by other means, which processes_sweep() has to leave alone until it is forgotten.
 */
void process_know(int pid);
void process_forget(int pid);

/* Ends those children, too, and waits for them: the runner itself is about to end. */
void processes_end_known(void);

/*
 * Starts arguments[0], found by PATH, as what the caller set in process says, without input and
 * with both outputs kept. process must stay where it is until on_end was called, which happens once
 * nothing of it is left, and also when it could not be started: failure says so. extra holds
 * "NAME=value" settings that replace those in the environment, up to a NULL; it may be NULL itself.
 */
void process_start(uv_loop_t *loop, struct process *process, const char *const *arguments,
                   const char *const *extra, void (*on_end)(struct process *process));

/* Asks it to end by SIGTERM, and forces it when it is still there two seconds later. */
void process_end(struct process *process);

/*
 * Runs a short command to its end. Returns its exit status, 128 + signal, or -1 with error filled
 * if it could not be started. output gets its standard output, and errors what it wrote there;
 * errors may be NULL.
 */
int process_run(const char *const *arguments, struct buffer *output, struct buffer *errors,
                struct error *error);

/* The number of processors that may be used, at least 1. */
int processors(void);

#endif
