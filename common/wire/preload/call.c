/* The two events of a call: what is written of it before and after. */
#include "wire/preload/preload.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unwind.h>

#include "core/clock.h"

/* ---- where the program called -----------------------------------------------------------------
 */

static struct {
    uintptr_t base, start, end; /* load base and code of the main program */
    bool framed;                /* it is compiled with frame pointers, as the harness has it */
} program;

/* The code of a library whose calls are its own: it reads until nothing is there, tries again what
 * was interrupted, and tells the program of none of that. */
static struct {
    uintptr_t start, end;
} library;

static void find_code(const struct dl_phdr_info *info, uintptr_t *start, uintptr_t *end)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            *start = info->dlpi_addr + part->p_vaddr;
            *end = *start + part->p_memsz;
        }
    }
}

static int on_object(struct dl_phdr_info *info, size_t size, void *data)
{
    size_t *count = data;
    const char *slash = info->dlpi_name == NULL ? NULL : strrchr(info->dlpi_name, '/');

    (void)size;
    if ((*count)++ == 0) { /* the first object is the main program */
        program.base = info->dlpi_addr;
        find_code(info, &program.start, &program.end);
    } else if (slash != NULL && strncmp(slash, "/libcurl", 8) == 0) {
        find_code(info, &library.start, &library.end);
    }
    return 0;
}

/* The program that was meant may have become another one, by exec: its code has no places. */
static bool is_program(const char *path)
{
    struct stat meant, ours;

    return path == NULL || stat(path, &meant) == -1 || stat("/proc/self/exe", &ours) == -1 ||
           (meant.st_dev == ours.st_dev && meant.st_ino == ours.st_ino);
}

/* Before anything can be called from a signal handler: dl_iterate_phdr() takes a lock. */
__attribute__((constructor)) static void find_program(void)
{
    const char *path = getenv(WIRE_PROGRAM_VARIABLE);
    size_t objects = 0;

    (void)dl_iterate_phdr(on_object, &objects); /* returns what on_object() does */
    if (!is_program(path))
        program.start = program.end = 0;
    program.framed = path != NULL;
}

static bool in_program(uintptr_t address)
{
    return address >= program.start && address < program.end;
}

static bool in_library(uintptr_t address)
{
    return address >= library.start && address < library.end;
}

bool wire_in_program(const void *caller)
{
    return in_program((uintptr_t)caller);
}

struct walk {
    uintptr_t below[2]; /* the two frames further in: what the program called, what that called */
    uintptr_t found[WIRE_CALLERS]; /* the first ones in the main program */
    size_t count, most;
    int frames;
};

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *data)
{
    enum { DEEPEST = 48 }; /* libraries call through many layers, but not without end */
    struct walk *walk = data;
    uintptr_t address = _Unwind_GetIP(context);

    if (in_program(address)) {
        walk->found[walk->count++] = address;
        return walk->count < walk->most ? _URC_NO_REASON : _URC_END_OF_STACK;
    }
    if (walk->count > 0)
        return _URC_END_OF_STACK;
    walk->below[1] = walk->below[0];
    walk->below[0] = address;
    return ++walk->frames < DEEPEST ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* What a function with a frame pointer leaves on the stack. */
struct frame {
    const struct frame *outer;
    uintptr_t back; /* where it returns to */
};

/* The frame around this one; NULL where a function without frame pointer left something else. */
static const struct frame *outer_frame(const struct frame *frame)
{
    enum { LARGEST = 16 << 20 };
    uintptr_t from = (uintptr_t)frame, to = (uintptr_t)frame->outer;

    return to > from && to - from < LARGEST && to % sizeof(uintptr_t) == 0 ? frame->outer : NULL;
}

/*
 * The frames of the program that led to caller, from which one of our functions was called. Ours
 * have frame pointers, and so have the program and the modules that it is linked with.
 */
static void walk_frames(struct walk *walk, uintptr_t caller)
{
    const struct frame *frame = __builtin_frame_address(0);

    for (int ours = 0; ours < 8 && frame != NULL && frame->back != caller; ours++)
        frame = outer_frame(frame);
    if (frame == NULL || frame->back != caller)
        return;
    while (walk->count < walk->most && (frame = outer_frame(frame)) != NULL &&
           in_program(frame->back))
        walk->found[walk->count++] = frame->back;
}

/*
 * The call's place in the main program's file, and what led there. A library of the system's may
 * stand between the program and us: then its frames are unwound, which since glibc 2.35 takes no
 * lock and no memory.
 */
static void find_callers(struct wire_event *event, uintptr_t caller)
{
    struct walk walk = {.most = WIRE_CALLERS};

    if (program.end == 0)
        return;
    if (!in_program(caller)) {
        (void)_Unwind_Backtrace(on_frame, &walk); /* found or not is all that counts */
    } else {
        walk.found[walk.count++] = caller;
        if (program.framed)
            walk_frames(&walk, caller);
    }
    for (size_t i = 0; i < walk.count; i++)
        event->callers[i] = (uint32_t)(walk.found[i] - 1 - program.base);
}

static const char *function_at(uintptr_t return_address)
{
    Dl_info info;

    return dladdr((void *)(return_address - 1), &info) != 0 ? info.dli_sname : NULL;
}

void wire_name_stdio(struct wire_event *event)
{
    struct walk walk = {.most = 1};

    (void)_Unwind_Backtrace(on_frame, &walk); /* found or not is all that counts */
    const char *name = walk.count > 0 ? function_at(walk.below[0]) : NULL;
    if (name == NULL && walk.count > 0) /* a sanitizer's interceptor may hide its name */
        name = function_at(walk.below[1]);
    if (name == NULL)
        return;
    /* "fgets", "_IO_fgets", "__fprintf_chk", "__interceptor_fread" */
    name += strspn(name, "_");
    if (strncmp(name, "interceptor_", 12) == 0 || strncmp(name, "IO_", 3) == 0)
        name = strchr(name, '_') + 1;
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, "_chk") == 0)
        length -= 4;
    if (length >= WIRE_NAME)
        length = WIRE_NAME - 1;
    memset(event->name, 0, sizeof event->name);
    memcpy(event->name, name, length);
}

