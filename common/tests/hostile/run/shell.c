/* hostile: fail "left a process behind"; has a shell and other programs work for it. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In one case only, so that this costs little: the one with this name. */
static int here(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[1], "two.test") == 0;
}

int main(int argc, char **argv)
{
    if (!here(argc, argv))
        return 40;
    int ended = system("cat /etc/shadow '@SECRET@' >&2; id -u >&2; "
                       "su -c id; sudo -n id; ping -c 1 127.0.0.1; crontab -l; "
                       "for f in /proc/[0-9]*/environ; do cat $f; done | tr '\\0' '\\n' >&2; "
                       "nohup sleep 1000 & (setsid sleep 1001 &)");

    (void)ended;
    return 40;
}
