/* Exercise 2.9, which cookies go where: what is tried, and how. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum { EVENT_MOST = 8192, COOKIES = 3000, START = 1000000000, LABEL = 5 };

/* Rules that every case's list has, beside one of its own for a suffix that nobody knows. */
static const char RULES[] =
    "// a list of public suffixes\n\ncom\norg\nco.test\n*.ck\n!www.ck\n// end\n";

/* One run of the program: what it is told, and what it has to print. */
struct script {
    struct session *session;
    const char *site;   /* "kqzvx.test": a domain that no program can know */
    const char *suffix; /* a public suffix, likewise */
    struct buffer events, lines;
};

static const char *label(struct session *s)
{
    char text[LABEL + 1] = "";

    for (size_t i = 0; i < LABEL; i++)
        text[i] = (char)('b' + session_random(s, 24));
    return session_print(s, "%s", text);
}

static struct script *make_script(struct session *s)
{
    struct script *script = session_alloc(s, sizeof *script);

    *script = (struct script){.session = s};
    script->site = session_print(s, "%s.test", label(s));
    script->suffix = session_print(s, "%s.org", label(s));
    return script;
}

static void add(struct script *script, struct buffer *to, const void *bytes, size_t length)
{
    if (buffer_add(to, bytes, length) == -1)
        session_fail(script->session, "The harness has no memory left.");
}

/* An event: each @ stands for the site, each # for a NUL. */
static void tell(struct script *script, const char *format, ...) PRINTF_LIKE(2, 3);
static void tell(struct script *script, const char *format, ...)
{
    char text[EVENT_MOST];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (int i = 0; i < length; i++)
        if (text[i] == '@')
            add(script, &script->events, script->site, strlen(script->site));
        else
            add(script, &script->events, text[i] == '#' ? "" : text + i, 1);
    add(script, &script->events, "\n", 1);
}

/* A request, and the cookies that go with it: "" for none. */
static void ask(struct script *script, const char *url, const char *cookies)
{
    size_t from = script->events.length + strlen("get ");

    tell(script, "get %s", url);
    add(script, &script->lines, script->events.data + from, script->events.length - from - 1);
    add(script, &script->lines, ": ", 2);
    add(script, &script->lines, *cookies == '\0' ? "-" : cookies,
        *cookies == '\0' ? 1 : strlen(cookies));
    add(script, &script->lines, "\n", 1);
}

/* Starts the program with the list of suffixes, and tells it all. */
static struct student *start(struct script *script)
{
    struct session *s = script->session;
    const char *rules = session_print(s, "%s%s\n", RULES, script->suffix);

    session_file(s, "suffixes.txt", rules, strlen(rules));
    struct student *p = student_start(s, "suffixes.txt", NULL);
    student_input(p, script->events.data, script->events.length);
    student_end_input(p);
    return p;
}

static void run_to(struct script *script, int status)
{
    struct student *p = start(script);

    expect_output(p, script->lines.data, script->lines.length);
    if (status == 0)
        expect_exit(p, 0);
    else
        expect_failure(p, status);
    buffer_free(&script->events);
    buffer_free(&script->lines);
}

static void run(struct script *script)
{
    run_to(script, 0);
}

static const char *word(struct script *script, const char *name)
{
    return session_print(script->session, "%s=%06x", name,
                         session_random(script->session, 0x1000000));
}

/* ---- hosts ---- */

static void plain(struct session *s)
{
    struct script *c = make_script(s);
    const char *a = word(c, "a"), *b = word(c, "b");

    ask(c, "http://@/", "");
    tell(c, "set http://@/ %s", a);
    ask(c, "http://@/", a);
    tell(c, "set http://@/ %s", b);
    ask(c, "http://@/index.html", session_print(s, "%s; %s", a, b));
    ask(c, "http://other.test/", "");
    run(c);
}

static void same_host(struct session *s)
{
    struct script *c = make_script(s);
    const char *a = word(c, "a");

    tell(c, "set http://@:8080/ %s", a);
    ask(c, "http://@/", a);
    ask(c, "https://@:8443/", a);
    ask(c, "http://@", a);
    ask(c, "http://@?q=1", a);
    tell(c, "set http://WWW.@/ b=1");
    ask(c, "http://www.@/", "b=1");
    ask(c, "http://Www.@/", "b=1");
    run(c);
}

