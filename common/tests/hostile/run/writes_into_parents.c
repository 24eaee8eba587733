/* hostile: fail "status 40"; writes into the memory of those above it, by three ways. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 2; i++) {
        pid_t pid = i == 0 ? getppid() : 1;
        char path[64];
        unsigned long from = 0, to = 0;
        (void)snprintf(path, sizeof path, "/proc/%d/maps", pid);
        FILE *maps = fopen(path, "r");
        (void)snprintf(path, sizeof path, "/proc/%d/mem", pid);
        int memory = open(path, O_RDWR);
        while (pid > 0 && maps != NULL && fscanf(maps, "%lx-%lx%*[^\n]", &from, &to) == 2) {
            static char zeros[4096];
            struct iovec ours = {zeros, sizeof zeros}, theirs = {(void *)from, sizeof zeros};
            (void)pwrite(memory, zeros, sizeof zeros, (off_t)from);
            (void)process_vm_writev(pid, &ours, 1, &theirs, 1, 0);
        }
    }
    return 40;
}
