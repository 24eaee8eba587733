/*
 * Inside libwire.so: what its files share.
 *
 * The program calls recv(); the dynamic linker brings it here; here the call is written to the log,
 * perhaps disturbed, and handed to the recv() behind: the sanitizer's or the C library's. What runs
 * on that way must be safe in a signal handler, in a thread, and between vfork() and exec: no
 * malloc(), no stdio, no lock that a handler could find taken, and errno as the real call left it.
 */
#ifndef WIRE_PRELOAD_H
#define WIRE_PRELOAD_H

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include "wire/fault.h"
#include "wire/log.h"

#define WIRE_EXPORT __attribute__((visibility("default")))
#define WIRE_CALLER() __builtin_return_address(0)

/* Another name that the C library has for a function, "__send": ours answers to it too. */
#define WIRE_ALSO(name, other) __asm__(".globl " #other "\n.set " #other ", " #name "\n")

/* The functions behind ours: X(type, name, (parameters)). */
#define WIRE_REAL(X)                                                                               \
    X(int, socket, (int, int, int))                                                                \
    X(int, socketpair, (int, int, int, int[2]))                                                    \
    X(int, connect, (int, const struct sockaddr *, socklen_t))                                     \
    X(int, bind, (int, const struct sockaddr *, socklen_t))                                        \
    X(int, listen, (int, int))                                                                     \
    X(int, accept, (int, struct sockaddr *, socklen_t *))                                          \
    X(int, accept4, (int, struct sockaddr *, socklen_t *, int))                                    \
    X(ssize_t, send, (int, const void *, size_t, int))                                             \
    X(ssize_t, sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t))       \
    X(ssize_t, sendmsg, (int, const struct msghdr *, int))                                         \
    X(int, sendmmsg, (int, struct mmsghdr *, unsigned, int))                                       \
    X(ssize_t, recv, (int, void *, size_t, int))                                                   \
    X(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *))               \
    X(ssize_t, recvmsg, (int, struct msghdr *, int))                                               \
    X(int, recvmmsg, (int, struct mmsghdr *, unsigned, int, struct timespec *))                    \
    X(ssize_t, read, (int, void *, size_t))                                                        \
    X(ssize_t, readv, (int, const struct iovec *, int))                                            \
    X(ssize_t, write, (int, const void *, size_t))                                                 \
    X(ssize_t, writev, (int, const struct iovec *, int))                                           \
    X(ssize_t, sendfile, (int, int, off_t *, size_t))                                              \
    X(int, shutdown, (int, int))                                                                   \
    X(int, close, (int))                                                                           \
    X(int, close_range, (unsigned, unsigned, int))                                                 \
    X(int, dup, (int))                                                                             \
    X(int, dup2, (int, int))                                                                       \
    X(int, dup3, (int, int, int))                                                                  \
    X(int, fcntl, (int, int, ...))                                                                 \
    X(int, setsockopt, (int, int, int, const void *, socklen_t))                                   \
    X(int, getsockopt, (int, int, int, void *, socklen_t *))                                       \
    X(int, select, (int, fd_set *, fd_set *, fd_set *, struct timeval *))                          \
    X(int, pselect,                                                                                \
      (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))              \
    X(int, poll, (struct pollfd *, nfds_t, int))                                                   \
    X(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))            \
    X(int, epoll_ctl, (int, int, int, struct epoll_event *))                                       \
    X(int, epoll_wait, (int, struct epoll_event *, int, int))                                      \
    X(int, epoll_pwait, (int, struct epoll_event *, int, int, const sigset_t *))                   \
    X(int, epoll_pwait2,                                                                           \
      (int, struct epoll_event *, int, const struct timespec *, const sigset_t *))                 \
    X(int, execve, (const char *, char *const[], char *const[]))                                   \
    X(int, execvpe, (const char *, char *const[], char *const[]))                                  \
    X(int, fexecve, (int, char *const[], char *const[]))                                           \
    X(int, execveat, (int, const char *, char *const[], char *const[], int))                       \
    X(int, posix_spawn,                                                                            \
      (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,       \
       char *const[], char *const[]))                                                              \
    X(int, posix_spawnp,                                                                           \
      (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,       \
       char *const[], char *const[]))                                                              \
    X(void, quick_exit, (int))                                                                     \
    X(void, _exit, (int))                                                                          \
    X(pid_t, fork, (void))                                                                         \
    X(pid_t, vfork, (void))                                                                        \
    X(int, pthread_create, (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))       \
    X(int, pthread_mutex_unlock, (pthread_mutex_t *))                                              \
    X(int, pthread_rwlock_unlock, (pthread_rwlock_t *))                                            \
    X(int, pthread_spin_unlock, (pthread_spinlock_t *))                                            \
    X(int, sem_post, (sem_t *))                                                                    \
    X(FILE *, fdopen, (int, const char *))                                                         \
    X(FILE *, fopencookie, (void *, const char *, cookie_io_functions_t))                          \
    X(int, vdprintf, (int, const char *, va_list))                                                 \
    X(int, getaddrinfo, (const char *, const char *, const struct addrinfo *, struct addrinfo **)) \
    X(int, getnameinfo,                                                                            \
      (const struct sockaddr *, socklen_t, char *, socklen_t, char *, socklen_t, int))             \
    X(ssize_t, __recv_chk, (int, void *, size_t, size_t, int))                                     \
    X(ssize_t, __recvfrom_chk, (int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *)) \
    X(ssize_t, __read_chk, (int, void *, size_t, size_t))                                          \
    X(int, __poll_chk, (struct pollfd *, nfds_t, int, size_t))                                     \
    X(int, __ppoll_chk,                                                                            \
      (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, size_t))                \
    X(long, syscall, (long, ...))

