/* What the harness's own files share. Cases never include it. */
#ifndef HARNESS_INTERNAL_H
#define HARNESS_INTERNAL_H

#include <jansson.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "box/limits.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/error.h"
#include "harness/harness.h"
#include "wire/log.h"

#define SPOILT_INPUT "/" /* what cannot be read: see session_spoil_input() */

enum status {
    STATUS_PASS,
    STATUS_FAIL,
    STATUS_CRASH,
    STATUS_TIMEOUT,
    STATUS_MEMORY,
    STATUS_PROCESSES,
    STATUS_OUTPUT,
    STATUS_SANITIZER,
    STATUS_LEAK,
    STATUS_SKIPPED,
    STATUS_HARNESS
};

enum {
    TICK_MS = 5, /* how often a quiet program is looked at */
    LOG_EVENTS = 65536,
    DEFAULT_SEED = 1,
    SANITIZER_STATUS = 86, /* what a program exits with when a sanitizer found something */
    STARTER_STATUS = 3     /* what a starter exits with; no contract uses it */
};

/* From the command line of cases. */
struct options {
    const char *program;
    const char *source;
    const char *expected; /* folder of reference outputs, or NULL */
    const char *folder;   /* scratch of this run; each case has a folder in it */
    const char *wire;     /* path of libwire.so */
    uint32_t seed;
    int jobs;
    bool record;
    bool play;
    bool boxed;         /* we are in a box, and programs are to run in boxes in it */
    int result_fd;      /* … where the verdict of the one case goes */
    const char *stage;  /* cases are to run in boxes: what these are made from, see box/box.h */
    const char *place;  /* "/build/exercises/01_socket/02_fetch_first" */
    const char *groups; /* … and the control groups, or NULL */
};

struct student {
    struct session *session;
    struct student *next;
    pid_t pid;
    pid_t own_pid;    /* what it takes itself for: in a box it has another number */
    pid_t box;        /* the first process of its box, or 0 */
    int pidfd;        /* readable when it has ended */
    int in, out, err; /* our ends of its pipes, -1 when closed */
    struct buffer input, output, errors;
    size_t fed;            /* bytes of input it was given */
    int kept;              /* its own end of its standard input, if that is kept */
    struct stream *stream; /* what its output is compared with as it comes; or NULL */
    uint64_t most_cpu_ns;  /* processor time that it may use; 0: as it likes */
    bool streamed;         /* the beginning of its input is not kept */
    bool end_input, ended;
    bool stopped; /* we sent it a signal: an end by it is no crash */
    int signal;   /* the last one that a case sent, or 0; and when */
    uint64_t signal_ns;
    bool serves;  /* it printed its port */
    bool may_end; /* a step waited for its end */
    int wait_status;
    enum wire_call held;  /* where it is held: at what sends, or at close() */
    uint64_t ended_ns;    /* when its end was seen */
    int cpu_ms;           /* processor time until then, with that of children it reaped */
    uint64_t moved_limit; /* of its descriptors, as we set it last; 0: never */
    const char *command;  /* as a person would type it */
    struct wire_log log;
    struct wire_log_header laid; /* its beginning as it was laid down */
    uint32_t looked_at; /* events of the log before this one were looked at for time-outs */
    bool announced;     /* play said how to run it */
    bool timed;         /* one of them set a time-out on a socket */
    int silent;         /* it ended with this status, as it should, but told nobody why; or 0 */
    bool fitted;        /* its output was found to be as expected */
    const char *stood;  /* "poll()": what it slept in when its time was over; or NULL */
    int stood_fd;       /* the descriptor it slept on, or -1 */
};

struct peer {
    struct session *session;
    struct peer *next;
    int fd, blocker; /* blocker: the connection that fills a black hole's backlog */
    bool waiting;    /* a step waits for a connection */
    char host[48], port[8];
};

