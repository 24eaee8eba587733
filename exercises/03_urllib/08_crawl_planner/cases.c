/* Exercise 3.8, crawl planner: what is tried, and how. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "harness/harness.h"

enum { SITES = 8, URLS = 12000, LETTERS = 4, LIMIT = 512000, STARS = 24 };
#define SECOND 1000L /* in ms */

/* A site's answer, and when its next URL is due. */
struct site {
    struct plan *plan;
    const char *host, *status;
    struct buffer file;
    long delay, next; /* in ms */
};

/* One run of the program: what it is given, and what it has to print. */
struct plan {
    struct session *session;
    const char *word; /* what each @ stands for: a word that no program can know */
    struct site sites[SITES];
    size_t site_count;
    struct buffer urls, never;
    struct visit {
        long at;
        const char *url;
    } * visits;
    size_t visit_count;
};

static const char *make_word(struct session *s)
{
    char text[LETTERS + 1] = "";

    for (size_t i = 0; i < LETTERS; i++)
        text[i] = (char)('g' + session_random(s, 16)); /* no digit of a code, and before www */
    return session_print(s, "%s", text);
}

static struct plan *make_plan(struct session *s)
{
    struct plan *plan = session_alloc(s, sizeof *plan);

    *plan = (struct plan){.session = s, .word = make_word(s)};
    plan->visits = session_alloc(s, URLS * sizeof *plan->visits);
    return plan;
}

static void add(struct plan *plan, struct buffer *to, const char *format, ...) PRINTF_LIKE(3, 4);
static void add(struct plan *plan, struct buffer *to, const char *format, ...)
{
    char text[9000];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || buffer_add(to, text, (size_t)length) == -1)
        session_fail(plan->session, "The harness has no memory left.");
}

/* Text with the word in place of each @. */
static const char *fill(struct plan *plan, const char *text)
{
    struct buffer out = {0};

    for (; *text != '\0'; text++)
        if (*text == '@')
            add(plan, &out, "%s", plan->word);
        else
            add(plan, &out, "%c", *text);
    const char *filled = session_print(plan->session, "%s", buffer_text(&out));
    buffer_free(&out);
    return filled;
}

/* A site with this file; NULL for none. With status NULL the program is not told of it. */
static struct site *make_site(struct plan *plan, const char *host, const char *status,
                              const char *file)
{
    struct site *site = &plan->sites[plan->site_count++];

    *site = (struct site){.plan = plan, .status = status, .delay = SECOND};
    site->host = fill(plan, host);
    add(plan, &site->file, "%s", file == NULL ? "" : fill(plan, file));
    return site;
}

/* The usual case: one site with a file. */
static struct site *start_with(struct session *s, const char *file)
{
    return make_site(make_plan(s), "@.test", "200", file);
}

static const char *ask(struct site *site, const char *path)
{
    const char *url =
        session_print(site->plan->session, "http://%s%s", site->host, fill(site->plan, path));

    add(site->plan, &site->plan->urls, "%s\n", url);
    return url;
}

/* A URL that may be fetched when the site's next one is due. */
static void may(struct site *site, const char *path)
{
    site->plan->visits[site->plan->visit_count++] = (struct visit){site->next, ask(site, path)};
    site->next += site->delay;
}

/* One that may not; why is "line 3". */
static void never(struct site *site, const char *path, const char *why)
{
    add(site->plan, &site->plan->never, "never %s %s\n", ask(site, path), why);
}

/* In the timetable's order: C's qsort() keeps none. */
static void sort_visits(struct visit *visits, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && visits[j - 1].at > visits[j].at; j--) {
            struct visit later = visits[j - 1];
            visits[j - 1] = visits[j];
            visits[j] = later;
        }
}

/* Starts the program with all sites that it is told of, and gives it the list. */
static struct student *start(struct plan *plan)
{
    const char *a[3 * SITES + 1] = {NULL};
    size_t n = 0;

    for (struct site *site = plan->sites; site < plan->sites + plan->site_count; site++) {
        if (site->status == NULL)
            continue;
        const char *name = session_print(plan->session, "%zu.txt", site - plan->sites);
        if (*site->status == '2' && site->file.length > 0) /* else there is no such file */
            session_show_file(plan->session, name, site->file.data, site->file.length);
        a[n++] = site->host;
        a[n++] = site->status;
        a[n++] = name;
    }
    struct student *p = student_start(plan->session, "workbook", a[0], a[1], a[2], a[3], a[4], a[5],
                                      a[6], a[7], a[8], a[9], a[10], a[11], a[12], a[13], a[14],
                                      a[15], a[16], a[17], a[18], a[19], a[20], NULL);
    student_input(p, plan->urls.data, plan->urls.length);
    student_end_input(p);
    return p;
}

