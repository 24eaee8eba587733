/* fails: never-reads */
/*
 * Each request is answered as soon as it is read, into a buffer that grows: who asks and never
 * reads fills the memory.
 */
#define _GNU_SOURCE /* accept4(), ppoll() and memrchr() */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sha256.h"

#define VERSION "file-share/1"

enum {
    CHUNK = 16384,      /* of the files that we have */
    CHUNK_LEAST = 1024, /* of the files that we want */
    CHUNK_MOST = 65536,
    FILE_MOST = 16777216,    /* bytes */
    MANIFEST_MOST = 2097152, /* bytes */
    LINE_MOST = 100,         /* bytes, with the line end */
    NAME_MOST = 100,
    CLIENTS_MOST = 1000,
    PEERS_MOST = 64,
    ASK_AGAIN_MS = 200
};

/* A file's name, its content and its manifest, as far as they are known. */
struct file {
    char id[SHA256_HEX + 1];
    char name[NAME_MOST + 1];
    unsigned char *bytes;
    size_t size, chunk;
    char *manifest;
    size_t manifest_length;
    const char *digests; /* within the manifest: one line for each chunk */
};

/* ---- what both roles need -------------------------------------------------------------------- */

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "file_share: %s: %s\n", what, why);
    return 1;
}

static long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Decimal digits without sign or zeros in front, at most nine. Returns where they end, or NULL. */
static const char *read_number(const char *text, long *number)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 9 || (digits > 1 && text[0] == '0'))
        return NULL;
    *number = strtol(text, NULL, 10);
    return text + digits;
}

/* The same for a whole text, and within limits. */
static bool is_number(const char *text, long least, long most, long *number)
{
    const char *end = read_number(text, number);

    return end != NULL && *end == '\0' && *number >= least && *number <= most;
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

static size_t chunk_count(const struct file *file)
{
    return (file->size + file->chunk - 1) / file->chunk;
}

static size_t chunk_length(const struct file *file, size_t index)
{
    size_t rest = file->size - index * file->chunk;

    return rest < file->chunk ? rest : file->chunk;
}

static void file_free(struct file *file)
{
    free(file->bytes);
    free(file->manifest);
}

/* A UDP socket that sends to groups on the loopback interface. */
static int open_datagram(void)
{
    const struct ip_mreqn loopback = {.imr_address.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd != -1 && setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback) == -1) {
        (void)close(fd); /* nothing was sent */
        return -1;
    }
    return fd;
}

/* A datagram as text; false if there is none, or it is too long or holds a NUL. */
static bool receive_line(int fd, char text[LINE_MOST + 1], struct sockaddr_in *from)
{
    socklen_t length = sizeof *from;
    ssize_t n = recvfrom(fd, text, LINE_MOST, MSG_TRUNC, (struct sockaddr *)from, &length);

    if (n <= 0 || n > LINE_MOST || memchr(text, '\0', (size_t)n) != NULL)
        return false;
    text[n] = '\0';
    return true;
}

/* ---- have: the files ------------------------------------------------------------------------- */

static int read_content(struct file *file, const char *path)
{
    size_t n;
    FILE *from = fopen(path, "re");

    if (from == NULL)
        return complain(path, strerror(errno));
    file->bytes = malloc(FILE_MOST + 1);
    while (file->bytes != NULL && file->size <= FILE_MOST &&
           (n = fread(file->bytes + file->size, 1, FILE_MOST + 1 - file->size, from)) > 0)
        file->size += n;
    bool failed = ferror(from) != 0;
    (void)fclose(from); /* only read from */
    if (file->bytes == NULL || failed)
        return complain(path, "cannot be read");
    if (file->size > FILE_MOST)
        return complain(path, "larger than 16 MiB");
    unsigned char *shrunk = realloc(file->bytes, file->size + 1);
    file->bytes = shrunk != NULL ? shrunk : file->bytes;
    return 0;
}