struct port {
    struct session *session;
    struct port *next;
    int fd;
    int holder;   /* of a group: keeps the number from others */
    bool waiting; /* a step waits for a datagram */
    char host[48], number[8];
    struct sockaddr_storage sender;
    socklen_t sender_length;
};

struct link {
    struct session *session;
    struct link *next;
    int fd;
    uint16_t remote, local; /* ports */
    struct buffer out;      /* queued, not yet sent */
    size_t sent;            /* bytes handed to the kernel */
    size_t received;        /* bytes that came, thrown away or not */
    struct buffer in;       /* received and not yet expected */
    size_t want;            /* read until in holds this many bytes */
    bool drain;             /* read and throw away */
    bool end;               /* the program finished sending */
    int error;              /* errno that ended the link */
    bool connecting;
    bool called;    /* the program connected, not we */
    size_t matched; /* of in: found to be as expected */
    bool line;      /* read up to the next line end */
    bool told;      /* its end was told by session_next() */
    bool echo;      /* send back what comes, and read on when it is sent */
};

/* What the step at hand waits for on a link; link is NULL if it waits for something else. */
struct expectation {
    const struct link *link;
    const void *bytes;
    size_t length;
};

struct session {
    const struct test_case *test;
    const struct options *options;
    uint64_t random[2];
    uint32_t wire_seed;
    enum wire_call holds; /* programs are started held at their first call of this kind */
    int result_fd;        /* where the verdict goes */
    char folder[256];     /* scratch, removed at the end */
    char open[272];       /* in it, what programs may write to */
    char work[288];       /* in that, what programs run in */
    bool has_files;       /* the case wrote files there */
    struct shown {
        const char *name;
        struct buffer text;
    } shown[3]; /* files that a failed case tells of */
    size_t shown_count;
    bool closes_early; /* a program may close before it saw the end */
    struct student *students;
    struct peer *peers;
    struct link *links;
    struct port *ports;
    struct buffer hosts;
    bool has_hosts;
    int narrow;         /* bytes of buffer that new connections get, 0: as the system does */
    bool spoilt_input;  /* programs get a folder for their standard input */
    bool keeps_input;   /* what they do not read of it can be counted */
    bool full_output;   /* … and /dev/full for their standard output */
    bool narrow_output; /* … or a pipe that holds a page */
    int files_kib;      /* none of their files may be larger; 0: as large as ever */
    uint64_t began_ns;
    uint64_t idle_ns;     /* the program slept this long since the last step */
    uint64_t cpu_ns;      /* its processor time when the last step was done */
    uint64_t most_cpu_ns; /* the most that was seen of all processes alive */
    uint64_t moved;       /* bytes that had moved when the clock was last looked at */
    uint64_t quiet;       /* fingerprint of a program that cannot move; 0 if it can */
    int quiet_ticks;
    int doorbell;             /* eventfd, written when a wire log grows */
    struct buffer transcript; /* what was expected and came, for expected/ */
    int again;                /* how often it began anew */
    bool listens;             /* the step at hand depends on what the wire sees */
    bool wants_port;          /* the step at hand waits for "listening on …" */
    struct expectation expected;
    bool gives_command; /* the program was given another one to run */
    bool able;       /* its time was over when the program could still run: it may have been slow */
    bool unrecorded; /* what is expected now is no part of the transcript */
    bool by_hand;    /* play: the program runs alone, and Enter says that it did */
    bool certain;    /* the case knows the cause: the wire's log is not asked for another */
    bool generic; /* the verdict says only what differs: other cases may differ for other reasons */
};

/* ---- session.c ---- */

/*
 * A word as one would type it in a shell: in quotes that it cannot leave, where the shell would
 * read it otherwise.
 */
const char *session_quote(struct session *session, const char *word);

/* Runs one case and writes its verdict to result_fd. Does not return. */
_Noreturn void session_run(const struct test_case *test, const struct options *options,
                           int result_fd);

/* Removes a folder and all that is in it; what cannot be removed stays. */
void folder_remove_all(const char *folder);

