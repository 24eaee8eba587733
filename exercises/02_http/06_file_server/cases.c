/* Exercise 2.6, file server: what is tried, and how. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/harness.h"

enum {
    NOTE = 100,      /* bytes of the file that most cases ask for */
    LARGE = 3000000, /* of one that fits into no buffer */
    DATED = 784111777
};

static const char DATE[] = "Sun, 06 Nov 1994 08:49:37 GMT"; /* which is DATED */
static const char FOREIGN[] = "This lies beside the folder, and is nobody's business.\n";

/* A server of the learner's for the folder www, and what note.txt in it holds. */
struct site {
    struct session *session;
    struct student *student;
    const char *port;
    struct link *link; /* the last one */
    char note[NOTE];
};

/* Bytes that no program can know, behind the name of their file, so that reports show whose they
 * are.
 */
static void fill(struct session *s, char *bytes, size_t length, const char *name)
{
    session_text(s, bytes, length);
    for (size_t i = 0; name[i] != '\0' && i + 1 < length; i++) {
        bytes[i] = name[i];
        bytes[i + 1] = ' ';
    }
}

/* What lies beside the folder is there in every case. Files may be added before the start. */
static struct site prepare(struct session *s)
{
    struct site site = {.session = s};

    session_closes_early(s); /* HTTP says by other means where an answer ends */
    fill(s, site.note, NOTE, "note.txt");
    session_file(s, "www/note.txt", site.note, NOTE);
    session_file_date(s, "www/note.txt", DATED, 0);
    session_file(s, "secret.txt", FOREIGN, strlen(FOREIGN));
    session_file(s, "www2/secret.txt", FOREIGN, strlen(FOREIGN));
    return site;
}

static void serve(struct site *site)
{
    site->student = student_start(site->session, "www", "0", NULL);
    site->port = student_port(site->student);
}

static struct site start(struct session *s)
{
    struct site site = prepare(s);

    serve(&site);
    return site;
}

static void finish(struct site *site)
{
    student_signal(site->student, SIGTERM);
    expect_output(site->student, "", 0);
    expect_exit(site->student, 0);
}

/* A file of so many bytes below www that no program can know. */
static const char *add_file(struct session *s, const char *name, size_t length)
{
    char *bytes = session_alloc(s, length + 1);

    fill(s, bytes, length, name);
    session_file(s, session_print(s, "www/%s", name), bytes, length);
    return bytes;
}

/* ---- requests ---- */

static struct link *request(struct site *site, const char *method, const char *target,
                            const char *fields)
{
    struct link *link = link_connect(site->session, "127.0.0.1", site->port);
    const char *head = session_print(site->session, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n",
                                     method, target, fields, "Connection: close\r\n");

    link_send(link, head, strlen(head));
    site->link = link;
    return link;
}

static struct web_response ask(struct site *site, const char *method, const char *target,
                               const char *fields, int status, const char *why)
{
    struct link *link = request(site, method, target, fields);
    struct web_response r = link_expect_status(
        link, method, status, session_print(site->session, "%s %s, %s", method, target, why));

    link_close(link);
    return r;
}

/* The beginning of a body, for a sentence. */
static const char *begin_of(struct session *s, const char *bytes, size_t length)
{
    size_t size = length < 24 ? length : 24;
    char *text = session_alloc(s, size + 1);

    for (size_t i = 0; i < size; i++)
        text[i] = (char)(bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '"' ? '.' : bytes[i]);
    return session_print(s, "\"%s%s\" (%zu bytes)", text, size < length ? "…" : "", length);
}

/* GETs what has exactly these bytes. */
static struct web_response get(struct site *site, const char *target, const char *fields,
                               int status, const char *bytes, size_t length, const char *why)
{
    struct session *s = site->session;
    struct web_response r = ask(site, "GET", target, fields, status, why);

    if (r.length != length || memcmp(r.body, bytes, length) != 0)
        session_fail(s, "The body is not what was due: GET %s, %s. It is %s; due was %s.", target,
                     why, begin_of(s, r.body, r.length), begin_of(s, bytes, length));
    return r;
}

static struct web_response get_note(struct site *site, const char *fields, const char *why)
{
    return get(site, "/note.txt", fields, 200, site->note, NOTE, why);
}

static void refuse(struct site *site, const char *target, int status, const char *why)
{
    (void)ask(site, "GET", target, "", status, why);
}

/* ---- fields ---- */

static const char *tag_of(struct site *site, const struct web_response *r)
{
    const char *tag = web_field(r, "ETag");

    if (tag == NULL)
        session_fail(site->session, "The response %d has no ETag.", r->status);
    size_t length = strlen(tag);
    if (strncmp(tag, "W/", 2) == 0)
        session_fail(site->session,
                     "ETag: %s is weak. With a weak tag nobody may put parts together.", tag);
    if (length < 2 || tag[0] != '"' || strchr(tag + 1, '"') != tag + length - 1)
        session_fail(site->session, "ETag: %s is no text in one pair of quotation marks.", tag);
    return tag;
}

static void expect_vary(struct site *site, const struct web_response *r)
{
    size_t position = 0;

    for (const char *value; (value = web_next(r, "Vary", &position)) != NULL;)
        for (value += strspn(value, " \t,"); *value != '\0'; value += strspn(value, " \t,")) {
            size_t length = strcspn(value, " \t,");
            if (length == 15 && strncasecmp(value, "Accept-Encoding", 15) == 0)
                return;
            value += length;
        }
    session_fail(site->session,
                 "The response %d has no Vary: Accept-Encoding. A cache between would hand it to "
                 "everybody, whatever he can read.",
                 r->status);
}

/* ---- files ---- */

static void file(struct session *s)
{
    struct site site = prepare(s);
    char bytes[5000];

    session_bytes(s, bytes, sizeof bytes);
    bytes[7] = '\0';
    session_file(s, "www/bytes", bytes, sizeof bytes);
    session_file(s, "www/empty.txt", "", 0);
    serve(&site);
    struct web_response r = get_note(&site, "", "it is there");
    (void)tag_of(&site, &r);
    expect_vary(&site, &r);
    web_expect_field(site.link, &r, "Content-Length", "100", "so long is the file");
    web_expect_field(site.link, &r, "Last-Modified", DATE, "then the file was last changed");
    web_expect_field(site.link, &r, "Accept-Ranges", "bytes", "parts can be asked for");
    web_expect_field(site.link, &r, "Content-Encoding", NULL, "it is as it is");
    (void)get(&site, "/bytes", "", 200, bytes, sizeof bytes, "a file of any bytes");
    (void)get(&site, "/empty.txt", "", 200, "", 0, "an empty file");
    (void)get(&site, "/note.txt?a=/../b", "", 200, site.note, NOTE,
              "a query is no part of the path");
    refuse(&site, "/note", 404, "there is no such file");
    refuse(&site, "/note.txtx", 404, "there is no such file");
    finish(&site);
}