static void end(struct plan *plan)
{
    for (size_t i = 0; i < plan->site_count; i++)
        buffer_free(&plan->sites[i].file);
    buffer_free(&plan->urls);
    buffer_free(&plan->never);
}

static void expect_plan(struct plan *plan, struct student *p)
{
    struct buffer out = {0};

    sort_visits(plan->visits, plan->visit_count);
    for (size_t i = 0; i < plan->visit_count; i++)
        add(plan, &out, "%ld.%03ld %s\n", plan->visits[i].at / SECOND, plan->visits[i].at % SECOND,
            plan->visits[i].url);
    add(plan, &out, "%s", ""); /* the buffer is there, even if it is empty */
    if (plan->never.length > 0 && buffer_add(&out, plan->never.data, plan->never.length) == -1)
        session_fail(plan->session, "The harness has no memory left.");
    expect_output(p, buffer_text(&out), out.length);
    expect_exit(p, 0);
    buffer_free(&out);
    end(plan);
}

static void run(struct plan *plan)
{
    expect_plan(plan, start(plan));
}

/* ---- rules ---- */

static void first_plan(struct session *s)
{
    struct site *site = start_with(s, "User-agent: *\nDisallow: /@/\n");

    may(site, "/index.html");
    never(site, "/@/one", "line 2");
    may(site, "/two?x=1");
    may(site, "/@");
    may(site, "/x/@/");
    never(site, "/@/", "line 2");
    may(site, "/index.html");
    run(site->plan);
}

static void longest(struct session *s)
{
    struct site *site = start_with(s, "User-agent: *\nDisallow: /\nAllow: /@\nDisallow: /@/in\n"
                                      "Allow: /@/inside/\nDisallow: /@/ins\n");

    may(site, "/@");
    never(site, "/", "line 2");
    never(site, "/other", "line 2");
    never(site, "/@/in", "line 4");
    may(site, "/@/i");
    may(site, "/@/inside/");
    never(site, "/@/inside", "line 6");
    run(site->plan);
}

static void tie(struct session *s)
{
    struct site *site =
        start_with(s, "User-agent: *\nDisallow: /@\nAllow: /@\nAllow: /b*@\nDisallow: /b/*@\n"
                      "Disallow: /c\nDisallow: /c\nAllow: /d*e\nDisallow: /d/e\n");

    may(site, "/@/x");
    never(site, "/b/@", "line 5");
    never(site, "/c", "line 6");
    may(site, "/d/e");
    run(site->plan);
}

static void star(struct session *s)
{
    struct site *site =
        start_with(s, "User-agent: *\nDisallow: /*.@\nDisallow: /a*b*c\nDisallow: *session=\n"
                      "Disallow: /*xy*y\nDisallow: /end*\n");

    never(site, "/x.@", "line 2");
    never(site, "/.@/y", "line 2");
    never(site, "/dir/x.@?q", "line 2");
    may(site, "/x@");
    never(site, "/abc", "line 3");
    never(site, "/a/b/c/d", "line 3");
    may(site, "/a/c/b");
    never(site, "/q?session=1", "line 4");
    may(site, "/xy");
    never(site, "/xyxy", "line 5");
    never(site, "/end", "line 6");
    may(site, "/x/end");
    run(site->plan);
}

static void dollar(struct session *s)
{
    struct site *site =
        start_with(s, "User-agent: *\nDisallow: /*.@$\nDisallow: /$\nDisallow: /m$y\n"
                      "Disallow: /a*ab$\nAllow: /b\nDisallow: /b$\nDisallow: /c$$\n");

    never(site, "/x.@", "line 2");
    may(site, "/x.@?q");
    never(site, "/x.@.@", "line 2");
    never(site, "/", "line 3");
    never(site, "", "line 3");
    may(site, "/?");
    never(site, "/m$y", "line 4");
    may(site, "/m");
    may(site, "/ab");
    never(site, "/aab", "line 5");
    never(site, "/b", "line 7");
    may(site, "/b/");
    never(site, "/c$", "line 8");
    may(site, "/c");
    run(site->plan);
}