/* Reads the file, and writes its manifest. Returns 0, or 1 and says why not. */
static int share(struct file *file, const char *path)
{
    enum { HEAD_MOST = 200, DIGEST_LINE = SHA256_HEX + 1 };
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    char *at;

    if (!is_name(name))
        return complain(path, "the protocol has no such names");
    (void)snprintf(file->name, sizeof file->name, "%s", name); /* fits */
    if (read_content(file, path) != 0)
        return 1;
    file->chunk = CHUNK;
    at = file->manifest = malloc(HEAD_MOST + chunk_count(file) * DIGEST_LINE + 1);
    if (at == NULL)
        return complain(path, "no memory");
    at += snprintf(at, HEAD_MOST, VERSION "\nname %s\nsize %zu\nchunk %zu\n", name, file->size,
                   file->chunk);
    for (size_t i = 0; i < chunk_count(file); i++, at += DIGEST_LINE) {
        sha256_hex(file->bytes + i * file->chunk, chunk_length(file, i), at);
        at[SHA256_HEX] = '\n';
    }
    file->manifest_length = (size_t)(at - file->manifest);
    sha256_hex(file->manifest, file->manifest_length, file->id);
    return 0;
}

/* ---- have: one who wants --------------------------------------------------------------------- */

/* The answer at hand is a line and then bytes of a file; while it goes out, nothing is read. */
struct client {
    int fd;
    char in[512]; /* requests; whatever does not fit waits in the kernel */
    size_t in_length;
    char *pile;
    size_t piled, room, sent;
    bool finished; /* it sends no more */
    bool last;     /* close when the answer is out */
};

static const struct file *find_file(const struct file *files, const char *id)
{
    for (; files->manifest != NULL; files++)
        if (strcmp(files->id, id) == 0)
            return files;
    return NULL;
}

static void answer(struct client *client, const char *error, const void *bytes, size_t length)
{
    char line[32];
    size_t head = (size_t)(error != NULL ? snprintf(line, sizeof line, "error %s\n", error)
                                         : snprintf(line, sizeof line, "ok %zu\n", length));

    if (client->piled + head + length > client->room) {
        char *grown = realloc(client->pile, 2 * client->room + head + length);
        if (grown == NULL) {
            client->last = true;
            return;
        }
        client->pile = grown;
        client->room = 2 * client->room + head + length;
    }
    memcpy(client->pile + client->piled, line, head);
    if (length > 0)
        memcpy(client->pile + client->piled + head, bytes, length);
    client->piled += head + length;
}

/* Answers a line without its end: "manifest ID" or "chunk ID INDEX". */
static void answer_request(struct client *client, char *line, const struct file *files)
{
    bool manifest = strncmp(line, "manifest ", 9) == 0, chunk = strncmp(line, "chunk ", 6) == 0;
    char *id = line + (manifest ? 9 : 6), *blank = manifest || chunk ? strchr(id, ' ') : NULL;
    long index = 0;

    if (chunk && blank != NULL)
        *blank = '\0';
    if ((!manifest && !chunk) || !is_id(id) ||
        (chunk && (blank == NULL || !is_number(blank + 1, 0, 999999999, &index)))) {
        client->last = true;
        answer(client, "bad request", NULL, 0);
        return;
    }
    const struct file *file = find_file(files, id);
    if (file == NULL)
        answer(client, "no such file", NULL, 0);
    else if (manifest)
        answer(client, NULL, file->manifest, file->manifest_length);
    else if ((size_t)index >= chunk_count(file))
        answer(client, "no such chunk", NULL, 0);
    else
        answer(client, NULL, file->bytes + (size_t)index * file->chunk,
               chunk_length(file, (size_t)index));
}

/* Takes the next line from what came, if nothing is owed. */
static void next_request(struct client *client, const struct file *files)
{
    char *end = memchr(client->in, '\n', client->in_length);
    size_t length = end == NULL ? client->in_length : (size_t)(end - client->in) + 1;

    if (length > LINE_MOST || (end == NULL && length == LINE_MOST) ||
        (end != NULL && memchr(client->in, '\0', length) != NULL)) {
        client->last = true;
        answer(client, "bad request", NULL, 0);
    } else if (end != NULL) {
        *end = '\0';
        answer_request(client, client->in, files);
        client->in_length -= length;
        memmove(client->in, end + 1, client->in_length);
    }
}

static bool owes(const struct client *client)
{
    return client->sent < client->piled;
}

/* Sends what it can of the answer at hand. Returns false when the client is lost. */
static bool send_answer(struct client *client)
{
    while (owes(client)) {
        ssize_t n = send(client->fd, client->pile + client->sent, client->piled - client->sent,
                         MSG_NOSIGNAL);
        if (n == -1 && errno == EAGAIN)
            return true;
        if (n == -1 && errno != EINTR)
            return false;
        client->sent += n > 0 ? (size_t)n : 0;
    }
    client->sent = client->piled = 0;
    return true;
}