static void types(struct session *s)
{
    static const char *const names[][2] = {
        {"a.html", "text/html"}, {"a.css", "text/css"},  {"a.js", "text/javascript"},
        {"a.txt", "text/plain"}, {"a.png", "image/png"}, {"a.gz", "application/gzip"},
        {"html", NULL},          {"a.html.bin", NULL},   {"a.b.css", "text/css"}};
    struct site site = prepare(s);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)add_file(s, names[i][0], 10);
    serve(&site);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *due = names[i][1] != NULL ? names[i][1] : "application/octet-stream";
        struct web_response r =
            ask(&site, "GET", session_print(s, "/%s", names[i][0]), "", 200, "it is there");
        const char *type = web_field(&r, "Content-Type");
        if (type == NULL || strncasecmp(type, due, strlen(due)) != 0 ||
            strchr("; ", type[strlen(due)]) == NULL)
            session_fail(s, "The type of %s is said to be %s; %s was due.", names[i][0],
                         type == NULL ? "nothing" : type, due);
    }
    finish(&site);
}

static void names(struct session *s)
{
    struct site site = prepare(s);
    const char *blank = add_file(s, "a b.txt", 20), *coded = add_file(s, "a%20b.txt", 21),
               *deep = add_file(s, "docs/on~e_+two.txt", 22), *umlaut = add_file(s, "\xc3\xbc", 23),
               *dots = add_file(s, "docs/two..dots", 24);

    serve(&site);
    (void)get(&site, "/a%20b.txt", "", 200, blank, 20, "%20 is a blank");
    (void)get(&site, "/a%2520b.txt", "", 200, coded, 21, "%25 is a percent sign, decoded once");
    (void)get(&site, "/docs/on~e_+two.txt", "", 200, deep, 22, "a plus is a plus in a path");
    (void)get(&site, "//docs///%6fn%7Ee_%2btwo.txt", "", 200, deep, 22,
              "empty segments do not count, and everything may be coded");
    (void)get(&site, "/%C3%bc", "", 200, umlaut, 23, "digits are small or capital");
    (void)get(&site, "/docs/two..dots", "", 200, dots, 24, "these dots are part of a name");
    (void)get(&site, "http://localhost/docs/two..dots", "", 200, dots, 24,
              "the absolute form of a target");
    finish(&site);
}

/* ---- what leads out ---- */

static void traversal(struct session *s)
{
    static const struct {
        const char *target, *why;
    } ways[] = {{"/../secret.txt", "plain"},
                {"/docs/../../secret.txt", "first down, then up twice"},
                {"/../www2/secret.txt", "a folder whose name begins alike"},
                {"/../www/note.txt", "out and in again"},
                {"/%2e%2e/secret.txt", "coded dots"},
                {"/%2E./secret.txt", "one dot coded, in capitals"},
                {"/.%2e/secret.txt", "the other dot coded"},
                {"/..%2fsecret.txt", "a coded slash"},
                {"/%2e%2e%2Fsecret.txt", "all of it coded"},
                {"/docs/..%2f..%2fsecret.txt", "coded slashes behind a folder"},
                {"/%252e%252e/secret.txt", "coded twice"},
                {"/..%252fsecret.txt", "a slash coded twice"},
                {"/....//secret.txt", "for those who cut \"../\" out"},
                {"/..././secret.txt", "the same the other way"},
                {"/..;/secret.txt", "with a parameter"},
                {"/..?/../secret.txt", "with a query"},
                {"/docs/..", "nothing behind the dots"},
                {"/docs%2fone.txt", "a coded slash inside is part of a name, and no file has it"},
                {"http://localhost/../secret.txt", "in the absolute form"},
                {"http://localhost/%2e%2e/secret.txt", "in the absolute form, coded"}};
    struct site site = prepare(s);
    const char *one = add_file(s, "docs/one.txt", 30);

    serve(&site);
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        refuse(&site, ways[i].target, 404, ways[i].why);
    (void)get(&site, "/docs/one.txt", "", 200, one, 30, "nothing is wrong with it");
    finish(&site);
}

static void absolute(struct session *s)
{
    struct site site = start(s);

    refuse(&site, "//proc/self/cwd/secret.txt", 404, "two slashes in front are like one");
    refuse(&site, "///proc/self/cwd/secret.txt", 404, "three neither");
    refuse(&site, "/%2fproc/self/cwd/secret.txt", 404, "a coded slash is part of a name");
    refuse(&site, "/%2Fproc%2fself%2fcwd%2fsecret.txt", 404, "nor more of them");
    refuse(&site, "http://localhost//proc/self/cwd/secret.txt", 404, "in the absolute form");
    refuse(&site, "http://localhost", 404,
           "the absolute form without a path is the folder, which "
           "has no index.html");
    (void)get(&site, "//note.txt", "", 200, site.note, NOTE, "two slashes in front are like one");
    (void)get(&site, "http://localhost/note.txt", "", 200, site.note, NOTE, "the absolute form");
    finish(&site);
}

static void nul(struct session *s)
{
    static const char *const targets[] = {
        "/note.txt%00", "/note.txt%00.html", "/%00",         "/%00/note.txt",
        "/note.txt%",   "/note.txt%4",       "/note%2Etx%7", "/note%zz",
        "/%2gnote.txt", "/note%+1.txt",      "/note%-1.txt", "/note%0x2e.txt%x0"};
    struct site site = start(s);

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        refuse(&site, targets[i], 400,
               strstr(targets[i], "%00") != NULL ? "for the kernel the name ends at the NUL"
                                                 : "an escape is % and two hexadecimal digits");
    (void)get(&site, "/note%2Etx%74", "", 200, site.note, NOTE, "both escapes are good");
    finish(&site);
}