static void empty_rule(struct session *s)
{
    struct site *site = start_with(s, "User-agent: other\nDisallow:\nUser-agent: *\nDisallow:\n"
                                      "Disallow: /@\n");

    may(site, "/");
    never(site, "/@", "line 5");
    site = make_site(site->plan, "b.@.test", "200",
                     "User-agent: workbook\nAllow: # all\nUser-agent: other\nDisallow: /\n");
    may(site, "/");
    run(site->plan);
}

static void percent(struct session *s)
{
    struct site *site =
        start_with(s, "User-agent: *\nDisallow: /%7E@/\nDisallow: /~ada\nDisallow: /%c3%a9\n"
                      "Disallow: /\xc3\xbc\nDisallow: /%67%6F\nAllow: /%67%6Fne\nDisallow: /100%\n"
                      "Disallow: /long/%61%61%61\nAllow: /long/aaaa\n");

    never(site, "/~@/", "line 2");
    never(site, "/%7e@/x", "line 2");
    never(site, "/%7Eada", "line 3");
    never(site, "/%C3%A9", "line 4");
    never(site, "/%c3%A9", "line 4");
    never(site, "/\xc3\xa9", "line 4");
    never(site, "/%C3%BC", "line 5");
    never(site, "/go", "line 6");
    may(site, "/gone");
    never(site, "/100%", "line 8");
    never(site, "/100%zz", "line 8");
    may(site, "/100");
    may(site, "/long/aaaa");
    never(site, "/long/aaa", "line 9");
    run(site->plan);
}

static void reserved(struct session *s)
{
    struct site *site =
        start_with(s, "User-agent: *\nDisallow: /@%2fx\nDisallow: /y/@\nDisallow: /q%3F\n"
                      "Disallow: /s%2A\nDisallow: /d%24\nDisallow: /*/e%2Ff$\n");

    never(site, "/@%2Fx", "line 2");
    may(site, "/@/x");
    never(site, "/y/@", "line 3");
    may(site, "/y%2F@");
    may(site, "/q?");
    never(site, "/q%3f", "line 4");
    never(site, "/s*", "line 5");
    never(site, "/s%2a", "line 5");
    may(site, "/sx");
    never(site, "/d$", "line 6");
    may(site, "/d");
    never(site, "/g/e%2ff", "line 7");
    may(site, "/g/e/f");
    run(site->plan);
}

/* ---- groups ---- */

static void merged(struct session *s)
{
    struct site *site =
        start_with(s, "User-agent: workbook\nDisallow: /@\n\nUser-agent: other\nDisallow: /\n\n"
                      "User-agent: x\nUser-agent: workbook\nUser-agent: y\nDisallow: /second\n"
                      "Allow: /@/open\n");

    may(site, "/");
    never(site, "/@", "line 2");
    never(site, "/second", "line 10");
    may(site, "/@/open");
    site = make_site(site->plan, "b.@.test", "200",
                     "User-agent: *\nDisallow: /1\nUser-agent: x\nDisallow: /2\nUser-agent: *\n"
                     "Disallow: /3\n");
    never(site, "/1", "line 2");
    may(site, "/2");
    never(site, "/3", "line 6");
    run(site->plan);
}

static void own_group(struct session *s)
{
    struct site *site = start_with(s, "User-agent: *\nDisallow: /\nUser-agent: workbook\n"
                                      "Disallow: /@\nUser-agent: *\nDisallow: /a\n");

    may(site, "/");
    may(site, "/a");
    never(site, "/@", "line 4");
    site = make_site(site->plan, "b.@.test", "200",
                     "User-agent: *\nDisallow: /\nUser-agent: workbook\n"); /* it has no rules */
    may(site, "/@");
    site = make_site(site->plan, "c.@.test", "200", "User-agent: other\nDisallow: /\n");
    may(site, "/@");
    site = make_site(site->plan, "d.@.test", "200",
                     "Disallow: /\nUser-agent: *\nUser-agent: workbook\nDisallow: /@\n");
    may(site, "/");
    never(site, "/@", "line 4");
    run(site->plan);
}