#define WIRE_POINTER(type, name, parameters) \
    type(*name) parameters; /* NOLINT(bugprone-macro-parentheses): a declaration */
extern struct wire_real {
    WIRE_REAL(WIRE_POINTER)
} real;

enum { WIRE_OPTIONS_MOST = 32 };

/* A socket that the program has used: what faults and the log remember of it. */
struct wire_socket {
    _Atomic uint64_t inode;    /* 0: this place is free */
    _Atomic uint32_t number;   /* 1 + its number among its kind, given at first need; 0: none yet */
    _Atomic uint32_t calls[3]; /* FAULT_IN, _OUT, _ACCEPT: see struct fault_call */
    _Atomic uint32_t attempts[3];
    _Atomic uint64_t in, out;  /* bytes moved */
    _Atomic uint8_t closed;    /* its place may be given away */
    _Atomic uint8_t ended;     /* by half-close: reads give 0 */
    _Atomic uint8_t broken;    /* by reset */
    _Atomic uint8_t addressed; /* local and peer are known and stay so */
    _Atomic uint8_t told;      /* its options were */
    uint8_t family, type;
    union wire_address local, peer;
};

/* One call on its way through. */
struct passage {
    struct wire_event event;
    struct wire_socket *socket; /* NULL: no socket */
    uint32_t entry;
    int saved; /* errno as the program left it */
};

extern struct wire_state {
    struct wire_log_header *header; /* NULL: not watching */
    uint32_t capacity;
    struct fault_plan plan;
    const char *hosts; /* path of the hosts table, or NULL */
    struct wire_option {
        uint16_t level, number;
    } options[WIRE_OPTIONS_MOST]; /* to be told, up to one of number 0 */
    _Atomic int pid; /* of the process that owns this memory: another one is in vfork() */
} wire;

/* True if the program is watched. Every function of ours asks first; finds the real ones. */
bool wire_on(void);

/* False in the child of vfork(): what it changes in memory, its parent would find changed. */
bool wire_owns_memory(void);

/*
 * start.c: notes in the log that the program was loaded, and that its first process is about to
 * end; at is -1, or where execveat() begins. wire_tell_exec() also sees to it that nobody executes
 * the program again unseen. All of them keep errno.
 */
