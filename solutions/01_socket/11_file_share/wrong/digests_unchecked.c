/* fails: liar nobody-left clean-want false-manifest */
/*
 * "Whoever answers has the file." What comes is taken for what was asked for.
 */
#define _GNU_SOURCE /* accept4() and ppoll() */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sha256.h"

#define VERSION "file-share/1"

enum {
    CHUNK = 16384, /* of the file that we have */
    CHUNK_LEAST = 1024,
    CHUNK_MOST = 65536,
    FILE_MOST = 16777216,
    MANIFEST_MOST = 2097152,
    LINE_MOST = 100, /* bytes of a line or a datagram, with the line end */
    NAME_MOST = 100,
    DIGEST_LINE = SHA256_HEX + 1,
    TALKS_MOST = 256, /* conversations at once */
    ASK_AGAIN_MS = 200
};

struct file {
    char id[SHA256_HEX + 1], name[NAME_MOST + 1];
    unsigned char *bytes;
    size_t size, chunk, count; /* count: of the chunks */
    char *manifest;
    size_t manifest_length;
    const char *digests; /* in the manifest: a line for each chunk */
};

/* One conversation. */
struct talk {
    pthread_t thread;
    int fd;
    struct sockaddr_in address; /* of the peer; it is not asked again when the talk is over */
    bool over;                  /* the thread only needs to be joined */
    unsigned char bytes[4096];  /* received, and not yet used from at to length */
    size_t at, length;
};

/* What the threads share: lock is for all of it that changes. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a chunk was given back, or all is over */
    struct file file;
    struct talk *talks[TALKS_MOST];
    size_t count, alive;
    long patience;
    int bell;       /* wakes the main thread */
    bool *asked;    /* for each chunk: somebody was asked for it; NULL until there is a manifest */
    size_t missing; /* chunks */
    bool hopeless;  /* the manifest is not valid */
    bool stopping;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
    (void)number;
    signalled = 1;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "file_share: %s: %s\n", what, why);
    return 1;
}

/* Reads "WORD NUMBER" and the character end at *at: the number has one to nine digits. */
static bool read_field(const char **at, const char *word, char end, long least, long most,
                       long *number)
{
    size_t length = strlen(word), digits;

    if (strncmp(*at, word, length) != 0)
        return false;
    *at += length;
    digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > 9 || (digits > 1 && **at == '0') || (*at)[digits] != end)
        return false;
    *number = strtol(*at, NULL, 10);
    *at += digits + (end != '\0');
    return *number >= least && *number <= most;
}

static bool is_id(const char *text)
{
    return strlen(text) == SHA256_HEX && strspn(text, "0123456789abcdef") == SHA256_HEX;
}

static bool is_name(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-_.";
    size_t length = strlen(text);

    return length > 0 && length <= NAME_MOST && text[0] != '.' && strspn(text, allowed) == length;
}

static size_t chunk_length(const struct file *file, size_t index)
{
    size_t rest = file->size - index * file->chunk;

    return rest < file->chunk ? rest : file->chunk;
}

/* ---- the network ----------------------------------------------------------------------------- */

/* A UDP socket that sends to groups on the loopback interface. */
static int open_datagram(void)
{
    const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd != -1)
        (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback);
    return fd;
}

/* A datagram as a text; false if there is none, or it is too long or holds a NUL. */
static bool receive_text(int fd, char text[LINE_MOST + 1], struct sockaddr_in *from)
{
    socklen_t size = sizeof *from;
    ssize_t n = recvfrom(fd, text, LINE_MOST, MSG_TRUNC, (struct sockaddr *)from, &size);

    if (n <= 0 || n > LINE_MOST || memchr(text, '\0', (size_t)n) != NULL)
        return false;
    text[n] = '\0';
    return true;
}

