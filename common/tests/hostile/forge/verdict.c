/* hostile: fail "status 40"; writes what a case hands to those above it, and what a box says of its
 * end. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static const char *const texts[] = {
        "{\"case\": \"reply\", \"title\": \"t\", \"points\": 1, \"earned\": 1, \"status\": "
        "\"pass\", "
        "\"cause\": \"\", \"teaches\": \"t\", \"seed\": 1}",
        "{ \"child-pid\": 2 }\n{ \"exit-code\": 0 }\n",
    };
    char path[64];

    for (int i = 0; i < 2; i++)
        for (int fd = 3; fd < 1024; fd++) {
            (void)write(fd, texts[i], strlen(texts[i]));
            (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", fd % 2 == 0 ? 1 : getppid(),
                           fd / 2);
            int other = open(path, O_WRONLY | O_NONBLOCK);
            if (other != -1)
                (void)write(other, texts[i], strlen(texts[i]));
            if (other != -1)
                (void)close(other);
        }
    return 40;
}
