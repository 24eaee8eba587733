/* hostile: fail "status 40"; talks to a service of the machine by a socket with an abstract name,
 * and by one with a path. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

static int reaches(const char *name, int abstract)
{
    struct {
        unsigned short family;
        char path[108];
    } to = {AF_UNIX, {0}};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(to.path + abstract, sizeof to.path - (size_t)abstract, "%s", name);
    int taken =
        connect(fd, (struct sockaddr *)&to, (socklen_t)(2 + (size_t)abstract + strlen(name))) == 0;
    (void)close(fd);
    return taken;
}

int main(void)
{
    attempt(1, reaches("@ABSTRACT@", 1));
    attempt(2, reaches("@UNIX@", 0));
    attempt(3, reaches("/run/dbus/system_bus_socket", 0));
    attempt(4, reaches("/run/systemd/private", 0));
    attempt(5, reaches("/var/run/docker.sock", 0));
    attempt(6, reaches("/dev/log", 0));
    return status;
}
