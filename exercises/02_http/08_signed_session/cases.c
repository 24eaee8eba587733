/* Exercise 2.8, signed session: what is tried, and how. */
#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "harness/harness.h"

enum { KEY = 48, LIFETIME = 3600, MAC = 32, DIGITS = 2 * MAC };

/* A server of the learner's, and a client that knows its key. */
struct site {
    struct session *session;
    struct student *student;
    const char *port;
    char key[KEY];
};

static struct site start_with(struct session *s, char key[KEY])
{
    struct site site = {.session = s};

    memcpy(site.key, key, KEY);
    session_file(s, "key", site.key, KEY);
    site.student = student_start(s, "key", "0", NULL);
    site.port = student_port(site.student);
    return site;
}

static struct site start(struct session *s)
{
    char key[KEY];

    session_text(s, key, KEY);
    return start_with(s, key);
}

/* Letters that no program can know. */
static const char *letters(struct session *s, size_t length)
{
    char *text = session_alloc(s, length + 1);

    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + session_random(s, 26));
    return text;
}

static const char *any_name(struct session *s)
{
    return letters(s, 8);
}

/* ---- tokens ---- */

static void mac_of(const struct site *site, const char *text, unsigned char mac[MAC])
{
    if (HMAC(EVP_sha256(), site->key, KEY, (const unsigned char *)text, strlen(text), mac, NULL) ==
        NULL)
        session_fail(site->session, "The harness could not sign.");
}