/* Goes on with a conversation as far as it can. Returns false when it is over. */
static bool serve(struct client *client, const struct file *files)
{
    if (!client->finished) {
        ssize_t n = recv(client->fd, client->in + client->in_length,
                         sizeof client->in - client->in_length, 0);
        if (n == -1 && errno != EAGAIN && errno != EINTR)
            return false;
        client->finished = n == 0;
        client->in_length += n > 0 ? (size_t)n : 0;
    }
    for (size_t before = 0; !client->last && before != client->in_length;) {
        before = client->in_length;
        next_request(client, files);
    }
    if (!send_answer(client))
        return false;
    if (owes(client))
        return true;
    if (client->last) {
        client->in_length = 0;
        return shutdown(client->fd, SHUT_WR) == 0 && !client->finished;
    }
    return !client->finished;
}

/* ---- have: the loop -------------------------------------------------------------------------- */

struct haver {
    struct file *files; /* the last one has no manifest */
    int listener, questions;
    uint16_t port; /* of the listener */
    struct client *clients[CLIENTS_MOST];
    size_t count;
};

/* "file-share/1 want ID" is answered to whoever asked, if we have it. */
static void answer_question(const struct haver *haver)
{
    char text[LINE_MOST + 1], expected[LINE_MOST + 1];
    struct sockaddr_in from;

    if (!receive_line(haver->questions, text, &from))
        return;
    for (const struct file *file = haver->files; file->manifest != NULL; file++) {
        (void)snprintf(expected, sizeof expected, VERSION " want %s\n", file->id);
        if (strcmp(text, expected) != 0)
            continue;
        int length = snprintf(text, sizeof text, VERSION " have %s %d\n", file->id, haver->port);
        (void)sendto(haver->questions, text, (size_t)length, 0, (struct sockaddr *)&from,
                     sizeof from); /* an answer may get lost: it will be asked for again */
        return;
    }
}

/* Listens on the group's port, beside others who do. Returns a socket, or -1 and errno. */
static int open_questions(struct in_addr group, uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = group};
    const struct ip_mreqn member = {.imr_multiaddr = group,
                                    .imr_address.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    int fd = open_datagram();

    if (fd != -1 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1 ||
                     bind(fd, (const struct sockaddr *)&address, sizeof address) == -1 ||
                     setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member) == -1)) {
        int why = errno;
        (void)close(fd); /* nothing was sent */
        errno = why;
        return -1;
    }
    return fd;
}

