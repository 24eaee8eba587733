/* Exercise 4.7, photo upload with checksums: what is tried, and how. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buffer.h"
#include "core/number.h"
#include "harness/harness.h"

enum {
    MOST = 4,
    HEX = 64,
    SMALL = 3000,
    MEBIBYTE = 1 << 20,
    ASKED = 2 << 20,
    MIDDLE = 8 << 20,
    LARGE = 20 << 20,
    PIECE = 65536,
    ROOM_KIB = 12 * 1024 /* while LARGE bytes go through; the sanitizers' share is in it */
};
static const char ALBUM[] = "Rome & \"Ostia\"", GO_ON[] = "HTTP/1.1 100 Continue\r\n\r\n";

struct photo {
    const char *path, *name; /* as it is given; as it is to be sent */
    char *bytes;
    size_t length;
    const char *hex;
};

struct upload {
    struct session *s;
    struct peer *server;
    struct student *p;
    struct photo photos[MOST];
    size_t count;
    struct web_request r;
    const char *boundary;
    size_t due, taken; /* bytes of the body: announced, and received */
};

static const char *hex_of(struct session *s, const void *bytes, size_t length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char *hex = session_alloc(s, HEX + 1);

    if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
        session_fail(s, "The harness cannot compute SHA-256.");
    for (size_t i = 0; i < HEX / 2; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]); /* two digits */
    return hex;
}

static struct upload *begin(struct session *s)
{
    struct upload *up = session_alloc(s, sizeof *up);

    *up = (struct upload){.s = s};
    up->server = peer_listen(s, "127.0.0.1");
    session_closes_early(s); /* HTTP says by other means where an answer ends */
    session_unrecorded(s);   /* boundaries are random */
    return up;
}

static void add(struct upload *up, const char *path, const char *name, size_t length)
{
    struct photo *photo = &up->photos[up->count++];

    *photo = (struct photo){path, name, session_alloc(up->s, length + 1), length, NULL};
    session_bytes(up->s, photo->bytes, length);
    photo->hex = hex_of(up->s, photo->bytes, length);
    session_file(up->s, path, photo->bytes, length);
}

static void start(struct upload *up)
{
    const char *url = session_print(up->s, "http://127.0.0.1:%s/albums", peer_port(up->server));
    const char *paths[MOST + 1] = {0};

    for (size_t i = 0; i < up->count; i++)
        paths[i] = up->photos[i].path;
    up->p = student_start(up->s, url, ALBUM, paths[0], paths[1], paths[2], paths[3], NULL);
}

/* ---- the request ---- */

/* Takes the head; target is what is asked for. */
static void take_head(struct upload *up, const char *target)
{
    struct session *s = up->s;
    long length;

    if (!web_next_request(s, &up->r))
        session_fail(s, "The program ended, and a request was due.");
    if (strcmp(up->r.method, "POST") != 0 || strcmp(up->r.target, target) != 0)
        session_blame(s, "The request is %s %s; POST %s was due.", up->r.method, up->r.target,
                      target);
    const char *type = web_request_field(&up->r, "Content-Type");
    const char *said = web_request_field(&up->r, "Content-Length");
    const char *boundary = type != NULL ? strstr(type, "boundary=") : NULL;
    if (type == NULL || strncasecmp(type, "multipart/form-data;", 20) != 0 || boundary == NULL)
        session_blame(s, "The Content-Type is \"%s\"; multipart/form-data with a boundary was due.",
                      type != NULL ? type : "");
    if (said == NULL || !number_parse(said, 0, 1L << 40, &length))
        session_blame(s, "The request has no Content-Length: all sizes are known, and a server "
                         "wants to know beforehand how much it is to take.");
    boundary += strlen("boundary=");
    if (*boundary == '"')
        boundary++;
    up->boundary = session_print(s, "--%.*s", (int)strcspn(boundary, "\";"), boundary);
    up->due = (size_t)length;
    up->taken = 0;
}