static const char *hex_of(const struct site *site, const char *text)
{
    unsigned char mac[MAC];
    char *hex = session_alloc(site->session, DIGITS + 1);

    mac_of(site, text, mac);
    for (size_t i = 0; i < MAC; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", mac[i]);
    return hex;
}

/* NAME.EXPIRY.MAC for a cookie of that name. */
static const char *token_for(const struct site *site, const char *cookie, const char *claim)
{
    return session_print(site->session, "%s.%s", claim,
                         hex_of(site, session_print(site->session, "%s=%s", cookie, claim)));
}

static const char *claim_until(struct session *s, const char *name, time_t when)
{
    return session_print(s, "%s.%lld", name, (long long)when);
}

static const char *good_token(const struct site *site, const char *name)
{
    return token_for(site, "session", claim_until(site->session, name, time(NULL) + LIFETIME / 2));
}

/* ---- requests ---- */

static struct web_response ask(const struct site *site, const char *method, const char *path,
                               const char *fields, const char *body, size_t length, int status,
                               const char *why)
{
    struct session *s = site->session;
    struct link *link = link_connect(s, "127.0.0.1", site->port);
    const char *head = session_print(s,
                                     "%s %s HTTP/1.1\r\nHost: localhost\r\n%s"
                                     "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                                     method, path, fields, length);

    link_queue(link, head, strlen(head));
    link_send(link, body, length);
    struct web_response r = link_expect_status(link, method, status, why);
    link_close(link);
    return r;
}

static struct web_response log_in(const struct site *site, const char *name, size_t length,
                                  int status, const char *why)
{
    return ask(site, "POST", "/login", "Content-Type: text/plain\r\n", name, length, status, why);
}

/* Shows a Cookie field; name is who that is, or NULL for nobody. */
static void show(const struct site *site, const char *cookies, const char *name, const char *why)
{
    struct session *s = site->session;
    const char *fields = *cookies != '\0' ? session_print(s, "Cookie: %s\r\n", cookies) : "";
    struct web_response r = ask(site, "GET", "/", fields, "", 0, name != NULL ? 200 : 403, why);

    if (name != NULL && (r.length != strlen(name) || memcmp(r.body, name, r.length) != 0))
        session_fail(s, "Your program says that this is \"%s\"; it is \"%s\": %s.", r.body, name,
                     why);
}

static void show_token(const struct site *site, const char *token, const char *name,
                       const char *why)
{
    show(site, session_print(site->session, "session=%s", token), name, why);
}

/* In every case that refuses something a good cookie is taken as well. */
static void show_good(const struct site *site)
{
    const char *name = any_name(site->session);

    show_token(site, good_token(site, name), name, "signed with the key, and not expired");
}

static void finish(const struct site *site)
{
    student_signal(site->student, SIGTERM);
    expect_output(site->student, "", 0);
    expect_exit(site->student, 0);
}

/* ---- logging in ---- */

static const char *cookie_of(const struct site *site, const struct web_response *r)
{
    const char *value = web_field(r, "Set-Cookie");
    size_t position = 0;

    if (value == NULL)
        session_fail(site->session, "The response has no Set-Cookie.");
    (void)web_next(r, "Set-Cookie", &position);
    if (web_next(r, "Set-Cookie", &position) != NULL)
        session_fail(site->session, "The response has more than one Set-Cookie.");
    if (strncmp(value, "session=", 8) != 0)
        session_fail(site->session, "The cookie is not called session: Set-Cookie: %s.", value);
    return value + 8;
}

static void login(struct session *s)
{
    struct site site = start(s);
    const char *name = any_name(s);
    time_t before = time(NULL);
    struct web_response r = log_in(&site, name, strlen(name), 204, "the name is one");
    const char *cookie = cookie_of(&site, &r);
    const char *token = session_print(s, "%.*s", (int)strcspn(cookie, ";"), cookie);
    size_t length = strlen(name);

    if (strncmp(token, name, length) != 0 || token[length] != '.')
        session_fail(s, "The token is %s; it begins with the name and a dot: %s.", token, name);
    char *end;
    long long until = strtoll(token + length + 1, &end, 10);
    if (*end != '.' || until < before + LIFETIME || until > time(NULL) + LIFETIME)
        session_fail(s,
                     "The token is %s; behind the name's dot stands the second when it expires, "
                     "now and %d more, and a dot.",
                     token, LIFETIME);
    if (strcmp(token, token_for(&site, "session", claim_until(s, name, (time_t)until))) != 0)
        session_fail(s,
                     "The signature in %s is not HMAC-SHA256 of \"session=%s.%lld\" under the key, "
                     "in 64 small hexadecimal digits.",
                     token, name, until);
    show_token(&site, token, name, "the cookie that it gave itself");
    finish(&site);
}

/* Takes an attribute out of "A; B=c"; returns its value, "" for none, or NULL if it is not there.
 */
static const char *attribute(struct session *s, const char *cookie, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = strchr(cookie, ';'); at != NULL; at = strchr(at, ';')) {
        at += 1 + strspn(at + 1, " ");
        size_t size = strcspn(at, ";");
        if (strncasecmp(at, name, length) == 0 && (size == length || at[length] == '='))
            return size == length
                       ? ""
                       : session_print(s, "%.*s", (int)(size - length - 1), at + length + 1);
    }
    return NULL;
}

static void expect_attribute(struct session *s, const char *cookie, const char *name,
                             const char *value, const char *why)
{
    const char *got = attribute(s, cookie, name);

    if (got == NULL)
        session_fail(s, "The cookie has no %s: %s.", name, why);
    if (strcasecmp(got, value) != 0)
        session_fail(s, "The cookie has %s=%s; %s was due: %s.", name, got, value, why);
}

static void expect_attributes(struct session *s, const char *cookie, const char *age)
{
    expect_attribute(s, cookie, "Max-Age", age, "so long it lives");
    expect_attribute(s, cookie, "Path", "/", "it goes with every request to the site");
    expect_attribute(s, cookie, "HttpOnly", "", "no script may read it");
    expect_attribute(s, cookie, "Secure", "", "it never goes over a plain connection");
    expect_attribute(s, cookie, "SameSite", "Lax", "other sites cannot send forms with it");
    if (attribute(s, cookie, "Domain") != NULL)
        session_fail(s, "The cookie has a Domain: then every host below it gets the cookie too.");
}

static void attributes(struct session *s)
{
    struct site site = start(s);
    const char *name = any_name(s);
    struct web_response r = log_in(&site, name, strlen(name), 204, "the name is one");

    expect_attributes(s, cookie_of(&site, &r), "3600");
    finish(&site);
}

static void logout(struct session *s)
{
    struct site site = start(s);
    struct web_response r = ask(&site, "POST", "/logout", "", "", 0, 204, "it ends the session");
    const char *cookie = cookie_of(&site, &r);

    if (*cookie != ';')
        session_fail(s, "The cookie that takes the session away is not empty: %s.", cookie);
    expect_attributes(s, cookie, "0");
    finish(&site);
}

static void refuse_name(const struct site *site, const char *name, size_t length, const char *why)
{
    struct web_response r = log_in(site, name, length, 400, why);

    if (web_field(&r, "Set-Cookie") != NULL)
        session_fail(site->session, "A cookie was set all the same: %s.",
                     web_field(&r, "Set-Cookie"));
}

static void injection(struct session *s)
{
    static const struct {
        const char *name, *why;
    } names[] = {
        {"%s\r\nX-Admin: yes", "CR LF ends the field: the rest becomes a field of its own"},
        {"%s\nX-Admin: yes", "so does LF for many readers"},
        {"%s\r", "a bare CR"},
        {"%s; Domain=example.com", "a semicolon begins an attribute"},
        {"%s%%", NULL},
        {"a %s", "a blank may not stand in a cookie's value"},
        {"%s,b", "a comma neither"},
        {"\"%s\"", "quotation marks neither"},
        {"a\\%s", "a backslash neither"},
        {"%s\t", "a tab is a control character"},
        {"%s\x7f", "so is DEL"},
        {"%s\xc3\xa9", "only ASCII may stand there"},
        {"%s.9999999999", "a dot would forge the expiry's place"}};
    struct site site = start(s);
    const char *name = any_name(s);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[64];
        /* NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): the table above */
        int length = snprintf(text, sizeof text, names[i].name, name);
        if (names[i].why == NULL)
            (void)log_in(&site, text, (size_t)length, 204, "a percent sign may stand there");
        else
            refuse_name(&site, text, (size_t)length, names[i].why);
    }
    refuse_name(&site, "a\0b", 3, "a NUL is a control character");
    finish(&site);
}