static void agent_names(struct session *s)
{
    struct site *site = start_with(s, "User-agent: work\nDisallow: /1\nUser-agent: workbooks\n"
                                      "Disallow: /2\nUser-agent: WorkBook\nDisallow: /@\n"
                                      "user-AGENT: workbook/2.0\nDISALLOW: /4\n"
                                      "User-agent: workbook (all of them)\nallow: /4/5\n");

    may(site, "/1");
    may(site, "/2");
    never(site, "/@", "line 6");
    never(site, "/4", "line 8");
    may(site, "/4/5");
    site = make_site(site->plan, "b.@.test", "200", "User-agent: book\nDisallow: /\n");
    may(site, "/");
    run(site->plan);
}

static void nothing_between(struct session *s)
{
    struct site *site =
        start_with(s, "User-agent: workbook\n\n# a note\nSitemap: http://x.test/\nNoindex: /\n"
                      "Crawl-delay: x\nno key\nUser-agent: other\n\n\nDisallow: /@\n\n"
                      "Host: x\nDisallow: /b\n");

    may(site, "/");
    never(site, "/@", "line 11");
    never(site, "/b", "line 14");
    run(site->plan);
}

/* ---- lines ---- */

static void blanks(struct session *s)
{
    struct site *site = start_with(
        s, "# robots.txt\n  User-agent\t: \t* # everybody\n\tDisallow :/@ \t\nDisallow: /b#c\n"
           "Disallow:/d: e\n#Disallow: /\n:Disallow: /\nDisallow /\nDisallow: /f # and: so on\n");

    may(site, "/");
    never(site, "/@x", "line 3");
    never(site, "/b", "line 4");
    may(site, "/d:");
    never(site, "/f", "line 9");
    run(site->plan);
}

static void bom(struct session *s)
{
    struct site *site = start_with(s, "\xef\xbb\xbfUser-agent: *\nDisallow: /@\n");

    may(site, "/");
    never(site, "/@", "line 2");
    run(site->plan);
}

static void line_ends(struct session *s)
{
    struct site *site = start_with(s, "User-agent: *\rDisallow: /@\r\rDisallow: /b\r");

    never(site, "/@", "line 2");
    never(site, "/b", "line 4");
    may(site, "/");
    site = make_site(site->plan, "b.@.test", "200",
                     "User-agent: *\r\n\r\nDisallow: /@\r\n#\r\nDisallow: /b");
    never(site, "/@", "line 3");
    never(site, "/b", "line 5");
    site = make_site(site->plan, "c.@.test", "200",
                     "User-agent: *\n\rDisallow: /@\r\n\rDisallow: /b\nAllow: /b/*$\r");
    never(site, "/@", "line 3");
    never(site, "/b", "line 5");
    may(site, "/b/c");
    run(site->plan);
}

/* A file whose second rule has its last byte there; then a third. */
static struct site *make_large(struct plan *plan, const char *host, size_t last)
{
    struct site *site = make_site(plan, host, "200", "User-agent: *\nDisallow: /@\n");
    const char *rule = fill(plan, "Disallow: /b/@");

    while (site->file.length + strlen(rule) < last) {
        size_t left = last - site->file.length - strlen(rule);
        size_t line = left < 2000 ? left : 1000; /* so that none is too short for # and LF */
        add(plan, &site->file, "#%*s\n", (int)line - 2, "");
    }
    add(plan, &site->file, "%s\nDisallow: /c\n", rule);
    return site;
}

static void limit(struct session *s)
{
    struct plan *plan = make_plan(s);
    struct site *site = make_large(plan, "a.@.test", LIMIT);
    int lines = 1;

    for (size_t i = 0; i < LIMIT; i++)
        lines += site->file.data[i] == '\n';
    never(site, "/@", "line 2");
    never(site, "/b/@", session_print(s, "line %d", lines)); /* it ends where the limit is */
    may(site, "/c");
    site = make_large(plan, "b.@.test", LIMIT + 1); /* one byte is missing */
    never(site, "/@", "line 2");
    may(site, "/b/@");
    may(site, "/b/");
    may(site, "/c");
    run(plan);
}

static void endless(struct session *s)
{
    struct plan *plan = make_plan(s);
    const char *host = fill(plan, "www.@.test"), *url = session_print(s, "http://%s/", host);
    const char *wanted = session_print(s, "0.000 %s\n", url);
    struct student *p = student_start(s, "workbook", host, "200", "/dev/zero", NULL);

    student_limit_processor(p, 1500);
    student_input(p, session_print(s, "%s\n", url), strlen(url) + 1);
    student_end_input(p);
    expect_output(p, wanted, strlen(wanted));
    expect_exit(p, 0);
}

