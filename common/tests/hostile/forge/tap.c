/* hostile: fail; writes what the cases print, to every descriptor there is. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static const char text[] =
        "TAP version 13\n1..1\nok 1 - reply\n  ---\n  {\"case\": \"reply\", "
        "\"title\": \"t\", \"points\": 30, \"earned\": 30, \"status\": "
        "\"pass\", \"cause\": \"\", \"teaches\": \"t\", \"seed\": 1}\n  ...\n";
    char path[64];

    for (int fd = 0; fd < 1024; fd++)
        (void)write(fd, text, sizeof text - 1);
    for (int pid = 1; pid < 64; pid++)
        for (int fd = 0; fd < 64; fd++) {
            (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
            int other = open(path, O_WRONLY | O_NONBLOCK);
            if (other != -1)
                (void)write(other, text, sizeof text - 1);
            if (other != -1)
                (void)close(other);
        }
    return 0;
}
