/* Exercise 4.8, download queue: what is tried, and how. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum {
    JOBS_MOST = 5,
    HEX_SIZE = 65,
    AT_ONCE = 2,
    QUIET_MS = 1000,
    LATEST_MS = 4500 /* 3000, and what a busy machine adds */
};
static const char TRIES[] = "3", SECONDS[] = "30";
static const char OLD[] = "the version of yesterday\n";
static const char NOT_WHOLE[] =
    "Whoever finds it takes it for the whole file: it gets its name when all has come and was "
    "checked.";
static const char USELESS[] = "Nothing can be gone on with there.";

/* A job of the list, and how far it is. */
struct job {
    const char *name, *part, *tag_file, *target, *tag;
    char *bytes;
    size_t size, have; /* have: of these bytes FILE.part should hold so many */
    char hash[HEX_SIZE];
};

struct queue {
    struct session *s;
    struct peer *server;
    struct student *p;
    struct job jobs[JOBS_MOST];
    size_t count;
};

/* ---- the list ---- */

static void hash_bytes(struct session *s, struct job *job)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (EVP_Digest(job->bytes, job->size, digest, &length, EVP_sha256(), NULL) != 1)
        session_fail(s, "The harness has no SHA-256.");
    for (size_t i = 0; i < length; i++)
        (void)snprintf(job->hash + 2 * i, 3, i % 2 == 0 ? "%02x" : "%02X", digest[i]);
}

/* Other bytes and another tag: a new version. */
static void renew(struct queue *q, struct job *job, size_t size)
{
    job->size = size;
    job->bytes = session_alloc(q->s, size + 1);
    session_bytes(q->s, job->bytes, size);
    job->tag = session_print(q->s, "\"%06x-%zu\"", session_random(q->s, 0x1000000), size);
    hash_bytes(q->s, job);
}

static struct queue *make(struct session *s, size_t count)
{
    struct queue *q = session_alloc(s, sizeof *q);

    *q = (struct queue){.s = s, .count = count, .server = peer_listen(s, "127.0.0.1")};
    session_closes_early(s);
    session_writes_files(s);
    for (size_t i = 0; i < count; i++) {
        struct job *job = &q->jobs[i];
        job->name = session_print(s, "f%zu-%04x", i, session_random(s, 0x10000));
        job->part = session_print(s, "%s.part", job->name);
        job->tag_file = session_print(s, "%s.tag", job->name);
        job->target = session_print(s, "/%zu/%06x.tar?v=1", i, session_random(s, 0x1000000));
        renew(q, job, 1000 + session_random(s, 3000));
    }
    return q;
}

static void start_with(struct queue *q, const char *tries, const char *seconds)
{
    const char *list = "";

    for (size_t i = 0; i < q->count; i++)
        list = session_print(q->s, "%shttp://%s:%s%s %s %s\n", list, peer_host(q->server),
                             peer_port(q->server), q->jobs[i].target, q->jobs[i].hash,
                             q->jobs[i].name);
    q->p = student_start(q->s, tries, seconds, NULL);
    student_input(q->p, list, strlen(list));
    student_end_input(q->p);
}

static void start(struct queue *q)
{
    start_with(q, TRIES, SECONDS);
}

/* ---- requests and answers ---- */

static void expect_request_field(struct queue *q, const struct job *job,
                                 const struct web_request *r, const char *name, const char *due)
{
    const char *value = web_request_field(r, name);

    if (due == NULL && value != NULL)
        session_blame(q->s, "The request for %s has \"%s: %.60s\"; it should have none: %s",
                      job->name, name, value,
                      strcmp(name, "Accept-Encoding") == 0 ? "the bytes are wanted as they are."
                                                           : USELESS);
    if (due != NULL && (value == NULL || strcmp(value, due) != 0))
        session_blame(q->s, "The request for %s should have \"%s: %s\"; it has %s%.60s%s.",
                      job->name, name, due, value == NULL ? "none" : "\"",
                      value == NULL ? "" : value, value == NULL ? "" : "\"");
}

/* Takes the next request, looks whether it asks for what is missing, and says for which job. */
static struct job *take(struct queue *q, struct link **link)
{
    struct web_request r;
    struct job *job = NULL;

