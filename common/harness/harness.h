/*
 * The harness: what an exercise's cases.c is written with.
 *
 * A case is a function that reads from top to bottom: it starts the learner's program, plays the
 * other end, and says what it expects. Every step waits until it is done. A step that fails ends
 * the case with a verdict, so nothing needs checking; a step that can never be done, because the
 * program cannot move any more, fails at once and not when time runs out.
 *
 *     static void greeting(struct session *s)
 *     {
 *         struct peer *server = peer_listen(s, "127.0.0.1");
 *         struct student *p = student_start(s, peer_host(server), peer_port(server), NULL);
 *         struct link *link = peer_accept(server);
 *         link_send(link, "hello\n", 6);
 *         link_close(link);
 *         expect_output(p, "hello\n", 6);
 *         expect_exit(p, 0);
 *     }
 *
 * Each case runs in a process of its own, beside others; what it makes (processes, sockets, files)
 * is gone when it ends. Everything returned here belongs to the session and lives as long as it.
 */
#ifndef HARNESS_HARNESS_H
#define HARNESS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/attributes.h"

struct session; /* one case being run */
struct student; /* one run of the learner's program */
struct peer;    /* a scripted server of the harness: a listening socket */
struct link;    /* one connection between the program and the harness */
struct port;    /* a UDP socket of the harness */

struct test_case {
    const char *name;  /* "reply-in-pieces": for CASE=, and for the files in expected/ */
    const char *title; /* "reply in three pieces" */
    int points;
    const char *teaches; /* a sentence: what was tried, and what a failure usually means */
    void (*run)(struct session *session);
    const char *faults; /* what the wire disturbs, "short-read,eintr"; NULL for nothing */
    bool leaks;         /* memory that was not freed fails the case */
    bool ipv6;          /* skipped where the system has no IPv6 */
    int limit_ms;       /* time to run or sleep without a step being done; 0 is 2000 */
};

/*
 * What main of every cases.c returns: reads the command line, runs the cases side by side and
 * prints TAP. cases ends with an entry without a name.
 */
int harness_main(int argc, char **argv, const struct test_case *cases);

/* ---- the session ---- */

/* A number below limit, from the seed: the same in every run with that seed. */
uint32_t session_random(struct session *session, uint32_t limit);

/* length bytes from the seed: any bytes, or printable text without line ends. */
void session_bytes(struct session *session, void *bytes, size_t length);
void session_text(struct session *session, char *text, size_t length);

/* Memory that lives as long as the session. */
void *session_alloc(struct session *session, size_t size);