static void symlinks(struct session *s)
{
    struct site site = prepare(s);
    const char *one = add_file(s, "docs/one.txt", 30);

    (void)add_file(s, "docs/list.txt", 30);
    session_symlink(s, "www/out.txt", "../secret.txt");
    session_symlink(s, "www/up", "..");
    session_symlink(s, "www/docs/far", "../../www2");
    session_symlink(s, "www/etc", "/proc/self/cwd");
    session_symlink(s, "www/passwd", "/proc/self/cwd/secret.txt");
    session_symlink(s, "www/chain", "docs/chain");
    session_symlink(s, "www/docs/chain", "../out.txt");
    session_symlink(s, "www/loop", "loop");
    session_symlink(s, "www/nothing", "gone.txt");
    session_symlink(s, "www/in.txt", "docs/one.txt");
    session_symlink(s, "www/docs/note.txt", "../note.txt");
    session_symlink(s, "www/papers", "docs");
    serve(&site);
    refuse(&site, "/out.txt", 404, "a link to a file beside the folder");
    refuse(&site, "/up/secret.txt", 404, "a link to the folder above, on the way");
    refuse(&site, "/up/www2/secret.txt", 404, "a link to the folder above, and down again");
    refuse(&site, "/docs/far/secret.txt", 404,
           "a link to a folder whose name begins as this one's: www2");
    refuse(&site, "/etc/secret.txt", 404, "a link with an absolute path, on the way");
    refuse(&site, "/passwd", 404, "a link with an absolute path");
    refuse(&site, "/chain", 404, "a link to a link to a file beside the folder");
    refuse(&site, "/loop", 404, "a link to itself");
    refuse(&site, "/nothing", 404, "a link to nothing");
    refuse(&site, "/up", 404, "not even 301: a stranger learns nothing of it");
    (void)get(&site, "/in.txt", "", 200, one, 30, "a link that stays inside");
    (void)get(&site, "/papers/one.txt", "", 200, one, 30, "a folder's link that stays inside");
    (void)get(&site, "/docs/note.txt", "", 200, site.note, NOTE, "it goes up, and stays inside");
    finish(&site);
}

static void hidden(struct session *s)
{
    static const char *const targets[] = {
        "/.htpasswd",        "/%2ehtpasswd", "/.git/config", "/%2Egit/config",
        "/docs/.env",        "/docs/%2eenv", "/./note.txt",  "/docs/./one.txt",
        "/docs/../note.txt", "/.",           "/docs/.",      "/docs/%2e/"};
    struct site site = prepare(s);

    (void)add_file(s, ".htpasswd", 30);
    (void)add_file(s, ".git/config", 30);
    (void)add_file(s, "docs/one.txt", 30);
    (void)add_file(s, "docs/.env", 30);
    serve(&site);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        refuse(&site, targets[i], 404, "a segment that begins with a dot");
    (void)get_note(&site, "", "its dot is not in front");
    finish(&site);
}

/* ---- folders and special files ---- */

static void expect_redirect(struct site *site, const char *target, const char *to)
{
    struct web_response r = ask(site, "GET", target, "", 301, "a folder without its slash");

    web_expect_field(
        site->link, &r, "Location", to,
        "links in the page would lead beside the folder, and \"//name\" is another host");
}

static void folders(struct session *s)
{
    struct site site = prepare(s);
    const char *top = add_file(s, "index.html", 40), *docs = add_file(s, "docs/index.html", 41);

    (void)add_file(s, "bare/one.txt", 30);
    (void)add_file(s, "a b%/one.txt", 30);
    (void)add_file(s, "odd/one.txt", 30);
    (void)add_file(s, "odd/index.html/one.txt", 30);
    serve(&site);
    (void)get(&site, "/", "", 200, top, 40, "the folder's page");
    struct web_response r = get(&site, "/docs/", "", 200, docs, 41, "the folder's page");
    if (web_field(&r, "Content-Type") == NULL ||
        strncasecmp(web_field(&r, "Content-Type"), "text/html", 9) != 0)
        session_fail(s, "The type of a folder's page is not text/html.");
    (void)get(&site, "/docs//?x", "", 200, docs, 41, "empty segments do not count");
    expect_redirect(&site, "/docs", "/docs/");
    expect_redirect(&site, "//docs", "/docs/");
    expect_redirect(&site, "/a%20b%25", "/a%20b%25/");
    refuse(&site, "/bare/", 404, "a folder without index.html is not listed");
    refuse(&site, "/odd/", 404, "its index.html is a folder");
    refuse(&site, "/note.txt/", 404, "a file with a slash behind");
    refuse(&site, "/note.txt/x", 404, "a file is no folder");
    finish(&site);
}

static void special(struct session *s)
{
    struct site site = prepare(s);

    (void)add_file(s, "odd/one.txt", 30);
    session_fifo(s, "www/fifo.txt");
    session_fifo(s, "www/odd/index.html");
    session_fifo(s, "www/note.txt.gz");
    serve(&site);
    refuse(&site, "/fifo.txt", 404, "a FIFO is no file, and opening it would wait for a writer");
    refuse(&site, "/odd/", 404, "the folder's page is a FIFO");
    (void)get_note(&site, "Accept-Encoding: gzip\r\n", "its .gz is a FIFO");
    finish(&site);
}

/* ---- tags and conditions ---- */

static void tags(struct session *s)
{
    struct site site = prepare(s);

    serve(&site);
    struct web_response r = get_note(&site, "", "it is there");
    const char *tag = tag_of(&site, &r);
    r = get_note(&site, "", "it is there");
    web_expect_field(site.link, &r, "ETag", tag, "the file is as it was");
    site.note[NOTE / 2] ^= 1;
    session_file(s, "www/note.txt", site.note, NOTE);
    session_file_date(s, "www/note.txt", DATED, 1000);
    r = get_note(&site, "", "it was changed");
    if (strcmp(tag_of(&site, &r), tag) == 0)
        session_fail(s,
                     "The file was changed, within the same second and with the same length, and "
                     "its ETag is still %s.",
                     tag);
    r = get_note(&site, session_print(s, "If-None-Match: %s\r\n", tag),
                 "the client has an old one");
    site.note[0] ^= 1;
    session_file(s, "www/note.txt", site.note, NOTE);
    session_file_date(s, "www/note.txt", DATED - 86400, 0);
    r = get_note(&site, session_print(s, "If-None-Match: %s\r\n", tag),
                 "an older one was put back");
    if (strcmp(tag_of(&site, &r), tag) == 0)
        session_fail(s, "Another file was put in its place, a day older, and its ETag is still %s.",
                     tag);
    finish(&site);
}

static void expect_304(struct site *site, const char *fields, const char *tag, const char *why)
{
    struct web_response r = ask(site, "GET", "/note.txt", fields, 304, why);

    if (tag != NULL)
        web_expect_field(site->link, &r, "ETag", tag, "a 304 says which state it means");
    expect_vary(site, &r);
}

