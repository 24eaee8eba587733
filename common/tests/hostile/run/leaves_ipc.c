/* hostile: fail "status 40"; leaves shared memory, semaphores and queues behind. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

int shmget(int key, size_t size, int flags);
void *shmat(int id, const void *at, int flags);
int semget(int key, int count, int flags);
int msgget(int key, int flags);
int mq_open(const char *name, int flags, ...);

int main(void)
{
    char *memory = shmat(shmget(0x686f7374, 1 << 20, 01666), NULL, 0);

    if (memory != (char *)-1)
        *memory = 1;
    (void)shmget(0x686f7375, 64 << 20, 01666);
    (void)semget(0x686f7374, 8, 01666);
    (void)msgget(0x686f7374, 01666);
    (void)mq_open("/hostile", O_CREAT | O_RDWR, 0666, NULL);
    (void)open("/dev/shm/hostile", O_CREAT | O_RDWR, 0666);
    return 40;
}
