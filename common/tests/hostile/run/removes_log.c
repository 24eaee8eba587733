/* hostile: fail "status 40"; puts a link, a folder and a pipe in the place of the workbook's files.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int mkfifo(const char *path, unsigned mode);
int chmod(const char *path, unsigned mode);

int main(void)
{
    const char *log = getenv("WIRE_LOG"), *home = getenv("HOME");
    char path[4200];

    if (log != NULL) {
        (void)unlink(log);
        (void)symlink("/etc/passwd", log);
    }
    (void)snprintf(path, sizeof path, "%s/../sanitizer.%d", home == NULL ? "." : home, getpid());
    (void)mkfifo(path, 0666); /* who opens it to read waits for ever */
    (void)snprintf(path, sizeof path, "%s/../hosts", home == NULL ? "." : home);
    (void)unlink(path);
    (void)symlink("/etc/hosts", path);
    (void)chmod("..", 0);
    (void)chmod(".", 0);
    return 40;
}
