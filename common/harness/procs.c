/* What /proc tells of a process tree: where it stands, what it holds, what it used. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/number.h"
#include "harness/internal.h"

enum { MAX_PROCESSES = 8192 };

/*
 * What one read(2) of a file in /proc gives: that much the kernel wrote at one moment. A case looks
 * hundreds of times, so no memory is asked for; what is longer than size is cut.
 */
static ssize_t read_snapshot(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd == -1)
        return -1;
    ssize_t got = read(fd, text, size - 1);
    int why = errno;
    (void)close(fd);
    errno = why;
    if (got >= 0)
        text[got] = '\0';
    return got;
}

/* Where to begin: the first processes of boxes; none: this one. */
static pid_t begin_at[16];
static size_t begin_count;

void procs_begin_at(pid_t box)
{
    if (begin_count < sizeof begin_at / sizeof begin_at[0])
        begin_at[begin_count++] = box;
}

static bool is_beginning(pid_t pid)
{
    for (size_t i = 0; i < begin_count; i++)
        if (begin_at[i] == pid)
            return true;
    return begin_count == 0 && pid == getpid();
}

/* The processes below this one, read afresh each time. */
struct table {
    pid_t pid[MAX_PROCESSES], parent[MAX_PROCESSES];
    char state[MAX_PROCESSES];
    long ticks[MAX_PROCESSES], pages[MAX_PROCESSES];
    size_t count;
};

/* The fields of /proc/PID/stat that we need stand behind the name, which may hold anything. */
static bool read_stat(struct table *t, pid_t pid)
{
    char path[64], text[1024];
    long ticks_user, ticks_system, pages;
    int parent;
    char state;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (t->count == MAX_PROCESSES || read_snapshot(path, text, sizeof text) <= 0)
        return false;
    const char *behind = strrchr(text, ')');
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote these numbers */
    if (behind == NULL || sscanf(behind + 1,
                                 " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %*d %*d %*d "
                                 "%*d %*d %*d %*u %*u %ld",
                                 &state, &parent, &ticks_user, &ticks_system, &pages) != 5)
        return false;
    t->pid[t->count] = pid;
    t->parent[t->count] = parent;
    t->state[t->count] = state;
    t->ticks[t->count] = ticks_user + ticks_system;
    t->pages[t->count] = pages;
    t->count++;
    return true;
}

/* Adds the children that one thread started. False where the kernel does not list them. */
static bool read_children(struct table *t, const char *task)
{
    char path[128], *text, *next;
    struct buffer file = {0};

    (void)snprintf(path, sizeof path, "%s/children", task);
    if (buffer_add_file(&file, path, 1 << 20) == -1)
        return errno != ENOENT || access(task, F_OK) == -1; /* gone meanwhile: no children */
    text = file.data;
    for (long pid = strtol(text, &next, 10); next != text; pid = strtol(text, &next, 10)) {
        (void)read_stat(t, (pid_t)pid); /* false: it ended meanwhile */
        text = next;
    }
    buffer_free(&file);
    return true;
}

static bool read_tasks(struct table *t, pid_t pid)
{
    char path[64];
    const struct dirent *entry;
    bool listed = true;

    (void)snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    while (folder != NULL && listed && (entry = readdir(folder)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0])) {
            char task[96];
            (void)snprintf(task, sizeof task, "%s/%.20s", path, entry->d_name);
            listed = read_children(t, task);
        }
    if (folder != NULL)
        (void)closedir(folder);
    return listed;
}

static bool in_table(const struct table *t, size_t count, pid_t pid)
{
    for (size_t i = 0; i < count; i++)
        if (t->pid[i] == pid)
            return true;
    return false;
}

/* Where the kernel lists no children: every process there is, then those not below us taken out. */
static void read_everything(struct table *t)
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    long pid;
    size_t kept = 0, before;

    t->count = 0;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (number_parse(entry->d_name, 1, INT32_MAX, &pid))
            (void)read_stat(t, (pid_t)pid);
    if (folder != NULL)
        (void)closedir(folder);
    do { /* moves our descendants to the front, generation by generation */
        before = kept;
        for (size_t i = kept; i < t->count; i++) {
            if (!is_beginning(t->parent[i]) && !in_table(t, kept, t->parent[i]))
                continue;
            struct table *u = t;
            pid_t a = u->pid[i], b = u->parent[i];
            char state = u->state[i];
            long ticks = u->ticks[i], pages = u->pages[i];
            u->pid[i] = u->pid[kept], u->parent[i] = u->parent[kept];
            u->state[i] = u->state[kept], u->ticks[i] = u->ticks[kept];
            u->pages[i] = u->pages[kept];
            u->pid[kept] = a, u->parent[kept] = b, u->state[kept] = state;
            u->ticks[kept] = ticks, u->pages[kept] = pages;
            kept++;
        }
    } while (kept > before);
    t->count = kept;
}

