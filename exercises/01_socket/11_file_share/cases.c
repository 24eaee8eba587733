/* Exercise 1.11, peer-to-peer file share: what is tried, and how. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/harness.h"
#include "sha256.h"

#define GROUP "239.255.1.11"
#define VERSION "file-share/1"
#define FOLDER "a-folder"
#define LONG_PATIENCE "20000" /* it never runs out in a case */

enum {
    HAVE_CHUNK = 16384,
    HOSTS = 14,
    LINE_MOST = 100,
    FILE_MOST = 16777216,
    CHUNK_LEAST = 1024,
    CHUNK_MOST = 65536,
    VAIN_MOST = 8,    /* questions while nothing else happens */
    ASK_LEAST_MS = 70 /* less than the 100 ms of rule 6 */
};

/* ---- files and what the protocol makes of them ----------------------------------------------- */

struct share {
    const char *name;
    unsigned char *bytes;
    size_t size, chunk, count;
    char *manifest;
    size_t manifest_length;
    char id[SHA256_HEX + 1];
};

static void digest_manifest(struct share *share)
{
    share->manifest_length = strlen(share->manifest);
    sha256_hex(share->manifest, share->manifest_length, share->id);
}

static size_t chunk_length(const struct share *share, size_t index)
{
    size_t rest = share->size - index * share->chunk;

    return rest < share->chunk ? rest : share->chunk;
}

static void write_manifest(struct session *s, struct share *share)
{
    size_t room = 300 + share->count * (SHA256_HEX + 1), length;

    share->manifest = session_alloc(s, room);
    length = (size_t)snprintf(share->manifest, room, VERSION "\nname %s\nsize %zu\nchunk %zu\n",
                              share->name, share->size, share->chunk);
    for (size_t i = 0; i < share->count; i++, length += SHA256_HEX + 1) {
        sha256_hex(share->bytes + i * share->chunk, chunk_length(share, i),
                   share->manifest + length);
        share->manifest[length + SHA256_HEX] = '\n';
    }
    digest_manifest(share);
}

static struct share make_share(struct session *s, const char *name, size_t size, size_t chunk)
{
    struct share share = {.name = name, .size = size, .chunk = chunk};

    share.count = (size + chunk - 1) / chunk;
    share.bytes = session_alloc(s, size);
    session_bytes(s, share.bytes, size);
    write_manifest(s, &share);
    return share;
}

/* A file of zeros, whose chunks all have one digest: as large as need be, and made at once. */
static struct share make_zeros(struct session *s, const char *name, size_t size, size_t chunk)
{
    struct share share = {.name = name, .size = size, .chunk = chunk, .count = size / chunk};
    size_t room = 300 + share.count * (SHA256_HEX + 1), length;
    char digest[SHA256_HEX + 1];

    share.bytes = session_alloc(s, size);
    share.manifest = session_alloc(s, room);
    sha256_hex(share.bytes, chunk, digest);
    length = (size_t)snprintf(share.manifest, room, VERSION "\nname %s\nsize %zu\nchunk %zu\n",
                              name, size, chunk);
    for (size_t i = 0; i < share.count; i++)
        length += (size_t)snprintf(share.manifest + length, room - length, "%s\n", digest);
    digest_manifest(&share);
    return share;
}

/* A name of the file that no program can know beforehand. */
static const char *any_name(struct session *s)
{
    return session_print(s, "file-%u_%u.bin", session_random(s, 1000), session_random(s, 1000));
}

/* A file of so many chunks of any length, the last one shorter. */
static struct share any_share(struct session *s, size_t count)
{
    size_t chunk = 1024 + session_random(s, 1000);

    return make_share(s, any_name(s), count * chunk - 1 - session_random(s, 1000), chunk);
}

/* ---- what is said of it -----------------------------------------------------------------------
 */

static long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A line in quotes, its \n and its like visible, and digests cut in the middle: what is wrong with
 * it stands behind them. */
static const char *quoted(struct session *s, const char *line)
{
    char text[4 * 300] = "\"", *at = text + 1;

    for (; *line != '\0' && at - text < 4L * 280; line++) {
        size_t digits = strspn(line, "0123456789abcdef");
        const char *escaped = *line == '\n' ? "\\n" : *line == '\r' ? "\\r" : NULL;
        if (digits >= SHA256_HEX / 2) {
            at += snprintf(at, 40, digits == SHA256_HEX ? "%.4s…" : "%.4s…(%zu more)…", line,
                           digits - 8);
            at += snprintf(at, 20, "%.4s", line + digits - 4);
            line += digits - 1;
        } else if (escaped != NULL) {
            at += snprintf(at, 20, "%s", escaped);
        } else if (*line < ' ' || *line > '~') {
            at += snprintf(at, 20, "\\x%02x", (unsigned char)*line);
        } else {
            *at++ = *line;
        }
    }
    *at = '\0';
    return session_print(s, "%s%s\"", text, *line != '\0' ? "…" : "");
}

/* ---- those who have, played by the harness --------------------------------------------------- */

struct scene;

/* One who has the file: true, or of another manner. */
struct host {
    struct peer *peer;
    struct link *link;
    struct port *mouth;         /* what it answers from; NULL: where the question came to */
    const char *announced;      /* its answer to the question; NULL: none yet */
    bool known;                 /* it has answered a question */
    bool over;                  /* it is given up, or ought to be: it must be asked no more */
    bool ended;                 /* the program closed its connection */
    long owed;                  /* the chunk that it was asked for and has not answered; else -1 */
    unsigned manifests, chunks; /* how many it was asked for */
    unsigned lied_at;           /* how many questions there had been when it lied */
    bool silent;                /* it owes, and sends no more */
    bool late;                  /* it has sent for longer than the patience */
    bool drips;                 /* it owes, and sends a byte with each question */
    long asked_ms, since_ms;    /* when it was asked for a chunk first; when it sent at last */
    const char *answer;         /* of which it drips */
    size_t length, sent;        /* of that */
    const char *said;           /* what it is to be given up for */
    const char *flaw;           /* of its manifest: after that, it must be asked for nothing */
    const char *rubbish;        /* what it answers instead of a chunk; NULL: "ok 0LENGTH" */
    /* Answers a request for a chunk, or the manifest if index is -1. NULL: truly. */
    void (*manner)(struct scene *scene, struct host *host, long index);
};

struct scene {
    struct session *s;
    const struct share *share;
    struct port *port; /* where the group is asked */
    struct student *p;
    struct host hosts[HOSTS];
    size_t count;
    unsigned questions;
    size_t truly;                             /* chunks that were answered truly */
    size_t enough;                            /* so many of them will do; 0: all */
    long patience, began_ms;                  /* of the program */
    bool busy;                                /* what happened may be the machine's fault */
    unsigned vain;                            /* questions since anything else happened */
    void (*on_question)(struct scene *scene); /* NULL: each host answers once */
    void (*on_end)(struct scene *scene, struct host *host);
};

static struct host *add_host(struct scene *scene, struct peer *peer,
                             void (*manner)(struct scene *, struct host *, long))
{
    struct host *host = &scene->hosts[scene->count++];

    *host = (struct host){.peer = peer, .owed = -1, .manner = manner};
    host->announced =
        session_print(scene->s, VERSION " have %s %s\n", scene->share->id, peer_port(peer));
    return host;
}

/* One that listens as it should, on 127.0.0.1. */
static struct host *add_listener(struct scene *scene,
                                 void (*manner)(struct scene *, struct host *, long))
{
    return add_host(scene, peer_listen(scene->s, "127.0.0.1"), manner);
}

static void announce(struct scene *scene, struct host *host)
{
    host->known = true;
    if (host->mouth != NULL)
        port_reply_from(host->mouth, scene->port, host->announced, strlen(host->announced));
    else
        port_reply(scene->port, host->announced, strlen(host->announced));
}

static void announce_all(struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        if (scene->hosts[i].announced != NULL)
            announce(scene, &scene->hosts[i]);
}

/* Each answers one question: those that are meant to answer again belong to cases of their own. */
static void announce_new(struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        if (scene->hosts[i].announced != NULL && !scene->hosts[i].known)
            announce(scene, &scene->hosts[i]);
}

/* The answer to a request, with its line. */
static char *make_answer(struct scene *scene, long index, size_t *length)
{
    const struct share *share = scene->share;
    size_t size = index < 0 ? share->manifest_length : chunk_length(share, (size_t)index);
    const void *bytes =
        index < 0 ? (void *)share->manifest : (void *)(share->bytes + (size_t)index * share->chunk);
    char *text = session_alloc(scene->s, size + LINE_MOST);

    *length = (size_t)snprintf(text, LINE_MOST, "ok %zu\n", size);
    if (size > 0)
        memcpy(text + *length, bytes, size);
    *length += size;
    return text;
}

static void answer_truly(struct scene *scene, struct host *host, long index)
{
    size_t length;
    const char *text = make_answer(scene, index, &length);

    link_send(host->link, text, length);
    scene->truly += index >= 0;
    host->owed = -1;
}

/* From now on it must be asked no more. */
static void give_up(struct scene *scene, struct host *host)
{
    host->over = true;
    host->owed = -1;
    host->lied_at = scene->questions;
}