/* ---- statuses, hosts, targets ---- */

static void no_file(struct session *s)
{
    static const char *const STATUSES[] = {"404", "400", "401", "403", "410", "429", "499"};
    struct plan *plan = make_plan(s);
    struct site *site = NULL;

    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        site = make_site(plan, session_print(s, "h%zu.@.test", i), STATUSES[i], NULL);
        may(site, "/@");
    }
    may(site, "/@/2");
    run(plan);
}

static void no_answer(struct session *s)
{
    struct plan *plan = make_plan(s);
    struct site *site = make_site(plan, "a.@.test", "500", NULL);

    never(site, "/@", "status 500");
    site = make_site(plan, "b.@.test", "503", NULL);
    never(site, "/", "status 503");
    site = make_site(plan, "c.@.test", "599", NULL);
    never(site, "/", "status 599");
    site = make_site(plan, "d.@.test", NULL, NULL);
    never(site, "/@", "no answer");
    never(site, "/", "no answer");
    site = make_site(plan, "e.@.test", "204", "User-agent: *\nDisallow: /@\n");
    never(site, "/@", "line 2");
    may(site, "/");
    run(plan);
}

static void itself(struct session *s)
{
    struct plan *plan = make_plan(s);
    struct site *site = make_site(plan, "a.@.test", "200", "User-agent: *\nDisallow: /\n");

    never(site, "/robots", "line 2");
    may(site, "/robots.txt");
    never(site, "/robots.txt.old", "line 2");
    never(site, "/robots.txt?x", "line 2");
    may(site, "/%72obots%2Etxt#@");
    site = make_site(plan, "b.@.test", "503", NULL);
    may(site, "/robots.txt");
    never(site, "/@", "status 503");
    site = make_site(plan, "c.@.test", NULL, NULL);
    may(site, "/robots.txt");
    never(site, "/@", "no answer");
    struct site *other = make_site(plan, "d.@.test", NULL, NULL);
    may(other, "/robots.txt");
    may(site, "/robots.txt");
    run(plan);
}

static void hosts(struct session *s)
{
    struct plan *plan = make_plan(s);
    struct site *site = make_site(plan, "@.test", "200", "User-agent: *\nDisallow: /a\n");

    never(site, "/a", "line 2");
    site = make_site(plan, "www.@.test", "200", "User-agent: *\n\nDisallow: /b\n");
    never(site, "/b", "line 3");
    may(site, "/a");
    struct site *port = make_site(plan, "@.test:8080", "200", "User-agent: *\n\n\nDisallow: /c\n");
    never(port, "/c", "line 4");
    may(port, "/b");
    site->host = fill(plan, "WWW.@.Test"); /* in the URLs that follow, and in the argument */
    never(site, "/b", "line 3");
    may(site, "/c");
    site->host = fill(plan, "www.@.TEST");
    run(plan);
}

static void targets(struct session *s)
{
    struct site *site = start_with(s, "User-agent: *\nDisallow: /$\nDisallow: /?@\n"
                                      "Disallow: /unused\nDisallow: /x?y$\nDisallow: /www\n");

    never(site, "", "line 2");
    never(site, "/", "line 2");
    never(site, "#top", "line 2");
    never(site, "?@", "line 3");
    never(site, "/?@=1", "line 3");
    may(site, "?x");
    never(site, "/x?y#z?", "line 5");
    may(site, "/a#/www");
    may(site, "/a?/www");
    run(site->plan);
}

/* ---- time ---- */

static void delays(struct session *s)
{
    struct plan *plan = make_plan(s);
    int fraction = 1 + (int)session_random(s, 999);
    struct site *a = make_site(plan, "a.@.test", "200",
                               session_print(s, "User-agent: *\nCrawl-delay: 2.%03d\n", fraction));
    struct site *b = make_site(plan, "b.@.test", "200", "User-agent: *\nCrawl-delay: 0.5 # s\n");
    struct site *c = make_site(plan, "c.@.test", "200", "User-agent: *\nDisallow: /x\n");
    struct site *d = make_site(plan, "d.@.test", "200", "User-agent: *\ncrawl-DELAY:0\n");

    a->delay = 2 * SECOND + fraction;
    b->delay = SECOND / 2;
    d->delay = 0;
    for (int i = 0; i < 4; i++) {
        may(a, "/1");
        never(c, "/x", "line 2"); /* what is not fetched takes no time */
        may(b, "/2");
        may(c, "/3");
        may(d, "/4");
    }
    run(plan);
}