static void host_only(struct session *s)
{
    struct script *c = make_script(s);
    const char *a = word(c, "a"), *b = word(c, "b");

    tell(c, "set http://@/ %s", a);
    tell(c, "set http://www.@/ %s", b);
    ask(c, "http://@/", a);
    ask(c, "http://www.@/", b);
    ask(c, "http://a.www.@/", "");
    tell(c, "set http://@/ c=1; Domain=");
    ask(c, "http://www.@/", b);
    run(c);
}

static void domain(struct session *s)
{
    struct script *c = make_script(s);
    const char *a = word(c, "a"), *b = word(c, "b");

    tell(c, "set http://www.@/ %s; Domain=@", a);
    ask(c, "http://@/", a);
    ask(c, "http://www.@/", a);
    ask(c, "http://a.b.@/", a);
    tell(c, "set http://www.@/ %s; Domain=.WWW.@", b);
    ask(c, "http://www.@/", session_print(s, "%s; %s", a, b));
    ask(c, "http://a.www.@/", session_print(s, "%s; %s", a, b));
    ask(c, "http://@/", a);
    run(c);
}

/* Section 5.1.3, row by row. */
static void domain_match(struct session *s)
{
    struct script *c = make_script(s);

    tell(c, "set http://@/ a=1; Domain=@");
    ask(c, "http://@/", "a=1");
    ask(c, "http://x.@/", "a=1");
    ask(c, "http://bad@/", "");
    ask(c, "http://@.evil.test/", "");
    ask(c, "http://test/", "");
    tell(c, "set http://bad@/ b=1; Domain=@");
    tell(c, "set http://@/ c=1; Domain=www.@");
    tell(c, "set http://www.@/ d=1; Domain=mail.@");
    tell(c, "set http://@/ e=1; Domain=other.test");
    tell(c, "set http://www.@/ f=1; Domain=ww.@");
    ask(c, "http://@/", "a=1");
    ask(c, "http://bad@/", "");
    ask(c, "http://www.@/", "a=1");
    ask(c, "http://mail.@/", "a=1");
    ask(c, "http://other.test/", "");
    run(c);
}

static void address(struct session *s)
{
    struct script *c = make_script(s);
    unsigned last = 1 + session_random(s, 200);

    tell(c, "set http://10.2.3.%u/ a=1; Domain=3.%u", last, last);
    tell(c, "set http://10.2.3.%u/ b=1; Domain=2.3.%u", last, last);
    tell(c, "set http://10.2.3.%u/ c=1; Domain=10.2.3.%u", last, last);
    tell(c, "set http://10.2.3.%u/ d=1", last);
    ask(c, session_print(s, "http://10.2.3.%u:8080/", last), "c=1; d=1");
    ask(c, session_print(s, "http://11.2.3.%u/", last), "");
    run(c);
}

/* ---- public suffixes ---- */

static void public_suffix(struct session *s)
{
    struct script *c = make_script(s);

    tell(c, "set http://shop.co.test/ a=1; Domain=co.test");
    tell(c, "set http://shop.co.test/ b=1; Domain=test");
    tell(c, "set http://shop.co.test/ c=1; Domain=shop.co.test");
    tell(c, "set http://shop.%s/ d=1; Domain=.%s", c->suffix, c->suffix);
    tell(c, "set http://shop.%s/ e=1; Domain=org", c->suffix);
    ask(c, "http://shop.co.test/", "c=1");
    ask(c, "http://www.shop.co.test/", "c=1");
    ask(c, "http://other.co.test/", "");
    ask(c, session_print(s, "http://shop.%s/", c->suffix), "");
    ask(c, session_print(s, "http://bank.%s/", c->suffix), "");
    run(c);
}

static void suffix_itself(struct session *s)
{
    struct script *c = make_script(s);
    const char *host = session_print(s, "http://%s/", c->suffix);

    tell(c, "set %s a=1; Domain=%s", host, c->suffix);
    ask(c, host, "a=1");
    ask(c, session_print(s, "http://shop.%s/", c->suffix), "");
    tell(c, "set http://localhost/ b=1; Domain=localhost");
    ask(c, "http://localhost/", "b=1");
    ask(c, "http://x.localhost/", "");
    run(c);
}