static void take_question(struct scene *scene)
{
    const char *question = session_print(scene->s, VERSION " want %s\n", scene->share->id);
    char text[LINE_MOST + 1] = "";
    size_t length = strlen(question);

    scene->questions++;
    long took = now_ms() - scene->began_ms; /* from before its start: no less than it took */
    if (scene->questions > 8 && took < (long)(scene->questions - 1) * ASK_LEAST_MS)
        session_blame(scene->s,
                      "Your program asked the group %u times in %ld ms; it should have been every "
                      "200 ms (rule 6).",
                      scene->questions, took);
    if (scene->questions == 1) {
        port_expect(scene->port, question, length);
    } else if (port_receive(scene->port, text, sizeof text) != length ||
               memcmp(text, question, length) != 0) {
        session_fail(scene->s, "The first question of your program was right, and a later one was "
                               "another text.");
    }
    scene->vain++;
    if (scene->on_question != NULL)
        scene->on_question(scene);
    else
        announce_new(scene);
}

static void take_call(struct scene *scene, const struct happening *news)
{
    for (size_t i = 0; i < scene->count; i++) {
        struct host *host = &scene->hosts[i];
        if (host->peer != news->peer)
            continue;
        if (host->over && host->link == NULL)
            session_fail(scene->s,
                         "Your program connected to port %s, which no valid answer of "
                         "this group named.",
                         peer_port(host->peer));
        if (host->over)
            session_fail(scene->s,
                         "Your program connected again to the peer at port %s, which it had to "
                         "give up: it answered the question again, and must still be known.",
                         peer_port(host->peer));
        if (host->link != NULL)
            session_fail(scene->s, "Your program connected a second time to the same peer, which "
                                   "had only answered the question once more.");
        host->link = news->link;
        return;
    }
}

/* Reads "chunk ID INDEX" or "manifest ID": the chunk, or -1. */
static long read_request(const struct scene *scene, const char *line, size_t length)
{
    const struct share *share = scene->share;
    char text[LINE_MOST + 32];

    if (length == (size_t)snprintf(text, sizeof text, "manifest %s", share->id) &&
        memcmp(line, text, length) == 0)
        return -1;
    size_t head = (size_t)snprintf(text, sizeof text, "chunk %s ", share->id);
    long index = length > head ? strtol(line + head, NULL, 10) : -1;
    if (index >= 0 && (size_t)index < share->count &&
        length == (size_t)snprintf(text, sizeof text, "chunk %s %ld", share->id, index) &&
        memcmp(line, text, length) == 0)
        return index;
    session_fail(scene->s,
                 "Your program sent the line %s, which is neither \"manifest ID\" nor \"chunk ID "
                 "INDEX\" for a file of %zu chunks.",
                 quoted(scene->s, session_print(scene->s, "%s\n", line)), share->count);
}

/* Only where the machine was not so busy that it really was silent for long. */
static void on_drip_end(struct scene *scene, struct host *host)
{
    long silent = now_ms() - host->since_ms;

    if (!host->drips)
        return;
    if (silent < scene->patience / 2)
        session_blame(scene->s,
                      "Your program gave up the peer at port %s, which was slow: it had sent a "
                      "byte %ld ms before. The PATIENCE of %ld ms is for a peer that sends nothing "
                      "(rule 10); with each byte it begins anew.",
                      peer_port(host->peer), silent, scene->patience);
    scene->busy = true;
    host->drips = false;
    give_up(scene, host);
}

/* A chunk is asked for that somebody else owes: he must have been given up, and for a reason. */
static void take_over(struct scene *scene, struct host *other, long index)
{
    enum { ROUNDING_MS = 20 };
    long waited = now_ms() - other->since_ms;

    if (other->drips && waited >= scene->patience / 2) { /* its end will be told next */
        on_drip_end(scene, other);
        return;
    }
    if (!other->silent && !other->drips)
        session_fail(scene->s, "Your program asked two peers for chunk %ld at the same time.",
                     index);
    if (waited < scene->patience - ROUNDING_MS)
        session_blame(scene->s,
                      "Your program asked a second peer for chunk %ld, %ld ms after the first one, "
                      "which is slow, had sent a part of it. The PATIENCE of %ld ms begins anew "
                      "with each byte (rule 10), and until it is over no chunk is asked for twice "
                      "(rule 8).",
                      index, waited, scene->patience);
    other->silent = false;
    give_up(scene, other);
}

static void take_line(struct scene *scene, struct host *host, const struct happening *news)
{
    long index = read_request(scene, news->line, news->length);

    if (host->over)
        session_fail(scene->s,
                     "Your program asked the peer at port %s again, which had %s: it is to be "
                     "given up for good.",
                     peer_port(host->peer),
                     host->said != NULL ? host->said : "not answered as it should");
    if (host->owed >= 0)
        session_fail(scene->s,
                     "Your program asked a peer for chunk %ld while that still owed "
                     "chunk %ld: one at a time.",
                     index, host->owed);
    for (size_t i = 0; i < scene->count && index >= 0; i++)
        if (scene->hosts[i].owed == index)
            take_over(scene, &scene->hosts[i], index);
    host->owed = index;
    host->manifests += index < 0;
    host->chunks += index >= 0;
    if (host->manner != NULL)
        host->manner(scene, host, index);
    else
        answer_truly(scene, host, index);
}

static void take_news(struct scene *scene, const struct happening *news)
{
    if (news->what == HAPPENED_DATAGRAM) {
        char left[LINE_MOST];
        if (news->port == scene->port)
            take_question(scene);
        else
            (void)port_receive(news->port, left, sizeof left); /* of a scene before this one */
    } else if (news->what == HAPPENED_CALL) {
        take_call(scene, news);
    }
    for (size_t i = 0; i < scene->count && news->what != HAPPENED_CALL; i++) {
        struct host *host = &scene->hosts[i];
        if (news->link == NULL || host->link != news->link)
            continue;
        if (news->what == HAPPENED_LINE) {
            take_line(scene, host, news);
        } else {
            host->ended = true;
            if (scene->on_end != NULL)
                scene->on_end(scene, host);
        }
    }
}

/* A program that wants share; its hosts are added by the case. */
static struct scene want(struct session *s, const struct share *share, const char *patience)
{
    struct scene scene = {.s = s,
                          .share = share,
                          .port = port_open_group(s, GROUP),
                          .patience = strtol(patience, NULL, 10),
                          .began_ms = now_ms()};

    session_closes_early(s);
    session_writes_files(s);
    scene.p = student_start(s, "want", GROUP, port_number(scene.port), share->id, patience, NULL);
    return scene;
}

/* Those that are to be given up, and are not. */
static void find_kept(const struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++) {
        const struct host *host = &scene->hosts[i];
        if (host->link == NULL || host->ended)
            continue;
        if (host->silent)
            session_blame(scene->s,
                          "The peer at port %s was asked for %s and has sent nothing for %ld ms: "
                          "with a PATIENCE of %ld ms it is to be given up (rule 10).",
                          peer_port(host->peer),
                          host->owed < 0 ? "the manifest"
                                         : session_print(scene->s, "chunk %ld", host->owed),
                          now_ms() - host->since_ms, scene->patience);
        if (host->over && host->said != NULL)
            session_blame(scene->s,
                          "The peer at port %s had %s, and your program did not close its "
                          "connection: that peer is to be given up at once (rule 10).",
                          peer_port(host->peer), host->said);
    }
}

/* It asks the group, again and again, and that is all. */
_Noreturn static void fail_in_vain(const struct scene *scene, const char *waiting)
{
    const struct host *idle = NULL, *left = NULL;
    bool all_over = scene->count > 0;

    find_kept(scene);
    for (size_t i = 0; i < scene->count; i++) {
        const struct host *host = &scene->hosts[i];
        all_over = all_over && host->over;
        if (host->link != NULL && !host->over && host->ended)
            left = host;
        else if (host->link != NULL && !host->over && host->owed < 0)
            idle = host;
    }
    if (idle != NULL && scene->truly < scene->share->count)
        session_fail(scene->s, "Chunks are missing, and a peer that could give them was asked for "
                               "nothing more: what a peer owed when it was given up is to be asked "
                               "of another one.");
    if (left != NULL)
        session_fail(scene->s, "Your program closed its connection to a peer that had done nothing "
                               "wrong, and went on asking the group.");
    if (all_over)
        session_fail(scene->s,
                     "The only peer was given up, and your program waits on, longer than its "
                     "PATIENCE of %ld ms: the answers of a peer that was given up do not count "
                     "(rule 11).",
                     scene->patience);
    session_fail(scene->s,
                 "Your program asked the group %u more times and did nothing else. The harness "
                 "waited for %s.",
                 scene->vain, waiting);
}

/* What is waited for, if nothing happens any more: no further question either. */
static const char *what_fails(const struct scene *scene, const char *waiting)
{
    if (scene->questions == 0)
        return waiting;
    return session_print(scene->s, "%s, and for its next question: it asked the group %s (rule 6)",
                         waiting,
                         scene->questions == 1
                             ? "once and not again"
                             : session_print(scene->s, "%u times and not again", scene->questions));
}

/* Plays until the program has ended, or has what it is to have. */
static void play(struct scene *scene, const char *waiting)
{
    const long vain_ms = scene->patience < 10000 ? 2 * scene->patience : 0;
    const char *told = waiting;

    while (scene->enough == 0 || scene->truly < scene->enough) {
        struct happening news = session_next(scene->s, told);
        unsigned questions = scene->questions;
        if (news.what == HAPPENED_EXIT)
            return;
        if (news.what != HAPPENED_DATAGRAM)
            scene->vain = 0;
        take_news(scene, &news);
        if (scene->vain >= VAIN_MOST && now_ms() - scene->began_ms > vain_ms)
            fail_in_vain(scene, waiting);
        if (scene->questions != questions)
            told = what_fails(scene, waiting);
    }
}

