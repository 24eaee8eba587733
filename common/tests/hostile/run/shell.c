/* hostile: fail "status 40"; has a shell and other programs work for it. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    int ended = system("cat /etc/shadow '@SECRET@' >&2; id -u >&2; "
                       "su -c id; sudo -n id; ping -c 1 127.0.0.1; crontab -l; "
                       "for f in /proc/[0-9]*/environ; do cat $f; done | tr '\\0' '\\n' >&2; "
                       "nohup sleep 1000 & (setsid sleep 1001 &)");

    (void)ended;
    return 40;
}