static void none_match(struct session *s)
{
    struct site site = start(s);
    struct web_response r = get_note(&site, "", "it is there");
    const char *tag = tag_of(&site, &r), *name = "If-None-Match:";
    const char *bare = session_print(s, "%.*s", (int)strlen(tag) - 2, tag + 1);

    expect_304(&site, session_print(s, "%s %s\r\n", name, tag), tag, "the client has it");
    expect_304(&site, session_print(s, "%s *\r\n", name), tag, "* is any state");
    expect_304(&site, session_print(s, "%s W/%s\r\n", name, tag), tag,
               "W/ does not count when tags are compared here");
    expect_304(&site, session_print(s, "%s \"x\",%s , \"y\"\r\n", name, tag), tag,
               "it is one of a list");
    expect_304(&site, session_print(s, "%s \"x\", W/%s\r\n", name, tag), tag,
               "it is one of a list, and weak");
    expect_304(&site, session_print(s, "%s \"x\"\r\n%s %s\r\n", name, name, tag), tag,
               "it is in a second field");
    expect_304(&site, session_print(s, "%s \"a,b\", %s\r\n", name, tag), tag,
               "a comma within quotation marks separates nothing");
    expect_304(&site, session_print(s, "%s %s\r\nRange: bytes=0-9\r\n", name, tag), tag,
               "the condition comes before the range");
    (void)get_note(&site, session_print(s, "%s \"x\", \"y\"\r\n", name), "no tag is right");
    (void)get_note(&site, session_print(s, "%s \"x%s\"\r\n", name, bare), "the tag is but a part");
    (void)get_note(&site, session_print(s, "%s \"%sx\"\r\n", name, bare), "the tag is but a part");
    (void)get_note(&site, session_print(s, "%s \"*\"\r\n", name), "* in quotation marks is a tag");
    (void)get_note(&site, session_print(s, "%s \"x\"\r\nIf-Modified-Since: %s\r\n", name, DATE),
                   "beside If-None-Match a date does not count");
    finish(&site);
}

static void since(struct session *s)
{
    struct site site = start(s);

    expect_304(&site, session_print(s, "If-Modified-Since: %s\r\n", DATE), NULL,
               "it was changed just then, and not since");
    expect_304(&site, "If-Modified-Since: Mon, 07 Nov 1994 08:49:37 GMT\r\n", NULL,
               "it was not changed since");
    expect_304(&site, "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", NULL,
               "an old form of a date");
    expect_304(&site, "If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", NULL,
               "another old form of a date");
    (void)get_note(&site, "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n",
                   "it was changed a second later");
    (void)get_note(&site, "If-Modified-Since: yesterday\r\n", "that is no date");
    finish(&site);
}

/* ---- ranges ---- */

static void expect_part(struct site *site, const char *value, const char *bytes, size_t size,
                        size_t first, size_t length)
{
    struct session *s = site->session;
    struct web_response r = get(site, "/digits.txt", session_print(s, "Range: %s\r\n", value), 206,
                                bytes + first, length, session_print(s, "Range: %s", value));

    web_expect_field(site->link, &r, "Content-Range",
                     session_print(s, "bytes %zu-%zu/%zu", first, first + length - 1, size),
                     session_print(s, "Range: %s of %zu bytes", value, size));
    (void)tag_of(site, &r);
    expect_vary(site, &r);
}

static void ranges(struct session *s)
{
    enum { SIZE = 1000 };
    static const char *const all[] = {"bytes=5-4",   "bytes=-",    "bytes=a-9", "bytes=0-9x",
                                      "bytes=+0-9",  "bytes=0-+9", "bytes=--9", "bytes=10",
                                      "bytes=",      "lines=0-9",  "0-9",       "bytes=0-9,20-29",
                                      "bytes=0-0,-1"};
    struct site site = prepare(s);
    const char *d = add_file(s, "digits.txt", SIZE);

    session_file(s, "www/empty.txt", "", 0);
    serve(&site);
    expect_part(&site, "bytes=0-9", d, SIZE, 0, 10);
    expect_part(&site, "bytes=500-599", d, SIZE, 500, 100);
    expect_part(&site, "bytes=0-0", d, SIZE, 0, 1);
    expect_part(&site, "bytes=999-", d, SIZE, 999, 1);
    expect_part(&site, "bytes=900-5000", d, SIZE, 900, 100);
    expect_part(&site, "bytes=0-999", d, SIZE, 0, SIZE);
    expect_part(&site, "bytes=-1", d, SIZE, 999, 1);
    expect_part(&site, "bytes=-1000", d, SIZE, 0, SIZE);
    expect_part(&site, "bytes=-5000", d, SIZE, 0, SIZE);
    expect_part(&site, "Bytes=007-08", d, SIZE, 7, 2);
    expect_part(&site, "bytes=10-99999999999999999999999", d, SIZE, 10, 990);
    expect_part(&site, "bytes=10-18446744073709551616", d, SIZE, 10, 990);
    expect_part(&site, "bytes=-18446744073709551616", d, SIZE, 0, SIZE);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct web_response r =
            get(&site, "/digits.txt", session_print(s, "Range: %s\r\n", all[i]), 200, d, SIZE,
                session_print(s, "Range: %s, which does not count", all[i]));
        web_expect_field(site.link, &r, "Content-Range", NULL, "all was sent");
    }
    (void)get(&site, "/empty.txt", "Range: bytes=0-9\r\n", 200, "", 0,
              "an empty file has no parts");
    finish(&site);
}

static void past_the_end(struct session *s)
{
    static const char *const values[] = {"bytes=100-", "bytes=100-200", "bytes=-0",
                                         "bytes=18446744073709551616-",
                                         "bytes=99999999999999999999-99999999999999999999"};
    struct site site = start(s);

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct web_response r =
            ask(&site, "GET", "/note.txt", session_print(s, "Range: %s\r\n", values[i]), 416,
                session_print(s, "Range: %s of 100 bytes", values[i]));
        web_expect_field(site.link, &r, "Content-Range", "bytes */100",
                         "so the client learns the length");
    }
    (void)get_note(&site, "", "it is there");
    finish(&site);
}