static void expect_stored(const struct scene *scene)
{
    const struct share *share = scene->share;
    const char *line = session_print(scene->s, "saved %s\n", share->name);

    expect_exit(scene->p, 0);
    expect_file(scene->p, share->name, share->bytes, share->size);
    expect_output(scene->p, line, strlen(line));
}

static void fetch(struct scene *scene)
{
    play(scene, "your program to fetch the file");
    expect_stored(scene);
    expect_files(scene->p, scene->share->name, NULL);
}

static void fetch_nothing(struct scene *scene)
{
    play(scene, "your program to give up");
    expect_failure(scene->p, 1);
    expect_output(scene->p, "", 0);
}

/* ---- want: true peers ------------------------------------------------------------------------ */

static void one_peer(struct session *s)
{
    struct share share = any_share(s, 5 + session_random(s, 5));
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_listener(&scene, NULL);
    fetch(&scene);
}

static void sizes(struct session *s)
{
    size_t chunk = 1024 + session_random(s, 1000);
    const size_t list[] = {2 * chunk, 1, 0, chunk};

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct share share = make_share(s, "same-name", list[i], chunk);
        struct scene scene = want(s, &share, LONG_PATIENCE);
        (void)add_listener(&scene, NULL);
        fetch(&scene);
    }
}

/* A long answer needs two recv() at least. */
static void answer_in_two(struct scene *scene, struct host *host, long index)
{
    size_t length;
    const char *text = make_answer(scene, index, &length);
    const size_t sizes_of[] = {length / 2, 0};

    link_send_pieces(host->link, text, length, sizes_of);
    scene->truly += index >= 0;
    host->owed = -1;
}

/* As long as can be: the name, a chunk; then the size, and as short as can be: the chunks. */
static void limits(struct session *s)
{
    char *name = session_alloc(s, 101);

    memset(name, 'n', 100);
    struct share share = make_share(s, name, CHUNK_MOST + 1 + session_random(s, 1000), CHUNK_MOST);
    struct scene scene = want(s, &share, LONG_PATIENCE);
    (void)add_listener(&scene, answer_in_two);
    play(&scene, "your program to fetch a file of a name of 100 bytes, in chunks of 65536");
    expect_stored(&scene);
    share = make_zeros(s, "zeros", FILE_MOST, CHUNK_LEAST);
    scene = want(s, &share, LONG_PATIENCE);
    (void)add_listener(&scene, NULL);
    scene.enough = 20;
    play(&scene, "your program to ask for chunks of a file of 16777216 bytes");
    if (scene.truly < scene.enough)
        session_fail(s,
                     "Your program gave up a file that the protocol allows, of %d bytes in "
                     "chunks of %d; its manifest has %zu bytes.",
                     FILE_MOST, CHUNK_LEAST, share.manifest_length);
    student_end(scene.p);
}

static void all_sizes(struct session *s)
{
    sizes(s);
    limits(s);
}

/* Says nothing about a chunk before every host owes one. */
static void answer_together(struct scene *scene, struct host *host, long index)
{
    size_t owing = 0;

    if (index < 0 || host->chunks > 1) {
        answer_truly(scene, host, index);
        return;
    }
    for (size_t i = 0; i < scene->count; i++)
        owing += scene->hosts[i].owed >= 0;
    for (size_t i = 0; i < scene->count && owing == scene->count; i++)
        answer_truly(scene, &scene->hosts[i], scene->hosts[i].owed);
}

static void several_peers(struct session *s)
{
    struct share share = any_share(s, 12);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    for (int i = 0; i < 3; i++)
        (void)add_listener(&scene, answer_together);
    play(&scene, "your program to ask each of three peers for a chunk, before the first one "
                 "answers");
    expect_stored(&scene);
}

static void second_question(struct scene *scene)
{
    if (scene->questions > 1)
        announce_all(scene);
}

static void asks_again(struct session *s)
{
    struct share share = any_share(s, 3);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_listener(&scene, NULL);
    scene.on_question = second_question;
    play(&scene, "your program to ask again: its first question got lost");
    expect_stored(&scene);
}

static void nobody(struct session *s)
{
    enum { PATIENCE_MS = 800, ROUNDING_MS = 20 };
    struct share share = any_share(s, 3);
    struct scene scene = want(s, &share, "800");

    fetch_nothing(&scene);
    long took = now_ms() - scene.began_ms; /* with its start: no less than it was patient */
    expect_files(scene.p, NULL);
    if (took < PATIENCE_MS - ROUNDING_MS)
        session_fail(s, "Your program gave up after %ld ms at the latest; its PATIENCE was %d ms.",
                     took, PATIENCE_MS);
    if (scene.questions < 2)
        session_fail(s,
                     "Your program asked once in the %d ms of its PATIENCE; it should have asked "
                     "again every 200 ms.",
                     PATIENCE_MS);
}

/* Answers that name a peer of their own, which is to be connected to by nobody. */
static void answer_strangely(struct scene *scene)
{
    struct session *s = scene->s;
    const char *id = scene->share->id, *port = peer_port(scene->hosts[0].peer);
    const char *lines[] = {session_print(s, "file-share/2 have %s %s\n", id, port),
                           session_print(s, VERSION " have %064d %s\n", 0, port),
                           session_print(s, VERSION " have %.63s %s\n", id, port),
                           session_print(s, VERSION " have %s %s", id, port),
                           session_print(s, VERSION " have %s %s\n\n", id, port),
                           session_print(s, VERSION " have %s %s and more\n", id, port),
                           session_print(s, VERSION " have %s  %s\n", id, port),
                           session_print(s, VERSION " have %s +%s\n", id, port),
                           session_print(s, VERSION " have %s 0%s\n", id, port),
                           session_print(s, VERSION " have %s %d%s\n", id, 1, port),
                           session_print(s, VERSION " have %s 0\n", id),
                           session_print(s, VERSION " have %s 65536\n", id),
                           session_print(s, VERSION " have %s\n", id),
                           session_print(s, VERSION " want %s\n", id),
                           session_print(s, VERSION " have %s %s\n%0900d", id, port, 0),
                           ""};
    const char *nul = session_print(s, VERSION " have %s %s\n", id, port);

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        port_reply(scene->port, lines[i], strlen(lines[i]));
    port_reply(scene->port, nul, strlen(nul) + 1);
    announce(scene, &scene->hosts[1]);
}

static void strangers(struct session *s)
{
    struct share share = any_share(s, 3);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    add_listener(&scene, NULL)->over = true;
    (void)add_listener(&scene, NULL);
    scene.on_question = answer_strangely;
    play(&scene, "your program to fetch the file from the one peer whose answer is valid");
    expect_stored(&scene);
}

/* Twice five times; the chunk that is owed comes when the program has taken them all. */
static void announce_often(struct scene *scene)
{
    for (int i = 0; i < 5 && scene->questions < 3; i++)
        announce_all(scene);
    if (scene->questions > 2 && scene->hosts[0].owed >= 0)
        answer_truly(scene, &scene->hosts[0], scene->hosts[0].owed);
}

static void answer_late(struct scene *scene, struct host *host, long index)
{
    if (index < 0 || host->chunks > 1 || scene->questions > 2)
        answer_truly(scene, host, index);
}

static void answers_often(struct session *s)
{
    struct share share = any_share(s, 4);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_listener(&scene, answer_late);
    scene.on_question = announce_often;
    fetch(&scene);
}

/* The same port at two addresses: nobody listens at the one that is named first. */
static void announce_both(struct scene *scene)
{
    struct host *host = &scene->hosts[0];

    if (host->known)
        return;
    port_reply_from(port_open(scene->s, "127.0.0.3"), scene->port, host->announced,
                    strlen(host->announced));
    announce(scene, host);
}

static void other_address(struct session *s)
{
    struct share share = any_share(s, 4);
    struct scene scene = want(s, &share, LONG_PATIENCE);
    struct host *host = add_host(&scene, peer_listen(s, "127.0.0.2"), NULL);

    host->mouth = port_open(s, "127.0.0.2");
    scene.on_question = announce_both;
    play(&scene, "your program to connect to 127.0.0.2, where the second answer came from; the "
                 "first one, from 127.0.0.3, named the same port");
    expect_stored(&scene);
}

/* ---- want: peers that fail ------------------------------------------------------------------- */

static void nobody_listens(struct session *s)
{
    struct share share = any_share(s, 4);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_host(&scene, peer_refuse(s, "127.0.0.1"), NULL);
    (void)add_listener(&scene, NULL);
    fetch(&scene);
}

/* Takes the request, and that is all. */
static void say_nothing(struct scene *scene, struct host *host, long index)
{
    (void)scene;
    (void)index;
    host->silent = true;
    host->since_ms = now_ms();
}

/*
 * One that takes no connection does not hold the others up; without them, it is waited for and
 * given up. So is one that takes the connection and then says nothing.
 */