static void lengths(struct session *s)
{
    struct site site = start(s);
    const char *name = letters(s, 65);

    refuse_name(&site, "", 0, "no name at all");
    struct web_response r = log_in(&site, name, 64, 204, "64 bytes are a name");
    if (strncmp(cookie_of(&site, &r), name, 64) != 0)
        session_fail(s, "The token does not begin with the name of 64 bytes.");
    (void)log_in(&site, name, 65, 413, "a name has at most 64 bytes");
    finish(&site);
}

/* ---- showing the cookie ---- */

static void among_others(struct session *s)
{
    struct site site = start(s);
    const char *name = any_name(s), *token = good_token(&site, name);

    show(&site, session_print(s, "theme=dark; session=%s; lang=de", token), name,
         "it stands between others");
    show(&site, session_print(s, "xsession=1; session2=2; session=%s", token), name,
         "others are called almost so");
    show(&site, session_print(s, "a=1\r\nCookie: b=2;session=%s", token), name,
         "it is in a second Cookie field");
    show(&site, session_print(s, "xsession=%s; theme=session=%s; Session=%s", token, token, token),
         NULL, "none of these is called session");
    show(&site, "", NULL, "there is no cookie");
    finish(&site);
}

static void first_that_holds(struct session *s)
{
    struct site site = start(s);
    const char *name = any_name(s), *token = good_token(&site, name);

    show(&site, session_print(s, "session=x; session=; session=%s", token), name,
         "whoever sets a bad one beside it must not lock the user out");
    show(&site, session_print(s, "session=%s; session=%s", token, good_token(&site, any_name(s))),
         name, "the first that holds counts");
    finish(&site);
}

/* ---- what is refused ---- */

static char *copy_of(struct session *s, const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(session_alloc(s, size), text, size);
}

static char other_digit(char c)
{
    return c == '0' ? '1' : '0';
}

static void tampered(struct session *s)
{
    struct site site = start(s);
    const char *name = any_name(s);
    time_t until = time(NULL) + LIFETIME / 2;
    const char *claim = claim_until(s, name, until), *token = good_token(&site, name);
    const char *mac = strrchr(token, '.') + 1;

    show_token(&site, session_print(s, "%s.%s", claim_until(s, any_name(s), until), mac), NULL,
               "another name than was signed");
    show_token(&site,
               session_print(s, "%s.%s", claim_until(s, name, until + 86400),
                             hex_of(&site, session_print(s, "session=%s", claim))),
               NULL, "a later expiry than was signed");
    for (int i = 0; i < DIGITS; i += 7) {
        char *bad = copy_of(s, token);
        bad[mac - token + i] = other_digit(bad[mac - token + i]);
        show_token(&site, bad, NULL, "one digit of the signature is another");
    }
    show_good(&site);
    finish(&site);
}

static void wrong_key(struct session *s)
{
    struct site site = start(s), other = site;
    const char *name = any_name(s);

    session_text(s, other.key, KEY);
    show_token(&site, good_token(&other, name), NULL, "signed with another key");
    memcpy(other.key, site.key, KEY);
    other.key[KEY - 1] ^= 1;
    show_token(&site, good_token(&other, name), NULL,
               "signed with a key that differs in its last byte");
    show_good(&site);
    finish(&site);
}