void wire_tell_loaded(void);
void wire_tell_ending(void);
void wire_tell_quit(void);
void wire_tell_exec(int at, const char *path);

/* options.c: which options are to be told, "6.1,1.9"; and tells them of a TCP socket, once. Keeps
 * errno. */
void wire_options_read(const char *list);
void wire_options_tell(const struct passage *passage, int fd);

/* state.c: sockets by inode. Never fails; the oldest give way. */
struct wire_socket *wire_socket_find(uint64_t inode, int fd);
uint32_t wire_socket_number(struct wire_socket *socket, enum fault_way way);
bool wire_is_socket(int fd, uint64_t *inode);

/* A lock with all signals blocked, for the few tables that need one. */
struct wire_lock {
    sigset_t before;
};
void wire_lock(struct wire_lock *lock);
void wire_unlock(const struct wire_lock *lock);

/*
 * call.c: begin fills in what is known of fd, enter writes the first event, leave the second.
 * Between begin and enter the caller fills asked and flags. leave sets errno to error and returns
 * result.
 */
void wire_begin(struct passage *passage, enum wire_call call, const char *name, int fd,
                const void *caller);
void wire_enter(struct passage *passage);
long wire_leave(struct passage *passage, long result, int error);
void wire_set_address(union wire_address *to, const struct sockaddr *from, socklen_t length);
void wire_learn_addresses(struct passage *passage, int fd);

/* Whether that lies in the main program, and not in a library that it has called. */
bool wire_in_program(const void *caller);

/* threads.c: under the fault yield the thread sleeps for a moment, if caller is NULL or in the main
 * program. Keeps errno. */
void wire_yield(const void *caller);

/* The name of the stdio function that the program called, "fgets"; keeps the name if none is found.
 */
void wire_name_stdio(struct wire_event *event);

/*
 * disturb.c: fault.c's verdict on a call, after the delay it asks for (limit 0: the stream has
 * ended); and then what became of the call. cut and interrupt say what this call may suffer.
 */
struct fault_verdict wire_disturb(struct passage *passage, enum fault_way way, bool cut,
                                  bool interrupt);
void wire_disturbed(struct passage *passage, enum fault_way way,
                    const struct fault_verdict *verdict, long *result, int *error);
bool wire_interrupt_wait(struct passage *passage); /* true: fail with EINTR */

/* epoll.c: arms fd again wherever it is registered edge-triggered; forgets a closed fd. */
bool wire_epoll_can_arm(int fd);
bool wire_epoll_tells_end(int fd);
void wire_epoll_arm(int fd);
void wire_epoll_forget(int fd);

/* datagram.c: sends through udp-drop, -duplicate and -reorder; sends what reorder holds back. */
ssize_t wire_datagram_send(struct passage *passage, int fd, const struct msghdr *message,
                           int flags);
void wire_datagrams_flush(void);

/* transfer.c: one send or receive of whatever form. */
struct wire_sendfile {
    int file;
    off_t *offset;
    size_t count;
};
struct transfer {
    enum fault_way way;
    const char *name;
    const void *caller;
    int fd, flags;
    const struct iovec *iov;
    size_t iovs;
    const struct sockaddr *to; /* sending: where to, or NULL */
    socklen_t to_length;
    struct sockaddr *from; /* receiving: room for the sender, or NULL */
    socklen_t *from_length;
    struct msghdr *message;               /* of sendmsg and recvmsg, else NULL */
    const struct wire_sendfile *sendfile; /* of sendfile, else NULL */
    bool stdio;                           /* called from inside stdio, which knows no EINTR */
    /* The real call, moving at most limit bytes. */
    ssize_t (*run)(const struct transfer *transfer, size_t limit);
};
ssize_t wire_transfer(const struct transfer *transfer);

/* A vector of at most limit bytes of the transfer's; returns how many entries it has. */
enum { WIRE_SHORT_VECTOR = 16 };
int wire_shorten(const struct transfer *transfer, size_t limit, struct iovec *vector);
size_t wire_count_bytes(const struct iovec *iov, size_t iovs);
void wire_keep_head(struct wire_event *event, const struct iovec *iov, size_t iovs, size_t moved);