static int open_listener(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd == -1)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, length) == -1 || listen(fd, SOMAXCONN) == -1 ||
        getsockname(fd, (struct sockaddr *)&address, &length) == -1) {
        (void)close(fd); /* nothing was sent */
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

/* Takes one who wants. Returns false if accept() failed, and may fail again at once. */
static bool take_client(struct haver *haver)
{
    int fd = accept4(haver->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct client *client = fd == -1 ? NULL : calloc(1, sizeof *client);

    if (fd == -1)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    if (client == NULL) {
        (void)close(fd); /* nothing was sent */
        return false;
    }
    client->fd = fd;
    haver->clients[haver->count++] = client;
    return true;
}

static void drop_client(struct haver *haver, size_t i)
{
    (void)close(haver->clients[i]->fd); /* what was sent is on its way */
    free(haver->clients[i]->pile);
    free(haver->clients[i]);
    haver->clients[i] = haver->clients[--haver->count];
}

/* Serves until SIGTERM, which is let in only while ppoll() sleeps. */
static void serve_all(struct haver *haver)
{
    static struct pollfd polled[2 + CLIENTS_MOST];
    const struct timespec now = {0}, a_moment = {.tv_nsec = 10000000};
    bool pause = false; /* accept() failed: leave it alone for a moment */
    sigset_t none;

    (void)sigemptyset(&none);
    while (!stopping) {
        bool room = !pause && haver->count < CLIENTS_MOST;
        polled[0] = (struct pollfd){.fd = haver->questions, .events = POLLIN};
        polled[1] = (struct pollfd){.fd = room ? haver->listener : -1, .events = POLLIN};
        for (size_t i = 0; i < haver->count; i++)
            polled[2 + i] =
                (struct pollfd){.fd = haver->clients[i]->fd,
                                .events = (short)((owes(haver->clients[i]) ? POLLOUT : 0) |
                                                  (haver->clients[i]->finished ? 0 : POLLIN))};
        (void)ppoll(NULL, 0, &now, &none); /* lets a signal in, although we may never be idle */
        int ready = stopping ? 0 : ppoll(polled, 2 + haver->count, pause ? &a_moment : NULL, &none);
        pause = false;
        if (ready <= 0)
            continue; /* a signal, or the moment is over */
        for (size_t i = haver->count; i-- > 0;)
            if (polled[2 + i].revents != 0 && !serve(haver->clients[i], haver->files))
                drop_client(haver, i);
        if (polled[0].revents != 0)
            answer_question(haver);
        if (polled[1].revents != 0)
            pause = !take_client(haver);
    }
    while (haver->count > 0)
        drop_client(haver, haver->count - 1);
}

static int have(struct haver *haver, struct in_addr group, uint16_t port, const char *path)
{
    if (share(&haver->files[0], path) != 0)
        return 1;
    haver->questions = open_questions(group, port);
    if (haver->questions == -1)
        return complain("the group", strerror(errno));
    haver->listener = open_listener(&haver->port);
    if (haver->listener == -1) {
        (void)close(haver->questions); /* nothing was sent */
        return complain("cannot listen", strerror(errno));
    }
    for (const struct file *file = haver->files; file->manifest != NULL; file++)
        printf("sharing %s %s\n", file->id, file->name);
    printf("listening on [0.0.0.0]:%d\n", haver->port);
    if (fflush(stdout) == 0)
        serve_all(haver);
    (void)close(haver->listener);
    (void)close(haver->questions); /* what was sent is on its way */
    return 0;
}

/* ---- want: one who has ----------------------------------------------------------------------- */

enum state { LOST, CONNECTING, IDLE, OWES_LINE, OWES_BYTES };

struct peer {
    struct sockaddr_in address; /* it stays known when it is lost, so that it is not asked again */
    enum state state;
    int fd;
    bool manifest; /* was asked for the manifest, not for a chunk */
    size_t index;  /* of the chunk */
    char out[LINE_MOST];
    size_t sent, out_length;
    unsigned char *in; /* a line, then the bytes that it announced */
    size_t in_length, expected;
    long deadline;
};

struct wanter {
    struct file file;
    bool *asked; /* each chunk: somebody has it or was asked for it */
    size_t missing;
    struct peer peers[PEERS_MOST];
    size_t count, alive;
    long patience;
    long lonely; /* since when there has been no peer */
    bool hopeless;
};

/* Gives a peer up for good; its chunk is free for others. */
static void lose(struct wanter *wanter, struct peer *peer)
{
    if (peer->state >= OWES_LINE && !peer->manifest)
        wanter->asked[peer->index] = false;
    peer->state = LOST;
    (void)close(peer->fd); /* nothing of worth was sent */
    free(peer->in);
    peer->in = NULL;
    if (--wanter->alive == 0)
        wanter->lonely = now_ms();
}

static void ask(struct wanter *wanter, struct peer *peer)
{
    size_t index = 0, count = wanter->asked == NULL ? 0 : chunk_count(&wanter->file);

    while (index < count && wanter->asked[index])
        index++;
    if (wanter->asked != NULL && index == count)
        return;
    peer->manifest = wanter->asked == NULL;
    peer->index = index;
    if (!peer->manifest)
        wanter->asked[index] = true;
    peer->out_length =
        (size_t)(peer->manifest
                     ? snprintf(peer->out, sizeof peer->out, "manifest %s\n", wanter->file.id)
                     : snprintf(peer->out, sizeof peer->out, "chunk %s %zu\n", wanter->file.id,
                                index));
    peer->sent = peer->in_length = 0;
    peer->expected = 0;
    peer->state = OWES_LINE;
    peer->deadline = now_ms() + wanter->patience;
}

/* Reads "WORD NUMBER\n" at *at, within limits. */
static bool read_field(const char **at, const char *word, long least, long most, long *number)
{
    size_t length = strlen(word);

    if (strncmp(*at, word, length) != 0)
        return false;
    const char *end = read_number(*at + length, number);
    if (end == NULL || *end != '\n' || *number < least || *number > most)
        return false;
    *at = end + 1;
    return true;
}

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
    if (!is_name(file->name) || !read_field(&at, "size ", 0, FILE_MOST, &size) ||
        !read_field(&at, "chunk ", CHUNK_LEAST, CHUNK_MOST, &chunk))
        return false;
    file->size = (size_t)size;
    file->chunk = (size_t)chunk;
    file->digests = at;
    for (size_t i = 0; i < chunk_count(file); i++, at += SHA256_HEX + 1)
        if (strspn(at, "0123456789abcdef") != SHA256_HEX || at[SHA256_HEX] != '\n')
            return false;
    return *at == '\0';
}

/* A manifest came. Returns false if the peer lies. */
static bool take_manifest(struct wanter *wanter, struct peer *peer)
{
    struct file *file = &wanter->file;
    char id[SHA256_HEX + 1];

    sha256_hex(peer->in, peer->in_length, id);
    if (strcmp(id, file->id) != 0)
        return false;
    if (wanter->asked != NULL)
        return true; /* another peer was faster */
    file->manifest = (char *)peer->in;
    file->manifest_length = peer->in_length;
    file->manifest[peer->in_length] = '\0'; /* there is room */
    peer->in = NULL;
    wanter->hopeless = !read_manifest(file);
    if (wanter->hopeless)
        return true;
    file->bytes = malloc(file->size + 1);
    wanter->asked = calloc(chunk_count(file) + 1, sizeof *wanter->asked);
    wanter->missing = chunk_count(file);
    wanter->hopeless = file->bytes == NULL || wanter->asked == NULL;
    return true;
}

static bool take_chunk(struct wanter *wanter, const struct peer *peer)
{
    struct file *file = &wanter->file;
    char digest[SHA256_HEX + 1];

    sha256_hex(peer->in, peer->in_length, digest);
    if (memcmp(digest, file->digests + peer->index * (SHA256_HEX + 1), SHA256_HEX) != 0)
        return false;
    memcpy(file->bytes + peer->index * file->chunk, peer->in, peer->in_length);
    wanter->missing--;
    return true;
}

/* The whole line of an answer: it must be "ok LENGTH", with the right length. */
static bool take_line(const struct wanter *wanter, struct peer *peer)
{
    const char *at = (char *)peer->in;
    long length, least = 1, most = MANIFEST_MOST;

    if (!peer->manifest)
        least = most = (long)chunk_length(&wanter->file, peer->index);
    peer->in[peer->in_length] = '\0'; /* there is room */
    if (!read_field(&at, "ok ", least, most, &length) || *at != '\0')
        return false;
    unsigned char *room = realloc(peer->in, (size_t)length + LINE_MOST + 1);
    if (room == NULL)
        return false;
    peer->in = room;
    peer->in_length = 0;
    peer->expected = (size_t)length;
    peer->state = OWES_BYTES;
    return true;
}

/* Reads as much as belongs to the answer at hand, a line byte by byte. False: give the peer up. */
static bool read_answer(struct wanter *wanter, struct peer *peer)
{
    while (peer->state >= OWES_LINE) {
        size_t room = peer->state == OWES_LINE ? 1 : peer->expected - peer->in_length;
        ssize_t n = recv(peer->fd, peer->in + peer->in_length, room, 0);
        if (n == -1 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (n <= 0)
            return false;
        peer->in_length += (size_t)n;
        peer->deadline = now_ms() + wanter->patience;
        if (peer->state == OWES_LINE) {
            if (peer->in[peer->in_length - 1] == '\n' ? !take_line(wanter, peer)
                                                      : peer->in_length == LINE_MOST)
                return false;
        } else if (peer->in_length == peer->expected) {
            if (peer->manifest ? !take_manifest(wanter, peer) : !take_chunk(wanter, peer))
                return false;
            peer->state = IDLE;
        }
    }
    return true;
}

static bool send_request(struct peer *peer)
{
    ssize_t n = send(peer->fd, peer->out + peer->sent, peer->out_length - peer->sent, MSG_NOSIGNAL);

    peer->sent += n > 0 ? (size_t)n : 0;
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Goes on with a peer that poll() found ready. Returns false when it is to be given up. */
static bool go_on(struct wanter *wanter, struct peer *peer, short events)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (peer->state == CONNECTING) {
        if (getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1 || error != 0)
            return false;
        peer->state = IDLE;
        return true;
    }
    if (peer->state == IDLE) /* it owes nothing: this is its end, or more than it should say */
        return false;
    if ((events & POLLOUT) != 0 && !send_request(peer))
        return false;
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !read_answer(wanter, peer))
        return false;
    if (peer->state == IDLE && peer->in == NULL) /* it was the manifest that we keep */
        peer->in = malloc(LINE_MOST + 1);
    return peer->in != NULL;
}

/* ---- want: the loop -------------------------------------------------------------------------- */

static void send_question(int fd, struct in_addr group, uint16_t port, const char *id)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = group};
    char text[LINE_MOST];
    int length = snprintf(text, sizeof text, VERSION " want %s\n", id);

    (void)sendto(fd, text, (size_t)length, 0, (const struct sockaddr *)&to,
                 sizeof to); /* one that fails is as one that gets lost: the next one follows */
}