/* Formats a string that lives as long as the session. */
const char *session_print(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Adds a line to the hosts table that the program will see instead of the system's: name stands for
 * these addresses, in this order, up to a NULL. Call it before student_start().
 */
void session_host(struct session *session, const char *name, ...) __attribute__((sentinel));

/* Programs started after this cannot write their standard output: it is /dev/full. */
void session_fill_output(struct session *session);

/*
 * Programs started after this find the disk full: no file that they write can be larger than this.
 * What would go beyond is cut short, write() returning less than it was given, and then fails, with
 * EFBIG, as a full disk does with ENOSPC. No signal comes (SIGXFSZ is ignored).
 */
void session_limit_files(struct session *session, int kib);

/* Programs started after this cannot read their standard input: it is a folder. */
void session_spoil_input(struct session *session);

/*
 * Programs started after this can have printed no more than a page, 4096 bytes, that we have not
 * read yet: who prints much waits for us in write(), and the others of its threads or children
 * catch up with it. For what must not depend on who is faster.
 */
void session_narrow_output(struct session *session);

/* Lets time pass while all else goes on: for what the program is to measure, or to outlast. */
void session_wait(struct session *session, int ms);

/*
 * For a conversation that did not go as it should, and may have gone so because the machine was
 * busy: forgets what was expected so far, so that it can be played anew, with a program started
 * anew and more time. False after the third time, and in play: then what came is to be judged as it
 * is.
 */
bool session_again(struct session *session);

/* What the case expects from now on depends on how things go, and is no part of expected/. */
void session_unrecorded(struct session *session);

/* Ends the case with "fail" and this sentence. For what no expect_ function can say. */
_Noreturn void session_fail(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/* The same where the case knows the cause: the sentence stands, whatever else the wire saw. */
_Noreturn void session_blame(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * Writes a file into the folder that programs run in; name may have one folder in front of it,
 * which is made.
 */
void session_file(struct session *session, const char *name, const void *bytes, size_t length);

/*
 * As session_file(), for a file that the case is about: if it fails, the first lines are told
 * beside those of the input. Only the first three such files are.
 */
void session_show_file(struct session *session, const char *name, const void *bytes, size_t length);

/* Gives that file a second name: whoever writes into the file, and not into a new one, shows in it.
 */
void session_link(struct session *session, const char *name, const char *second);

/*
 * Makes a symbolic link of that name in the folder, in place of what has it; target need not exist.
 * The same for a FIFO, which waits to be opened from its other end; nothing may have its name.
 */
void session_symlink(struct session *session, const char *name, const char *target);
void session_fifo(struct session *session, const char *name);

/* Sets when a file in the folder was last changed: seconds since 1970, and the nanoseconds. */
void session_file_date(struct session *session, const char *name, time_t seconds, long nanoseconds);

/* The program writes files: who runs it by hand is told to do so in the folder of the case. */
void session_writes_files(struct session *session);

/*
 * Several peers at once: waits for whatever happens first on any peer, link or port, or for the end
 * of all programs. waiting says for what, in case nothing can happen: "your program to ask".
 */
enum happened {
    HAPPENED_CALL,     /* a program connected to peer: link, accepted */
    HAPPENED_LINE,     /* a line came on link: line, and length without its line end */
    HAPPENED_END,      /* the program ended link, in whatever way; told once */
    HAPPENED_DATAGRAM, /* port has a datagram to receive */
    HAPPENED_EXIT      /* all programs ended; never in play, where Ctrl-C ends playing */
};
struct happening {
    enum happened what;
    struct peer *peer;
    struct link *link;
    struct port *port;
    const char *line;
    size_t length;
};
struct happening session_next(struct session *session, const char *waiting);

/*
 * Waits for the end of all programs. A connection to any peer before that fails, and what was said
 * on it first is told; reason says why nobody should be asked. For who may go on by mistake: else
 * the program would wait for an answer, and we for its end. Nothing is waited for in play.
 */
void session_expect_nobody(struct session *session, const char *reason);

/*
 * From now on a connection closed by the program before it saw the end counts as no mistake: the
 * protocol says by other means when nothing more will come.
 */
void session_closes_early(struct session *session);

/* ---- the learner's program ---- */

/* The program is given a command, and may execute it: else it has to run as it was started. */
void session_gives_command(struct session *session);

/* Starts the program with these arguments, up to a NULL. It runs under the wire and under limits.
 */
struct student *student_start(struct session *session, ...) __attribute__((sentinel));

/* Queues bytes for its standard input; student_end_input() closes it behind them. */
void student_input(struct student *student, const void *bytes, size_t length);
void student_end_input(struct student *student);

/* Waits until it has read all that was queued for it, or has ended: so the next piece comes alone.
 */
void student_wait_read(struct student *student);

/*
 * As student_input() for more bytes than anybody should keep: next writes the next of them to
 * bytes, at most size, and returns how many; 0 when there are no more. Returns when all are in the
 * pipe, or when the program has ended.
 */
void student_stream_input(struct student *student,
                          size_t (*next)(void *state, char *bytes, size_t size), void *state);

/*
 * From now on its standard output is compared, as it comes, with what next gives, and is not kept:
 * for expect_stream_output(). Nothing may have come before.
 */
void student_stream_output(struct student *student,
                           size_t (*next)(void *state, char *bytes, size_t size), void *state);

/* What programs started after this do not read of their standard input stays there, for
 * expect_unread(). */
void session_keep_input(struct session *session);

/*
 * Ends the case as soon as it has used more processor time than this: expect_processor() would wait
 * for its end.
 */
void student_limit_processor(struct student *student, int most_ms);

/*
 * Takes away every descriptor that it does not hold: what would open one fails with EMFILE, until
 * student_allow_descriptors(). (An accept() that already waits has its descriptor, and gets one
 * more connection.)
 */
void student_deny_descriptors(struct student *student);
void student_allow_descriptors(struct student *student);

/* As student_deny_descriptors(), but it can open so many more. */
void student_spare_descriptors(struct student *student, int count);

/* Sends it a signal. */
void student_signal(struct student *student, int signal);

/* Kills it and its children, as a crash would, and waits until they are gone. */
void student_end(struct student *student);

/*
 * Waits for "listening on [address]:port" on its standard output and returns the port. The line is
 * then no longer part of its output.
 */
const char *student_port(struct student *student);

/* Waits until every thread of it sleeps and nothing is under way to it: it waits for us. */
void student_settle(struct student *student);

/*
 * Call session_hold_send() before student_start(): the program is held when it first sends, until
 * student_release(), for what a peer must do just before. student_wait_held() waits until it stands
 * there.
 */
void session_hold_send(struct session *session);

/*
 * The same when it first closes a socket: so it loses time, as on a busy machine, between one
 * socket and the next.
 */
void session_hold_close(struct session *session);

/* As session_hold_send(), for a program that runs: it is held when it next sends. */
void student_hold_send(struct student *student);

void student_wait_held(struct student *student);
void student_release(struct student *student);

/*
 * Its resident memory in KiB, when it has settled. The sanitizers keep what was freed for a while,
 * and add an eighth to what is used: compare with much room, 8 MiB for instance.
 */
long student_memory(struct student *student);

/*
 * Its address space in KiB, when it has settled: a thread that has ended keeps its stack, 8 MiB of
 * it, until it is joined or detached. Compare two moments: the sanitizers take terabytes.
 */
long student_reserved(struct student *student);

/* How many threads it has when it has settled, the first one too; 0 in play. */
int student_threads(struct student *student);

/*
 * Waits until it ends by itself; fails if a signal ended it. The expect_ functions below do that
 * too: this is for what is to be looked at before they judge.
 */
void student_wait_end(struct student *student);

/* How many descriptors it holds open now; how many of its children have ended and were not reaped.
 */
int student_descriptors(const struct student *student);
int student_zombies(const struct student *student);

/*
 * How long it ran, in ms, from its first connect() to its end, for which this waits; 0 in play. On
 * a busy machine that may be longer than the program deserves: see session_again().
 */
int student_ran_ms(struct student *student);

/*
 * The most TCP and UDP sockets that it held at once so far, as the wire saw it. The log can be
 * forged: let something else that can be seen from outside fail as well.
 */
int student_most_sockets(const struct student *student);

/*
 * From now on it is seen when the program compares these 32 bytes, or their hexadecimal digits, by
 * memcmp(), strcmp() or their kin, which stop at the first difference; student_expect_guarded()
 * fails if it has. what names them: "the signature". A loop of its own is not seen.
 */
void student_guard(struct student *student, const void *secret);
void student_expect_guarded(struct student *student, const char *what);

/* ---- peers: the other end ---- */

/* Listens on a port of the system's choice at host, "127.0.0.1" or "::1". */
struct peer *peer_listen(struct session *session, const char *host);

/* Holds a port at host where nobody listens: a connection is refused. */
struct peer *peer_refuse(struct session *session, const char *host);

/* Holds a port at host that never answers: a connection is neither made nor refused. */
struct peer *peer_ignore(struct session *session, const char *host);

const char *peer_host(const struct peer *peer);
const char *peer_port(const struct peer *peer);

/*
 * Peers and links made after this hold little: about so many bytes, 4096 for instance, in the
 * buffer of each end and direction, where the system would give megabytes. 0: as the system does.
 */
void session_narrow(struct session *session, int bytes);

/* Waits for the program to connect. */
struct link *peer_accept(struct peer *peer);

/* Fails if the program has connected although it should not have: reason says why not. */
void peer_expect_nobody(struct peer *peer, const char *reason);

/*
 * Connects to the program. host is "127.0.0.1" or "::1", port as student_port() gave it. Many may
 * connect one after another: while more wait to be accepted than half of what the program asked
 * listen() for, it is waited for, unless it sleeps and lets them wait.
 */
struct link *link_connect(struct session *session, const char *host, const char *port);

/* Sends and waits until all of it is on its way. */
void link_send(struct link *link, const void *bytes, size_t length);

/*
 * Sends in pieces, each only after the program read the one before it: so one recv() never gets
 * two. sizes are the lengths of all pieces but the last, up to a 0.
 */
void link_send_pieces(struct link *link, const void *bytes, size_t length, const size_t *sizes);

/* Queues bytes and returns at once; they go out while other steps wait. */
void link_queue(struct link *link, const void *bytes, size_t length);

/* How many bytes of what was sent or queued have left, as far as the kernel of this end. */
size_t link_sent(const struct link *link);

/*
 * From now on, while other steps wait, the link sends back whatever it receives, and reads on only
 * when that is sent: as a simple server does that blocks in send(). After the program's end it
 * finishes sending too.
 */
void link_echo(struct link *link);

/* Waits until everything sent or queued on the link was read by the program. */
void link_wait_read(struct link *link);

/* Waits for exactly these bytes; others, or an early end, fail. */
void link_expect(struct link *link, const void *bytes, size_t length);

/* Receives this many bytes while other steps wait, for a link_expect() to come: both ways at once.
 */
void link_collect(struct link *link, size_t length);

/*
 * Waits for a line and returns it without its line end, for what has no one right order; *length is
 * its length, for it may hold a NUL. Such lines are no part of expected/.
 */
const char *link_line(struct link *link, size_t *length);

/*
 * The same for so many bytes, whatever they are: for messages that say how long they are. One more
 * NUL stands behind them.
 */
const char *link_bytes(struct link *link, size_t length);

/*
 * Bytes that the program has received from the link, and bytes that it has handed to the kernel for
 * it: what lies in the buffers of the kernel is in neither, or in the second. To a byte or two: the
 * ends of a connection may count. So one can tell what the program itself keeps.
 */
size_t link_taken(const struct link *link);
size_t link_given(const struct link *link);

/* How much of link_given() no step has received yet. */
size_t link_under_way(const struct link *link);

/* Waits until the program finished sending; a further byte, or a reset, fails. */
void link_expect_end(struct link *link);

/* Waits until the program reset the connection; what it sent before is thrown away, an end in order
 * fails. */
void link_expect_reset(struct link *link);

/* The same while nothing is received: a reset overtakes what lies unread, an end in order does not.
 */
void link_expect_reset_unread(struct link *link);

/*
 * Fails if the program has reset the connection, as close() does when bytes lie unread or still
 * come. Where it finished sending before, no other step shows that: send something, and
 * link_wait_read(), first.
 */
void link_expect_no_reset(struct link *link);

/* Waits until the program ended the connection, in whatever way, and throws away what it sent. */
void link_wait_end(struct link *link);

/* Finishes sending, and goes on receiving. */
void link_shutdown(struct link *link);

/* Closes in order, or with a reset that throws away what the program has not yet read. */
void link_close(struct link *link);
void link_reset(struct link *link);

/* ---- a program that serves HTTP ---- */

/* A response, taken apart. Its texts live as long as the session. */
struct web_response {
    const char *method; /* of the request */
    int status;
    int version;         /* 10 or 11 */
    const char **fields; /* the lines "Name: value" as they came, up to a NULL */
    const char *body;    /* its content, chunks put together; a NUL stands behind it */
    size_t length;
    bool closes; /* it says that the connection ends behind it */
};

/*
 * Waits for the response to a request of that method. One that is malformed, cut short, or has a
 * body whose end cannot be told, fails with a sentence. A response 100 or 103 is one of its own.
 * Such responses are no part of expected/, the next two functions' are.
 */
struct web_response link_response(struct link *link, const char *method);

/* The same; another status fails. why goes behind a colon: "a cookie of another key". */
struct web_response link_expect_status(struct link *link, const char *method, int status,
                                       const char *why);

/* The same; another body fails too, and is shown beside the one that was due. */
struct web_response link_expect_response(struct link *link, const char *method, int status,
                                         const void *body, size_t length, const char *why);

/* The value of the first field of that name, case apart, or NULL. */
const char *web_field(const struct web_response *response, const char *name);

/* The next one of that name: *position is 0 at first. NULL when there are no more. */
const char *web_next(const struct web_response *response, const char *name, size_t *position);

/* Fails unless the first field of that name has this value, or, for NULL, if there is one. */
void web_expect_field(struct link *link, const struct web_response *response, const char *name,
                      const char *value, const char *why);

/* ---- a program that asks over HTTP ---- */

/* The head of a request. Its texts live as long as the session. */
struct web_request {
    struct peer *peer; /* that was asked */
    struct link *link; /* to answer on, and to close */
    const char *method, *target;
    const char *const *fields; /* the lines "Name: value" as they came, up to a NULL */
};

/*
 * Waits for the next request, the first on its connection, to any of the peers: so a case serves
 * many URLs, in whatever order they are asked for. False when all programs have ended. One that is
 * malformed fails with a sentence. Requests are no part of expected/.
 */
bool web_next_request(struct session *session, struct web_request *request);

/* The value of the first field of that name, case apart, or NULL. */
const char *web_request_field(const struct web_request *request, const char *name);

/* ---- options of the program's own sockets, read from the sockets themselves ---- */

/*
 * The option of that socket of the program's that is the other end of this link, by its name,
 * "TCP_NODELAY"; option.c has the table. SO_LINGER is -1 when it is off, and else its seconds. It
 * is read now; where the system does not let us look (option.c), as it was when the first byte
 * moved. So receive something first: then what the program did before is in force. 0 in play.
 */
long link_option(struct link *link, const char *name);

/*
 * What the program set that option to, on this socket or on the one that this has it from, for a
 * sentence of the case's own: "8192 (chat.c:41)", or "nothing".
 */
const char *link_setting(struct link *link, const char *name);

/* Fails unless that option is from least to most. why says who needs it: "a keystroke leaves at
 * once". */
void link_expect_option(struct link *link, const char *name, long least, long most,
                        const char *why);

/* The same of the socket on which the program listens at this port. */
void student_expect_option(struct student *student, const char *port, const char *name, long least,
                           long most, const char *why);

/* ---- TLS, the server's end of it ---- */

/* A certificate with its key, made for this session: in a millisecond, and trusted by nobody. */
struct tls_identity;

/*
 * An authority, good for two days. Its certificate is written into a file, PEM, in the folder that
 * programs run in, for who is to trust it; NULL: into none.
 */
struct tls_identity *tls_authority(struct session *session, const char *file);

/*
 * A certificate that the authority has signed, for names as OpenSSL writes them,
 * "DNS:site.test,IP:127.0.0.1". It is good from so many days from now until so many: -2 and -1 for
 * one that has expired.
 */
struct tls_identity *tls_certificate(struct session *session, const struct tls_identity *authority,
                                     const char *names, int from_days, int until_days);

/* The same, signed with its own key: nobody stands behind it. */
struct tls_identity *tls_self_signed(struct session *session, const char *names, int from_days,
                                     int until_days);

/* The hash of its public key as curl and its like write it, "sha256//" and 44 signs of base64. */
const char *tls_pin(struct session *session, const struct tls_identity *identity);

/* TLS on a link, which the link's own steps know nothing of. */
struct tls_link;

/*
 * Plays the server in a handshake that the program begins. Returns NULL when it comes to no good
 * end: the program broke it off, or sent what is no TLS; the link is still to be closed.
 */
struct tls_link *link_start_tls(struct link *link, const struct tls_identity *identity);

/* The name of the server that the program asked for (SNI), or NULL. */
const char *tls_server_name(const struct tls_link *tls);

/* As link_line() and link_send(). */
const char *tls_line(struct tls_link *tls, size_t *length);
void tls_send(struct tls_link *tls, const void *bytes, size_t length);

/*
 * Sends close_notify, so that who closes the link then ends in order. Without it, whoever cut the
 * connection may have been a stranger.
 */
void tls_finish(struct tls_link *tls);

/* ---- UDP ---- */

/* Opens a UDP socket at host. */
struct port *port_open(struct session *session, const char *host);

/* Opens two that have one number, at two hosts of one family: for who looks at the number alone. */
void port_open_twins(struct session *session, const char *host, const char *other,
                     struct port *twins[2]);

/*
 * Opens a multicast group on the loopback interface, "239.255.0.1" for instance, at a number that
 * no other case has. Programs may listen to the same group and number beside it.
 */
struct port *port_open_group(struct session *session, const char *group);

/* Leaves the group: only its address and number are of use now, for a program that listens. */
void port_leave(struct port *port);

const char *port_host(const struct port *port);
const char *port_number(const struct port *port);

/* Waits for a datagram, and remembers its sender. Returns its length; at most size bytes are kept.
 */
size_t port_receive(struct port *port, void *bytes, size_t size);

/* Waits for a datagram of exactly these bytes; another one fails. */
void port_expect(struct port *port, const void *bytes, size_t length);

/* Waits for a datagram, no longer than ms. True when there is one to receive. */
bool port_wait(struct port *port, int ms);

/* Who sent the last datagram received: "127.0.0.1:41873". */
const char *port_sender(const struct port *port);

/* Sends a datagram to the sender of the last one received. */
void port_reply(struct port *port, const void *bytes, size_t length);

/* The same from another socket: what a stranger would send. */
void port_reply_from(struct port *stranger, const struct port *port, const void *bytes,
                     size_t length);

/* Sends a datagram to the program's UDP port. */
void port_send(struct port *port, const char *host, const char *to, const void *bytes,
               size_t length);

/*
 * Sends a datagram to the group that another port was opened for. Answers come to where it is sent
 * from: let that be no group.
 */
void port_ask(struct port *from, const struct port *group, const void *bytes, size_t length);

/*
 * From now on nobody listens there: what the program sends is refused (ICMP), as if the socket were
 * closed. The number stays taken, and one can still send.
 */
void port_refuse(struct port *port);

/* ---- what is expected of the program ---- */

/*
 * Its whole standard output until it ends. What a case expects here and in its other steps stands
 * in expected/NAME.txt as well, written by make record: if it changes unmeant, that is said. There
 * ":41873" is ":port1" where that is the port of the first peer.
 */
void expect_output(struct student *student, const void *bytes, size_t length);

/*
 * The same for output with numbers that nobody knows beforehand: "#" in shape stands for a whole
 * number, "#.###" for one with exactly three decimals. They come in numbers, in their order,
 * without the point: 1.250 as 1250. Returns how many there are; more than most are not kept.
 */
size_t expect_shape(struct student *student, const char *shape, long long *numbers, size_t most);

/* Whether expect_shape() would pass, for cases that can play again. It waits for the program's end.
 */
bool student_fits(struct student *student, const char *shape);

/* All of it, and no more, came that student_stream_output() announced. */
void expect_stream_output(struct student *student);

/*
 * By its end it left so many bytes of its standard input unread, the last ones:
 * session_keep_input() was called before it started. whose are they? "the next message's".
 */
void expect_unread(struct student *student, size_t length, const char *whose);

/* It ends by itself with this status. */
void expect_exit(struct student *student, int status);

/* It ends by itself with a status other than 0, and says why on standard error. */
void expect_failure(struct student *student, int status);

/* Its standard error holds this text by the time it ends. */
void expect_error(struct student *student, const char *text);

/* Exactly one line of its standard error holds this text by the time it ends. */
void expect_error_line(struct student *student, const char *text);

/* By its end this text is in neither of its outputs, where others would read it. what says what it
 * is: "the password". */
void expect_untold(struct student *student, const char *secret, const char *what);

/* In its folder there is a file of this name with exactly these bytes. */
void expect_file(struct student *student, const char *name, const void *bytes, size_t length);

/* The same for one that was there before, session_file(), and should still be as it was. */
void expect_kept(struct student *student, const char *name, const void *bytes, size_t length);

/* There is no file of this name, which may begin with "../"; reason says why there should be none.
 */
void expect_no_file(struct student *student, const char *name, const char *reason);

/* Its folder holds nothing but what these names say, up to a NULL. */
void expect_files(struct student *student, ...) __attribute__((sentinel));

/* It holds no more descriptors than this when it has settled. */
void expect_descriptors(struct student *student, int most);

/* It ends in this time after its first connect(): see student_ran_ms(). */
void expect_ran(struct student *student, int least_ms, int most_ms);

/*
 * It used no more processor time than this by its end. The sanitizers' start is part of it, 20 ms
 * or so: compare with much room.
 */
void expect_processor(struct student *student, int most_ms);

/*
 * It made no more calls on sockets than this so far, poll() and its kin among them: for who looks
 * again and again instead of waiting, also where a busy machine gives it little processor time.
 */
void expect_calls(struct student *student, int most);

/* It held no more sockets than this at once: see student_most_sockets(). */
void expect_sockets(struct student *student, int most);

/* It takes no more memory than this, in KiB, when it has settled: see student_memory(). */
void expect_memory(struct student *student, long most_kib);

#endif