static void if_range(struct session *s)
{
    struct site site = start(s);
    struct web_response r = get_note(&site, "", "it is there");
    const char *tag = tag_of(&site, &r), *range = "Range: bytes=90-\r\nIf-Range:";
    const char *old = tag;

    (void)get(&site, "/note.txt", session_print(s, "%s %s\r\n", range, tag), 206, site.note + 90,
              10, "the tag is right");
    (void)get(&site, "/note.txt", session_print(s, "%s %s\r\n", range, DATE), 206, site.note + 90,
              10, "the date is right");
    (void)get_note(&site, session_print(s, "%s \"x\"\r\n", range), "the tag is another");
    (void)get_note(&site, session_print(s, "%s W/%s\r\n", range, tag),
                   "a weak tag does not say that every byte is the same");
    (void)get_note(&site, session_print(s, "%s Sun, 06 Nov 1994 08:49:36 GMT\r\n", range),
                   "the client's part is older");
    (void)get_note(&site, session_print(s, "%s Sun, 06 Nov 1994 08:49:38 GMT\r\n", range),
                   "a later date is not the file's");
    (void)get_note(&site, session_print(s, "%s x\r\n", range), "that is neither a tag nor a date");
    (void)get_note(&site, session_print(s, "If-Range: %s\r\n", tag), "there is no Range");
    site.note[95] ^= 1;
    session_file(s, "www/note.txt", site.note, NOTE);
    session_file_date(s, "www/note.txt", DATED, 7);
    (void)get_note(&site, session_print(s, "%s %s\r\n", range, old),
                   "another file is in its place");
    finish(&site);
}

/* ---- ready-made .gz ---- */

/* note.txt.gz, with bytes of its own that are no gzip, as nobody looks into it. */
static const char *add_gzip(struct site *site, time_t seconds, long nanoseconds)
{
    const char *bytes = add_file(site->session, "note.txt.gz", NOTE);

    session_file_date(site->session, "www/note.txt.gz", seconds, nanoseconds);
    return bytes;
}

static struct web_response get_gzip(struct site *site, const char *fields, const char *gz,
                                    const char *why)
{
    struct web_response r = get(site, "/note.txt", fields, 200, gz, NOTE, why);

    web_expect_field(site->link, &r, "Content-Encoding", "gzip", "else nobody unpacks it");
    const char *type = web_field(&r, "Content-Type");
    if (type == NULL || strncasecmp(type, "text/plain", 10) != 0)
        session_fail(site->session,
                     "The type of note.txt, sent as gzip, is said to be %s; it is text/plain, "
                     "unpacked.",
                     type == NULL ? "nothing" : type);
    expect_vary(site, &r);
    return r;
}

static void expect_plain(struct site *site, const char *fields, const char *why)
{
    struct web_response r = get_note(site, fields, why);

    web_expect_field(site->link, &r, "Content-Encoding", NULL, why);
    expect_vary(site, &r);
}

