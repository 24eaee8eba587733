/* hostile: fail "status 40"; becomes somebody else, root best of all. */
#define _GNU_SOURCE
#include <unistd.h>

int setgroups(size_t count, const gid_t *list);
int prctl(int what, ...);

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

int main(void)
{
    static const gid_t groups[] = {0};

    attempt(1, setuid(0) == 0 || seteuid(0) == 0);
    attempt(2, setgid(0) == 0 || setegid(0) == 0);
    attempt(3, setgroups(1, groups) == 0);
    attempt(4, setresuid(0, 0, 0) == 0 || setreuid(0, 0) == 0);
    attempt(5, setuid(1) == 0 || setuid(65533) == 0);
    attempt(6, getuid() == 0 || geteuid() == 0);
    attempt(7, chown(".", 0, 0) == 0 && getuid() != 0);
    attempt(8, prctl(38, 0, 0, 0, 0) == 0 && prctl(39, 0, 0, 0, 0) != 1);   /* no new privileges */
    attempt(9, prctl(23, 21, 0, 0, 0) == 1 && prctl(24, 21, 0, 0, 0) == 0); /* its bounding set */
    return status;
}