    if (!web_next_request(q->s, &r))
        session_fail(q->s, "Your program ended; another request was due.");
    for (size_t i = 0; i < q->count; i++)
        if (strcmp(r.target, q->jobs[i].target) == 0)
            job = &q->jobs[i];
    if (job == NULL || strcmp(r.method, "GET") != 0)
        session_blame(q->s, "Your program asks for \"%s %.100s\", which is not on its list.",
                      r.method, r.target);
    bool rest = job->have > 0 && job->tag[0] == '"';
    expect_request_field(q, job, &r, "Range",
                         rest ? session_print(q->s, "bytes=%zu-", job->have) : NULL);
    expect_request_field(q, job, &r, "If-Range", rest ? job->tag : NULL);
    expect_request_field(q, job, &r, "Accept-Encoding", NULL);
    *link = r.link;
    return job;
}

static void say(struct queue *q, struct link *link, const char *head, const char *body,
                size_t length)
{
    struct buffer text = {0};

    if (buffer_add(&text, head, strlen(head)) == -1 || buffer_add(&text, body, length) == -1)
        session_fail(q->s, "The harness has no memory left.");
    link_send(link, buffer_text(&text), text.length); /* both in one piece */
    buffer_free(&text);
}

static void end_answer(struct link *link)
{
    link_wait_end(link);
    link_close(link);
}

/* So many bytes of the whole file, as a good server sends it. */
static void send_whole(struct queue *q, struct link *link, struct job *job, size_t length)
{
    say(q, link,
        session_print(q->s,
                      "HTTP/1.1 200 OK\r\n%s%s%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
                      job->tag[0] == '\0' ? "" : "ETag: ", job->tag,
                      job->tag[0] == '\0' ? "" : "\r\n", job->size),
        job->bytes, length);
    job->have = length;
}

