#include "wire/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

static int map_log(struct wire_log *log, int fd, size_t size, const char *path, struct error *error)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED)
        return error_set_errno(error, "%s", path);
    /* Most of the log is never written: reading ahead would cost more than the program watched. */
    (void)madvise(memory, size, MADV_RANDOM);
    log->header = memory;
    log->events = (struct wire_event *)(log->header + 1);
    log->size = size;
    return 0;
}

int wire_log_create(struct wire_log *log, const char *path, uint32_t capacity, struct error *error)
{
    size_t size = sizeof(struct wire_log_header) + (size_t)capacity * sizeof(struct wire_event);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd == -1)
        return error_set_errno(error, "%s", path);
    int rc = ftruncate(fd, (off_t)size) == -1 ? error_set_errno(error, "%s", path)
                                              : map_log(log, fd, size, path, error);
    (void)close(fd); /* the mapping keeps the file */
    if (rc == -1)
        return -1;
    log->header->capacity = capacity;
    log->header->magic = WIRE_LOG_MAGIC; /* last: whoever sees it sees the rest */
    return 0;
}

void wire_log_arrange(struct wire_log *log, const char *program, unsigned faults, uint64_t seed)
{
    struct stat about;

    log->header->faults = faults;
    log->header->seed = seed;
    log->header->arranged = 1;
    bool found = stat(program, &about) == 0; /* else it cannot be started either */
    log->header->device = found ? about.st_dev : 0;
    log->header->inode = found ? about.st_ino : 0;
}

int wire_log_open(struct wire_log *log, const char *path, struct error *error)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd == -1)
        return error_set_errno(error, "%s", path);
    int rc = -1;
    if (fstat(fd, &status) == -1)
        (void)error_set_errno(error, "%s", path);
    else if ((size_t)status.st_size < sizeof(struct wire_log_header))
        (void)error_set(error, "%s: not a wire log", path);
    else
        rc = map_log(log, fd, (size_t)status.st_size, path, error);
    (void)close(fd); /* the mapping keeps the file */
    if (rc == 0 && !wire_log_is_sound(log->header, log->size)) {
        wire_log_close(log);
        return error_set(error, "%s: not a wire log", path);
    }
    return rc;
}

void wire_log_close(struct wire_log *log)
{
    if (log->header != NULL)
        (void)munmap(log->header, log->size); /* fails only for an address that is not ours */
    *log = (struct wire_log){0};
}

/* What fits in the mapping: the capacity in the header may have been scribbled over. */
static uint32_t log_capacity(const struct wire_log *log)
{
    size_t room = (log->size - sizeof *log->header) / sizeof *log->events;
    uint32_t capacity = log->header->capacity;

    return capacity < room ? capacity : (uint32_t)room;
}

uint32_t wire_log_count(const struct wire_log *log)
{
    uint32_t count = atomic_load(&log->header->count);
    uint32_t capacity = log_capacity(log);

    return count < capacity ? count : capacity;
}

const struct wire_event *wire_log_event(const struct wire_log *log, uint32_t index)
{
    if (index >= wire_log_count(log))
        return NULL;
    const struct wire_event *event = &log->events[index];
    return atomic_load_explicit(&event->ready, memory_order_acquire) != 0 ? event : NULL;
}

static struct timespec deadline_after(int timeout_ms)
{
    uint64_t when = now_ns() + (uint64_t)timeout_ms * 1000000U;

    return (struct timespec){.tv_sec = (time_t)(when / 1000000000U),
                             .tv_nsec = (long)(when % 1000000000U)};
}

uint32_t wire_log_wait(const struct wire_log *log, uint32_t seen, int timeout_ms)
{
    struct wire_log_header *header = log->header;
    struct timespec deadline = deadline_after(timeout_ms < 0 ? 0 : timeout_ms);
    bool timed_out = false;

    /* First the waiter shows itself, then it looks: the writer rings, then looks for waiters. */
    (void)atomic_fetch_add(&header->waiters, 1);
    while (atomic_load(&header->doorbell) == seen && !timed_out) {
        long rc = syscall(SYS_futex, &header->doorbell, FUTEX_WAIT_BITSET, seen,
                          timeout_ms < 0 ? NULL : &deadline, NULL, FUTEX_BITSET_MATCH_ANY);
        timed_out = rc == -1 && errno != EINTR && errno != EAGAIN;
    }
    (void)atomic_fetch_sub(&header->waiters, 1);
    return atomic_load(&header->doorbell);
}

void wire_log_guard(const struct wire_log *log, const void *secret)
{
    memcpy(log->header->secret, secret, sizeof log->header->secret);
    atomic_store(&log->header->guarded, 1);
}

void wire_log_hold(const struct wire_log *log, enum wire_call call)
{
    (void)atomic_fetch_or(&log->header->hold, 1U << call);
}

void wire_log_release(const struct wire_log *log)
{
    atomic_store(&log->header->hold, 0);
    (void)syscall(SYS_futex, &log->header->hold, FUTEX_WAKE, INT_MAX, NULL, NULL,
                  0); /* or nobody */
}

void wire_log_obey(struct wire_log_header *header, unsigned call)
{
    uint32_t held;

    while (((held = atomic_load(&header->hold)) >> call & 1U) != 0)
        (void)syscall(SYS_futex, &header->hold, FUTEX_WAIT, held, NULL, NULL,
                      0); /* or: try again */
}

uint32_t wire_log_add(struct wire_log_header *header, uint32_t capacity, struct wire_event *event)
{
    uint32_t index = atomic_fetch_add(&header->count, 1);

    if (index >= capacity)
        return UINT32_MAX;
    struct wire_event *slot = (struct wire_event *)(header + 1) + index;
    atomic_store_explicit(&event->ready, 0, memory_order_relaxed);
    *slot = *event;
    atomic_store_explicit(&slot->ready, 1, memory_order_release);
    (void)atomic_fetch_add(&header->doorbell, 1);
    if (atomic_load(&header->waiters) != 0) /* nobody to wake is no failure */
        (void)syscall(SYS_futex, &header->doorbell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    return index;
}

bool wire_log_is_sound(const struct wire_log_header *header, size_t size)
{
    return size >= sizeof *header && header->magic == WIRE_LOG_MAGIC &&
           (size - sizeof *header) / sizeof(struct wire_event) >= header->capacity;
}