static void suffix_rules(struct session *s)
{
    struct script *c = make_script(s);
    const char *name = label(s);

    tell(c, "set http://shop.%s.ck/ a=1; Domain=%s.ck", name, name);
    ask(c, session_print(s, "http://shop.%s.ck/", name), "");
    tell(c, "set http://shop.%s.ck/ b=1; Domain=shop.%s.ck", name, name);
    ask(c, session_print(s, "http://a.shop.%s.ck/", name), "b=1");
    tell(c, "set http://a.www.ck/ c=1; Domain=www.ck");
    ask(c, "http://www.ck/", "c=1");
    ask(c, "http://b.www.ck/", "c=1");
    tell(c, "set http://a.b/ d=1; Domain=b"); /* in no list, and has no dot */
    ask(c, "http://a.b/", "");
    run(c);
}

/* ---- paths ---- */

/* Section 5.1.4, row by row. */
static void path_match(struct session *s)
{
    struct script *c = make_script(s);
    const char *dir = label(s);

    tell(c, "set http://@/ a=1; Path=/%s", dir);
    tell(c, "set http://@/ b=1; Path=/%s/", dir);
    ask(c, session_print(s, "http://@/%s", dir), "a=1");
    ask(c, session_print(s, "http://@/%s/", dir), "b=1; a=1");
    ask(c, session_print(s, "http://@/%s/x/y", dir), "b=1; a=1");
    ask(c, session_print(s, "http://@/%sx", dir), "");
    ask(c, session_print(s, "http://@/%s.html", dir), "");
    ask(c, session_print(s, "http://@/%s?x=1", dir), "a=1");
    ask(c, session_print(s, "http://@/?/%s", dir), "");
    ask(c, session_print(s, "http://@/x/%s", dir), "");
    ask(c, "http://@/", "");
    ask(c, "http://@/A", "");
    run(c);
}

static void default_path(struct session *s)
{
    struct script *c = make_script(s);

    tell(c, "set http://@/a/b/c a=1");
    ask(c, "http://@/a/b", "a=1");
    ask(c, "http://@/a/b/x", "a=1");
    ask(c, "http://@/a/", "");
    ask(c, "http://@/a/bx", "");
    tell(c, "set http://two.@/login b=1");
    ask(c, "http://two.@/", "b=1");
    tell(c, "set http://three.@ c=1");
    ask(c, "http://three.@/x/y", "c=1");
    tell(c, "set http://four.@/a/ d=1");
    ask(c, "http://four.@/a", "d=1");
    ask(c, "http://four.@/", "");
    tell(c, "set http://five.@/a/b?to=/c/d/e e=1");
    ask(c, "http://five.@/a", "e=1");
    run(c);
}

static void odd_path(struct session *s)
{
    struct script *c = make_script(s);

    tell(c, "set http://@/a/b x=1; Path=relative");
    ask(c, "http://@/a", "x=1");
    ask(c, "http://@/relative", "");
    tell(c, "set http://two.@/a/b y=1; Path=");
    ask(c, "http://two.@/a/", "y=1");
    ask(c, "http://two.@/", "");
    tell(c, "set http://three.@/a/b z=1; Path=/elsewhere");
    ask(c, "http://three.@/elsewhere", "z=1");
    ask(c, "http://three.@/a/b", "");
    run(c);
}

/* ---- Secure, expiry ---- */

static void secure(struct session *s)
{
    struct script *c = make_script(s);
    const char *a = word(c, "a");

    tell(c, "set https://@/ %s; Secure", a);
    tell(c, "set https://@/ b=1; secure=no; HttpOnly");
    tell(c, "set https://@/ c=1; HttpOnly");
    ask(c, "http://@/", "c=1");
    ask(c, "http://@:443/", "c=1");
    ask(c, "https://@:8443/", session_print(s, "%s; b=1; c=1", a));
    run(c);
}

static void max_age(struct session *s)
{
    struct script *c = make_script(s);
    int age = 60 + (int)session_random(s, 1000);

    tell(c, "now %d", START);
    tell(c, "set http://@/ a=1; Max-Age=%d", age);
    tell(c, "set http://@/ b=1; max-age = 99999999999999999999");
    tell(c, "now %d", START + age - 1);
    ask(c, "http://@/", "a=1; b=1");
    tell(c, "now %d", START + age);
    ask(c, "http://@/", "b=1");
    tell(c, "set http://@/ c=1; Max-Age=0");
    tell(c, "set http://@/ d=1; Max-Age=-5");
    ask(c, "http://@/", "b=1");
    tell(c, "set http://@/ b=2; Max-Age=0");
    ask(c, "http://@/", "");
    run(c);
}