static void gzip(struct session *s)
{
    static const char *const yes[] = {"gzip",
                                      "GZip",
                                      "br, gzip",
                                      "deflate,gzip;q=0.5",
                                      "gzip; q=0.001",
                                      "gzip ;Q=1.000, br;q=0",
                                      "*",
                                      "br, *;q=0.1",
                                      "*;q=0, gzip",
                                      "identity;q=1, gzip;q=0.1",
                                      "br\r\nAccept-Encoding: gzip"};
    static const char *const no[] = {"identity",     "",
                                     "br, deflate",  "gzip;q=0",
                                     "gzip;q=0.000", "gzip; q=0, br",
                                     "gzip;q=0, *",  "*, gzip;q=0.0",
                                     "*;q=0",        "gzipped, notgzip, gzip-2"};
    struct site site = prepare(s);
    const char *gz = add_gzip(&site, DATED, 0);

    serve(&site);
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        (void)get_gzip(&site, session_print(s, "Accept-Encoding: %s\r\n", yes[i]), gz,
                       session_print(s, "Accept-Encoding: %s takes gzip", yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        expect_plain(&site, session_print(s, "Accept-Encoding: %s\r\n", no[i]),
                     session_print(s, "Accept-Encoding: %s does not take gzip", no[i]));
    expect_plain(&site, "", "without Accept-Encoding nothing is coded");
    finish(&site);
}

static void gzip_age(struct session *s)
{
    static const char fields[] = "Accept-Encoding: gzip\r\n";
    struct site site = prepare(s);

    session_file_date(s, "www/note.txt", DATED, 500);
    (void)add_gzip(&site, DATED - 1, 999999999);
    serve(&site);
    expect_plain(&site, fields, "the .gz is older: it was made of another state");
    (void)add_gzip(&site, DATED, 499);
    expect_plain(&site, fields, "the .gz is older, within the same second");
    const char *gz = add_gzip(&site, DATED, 500);
    (void)get_gzip(&site, fields, gz, "the .gz is as old as the file");
    gz = add_gzip(&site, DATED + 1, 0);
    (void)get_gzip(&site, fields, gz, "the .gz is newer, as it should be");
    session_file_date(s, "www/note.txt", DATED + 1, 1);
    expect_plain(&site, fields, "the file was changed behind its .gz");
    finish(&site);
}

static void gzip_tags(struct session *s)
{
    static const char accept[] = "Accept-Encoding: gzip\r\n";
    struct site site = prepare(s);
    const char *gz = add_gzip(&site, DATED, 0);

    serve(&site);
    struct web_response r = get_note(&site, "", "it is there");
    const char *plain = tag_of(&site, &r);
    r = get_gzip(&site, accept, gz, "its .gz is as old");
    const char *packed = tag_of(&site, &r);
    if (strcmp(plain, packed) == 0)
        session_fail(s,
                     "The file and its .gz have the same ETag, %s. Who has the one would put a "
                     "part of the other behind it.",
                     plain);
    expect_304(&site, session_print(s, "%sIf-None-Match: %s\r\n", accept, packed), packed,
               "the client has the .gz");
    (void)get_note(&site, session_print(s, "If-None-Match: %s\r\n", packed),
                   "the client has the .gz, and asks for the file");
    (void)get_gzip(&site, session_print(s, "%sIf-None-Match: %s\r\n", accept, plain), gz,
                   "the client has the file, and asks for the .gz");
    r = get(&site, "/note.txt",
            session_print(s, "%sRange: bytes=90-\r\nIf-Range: %s\r\n", accept, packed), 206,
            gz + 90, 10, "a part of the .gz");
    web_expect_field(site.link, &r, "Content-Range", "bytes 90-99/100",
                     "it counts bytes of the .gz");
    web_expect_field(site.link, &r, "Content-Encoding", "gzip", "it is a part of what is packed");
    (void)get_gzip(&site, session_print(s, "%sRange: bytes=90-\r\nIf-Range: %s\r\n", accept, plain),
                   gz, "the client has a part of the file, not of the .gz");
    finish(&site);
}

static void gzip_odd(struct session *s)
{
    static const char accept[] = "Accept-Encoding: gzip\r\n";
    struct site site = prepare(s);
    const char *alone = add_file(s, "alone.txt.gz", 50), *one = add_file(s, "one.txt", 51),
               *page = add_file(s, "docs/index.html", 52);

    session_symlink(s, "www/note.txt.gz", "../secret.txt");
    (void)add_file(s, "one.txt.gz/x", 30);
    const char *packed = add_file(s, "docs/index.html.gz", 53);
    session_file_date(s, "www/docs/index.html", DATED, 0);
    serve(&site);
    expect_plain(&site, accept, "its .gz is a link that leads out of the folder");
    (void)get(&site, "/one.txt", accept, 200, one, 51, "its .gz is a folder");
    (void)ask(&site, "GET", "/alone.txt", accept, 404, "there is only a .gz, and no file");
    struct web_response r =
        get(&site, "/alone.txt.gz", accept, 200, alone, 50, "a .gz that is asked for is a file");
    web_expect_field(site.link, &r, "Content-Encoding", NULL,
                     "the client wants the packed file itself");
    (void)get(&site, "/docs/", accept, 200, packed, 53, "the folder's page has a .gz");
    (void)get(&site, "/docs/", "", 200, page, 52, "the folder's page");
    finish(&site);
}

/* ---- methods ---- */

/* The fields of a response that HEAD and GET share, in one text. */
static const char *head_of(struct session *s, const struct web_response *r)
{
    const char *text = session_print(s, "status %d", r->status);

    for (const char **line = r->fields; *line != NULL; line++)
        if (strncasecmp(*line, "Date:", 5) != 0)
            text = session_print(s, "%s, %s", text, *line);
    return text;
}

static void head(struct session *s)
{
    struct site site = prepare(s);
    struct web_response note;

    (void)add_gzip(&site, DATED, 0);
    (void)add_file(s, "docs/one.txt", 30);
    serve(&site);
    note = get_note(&site, "", "it is there");
    const struct {
        const char *target, *fields;
        int status;
    } asked[] = {
        {"/note.txt", "", 200},
        {"/note.txt", "Accept-Encoding: gzip\r\n", 200},
        {"/note.txt", session_print(s, "If-None-Match: %s\r\n", tag_of(&site, &note)), 304},
        {"/docs", "", 301},
        {"/gone.txt", "", 404},
        {"/%2e%2e/secret.txt", "", 404},
        {"/%zz", "", 400}};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct web_response g = ask(&site, "GET", asked[i].target, asked[i].fields, asked[i].status,
                                    "to compare it with HEAD"),
                            h = ask(&site, "HEAD", asked[i].target, asked[i].fields,
                                    asked[i].status, "HEAD is answered as GET is");
        if (strcmp(head_of(s, &g), head_of(s, &h)) != 0)
            session_fail(s, "The heads to GET and HEAD of %s differ. GET: %s. HEAD: %s.",
                         asked[i].target, head_of(s, &g), head_of(s, &h));
    }
    struct web_response r =
        ask(&site, "HEAD", "/note.txt", "Range: bytes=0-9\r\n", 200, "Range belongs to GET alone");
    web_expect_field(site.link, &r, "Content-Length", "100",
                     "that is what GET without Range would send");
    r = ask(&site, "HEAD", "/note.txt", "Range: bytes=900-\r\n", 200, "Range belongs to GET alone");
    finish(&site);
}

static void one_connection(struct session *s)
{
    static const char requests[] =
        "HEAD /note.txt HTTP/1.1\r\nHost: a\r\n\r\n"
        "GET /note.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=10-19\r\n\r\n"
        "GET /gone.txt HTTP/1.1\r\nHost: a\r\n\r\n"
        "POST /note.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /"
        "GET /note.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n"
        "GET /note.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    struct site site = start(s);
    struct link *link = link_connect(s, "127.0.0.1", site.port);

    link_send(link, requests, sizeof requests - 1);
    (void)link_expect_status(link, "HEAD", 200, "the first of six requests");
    (void)link_expect_response(link, "GET", 206, site.note + 10, 10, "the second");
    (void)link_expect_status(link, "GET", 404, "the third");
    (void)link_expect_status(link, "POST", 405, "the fourth, with a body");
    (void)link_expect_status(link, "GET", 304, "the fifth");
    (void)link_expect_response(link, "GET", 200, site.note, NOTE, "the last");
    link_expect_end(link);
    link_close(link);
    finish(&site);
}

static void methods(struct session *s)
{
    static const char *const others[] = {"POST",  "PUT",  "DELETE", "OPTIONS",
                                         "PATCH", "BREW", "get"};
    struct site site = start(s);

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct web_response r =
            ask(&site, others[i], i % 2 == 0 ? "/note.txt" : "/gone.txt",
                i < 2 ? "Content-Length: 0\r\n" : "", 405, "it is neither GET nor HEAD");
        const char *allow = web_field(&r, "Allow");
        if (allow == NULL || strstr(allow, "GET") == NULL || strstr(allow, "HEAD") == NULL ||
            strspn(allow, "GETHAD, ") != strlen(allow))
            session_fail(s, "The response 405 says \"Allow: %s\"; \"GET, HEAD\" was due.",
                         allow == NULL ? "" : allow);
    }
    (void)get_note(&site, "", "and it is still there");
    finish(&site);
}

static void limits(struct session *s)
{
    enum { LONG = 9000, MANY = 120 };
    struct site site = start(s);
    char *target = session_alloc(s, LONG + 1), *fields = session_alloc(s, 16 * MANY + 1);

    memset(target, 'a', LONG);
    target[0] = '/';
    refuse(&site, target, 414, "a target of 9000 bytes");
    for (int i = 0; i < MANY; i++)
        (void)snprintf(fields + strlen(fields), 16, "X-%03d: yes\r\n", i);
    (void)ask(&site, "GET", "/note.txt", fields, 431, "120 fields");
    (void)ask(&site, "GET", "/note.txt", "Content Length: 5\r\n", 400, "a blank in a field's name");
    (void)ask(&site, "GET", "/note.txt", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400,
              "a body with two lengths");
    (void)get_note(&site, "", "the next one is served");
    finish(&site);
}

/* ---- much, and many ---- */