static void black_hole(struct session *s)
{
    struct share share = any_share(s, 4);
    struct peer *hole = peer_ignore(s, "127.0.0.1");
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_host(&scene, hole, NULL);
    (void)add_listener(&scene, NULL);
    fetch(&scene);
    scene = want(s, &share, "150");
    (void)add_host(&scene, hole, NULL);
    (void)add_listener(&scene, say_nothing);
    fetch_nothing(&scene);
}

/* Waits with its chunks until the first host is over. */
static void answer_after_first(struct scene *scene, struct host *host, long index)
{
    if (index < 0 || scene->hosts[0].over)
        answer_truly(scene, host, index);
}

/* What the others kept back comes now. */
static void answer_owed(struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        if (scene->hosts[i].owed >= 0)
            answer_truly(scene, &scene->hosts[i], scene->hosts[i].owed);
}

static void send_half(struct scene *scene, struct host *host, long index)
{
    size_t length;
    const char *text = make_answer(scene, index, &length);

    link_send(host->link, text, length / 2);
}

static void die_in_chunk(struct scene *scene, struct host *host, long index)
{
    if (index < 0) {
        answer_truly(scene, host, index);
        return;
    }
    send_half(scene, host, index);
    link_close(host->link);
    give_up(scene, host);
    answer_owed(scene);
}

static void reset_in_chunk(struct scene *scene, struct host *host, long index)
{
    if (index < 0) {
        answer_truly(scene, host, index);
        return;
    }
    send_half(scene, host, index);
    link_reset(host->link);
    give_up(scene, host);
    answer_owed(scene);
}

/* The first host fails in its manner, and the second one has to give what it owed. */
static void fetch_despite(struct session *s, void (*manner)(struct scene *, struct host *, long),
                          const char *patience)
{
    struct share share = any_share(s, 6);
    struct scene scene = want(s, &share, patience);

    (void)add_listener(&scene, manner);
    (void)add_listener(&scene, answer_after_first);
    fetch(&scene);
}

static void peer_dies(struct session *s)
{
    fetch_despite(s, die_in_chunk, LONG_PATIENCE);
}

static void peer_resets(struct session *s)
{
    fetch_despite(s, reset_in_chunk, LONG_PATIENCE);
}

/* The right length, and one byte that differs. */
static void lie(struct scene *scene, struct host *host, long index)
{
    size_t length;
    char *text = make_answer(scene, index, &length);

    if (index >= 0)
        text[length - 1 - session_random(scene->s, 1000)] ^= 1;
    link_send(host->link, text, length);
    host->owed = -1;
    host->said = "sent a chunk with another digest";
    if (index >= 0)
        give_up(scene, host);
}

/* True chunks only when the liar has answered the question again. */
static void answer_after_lie(struct scene *scene, struct host *host, long index)
{
    const struct host *liar = &scene->hosts[0];

    if (index < 0 || (liar->over && scene->questions > liar->lied_at))
        answer_truly(scene, host, index);
}

static void announce_and_answer(struct scene *scene)
{
    const struct host *liar = &scene->hosts[0];

    announce_all(scene);
    if (liar->over && scene->questions > liar->lied_at)
        answer_owed(scene);
}

static void liar(struct session *s)
{
    struct share share = any_share(s, 6);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_listener(&scene, lie);
    (void)add_listener(&scene, answer_after_lie);
    scene.on_question = announce_and_answer;
    fetch(&scene);
}

/* From the next question on this one answers too. */
static void next_host(struct scene *scene, size_t index)
{
    struct host *host = &scene->hosts[index];

    host->announced =
        session_print(scene->s, VERSION " have %s %s\n", scene->share->id, peer_port(host->peer));
}

/* Another file's manifest, which is valid; the true peer answers no question before that. */
static void lie_about_file(struct scene *scene, struct host *host, long index)
{
    struct share evil =
        make_share(scene->s, scene->share->name, scene->share->size, scene->share->chunk);
    struct scene other = *scene;
    size_t length;

    (void)index;
    other.share = &evil;
    const char *text = make_answer(&other, -1, &length);
    link_send(host->link, text, length);
    host->said = "sent the manifest of another file";
    give_up(scene, host);
    next_host(scene, 1);
}

/* A manifest that cannot be; the true peer answers no question before that is noticed. */
static void begin_too_long(struct scene *scene, struct host *host, long index)
{
    (void)index;
    link_send(host->link, "ok 2097153\n", 11);
    host->said = "answered \"ok 2097153\\n\" to the request for the manifest";
    give_up(scene, host);
}

static void on_too_long_end(struct scene *scene, struct host *host)
{
    if (host == &scene->hosts[1])
        next_host(scene, 2);
}

static void false_manifest(struct session *s)
{
    struct share share = any_share(s, 4);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_listener(&scene, lie_about_file);
    scene.on_question = announce_all;
    scene.on_end = on_too_long_end;
    add_listener(&scene, begin_too_long)->announced = NULL;
    add_listener(&scene, NULL)->announced = NULL;
    play(&scene, "your program to ask again, and to find a peer with the true manifest");
    expect_stored(&scene);
}

static void answer_rubbish(struct scene *scene, struct host *host, long index)
{
    if (index < 0) {
        answer_truly(scene, host, index);
        return;
    }
    size_t length;
    const char *text = make_answer(scene, index, &length);
    host->said = session_print(
        scene->s, "answered %s to the request for chunk %ld of %zu bytes",
        quoted(scene->s,
               host->rubbish == NULL
                   ? session_print(scene->s, "ok 0%zu\n", chunk_length(scene->share, (size_t)index))
                   : session_print(scene->s, "%.60s", host->rubbish)),
        index, chunk_length(scene->share, (size_t)index));
    if (host->rubbish == NULL) { /* all of it is true but a zero too many */
        link_send(host->link, "ok 0", 4);
        link_send(host->link, text + 3, length - 3);
    } else {
        link_send(host->link, host->rubbish, strlen(host->rubbish));
    }
    give_up(scene, host);
}

/* True chunks only when all the others are given up, and their connections closed. */
static void answer_last(struct scene *scene, struct host *host, long index)
{
    bool alone = true;

    for (size_t i = 0; i < scene->count; i++)
        alone = alone && (&scene->hosts[i] == host || scene->hosts[i].ended);
    if (index < 0 || alone)
        answer_truly(scene, host, index);
}

static void on_rubbish_end(struct scene *scene, struct host *host)
{
    struct host *last = &scene->hosts[scene->count - 1];

    (void)host;
    if (last->owed >= 0)
        answer_last(scene, last, last->owed);
}

static void rubbish(struct session *s)
{
    struct share share = any_share(s, 13);
    struct scene scene = want(s, &share, LONG_PATIENCE);
    size_t last = chunk_length(&share, share.count - 1);
    const char *answers[] = {
        "error no such chunk\n",
        "ok\n",
        "ok 4294968320\n", /* 1024 in 32 bits */
        "ok 18446744073709552640\n",
        "ok 999999999\n",
        session_print(s, "ok %zu\n%0*d", last - 1, (int)last - 1, 0),
        session_print(s, "ok %zu\n%0*d", share.chunk + 1, (int)share.chunk + 1, 0),
        session_print(s, "ok -%zu\n%0*d", share.chunk, (int)share.chunk, 0),
        "HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n",
        session_print(s, "%0200d", 0), /* no line end, and none to come */
        "\n",
        NULL,
    };

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        add_listener(&scene, answer_rubbish)->rubbish = answers[i];
    }
    (void)add_listener(&scene, answer_last);
    scene.on_end = on_rubbish_end;
    play(&scene, "your program to close the connections to peers that answered nonsense, and to "
                 "fetch the file from the one that did not");
    expect_stored(&scene);
}

/* Each of the others is asked first; then what was kept back comes. */
static void answer_when_begun(struct scene *scene, struct host *host, long index)
{
    if (index < 0 || (scene->hosts[0].chunks > 0 && scene->hosts[1].chunks > 0))
        answer_truly(scene, host, index);
}

static void now_begun(struct scene *scene)
{
    struct host *last = &scene->hosts[2];

    if (last->owed >= 0)
        answer_when_begun(scene, last, last->owed);
}

/* Half of a chunk, and then nothing: its connection stays. */
static void stall(struct scene *scene, struct host *host, long index)
{
    if (index < 0) {
        answer_truly(scene, host, index);
        return;
    }
    host->silent = true;
    host->since_ms = now_ms(); /* before it sends: patience begins no earlier */
    send_half(scene, host, index);
    now_begun(scene);
}

/* A byte with each question, for longer than the patience in all. */
static void drip(struct scene *scene, struct host *host, long index)
{
    if (index < 0 || host->chunks > 1) {
        answer_truly(scene, host, index);
        return;
    }
    host->answer = make_answer(scene, index, &host->length);
    host->drips = true;
    host->asked_ms = host->since_ms = now_ms();
    link_send(host->link, host->answer, 1);
    host->sent = 1;
    now_begun(scene);
}

static void drip_on(struct scene *scene)
{
    struct host *host = &scene->hosts[1];

    announce_new(scene);
    if (!host->drips)
        return;
    scene->vain = 0;
    bool last = host->late;
    host->late = now_ms() - host->asked_ms > scene->patience * 11 / 10;
    size_t length = last ? host->length - host->sent : 1;
    host->since_ms = now_ms();
    link_send(host->link, host->answer + host->sent, length);
    host->sent += length;
    if (last) {
        host->drips = false;
        host->owed = -1;
        scene->truly++;
    }
}