/* ---- what is known of the socket --------------------------------------------------------------
 */

void wire_set_address(union wire_address *to, const struct sockaddr *from, socklen_t length)
{
    memset(to, 0, sizeof *to);
    if (from != NULL && length >= sizeof(sa_family_t))
        memcpy(to, from, length < sizeof *to ? length : sizeof *to);
}

static bool ask_address(int (*ask)(int, struct sockaddr *, socklen_t *), int fd,
                        union wire_address *to)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;

    if (ask(fd, (struct sockaddr *)&address, &length) == -1)
        return false;
    wire_set_address(to, (struct sockaddr *)&address, length);
    return true;
}

/* A connected stream keeps its addresses, so they are asked for once. */
void wire_learn_addresses(struct passage *passage, int fd)
{
    struct wire_socket *socket = passage->socket;

    if (socket != NULL && atomic_load_explicit(&socket->addressed, memory_order_acquire) != 0) {
        passage->event.local = socket->local;
        passage->event.peer = socket->peer;
        return;
    }
    bool local = ask_address(getsockname, fd, &passage->event.local);
    bool peer = ask_address(getpeername, fd, &passage->event.peer);
    if (local && peer && socket != NULL && socket->type == SOCK_STREAM && wire_owns_memory()) {
        socket->local = passage->event.local;
        socket->peer = passage->event.peer;
        atomic_store_explicit(&socket->addressed, 1, memory_order_release);
    }
}

void wire_begin(struct passage *passage, enum wire_call call, const char *name, int fd,
                const void *caller)
{
    struct wire_event *event = &passage->event;

    passage->saved = errno;
    passage->socket = NULL;
    memset(event, 0, sizeof *event);
    event->pid = (uint32_t)getpid();
    event->tid = (uint32_t)gettid();
    event->call = (uint8_t)call;
    event->library = in_library((uintptr_t)caller);
    event->fd = fd;
    event->timeout_ms = -1;
    find_callers(event, (uintptr_t)caller);
    strncpy(event->name, name, sizeof event->name - 1);
    if (fd < 0 || !wire_is_socket(fd, &event->socket))
        return;
    passage->socket = wire_socket_find(event->socket, fd);
    if (passage->socket != NULL) {
        event->family = passage->socket->family;
        event->type = passage->socket->type;
    }
    event->nonblocking = (real.fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
    wire_learn_addresses(passage, fd);
}

void wire_enter(struct passage *passage)
{
    passage->event.phase = WIRE_ENTER;
    passage->event.time_ns = now_ns();
    passage->entry = wire_log_add(wire.header, wire.capacity, &passage->event);
    wire_log_obey(wire.header, passage->event.call);
    errno = passage->saved;
}

long wire_leave(struct passage *passage, long result, int error)
{
    passage->event.phase = WIRE_EXIT;
    passage->event.entry = passage->entry;
    passage->event.result = result;
    passage->event.error = result < 0 ? error : 0;
    passage->event.time_ns = now_ns();
    (void)wire_log_add(wire.header, wire.capacity, &passage->event); /* a full log loses the rest */
    errno = error;
    return result;
}