/* So many bytes of what is missing. */
static void send_part(struct queue *q, struct link *link, struct job *job, size_t length)
{
    say(q, link,
        session_print(q->s,
                      "HTTP/1.1 206 Partial Content\r\netag: %s\r\ncontent-range: bytes "
                      "%zu-%zu/%zu\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                      job->tag, job->have, job->size - 1, job->size, job->size - job->have),
        job->bytes + job->have, length);
    job->have += length;
}

static void send_status(struct queue *q, struct link *link, int status)
{
    say(q, link,
        session_print(q->s,
                      "HTTP/1.1 %d Whatever\r\nContent-Length: 10\r\nConnection: close\r\n\r\n",
                      status),
        "some text\n", 10);
    end_answer(link);
}

/* Answers the next request wholly. */
static void serve_one(struct queue *q)
{
    struct link *link;
    struct job *job = take(q, &link);

    if (job->have > 0 && job->tag[0] == '"')
        send_part(q, link, job, job->size - job->have);
    else
        send_whole(q, link, job, job->size);
    end_answer(link);
}

/* Answers the next request with half of what is missing, and the end. */
static void cut_one(struct queue *q, bool reset)
{
    struct link *link;
    struct job *job = take(q, &link);

    if (job->have > 0 && job->tag[0] == '"')
        send_part(q, link, job, (job->size - job->have) / 2);
    else
        send_whole(q, link, job, job->size / 2);
    link_wait_read(link);
    if (reset)
        link_reset(link);
    else
        link_close(link);
}

/* ---- verdicts ---- */

/* It ends, and says this; words: one for each job. */
static void expect_report(struct queue *q, const char *const *words)
{
    const char *lines = "";
    bool good = true;

    session_expect_nobody(q->s, "All jobs had ended.");
    for (size_t i = 0; i < q->count; i++) {
        lines = session_print(q->s, "%s%s %s\n", lines, words[i], q->jobs[i].name);
        good = good && strcmp(words[i], "done") == 0;
    }
    expect_output(q->p, lines, strlen(lines));
    if (good)
        expect_exit(q->p, 0);
    else
        expect_failure(q->p, 1);
}

static void expect_done(struct queue *q, const struct job *job)
{
    expect_file(q->p, job->name, job->bytes, job->size);
    expect_no_file(q->p, job->part, "It should have been renamed.");
    expect_no_file(q->p, job->tag_file, "It is of no use any more.");
}

static void expect_all_done(struct queue *q)
{
    static const char *const DONE[JOBS_MOST] = {"done", "done", "done", "done", "done"};

    expect_report(q, DONE);
    for (size_t i = 0; i < q->count; i++)
        expect_done(q, &q->jobs[i]);
}

/* The only job ended so. */
static void expect_word(struct queue *q, const char *word)
{
    expect_report(q, (const char *[JOBS_MOST]){word});
}

/* What has come so far is kept, and can be gone on with. */
static void expect_part(struct queue *q, const struct job *job)
{
    const char *line = session_print(q->s, "%s\n", job->tag);

    expect_file(q->p, job->part, job->bytes, job->have);
    expect_file(q->p, job->tag_file, line, strlen(line));
}

static void expect_nothing_kept(struct queue *q, const struct job *job)
{
    expect_no_file(q->p, job->part, USELESS);
    expect_no_file(q->p, job->tag_file, USELESS);
}

/* ---- cases: all goes well ---- */

static void one(struct session *s)
{
    struct queue *q = make(s, 1);

    start(q);
    serve_one(q);
    expect_all_done(q);
    expect_files(q->p, q->jobs[0].name, NULL);
}

static void several(struct session *s)
{
    struct queue *q = make(s, JOBS_MOST);

    renew(q, &q->jobs[1], 0);
    renew(q, &q->jobs[3], 300000);
    start(q);
    for (size_t i = 0; i < q->count; i++)
        serve_one(q);
    expect_all_done(q);
}

static void expect_no_third(struct queue *q)
{
    student_settle(q->p);
    peer_expect_nobody(q->server, "Two downloads were under way: the next one has to wait.");
}

/* The one that began first is answered last. */
static void two_at_once(struct session *s)
{
    struct queue *q = make(s, 4);
    struct link *first, *link;

    start(q);
    struct job *held = take(q, &first);
    for (int i = 0; i < 3; i++) {
        struct job *job = take(q, &link);
        if (job == held)
            session_blame(s, "%s is asked for twice at the same time.", job->name);
        expect_no_third(q);
        send_whole(q, link, job, job->size);
        end_answer(link);
    }
    send_whole(q, first, held, held->size);
    end_answer(first);
    expect_all_done(q);
}

static void named_at_the_end(struct session *s)
{
    struct queue *q = make(s, 1);
    struct job *job = &q->jobs[0];
    struct link *link;

    session_file(s, job->name, OLD, sizeof OLD - 1);
    session_link(s, job->name, "second");
    start(q);
    (void)take(q, &link);
    send_whole(q, link, job, job->size - 1);
    link_wait_read(link);
    student_settle(q->p);
    expect_kept(q->p, job->name, OLD, sizeof OLD - 1);
    expect_part(q, job);
    link_send(link, job->bytes + job->size - 1, 1);
    end_answer(link);
    expect_all_done(q);
    expect_kept(q->p, "second", OLD, sizeof OLD - 1); /* a new file got the name */
}

static void quiet(struct session *s)
{
    struct queue *q = make(s, 2);
    struct link *link[2];

    renew(q, &q->jobs[0], 200000);
    start(q);
    struct job *a = take(q, &link[0]), *b = take(q, &link[1]);
    send_whole(q, link[0], a, a->size / 2);
    send_whole(q, link[1], b, b->size);
    end_answer(link[1]);
    student_settle(q->p);
    link_send(link[0], a->bytes + a->have, a->size - a->have);
    end_answer(link[0]);
    expect_all_done(q);
    expect_untold(q->p, "\r", "a log its progress, which is for a terminal: a carriage return");
    expect_untold(q->p, "%", "a log its progress, which is for a terminal");
}

/* ---- cases: cut, and gone on ---- */

static void cut(struct session *s)
{
    struct queue *q = make(s, 1);

    start(q);
    cut_one(q, false);
    cut_one(q, true);
    serve_one(q);
    expect_all_done(q);
}

static void cut_for_good(struct session *s)
{
    struct queue *q = make(s, 2);
    const struct job *job = &q->jobs[0];
    struct link *link;

    start_with(q, "1", SECONDS);
    for (int i = 0; i < 2; i++) {
        struct job *asked = take(q, &link);
        send_whole(q, link, asked, asked == job ? 500 : asked->size);
        link_wait_read(link);
        link_close(link);
    }
    expect_report(q, (const char *[JOBS_MOST]){"cut", "done"});
    expect_no_file(q->p, job->name, NOT_WHOLE);
    expect_part(q, job);
    q->count = 1;
    start_with(q, "1", SECONDS);
    serve_one(q);
    expect_all_done(q);
}

static void killed(struct session *s)
{
    struct queue *q = make(s, 1);
    struct job *job = &q->jobs[0];
    struct link *link;

    start(q);
    (void)take(q, &link);
    send_whole(q, link, job, 700);
    link_wait_read(link);
    student_settle(q->p);
    student_end(q->p);
    link_close(link);
    expect_part(q, job);
    start(q);
    serve_one(q);
    expect_all_done(q);
}

static void no_strong_tag(struct session *s)
{
    static const char *const TAGS[] = {"", "W/\"v1\""};

    for (size_t i = 0; i < 2; i++) {
        struct queue *q = make(s, 1);
        q->jobs[0].tag = TAGS[i];
        start_with(q, "2", SECONDS);
        cut_one(q, false);
        cut_one(q, false);
        expect_word(q, "cut");
        expect_nothing_kept(q, &q->jobs[0]);
        start(q);
        cut_one(q, false);
        serve_one(q);
        expect_all_done(q);
    }
}

static void part_of_unknown(struct session *s)
{
    static const char *const TAGS[] = {"W/\"v1\"\n", "", "\n"};

    for (size_t i = 0; i < 4; i++) {
        struct queue *q = make(s, 1);
        session_file(s, q->jobs[0].part, q->jobs[0].bytes, 400);
        if (i < 3)
            session_file(s, q->jobs[0].tag_file, TAGS[i], strlen(TAGS[i]));
        start(q);
        serve_one(q);
        expect_all_done(q);
    }
}

/* Puts so many bytes and the tag where an earlier run would have left them. */
static void leave_part(struct queue *q, struct job *job, size_t length)
{
    const char *line = session_print(q->s, "%s\n", job->tag);

    session_file(q->s, job->part, job->bytes, length);
    session_file(q->s, job->tag_file, line, strlen(line));
    job->have = length;
}

static void all_there(struct session *s)
{
    struct queue *q = make(s, 1);
    struct job *job = &q->jobs[0];
    struct link *link;

    leave_part(q, job, job->size);
    start_with(q, "1", SECONDS);
    (void)take(q, &link);
    send_status(q, link, 416);
    job->have = 0;
    serve_one(q);
    expect_all_done(q);
}

/* ---- cases: another file ---- */

static void tag_changed(struct session *s)
{
    struct queue *q = make(s, 1);
    struct job *job = &q->jobs[0];
    const char *old = job->tag;
    char *bytes = job->bytes;
    struct link *link;

    renew(q, job, 2500); /* its hash stands in the list */
    const char *tag = job->tag;
    char *fresh = job->bytes;
    job->tag = old;
    job->bytes = bytes;
    leave_part(q, job, 800);
    start(q);
    (void)take(q, &link);
    job->tag = tag;
    job->bytes = fresh;
    send_whole(q, link, job, 600); /* less than was there */
    link_wait_read(link);
    link_close(link);
    serve_one(q);
    expect_all_done(q);
}

/* A server that does not read If-Range, or not Range. */
static void changed(struct session *s)
{
    static const char *const RANGES[] = {"500-1999/2000", "0-1999/2000", "501-2000/2001", ""};

    for (size_t i = 0; i < 4; i++) {
        struct queue *q = make(s, 1);
        struct job *job = &q->jobs[0];
        struct link *link;
        renew(q, job, 2000);
        leave_part(q, job, 500);
        session_file(s, job->name, OLD, sizeof OLD - 1);
        start(q);
        (void)take(q, &link);
        say(q, link,
            session_print(s,
                          "HTTP/1.1 206 Partial Content\r\nETag: %s\r\n%s%s%sContent-Length: "
                          "1500\r\nConnection: close\r\n\r\n",
                          i == 0 ? "\"other\"" : job->tag, i == 3 ? "" : "Content-Range: bytes ",
                          RANGES[i], i == 3 ? "" : "\r\n"),
            job->bytes + 500, 1500);
        end_answer(link);
        expect_word(q, "changed");
        expect_nothing_kept(q, job);
        expect_kept(q->p, job->name, OLD, sizeof OLD - 1);
    }
}

static void checksum(struct session *s)
{
    struct queue *q = make(s, 2);
    struct job *job = &q->jobs[0];

    session_file(s, job->name, OLD, sizeof OLD - 1);
    leave_part(q, job, 300);
    job->bytes[job->size - 1] ^= 1; /* its last byte is not the one that was hashed */
    start(q);
    serve_one(q);
    serve_one(q);
    expect_report(q, (const char *[JOBS_MOST]){"checksum", "done"});
    expect_kept(q->p, job->name, OLD, sizeof OLD - 1);
    expect_nothing_kept(q, job);
}

/* The bytes in the part are not those of its tag. */
static void part_spoilt(struct session *s)
{
    struct queue *q = make(s, 1);
    struct job *job = &q->jobs[0];

    job->bytes[10] ^= 1;
    leave_part(q, job, 300);
    job->bytes[10] ^= 1;
    start(q);
    serve_one(q);
    expect_word(q, "checksum");
    expect_no_file(q->p, job->name, "Its SHA-256 is another one.");
    expect_nothing_kept(q, job);
}

static void statuses(struct session *s)
{
    struct queue *q = make(s, 4);
    struct link *link;

    leave_part(q, &q->jobs[2], 300);
    start(q);
    for (int i = 0; i < 4; i++) {
        struct job *job = take(q, &link);
        if (job == &q->jobs[0])
            send_status(q, link, 404);
        else if (job == &q->jobs[1])
            send_status(q, link, 302);
        else if (job == &q->jobs[2])
            send_status(q, link, 503);
        else
            send_whole(q, link, job, job->size);
        if (job == &q->jobs[3])
            end_answer(link);
    }
    expect_report(q, (const char *[JOBS_MOST]){"404", "302", "503", "done"});
    for (int i = 0; i < 3; i++)
        expect_no_file(q->p, q->jobs[i].name, "The body of an error is not the file.");
    expect_nothing_kept(q, &q->jobs[0]);
    expect_part(q, &q->jobs[2]);
}

/* ---- cases: the rest ---- */

static void disk_full(struct session *s)
{
    struct queue *q = make(s, 2);

    renew(q, &q->jobs[0], 9000);
    session_limit_files(s, 4);
    start(q);
    serve_one(q);
    serve_one(q);
    expect_report(q, (const char *[JOBS_MOST]){"file", "done"});
    expect_no_file(q->p, q->jobs[0].name, NOT_WHOLE);
}

static void usage(struct session *s)
{
    struct queue *q = make(s, 1);
    const char *url = session_print(s, "http://127.0.0.1:%s/", peer_port(q->server));
    const char *hash = q->jobs[0].hash;
    const char *lists[] = {
        session_print(s, "%s %s\n", url, hash),
        session_print(s, "%s %s ../f\n", url, hash),
        session_print(s, "%s %s a\n%s %s a\n", url, hash, url, hash),
        session_print(s, "%s %.63s a\n", url, hash),
        session_print(s, "%s %s a\nfile:///etc/passwd %s b\n", url, hash, hash),
        session_print(s, "%s %s a\n\n", url, hash),
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0] + 2; i++) {
        q->p = student_start(s, i == 6 ? "0" : TRIES, i == 7 ? "61" : SECONDS, NULL);
        if (i < 6)
            student_input(q->p, lists[i], strlen(lists[i]));
        student_end_input(q->p);
        session_expect_nobody(s, "The list or the command line was wrong.");
        expect_output(q->p, "", 0);
        expect_failure(q->p, 2);
    }
    expect_files(q->p, NULL);
    one(s);
}