static void stalled(struct session *s)
{
    struct share share = any_share(s, 6);
    const char *patience = "500";
    struct scene scene;

    do {
        scene = want(s, &share, patience);
        (void)add_listener(&scene, stall);
        (void)add_listener(&scene, drip);
        (void)add_listener(&scene, answer_when_begun);
        scene.on_question = drip_on;
        scene.on_end = on_drip_end;
        play(&scene, "your program to give up a peer that sends nothing, and to ask another one");
        patience = "1800";
    } while (scene.busy && scene.patience < 1800 && session_again(s));
    expect_stored(&scene);
}

static void nobody_left(struct session *s)
{
    struct share share = any_share(s, 3);
    const char *old = "the old file of this name\n";

    session_file(s, share.name, old, strlen(old));
    struct scene scene = want(s, &share, "500");
    (void)add_listener(&scene, lie);
    scene.on_question = announce_all; /* which begins nothing anew */
    fetch_nothing(&scene);
    if (scene.hosts[0].chunks == 0)
        session_fail(s, "Your program gave up and had not asked for a chunk.");
    expect_kept(scene.p, share.name, old, strlen(old));
    expect_files(scene.p, share.name, NULL);
}

/* Serves two chunks and goes; another peer comes with the next question. */
static void leave_early(struct scene *scene, struct host *host, long index)
{
    if (index < 0 || host->chunks < 3) {
        answer_truly(scene, host, index);
        return;
    }
    link_close(host->link);
    give_up(scene, host);
    next_host(scene, 1);
}

static void late_peer(struct session *s)
{
    struct share share = any_share(s, 6);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_listener(&scene, leave_early);
    struct host *late = add_listener(&scene, NULL);
    late->announced = NULL;
    scene.on_question = announce_all;
    play(&scene, "your program to ask the group again, and to fetch the rest from another peer");
    expect_stored(&scene);
    if (late->chunks > share.count - 2)
        session_fail(s,
                     "Your program asked the second peer for %u of %zu chunks, although it had "
                     "two already.",
                     late->chunks, share.count);
}

/* ---- want: what is stored -------------------------------------------------------------------- */

/* The manifest is given; nobody may ask for what stands in it. */
static void answer_once(struct scene *scene, struct host *host, long index)
{
    if (index >= 0)
        session_fail(scene->s, "Your program took a manifest %s, and asked for a chunk.",
                     host->flaw);
    answer_truly(scene, host, index);
}

static void refuse(struct session *s, const struct share *share, const char *flaw)
{
    struct scene scene = want(s, share, LONG_PATIENCE);

    add_listener(&scene, answer_once)->flaw = flaw;
    fetch_nothing(&scene);
    if (scene.hosts[0].manifests == 0)
        session_fail(s, "Your program gave up and had not asked for the manifest.");
    expect_no_file(scene.p, "../evil", "Its name led out of the folder.");
    expect_files(scene.p, NULL);
}

static void bad_names(struct session *s)
{
    const char *names[] = {
        "../evil", "/tmp/evil", ".hidden", "a/b", "", "two words", session_print(s, "%0101d", 0)};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct share share = make_share(s, names[i], 1500 + session_random(s, 100), 1024);
        refuse(s, &share,
               strlen(names[i]) > 100 ? "with a NAME of 101 bytes"
                                      : session_print(s, "with the name \"%s\"", names[i]));
    }
}

static void bad_manifests(struct session *s)
{
    struct share good = make_share(s, "fine", 2048, 1024);
    const int line = SHA256_HEX + 1, whole = (int)good.manifest_length;
    const char *digests = good.manifest + whole - line - line;
    const char *const list[][2] = {
        {session_print(s, "%.*s", whole - 1, good.manifest), "whose last line has no line end"},
        {session_print(s, "%.*s", whole - line, good.manifest), "with a digest too few"},
        {session_print(s, "%s%s", good.manifest, digests + line), "with a digest too many"},
        {session_print(s, VERSION "\nname fine\nsize 2048\nchunk 0\n%s", digests),
         "with a CHUNK of 0"},
        {session_print(s, VERSION "\nname fine\nsize 99999999\nchunk 65536\n%s", digests),
         "with a SIZE of 99999999 and two digests"},
        {session_print(s, VERSION "\nname fine\nsize 4294969344\nchunk 1024\n%s", digests),
         "with a SIZE of ten digits, 2048 in 32 bits"},
        {session_print(s, VERSION "\nname fine\nsize 2046\nchunk 1023\n%s", digests),
         "with a CHUNK of 1023"},
        {session_print(s, VERSION "\nname fine\nsize 131074\nchunk 65537\n%s", digests),
         "with a CHUNK of 65537"},
        {session_print(s, VERSION "\nname fine\nsize 02048\nchunk 1024\n%s", digests),
         "with a zero in front of its SIZE"},
        {session_print(s, "file-share/2\nname fine\nsize 2048\nchunk 1024\n%s", digests),
         "of another version"},
    };

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct share share = good;
        share.manifest = (char *)list[i][0];
        digest_manifest(&share);
        refuse(s, &share, list[i][1]);
    }
}

/* Before the last chunk is answered, there is no such file. */
static void look_first(struct scene *scene, struct host *host, long index)
{
    if (scene->truly + 1 == scene->share->count)
        expect_no_file(scene->p, scene->share->name,
                       "A chunk is still missing: whoever opens the file now has a broken one. "
                       "Write it under another name, and rename() it when it is whole.");
    answer_truly(scene, host, index);
}

static void appears_whole(struct session *s)
{
    struct share share = any_share(s, 5);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_listener(&scene, look_first);
    play(&scene, "your program to fetch the file");
    expect_stored(&scene);
}

/* The old file has a second name: what is written into it, and not beside it, shows there. */
static void in_place_of(struct session *s)
{
    struct share share = any_share(s, 3);
    const char *old = "the old file of this name\n", *second = "second-name";

    session_file(s, share.name, old, strlen(old));
    session_link(s, share.name, second);
    struct scene scene = want(s, &share, LONG_PATIENCE);
    (void)add_listener(&scene, NULL);
    play(&scene, "your program to fetch the file");
    expect_stored(&scene);
    expect_kept(scene.p, second, old, strlen(old));
    expect_files(scene.p, share.name, second, FOLDER, NULL);
}

/* A folder of this name: no rename() replaces that. */
static void cannot_store(struct session *s)
{
    struct share share = make_share(s, FOLDER, 1500 + session_random(s, 100), 1024);
    const char *within = FOLDER "/within";

    session_file(s, within, "x", 1);
    struct scene scene = want(s, &share, LONG_PATIENCE);
    (void)add_listener(&scene, NULL);
    fetch_nothing(&scene);
    expect_kept(scene.p, within, "x", 1);
    expect_files(scene.p, share.name, NULL);
}

static void stored(struct session *s)
{
    cannot_store(s);
    in_place_of(s);
    appears_whole(s);
}

static void answer_in_pieces(struct scene *scene, struct host *host, long index)
{
    size_t length;
    const char *text = make_answer(scene, index, &length);
    size_t sizes_of[] = {2, 2 + session_random(scene->s, 3), 40, 1, 300, 0};

    link_send_pieces(host->link, text, length, sizes_of);
    host->owed = -1;
}

static void in_pieces(struct session *s)
{
    struct share share = any_share(s, 3);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_listener(&scene, answer_in_pieces);
    fetch(&scene);
}

/* Two true peers: for the cases in which the wire makes calls fail. */
static void disturbed_want(struct session *s)
{
    struct share share = any_share(s, 8);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_listener(&scene, NULL);
    (void)add_listener(&scene, NULL);
    fetch(&scene);
}

/* One whose peers are a liar, a dying one and two true ones; another that has only a liar. */
static void clean_want(struct session *s)
{
    struct share share = any_share(s, 8);
    struct scene scene = want(s, &share, LONG_PATIENCE);

    (void)add_listener(&scene, die_in_chunk);
    (void)add_listener(&scene, lie);
    (void)add_listener(&scene, answer_after_first);
    fetch(&scene);
    scene = want(s, &share, "150");
    (void)add_listener(&scene, lie);
    fetch_nothing(&scene);
}

/* ---- have ------------------------------------------------------------------------------------ */

/* A program that has a file. */
struct haver {
    struct session *s;
    struct share share;
    struct port *group;
    struct student *p;
    const char *port; /* its TCP port */
};

static void start_haver(struct haver *haver)
{
    struct session *s = haver->s;

    haver->p = student_start(s, "have", GROUP, port_number(haver->group),
                             session_print(s, "shared/%s", haver->share.name), NULL);
    haver->port = student_port(haver->p);
}

static struct haver have_share(struct session *s, const struct share *share)
{
    struct haver haver = {.s = s, .share = *share, .group = port_open_group(s, GROUP)};

    session_closes_early(s);
    port_leave(haver.group); /* the program may have the number for itself */
    session_file(s, session_print(s, "shared/%s", share->name), share->bytes, share->size);
    start_haver(&haver);
    return haver;
}

static struct haver have(struct session *s, size_t size)
{
    struct share share = make_share(s, any_name(s), size, HAVE_CHUNK);

    return have_share(s, &share);
}

/* A few chunks, the last one shorter. */
static struct haver have_some(struct session *s)
{
    return have(s, 3 * HAVE_CHUNK - 1 - session_random(s, HAVE_CHUNK - 1));
}