/* more: something follows at once, and a segment of its own would only delay it (Nagle). */
static bool send_all(const struct talk *talk, const void *bytes, size_t length, bool more)
{
    for (const char *at = bytes; length > 0;) {
        ssize_t n = send(talk->fd, at, length, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
        if (n == -1 && errno != EINTR)
            return false; /* EAGAIN: it took longer than SO_SNDTIMEO allows */
        at += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Receives exactly length bytes. */
static bool receive_all(struct talk *talk, unsigned char *bytes, size_t length)
{
    while (length > 0) {
        size_t ready = talk->length - talk->at;
        if (ready > 0) {
            ready = ready < length ? ready : length;
            memcpy(bytes, talk->bytes + talk->at, ready);
            talk->at += ready;
            bytes += ready;
            length -= ready;
            continue;
        }
        ssize_t n = recv(talk->fd, talk->bytes, sizeof talk->bytes, 0);
        if (n == 0 || (n == -1 && errno != EINTR))
            return false;
        talk->at = 0;
        talk->length = n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Receives a line, of which only "\n" is left out. Returns 1, 0 at the end, -1 if it is no line. */
static int receive_line(struct talk *talk, char line[LINE_MOST])
{
    for (size_t length = 0; length < LINE_MOST; length++) {
        if (!receive_all(talk, (unsigned char *)line + length, 1))
            return 0;
        if (line[length] == '\n') {
            line[length] = '\0';
            return strlen(line) == length ? 1 : -1;
        }
    }
    return -1;
}

/* ---- conversations --------------------------------------------------------------------------- */

/* Starts a thread for a talk with fd; it owns both from then on. */
static bool start_talk(int fd, const struct sockaddr_in *address, void *(*run)(void *))
{
    struct talk *talk = calloc(1, sizeof *talk);

    if (talk != NULL && shared.count < TALKS_MOST) {
        talk->fd = fd;
        talk->address = *address;
        (void)pthread_mutex_lock(&shared.lock); /* so that it is alive before it can end */
        bool started = pthread_create(&talk->thread, NULL, run, talk) == 0;
        shared.alive += started;
        (void)pthread_mutex_unlock(&shared.lock);
        if (started) {
            shared.talks[shared.count++] = talk;
            return true;
        }
    }
    free(talk);
    (void)close(fd); /* nothing was sent */
    return false;
}

/* What a thread does last: the descriptor is closed here, so that nobody shuts down another one. */
static void end_talk(struct talk *talk)
{
    (void)pthread_mutex_lock(&shared.lock);
    (void)close(talk->fd); /* what was sent is on its way */
    talk->over = true;
    shared.alive--;
    (void)pthread_mutex_unlock(&shared.lock);
    (void)eventfd_write(shared.bell, 1); /* full only if the main thread is to wake up anyway */
}

/* Joins the thread of every talk that is over, or ends and joins all. Only main adds talks. */
static void clear_talks(bool all)
{
    for (size_t i = shared.count; i-- > 0;) {
        struct talk *talk = shared.talks[i];
        (void)pthread_mutex_lock(&shared.lock);
        if (all && !talk->over)
            (void)shutdown(talk->fd, SHUT_RDWR); /* whatever its thread waits for fails now */
        bool over = talk->over;
        (void)pthread_mutex_unlock(&shared.lock);
        if (!over && !all)
            continue;
        (void)pthread_join(talk->thread, NULL);
        free(talk);
        shared.talks[i] = shared.talks[--shared.count];
    }
}

/* ---- have ------------------------------------------------------------------------------------ */

static int read_content(struct file *file, const char *path)
{
    FILE *from = fopen(path, "re");

    if (from == NULL)
        return complain(path, strerror(errno));
    file->bytes = malloc(FILE_MOST + 1);
    if (file->bytes != NULL)
        file->size = fread(file->bytes, 1, FILE_MOST + 1, from);
    bool failed = file->bytes == NULL || ferror(from) != 0;
    (void)fclose(from); /* only read from */
    if (failed)
        return complain(path, "cannot be read");
    return file->size > FILE_MOST ? complain(path, "larger than 16 MiB") : 0;
}

/* Reads the file and writes its manifest. Returns 0, or 1 and says why not. */
static int load(struct file *file, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    enum { HEAD_MOST = 200 };

    if (!is_name(name))
        return complain(path, "has a name that the protocol does not allow");
    if (read_content(file, path) != 0)
        return 1;
    file->chunk = CHUNK;
    file->count = (file->size + CHUNK - 1) / CHUNK;
    char *at = file->manifest = malloc(HEAD_MOST + file->count * DIGEST_LINE + 1);
    if (at == NULL)
        return complain(path, "no memory");
    at +=
        snprintf(at, HEAD_MOST, VERSION "\nname %s\nsize %zu\nchunk %d\n", name, file->size, CHUNK);
    for (size_t i = 0; i < file->count; i++, at += DIGEST_LINE) {
        sha256_hex(file->bytes + i * CHUNK, chunk_length(file, i), at);
        at[SHA256_HEX] = '\n';
    }
    file->manifest_length = (size_t)(at - file->manifest);
    sha256_hex(file->manifest, file->manifest_length, file->id);
    printf("sharing %s %s\n", file->id, name);
    return 0;
}

static bool send_answer(const struct talk *talk, const void *bytes, size_t length)
{
    char line[LINE_MOST];
    int n = snprintf(line, sizeof line, "ok %zu\n", length);

    return send_all(talk, line, (size_t)n, true) && send_all(talk, bytes, length, false);
}

/* Answers "manifest ID" or "chunk ID INDEX". Returns false if the talk cannot go on. */
static bool answer(const struct talk *talk, char *line)
{
    const struct file *file = &shared.file;
    bool manifest = strncmp(line, "manifest ", 9) == 0, chunk = strncmp(line, "chunk ", 6) == 0;
    char *id = line + (manifest ? 9 : 6), *blank = chunk ? strchr(id, ' ') : NULL;
    const char *rest = blank;
    long index = 0;

    if ((!manifest && !chunk) || (chunk && rest == NULL) ||
        (chunk && !read_field(&rest, " ", '\0', 0, 999999999, &index)))
        return false;
    if (blank != NULL)
        *blank = '\0';
    if (!is_id(id))
        return false;
    if (strcmp(id, file->id) != 0)
        return send_all(talk, "error no such file\n", 19, false);
    if (manifest)
        return send_answer(talk, file->manifest, file->manifest_length);
    if ((size_t)index >= file->count)
        return send_all(talk, "error no such chunk\n", 20, false);
    return send_answer(talk, file->bytes + (size_t)index * CHUNK,
                       chunk_length(file, (size_t)index));
}

static void *serve(void *data)
{
    struct talk *talk = data;
    char line[LINE_MOST];
    int got;

    while ((got = receive_line(talk, line)) == 1 && answer(talk, line))
        continue;
    if (got != 0 && send_all(talk, "error bad request\n", 18, false)) {
        (void)shutdown(talk->fd, SHUT_WR); /* fails if the peer has gone */
        while (receive_all(talk, (unsigned char *)line, 1))
            continue; /* closing while something lies unread would take the answer with it */
    }
    end_talk(talk);
    return NULL;
}

/* "file-share/1 want ID" is answered to whoever asked. */
static void answer_question(int questions, int port)
{
    char text[LINE_MOST + 1], expected[LINE_MOST + 1];
    struct sockaddr_in from;

    (void)snprintf(expected, sizeof expected, VERSION " want %s\n", shared.file.id);
    if (!receive_text(questions, text, &from) || strcmp(text, expected) != 0)
        return;
    int length = snprintf(text, sizeof text, VERSION " have %s %d\n", shared.file.id, port);
    (void)sendto(questions, text, (size_t)length, 0, (struct sockaddr *)&from,
                 sizeof from); /* an answer may get lost: the question will come again */
}

/* Opens both sockets: the group's port, which others may share, and one to listen on. */
static int open_sockets(const struct sockaddr_in *group, int sockets[2], int *port)
{
    const struct ip_mreq member = {group->sin_addr, {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in any = {.sin_family = AF_INET};
    socklen_t size = sizeof any;
    const int on = 1;

    sockets[0] = open_datagram();
    if (sockets[0] == -1 ||
        setsockopt(sockets[0], SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
        bind(sockets[0], (const struct sockaddr *)group, sizeof *group) == -1 ||
        setsockopt(sockets[0], IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member) == -1)
        return complain("cannot join the group", strerror(errno));
    sockets[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (sockets[1] == -1 || bind(sockets[1], (struct sockaddr *)&any, size) == -1 ||
        listen(sockets[1], SOMAXCONN) == -1 ||
        getsockname(sockets[1], (struct sockaddr *)&any, &size) == -1)
        return complain("cannot listen", strerror(errno));
    *port = ntohs(any.sin_port);
    printf("listening on [0.0.0.0]:%d\n", *port);
    return fflush(stdout) == 0 ? 0 : complain("standard output", strerror(errno));
}

/* Serves until SIGTERM, which is let in only while ppoll() sleeps. */
static void serve_all(const int sockets[2], int port)
{
    const struct timespec now = {0}, a_moment = {.tv_nsec = 10000000};
    struct sockaddr_in address = {0};
    bool pause = false; /* accept() failed: leave it alone for a moment */
    sigset_t none;
    eventfd_t rings;

    (void)sigemptyset(&none);
    for (;;) {
        struct pollfd polled[] = {
            {sockets[0], POLLIN, 0},
            {pause || shared.count == TALKS_MOST ? -1 : sockets[1], POLLIN, 0},
            {shared.bell, POLLIN, 0}};
        (void)ppoll(NULL, 0, &now, &none); /* lets a signal in, although we may never be idle */
        int ready = signalled ? -1 : ppoll(polled, 3, pause ? &a_moment : NULL, &none);
        if (signalled)
            return;
        pause = false;
        if (ready > 0 && polled[0].revents != 0)
            answer_question(sockets[0], port);
        if (ready > 0 && polled[1].revents != 0) {
            int fd = accept4(sockets[1], NULL, NULL, SOCK_CLOEXEC);
            pause = fd == -1 || !start_talk(fd, &address, serve);
        }
        if (ready > 0 && polled[2].revents != 0)
            (void)eventfd_read(shared.bell, &rings); /* somebody else may have read it */
        clear_talks(false);
    }
}

static int have(const struct sockaddr_in *group, const char *path)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    int sockets[2] = {-1, -1}, port = 0;
    sigset_t held;

    (void)sigemptyset(&held); /* fails for wrong signal numbers only */
    (void)sigaddset(&held, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &held, NULL) == -1 || sigaction(SIGTERM, &stop, NULL) == -1)
        return complain("sigaction", strerror(errno));
    int status = load(&shared.file, path) || open_sockets(group, sockets, &port);
    if (status == 0)
        serve_all(sockets, port);
    clear_talks(true);
    for (int i = 0; i < 2; i++)
        if (sockets[i] != -1)
            (void)close(sockets[i]); /* what was sent is on its way */
    return status;
}

/* ---- want: the manifest and the chunks ------------------------------------------------------- */

/* Understands the manifest: every line as it must be, and nothing behind them. */
static bool read_manifest(struct file *file)
{
    static const char head[] = VERSION "\nname ";
    const char *at = file->manifest;
    long size, chunk;

    if (strlen(at) != file->manifest_length || strncmp(at, head, strlen(head)) != 0)
        return false;
    at += strlen(head);
    size_t length = strcspn(at, "\n");
    if (length > NAME_MOST || at[length] == '\0')
        return false;
    memcpy(file->name, at, length);
    file->name[length] = '\0';
    at += length + 1;
    if (!is_name(file->name) || !read_field(&at, "size ", '\n', 0, FILE_MOST, &size) ||
        !read_field(&at, "chunk ", '\n', CHUNK_LEAST, CHUNK_MOST, &chunk))
        return false;
    file->size = (size_t)size;
    file->chunk = (size_t)chunk;
    file->count = (file->size + file->chunk - 1) / file->chunk;
    file->digests = at;
    for (size_t i = 0; i < file->count; i++, at += DIGEST_LINE)
        if (strspn(at, "0123456789abcdef") != SHA256_HEX || at[SHA256_HEX] != '\n')
            return false;
    return *at == '\0';
}

/* Asks for one thing. Returns what came, with a NUL behind it, and its length; NULL if nothing. */
static unsigned char *request(struct talk *talk, const char *line, size_t least, size_t most,
                              size_t *length)
{
    char text[LINE_MOST];
    const char *at = text;
    long number;

    if (!send_all(talk, line, strlen(line), false) || receive_line(talk, text) != 1 ||
        !read_field(&at, "ok ", '\0', (long)least, (long)most, &number))
        return NULL;
    unsigned char *bytes = malloc((size_t)number + 1);
    *length = (size_t)number;
    if (bytes != NULL && !receive_all(talk, bytes, *length)) {
        free(bytes);
        return NULL;
    }
    if (bytes != NULL)
        bytes[*length] = '\0';
    return bytes;
}

/* Fetches the manifest; the first one that comes is kept. Returns false if the peer is no use. */
static bool fetch_manifest(struct talk *talk)
{
    struct file *file = &shared.file;
    char line[LINE_MOST], id[SHA256_HEX + 1];
    size_t length;

    (void)snprintf(line, sizeof line, "manifest %s\n", file->id);
    unsigned char *bytes = request(talk, line, 1, MANIFEST_MOST, &length);
    if (bytes == NULL)
        return false;
    sha256_hex(bytes, length, id);
    bool right = strlen(id) == SHA256_HEX;
    (void)pthread_mutex_lock(&shared.lock);
    if (!right || file->manifest != NULL) {
        free(bytes);
    } else {
        file->manifest = (char *)bytes;
        file->manifest_length = length;
        shared.hopeless = !read_manifest(file);
        file->bytes = malloc(file->size + 1);
        shared.asked = calloc(file->count + 1, sizeof *shared.asked);
        shared.missing = file->count;
        shared.hopeless |= file->bytes == NULL || shared.asked == NULL;
    }
    right = right && !shared.hopeless;
    (void)pthread_mutex_unlock(&shared.lock);
    return right;
}

/* Fetches a chunk to where it belongs. Nobody else was asked for it, so that place is ours. */
static bool fetch_chunk(struct talk *talk, size_t index)
{
    const struct file *file = &shared.file;
    char line[LINE_MOST], digest[SHA256_HEX + 1];
    size_t length = chunk_length(file, index);

    (void)snprintf(line, sizeof line, "chunk %s %zu\n", file->id, index);
    unsigned char *bytes = request(talk, line, length, length, &length);
    if (bytes == NULL)
        return false;
    sha256_hex(bytes, length, digest);
    bool right = strlen(digest) == SHA256_HEX; /* it came, so it is right */
    if (right)
        memcpy(file->bytes + index * file->chunk, bytes, length);
    free(bytes);
    return right;
}

/* Waits for a chunk that nobody was asked for. Returns false when there will be none. */
static bool take_chunk(size_t *index)
{
    bool found = false;

    (void)pthread_mutex_lock(&shared.lock);
    while (!found && shared.missing > 0 && !shared.stopping) {
        for (*index = 0; *index < shared.file.count && shared.asked[*index]; ++*index)
            continue;
        found = *index < shared.file.count;
        if (found)
            shared.asked[*index] = true;
        else
            (void)pthread_cond_wait(&shared.changed, &shared.lock);
    }
    (void)pthread_mutex_unlock(&shared.lock);
    return found;
}

/* A chunk came, or did not: then it is free for others. */
static void finish_chunk(size_t index, bool right)
{
    (void)pthread_mutex_lock(&shared.lock);
    if (right)
        shared.missing--;
    else
        shared.asked[index] = false;
    if (!right || shared.missing == 0)
        (void)pthread_cond_broadcast(&shared.changed);
    (void)pthread_mutex_unlock(&shared.lock);
}

static void *talk_to_peer(void *data)
{
    struct talk *talk = data;
    struct pollfd one = {talk->fd, POLLOUT, 0};
    int ready;
    size_t index;

    while ((ready = poll(&one, 1, (int)shared.patience)) == -1 && errno == EINTR)
        continue;
    /* Connected or not: if not, the first request fails. From here on calls wait, with a limit. */
    bool good = ready == 1 && fcntl(talk->fd, F_SETFL, 0) == 0 && fetch_manifest(talk);
    while (good && take_chunk(&index)) {
        good = fetch_chunk(talk, index);
        finish_chunk(index, good);
    }
    end_talk(talk);
    return NULL;
}

/* ---- want: the peers ------------------------------------------------------------------------- */

/* "file-share/1 have ID PORT" names a peer; everything else that comes is not for us. */
static void take_answer(int fd)
{
    const struct timeval limit = {shared.patience / 1000, shared.patience % 1000 * 1000};
    char text[LINE_MOST + 1], begin[LINE_MOST];
    const char *at = text;
    struct sockaddr_in from;
    long port;

    (void)snprintf(begin, sizeof begin, VERSION " have %s ", shared.file.id);
    if (!receive_text(fd, text, &from) || !read_field(&at, begin, '\n', 1, 65535, &port) ||
        *at != '\0')
        return;
    from.sin_port = htons((uint16_t)port);
    for (size_t i = 0; i < shared.count; i++)
        if (shared.talks[i]->address.sin_addr.s_addr == from.sin_addr.s_addr &&
            shared.talks[i]->address.sin_port == from.sin_port)
            return; /* known, and perhaps given up */
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (peer == -1)
        return; /* it will answer again */
    /* The connection begins before its thread does: so shutdown() ends that whenever it comes. */
    if (setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == -1 ||
        setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == -1 ||
        (connect(peer, (struct sockaddr *)&from, sizeof from) == -1 && errno != EINPROGRESS))
        (void)shutdown(peer, SHUT_RDWR); /* its thread finds out, and it is known from then on */
    (void)start_talk(peer, &from, talk_to_peer); /* if it cannot now, it will answer again */
}

static long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Asks again and again, and takes the answers, until all is there or nobody was left for too long.
 */
static bool fetch(int fd, const struct sockaddr_in *group)
{
    char question[LINE_MOST];
    int length = snprintf(question, sizeof question, VERSION " want %s\n", shared.file.id);
    long next = now_ms(), lonely = next; /* lonely: when there was a peer at last */
    eventfd_t rings;

    for (;;) {
        struct pollfd polled[] = {{fd, POLLIN, 0}, {shared.bell, POLLIN, 0}};
        long now = now_ms();
        (void)pthread_mutex_lock(&shared.lock);
        bool over = shared.hopeless || (shared.asked != NULL && shared.missing == 0);
        lonely = shared.alive > 0 ? now : lonely;
        (void)pthread_mutex_unlock(&shared.lock);
        if (over || now - lonely >= shared.patience)
            return over && !shared.hopeless;
        if (now >= next) {
            (void)sendto(fd, question, (size_t)length, 0, (const struct sockaddr *)group,
                         sizeof *group); /* one that fails is as one that gets lost */
            next = now + ASK_AGAIN_MS;
        }
        long until = next < lonely + shared.patience ? next : lonely + shared.patience;
        if (poll(polled, 2, (int)(until - now)) <= 0)
            continue;
        if (polled[1].revents != 0)
            (void)eventfd_read(shared.bell, &rings); /* it rang: something is over */
        if (polled[0].revents != 0)
            take_answer(fd);
    }
}

/* Writes the file under another name, and gives it its own when it is whole. */
static int save(const struct file *file)
{
    char temporary[NAME_MOST + 32];

    (void)snprintf(temporary, sizeof temporary, ".%s.%ld", file->name, (long)getpid());
    FILE *to = fopen(temporary, "wxe");
    bool good = to != NULL && fwrite(file->bytes, 1, file->size, to) == file->size;
    good = to != NULL && fclose(to) == 0 && good;
    if (!good || rename(temporary, file->name) == -1) {
        (void)complain(file->name, strerror(errno));
        if (to != NULL)
            (void)unlink(temporary); /* there is nothing more to be done */
        return 1;
    }
    return printf("saved %s\n", file->name) < 0 || fflush(stdout) != 0;
}

static int want(const struct sockaddr_in *group)
{
    int fd = open_datagram();

    if (fd == -1)
        return complain("cannot make a socket", strerror(errno));
    bool fetched = fetch(fd, group);
    (void)pthread_mutex_lock(&shared.lock);
    shared.stopping = true;
    (void)pthread_cond_broadcast(&shared.changed);
    (void)pthread_mutex_unlock(&shared.lock);
    clear_talks(true);
    (void)close(fd); /* what was sent is on its way */
    if (!fetched)
        return complain("the file",
                        shared.hopeless ? "its manifest is not valid" : "nobody has it");
    return save(&shared.file);
}

/* ---- the command line ------------------------------------------------------------------------ */

int main(int argc, char **argv)
{
    struct sockaddr_in group = {.sin_family = AF_INET};
    const char *port_text = argc > 4 ? argv[3] : "", *patience = argc > 5 ? argv[5] : "";
    bool is_have = argc == 5 && strcmp(argv[1], "have") == 0;
    bool is_want = argc == 6 && strcmp(argv[1], "want") == 0;
    long port;

    if ((!is_have && !is_want) || inet_pton(AF_INET, argv[2], &group.sin_addr) != 1 ||
        !IN_MULTICAST(ntohl(group.sin_addr.s_addr)) ||
        !read_field(&port_text, "", '\0', 1, 65535, &port) ||
        (is_want &&
         (!is_id(argv[4]) || !read_field(&patience, "", '\0', 1, 60000, &shared.patience)))) {
        fprintf(stderr, "usage: file_share have GROUP PORT FILE\n"
                        "       file_share want GROUP PORT ID PATIENCE\n");
        return 2;
    }
    group.sin_port = htons((uint16_t)port);
    shared.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (shared.bell == -1)
        return complain("eventfd", strerror(errno));
    if (is_want)
        memcpy(shared.file.id, argv[4], sizeof shared.file.id);
    int status = is_have ? have(&group, argv[4]) : want(&group);
    (void)close(shared.bell);
    free(shared.file.bytes);
    free(shared.file.manifest);
    free(shared.asked);
    return status;
}