static const char *take_line(struct upload *up)
{
    size_t length;
    const char *line = link_line(up->r.link, &length);

    up->taken += length + 1;
    return session_print(up->s, "%.*s", length > 0 ? (int)length - 1 : 0, line); /* its CR */
}

/* Takes the boundary; behind is what follows it: "" or "--". */
static void take_boundary(struct upload *up, const char *behind, const char *next)
{
    const char *due = session_print(up->s, "%s%s", up->boundary, behind), *line = take_line(up);

    if (strcmp(line, due) != 0)
        session_blame(up->s, "%s was due; the line is \"%.60s\", and not the boundary.", next,
                      line);
}

/* Takes the head of a part of this name; filename is NULL for one that is no file. */
static void take_part(struct upload *up, const char *name, const char *filename)
{
    struct session *s = up->s;
    const char *disposition = "", *type = "", *line;
    const char *due = session_print(s, "form-data; name=\"%s\"", name);

    if (filename != NULL)
        due = session_print(s, "%s; filename=\"%s\"", due, filename);
    while (*(line = take_line(up)) != '\0') {
        if (strncasecmp(line, "Content-Disposition: ", 21) == 0)
            disposition = line + 21;
        if (strncasecmp(line, "Content-Type: ", 14) == 0)
            type = line + 14;
    }
    if (strcmp(disposition, due) != 0)
        session_blame(s, "The Content-Disposition of a part is\n  %s\nand this was due:\n  %s",
                      disposition, due);
    if (filename != NULL && strcmp(type, "application/octet-stream") != 0)
        session_blame(s, "The Content-Type of a photo is \"%s\"; application/octet-stream was due.",
                      type);
}

static void take_bytes(struct upload *up, const char *bytes, size_t length)
{
    link_expect(up->r.link, bytes, length);
    link_expect(up->r.link, "\r\n", 2);
    up->taken += length + 2;
}

static void take_album(struct upload *up)
{
    take_boundary(up, "", "The first part");
    take_part(up, "album", NULL);
    take_bytes(up, ALBUM, strlen(ALBUM));
}

static void take_photos(struct upload *up)
{
    for (size_t i = 0; i < up->count; i++) {
        struct photo *photo = &up->photos[i];
        take_boundary(up, "", "A photo");
        take_part(up, "photo", photo->name);
        take_bytes(up, photo->bytes, photo->length);
        take_boundary(up, "", "The checksum of the photo");
        take_part(up, "sha256", NULL);
        take_bytes(up, photo->hex, HEX);
    }
    take_boundary(up, "--", "The end of all parts");
    if (up->taken != up->due)
        session_blame(up->s, "The body has %zu bytes; Content-Length said %zu.", up->taken,
                      up->due);
}

/* Whoever asked first is told to go on. */
static void go_on(struct upload *up)
{
    if (web_request_field(&up->r, "Expect") != NULL)
        link_send(up->r.link, GO_ON, strlen(GO_ON));
}

static void take_all(struct upload *up, const char *target)
{
    take_head(up, target);
    go_on(up);
    take_album(up);
    take_photos(up);
}

/* ---- the answer ---- */

static void answer(struct upload *up, const char *status, const char *fields, const char *body)
{
    const char *text =
        session_print(up->s, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                      status, fields, strlen(body), body);

    link_send(up->r.link, text, strlen(text));
    link_wait_end(up->r.link);
    link_close(up->r.link);
}

static const char *sums(struct upload *up)
{
    const char *text = "";

    for (size_t i = 0; i < up->count; i++)
        text = session_print(up->s, "%s%s\n", text, up->photos[i].hex);
    return text;
}

static void expect_stored(struct upload *up)
{
    const char *due = "";

    for (size_t i = 0; i < up->count; i++) {
        const char *slash = strrchr(up->photos[i].path, '/');
        due = session_print(up->s, "%s%s  %s\n", due, up->photos[i].hex,
                            slash != NULL ? slash + 1 : up->photos[i].path);
    }
    expect_output(up->p, due, strlen(due));
    expect_exit(up->p, 0);
}

static void expect_word(struct upload *up, const char *word)
{
    expect_output(up->p, "", 0);
    expect_failure(up->p, 1);
    expect_error(up->p, session_print(up->s, "failed: %s", word));
}