static void large(struct session *s)
{
    struct site site = prepare(s);
    char *bytes = session_alloc(s, LARGE);

    session_bytes(s, bytes, LARGE);
    session_file(s, "www/large.bin", bytes, LARGE);
    serve(&site);
    struct web_response r =
        get(&site, "/large.bin", "", 200, bytes, LARGE, "all of a large file, and no more");
    web_expect_field(site.link, &r, "Content-Length", "3000000", "so long is the file");
    r = get(&site, "/large.bin", "Range: bytes=1000001-2999998\r\n", 206, bytes + 1000001, 1999998,
            "a large part, from an odd place");
    web_expect_field(site.link, &r, "Content-Range", "bytes 1000001-2999998/3000000",
                     "Range: bytes=1000001-2999998");
    finish(&site);
}

enum { RUDE = 40, MUTE = 16, SMALL = 4096, HUGE_FILE = 1 << 20 };

/* One of RUDE peers, each a nuisance of its kind. Returns its link, or NULL if it has gone. */
static struct link *be_rude(struct site *site, int which)
{
    static const char half[] = "GET /note.txt HTTP/1.1\r\nHost: ",
                      much[] = "GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n";
    struct session *s = site->session;
    struct link *link = link_connect(s, "127.0.0.1", site->port);
    char noise[200];

    if (which < MUTE) { /* asks for much, and reads nothing */
        link_send(link, much, sizeof much - 1);
        return link;
    }
    switch (which % 3) {
    case 0: /* half a request, and nothing more */
        link_send(link, half, sizeof half - 1);
        return link;
    case 1: /* a request for much, and a reset */
        link_send(link, much, sizeof much - 1);
        link_reset(link);
        return NULL;
    default: /* noise */
        session_bytes(s, noise, sizeof noise);
        noise[100] = '\n';
        link_queue(link, noise, sizeof noise);
        return link;
    }
}

static void rude(struct session *s)
{
    struct site site = prepare(s);
    struct link *links[RUDE];
    char *bytes = session_alloc(s, HUGE_FILE);

    session_file(s, "www/huge.bin", bytes, HUGE_FILE);
    serve(&site);
    (void)get_note(&site, "", "it is there");
    student_settle(site.student);
    int before = student_descriptors(site.student);
    session_narrow(s, SMALL);
    for (int i = 0; i < RUDE; i++)
        links[i] = be_rude(&site, i);
    session_narrow(s, 0);
    for (int i = 0; i < MUTE; i++)
        link_wait_read(links[i]);
    for (int i = 0; i < 5; i++)
        (void)get_note(&site, "", "forty rude peers must not stop anybody");
    for (int i = 0; i < RUDE; i++)
        if (links[i] != NULL && i % 2 == 0)
            link_reset(links[i]);
        else if (links[i] != NULL)
            link_close(links[i]);
    (void)get_note(&site, "", "the rude ones have gone");
    expect_descriptors(site.student, before);
    finish(&site);
}

static void descriptors(struct session *s)
{
    static const struct {
        const char *target, *fields;
        int status;
    } asked[] = {{"/note.txt", "", 200},
                 {"/note.txt", "If-None-Match: *\r\n", 304},
                 {"/note.txt", "Range: bytes=0-9\r\n", 206},
                 {"/note.txt", "Range: bytes=900-\r\n", 416},
                 {"/note.txt", "Accept-Encoding: gzip\r\n", 200},
                 {"/one.txt", "Accept-Encoding: gzip\r\n", 200},
                 {"/odd.txt", "Accept-Encoding: gzip\r\n", 200},
                 {"/note.txt/", "", 404},
                 {"/docs", "", 301},
                 {"/docs/", "", 404},
                 {"/odd.txt.gz/", "", 404},
                 {"/", "", 200},
                 {"/fifo", "", 404},
                 {"/gone.txt", "", 404},
                 {"/../secret.txt", "", 404}};
    struct site site = prepare(s);

    (void)add_gzip(&site, DATED, 0);
    (void)add_file(s, "one.txt", 30);
    (void)add_file(s, "one.txt.gz", 30);
    session_file_date(s, "www/one.txt.gz", 0, 0);
    (void)add_file(s, "odd.txt", 30);
    (void)add_file(s, "odd.txt.gz/x", 30);
    (void)add_file(s, "docs/one.txt", 30);
    (void)add_file(s, "index.html", 30);
    session_fifo(s, "www/fifo");
    serve(&site);
    (void)get_note(&site, "", "it is there");
    student_settle(site.student);
    int before = student_descriptors(site.student);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        bool part = asked[i].status == 206 || asked[i].status == 416; /* which GET alone has */
        (void)ask(&site, "GET", asked[i].target, asked[i].fields, asked[i].status,
                  "as often as anybody likes");
        (void)ask(&site, "HEAD", asked[i].target, asked[i].fields, part ? 200 : asked[i].status,
                  "HEAD too");
    }
    expect_descriptors(site.student, before);
    finish(&site);
}

static void short_of(struct session *s)
{
    static const char text[] = "GET /note.txt HTTP/1.1\r\nHost: a\r\n\r\n";
    struct site site = start(s);
    struct link *link = link_connect(s, "127.0.0.1", site.port);

    link_send(link, text, sizeof text - 1);
    (void)link_expect_response(link, "GET", 200, site.note, NOTE, "it is there");
    student_settle(site.student); /* what it closes behind an answer is closed */
    student_deny_descriptors(site.student);
    link_send(link, text, sizeof text - 1);
    (void)link_expect_status(link, "GET", 503,
                             "the program has no descriptor left; the file is there");
    student_allow_descriptors(site.student);
    link_send(link, text, sizeof text - 1);
    (void)link_expect_response(link, "GET", 200, site.note, NOTE, "there are descriptors again");
    link_close(link);
    finish(&site);
}

/* ---- the program ---- */

static void no_folder(struct session *s)
{
    struct student *p;

    session_file(s, "file", "no folder", 9);
    p = student_start(s, "file", "0", NULL);
    expect_output(p, "", 0);
    expect_failure(p, 1);
}

static void leaks(struct session *s)
{
    struct site site = prepare(s);
    const char *gz = add_gzip(&site, DATED, 0);

    (void)add_file(s, "docs/one.txt", 30);
    serve(&site);
    (void)get_note(&site, "", "it is there");
    (void)get_gzip(&site, "Accept-Encoding: gzip\r\n", gz, "its .gz is as old");
    expect_304(&site, "If-None-Match: *\r\n", NULL, "* is any state");
    expect_redirect(&site, "/docs", "/docs/");
    refuse(&site, "/docs/", 404, "it has no index.html");
    refuse(&site, "/docs/x%00", 400, "a NUL");
    finish(&site);
}

