/*
 * The wire's log: what a watched program did with its sockets, call by call.
 *
 * libwire.so, loaded into the program, appends one event when a call is entered and one when it
 * returns; the harness and build/wire read along. The log is a file mapped by both sides, so it
 * survives "close every descriptor", fork() and the program's death. The reader creates it and
 * gives it its size; a program can scribble over it, so no verdict rests on it alone.
 */
#ifndef WIRE_LOG_H
#define WIRE_LOG_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include "core/error.h"

/* The environment that libwire.so reads when it is loaded. Faults and seed that stand in the log
 * count more: a program can change its environment and start itself again. */
#define WIRE_LOG_VARIABLE "WIRE_LOG"         /* path of the log, made by wire_log_create() */
#define WIRE_FAULTS_VARIABLE "WIRE_FAULTS"   /* names separated by commas, "short-read,eintr" */
#define WIRE_SEED_VARIABLE "WIRE_SEED"       /* decimal; the same seed disturbs the same calls */
#define WIRE_HOSTS_VARIABLE "WIRE_HOSTS"     /* path of a hosts table that replaces the system's */
#define WIRE_PROGRAM_VARIABLE "WIRE_PROGRAM" /* path: calls are placed in this program alone */
#define WIRE_OPTIONS_VARIABLE "WIRE_OPTIONS" /* "6.1,1.9": level.number of options to be told */

enum wire_call {
    WIRE_NONE,
    WIRE_SOCKET,
    WIRE_SOCKETPAIR,
    WIRE_CONNECT,
    WIRE_BIND,
    WIRE_LISTEN,
    WIRE_ACCEPT,
    WIRE_SEND, /* send, write, writev, sendto, sendmsg, sendmmsg: anything that sends */
    WIRE_RECV, /* recv, read, readv, recvfrom, recvmsg, recvmmsg: anything that receives */
    WIRE_SENDFILE,
    WIRE_SHUTDOWN,
    WIRE_CLOSE,
    WIRE_DUP,
    WIRE_SETSOCKOPT,
    WIRE_SELECT,     /* select, pselect */
    WIRE_POLL,       /* poll, ppoll */
    WIRE_EPOLL,      /* epoll_wait, epoll_pwait */
    WIRE_QUIT,       /* _exit, _Exit, quick_exit: entered and never left; asked is the status */
    WIRE_FORK,       /* fork, vfork; a fork() has an exit in each of the two processes;
                        pthread_create only where a fault makes it fail */
    WIRE_GETSOCKOPT, /* getsockopt(SO_ERROR) alone: how a connect in progress ended */
    WIRE_OPTION,     /* no call: what an option is when the first byte moves, or at listen() */
    WIRE_COMPARE,    /* memcmp, strcmp and their kin, of a secret: an exit alone */
    WIRE_CALLS       /* how many there are */
};

enum wire_phase {
    WIRE_ENTER, /* the program called; result, error and head are not known yet */
    WIRE_EXIT   /* the call returned; entry names the event that began it */
};

enum wire_fault {
    WIRE_SHORT_READ = 1 << 0,
    WIRE_SHORT_WRITE = 1 << 1,
    WIRE_EINTR = 1 << 2,
    WIRE_EAGAIN = 1 << 3,
    WIRE_DELAY = 1 << 4,
    WIRE_RESET = 1 << 5,
    WIRE_HALF_CLOSE = 1 << 6,
    WIRE_ACCEPT_EMFILE = 1 << 7,
    WIRE_UDP_DROP = 1 << 8,
    WIRE_UDP_DUPLICATE = 1 << 9,
    WIRE_UDP_REORDER = 1 << 10,
    WIRE_START_EAGAIN = 1 << 11,
    WIRE_ACCEPT_ABORTED = 1 << 12,
    WIRE_OPTION_REFUSED = 1 << 13,
    WIRE_YIELD = 1 << 14
};

/* Room for the addresses the workbook uses; a longer Unix path is cut. */
union wire_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct {
        sa_family_t family;
        char path[46];
    } local;
};

enum { WIRE_HEAD = 32, WIRE_NAME = 16, WIRE_CALLERS = 8 };

/*
 * What some calls put into the general fields:
 * - poll, select: fd is the descriptor if there is just one, else -1; head holds the first eight
 *   descriptors as int32_t: those waited for (entry), those ready (exit). epoll: fd is the epoll's.
 * - setsockopt: flags is level << 16 | option, asked its value if it is an int, head its bytes.
 *   getsockopt: the same, asked the SO_ERROR that was read. option: the same, an exit alone.
 * - sendmmsg, recvmmsg: one entry and exit for each message; asked and result are its bytes.
 * - dup: result is the new descriptor. A dup2() onto a socket logs that socket's close first.
 * - close: unread and, of a stream socket, head are what had come and nobody read (entry and exit).
 */
