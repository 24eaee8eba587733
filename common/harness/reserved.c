/* The threads of the program, and its address space: where their stacks are seen, joined or not. */
#include <dirent.h>
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

int student_threads(struct student *p)
{
    char path[64];
    int count = 0;

    if (p->session->options->play)
        return 0;
    student_settle(p);
    (void)snprintf(path, sizeof path, "/proc/%d/task", p->pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        session_fail(p->session, "The program has ended, where it should still run.");
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    (void)closedir(folder); /* it was only read */
    return count;
}