static void read_table(struct table *t)
{
    t->count = 0;
    bool listed = begin_count > 0 || read_tasks(t, getpid());
    for (size_t i = 0; listed && i < begin_count; i++)
        listed = read_tasks(t, begin_at[i]);
    for (size_t i = 0; listed && i < t->count; i++) /* grows as it goes: breadth first */
        listed = read_tasks(t, t->pid[i]);
    if (!listed)
        read_everything(t);
}

/* ---- does it sleep for ever? ---- */

enum { NO_TIMEOUT = -1, OWN_TIMEOUT = -2 };

struct call {
    long number;
    const char *name;
    int timeout;  /* index of the argument that holds its time-out; or one of these */
    bool fd;      /* its first argument is a descriptor */
    bool pointer; /* the time-out is a pointer: 0 is none; else an int: negative is none */
};

static const struct call CALLS[] = {
    {SYS_read, "read()", -1, true, false},
    {SYS_readv, "readv()", -1, true, false},
    {SYS_write, "write()", -1, true, false},
    {SYS_writev, "writev()", -1, true, false},
    {SYS_recvfrom, "recv()", -1, true, false},
    {SYS_recvmsg, "recvmsg()", -1, true, false},
    {SYS_sendto, "send()", -1, true, false},
    {SYS_sendmsg, "sendmsg()", -1, true, false},
#ifdef SYS_open
    {SYS_open, "open()", -1, false, false},
#endif
#ifdef SYS_accept
    {SYS_accept, "accept()", -1, true, false},
#endif
    {SYS_accept4, "accept()", -1, true, false},
#ifdef SYS_poll
    {SYS_poll, "poll()", 2, false, false},
    {SYS_select, "select()", 4, false, true},
    {SYS_epoll_wait, "epoll_wait()", 3, false, false},
    {SYS_pause, "pause()", -1, false, false},
#endif
    {SYS_ppoll, "poll()", 2, false, true},
    {SYS_pselect6, "select()", 4, false, true},
    {SYS_epoll_pwait, "epoll_wait()", 3, false, false},
    {SYS_wait4, "wait()", -1, false, false},
    {SYS_waitid, "wait()", -1, false, false},
    {SYS_rt_sigsuspend, "sigsuspend()", -1, false, false},
    {SYS_openat, "open()", -1, false, false}, /* of a FIFO that has no other end */
    {SYS_rt_sigtimedwait, "sigwait()", 2, false, true},
    {SYS_futex, "a lock or join", 3, false, true},
    {SYS_connect, "connect()", OWN_TIMEOUT, true, false}, /* some minutes */
    {SYS_nanosleep, "sleep()", OWN_TIMEOUT, false, false},
    {SYS_clock_nanosleep, "sleep()", OWN_TIMEOUT, false, false},
};

/* Reads what one thread sleeps in, NULL if it is no call that we know; fills arguments, and says
 * whether the call ends by itself some time. */
static const struct call *read_call(const char *task, long *number, unsigned long arguments[4],
                                    bool *timed)
{
    char path[128], text[256];

    (void)snprintf(path, sizeof path, "%s/syscall", task);
    if (read_snapshot(path, text, sizeof text) <= 0)
        return NULL;
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote these numbers; "running" gives no match */
    if (sscanf(text, "%ld %lx %lx %lx %lx", number, &arguments[0], &arguments[1], &arguments[2],
               &arguments[3]) != 5)
        return NULL;
    unsigned long fifth = 0;
    /* NOLINTNEXTLINE(cert-err34-c) */
    (void)sscanf(text, "%*d %*x %*x %*x %*x %lx", &fifth);
    for (size_t i = 0; i < sizeof CALLS / sizeof CALLS[0]; i++) {
        const struct call *call = &CALLS[i];
        if (call->number != *number)
            continue;
        *timed = call->timeout == OWN_TIMEOUT;
        if (call->timeout >= 0) {
            unsigned long timeout = call->timeout == 4 ? fifth : arguments[call->timeout];
            *timed = call->pointer ? timeout != 0 : (int)timeout >= 0;
        }
        return call;
    }
    return NULL;
}

static uint64_t mix(uint64_t print, uint64_t value)
{
    return (print ^ value) * 1099511628211U;
}

/* The context switches of a thread: if they did not change, it did not run in between. */
static uint64_t read_switches(const char *task)
{
    char path[128], text[4096];
    uint64_t print = 7;

    (void)snprintf(path, sizeof path, "%s/status", task);
    if (read_snapshot(path, text, sizeof text) <= 0)
        return 0;
    for (const char *at = text; (at = strstr(at, "ctxt_switches:")) != NULL; at++)
        print = mix(print, strtoul(at + 14, NULL, 10));
    return print;
}