static void serve(struct upload *up)
{
    start(up);
    take_all(up, "/albums");
    answer(up, "201 Created", "", sums(up));
    expect_stored(up);
}

/* ---- cases ---- */

static void one(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "forum.jpg", "forum.jpg", SMALL + session_random(s, SMALL));
    serve(up);
}

static void several(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "z.jpg", "z.jpg", SMALL + session_random(s, SMALL));
    add(up, "a.jpg", "a.jpg", 1 + session_random(s, 9));
    add(up, "m.png", "m.png", 70000 + session_random(s, SMALL));
    serve(up);
}

static void names(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "the \"best\" one.jpg", "the %22best%22 one.jpg", 100);
    add(up, "Città è 雨.jpg", "Città è 雨.jpg", 100);
    add(up, "summer/sea; x=1.jpg", "sea; x=1.jpg", 100);
    serve(up);
}

static void empty(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "none.jpg", "none.jpg", 0);
    add(up, "some.jpg", "some.jpg", 100);
    serve(up);
}

static void announced(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "large.jpg", "large.jpg", ASKED);
    start(up);
    take_head(up, "/albums");
    const char *expect = web_request_field(&up->r, "Expect");
    if (expect == NULL || strcasecmp(expect, "100-continue") != 0)
        session_blame(s, "A body of 2 MiB was not announced with Expect: 100-continue.");
    student_settle(up->p);
    if (link_under_way(up->r.link) > 2) /* to a byte or two */
        session_blame(s, "The body was sent before the server had said 100 Continue.");
    go_on(up);
    take_album(up);
    take_photos(up);
    answer(up, "201 Created", "", sums(up));
    expect_stored(up);
}

static void refused(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "large.jpg", "large.jpg", ASKED);
    start(up);
    take_head(up, "/albums");
    if (web_request_field(&up->r, "Expect") == NULL)
        session_blame(s, "A body of 2 MiB was not announced with Expect: 100-continue.");
    const char text[] = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n";
    link_send(up->r.link, text, strlen(text));
    link_expect_end(up->r.link);
    link_close(up->r.link);
    expect_word(up, "status 413");
}

/* Takes the body up to the middle of the photo. */
static void take_half(struct upload *up)
{
    struct photo *photo = &up->photos[0];

    take_head(up, "/albums");
    go_on(up);
    take_album(up);
    take_boundary(up, "", "A photo");
    take_part(up, "photo", photo->name);
    for (size_t at = 0; at < photo->length / 2; at += PIECE)
        link_expect(up->r.link, photo->bytes + at, PIECE);
}

static void refused_in_the_middle(struct session *s)
{
    struct upload *up = begin(s);

    session_narrow(s, PIECE);
    add(up, "large.jpg", "large.jpg", MIDDLE);
    start(up);
    take_half(up);
    const char text[] = "HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 5\r\n"
                        "Connection: close\r\n\r\nfull\n";
    link_send(up->r.link, text, strlen(text));
    link_wait_end(up->r.link);
    link_close(up->r.link);
    expect_word(up, "status 507");
}

static void cut(struct session *s)
{
    struct upload *up = begin(s);

    session_narrow(s, PIECE);
    add(up, "large.jpg", "large.jpg", MIDDLE);
    start(up);
    take_half(up);
    link_reset(up->r.link);
    expect_word(up, "cut");
}

static void unanswered(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "forum.jpg", "forum.jpg", SMALL);
    start(up);
    take_all(up, "/albums");
    link_close(up->r.link);
    expect_word(up, "cut");
}

static void moved(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "forum.jpg", "forum.jpg", SMALL + session_random(s, SMALL));
    add(up, "ostia.jpg", "ostia.jpg", SMALL + session_random(s, SMALL));
    start(up);
    take_all(up, "/albums");
    answer(up, session_random(s, 2) == 0 ? "307 Moved" : "308 Moved", "Location: /new/place\r\n",
           "");
    take_all(up, "/new/place");
    answer(up, "201 Created", "", sums(up));
    expect_stored(up);
}

