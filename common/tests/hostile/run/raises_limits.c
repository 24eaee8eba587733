/* hostile: fail "status 40"; raises its limits, its priority, and locks memory. */
#define _GNU_SOURCE
#include <unistd.h>

struct limit {
    unsigned long now, most;
};

static const unsigned long NONE = ~0UL;

int getrlimit(int what, struct limit *limit);
int setrlimit(int what, const struct limit *limit);
int prlimit(pid_t pid, int what, const struct limit *limit, struct limit *old);
int sched_setscheduler(pid_t pid, int how, const int *priority);
int mlockall(int how);

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

static unsigned long limit_of(int what)
{
    struct limit limit;

    return getrlimit(what, &limit) == 0 ? limit.most : NONE;
}

int main(void)
{
    for (int what = 0; what < 16; what++) {
        struct limit old, more;
        if (getrlimit(what, &old) == -1 || old.most == NONE)
            continue;
        more.now = more.most = old.most + 1;
        attempt(1 + what, setrlimit(what, &more) == 0);
        attempt(1 + what, prlimit(0, what, &more, NULL) == 0);
        if (prlimit(getppid(), what, NULL, &old) == -1 || old.most == NONE)
            continue;
        more.now = more.most = old.most + 1;
        attempt(1 + what, prlimit(getppid(), what, &more, NULL) == 0);
    }
    attempt(20, getrlimit(4, &(struct limit){0, 0}) == 0 && limit_of(4) != 0); /* core */
    attempt(21, limit_of(7) > 4096);                                           /* descriptors */
    attempt(22, limit_of(1) > 64 << 20);                                       /* a file */
    attempt(23, nice(-20) != -1);
    attempt(24, sched_setscheduler(0, 1, &(int){50}) == 0);
    attempt(25, mlockall(3) == 0 && limit_of(8) > 64 << 20);
    return status;
}