static const struct test_case cases[] = {
    {.name = "file",
     .title = "serves a file",
     .points = 3,
     .teaches =
         "The bytes as they are, and what is said about them: length, date, tag, Vary. A cache "
         "that does not know that the answer varies hands packed files to who cannot read them.",
     .run = file},
    {.name = "types",
     .title = "says what it is",
     .points = 1,
     .teaches = "The type comes from the suffix of the name, the part behind its last dot.",
     .run = types},
    {.name = "names",
     .title = "decodes names once",
     .points = 1,
     .teaches =
         "%20 is a blank, %25 a percent sign that decodes nothing more, and a plus is a plus.",
     .run = names},
    {.name = "traversal",
     .title = "paths that lead out",
     .points = 3,
     .teaches = "Dots and slashes came plain, coded, and coded twice. Split first, decode each "
                "segment once, then look: in another order one of these gets through.",
     .run = traversal},
    {.name = "absolute",
     .title = "absolute paths",
     .points = 1,
     .teaches = "\"//proc/…\" without its first slash is an absolute path for open(). A proxy's "
                "form of a target has a host in front.",
     .run = absolute},
    {.name = "nul",
     .title = "NUL, and escapes that are none",
     .points = 1,
     .teaches = "%00 ends the name for the kernel, not for who looks at its suffix. strtol() takes "
                "signs and blanks for digits.",
     .run = nul},
    {.name = "symlinks",
     .title = "links that lead out",
     .points = 2,
     .teaches = "The path is clean, and a symbolic link leads out. The kernel can refuse that "
                "while it opens (openat2), or realpath() tells where it leads; then the root's "
                "name needs a slash behind.",
     .run = symlinks},
    {.name = "hidden",
     .title = "names with a dot in front",
     .points = 1,
     .teaches = ".git and .env were never meant for strangers, and \".\" and \"..\" fall under the "
                "same rule. It holds for the decoded name.",
     .run = hidden},
    {.name = "folders",
     .title = "folders",
     .points = 2,
     .teaches = "A folder needs its slash, so that links in its page lead into it. What is sent as "
                "Location is made anew: //docs would be a host of that name.",
     .run = folders},
    {.name = "special",
     .title = "FIFOs",
     .points = 1,
     .teaches = "open() of a FIFO waits until somebody writes into it. O_NONBLOCK, and a look by "
                "fstat(), come first.",
     .run = special},
    {.name = "tags",
     .title = "a tag for each state",
     .points = 2,
     .teaches = "A file changed within one second, and kept its length. A tag of seconds and "
                "length does not see that.",
     .run = tags},
    {.name = "none-match",
     .title = "If-None-Match",
     .points = 2,
     .teaches = "Tags came in lists, weak, in two fields, and as *. Looking for the tag anywhere "
                "in the text finds parts of others.",
     .run = none_match},
    {.name = "since",
     .title = "If-Modified-Since",
     .points = 1,
     .teaches = "A date in each of three forms. The one that the server gave is the commonest, and "
                "means: not since.",
     .run = since},
    {.name = "ranges",
     .title = "parts of a file",
     .points = 3,
     .teaches = "First and last byte, to the end, the last so many, numbers beyond 64 bits. What "
                "is malformed does not count, and all is sent.",
     .run = ranges},
    {.name = "past-the-end",
     .title = "parts that are not there",
     .points = 1,
     .teaches = "416 tells the length, so that the client can ask better.",
     .run = past_the_end},
    {.name = "if-range",
     .title = "If-Range",
     .points = 2,
     .teaches = "A download goes on where it broke off, if the file is still the same in every "
                "byte: a weak tag and a date that is only near do not say so.",
     .run = if_range},
    {.name = "gzip",
     .title = "ready-made .gz",
     .points = 3,
     .teaches = "Who takes gzip gets the .gz. q=0 means not at all, * is any coding that is not "
                "named, and no field at all promises nothing.",
     .run = gzip},
    {.name = "gzip-age",
     .title = "a .gz that is too old",
     .points = 2,
     .teaches = "The file was changed and its .gz was not. Sent all the same, it shows each "
                "visitor another state.",
     .run = gzip_age},
    {.name = "gzip-tags",
     .title = "the .gz has a tag of its own",
     .points = 2,
     .teaches = "File and .gz are different bytes under one address. One tag for both lets parts "
                "of the two be put together.",
     .run = gzip_tags},
    {.name = "gzip-odd",
     .title = "what is no .gz",
     .points = 1,
     .teaches = "The .gz is a link that leads out, a folder, or alone. What holds for a file holds "
                "for its .gz.",
     .run = gzip_odd},
    {.name = "head",
     .title = "HEAD is GET without its body",
     .points = 2,
     .teaches = "Each field must be the same, errors too. Range is for GET alone.",
     .run = head},
    {.name = "one-connection",
     .title = "six requests at once",
     .points = 1,
     .teaches = "Six requests came in one piece. The answers come in order, and each has the "
                "length that it says.",
     .run = one_connection},
    {.name = "methods",
     .title = "other methods",
     .points = 1,
     .teaches = "405 says which ones there are: Allow belongs to it, and HEAD in it.",
     .run = methods},
    {.name = "limits",
     .title = "too much, and malformed",
     .points = 1,
     .teaches = "414, 431 and 400 are http/server.h's doing. A program with a loop or limits of "
                "its own may have lost them.",
     .run = limits},
    {.name = "large",
     .title = "a large file",
     .points = 2,
     .teaches = "Three megabytes, and two of them from an odd place. Every byte was compared.",
     .run = large},
    {.name = "no-descriptors",
     .title = "no descriptor left",
     .points = 1,
     .teaches = "open() failed, and not because the file is missing. 404 would make search engines "
                "forget the page.",
     .run = short_of},
    {.name = "no-folder",
     .title = "no folder",
     .points = 1,
     .teaches = "A file was given in place of the folder. The program says so, and does not begin "
                "to listen.",
     .run = no_folder},
    {.name = "leaks",
     .title = "all memory is freed",
     .points = 1,
     .teaches = "After SIGTERM main returns 0, and nothing is left allocated.",
     .run = leaks,
     .leaks = true},
    {.name = "descriptors",
     .title = "closes what it opened",
     .points = 2,
     .teaches = "Every kind of answer was asked for twice. A return between open() and close() "
                "costs a descriptor each time, until none is left.",
     .run = descriptors},
    {.name = "rude-peers",
     .title = "forty rude peers",
     .points = 3,
     .teaches = "Resets, noise, half a request, and sixteen who ask for much and read nothing. "
                "Whoever waits for one of them with his only worker keeps all others waiting.",
     .run = rude},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