static void delay_values(struct session *s)
{
    static const char *const VALUES[] = {"-1",
                                         "1e3",
                                         "5s",
                                         ".5",
                                         "5.",
                                         "1.2345",
                                         "x",
                                         "0x5",
                                         "86401",
                                         "1 2",
                                         "1.2.3",
                                         "inf",
                                         "99999999999999999999"};
    struct plan *plan = make_plan(s);
    struct site *site = make_site(plan, "a.@.test", "200", "User-agent: *\nCrawl-delay: 3\n");

    for (size_t i = 0; i < sizeof VALUES / sizeof VALUES[0]; i++)
        add(plan, &site->file, "Crawl-delay: %s\n", VALUES[i]);
    add(plan, &site->file, "Request-rate: 1/9\n");
    site->delay = 3 * SECOND;
    may(site, "/@");
    may(site, "/2");
    site =
        make_site(plan, "b.@.test", "200", "User-agent: *\nCrawl-delay: 5\nCrawl-delay: 86400\n");
    site->delay = 86400 * SECOND;
    may(site, "/@");
    may(site, "/2");
    run(plan);
}

static void delay_groups(struct session *s)
{
    struct plan *plan = make_plan(s);
    struct site *site =
        make_site(plan, "a.@.test", "200",
                  "User-agent: *\nCrawl-delay: 9\nDisallow: /\nUser-agent: workbook\n"
                  "Crawl-delay: 4\nDisallow: /@\nUser-agent: x\nDisallow: /\nCrawl-delay: 8\n"
                  "User-agent: workbook\nCrawl-delay: 2.25\nAllow: /\n");

    site->delay = 2250;
    may(site, "/");
    may(site, "/2");
    never(site, "/@", "line 6");
    site = make_site(plan, "b.@.test", "200",
                     "User-agent: *\nCrawl-delay: 9\nDisallow: /\nUser-agent: workbook\n");
    may(site, "/1"); /* a group of its own, without a delay */
    may(site, "/2");
    site = make_site(plan, "c.@.test", "200",
                     "User-agent: x\nCrawl-delay: 3\nUser-agent: workbook\nDisallow: /@\n");
    site->delay = 3 * SECOND; /* one group of two */
    may(site, "/1");
    may(site, "/2");
    run(plan);
}

static void side_by_side(struct session *s)
{
    struct plan *plan = make_plan(s);
    struct site *sites[4];

    for (int i = 0; i < 4; i++) {
        sites[i] = make_site(plan, session_print(s, "h%d.@.test", i), "200",
                             session_print(s, "User-agent: *\nCrawl-delay: %d\n", i + 1));
        sites[i]->delay = (i + 1) * SECOND;
    }
    for (int i = 0; i < 40; i++)
        may(sites[session_random(s, 4)], session_print(s, "/%d", i));
    run(plan);
}

/* ---- too much ---- */

static void stars(struct session *s)
{
    struct plan *plan = make_plan(s);
    struct site *site = make_site(plan, "www.@.test", "200", "User-agent: *\nDisallow: /");
    struct buffer path = {0};

    for (int i = 0; i < STARS; i++)
        add(plan, &site->file, "*a");
    add(plan, &site->file, "*b$\nDisallow: /%s\n", plan->word);
    add(plan, &path, "/");
    for (int i = 0; i < 1000; i++)
        add(plan, &path, "a");
    may(site, buffer_text(&path));
    add(plan, &path, "b");
    never(site, buffer_text(&path), "line 2");
    never(site, "/@", "line 3");
    buffer_free(&path);
    struct student *p = start(plan);
    student_limit_processor(p, 1500);
    expect_plan(plan, p);
}

static void ten_thousand(struct session *s)
{
    struct plan *plan = make_plan(s);
    struct site *site = make_site(plan, "www.@.test", "200", "User-agent: *\n");
    char *wide = session_alloc(s, 8001);

    for (int i = 0; i < 100; i++)
        add(plan, &site->file, "Disallow: /%d0$\n", i);
    memset(wide, 'w', 8000);
    wide[0] = '/';
    for (int i = 0; i < 9999; i++)
        if (i % 10 == 0 && i > 0 && i < 1000)
            never(site, session_print(s, "/%d", i), session_print(s, "line %d", i / 10 + 2));
        else
            may(site, session_print(s, "/%d", i));
    may(site, wide);
    run(plan);
}

