/* A disk that is full, as far as the program can tell: no file of its may grow beyond a limit. */
#include <signal.h>
#include <sys/resource.h>

#include "harness/internal.h"

void session_limit_files(struct session *s, int kib)
{
    s->files_kib = kib;
}

/*
 * Between fork() and exec(), and only what is safe there; limit and disposition both outlive the
 * exec(). The signal that the system sends beside EFBIG would end most programs: a full disk sends
 * none.
 */
void full_prepare(const struct session *s)
{
    struct sigaction action = {.sa_handler = s->files_kib == 0 ? SIG_DFL : SIG_IGN};
    rlim_t most = (rlim_t)s->files_kib * 1024;
    struct rlimit both = {most, most};

    (void)sigaction(SIGXFSZ, &action, NULL); /* its arguments are valid */
    if (s->files_kib != 0)
        (void)setrlimit(RLIMIT_FSIZE, &both); /* a limit already lower is fine too */
}