static void statuses(struct session *s)
{
    static const char *const STATUSES[] = {"200 OK", "403 Forbidden", "503 Unavailable"};

    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        struct upload *up = begin(s);
        add(up, session_print(s, "%zu.jpg", i), session_print(s, "%zu.jpg", i), 50);
        start(up);
        take_all(up, "/albums");
        answer(up, STATUSES[i], "", sums(up));
        expect_word(up, session_print(s, "status %.3s", STATUSES[i]));
    }
}

static void damaged(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "forum.jpg", "forum.jpg", SMALL);
    add(up, "ostia.jpg", "ostia.jpg", SMALL);
    start(up);
    take_all(up, "/albums");
    const char *swapped = session_print(s, "%s\n%s\n", up->photos[1].hex, up->photos[0].hex);
    answer(up, "201 Created", "", swapped);
    expect_word(up, "checksum");
}

static void one_missing(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "forum.jpg", "forum.jpg", SMALL);
    add(up, "ostia.jpg", "ostia.jpg", SMALL);
    start(up);
    take_all(up, "/albums");
    answer(up, "201 Created", "", session_print(s, "%s\n", up->photos[0].hex));
    expect_word(up, "checksum");
}

static void no_file(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "forum.jpg", "forum.jpg", SMALL);
    up->photos[up->count++].path = "nowhere.jpg";
    start(up);
    session_expect_nobody(s, "A file is not there: that is known before anything is sent.");
    expect_word(up, "file");
}

static void folder(struct session *s)
{
    struct upload *up = begin(s);

    add(up, "summer/sea.jpg", "sea.jpg", SMALL);
    up->photos[0].path = "summer";
    start(up);
    session_expect_nobody(s, "A folder is no photo: that is known before anything is sent.");
    expect_word(up, "file");
}

static void endless(struct session *s)
{
    struct upload *up = begin(s);
    char *text = session_alloc(s, MEBIBYTE);
    static const char HEAD[] = "HTTP/1.1 201 Created\r\n\r\n";

    add(up, "forum.jpg", "forum.jpg", SMALL);
    start(up);
    take_all(up, "/albums");
    memset(text, 'x', MEBIBYTE);
    link_queue(up->r.link, HEAD, strlen(HEAD));
    link_queue(up->r.link, text, MEBIBYTE);
    link_wait_end(up->r.link);
    link_close(up->r.link);
    expect_word(up, "answer");
}

static void usage(struct session *s)
{
    struct student *p = student_start(s, "http://127.0.0.1:1/", ALBUM, NULL);

    expect_output(p, "", 0);
    expect_failure(p, 2);
}

static void large(struct session *s)
{
    struct upload *first = begin(s), *up = begin(s);
    size_t half = LARGE / 2;

    add(first, "small.jpg", "small.jpg", SMALL);
    start(first);
    take_all(first, "/albums");
    long before = student_memory(first->p); /* what it takes for a small one */
    answer(first, "201 Created", "", sums(first));
    expect_stored(first);
    session_narrow(s, PIECE);
    add(up, "large.jpg", "large.jpg", LARGE);
    start(up);
    take_head(up, "/albums");
    go_on(up);
    take_album(up);
    take_boundary(up, "", "A photo");
    take_part(up, "photo", "large.jpg");
    for (size_t at = 0; at < half; at += PIECE)
        link_expect(up->r.link, up->photos[0].bytes + at, PIECE);
    long more = student_memory(up->p) - before;
    if (more > ROOM_KIB)
        session_fail(s,
                     "When half of %d MiB had gone, your program had taken %ld KiB of memory more "
                     "than for a small photo: it is to go out as it is read.",
                     LARGE >> 20, more);
    for (size_t at = half; at < LARGE; at += PIECE)
        link_expect(up->r.link, up->photos[0].bytes + at, PIECE);
    link_expect(up->r.link, "\r\n", 2);
    take_boundary(up, "", "The checksum of the photo");
    take_part(up, "sha256", NULL);
    take_bytes(up, up->photos[0].hex, HEX);
    take_boundary(up, "--", "The end of all parts");
    answer(up, "201 Created", "", sums(up));
    expect_stored(up);
}