static void wrong_url(struct session *s)
{
    static const char *const WRONG[] = {"ftp://x.test/", "",          "/robots.txt",
                                        "http://",       "http:///x", "http://?"};
    size_t number = session_random(s, sizeof WRONG / sizeof WRONG[0]);
    struct site *site = start_with(s, "User-agent: *\nDisallow: /x\n");
    struct plan *plan = site->plan;

    may(site, "/@");
    add(plan, &plan->urls, "%s\n", WRONG[number]);
    may(site, "/2");
    struct student *p = start(plan);
    expect_output(p, "", 0);
    expect_failure(p, 1);
    end(plan);
}

static void missing_file(struct session *s)
{
    struct plan *plan = make_plan(s);
    struct site *site = make_site(plan, "www.@.test", "200", NULL);

    may(site, "/@");
    struct student *p = start(plan);
    expect_output(p, "", 0);
    expect_failure(p, 1);
    end(plan);
}

static void expect_usage(struct student *p)
{
    student_end_input(p);
    expect_failure(p, 2);
}

static void usage(struct session *s)
{
    static const char *const AGENTS[] = {"work book", "workbook/1.0", "", "*"};
    static const char *const STATUSES[] = {"4o4", "20", "600", "-200", "404 "};
    const char *agent = AGENTS[session_random(s, sizeof AGENTS / sizeof AGENTS[0])];
    const char *status = STATUSES[session_random(s, sizeof STATUSES / sizeof STATUSES[0])];

    expect_usage(student_start(s, NULL));
    expect_usage(student_start(s, "workbook", "h.test", "404", "-", "b.test", "404", NULL));
    expect_usage(student_start(s, agent, "h.test", "404", "-", NULL));
    expect_usage(student_start(s, "workbook", "h.test", status, "-", NULL));
}

static void output_full(struct session *s)
{
    struct site *site = start_with(s, "User-agent: *\nDisallow: /x\n");

    session_fill_output(s);
    may(site, "/@");
    struct student *p = start(site->plan);
    expect_failure(p, 1);
    end(site->plan);
}