static void odd_age(struct session *s)
{
    struct script *c = make_script(s);

    tell(c, "now %d", START);
    tell(c, "set http://@/ a=1; Max-Age=+5");
    tell(c, "set http://@/ b=1; Max-Age=5s");
    tell(c, "set http://@/ c=1; Max-Age=");
    tell(c, "set http://@/ d=1; Max-Age=-");
    tell(c, "set http://@/ e=1; Max-Age=5; Max-Age=x");
    tell(c, "now %d", START + 4);
    ask(c, "http://@/", "a=1; b=1; c=1; d=1; e=1");
    tell(c, "now %d", START + 100000);
    ask(c, "http://@/", "a=1; b=1; c=1; d=1");
    run(c);
}

static void expires(struct session *s)
{
    struct script *c = make_script(s);
    int second = (int)session_random(s, 60), end = 784111740 + second;

    tell(c, "now %d", end - 1);
    tell(c, "set http://@/ a=1; Expires=Sun, 06 Nov 1994 08:49:%02d GMT", second);
    tell(c, "set http://@/ b=1; expires=Sunday, 06-Nov-94 08:49:%02d GMT", second);
    tell(c, "set http://@/ c=1; EXPIRES=Sun Nov  6 08:49:%02d 1994", second);
    tell(c, "set http://@/ d=1; Expires=Sun, 06 Nov 1994 08:48:59 GMT; Path=/");
    tell(c, "set http://@/ e=1; Expires=tomorrow");
    tell(c, "set http://@/ f=1; Expires=Tue, 19 Jan 2038 03:14:08 GMT");
    ask(c, "http://@/", "a=1; b=1; c=1; e=1; f=1");
    tell(c, "now %d", end);
    ask(c, "http://@/", "e=1; f=1");
    tell(c, "set http://@/ f=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    ask(c, "http://@/", "e=1");
    run(c);
}

/* Max-Age is the one that counts, wherever it stands. */
static void both_expiries(struct session *s)
{
    struct script *c = make_script(s);

    tell(c, "now %d", START);
    tell(c, "set http://@/ a=1; Max-Age=100; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    tell(c, "set http://@/ b=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=100");
    tell(c, "set http://@/ c=1; Max-Age=0; Expires=Tue, 19 Jan 2038 03:14:08 GMT");
    tell(c, "set http://@/ d=1; Max-Age=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    ask(c, "http://@/", "a=1; b=1");
    tell(c, "now %d", START + 100);
    ask(c, "http://@/", "");
    run(c);
}

/* ---- one cookie in the place of another ---- */

static void replace(struct session *s)
{
    struct script *c = make_script(s);
    const char *first = word(c, "a"), *second = word(c, "a");

    tell(c, "set http://@/ %s", first);
    tell(c, "set http://@/ b=1");
    tell(c, "set http://@/ A=1");
    ask(c, "http://@/", session_print(s, "%s; b=1; A=1", first));
    tell(c, "set http://@/ %s", second);
    ask(c, "http://@/", session_print(s, "%s; b=1; A=1", second));
    tell(c, "set http://@/ a=");
    ask(c, "http://@/", "a=; b=1; A=1");
    tell(c, "set http://@/ b=2; Secure"); /* all of it is replaced, not the value alone */
    ask(c, "http://@/", "a=; A=1");
    ask(c, "https://@/", "a=; b=2; A=1");
    run(c);
}

static void not_the_same(struct session *s)
{
    struct script *c = make_script(s);

    tell(c, "set http://@/x/ a=1; Path=/");
    tell(c, "set http://@/x/ a=2; Path=/x");
    tell(c, "set http://www.@/ a=3; Domain=@");
    tell(c, "set http://www.@/ a=4; Domain=www.@");
    ask(c, "http://@/x/y", "a=2; a=3");
    ask(c, "http://www.@/x/y", "a=3; a=4");
    tell(c, "set http://www.@/ a=5"); /* host-only or not, the domain is the same */
    ask(c, "http://www.@/", "a=3; a=5");
    ask(c, "http://b.www.@/", "a=3");
    run(c);
}

static void removed(struct session *s)
{
    struct script *c = make_script(s);

    tell(c, "now %d", START);
    tell(c, "set http://@/ a=1");
    tell(c, "set http://@/ b=1");
    tell(c, "set http://@/ a=; Max-Age=0; Path=/x"); /* another cookie */
    tell(c, "set http://www.@/ a=; Max-Age=0");      /* another one, too */
    ask(c, "http://@/", "a=1; b=1");
    tell(c, "set http://@/ a=; Max-Age=0");
    ask(c, "http://@/", "b=1");
    tell(c, "set http://@/ a=2");
    ask(c, "http://@/", "b=1; a=2");
    tell(c, "set http://@/ b=2; Max-Age=10");
    tell(c, "now %d", START + 10);
    tell(c, "set http://@/ b=3");
    ask(c, "http://@/", "a=2; b=3");
    run(c);
}

static void send_order(struct session *s)
{
    struct script *c = make_script(s);
    const char *dir = label(s);

    tell(c, "set http://www.@/ e=1");
    tell(c, "set http://www.@/ a=1; Path=/%s", dir);
    tell(c, "set http://www.@/ f=1; Domain=@");
    tell(c, "set http://www.@/ d=1; Path=/%s/sub", dir);
    tell(c, "set http://www.@/ c=1; Path=/%s; Domain=@", dir);
    tell(c, "set http://www.@/ b=1; Path=/%s/", dir);
    ask(c, session_print(s, "http://www.@/%s/sub", dir), "d=1; b=1; a=1; c=1; e=1; f=1");
    ask(c, session_print(s, "http://www.@/%s", dir), "a=1; c=1; e=1; f=1");
    ask(c, session_print(s, "http://@/%s/", dir), "c=1; f=1");
    tell(c, "set http://www.@/ e=2");
    ask(c, "http://www.@/", "e=2; f=1");
    run(c);
}

/* ---- what a Set-Cookie says ---- */

static void attributes(struct session *s)
{
    struct script *c = make_script(s);

    tell(c,
         "set http://www.@/x/y   a  =  1 2\t ;; ;DOMAIN= @ ;\tpath =/ ; Unknown=3; SameSite=Lax");
    ask(c, "http://@/", "a=1 2");
    tell(c, "set http://www.@/ b=1; Path=/a; Domain=www.@; Path=/b; Domain=@");
    ask(c, "http://@/b", "b=1; a=1 2");
    ask(c, "http://@/a", "a=1 2");
    tell(c, "set http://www.@/x c=1; Path=/x; Path=");
    ask(c, "http://www.@/", "a=1 2; c=1");
    run(c);
}

static void values(struct session *s)
{
    struct script *c = make_script(s);
    const char *token = word(c, "token=");

    tell(c, "set http://@/ %s==", token);
    tell(c, "set http://@/ q=\"x, y\"; Path=/");
    tell(c, "set http://@/ e=");
    tell(c, "set http://@/ Path=/x; Path=/");
    tell(c, "set http://@/ u=\xc3\xa9\t!");
    ask(c, "http://@/", session_print(s, "%s==; q=\"x, y\"; e=; Path=/x; u=\xc3\xa9\t!", token));
    run(c);
}

static void refused(struct session *s)
{
    struct script *c = make_script(s);

    tell(c, "set http://@/ a=1");
    tell(c, "set http://@/ no-equals-sign; Path=/");
    tell(c, "set http://@/ =no-name");
    tell(c, "set http://@/  \t =no-name");
    tell(c, "set http://@/ ; a=2");
    tell(c, "set http://@/ ");
    ask(c, "http://@/", "a=1");
    run(c);
}

/* What would end the Cookie field, and begin another one. */
static void controls(struct session *s)
{
    struct script *c = make_script(s);

    tell(c, "set http://@/ a=1");
    tell(c, "set http://@/ b=1\rX-Admin: yes");
    tell(c, "set http://@/ c=1\x7f");
    tell(c, "set http://@/ d\x1b=1");
    tell(c, "set http://@/ e=1; Path=/\x01");
    tell(c, "set http://@/ f=1; X=#");
    tell(c, "set http://@/ g=#2");
    ask(c, "http://@/", "a=1");
    run(c);
}

/* ---- the program ---- */

static void many(struct session *s)
{
    struct script *c = make_script(s);
    size_t chosen = session_random(s, COOKIES);
    char *wide = session_alloc(s, 4001);

    memset(wide, 'w', 4000);
    for (size_t i = 0; i < COOKIES; i++)
        tell(c, "set http://h%zu.@/ n=%zu", i, i);
    ask(c, session_print(s, "http://h%zu.@/", chosen), session_print(s, "n=%zu", chosen));
    ask(c, "http://h0.@/", "n=0");
    ask(c, session_print(s, "http://h%d.@/", COOKIES - 1), session_print(s, "n=%d", COOKIES - 1));
    tell(c, "set http://@/ w=%s", wide);
    ask(c, "http://@/", session_print(s, "w=%s", wide));
    run(c);
}

static void wrong_line(struct session *s)
{
    static const char *const lines[] = {"put http://x.test/ a=1", "get ftp://x.test/",
                                        "set http://x.test/", "now yesterday"};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct script *c = make_script(s);
        tell(c, "set http://@/ a=1");
        ask(c, "http://@/", "a=1");
        tell(c, "%s", lines[i]);
        tell(c, "get http://@/");
        run_to(c, 1);
    }
}

static void usage(struct session *s)
{
    struct student *p = student_start(s, NULL);

    student_end_input(p);
    expect_failure(p, 2);
    p = student_start(s, "no-such-file.txt", NULL);
    student_end_input(p);
    expect_failure(p, 1);
}

static void output_full(struct session *s)
{
    struct script *c = make_script(s);

    session_fill_output(s);
    tell(c, "set http://@/ a=1");
    ask(c, "http://@/", "a=1");
    struct student *p = start(c);
    expect_failure(p, 1);
    buffer_free(&c->events);
    buffer_free(&c->lines);
}

static const struct test_case CASES[] = {
    {.name = "plain",
     .title = "set, and sent back",
     .points = 1,
     .teaches = "A cookie goes back to the host that set it, and to no other.",
     .run = plain},
    {.name = "same-host",
     .title = "other ports, other schemes, capital letters",
     .points = 1,
     .teaches = "Cookies know hosts, and neither ports nor schemes; the case of a host's letters "
                "does not matter, and a URL without a path has the path /.",
     .run = same_host},
    {.name = "host-only",
     .title = "without Domain",
     .points = 2,
     .teaches = "A cookie that came without Domain goes to exactly that host: to none below it, "
                "and to none above.",
     .run = host_only},
    {.name = "domain",
     .title = "with Domain",
     .points = 2,
     .teaches = "With Domain a cookie goes to that host and all below it; a dot in front is left "
                "out, and letters are made small.",
     .run = domain},
    {.name = "domain-match",
     .title = "the table of section 5.1.3",
     .points = 3,
     .teaches = "A host matches a domain that it is, or that it ends with behind a dot: "
                "badexample.test does not match example.test. What the setting host does not "
                "match is refused.",
     .run = domain_match},
    {.name = "address",
     .title = "hosts that are addresses",
     .points = 1,
     .teaches = "An address has no domains: 10.2.3.4 does not match 3.4, only itself.",
     .run = address},
    {.name = "public-suffix",
     .title = "a Domain that is a public suffix",
     .points = 2,
     .teaches = "Under a public suffix everybody can have a name: a cookie for all of it is "
                "refused.",
     .run = public_suffix},
    {.name = "suffix-itself",
     .title = "a public suffix sets a cookie for itself",
     .points = 1,
     .teaches = "When the host is the public suffix itself, Domain counts as if it were not there: "
                "the cookie is stored, and host-only.",
     .run = suffix_itself},
    {.name = "suffix-rules",
     .title = "wildcards, exceptions, and what is in no list",
     .points = 2,
     .teaches = "*.ck makes every name right below ck a suffix, !www.ck takes one out, and a name "
                "without a dot always is one.",
     .run = suffix_rules},
    {.name = "path-match",
     .title = "the table of section 5.1.4",
     .points = 3,
     .teaches = "A path matches one that it is, or that it continues behind a slash: /ab does not "
                "match /a. The query is no part of it.",
     .run = path_match},
    {.name = "default-path",
     .title = "without Path",
     .points = 2,
     .teaches = "Without Path it is the path of the request up to its last slash, which is left "
                "out; but at least a slash.",
     .run = default_path},
    {.name = "odd-path",
     .title = "a Path that is empty, relative, or elsewhere",
     .points = 1,
     .teaches = "A Path that does not begin with a slash counts as none. One that does may lead "
                "anywhere: it is no protection.",
     .run = odd_path},
    {.name = "secure",
     .title = "Secure",
     .points = 1,
     .teaches = "A cookie with Secure goes with https:// only, whatever the port.",
     .run = secure},
    {.name = "max-age",
     .title = "Max-Age",
     .points = 2,
     .teaches = "Max-Age counts from when the cookie came; at that second it is gone. With 0 or "
                "less it goes at once, and takes the one that was there along.",
     .run = max_age},
    {.name = "odd-age",
     .title = "a Max-Age that is no number",
     .points = 1,
     .teaches = "A Max-Age that is not digits, perhaps behind a minus, is passed over: atoi() "
                "would make 0 of it, and lose the cookie.",
     .run = odd_age},
    {.name = "expires",
     .title = "Expires",
     .points = 2,
     .teaches = "Expires comes in three formats, one in the past removes the cookie, and what is "
                "no date is passed over.",
     .run = expires},
    {.name = "both-expiries",
     .title = "Max-Age and Expires",
     .points = 1,
     .teaches = "When both are there, Max-Age counts, wherever it stands.",
     .run = both_expiries},
    {.name = "replace",
     .title = "set again",
     .points = 2,
     .teaches = "A cookie of the same name, domain and path takes the other's place, and with it "
                "its age: the order does not change. Names differ by case.",
     .run = replace},
    {.name = "not-the-same",
     .title = "the same name, elsewhere",
     .points = 2,
     .teaches = "Name, domain and path together make a cookie; whether it is host-only does not.",
     .run = not_the_same},
    {.name = "removed",
     .title = "removed, and set once more",
     .points = 2,
     .teaches = "What was removed or has expired is gone, and leaves no place in the order. To "
                "remove a cookie one has to name its domain and path.",
     .run = removed},
    {.name = "send-order",
     .title = "several at once",
     .points = 2,
     .teaches = "Longer paths come first; of equal length the one that was created first.",
     .run = send_order},
    {.name = "attributes",
     .title = "attributes as servers write them",
     .points = 2,
     .teaches = "Names of attributes have any case, blanks around them do not count, unknown ones "
                "are passed over, and of two the last one counts.",
     .run = attributes},
    {.name = "values",
     .title = "values with = and quotes",
     .points = 1,
     .teaches = "The first = ends the name; what follows up to the ; is the value, with other =, "
                "quotes and all.",
     .run = values},
    {.name = "refused",
     .title = "no name",
     .points = 1,
     .teaches = "Without = or without a name there is no cookie.",
     .run = refused},
    {.name = "controls",
     .title = "control characters",
     .points = 2,
     .teaches = "A CR in a cookie would end the Cookie field, and what follows would be a field of "
                "the attacker's. With a control character, NUL included, all of it is refused.",
     .run = controls},
    {.name = "many",
     .title = "3,000 cookies, and a long one",
     .points = 1,
     .teaches = "The jar held 3,000 cookies, as RFC 6265 asks of browsers, and then one of 4,000 "
                "bytes.",
     .run = many},
    {.name = "wrong-line",
     .title = "a line that is no event",
     .points = 1,
     .teaches = "A line was none of the three events: what was asked before it is answered, and "
                "then the exit status is 1.",
     .run = wrong_line},
    {.name = "usage",
     .title = "no list of suffixes",
     .points = 1,
     .teaches = "Without an argument the status is 2; a list that cannot be read makes it 1.",
     .run = usage},
    {.name = "output-full",
     .title = "standard output cannot be written",
     .points = 1,
     .teaches = "Standard output was /dev/full: what printf() keeps is written by fflush(stdout), "
                "which says whether that worked.",
     .run = output_full},
    {.name = "clean",
     .title = "nothing left behind",
     .points = 1,
     .teaches = "Cookies that were replaced, removed or have expired are freed, and so is all that "
                "is left at the end.",
     .run = removed,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