static struct link *connect_to(const struct haver *haver)
{
    return link_connect(haver->s, "127.0.0.1", haver->port);
}

static void send_text(struct link *link, const char *text)
{
    link_send(link, text, strlen(text));
}

/* The request for a chunk, or for the manifest if index is -1. */
static const char *request(const struct haver *haver, long index)
{
    if (index < 0)
        return session_print(haver->s, "manifest %s\n", haver->share.id);
    return session_print(haver->s, "chunk %s %ld\n", haver->share.id, index);
}

static void expect_answer(const struct haver *haver, struct link *link, long index)
{
    struct scene scene = {.s = haver->s, .share = &haver->share};
    size_t length;
    const char *text = make_answer(&scene, index, &length);

    link_expect(link, text, length);
}

static void ask(const struct haver *haver, struct link *link, long index)
{
    send_text(link, request(haver, index));
    expect_answer(haver, link, index);
}

/* Fetches the whole file: what shows that the program still serves. */
static void fetch_whole(const struct haver *haver)
{
    struct link *link = connect_to(haver);

    for (long i = -1; i < (long)haver->share.count; i++)
        ask(haver, link, i);
    link_shutdown(link);
    link_expect_end(link);
    link_close(link);
}

static void stop(const struct haver *haver)
{
    student_signal(haver->p, SIGTERM);
    expect_exit(haver->p, 0);
}

static void serves(struct session *s)
{
    struct haver haver = have_some(s);
    const char *line = session_print(s, "sharing %s %s\n", haver.share.id, haver.share.name);

    fetch_whole(&haver);
    student_settle(haver.p);
    student_signal(haver.p, SIGTERM);
    expect_output(haver.p, line, strlen(line));
}

/* The manifest, so many chunks, and one behind the last. */
static void ask_for_all(const struct haver *haver, long count)
{
    struct link *link = connect_to(haver);

    for (long index = -1; index < count; index++)
        ask(haver, link, index);
    ask(haver, link, (long)haver->share.count - 1);
    send_text(link, request(haver, (long)haver->share.count));
    link_expect(link, "error no such chunk\n", 20);
    student_end(haver->p);
}

/* Files whose chunks are none, just one, just two, and as many as can be. */
static void serves_sizes(struct session *s)
{
    const size_t list[] = {0, 1, (size_t)2 * HAVE_CHUNK};

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct haver haver = have(s, list[i]);
        ask_for_all(&haver, (long)haver.share.count);
    }
    struct share share = make_zeros(s, "zeros", FILE_MOST, HAVE_CHUNK);
    struct haver haver = have_share(s, &share);
    ask_for_all(&haver, 3);
}

static void ask_group(const struct haver *haver, struct port *from)
{
    const char *text = session_print(haver->s, VERSION " want %s\n", haver->share.id);

    port_ask(from, haver->group, text, strlen(text));
}

/* The answer differs from run to run by its port, so it is no part of expected/. */
static void expect_have(const struct haver *haver, struct port *from)
{
    const char *wanted =
        session_print(haver->s, VERSION " have %s %s\n", haver->share.id, haver->port);
    char text[LINE_MOST + 1] = "";
    size_t length = port_receive(from, text, LINE_MOST);

    if (length != strlen(wanted) || memcmp(text, wanted, length) != 0)
        session_fail(haver->s,
                     "Your program answered the question with %zu bytes, \"%.*s\"; it should have "
                     "been the %zu bytes \"%.*s\" and a line end.",
                     length, (int)strcspn(text, "\n"), text, strlen(wanted),
                     (int)strlen(wanted) - 1, wanted);
}

static void answers_question(struct session *s)
{
    struct haver haver = have_some(s);
    struct port *one = port_open(s, "127.0.0.1"), *two = port_open(s, "127.0.0.1");

    ask_group(&haver, one);
    expect_have(&haver, one);
    ask_group(&haver, two);
    expect_have(&haver, two);
    ask_group(&haver, one);
    expect_have(&haver, one);
}

static void strange_questions(struct session *s)
{
    struct haver haver = have_some(s);
    const char *id = haver.share.id;
    struct port *stranger = port_open(s, "127.0.0.1"), *asker = port_open(s, "127.0.0.1");
    const char *const lines[] = {
        session_print(s, VERSION " want %064d\n", 0),
        session_print(s, VERSION " want %.63s\n", id),
        session_print(s, VERSION " want %s", id),
        session_print(s, VERSION " want %s\n\n", id),
        session_print(s, VERSION " want %s please\n", id),
        session_print(s, VERSION "  want %s\n", id),
        session_print(s, VERSION " have %s 7111\n", id),
        session_print(s, "file-share/2 want %s\n", id),
        session_print(s, "file-share/10 want %s\n", id),
        session_print(s, VERSION " want %s\n%0900d", id, 0),
        session_print(s, "%060000d", 0),
        VERSION,
        "want",
        "\n",
        "",
    };
    const char *nul = session_print(s, VERSION " want %s\n", id);

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        port_ask(stranger, haver.group, lines[i], strlen(lines[i]));
    port_ask(stranger, haver.group, nul, strlen(nul) + 1);
    ask_group(&haver, asker);
    expect_have(&haver, asker); /* it takes one after the other, so the others are done */
    if (port_wait(stranger, 0)) {
        char text[LINE_MOST];
        (void)port_receive(stranger, text, sizeof text);
        session_fail(s, "Your program answered a datagram that is no question for its file: such "
                        "a one is ignored.");
    }
}

/* Two on one machine; both hear the question. */
static void two_havers(struct session *s)
{
    struct haver one = have_some(s), two = one;
    struct port *asker = port_open(s, "127.0.0.1");
    const char *wanted[2];
    bool seen[2] = {false, false};

    start_haver(&two);
    wanted[0] = session_print(s, VERSION " have %s %s\n", one.share.id, one.port);
    wanted[1] = session_print(s, VERSION " have %s %s\n", one.share.id, two.port);
    ask_group(&one, asker);
    for (int i = 0; i < 2; i++) {
        char text[LINE_MOST + 1] = "";
        size_t length = port_receive(asker, text, LINE_MOST);
        for (int j = 0; j < 2; j++)
            seen[j] |= length == strlen(wanted[j]) && memcmp(text, wanted[j], length) == 0;
    }
    if (!seen[0] || !seen[1])
        session_fail(s, "Two of your programs share the file; the question was answered twice, and "
                        "not once by each of them.");
    fetch_whole(&one);
    fetch_whole(&two);
}

static void several_requests(struct session *s)
{
    struct haver haver = have_some(s);
    struct link *link = connect_to(&haver);
    const char *list = session_print(s, "%s%s%s%s", request(&haver, 1), request(&haver, -1),
                                     request(&haver, 0), request(&haver, 2));
    size_t sizes_of[] = {3, 20 + session_random(s, 40), 30, 0};

    send_text(link, list);
    expect_answer(&haver, link, 1);
    expect_answer(&haver, link, -1);
    expect_answer(&haver, link, 0);
    expect_answer(&haver, link, 2);
    link_send_pieces(link, list, strlen(list), sizes_of);
    link_send(link, "chunk", 5); /* no line: it is not answered */
    link_shutdown(link);
    expect_answer(&haver, link, 1);
    expect_answer(&haver, link, -1);
    expect_answer(&haver, link, 0);
    expect_answer(&haver, link, 2);
    link_expect_end(link);
}

static void unknown(struct session *s)
{
    struct haver haver = have_some(s);
    struct link *link = connect_to(&haver);

    send_text(link, session_print(s, "manifest %064d\n", 0));
    link_expect(link, "error no such file\n", 19);
    send_text(link, session_print(s, "chunk %064d 0\n", 0));
    link_expect(link, "error no such file\n", 19);
    send_text(link, session_print(s, "chunk %s %zu\n", haver.share.id, haver.share.count));
    link_expect(link, "error no such chunk\n", 20);
    send_text(link, session_print(s, "chunk %s 999999999\n", haver.share.id));
    link_expect(link, "error no such chunk\n", 20);
    send_text(link, session_print(s, "chunk %s 262144\n", haver.share.id)); /* 2^32 bytes on */
    link_expect(link, "error no such chunk\n", 20);
    ask(&haver, link, 0);
    ask(&haver, link, -1);
}

/* What comes behind the bad line is read: closing over it would be a reset. */
static void flood(const struct haver *haver)
{
    enum { LENGTH = 100000 };
    struct link *link = connect_to(haver);
    char *text = session_alloc(haver->s, LENGTH);

    memset(text, 'x', LENGTH);
    text[8] = '\n'; /* a line that is no request; the rest has no end */
    link_send(link, text, LENGTH);
    link_expect(link, "error bad request\n", 18);
    link_expect_end(link);
    link_send(link, text, LENGTH);
    link_shutdown(link);
    link_wait_end(link);
    link_close(link);
}