static void binary_key(struct session *s)
{
    char key[KEY];

    for (size_t i = 0; i < KEY; i++)
        key[i] = (char)session_random(s, 256);
    key[3] = '\0';
    key[20] = '\n';
    key[KEY - 1] = '\n';
    struct site site = start_with(s, key), other = site;
    other.key[KEY - 2] ^= 1;
    show_token(&site, good_token(&other, any_name(s)), NULL,
               "signed with a key that differs behind a NUL");
    show_good(&site);
    finish(&site);
}

static void expired(struct session *s)
{
    struct site site = start(s);
    const char *name = any_name(s);
    time_t now = time(NULL);

    show_token(&site, token_for(&site, "session", claim_until(s, name, now - LIFETIME)), NULL,
               "it expired an hour ago");
    show_token(&site, token_for(&site, "session", claim_until(s, name, now)), NULL,
               "it expires now");
    show_token(&site, token_for(&site, "session", claim_until(s, name, 0)), NULL,
               "it expired in 1970");
    show_token(&site, token_for(&site, "session", claim_until(s, name, now + 100000000)), name,
               "it holds for years");
    finish(&site);
}

static void other_name(struct session *s)
{
    struct site site = start(s);
    const char *claim = claim_until(s, any_name(s), time(NULL) + LIFETIME / 2);

    show_token(&site, token_for(&site, "theme", claim), NULL,
               "it was signed as a cookie called theme");
    show_token(&site, session_print(s, "%s.%s", claim, hex_of(&site, claim)), NULL,
               "the signature is without the cookie's name");
    show_good(&site);
    finish(&site);
}

static void malformed(struct session *s)
{
    struct site site = start(s);
    const char *name = any_name(s), *good = good_token(&site, name);
    const char *claim = claim_until(s, name, time(NULL) + LIFETIME / 2);
    size_t length = strlen(good);
    char *upper = session_alloc(s, length + 1);

    for (size_t i = 0; i < length; i++)
        upper[i] = (char)(i > length - DIGITS ? toupper((unsigned char)good[i]) : good[i]);
    const struct {
        const char *token, *why;
    } tokens[] = {
        {"", "it is empty"},
        {".", "there is nothing but a dot"},
        {"..", "there is nothing but dots"},
        {name, "there is a name alone"},
        {claim, "there is no signature"},
        {session_print(s, "%s.", claim), "the signature is empty"},
        {session_print(s, "%.*s", (int)length - 1, good), "the signature has 63 digits"},
        {session_print(s, "%.*s", (int)length - 32, good), "there is half of the signature"},
        {session_print(s, "%s0", good), "the signature has 65 digits"},
        {session_print(s, "%s.%s", good, "x"), "there is something behind the signature"},
        {upper, "the signature is in capitals"},
        {token_for(&site, "session", session_print(s, ".%lld", time(NULL) + 99LL)),
         "the name is empty, though signed"},
        {token_for(&site, "session", session_print(s, "%s.", name)),
         "there is no expiry, though signed"},
        {token_for(&site, "session", session_print(s, "%s.+%lld", name, time(NULL) + 99LL)),
         "the expiry has a sign, though signed"},
        {token_for(&site, "session", session_print(s, "%s.99999999999999999999", name)),
         "the expiry has 20 digits, though signed"},
        {token_for(&site, "session", session_print(s, "%s.%llds", name, time(NULL) + 99LL)),
         "the expiry ends in a letter, though signed"}};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        show_token(&site, tokens[i].token, NULL, tokens[i].why);
    char *flood = session_alloc(s, 4001);
    memset(flood, 'a', 4000);
    show_token(&site, flood, NULL, "it is 4000 bytes long");
    show_good(&site);
    finish(&site);
}

static void constant_time(struct session *s)
{
    struct site site = start(s);
    const char *name = any_name(s);
    const char *claim = claim_until(s, name, time(NULL) + LIFETIME / 2);
    unsigned char mac[MAC];

    mac_of(&site, session_print(s, "session=%s", claim), mac);
    student_guard(site.student, mac);
    const char *good = token_for(&site, "session", claim);
    char *bad = copy_of(s, good);
    bad[strlen(good) - 1] = other_digit(bad[strlen(good) - 1]);
    show_token(&site, bad, NULL, "the last digit of the signature is another");
    show_token(&site, good, name, "signed with the key, and not expired");
    student_expect_guarded(site.student, "the signature");
    finish(&site);
}

/* ---- the program ---- */