/* number is the system call that it is in. */
static bool thread_sleeps(const char *task, long number)
{
    bool spawns = number == SYS_clone || number == SYS_clone3;
    char path[128], text[512];

    (void)snprintf(path, sizeof path, "%s/stat", task);
    if (read_snapshot(path, text, sizeof text) <= 0)
        return false;
    const char *behind = strrchr(text, ')');
    /* A thread that a signal or a debugger stopped uses no time either. */
#ifdef SYS_vfork
    spawns = spawns || number == SYS_vfork;
#endif
    return behind != NULL && behind[1] == ' ' &&
           (behind[2] == 'S' || behind[2] == 'T' || behind[2] == 't' ||
            (behind[2] == 'D' && spawns)); /* the parent of a vfork(); others wait for a disk */
}

static void look_at_thread(const char *task, struct standing *standing)
{
    long number = -1;
    unsigned long arguments[4] = {0};
    bool timed = false;
    const struct call *call = read_call(task, &number, arguments, &timed);

    standing->sleeping = standing->sleeping && thread_sleeps(task, number);
    standing->asleep = standing->asleep && call != NULL && !timed && standing->sleeping;
    standing->print = mix(standing->print, (uint64_t)number);
    standing->print = mix(standing->print, arguments[0]);
    standing->print = mix(standing->print, read_switches(task));
    /* What has no end tells more than what has one, a lock or join the least, and open() the most:
     * nobody waits in it on purpose. */
    if (call != NULL && (standing->call[0] == '\0' || (standing->timed && !timed) ||
                         (standing->timed == timed && strstr(standing->call, "lock") != NULL) ||
                         strcmp(call->name, "open()") == 0)) {
        (void)snprintf(standing->call, sizeof standing->call, "%s", call->name);
        standing->fd = call->fd ? (int)arguments[0] : -1;
        standing->timed = timed;
    }
}

static void look_at_threads(pid_t pid, struct standing *standing)
{
    char path[64];
    const struct dirent *entry;

    (void)snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return;
    while ((entry = readdir(folder)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0])) {
            char task[96];
            (void)snprintf(task, sizeof task, "/proc/%d/task/%.20s", pid, entry->d_name);
            look_at_thread(task, standing);
        }
    (void)closedir(folder);
}

void procs_look(struct standing *standing)
{
    static struct table table;
    uint64_t tick_ns = 1000000000U / (uint64_t)sysconf(_SC_CLK_TCK);
    long page_kib = sysconf(_SC_PAGESIZE) / 1024;

    *standing = (struct standing){.asleep = true, .sleeping = true, .print = 1, .fd = -1};
    read_table(&table);
    for (size_t i = 0; i < table.count; i++) {
        standing->cpu_ns += (uint64_t)table.ticks[i] * tick_ns;
        if (table.state[i] == 'Z') {
            standing->zombies += !is_beginning(table.parent[i]);
            continue;
        }
        standing->processes++;
        if (standing->memory_kib < table.pages[i] * page_kib)
            standing->memory_kib = table.pages[i] * page_kib;
        standing->print = mix(standing->print, (uint64_t)table.pid[i]);
        if (standing->processes <= 64) /* a crowd of processes is told by its number */
            look_at_threads(table.pid[i], standing);
    }
}

bool procs_is_over(pid_t pid)
{
    static struct table one;

    one.count = 0;
    return !read_stat(&one, pid) || one.state[0] == 'Z' || one.state[0] == 'X';
}

int procs_descriptors(pid_t pid)
{
    char path[64];
    int count = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return -1;
    for (const struct dirent *e = readdir(folder); e != NULL; e = readdir(folder))
        count += e->d_name[0] != '.';
    (void)closedir(folder);
    return count;
}

int procs_free_descriptor(pid_t pid)
{
    char path[64], target[8];
    int number = -1;

    do {
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, ++number);
    } while (readlink(path, target, sizeof target) != -1);
    return number;
}

/* Whether the program's table of names holds one of these: each as it stands there, NULs included.
 */
static bool holds_name(const char *program, const char *const *names, size_t count)
{
    struct buffer file = {0};
    bool found = false;

    if (buffer_add_file(&file, program, 64 << 20) == -1)
        return true; /* not known: then the worse is taken for true */
    for (size_t i = 0; i < count && !found; i++)
        found = memmem(file.data, file.length, names[i], 2 + strlen(names[i] + 1)) != NULL;
    buffer_free(&file);
    return found;
}

