/*
 * What the parts of the server know of each other. server.h is for everyone else.
 *
 * server.c             the workers: starting, stopping
 * server_table.c       all connections: who waits for what, and how long
 * server_connection.c  one connection: bytes in, requests out of them
 * server_request.c     the body of a request
 * server_response.c    the response
 * server_log.c         lines about both
 */
#ifndef HTTP_SERVER_INTERNAL_H
#define HTTP_SERVER_INTERNAL_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "http/date.h"
#include "http/server.h"

enum {
    INPUT_SIZE = 16384,  /* bytes of an input at first; it grows as the limits of the head allow */
    INPUT_ROOM = 4096,   /* of them kept free behind a head, for pieces of its body */
    SCRATCH_SIZE = 16384 /* bytes that are moved at once */
};

/* What was received and not served yet, and the parser on it. */
struct input {
    struct http_head head; /* of the message at start */
    char *data;
    size_t start, end, capacity;
};

/* What a connection waits for; each has its time. */
enum awaited { AWAITS_HEAD, AWAITS_REQUEST, AWAITS_CLOSE, AWAITED };

/* A client's; of another family than these only the family is kept. */
union http_address {
    sa_family_t family;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* A place in the table. Its memory stays where it is, whoever has it. */
struct connection {
    struct http_stream *stream; /* NULL: the place is free */
    struct input *input;        /* NULL unless part of a request is there */
    struct connection *previous, *next;
    int64_t deadline;
    enum awaited awaited; /* which queue it is in */
    bool taken;           /* by a worker, which alone may touch it */
    bool shaken;          /* the TLS handshake is done, or there is none */
    bool served;          /* a request since it was taken */
    uint32_t generation;  /* tells an event of this connection from one of the last */
    union http_address address;
};

/* In order of their deadlines: all in a queue wait equally long. */
struct queue {
    struct connection *first, *last;
};

struct server {
    const struct http_server_options *options;
    int epoll, listener, signals, wake;

    pthread_mutex_t lock; /* for all that follows */
    struct connection *table;
    struct connection *unused; /* places that were used before, linked by next */
    unsigned touched, count;   /* places ever used; connections now */
    struct queue queues[AWAITED];
    bool accepting;    /* the listener is watched, or a worker is at it */
    bool welcoming;    /* a worker is at it */
    int64_t accept_at; /* when not, and something is lacking: the moment to try again */

    atomic_bool stopping;
    _Atomic int64_t stop_at; /* when what is in flight is given up; 0: not known to stop */
    pthread_mutex_t log_lock;
};

/* A thread, and the memory that it uses for one request after another. */
struct worker {
    struct server *server;
    pthread_t thread;
    struct input *spare;
    struct buffer out, extra; /* what is to be sent; fields for the response to come */
    struct buffer text;       /* for printing */
    int64_t asked_at;         /* when it last looked for a signal in the midst of a request */
    time_t date_of;
    char date[HTTP_DATE_SIZE];
    char scratch[SCRATCH_SIZE];
};

/* How long a peer may still be waited for, until its next HTTP_PACE bytes are through. */
struct pace {
    int64_t left;
    size_t bytes;
};

enum stage {
    STAGE_NONE,   /* no response has begun */
    STAGE_FIELDS, /* fields may be added */
    STAGE_HELD,   /* the head is there but for what depends on the body */
    STAGE_BODY    /* the head was sent */
};

enum { REQUEST_FAILED = -1, REQUEST_NOT_YET = -2 };

struct exchange {
    struct http_exchange public; /* first */
    const struct http_server_options *options;
    struct worker *worker;
    struct connection *connection;
    struct input *input;
    char client[INET6_ADDRSTRLEN]; /* "" until asked for */

    /* The request. */
    const char *asked; /* its target as it was sent; NULL when it was refused before */
    size_t floor;      /* where in the input its body begins */
    struct http_body body;
    struct pace reading;
    uint64_t received;
    bool body_done, continue_due;
    int refusal;         /* the status that a bad body calls for */
    const char *refused; /* why */

    /* The response. */
    enum stage stage;
    int status;
    struct pace writing;
    bool is_head, has_length, chunked, bodyless;
    uint64_t promised;
    bool close;    /* the connection ends behind this response */
    bool failed;   /* nothing more may be sent */
    bool hurried;  /* nobody waits for this client */
    bool replaced; /* 500 has taken the place of what the handler said */
};

/* server_table.c */
int table_begin(struct server *server); /* 0, or -1 with errno */
void table_loop(struct worker *worker);
void table_stop(struct server *server); /* ends the loops of all workers */
bool server_is_stopping(const struct server *server);
int64_t server_stop_at(struct server *server); /* sets it if it is not set */

/* server_connection.c: what comes next for the connection, when a worker has done what it could. */
enum outcome {
    OUTCOME_HEAD,    /* more of a head is needed */
    OUTCOME_REQUEST, /* all is served */
    OUTCOME_LINGER,  /* the answer was sent; what the peer still sends is to be dropped */
    OUTCOME_CLOSE
};
enum outcome connection_on_input(struct worker *worker, struct connection *connection);
enum outcome connection_on_timeout(struct worker *worker, struct connection *connection);
void input_free(struct input *input);

/* server_request.c */
void request_begin(struct exchange *x);
bool request_drain(struct exchange *x); /* true when all of the body is through */
void request_end(struct exchange *x);

/* server_response.c */
void response_begin(struct exchange *x);
void response_refuse(struct exchange *x, int status, const char *why);
void response_finish(struct exchange *x);
int64_t pace_begin(struct exchange *x, struct pace *pace, int limit);
void pace_end(struct pace *pace, int64_t deadline, size_t bytes, int limit);

/* server_log.c */
void log_request(struct exchange *x);
void log_error(struct exchange *x, int status, const char *message);

#endif