/* Connects to a peer that is new. */
static void add_peer(struct wanter *wanter, const struct sockaddr_in *address)
{
    struct peer *peer = &wanter->peers[wanter->count];

    for (size_t i = 0; i < wanter->count; i++)
        if (wanter->peers[i].address.sin_addr.s_addr == address->sin_addr.s_addr &&
            wanter->peers[i].address.sin_port == address->sin_port)
            return;
    if (wanter->count == PEERS_MOST)
        return;
    *peer = (struct peer){.address = *address, .state = CONNECTING};
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    peer->in = malloc(LINE_MOST + 1);
    peer->deadline = now_ms() + wanter->patience;
    if (peer->fd == -1 || peer->in == NULL) {
        if (peer->fd != -1)
            (void)close(peer->fd); /* nothing was sent */
        free(peer->in);
        return; /* it will answer again */
    }
    wanter->count++;
    wanter->alive++;
    if (connect(peer->fd, (const struct sockaddr *)address, sizeof *address) == -1 &&
        errno != EINPROGRESS && errno != EINTR)
        lose(wanter, peer);
}

/* "file-share/1 have ID PORT": everything else that comes is not for us. */
static void take_answer(struct wanter *wanter, int fd)
{
    char text[LINE_MOST + 1], expected[LINE_MOST + 1];
    struct sockaddr_in from = {0};
    long port;

    if (!receive_line(fd, text, &from))
        return;
    (void)snprintf(expected, sizeof expected, VERSION " have %s ", wanter->file.id);
    const char *at = text;
    if (!read_field(&at, expected, 1, 65535, &port) || *at != '\0')
        return;
    from.sin_port = htons((uint16_t)port);
    add_peer(wanter, &from);
}