static void short_key(struct session *s)
{
    session_file(s, "key", "too short, by one byte, for it.", 31);
    struct student *p = student_start(s, "key", "0", NULL);
    expect_output(p, "", 0);
    expect_failure(p, 1);
}

static void no_key(struct session *s)
{
    struct student *p = student_start(s, "key", "0", NULL);

    expect_output(p, "", 0);
    expect_failure(p, 1);
}

static void leaks(struct session *s)
{
    struct site site = start(s);
    const char *name = any_name(s);

    (void)log_in(&site, name, strlen(name), 204, "the name is one");
    refuse_name(&site, "a b", 3, "a blank may not stand in a cookie's value");
    show(&site, "session=x; a=b", NULL, "it is malformed");
    show_good(&site);
    finish(&site);
}

static const struct test_case cases[] = {
    {.name = "login",
     .title = "gives a signed cookie",
     .points = 2,
     .teaches = "A name was posted to /login. The token is NAME.EXPIRY.MAC, and the MAC covers the "
                "name of the cookie as well.",
     .run = login},
    {.name = "attributes",
     .title = "the cookie's attributes",
     .points = 2,
     .teaches = "Each attribute closes a door: HttpOnly to scripts, Secure to who listens on the "
                "line, SameSite to other sites, no Domain to other hosts.",
     .run = attributes},
    {.name = "among-others",
     .title = "finds its cookie among others",
     .points = 2,
     .teaches = "A browser sends all cookies of a site in one field, in its own order. Looking for "
                "\"session=\" anywhere in it finds others' cookies too.",
     .run = among_others},
    {.name = "first-that-holds",
     .title = "several of the same name",
     .points = 1,
     .teaches = "Another host of the domain can set a cookie of the same name. The server sees "
                "both, and must try both.",
     .run = first_that_holds},
    {.name = "tampered",
     .title = "tampered with",
     .points = 2,
     .teaches = "Name, expiry or signature were changed. Whatever stands in a cookie was written "
                "by a stranger, until the signature says otherwise.",
     .run = tampered},
    {.name = "wrong-key",
     .title = "signed with another key",
     .points = 1,
     .teaches = "Only who has the key can sign, and all of its bytes count.",
     .run = wrong_key},
    {.name = "binary-key",
     .title = "a key is bytes, not text",
     .points = 1,
     .teaches = "The key holds a NUL and ends with a line end. fgets() and strlen() make a shorter "
                "key of it, which is easier to guess.",
     .run = binary_key},
    {.name = "expired",
     .title = "expired",
     .points = 2,
     .teaches = "A browser forgets a cookie after Max-Age; a thief does not. The expiry that "
                "counts is the signed one.",
     .run = expired},
    {.name = "other-name",
     .title = "signed for another purpose",
     .points = 1,
     .teaches = "The same key signs cookies of other names. A signature that does not cover the "
                "name lets one be replayed as the other.",
     .run = other_name},
    {.name = "malformed",
     .title = "malformed tokens",
     .points = 2,
     .teaches = "Parts are missing, too short, too long. Comparing as many digits as were sent "
                "accepts an empty signature.",
     .run = malformed},
    {.name = "constant-time",
     .title = "compares in constant time",
     .points = 2,
     .teaches = "memcmp() and strcmp() stop at the first difference; who can measure that finds a "
                "signature digit by digit.",
     .run = constant_time},
    {.name = "injection",
     .title = "refuses what would break out of the cookie",
     .points = 2,
     .teaches = "A name with CR LF or a semicolon in it, put into Set-Cookie as it is, writes "
                "fields and attributes of its own.",
     .run = injection},
    {.name = "lengths",
     .title = "no name, a long one, one too long",
     .points = 1,
     .teaches = "The limits of a name are 1 and 64 bytes.",
     .run = lengths},
    {.name = "logout",
     .title = "takes the cookie away",
     .points = 1,
     .teaches = "A cookie is deleted by one of the same name and path that is already over.",
     .run = logout},
    {.name = "short-key",
     .title = "a key too short",
     .points = 1,
     .teaches =
         "A server that starts with a weak key looks as if all were well. It must not start.",
     .run = short_key},
    {.name = "no-key",
     .title = "no key",
     .points = 1,
     .teaches = "The file is not there. An empty key would sign for everybody.",
     .run = no_key},
    {.name = "leaks",
     .title = "all memory is freed",
     .points = 1,
     .teaches = "After SIGTERM main returns 0, and nothing is left allocated.",
     .run = leaks,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