static const struct test_case CASES[] = {
    {.name = "first-plan",
     .title = "one host, one rule",
     .points = 2,
     .teaches = "What the file does not forbid is fetched, a second after the one before; a URL "
                "that is refused takes no time.",
     .run = first_plan},
    {.name = "longest",
     .title = "the longest rule",
     .points = 3,
     .teaches = "Of all rules that match, the longest decides, wherever it stands in its group.",
     .run = longest},
    {.name = "tie",
     .title = "rules of the same length",
     .points = 2,
     .teaches =
         "Of several as long, an Allow decides, and of several like that the first one; * is "
         "a byte of the rule.",
     .run = tie},
    {.name = "star",
     .title = "* in a rule",
     .points = 3,
     .teaches =
         "* stands for any number of any bytes, none and slashes too, and what stands behind "
         "it need not be the first that fits.",
     .run = star},
    {.name = "dollar",
     .title = "$ at the end of a rule",
     .points = 3,
     .teaches = "$ as the last byte is the end of the target; anywhere else it is itself.",
     .run = dollar},
    {.name = "empty-rule",
     .title = "a rule without a value",
     .points = 1,
     .teaches = "It allows and forbids nothing, but the next User-agent begins another group.",
     .run = empty_rule},
    {.name = "merged",
     .title = "an agent in several groups",
     .points = 3,
     .teaches = "All groups that name the agent count as one, and those for * likewise.",
     .run = merged},
    {.name = "own-group",
     .title = "a group of its own",
     .points = 2,
     .teaches = "The groups for * are for those whom no group names: who has one of his own, even "
                "one without rules, is free of them.",
     .run = own_group},
    {.name = "agent-names",
     .title = "names of agents",
     .points = 2,
     .teaches = "A name is compared whole and without case; what stands behind a / or a blank does "
                "not count.",
     .run = agent_names},
    {.name = "nothing-between",
     .title = "lines that are no rules",
     .points = 2,
     .teaches = "Empty lines, comments and other keys neither begin nor end a group.",
     .run = nothing_between},
    {.name = "percent",
     .title = "codes without need",
     .points = 2,
     .teaches = "%7E is ~ and %c3 is %C3, in rules as in URLs, and the length of a rule is that of "
                "what is compared.",
     .run = percent},
    {.name = "reserved",
     .title = "codes that mean something",
     .points = 2,
     .teaches = "%2F is no slash, and a rule with %2A or %24 asks for the characters themselves.",
     .run = reserved},
    {.name = "blanks",
     .title = "blanks, comments, case",
     .points = 1,
     .teaches = "Blanks and tabs around key and value do not count, a # begins a comment wherever "
                "it stands, and the first colon ends the key.",
     .run = blanks},
    {.name = "bom",
     .title = "a byte order mark",
     .points = 1,
     .teaches = "The file began with EF BB BF, as some editors write it: that is no part of the "
                "first key.",
     .run = bom},
    {.name = "line-ends",
     .title = "CR, LF, CR LF",
     .points = 2,
     .teaches = "A line ends with CR, with LF or with both, and both together end one line only.",
     .run = line_ends},
    {.name = "limit",
     .title = "more than 500 KiB",
     .points = 2,
     .teaches =
         "Of the line that the limit cuts nothing counts: half a rule would be another rule.",
     .run = limit},
    {.name = "endless",
     .title = "a file without an end",
     .points = 1,
     .teaches = "The file was /dev/zero. Who reads all of it before he looks never looks.",
     .run = endless},
    {.name = "no-file",
     .title = "4xx",
     .points = 2,
     .teaches = "With any status of 4xx, 401 and 403 too, a site has no rules, and FILE is not "
                "read.",
     .run = no_file},
    {.name = "no-answer",
     .title = "5xx, and hosts that nobody asked",
     .points = 2,
     .teaches = "Whose rules are not known is left alone; with any status of 2xx the file counts.",
     .run = no_answer},
    {.name = "itself",
     .title = "/robots.txt",
     .points = 1,
     .teaches = "/robots.txt itself may always be fetched, whatever its rules or its status are; "
                "and each host has a clock of its own, even if nobody answered.",
     .run = itself},
    {.name = "hosts",
     .title = "whose file",
     .points = 2,
     .teaches =
         "Each host has its own file; another port is another host, and case does not count.",
     .run = hosts},
    {.name = "targets",
     .title = "what is compared",
     .points = 2,
     .teaches = "Path and query are compared, without the fragment, and an empty path is /.",
     .run = targets},
    {.name = "delays",
     .title = "delays",
     .points = 2,
     .teaches = "Each host has its own delay and its own clock; a delay may have decimals.",
     .run = delays},
    {.name = "delay-values",
     .title = "delays that are no number",
     .points = 1,
     .teaches = "What is no number from 0 to 86400 is passed over, and the delay before it stays.",
     .run = delay_values},
    {.name = "delay-groups",
     .title = "whose delay",
     .points = 2,
     .teaches = "The delay is that of the groups that count for the agent, the last one, and one "
                "second if they have none.",
     .run = delay_groups},
    {.name = "side-by-side",
     .title = "the order of the timetable",
     .points = 2,
     .teaches = "Lines are sorted by time, and those of the same time by their place in the list.",
     .run = side_by_side},
    {.name = "wrong-url",
     .title = "a line that is no URL",
     .points = 1,
     .teaches = "One line was no URL of the contract: a message, the status 1, and no plan.",
     .run = wrong_url},
    {.name = "missing-file",
     .title = "a file that is not there",
     .points = 1,
     .teaches = "The status was 200, and FILE could not be read: a message, the status 1, no plan.",
     .run = missing_file},
    {.name = "usage",
     .title = "a wrong command line",
     .points = 1,
     .teaches = "Without an agent, with a name that is none, or with a host without its file the "
                "status is 2.",
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
     .teaches = "At the end all is freed: rules, files, URLs.",
     .run = merged,
     .leaks = true},
    {.name = "ten-thousand",
     .title = "10,000 URLs, and a long one",
     .points = 1,
     .teaches = "The list had 10,000 URLs, and the last one 8,000 bytes.",
     .run = ten_thousand},
    {.name = "stars",
     .title = "a rule with many stars",
     .points = 2,
     .teaches = "A rule had 25 stars and the URL 1,000 bytes. Who tries every way to lay the one "
                "over the other does not live to see the end; what is first found from the left "
                "leaves most for the rest.",
     .run = stars},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, CASES);
}