static void bad_requests(struct session *s)
{
    struct haver haver = have_some(s);
    const char *id = haver.share.id;
    const char *const lines[] = {session_print(s, "get %s\n", id),
                                 session_print(s, "chunk %s\n", id),
                                 session_print(s, "chunk %s -1\n", id),
                                 session_print(s, "chunk %s 1x\n", id),
                                 session_print(s, "chunk %s 4294967296\n", id), /* 0 in 32 bits */
                                 session_print(s, "chunk %s 00\n", id),
                                 session_print(s, "chunk  %s 0\n", id),
                                 session_print(s, "manifest %s\r\n", id),
                                 session_print(s, "manifest %s 0\n", id),
                                 session_print(s, "manifest %.63s\n", id),
                                 session_print(s, "manifest %.63sA\n", id),
                                 session_print(s, "manifest ../../etc/passwd\n"),
                                 session_print(s, "chunk %s %0100d\n", id, 0),
                                 session_print(s, "%05000d", 0), /* no line end, none to come */
                                 session_print(s, "%0100d", 0),  /* one could not end in time */
                                 "\n"};
    struct link *link;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        link = connect_to(&haver);
        send_text(link, lines[i]);
        size_t length;
        const char *answer = link_line(link, &length);
        if (strcmp(answer, "error bad request") != 0)
            session_fail(s, "Your program answered %s to %s, which is no request.",
                         quoted(s, session_print(s, "%.60s\n", answer)),
                         quoted(s, session_print(s, "%.200s", lines[i])));
        link_wait_end(link);
        link_close(link);
    }
    flood(&haver);
    link = connect_to(&haver);
    ask(&haver, link, -1);
    link_send(link, "chunk\0\n", 7);
    link_expect(link, "error bad request\n", 18);
    link_wait_end(link);
    link_close(link);
    fetch_whole(&haver);
}

/* All of them have begun a request before the first one finishes it. */
static void many_wanters(struct session *s)
{
    enum { WANTERS = 64, MOST_KIB = 256, ROOM_KIB = 8192 };
    struct haver haver = have_some(s);
    struct link *links[WANTERS];
    size_t half = 10;

    fetch_whole(&haver);
    long before = student_memory(haver.p);

    for (int i = 0; i < WANTERS; i++) {
        links[i] = connect_to(&haver);
        link_send(links[i], request(&haver, i % 3), half);
    }
    for (int i = 0; i < WANTERS; i++)
        link_wait_read(links[i]);
    for (int i = 0; i < WANTERS; i++)
        send_text(links[i], request(&haver, i % 3) + half);
    for (int i = WANTERS; i-- > 0;)
        expect_answer(&haver, links[i], i % 3);
    long more = student_memory(haver.p) - before;
    if (more > (long)WANTERS * MOST_KIB + ROOM_KIB)
        session_fail(s,
                     "With 64 connected your program takes %ld KiB more, %ld for each: it may keep "
                     "%d KiB for each (rule 3).",
                     more, more / WANTERS, MOST_KIB);
}

/* Asks for far more than fits anywhere, and reads none of it. */
static void never_reads(struct session *s)
{
    enum { REQUESTS = 4000, MOST_KIB = 16384 };
    struct haver haver = have_some(s);
    const char *line = request(&haver, 0);
    size_t length = strlen(line);

    fetch_whole(&haver);
    long before = student_memory(haver.p);
    session_narrow(s, 8192);
    struct link *rude = connect_to(&haver);
    session_narrow(s, 0);
    for (int i = 0; i < REQUESTS; i++)
        link_queue(rude, line, length);
    fetch_whole(&haver);
    fetch_whole(&haver);
    expect_memory(haver.p, before + MOST_KIB);
    link_reset(rude);
    fetch_whole(&haver);
}

static void resets(struct session *s)
{
    struct haver haver = have_some(s);

    for (int i = 0; i < 20; i++) {
        struct link *link = connect_to(&haver);
        for (int j = 0; j < i; j++)
            send_text(link, request(&haver, j % 3));
        link_send(link, request(&haver, 0), 1 + (size_t)i);
        if (i % 2 == 0)
            link_wait_read(link);
        link_reset(link);
    }
    fetch_whole(&haver);
}

/*
 * No descriptor is free for a while. The first one may be lost by it: a program that waits in
 * accept() has a descriptor for it, but perhaps not a second one. The next one waits its turn.
 */
static void no_descriptors(struct session *s)
{
    struct haver haver = have_some(s);

    fetch_whole(&haver);
    student_settle(haver.p);
    student_deny_descriptors(haver.p);
    struct link *first = connect_to(&haver), *second = connect_to(&haver);
    link_shutdown(first);
    send_text(second, request(&haver, 1));
    student_settle(haver.p);
    student_allow_descriptors(haver.p);
    link_wait_end(first);
    expect_answer(&haver, second, 1);
    fetch_whole(&haver);
}

static void disturbed_have(struct session *s)
{
    struct haver haver = have_some(s);

    for (int i = 0; i < 4; i++)
        fetch_whole(&haver);
}

static void sigterm(struct session *s)
{
    struct haver haver = have_some(s);

    fetch_whole(&haver);
    student_settle(haver.p);
    stop(&haver);
}

/* One says nothing, one is in the middle of a request, one does not take its answers. */
static void sigterm_while_serving(struct session *s)
{
    enum { REQUESTS = 300 };
    struct haver haver = have_some(s);
    struct link *silent = connect_to(&haver), *slow = connect_to(&haver);

    session_narrow(s, 8192);
    struct link *rude = connect_to(&haver);
    session_narrow(s, 0);
    ask(&haver, silent, 0);
    ask(&haver, slow, 1);
    link_send(slow, request(&haver, 0), 20);
    for (int i = 0; i < REQUESTS; i++)
        link_queue(rude, request(&haver, 0), strlen(request(&haver, 0)));
    fetch_whole(&haver);
    student_settle(haver.p);
    stop(&haver);
}

static void cannot_share(struct session *s)
{
    enum { TOO_LARGE = 16777217 };
    struct port *group = port_open_group(s, GROUP);
    const char *port = port_number(group);

    session_file(s, "large", session_alloc(s, TOO_LARGE), TOO_LARGE);
    session_file(s, "two words", "x", 1);
    session_file(s, ".hidden", "x", 1);
    expect_failure(student_start(s, "have", GROUP, port, "missing", NULL), 1);
    expect_failure(student_start(s, "have", GROUP, port, "large", NULL), 1);
    expect_failure(student_start(s, "have", GROUP, port, "two words", NULL), 1);
    expect_failure(student_start(s, "have", GROUP, port, ".hidden", NULL), 1);
}

static void usage(struct session *s)
{
    const char *id = session_print(s, "%064d", 0);

    session_file(s, "file", "x", 1);
    expect_failure(student_start(s, NULL), 2);
    expect_failure(student_start(s, "have", GROUP, "7111", NULL), 2);
    expect_failure(student_start(s, "have", "127.0.0.1", "7111", "file", NULL), 2);
    expect_failure(student_start(s, "have", GROUP, "65536", "file", NULL), 2);
    expect_failure(student_start(s, "have", GROUP, "71x", "file", NULL), 2);
    expect_failure(student_start(s, "want", GROUP, "7111", id, NULL), 2);
    expect_failure(student_start(s, "want", GROUP, "7111", id, "0", NULL), 2);
    expect_failure(student_start(s, "want", GROUP, "7111", id + 1, "100", NULL), 2);
}

/* Those who want end in every way; then SIGTERM, with one in the middle of a request. */
static void clean_have(struct session *s)
{
    struct haver haver = have_some(s);

    fetch_whole(&haver);
    student_settle(haver.p);
    int before = student_descriptors(haver.p);
    struct link *link = connect_to(&haver);
    ask(&haver, link, 0);
    link_reset(link);
    link_close(connect_to(&haver));
    link = connect_to(&haver);
    send_text(link, "nonsense\n");
    link_expect(link, "error bad request\n", 18);
    link_wait_end(link);
    link_close(link);
    fetch_whole(&haver);
    expect_descriptors(haver.p, before);
    link = connect_to(&haver);
    ask(&haver, link, 1);
    link_send(link, "chunk", 5);
    link_wait_read(link);
    student_settle(haver.p);
    stop(&haver);
}

/* Two that have and one that wants, all of them the program. */
static void among_themselves(struct session *s)
{
    struct haver one = have(s, 30 * HAVE_CHUNK + session_random(s, HAVE_CHUNK)), two = one;
    const char *line = session_print(s, "saved %s\n", one.share.name);

    start_haver(&two);
    struct student *p =
        student_start(s, "want", GROUP, port_number(one.group), one.share.id, LONG_PATIENCE, NULL);
    expect_exit(p, 0);
    expect_file(p, one.share.name, one.share.bytes, one.share.size);
    expect_output(p, line, strlen(line));
    expect_files(p, "shared", one.share.name, NULL);
    stop(&one);
    stop(&two);
}

