/* The address space of the program: where the stacks of its threads are seen, joined or not. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/buffer.h"
#include "harness/internal.h"

long student_reserved(struct student *p)
{
    struct buffer file = {0};
    char path[64];

    if (p->session->options->play)
        return 0;
    student_settle(p);
    (void)snprintf(path, sizeof path, "/proc/%d/statm", p->pid);
    if (buffer_add_file(&file, path, 4096) == -1)
        session_fail(p->session, "The program has ended, where it should still run.");
    long pages = strtol(buffer_text(&file), NULL, 10); /* the first number is the total size */
    buffer_free(&file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}