/* What poll() should look for, and until when. Peers that have nothing to do are asked first. */
static size_t prepare(struct wanter *wanter, struct pollfd *polled, long *until)
{
    for (size_t i = 0; i < wanter->count; i++) {
        struct peer *peer = &wanter->peers[i];
        if (peer->state == IDLE)
            ask(wanter, peer);
        bool writes = peer->state == CONNECTING ||
                      (peer->state == OWES_LINE && peer->sent < peer->out_length);
        polled[1 + i] = (struct pollfd){.fd = peer->state == LOST ? -1 : peer->fd,
                                        .events = writes ? POLLOUT : POLLIN};
        if (peer->state != LOST && peer->state != IDLE && peer->deadline < *until)
            *until = peer->deadline;
    }
    if (wanter->alive == 0 && wanter->lonely + wanter->patience < *until)
        *until = wanter->lonely + wanter->patience;
    return 1 + wanter->count;
}

static void look_at_peers(struct wanter *wanter, const struct pollfd *polled, size_t count)
{
    long now = now_ms();

    for (size_t i = 0; i + 1 < count; i++) {
        struct peer *peer = &wanter->peers[i];
        if (peer->state == LOST)
            continue;
        bool late = peer->state != IDLE && now >= peer->deadline && polled[1 + i].revents == 0;
        if (late || (polled[1 + i].revents != 0 && !go_on(wanter, peer, polled[1 + i].revents)))
            lose(wanter, peer);
    }
}