static const struct test_case CASES[] = {
    {.name = "one",
     .title = "one photo",
     .points = 3,
     .teaches = "The album comes first, then the photo, then its checksum; the server's answer "
                "held the same checksum.",
     .run = one},
    {.name = "several",
     .title = "three photos, in the order given",
     .points = 3,
     .teaches = "The parts of a form have an order: each checksum stands behind its photo.",
     .run = several},
    {.name = "names",
     .title = "file names with quotes, in UTF-8, in a folder",
     .points = 3,
     .teaches = "A quote would end the name, so it is sent as %22; other bytes go as they are, and "
                "the folders of this machine are nobody's business.",
     .run = names},
    {.name = "empty",
     .title = "an empty file",
     .points = 2,
     .teaches = "An empty file is a part without bytes, and has a checksum, too.",
     .run = empty},
    {.name = "announced",
     .title = "2 MiB are announced, and sent when the server agrees",
     .points = 3,
     .teaches = "The server was asked by Expect: 100-continue, and the body had to wait for its "
                "answer.",
     .run = announced},
    {.name = "refused",
     .title = "the announcement is refused",
     .points = 2,
     .teaches = "The server said 413 to the announcement: not a byte of the body goes out.",
     .run = refused},
    {.name = "refused-in-the-middle",
     .title = "the server refuses in the middle",
     .points = 3,
     .teaches = "The server answered 507 when half of the photo had come, and read no further: "
                "the answer counts, and the rest is not sent.",
     .run = refused_in_the_middle},
    {.name = "cut",
     .title = "an upload cut in the middle",
     .points = 2,
     .teaches = "The connection was reset in the middle of the photo: nothing is stored.",
     .run = cut},
    {.name = "unanswered",
     .title = "all was sent, and no answer came",
     .points = 1,
     .teaches = "All bytes were sent, and the connection ended: without an answer nobody knows "
                "whether they are stored.",
     .run = unanswered},
    {.name = "moved",
     .title = "307 or 308, when all was sent",
     .points = 3,
     .teaches = "The server sent the upload to another place: all of it goes out again, from the "
                "first byte of each photo, and each checksum begins anew.",
     .run = moved},
    {.name = "statuses",
     .title = "other statuses than 201",
     .points = 2,
     .teaches = "Only 201 says that the album is stored.",
     .run = statuses},
    {.name = "damaged",
     .title = "the server has other checksums",
     .points = 2,
     .teaches = "The server's checksums are not those of the photos, in their order: what is "
                "stored is not what was sent.",
     .run = damaged},
    {.name = "one-missing",
     .title = "the server has one photo of two",
     .points = 1,
     .teaches = "The server confirmed one photo, and two were sent.",
     .run = one_missing},
    {.name = "no-file",
     .title = "a file that is not there",
     .points = 1,
     .teaches = "The second file does not exist: half an album is not sent.",
     .run = no_file},
    {.name = "folder",
     .title = "a folder in place of a photo",
     .points = 1,
     .teaches = "A folder can be opened, and not be read: ask fstat() what it is.",
     .run = folder},
    {.name = "endless",
     .title = "an answer without an end",
     .points = 1,
     .teaches = "The server decides how much it answers; the client, how much of it it keeps.",
     .run = endless},
    {.name = "usage",
     .title = "no photo",
     .points = 1,
     .teaches = "The command line was wrong: status 2 and a message.",
     .run = usage},
    {.name = "short-writes",
     .title = "the connection takes little at a time",
     .points = 1,
     .teaches = "send() took less than it was given, or a signal came: nothing may be lost.",
     .run = several,
     .faults = "short-write,eintr"},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "Files, parts and handles are all given back.",
     .run = several,
     .leaks = true},
    {.name = "large",
     .title = "20 MiB, streamed",
     .points = 3,
     .teaches = "A photo goes out as it is read: memory must not grow with it.",
     .run = large},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
