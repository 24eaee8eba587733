/* hostile: fail "status 40"; sets the clock, by every way there is. */
#define _GNU_SOURCE
#include <sys/select.h>
#include <unistd.h>

int settimeofday(const struct timeval *now, const void *zone);
int clock_settime(int which, const struct timespec *now);
int adjtimex(void *what);
int clock_adjtime(int which, void *what);

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

int main(void)
{
    struct timespec then = {.tv_sec = 1};
    static unsigned char zeros[256] = {2, 1};

    attempt(1, settimeofday(&(struct timeval){.tv_sec = 1}, NULL) == 0);
    attempt(2, clock_settime(0, &then) == 0);
    attempt(3, adjtimex(&(unsigned char[256]){1}) >= 0);
    attempt(4, clock_adjtime(0, zeros) >= 0);
    return status;
}