static const struct test_case CASES[] = {
    {.name = "one-peer",
     .title = "want: one peer has it",
     .points = 2,
     .teaches = "The question, the manifest, then chunk by chunk: everything that goes over the "
                "wire is laid down to the byte.",
     .run = one_peer},
    {.name = "sizes",
     .title = "want: the smallest files and the largest",
     .points = 1,
     .teaches = "A file may be empty, its last chunk may be whole, and each limit of the protocol "
                "is within what it allows.",
     .run = all_sizes},
    {.name = "several-peers",
     .title = "want: three peers at once",
     .points = 4,
     .teaches = "No peer answers before each of the three was asked for a chunk: they are to be "
                "asked side by side.",
     .run = several_peers},
    {.name = "asks-again",
     .title = "want: the first question is lost",
     .points = 1,
     .teaches = "A datagram may get lost, and nobody tells: the question is asked again every "
                "200 ms.",
     .run = asks_again},
    {.name = "strangers",
     .title = "want: answers that are none",
     .points = 2,
     .teaches = "Anybody can send a datagram: what is not the very line that was asked for is "
                "ignored.",
     .run = strangers},
    {.name = "answers-often",
     .title = "want: a peer that answers ten times",
     .points = 1,
     .teaches = "Every question brings every peer's answer again: a peer that is known is not "
                "connected to a second time.",
     .run = answers_often},
    {.name = "other-address",
     .title = "want: a peer at another address",
     .points = 1,
     .teaches = "A peer is found at the address that its answer came from, which recvfrom() "
                "tells; the answer itself holds the port alone.",
     .run = other_address},
    {.name = "nobody-listens",
     .title = "want: a peer that refuses the connection",
     .points = 1,
     .teaches = "One peer's port is closed: connect() fails for that one, and the others go on.",
     .run = nobody_listens},
    {.name = "peer-dies",
     .title = "want: a peer dies in mid-chunk",
     .points = 3,
     .teaches = "A peer ended the connection in the middle of a chunk: what it owed is asked of "
                "another one.",
     .run = peer_dies},
    {.name = "peer-resets",
     .title = "want: a peer resets in mid-chunk",
     .points = 1,
     .teaches = "recv() failed with ECONNRESET: that peer is given up, and nothing else.",
     .run = peer_resets},
    {.name = "liar",
     .title = "want: a peer that lies",
     .points = 4,
     .teaches = "A chunk of the right length had a wrong byte: its digest tells. It is asked of "
                "another peer, and the liar is never asked again, though it goes on answering.",
     .run = liar},
    {.name = "false-manifest",
     .title = "want: the manifest of another file",
     .points = 2,
     .teaches = "A peer sent a manifest that is valid and not the one: its digest is not the ID.",
     .run = false_manifest},
    {.name = "rubbish",
     .title = "want: peers that answer nonsense",
     .points = 2,
     .teaches = "Errors, wrong lengths, lines without an end: a peer that does not keep to the "
                "protocol is given up at once, and its connection closed.",
     .run = rubbish},
    {.name = "late-peer",
     .title = "want: the only peer goes, another one comes",
     .points = 1,
     .teaches = "The group is asked as long as the program runs, and what is there already is "
                "not fetched again.",
     .run = late_peer},
    {.name = "bad-names",
     .title = "want: names that lead elsewhere",
     .points = 2,
     .teaches = "A name from the network with a slash or a dot in front could write anywhere: "
                "check it before any file is opened.",
     .run = bad_names},
    {.name = "bad-manifests",
     .title = "want: manifests that make no sense",
     .points = 2,
     .teaches = "The digest is right and the text is not: sizes, numbers and lines are checked "
                "before they are used.",
     .run = bad_manifests},
    {.name = "appears-whole",
     .title = "want: how the file is stored",
     .points = 2,
     .teaches =
         "Whoever looks into the folder sees no file of this name, the old one, or the whole "
         "one; and if it cannot be stored, nothing new.",
     .run = stored},
    {.name = "in-pieces",
     .title = "want: answers in pieces",
     .points = 1,
     .teaches = "Lines and chunks came in pieces that do not end where they do.",
     .run = in_pieces},
    {.name = "want-eintr",
     .title = "want: signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR: the call is to be made again.",
     .run = disturbed_want,
     .faults = "eintr"},
    {.name = "want-short",
     .title = "want: short reads and short writes",
     .points = 1,
     .teaches = "recv() and send() may take less than they were given; the rest comes next.",
     .run = disturbed_want,
     .faults = "short-read,short-write"},
    {.name = "serves",
     .title = "have: the manifest and all chunks",
     .points = 2,
     .teaches = "One connection asks for everything in turn; the two lines on standard output "
                "say what is shared and where.",
     .run = serves},
    {.name = "answers-question",
     .title = "have: the question to the group",
     .points = 2,
     .teaches = "A question to the group is answered to the address and port it came from, with "
                "the TCP port.",
     .run = answers_question},
    {.name = "strange-questions",
     .title = "have: questions that are none",
     .points = 1,
     .teaches = "A datagram that is not the very question is ignored, be it empty, long or of "
                "another version; the next one counts again.",
     .run = strange_questions},
    {.name = "two-havers",
     .title = "have: two on one machine",
     .points = 1,
     .teaches = "Two programs listen to one group and port: each needs SO_REUSEADDR before "
                "bind(), and each gets the question.",
     .run = two_havers},
    {.name = "several-requests",
     .title = "have: requests together, requests in pieces",
     .points = 2,
     .teaches = "Four requests came in one segment, then in pieces: each complete line is "
                "answered, in their order.",
     .run = several_requests},
    {.name = "unknown",
     .title = "have: other files, chunks beyond the end",
     .points = 1,
     .teaches = "A file or chunk that is not there is answered by an error, and the conversation "
                "goes on.",
     .run = unknown},
    {.name = "bad-requests",
     .title = "have: requests that are none",
     .points = 2,
     .teaches = "A line that is no request, or none that ends, is answered by an error, and that "
                "connection by its end; nobody else is touched.",
     .run = bad_requests},
    {.name = "many-wanters",
     .title = "have: 64 at once",
     .points = 3,
     .teaches = "64 have each sent half a request: whoever waits in recv() for one of them keeps "
                "all the others waiting.",
     .run = many_wanters},
    {.name = "never-reads",
     .title = "have: one that asks and never reads",
     .points = 3,
     .teaches = "One asks for 4,000 chunks and reads none: the others are served meanwhile, and "
                "what cannot be sent is not piled up in memory.",
     .run = never_reads},
    {.name = "resets",
     .title = "have: 20 that reset",
     .points = 2,
     .teaches = "send() to a connection that was reset raises SIGPIPE, which ends the program, "
                "unless MSG_NOSIGNAL is given.",
     .run = resets},
    {.name = "have-eintr",
     .title = "have: signals interrupt its calls",
     .points = 1,
     .teaches = "A signal made a call return -1 with EINTR, and it was not SIGTERM: the call is "
                "to be made again.",
     .run = disturbed_have,
     .faults = "eintr"},
    {.name = "have-short",
     .title = "have: short reads and short writes",
     .points = 1,
     .teaches = "send() may take fewer bytes than it was given; the rest must be sent again.",
     .run = disturbed_have,
     .faults = "short-read,short-write"},
    {.name = "sigterm",
     .title = "have: SIGTERM",
     .points = 1,
     .teaches = "SIGTERM asks the program to stop: main returns 0.",
     .run = sigterm},
    {.name = "sigterm-while-serving",
     .title = "have: SIGTERM while three are connected",
     .points = 2,
     .teaches = "One that says nothing, or takes no answer, must not keep the program from "
                "stopping.",
     .run = sigterm_while_serving},
    {.name = "usage",
     .title = "command lines that are wrong",
     .points = 1,
     .teaches = "A group is an IPv4 multicast address, a port 1 to 65535, an ID 64 digits: else "
                "the command line is wrong, status 2.",
     .run = usage},
    {.name = "cannot-share",
     .title = "have: files that cannot be shared",
     .points = 1,
     .teaches = "The file is missing, too large, or has a name that the protocol does not allow: "
                "a message, and status 1.",
     .run = cannot_share},
    {.name = "clean-have",
     .title = "have: nothing left behind",
     .points = 2,
     .teaches = "A connection is closed however it ended, and all memory is freed before main "
                "returns.",
     .run = clean_have,
     .leaks = true},
    {.name = "among-themselves",
     .title = "two that have, one that wants: all yours",
     .points = 2,
     .teaches = "Both roles of your program keep to the same protocol.",
     .run = among_themselves},
    {.name = "serves-sizes",
     .title = "have: the smallest files and the largest",
     .points = 1,
     .teaches = "An empty file has a manifest and no chunk; a file of two whole chunks has no "
                "third one.",
     .run = serves_sizes},
    {.name = "no-descriptors",
     .title = "have: no descriptor is free for a while",
     .points = 1,
     .teaches = "While no descriptor is free, accept() fails again and again: wait a moment "
                "before the next try, and whoever waits is served when one is free.",
     .run = no_descriptors},
    {.name = "nobody",
     .title = "want: nobody has it",
     .points = 1,
     .teaches = "Nobody answers for as long as the program's patience lasts: it asks again and "
                "again, then it gives up with status 1.",
     .run = nobody},
    {.name = "nobody-left",
     .title = "want: the only peer lies",
     .points = 2,
     .teaches = "The file cannot be had: status 1, nothing is left behind, and an old file of "
                "this name is as it was.",
     .run = nobody_left},
    {.name = "clean-want",
     .title = "want: nothing left behind",
     .points = 2,
     .teaches = "All memory is freed, whether the file was had or not, and whatever the peers "
                "did.",
     .run = clean_want,
     .leaks = true},
    {.name = "black-hole",
     .title = "want: peers that do nothing at all",
     .points = 2,
     .teaches = "connect() to one peer neither succeeds nor fails: the others must not wait for "
                "it. Another one takes the connection and never answers. Neither is waited for "
                "longer than the patience.",
     .run = black_hole},
    {.name = "stalled",
     .title = "want: one peer falls silent, one is slow",
     .points = 3,
     .teaches =
         "One sent half of a chunk and then nothing: only a deadline finds that out. Another "
         "one sent byte by byte, with little time between two: that one is no less a peer.",
     .run = stalled},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