/*
 * The calls themselves, for whatever leads to them: the function of that name, its _chk form,
 * syscall(), stdio. name is what the log shows, caller the return address.
 */
#define WIRE_WHO const char *name, const void *caller
ssize_t wire_receive(WIRE_WHO, int fd, void *data, size_t size, int flags, struct sockaddr *from,
                     socklen_t *from_length);
ssize_t wire_receive_message(WIRE_WHO, int fd, struct msghdr *message, int flags);
int wire_receive_messages(WIRE_WHO, int fd, struct mmsghdr *messages, unsigned count, int flags,
                          struct timespec *timeout);
ssize_t wire_read(WIRE_WHO, int fd, void *data, size_t size);
ssize_t wire_read_stdio(WIRE_WHO, int fd, void *data, size_t size);
ssize_t wire_readv(WIRE_WHO, int fd, const struct iovec *iov, int iovs);
ssize_t wire_send_to(WIRE_WHO, int fd, const void *data, size_t size, int flags,
                     const struct sockaddr *to, socklen_t length);
ssize_t wire_send_message(WIRE_WHO, int fd, const struct msghdr *message, int flags);
int wire_send_messages(WIRE_WHO, int fd, struct mmsghdr *messages, unsigned count, int flags);
ssize_t wire_write(WIRE_WHO, int fd, const void *data, size_t size);
ssize_t wire_write_stdio(WIRE_WHO, int fd, const void *data, size_t size);
ssize_t wire_writev(WIRE_WHO, int fd, const struct iovec *iov, int iovs);
ssize_t wire_send_file(WIRE_WHO, int fd, int file, off_t *offset, size_t count);
int wire_socket(WIRE_WHO, int family, int type, int protocol);
int wire_socketpair(WIRE_WHO, int family, int type, int protocol, int fds[2]);
int wire_connect(WIRE_WHO, int fd, const struct sockaddr *to, socklen_t length);
int wire_bind(WIRE_WHO, int fd, const struct sockaddr *to, socklen_t length);
int wire_listen(WIRE_WHO, int fd, int backlog);
int wire_accept(WIRE_WHO, int fd, struct sockaddr *from, socklen_t *length, int flags);
int wire_shutdown(WIRE_WHO, int fd, int how);
int wire_setsockopt(WIRE_WHO, int fd, int level, int option, const void *value, socklen_t size);
int wire_getsockopt(WIRE_WHO, int fd, int level, int option, void *value, socklen_t *size);
int wire_close(WIRE_WHO, int fd);
int wire_close_range(WIRE_WHO, unsigned first, unsigned last, int flags);
int wire_dup(WIRE_WHO, int fd);
int wire_dup3(WIRE_WHO, int fd, int to, int flags);
int wire_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);

/* wait.c: the events of a call that waits, around the real one. */
struct wait_call {
    enum wire_call call;
    const char *name;
    const void *caller;
    int epoll; /* its descriptor, or -1 */
    struct pollfd *polled;
    nfds_t count;
    int highest; /* select: its first argument */
    fd_set *sets[3];
    int timeout_ms;
    long (*run)(const struct wait_call *wait);
    const void *arguments;
};
long wire_wait(const struct wait_call *wait);
int wire_poll(WIRE_WHO, struct pollfd *fds, nfds_t count, int timeout_ms);
int wire_ppoll(WIRE_WHO, struct pollfd *fds, nfds_t count, const struct timespec *timeout,
               const sigset_t *mask);
int wire_select(WIRE_WHO, int highest, fd_set *in, fd_set *out, fd_set *bad,
                struct timeval *timeout);
int wire_epoll_wait(WIRE_WHO, int epoll, struct epoll_event *events, int count, int timeout_ms,
                    const sigset_t *mask);
int wire_milliseconds(const struct timespec *timeout); /* rounded up; -1 for NULL */

#endif
