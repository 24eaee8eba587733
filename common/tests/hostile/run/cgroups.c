/* hostile: fail "status 40"; leaves its control group, and widens it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int status = 40;

/* The first that should have failed and did not is what this ends with. */
static void attempt(int number, int succeeded)
{
    if (succeeded && status == 40)
        status = 40 + number;
}

int main(void)
{
    char line[512], path[1024];
    FILE *groups = fopen("/proc/self/cgroup", "r");

    attempt(1, access("/sys/fs/cgroup/cgroup.procs", W_OK) == 0);
    while (groups != NULL && fgets(line, sizeof line, groups) != NULL) {
        char *name = strrchr(line, ':'), *kind = strchr(line, ':');
        if (name == NULL || kind == NULL || kind == name)
            continue;
        name[strcspn(name, "\n")] = *name = '\0';
        (void)snprintf(path, sizeof path, "/sys/fs/cgroup/%s/cgroup.procs", kind + 1);
        attempt(2, open(path, O_WRONLY) != -1);
        (void)snprintf(path, sizeof path, "/sys/fs/cgroup/%s%s/cgroup.procs", kind + 1, name + 1);
        attempt(3, open(path, O_WRONLY) != -1);
        (void)snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", name + 1);
        attempt(4, open(path, O_WRONLY) != -1);
        (void)snprintf(path, sizeof path, "/sys/fs/cgroup/memory%s/memory.limit_in_bytes",
                       name + 1);
        attempt(5, open(path, O_WRONLY) != -1);
    }
    return status;
}