/* Fetches everything. Returns false if it cannot be had. */
static bool fetch(struct wanter *wanter, int fd, struct in_addr group, uint16_t port)
{
    struct pollfd polled[1 + PEERS_MOST];
    long next = wanter->lonely = now_ms();

    while (!wanter->hopeless && (wanter->asked == NULL || wanter->missing > 0)) {
        long now = now_ms();
        if (now >= next) {
            send_question(fd, group, port, wanter->file.id);
            next = now + ASK_AGAIN_MS;
        }
        if (wanter->alive == 0 && now >= wanter->lonely + wanter->patience)
            return false;
        long until = next;
        polled[0] = (struct pollfd){.fd = fd, .events = POLLIN};
        size_t count = prepare(wanter, polled, &until);
        int ready = poll(polled, (nfds_t)count, until > now ? (int)(until - now) : 0);
        if (ready == -1)
            continue; /* EINTR */
        look_at_peers(wanter, polled, count);
        if (polled[0].revents != 0)
            take_answer(wanter, fd);
    }
    return !wanter->hopeless;
}

/* Writes the file under another name, and gives it its own when it is whole. */
static bool save(const struct file *file)
{
    char temporary[NAME_MOST + 32];
    size_t written = 0;

    (void)snprintf(temporary, sizeof temporary, ".%s.%ld", file->name, (long)getpid()); /* fits */
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd == -1)
        return false;
    while (written < file->size) {
        ssize_t n = write(fd, file->bytes + written, file->size - written);
        if (n == -1 && errno != EINTR)
            break;
        written += n > 0 ? (size_t)n : 0;
    }
    bool good = written == file->size;
    good = close(fd) == 0 && good;
    good = good && rename(temporary, file->name) == 0;
    if (!good)
        (void)unlink(temporary); /* there is nothing more to be done */
    return good;
}

static int want(struct wanter *wanter, struct in_addr group, uint16_t port)
{
    int fd = open_datagram(), status = 1;

    if (fd == -1)
        return complain("cannot make a socket", strerror(errno));
    bool fetched = fetch(wanter, fd, group, port);
    while (wanter->count > 0) {
        struct peer *peer = &wanter->peers[--wanter->count];
        if (peer->state != LOST)
            lose(wanter, peer);
    }
    (void)close(fd); /* what was sent is on its way */
    if (!fetched)
        (void)complain("the file",
                       wanter->hopeless ? "its manifest is not valid" : "nobody has it");
    else if (!save(&wanter->file))
        (void)complain(wanter->file.name, strerror(errno));
    else
        status = printf("saved %s\n", wanter->file.name) < 0 || fflush(stdout) != 0;
    file_free(&wanter->file);
    free(wanter->asked);
    return status;
}

/* ---- the command line ------------------------------------------------------------------------ */

static int usage(void)
{
    fprintf(stderr, "usage: file_share have GROUP PORT FILE\n"
                    "       file_share want GROUP PORT ID PATIENCE\n");
    return 2;
}

static bool hold_signals(void)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    sigset_t held;

    (void)sigemptyset(&held); /* fails for wrong signal numbers only */
    (void)sigaddset(&held, SIGTERM);
    return sigprocmask(SIG_BLOCK, &held, NULL) == 0 && sigaction(SIGTERM, &stop, NULL) == 0;
}

int main(int argc, char **argv)
{
    static struct haver haver;
    static struct wanter wanter;
    struct in_addr group;
    long port;

    if (argc < 5 || inet_pton(AF_INET, argv[2], &group) != 1 ||
        !IN_MULTICAST(ntohl(group.s_addr)) || !is_number(argv[3], 1, 65535, &port))
        return usage();
    if (strcmp(argv[1], "want") == 0) {
        if (argc != 6 || !is_id(argv[4]) || !is_number(argv[5], 1, 60000, &wanter.patience))
            return usage();
        memcpy(wanter.file.id, argv[4], sizeof wanter.file.id);
        return want(&wanter, group, (uint16_t)port);
    }
    if (argc != 5 || strcmp(argv[1], "have") != 0)
        return usage();
    haver.files = calloc(2, sizeof *haver.files);
    if (haver.files == NULL || !hold_signals())
        return complain("cannot begin", strerror(errno));
    int status = have(&haver, group, (uint16_t)port, argv[4]);
    file_free(&haver.files[0]);
    free(haver.files);
    return status;
}