bool procs_uses_timers(const char *program)
{
    static const char *const names[] = {"\0alarm", "\0ualarm", "\0setitimer", "\0timer_settime",
                                        "\0timerfd_settime"};

    return holds_name(program, names, sizeof names / sizeof names[0]);
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Names by which a program gives orders to what looks at its memory, or gets past it. */
static bool is_order(const char *name, bool defined)
{
    static const char *const orders[] = {"quick_exit", "__asan_unpoison_memory_region",
                                         "__asan_set_error_report_callback",
                                         "__asan_set_death_callback"};
    static const char copied[] = "__asan_option_detect_stack_use_after_return"; /* by the linker */

    if (is_among(name, orders, sizeof orders / sizeof orders[0]) ||
        strncmp(name, "__lsan_", 7) == 0 || strncmp(name, "__sanitizer_", 12) == 0)
        return true;
    return defined && strcmp(name, copied) != 0 &&
           (strncmp(name, "__asan_", 7) == 0 || strncmp(name, "__ubsan_", 8) == 0);
}

/* Calls by which it gets past the wire: to the C library behind it, or to another program. */
static bool is_way_past(const char *name, bool defined)
{
    static const char *const ways[] = {
        "dlmopen",           "dlopen",  "dlsym", "dlvsym", "popen", "process_vm_readv",
        "process_vm_writev", "syscall", "system"};

    return !defined && is_among(name, ways, sizeof ways / sizeof ways[0]);
}

/* The text of one of the program's parts, or NULL if it does not lie within the file. */
static const char *part_text(const struct buffer *file, const ElfW(Shdr) * part)
{
    if (part->sh_offset > file->length || part->sh_size > file->length - part->sh_offset)
        return NULL;
    return file->data + part->sh_offset;
}

/* Counts the names of one table that are looked for; the first goes to name. */
static size_t count_names(const struct buffer *file, const ElfW(Shdr) * table,
                          const ElfW(Shdr) * names, bool (*is_wanted)(const char *, bool),
                          char name[64])
{
    const char *entries = part_text(file, table), *text = part_text(file, names);
    size_t count = 0;
    ElfW(Sym) symbol;

    if (entries == NULL || text == NULL || names->sh_size == 0 || text[names->sh_size - 1] != '\0')
        return 0;
    for (size_t i = 0; i + sizeof symbol <= table->sh_size; i += sizeof symbol) {
        memcpy(&symbol, entries + i, sizeof symbol);
        if (symbol.st_name >= names->sh_size ||
            !is_wanted(text + symbol.st_name, symbol.st_shndx != SHN_UNDEF))
            continue;
        if (count++ == 0)
            (void)snprintf(name, 64, "%s", text + symbol.st_name);
    }
    return count;
}

/* The same for all tables of a program. */
static size_t count_wanted(const char *program, bool (*is_wanted)(const char *, bool),
                           char name[64])
{
    struct buffer file = {0};
    ElfW(Ehdr) head = {.e_shnum = 0};
    ElfW(Shdr) part, names;
    size_t count = 0;

    if (buffer_add_file(&file, program, 64 << 20) == 0 && file.length >= sizeof head)
        memcpy(&head, file.data, sizeof head);
    for (size_t i = 0; i < head.e_shnum; i++) {
        size_t at = head.e_shoff + i * sizeof part;
        if (at > file.length || file.length - at < sizeof part)
            break;
        memcpy(&part, file.data + at, sizeof part);
        if ((part.sh_type != SHT_SYMTAB && part.sh_type != SHT_DYNSYM) ||
            part.sh_link >= head.e_shnum)
            continue;
        at = head.e_shoff + part.sh_link * sizeof names;
        if (at > file.length || file.length - at < sizeof names)
            break;
        memcpy(&names, file.data + at, sizeof names);
        count += count_names(&file, &part, &names, is_wanted, name);
    }
    buffer_free(&file);
    return count;
}

bool procs_hides_leaks(const char *program, char name[64])
{
    enum { RUNTIME = 100 }; /* so many are a sanitizer that was linked in, as clang does */
    size_t count = count_wanted(program, is_order, name);

    return count > 0 && count < RUNTIME;
}

bool procs_gets_past(const char *program, char name[64])
{
    return count_wanted(program, is_way_past, name) > 0;
}

bool procs_each(bool (*look)(pid_t pid, void *what), void *what)
{
    static struct table table;

    read_table(&table);
    for (size_t i = 0; i < table.count; i++)
        if (table.state[i] != 'Z' && look(table.pid[i], what))
            return true;
    return false;
}

void procs_kill_all(void)
{
    static struct table table;

    for (;;) {
        read_table(&table);
        for (size_t i = 0; i < table.count; i++)
            if (table.state[i] != 'Z')
                (void)kill(table.pid[i], SIGKILL);
        for (size_t i = 0; i < begin_count; i++)
            (void)kill(begin_at[i], SIGKILL); /* and with it all that is in its box */
        /* One is awaited, or none is left. Of a crowd, all that have ended go in one round; orphans
         * come to us, and the next round finds them. */
        if (waitpid(-1, NULL, 0) == -1 && errno == ECHILD)
            return;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
    }
}