static void full_output(struct session *s)
{
    struct queue *q = make(s, 1);

    session_fill_output(s);
    start(q);
    serve_one(q);
    expect_failure(q->p, 1);
    expect_done(q, &q->jobs[0]);
}

static void silent(struct session *s)
{
    struct queue *q = make(s, 2);
    struct job *job = &q->jobs[0];
    struct link *link;

    start_with(q, "1", "1");
    for (int i = 0; i < 2; i++) {
        struct job *asked = take(q, &link);
        send_whole(q, link, asked, asked == job ? 500 : asked->size);
        if (asked != job)
            end_answer(link);
    }
    student_wait_end(q->p);
    expect_report(q, (const char *[JOBS_MOST]){"cut", "done"});
    expect_part(q, job);
    expect_ran(q->p, QUIET_MS, LATEST_MS);
}

static const struct test_case cases[] = {
    {.name = "one",
     .title = "a list of one",
     .points = 2,
     .teaches = "What comes goes into FILE.part, and gets its name by rename() when it is whole.",
     .run = one},
    {.name = "several",
     .title = "a list of five, one of them empty",
     .points = 2,
     .teaches = "An empty body calls no callback. The report has the order of the list.",
     .run = several},
    {.name = "two-at-once",
     .title = "two at once, no more and no less",
     .points = 3,
     .teaches = "As soon as one is done the next one begins, whichever of the two it was.",
     .run = two_at_once},
    {.name = "named-at-the-end",
     .title = "a byte is missing",
     .points = 2,
     .teaches = "Until the last byte has come and the checksum is right, an old FILE stays.",
     .run = named_at_the_end},
    {.name = "progress",
     .title = "standard error is no terminal",
     .points = 1,
     .teaches = "isatty() says whether a person looks on. A bar in a log is rubbish.",
     .run = quiet},
    {.name = "cut",
     .title = "cut twice, and gone on",
     .points = 3,
     .teaches = "What is there is not asked for again: Range, with If-Range beside it.",
     .run = cut},
    {.name = "cut-for-good",
     .title = "cut too often; the next run goes on",
     .points = 3,
     .teaches = "FILE.part and FILE.tag are all that the next run has. It has to hash what is "
                "there.",
     .run = cut_for_good},
    {.name = "killed",
     .title = "killed in the middle; the next run goes on",
     .points = 2,
     .teaches = "A crash writes no buffers: what has come, and its tag first, is to be in files.",
     .run = killed},
    {.name = "no-strong-tag",
     .title = "no ETag, or a weak one",
     .points = 2,
     .teaches = "Without a strong ETag nobody can say whether it is still the same file.",
     .run = no_strong_tag},
    {.name = "part-of-unknown",
     .title = "a part without a tag",
     .points = 2,
     .teaches = "A FILE.part without a good FILE.tag is begun anew.",
     .run = part_of_unknown},
    {.name = "all-there",
     .title = "416: all of it was there",
     .points = 1,
     .teaches = "A crash just before rename() leaves a part of which nothing is missing.",
     .run = all_there},
    {.name = "tag-changed",
     .title = "the ETag has changed",
     .points = 3,
     .teaches = "200 to a range: here is the new file, all of it. The old bytes make room.",
     .run = tag_changed},
    {.name = "part-of-another",
     .title = "206 of something else",
     .points = 3,
     .teaches = "A server that does not read If-Range sends a part of another file: compare "
                "ETag and Content-Range.",
     .run = changed},
    {.name = "checksum",
     .title = "the checksum is wrong",
     .points = 3,
     .teaches = "All bytes came, and they are not the right ones: they get no name, and are not "
                "kept.",
     .run = checksum},
    {.name = "part-spoilt",
     .title = "what an earlier run left was changed",
     .points = 1,
     .teaches = "The checksum is of the whole file, the bytes of the earlier run among them.",
     .run = part_spoilt},
    {.name = "statuses",
     .title = "404, 302 and 503",
     .points = 2,
     .teaches = "One that fails does not stop the others, and 503 does not spoil a part.",
     .run = statuses},
    {.name = "disk-full",
     .title = "the disk is full",
     .points = 1,
     .teaches = "A callback that cannot write says so by its return value.",
     .run = disk_full},
    {.name = "usage",
     .title = "a wrong list, a wrong command line",
     .points = 1,
     .teaches = "The whole list is read before anything is asked.",
     .run = usage},
    {.name = "full-output",
     .title = "what it prints cannot be written",
     .points = 1,
     .teaches = "printf() succeeds as long as there is room in its buffer: fflush() tells.",
     .run = full_output},
    {.name = "nothing-left-behind",
     .title = "all memory is freed",
     .points = 1,
     .teaches = "Handles, lists of header lines, digests: of each job, and after each request.",
     .run = cut,
     .leaks = true},
    {.name = "silent",
     .title = "a server that stops in the middle",
     .points = 2,
     .teaches = "No limit for the whole, one for the standstill; the other download goes on.",
     .run = silent,
     .limit_ms = 6000},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
