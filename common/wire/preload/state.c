/* What libwire.so knows: the real functions, the log, the sockets. */
#include "wire/preload/preload.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct wire_real real;
struct wire_state wire;

static _Atomic int prepared; /* 0 no, 1 under way, 2 done */

/* dlsym() returns an object pointer; POSIX promises that its bytes are the function's address. */
#define FIND(type, name, parameters)  \
    symbol = dlsym(RTLD_NEXT, #name); \
    memcpy(&real.name, &symbol, sizeof symbol);

static void find_functions(void)
{
    void *symbol;

    WIRE_REAL(FIND)
}

static void open_log(const char *path)
{
    struct stat status;
    int fd = (int)real.syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);

    if (fd == -1)
        return;
    if (fstat(fd, &status) == 0 && status.st_size > 0) {
        size_t size = (size_t)status.st_size;
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory != MAP_FAILED)
            (void)madvise(memory, size, MADV_RANDOM); /* see log.c: advice, so no failure counts */
        if (memory != MAP_FAILED && wire_log_is_sound(memory, size)) {
            wire.header = memory;
            wire.capacity = wire.header->capacity;
            if (wire.header->arranged != 0)
                wire.plan = (struct fault_plan){wire.header->faults, wire.header->seed};
        }
    }
    (void)real.syscall(SYS_close, fd); /* the mapping keeps the file */
}

static void read_environment(void)
{
    const char *path = getenv(WIRE_LOG_VARIABLE);
    const char *faults = getenv(WIRE_FAULTS_VARIABLE);
    const char *seed = getenv(WIRE_SEED_VARIABLE);

    if (path == NULL)
        return;
    wire.hosts = getenv(WIRE_HOSTS_VARIABLE);
    wire_options_read(getenv(WIRE_OPTIONS_VARIABLE));
    if (seed != NULL)
        wire.plan.seed = strtoull(seed, NULL, 10);
    if (faults != NULL && wire_faults_parse(faults, &wire.plan.faults, NULL) == -1)
        wire.plan.faults = 0; /* whoever set it has checked it; a library cannot complain */
    open_log(path);
}

static void prepare(void)
{
    int none = 0;
    int saved = errno;

    if (!atomic_compare_exchange_strong(&prepared, &none, 1))
        return; /* a call from within the lines below: it is nobody's but ours */
    find_functions();
    read_environment();
    wire_tell_loaded();
    atomic_store(&wire.pid, getpid());
    atomic_store(&prepared, 2);
    errno = saved;
}

__attribute__((constructor)) static void on_load(void)
{
    prepare();
}

__attribute__((destructor)) static void on_exit_of_program(void)
{
    wire_datagrams_flush();
    wire_tell_ending();
}

bool wire_on(void)
{
    if (atomic_load_explicit(&prepared, memory_order_acquire) == 0)
        prepare();
    return wire.header != NULL;
}

bool wire_owns_memory(void)
{
    return atomic_load_explicit(&wire.pid, memory_order_relaxed) == getpid();
}

/* ---- a lock -----------------------------------------------------------------------------------
 */

static atomic_flag locked = ATOMIC_FLAG_INIT;

void wire_lock(struct wire_lock *lock)
{
    sigset_t all;

    (void)sigfillset(&all); /* cannot fail */
    (void)pthread_sigmask(SIG_BLOCK, &all, &lock->before);
    while (atomic_flag_test_and_set_explicit(&locked, memory_order_acquire))
        (void)sched_yield();
}

void wire_unlock(const struct wire_lock *lock)
{
    atomic_flag_clear_explicit(&locked, memory_order_release);
    (void)pthread_sigmask(SIG_SETMASK, &lock->before, NULL);
}

/* ---- sockets ----------------------------------------------------------------------------------
 */

/* Sets of four: a socket lives in the set that its inode picks, the oldest gives way. */
enum { SETS = 2048, WAYS = 4 };
static struct wire_socket sockets[SETS][WAYS];
static const uint64_t BUSY = UINT64_MAX;

bool wire_is_socket(int fd, uint64_t *inode)
{
    struct stat status;

    if (fstat(fd, &status) == -1 || !S_ISSOCK(status.st_mode))
        return false;
    *inode = status.st_ino;
    return true;
}

static int socket_option(int fd, int option)
{
    int value = 0;
    socklen_t size = sizeof value;

    return real.getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : 0;
}

static void fill_socket(struct wire_socket *place, int fd)
{
    atomic_store(&place->number, 0);
    for (int way = 0; way < 3; way++) {
        atomic_store(&place->calls[way], 0);
        atomic_store(&place->attempts[way], 0);
    }
    atomic_store(&place->in, 0);
    atomic_store(&place->out, 0);
    atomic_store(&place->closed, 0);
    atomic_store(&place->ended, 0);
    atomic_store(&place->broken, 0);
    atomic_store(&place->addressed, 0);
    place->family = (uint8_t)socket_option(fd, SO_DOMAIN);
    place->type = (uint8_t)socket_option(fd, SO_TYPE);
}

/* The place to give away: a free one, else a closed one, else any, here the first. */
static struct wire_socket *place_to_use(struct wire_socket *set)
{
    for (int i = 0; i < WAYS; i++)
        if (atomic_load(&set[i].inode) == 0)
            return &set[i];
    for (int i = 0; i < WAYS; i++)
        if (atomic_load(&set[i].closed) != 0)
            return &set[i];
    return &set[0];
}

struct wire_socket *wire_socket_find(uint64_t inode, int fd)
{
    struct wire_socket *set = sockets[inode % SETS];

    for (int i = 0; i < WAYS; i++)
        if (atomic_load_explicit(&set[i].inode, memory_order_acquire) == inode)
            return &set[i];
    struct wire_socket *place = place_to_use(set);
    uint64_t old = atomic_load(&place->inode);
    if (old == BUSY || !atomic_compare_exchange_strong(&place->inode, &old, BUSY))
        return NULL; /* another thread is at it: this call goes undisturbed */
    fill_socket(place, fd);
    atomic_store_explicit(&place->inode, inode, memory_order_release);
    return place;
}

uint32_t wire_socket_number(struct wire_socket *socket, enum fault_way way)
{
    static _Atomic uint32_t streams, listeners, datagrams, locals;
    uint32_t number = atomic_load(&socket->number);

    if (number != 0)
        return number - 1;
    _Atomic uint32_t *counter = way == FAULT_ACCEPT ? &listeners
                                : socket->family != AF_INET && socket->family != AF_INET6 ? &locals
                                : socket->type == SOCK_STREAM                             ? &streams
                                                              : &datagrams;
    uint32_t mine = 1 + atomic_fetch_add(counter, 1);
    if (!atomic_compare_exchange_strong(&socket->number, &number, mine))
        mine = number; /* another thread was faster: its number holds */
    return mine - 1;
}