struct wire_event {
    _Atomic uint32_t ready; /* 1 once every other field is written; read it first */
    uint32_t entry;         /* WIRE_EXIT: index of its WIRE_ENTER event */
    uint32_t pid, tid;
    uint8_t call;           /* enum wire_call */
    uint8_t library;        /* 1: made by a library that answers for its calls itself, libcurl */
    uint8_t phase;          /* enum wire_phase */
    uint8_t family;         /* AF_INET … of the socket; 0 if fd is no socket */
    uint8_t type;           /* SOCK_STREAM … */
    uint8_t nonblocking;    /* 1 if the socket had O_NONBLOCK set */
    uint16_t faults;        /* enum wire_fault: what was injected into this call */
    int32_t fd;             /* as the program passed it; WIRE_SOCKET: the result again */
    int32_t error;          /* errno after a failed call, else 0 */
    int64_t asked;          /* bytes asked to send or receive; backlog; descriptors polled */
    int64_t result;         /* what the program saw returned */
    int32_t timeout_ms;     /* poll, select, epoll: -1 none */
    uint32_t flags;         /* MSG_ flags, SHUT_ how, option name … */
    uint32_t unread;        /* WIRE_CLOSE of a stream socket: bytes that had come and nobody read */
    _Atomic uint32_t execs; /* other programs that it or its children executed, or tried to */
    uint64_t time_ns;       /* CLOCK_MONOTONIC */
    uint64_t socket;        /* st_ino of the socket: the same across dup() and fork() */
    /* Offsets in the main program's file, for addr2line: of the call, of the call of the function
     * that it stands in, and so on, as long as these lie in that file; 0 behind the last. */
    uint32_t callers[WIRE_CALLERS];
    union wire_address local, peer; /* family 0 where not known */
    uint8_t head[WIRE_HEAD];        /* first bytes sent or received */
    char name[WIRE_NAME]; /* the C function the program called: "recv", "fgets", "writev" */
};

struct wire_log_header {
    uint64_t magic;
    uint32_t capacity;         /* events that fit */
    uint32_t fork_limit;       /* fork() beyond this many fails with EAGAIN; 0 is no limit */
    _Atomic uint32_t count;    /* events claimed; may exceed capacity, those beyond are lost */
    _Atomic uint32_t doorbell; /* futex word, raised and woken after each event */
    _Atomic uint32_t forks;    /* processes forked so far */
    _Atomic uint32_t waiters;  /* readers asleep on the doorbell; none: nobody is woken */
    _Atomic uint32_t hold;     /* futex word: a call whose bit, 1 << enum wire_call, is set waits */
    _Atomic uint32_t starts;   /* tries to start a process or a thread so far */
    /* What the reader may lay down before the program starts: */
    uint32_t arranged; /* 1: faults and seed are these, whatever the environment says */
    uint32_t faults;   /* enum wire_fault */
    uint64_t seed;
    uint64_t device, inode; /* of the program's file; 0: any program will do */
    uint8_t secret[32];     /* as bytes: comparisons with it, or with its hexadecimal digits, are */
    _Atomic uint32_t guarded; /* logged when this is 1; also while the program runs */
    /* What became of it: */
    _Atomic uint32_t loads;  /* times that this program was loaded, with the wire before it */
    _Atomic uint32_t again;  /* 1: it was to be executed from a program that is watched */
    _Atomic uint32_t first;  /* pid of the process that loaded it first */
    _Atomic uint32_t ending; /* 1: that process returned from main, or called exit() */
    _Atomic uint32_t became; /* 1: that process was to become another program, by exec */
    _Atomic uint32_t quit;   /* 1: it called _exit() or its like */
    _Atomic uint32_t execs;  /* programs that it or its children executed, or tried to */
};

struct wire_log {
    struct wire_log_header *header;
    struct wire_event *events;
    size_t size; /* of the mapping, in bytes */
};

/* Creates path with room for capacity events and maps it. Returns 0, or -1 and fills error. */
int wire_log_create(struct wire_log *log, const char *path, uint32_t capacity, struct error *error);

/* Lays down what the program is, and which faults it meets. Before it starts. */
void wire_log_arrange(struct wire_log *log, const char *program, unsigned faults, uint64_t seed);

/* Maps an existing log. Returns 0, or -1 and fills error. */
int wire_log_open(struct wire_log *log, const char *path, struct error *error);

/* Unmaps the log; the file stays. */
void wire_log_close(struct wire_log *log);

/* How many events can be read now: all before this index are claimed, those being written may not
 * be ready. */
uint32_t wire_log_count(const struct wire_log *log);

/* The event at index, or NULL while it is still being written or lies beyond the log's capacity. */
const struct wire_event *wire_log_event(const struct wire_log *log, uint32_t index);

/* Waits until the doorbell differs from seen, at most timeout_ms (-1: for ever). Returns its value.
 */
uint32_t wire_log_wait(const struct wire_log *log, uint32_t seen, int timeout_ms);

/*
 * Holds the program at its next calls of this kind: each is entered in the log and then waits until
 * wire_log_release(). So a peer can act at a moment that it could not hit otherwise.
 */
void wire_log_hold(const struct wire_log *log, enum wire_call call);
void wire_log_release(const struct wire_log *log);

/*
 * From now on the program's comparisons with these 32 bytes are logged, by functions that stop at
 * the first difference. Needs a program that is built with AddressSanitizer.
 */
void wire_log_guard(const struct wire_log *log, const void *secret);

/*
 * What libwire.so uses of it, safe in a signal handler. wire_log_add() copies event into the log,
 * rings, and returns its index, or UINT32_MAX when the log is full; capacity is the caller's own
 * copy. wire_log_obey() waits while calls of this kind are held. wire_log_is_sound() says whether a
 * mapping of size bytes holds a log at all.
 */
#define WIRE_LOG_MAGIC 0x36676f6c65726977ULL /* "wirelog6"; raised whenever the layout changes */
uint32_t wire_log_add(struct wire_log_header *header, uint32_t capacity, struct wire_event *event);
void wire_log_obey(struct wire_log_header *header, unsigned call);
bool wire_log_is_sound(const struct wire_log_header *header, size_t size);

/* Reads "short-read,eintr" into a mask of enum wire_fault. Returns 0, or -1 and fills error. */
int wire_faults_parse(const char *names, unsigned *faults, struct error *error);

/* The name of one fault, "short-read"; or NULL. For lists: 1 << 0, 1 << 1 … until NULL. */
const char *wire_fault_name(unsigned fault);

#endif