/* As session_run(), but the learner runs the program by hand: steps are told, and wait for ever. */
_Noreturn void session_play(const struct test_case *test, const struct options *options);

/* Ends the case: kills what runs, writes the verdict with its report, removes the folder. */
_Noreturn void session_end(struct session *session, enum status status, struct student *student,
                           const char *cause);

/*
 * As session_fail(), when a connection or the program is gone: if the program has ended by itself,
 * that is told in place of the sentence.
 */
_Noreturn void session_lost(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/* As session_end() with STATUS_HARNESS: it was not the program's fault. */
_Noreturn void session_fault(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/* The program's first run so far, or NULL: who a failure is about when no one is named. */
struct student *session_student(const struct session *session);

/* ---- pump.c ---- */

/*
 * Moves bytes until done(what) is true. On the way it drains the program's output, feeds its input,
 * serves the links, and ends the case when the program cannot move any more or a limit is reached:
 * waiting says for what we waited, "your program to connect". With settle, a program that cannot
 * move ends the wait instead. Returns false when it ended by that.
 */
bool pump(struct session *session, bool (*done)(void *), void *what, const char *waiting,
          bool settle);

/* Takes what a program that has ended left in its pipes. */
void pump_drain(struct session *session, struct student *student);

/* ---- procs.c: what /proc tells of the processes below this one ---- */

struct standing {
    bool asleep;     /* every thread sleeps in a call that has no time-out of its own */
    bool sleeping;   /* every thread sleeps */
    uint64_t print;  /* fingerprint of where it stands */
    long processes;  /* alive */
    long zombies;    /* ended and not reaped by the program that started them */
    long memory_kib; /* resident, of the largest process */
    uint64_t cpu_ns;
    char call[32]; /* "recv()": what the first process sleeps in, or "" */
    bool timed;    /* that call ends by itself some time */
    int fd;        /* the descriptor it sleeps on, or -1 */
};

void procs_look(struct standing *standing);
bool procs_is_over(pid_t pid); /* it has ended, whether anybody waited for it or not */
int procs_descriptors(pid_t pid);
int procs_free_descriptor(pid_t pid); /* the number that the next one it opens will have */
bool procs_uses_timers(const char *program);

/* Whether the program has a function, or calls one, by which it could keep leaks from being told:
 * then name has one. */
bool procs_hides_leaks(const char *program, char name[64]);

/* Whether it calls a function by which it could get past the wire: then name has one. */
bool procs_gets_past(const char *program, char name[64]);

/* Calls look for each living process below this one, until one says true: then returns that. */
bool procs_each(bool (*look)(pid_t pid, void *what), void *what);

/* From now on it is the processes below these that are looked at, and not all below this one. */
void procs_begin_at(pid_t box);

/* Kills every descendant of this process and waits for all of them. */
void procs_kill_all(void);

/* ---- linked.c: what a program is linked with ---- */

/* Whether there is a library beside the C library and the sanitizers, such as OpenSSL. */
bool linked_with_library(const char *program);

/* ---- boxed.c: programs in boxes ---- */

/* Becomes a case's box, in which cases runs again for this case alone. */
_Noreturn void boxed_case(const struct test_case *test, const struct options *options,
                          int result_fd);

/* Starts the program in a box of its own; fills pid, own_pid, box and pidfd. */
void boxed_start(struct student *student, const char *log, char **arguments, char **environment,
                 const int streams[3]);

/* A program has ended, and the first process of its box has not told yet: it will, if the machine
 * lets it. */
bool boxed_end_is_due(const struct session *session);

/* Notes the end of a program that was started so. False if it did not end yet. */
bool boxed_reap(struct student *student, bool waits);

/* ---- watched.c: end the case if a program was not what it was started as ---- */

/* The wire saw all of it: it did not execute itself again without its environment. */
void demand_watched(struct session *session);

/* It calls nothing by which it could have got past the wire. */
void demand_plain(struct session *session);

/* No leak was told; that says something only if the detector was at work when each program ended.
 */
void demand_leak_check(struct session *session);

/* Whether a living process keeps us from looking into it, on a system that lets us look. */
bool process_hides(pid_t pid);
void demand_open(struct session *session, pid_t pid);

/* ---- network.c ---- */

/* True if on no connection of the session a handshake, data or a FIN is still under way. */
bool network_quiet(const struct session *session);

/*
 * False if more connections wait at this port to be accepted than half of what its backlog holds.
 * True where the system does not let us look.
 */
bool network_has_room(const char *host, uint16_t port);

/* What the program has received from a link, and what it has handed to the kernel for it. */
size_t network_taken(const struct link *link);
size_t network_given(const struct link *link);

/* ---- expect.c ---- */

/* Notes bytes that were expected and came, for the reference output. */
void transcript_add(struct session *session, const char *what, const void *bytes, size_t length);

/* Compares the transcript with expected/NAME.txt for the default seed, or records it. */
void transcript_check(struct session *session);

/* Removes from expected/ what no case is called, such as a case's older name. */
void transcripts_sweep(const struct options *options, const struct test_case *cases);

/* Its output was found to be as expected; if it is still owed a message for that, the case ends. */
void output_fits(struct student *student);

/* Ends the case if the program failed as it should and nobody was told why. */
void expect_message(struct student *student);

/* ---- stream.c ---- */

/* Compares what came with what the stream has next; ends the case where they differ. */
void stream_take(struct student *student, const char *bytes, size_t length);

/* How many bytes were as they should be. */
uint64_t stream_compared(const struct student *student);

/* Ends the case if that is more processor time than the program may use. */
void stream_check_processor(struct student *student, uint64_t used_ns);

/* ---- report.c ---- */

/* What to compare, for the report; filled by the expect_ functions. */
struct comparison {
    const void *expected, *got;
    size_t expected_length, got_length;
    bool message; /* got is a message that should name what was expected, among other words */
    bool sent;    /* got was sent to the other side, and not printed */
    bool shaped;  /* expected holds # in the place of numbers */
};
void report_comparison(const struct comparison *comparison);
const struct comparison *report_compared(void); /* or NULL */

/* A JSON string; text that is not UTF-8, which JSON cannot hold, as a C string would show it. */
json_t *report_text(const char *text);

/* Builds the verdict's JSON. cause may be bettered by what the wire saw. */
json_t *report_build(struct session *session, enum status status, struct student *student,
                     const char *cause);
const char *status_name(enum status status);

/* ---- difference.c ---- */

/*
 * The first difference as a sentence: lines of a text are quoted where they are short, and of other
 * bytes the first one that differs. Something must differ.
 */
const char *difference_say(struct session *session, const struct comparison *comparison);

/* ---- held.c ---- */

/* The descriptors above 2 that a running program holds: "3 is from socket() at a.c:9"; or "". */
const char *held_say(struct session *session, const struct student *student);

/* ---- steps.c ---- */

/* The steps so far: a JSON array of {"text", "where"}. */
json_t *steps_build(struct session *session, const struct student *student, enum status status);

/* The mistake that the wire's log shows, as a sentence; NULL if it shows none that we know. */
const char *steps_diagnose(struct session *session, const struct student *student,
                           enum status status);

/* "fetch.c:44": where the call was made; or "". */
const char *steps_place(struct session *session, const struct wire_event *event);

/* Whether it has called what sends, and that has not returned. */
bool steps_in_send(const struct student *student);

/* ---- diagnose.c: mistakes of one kind each, as a sentence, or NULL ---- */

/* Standard output holds more than recv() returned, or stops at a NUL that came. */
const char *diagnose_output(struct session *session, const struct student *student);

/* What the program sent stops at a NUL. */
const char *diagnose_sent(const struct session *session);

/* It took EINTR from a call that waits for the end. */
const char *diagnose_interrupted(struct session *session, const struct student *student);

/* It took EAGAIN from a socket that does not block for the end. */
const char *diagnose_blocking(struct session *session, const struct student *student);

/* It does not sleep, although nothing happens: a wait that returns at once, thousands of times. */
const char *diagnose_busy(struct session *session, const struct student *student);

/* UDP where the harness waits for TCP. */
const char *diagnose_datagram(struct session *session, const struct student *student);

/* ---- sanitizer.c ---- */

/*
 * Looks for a sanitizer's report of this session. Returns NULL if there is none, else an array of
 * {"text", "where"}; *leak says whether it is about leaks only; *report is where it was kept.
 */
json_t *sanitizer_read(struct session *session, bool *leak, const char **report);

/*
 * Lets a program that writes such a report finish it, before it is ended because what it did was
 * wrong: what a send() took from beyond an array comes to us before the sanitizer looks at it.
 */
void sanitizer_wait(struct session *session);

/* ---- play.c: the peer played by hand ---- */

/* Says how to run the programs that were to be started, in place of starting them. False: none was.
 */
bool play_announce(struct session *session);

/*
 * Says what the program should do, in play only; first how to run it, if that was not said. Then
 * Enter is waited for before the next program, or the end.
 */
void play_expect(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/* Bytes as a line of play shows them: 6 B  "hello\n". */
const char *play_show(struct session *session, const void *bytes, size_t length);

/* The last words of play. */
void play_end(struct session *session, enum status status, const char *cause);

/* Tells what the peer does, in play only. */
void play_say(const struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/* The same of one connection, with its number: as they came, from 1. */
void play_say_of(const struct link *link, const char *format, ...) PRINTF_LIKE(2, 3);

/* Waits for Enter before the next piece goes out, in play only. */
void play_pause(struct session *session, const char *prompt);

/* Asks for the port that the program printed. */
const char *play_ask_port(struct session *session);

/* ---- student.c ---- */

void student_kill(struct student *student);

/* Ends the case if the program raised a limit that we had lowered. */
void student_check_limit(struct student *student);
bool student_reap(struct student *student);

/* Kills what is left of it and waits for it; wait_status tells whether it had ended by itself. */
void student_finish(struct student *student);

/* "The program was ended by signal 11 (Segmentation fault)." */
const char *student_death(const struct student *student);

/* ---- full.c ---- */

/* Before exec(): what session_limit_files() asked for. */
void full_prepare(const struct session *session);

/* ---- peer.c ---- */

/* A numeric host and port as a socket address. Returns its length. */
socklen_t peer_address(struct session *session, const char *host, uint16_t port,
                       struct sockaddr_storage *address);

/* A non-blocking socket bound to a port of the system's choice at host; name gets the port. */
int peer_bind(struct session *session, const char *host, int type, char name[8]);

/* Makes a port of a socket. */
struct port *port_add(struct session *session, const char *host, int fd, const char *number);

void link_serve(struct link *link, short events);
short link_events(const struct link *link);

/* Whether what was received and not yet expected ends with a whole line. */
bool link_has_line(const struct link *link);
bool link_read_all(const struct link *link);

/*
 * Ends the case: the connection is over before all came that was due. Says how it was ended, by the
 * program's own end perhaps: when, "after 2 of 4 bytes", and before, "before it sent …", go on with
 * the sentence.
 */
_Noreturn void link_over(struct link *link, const char *when, const char *before);

/* ---- option.c ---- */

/*
 * True where the system does not let us look into the program's sockets. Then its wire is asked for
 * the options, by this entry of the environment.
 */
bool options_are_hidden(void);
const char *options_wanted(struct session *session);

/* ---- flow.c ---- */

/* Gives a socket that is not yet connected the buffers that session_narrow() asked for. */
void socket_narrow(const struct session *session, int fd);

/* True if a connection waits to be accepted. */
bool peer_has_caller(const struct peer *peer);

#endif
