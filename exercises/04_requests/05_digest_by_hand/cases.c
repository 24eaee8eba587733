/* Exercise 4.5, digest by hand: what is tried, and how. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/harness.h"

enum { FAILURE = 1, USAGE = 2, UNKNOWN = 10, REFUSED = 11 };
enum { DIGITS = 2 * EVP_MAX_MD_SIZE + 1, PARAMETERS = 16, CNONCE_LEAST = 16 };
static const char HOST[] = "127.0.0.1";

/* A challenge, and what it says without quotes. */
struct offer {
    const char *fields; /* whole lines, with their ends */
    const char *realm, *nonce, *opaque;
    const char *algorithm; /* as it stands there; NULL: it does not */
    bool sha;
};

/* A server that knows one user, and a program that asks it. */
struct site {
    struct session *session;
    struct peer *peer;
    struct student *student;
    const char *user, *password;
    const struct offer *offer; /* the challenge that holds now, NULL at first */
    unsigned count;            /* requests that answered it */
    const char *cnonce;        /* of the last one */
    const char *output;        /* that is due so far */
};

/* A name="value" of Authorization. */
struct parameter {
    const char *name, *value;
    bool quoted;
};

/* ---- the program ---- */

static const char *word(struct session *s, const char *before)
{
    return session_print(s, "%s%06x%06x", before, session_random(s, 0x1000000),
                         session_random(s, 0x1000000));
}

static struct site *site_of(struct session *s)
{
    struct site *site = session_alloc(s, sizeof *site);

    *site = (struct site){.session = s, .output = "", .user = "ada"};
    site->peer = peer_listen(s, HOST);
    site->password = word(s, "pass-");
    session_closes_early(s);
    return site;
}

static void start(struct site *site, const char *a, const char *b, const char *c)
{
    const char *line = session_print(site->session, "%s\n", site->password);

    site->student =
        student_start(site->session, HOST, peer_port(site->peer), site->user, a, b, c, NULL);
    student_input(site->student, line, strlen(line));
    student_end_input(site->student);
}

/* Fails if it asks once more, or prints something else, or ends otherwise. */
static void leave(struct site *site, int status, const char *reason)
{
    session_expect_nobody(site->session, reason);
    expect_output(site->student, site->output, strlen(site->output));
    if (status == 0)
        expect_exit(site->student, 0);
    else
        expect_failure(site->student, status);
    expect_untold(site->student, site->password, "the password");
}

/* ---- challenges ---- */

/* A usual one: algorithm is "MD5", "SHA-256", or NULL for none; more goes behind it. */
static const struct offer *offer_of(struct session *s, const char *algorithm, const char *more)
{
    struct offer *offer = session_alloc(s, sizeof *offer);

    *offer = (struct offer){.realm = "workbook", .algorithm = algorithm};
    offer->nonce = word(s, "");
    offer->opaque = word(s, "o");
    offer->sha = algorithm != NULL && strcasecmp(algorithm, "SHA-256") == 0;
    offer->fields = session_print(s,
                                  "WWW-Authenticate: Digest realm=\"%s\", nonce=\"%s\", "
                                  "qop=\"auth\", opaque=\"%s\"%s%s%s\r\n",
                                  offer->realm, offer->nonce, offer->opaque,
                                  algorithm != NULL ? ", algorithm=" : "",
                                  algorithm != NULL ? algorithm : "", more);
    return offer;
}

/* ---- the proof ---- */

static void hash(struct site *site, char hex[DIGITS], const char *text)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (EVP_Digest(text, strlen(text), bytes, &length, site->offer->sha ? EVP_sha256() : EVP_md5(),
                   NULL) != 1)
        session_fail(site->session, "The harness could not make a digest.");
    for (unsigned i = 0; i < length; i++)
        (void)snprintf(hex + 2 * (size_t)i, 3, "%02x", bytes[i]);
}

/* Reads a value, quoted or not, up to the comma behind it. */
static const char *read_value(struct site *site, const char *at, struct parameter *out)
{
    char *value = session_alloc(site->session, strlen(at) + 1);

    out->value = value;
    out->quoted = *at == '"';
    at += out->quoted;
    for (; *at != '\0' && *at != (out->quoted ? '"' : ','); at++) {
        at += out->quoted && *at == '\\' && at[1] != '\0';
        *value++ = *at;
    }
    while (!out->quoted && value > out->value && value[-1] == ' ')
        value--;
    *value = '\0';
    if (out->quoted && *at != '"')
        session_blame(site->session, "In Authorization, the value of %s has no closing quote.",
                      out->name);
    at += out->quoted;
    at += strspn(at, " ");
    if (*at != '\0' && *at != ',')
        session_blame(site->session,
                      "In Authorization, no comma stands behind the value of %s, but: %s",
                      out->name, at);
    return at + strspn(at, ", ");
}

static void read_parameters(struct site *site, const char *text, struct parameter *parameters)
{
    size_t count = 0;

    if (strncasecmp(text, "Digest ", 7) != 0)
        session_blame(site->session, "Authorization is no Digest: %s", text);
    for (const char *at = text + 7; *at != '\0'; count++) {
        size_t length = strcspn(at, "=, \"");
        if (count == PARAMETERS - 1 || length == 0 || at[length] != '=')
            session_blame(site->session, "Authorization goes wrong here: %s", at);
        parameters[count].name = session_print(site->session, "%.*s", (int)length, at);
        for (size_t i = 0; i < count; i++)
            if (strcasecmp(parameters[i].name, parameters[count].name) == 0)
                session_blame(site->session, "Authorization has %s twice.", parameters[i].name);
        at = read_value(site, at + length + 1, parameters + count);
    }
}

static const char *sent(struct site *site, const struct parameter *p, const char *name, bool quoted)
{
    for (; p->name != NULL; p++)
        if (strcasecmp(p->name, name) == 0) {
            if (p->quoted != quoted)
                session_blame(site->session, "In Authorization, the value of %s %s quotes.", name,
                              quoted ? "stands in" : "has no");
            return p->value;
        }
    return NULL;
}

/* The value of that parameter must be this one. */
static void want(struct site *site, const struct parameter *p, const char *name, bool quoted,
                 const char *value)
{
    const char *is = sent(site, p, name, quoted);

    if (is == NULL)
        session_blame(site->session, "Authorization has no %s.", name);
    if (strcmp(is, value) != 0)
        session_blame(site->session, "In Authorization, %s is \"%s\"; \"%s\" was due.", name, is,
                      value);
}

static void check_cnonce(struct site *site, const char *cnonce)
{
    if (cnonce == NULL || strlen(cnonce) < CNONCE_LEAST)
        session_blame(site->session, "The cnonce has at least %d signs; it is \"%s\".",
                      CNONCE_LEAST, cnonce != NULL ? cnonce : "");
    if (site->count == 1 && site->cnonce != NULL && strcmp(cnonce, site->cnonce) == 0)
        session_blame(site->session,
                      "The cnonce \"%s\" has been used with another nonce: it is drawn anew for "
                      "each.",
                      cnonce);
    site->cnonce = cnonce;
}

/* The request must prove who asks, by the challenge that holds. */
static void check_proof(struct site *site, const struct web_request *request)
{
    const struct offer *offer = site->offer;
    struct session *s = site->session;
    struct parameter p[PARAMETERS] = {0};
    const char *field = web_request_field(request, "Authorization");
    char who[DIGITS], what[DIGITS], response[DIGITS];

    if (field == NULL)
        session_blame(s, "The request for %s has no Authorization; there was a challenge before.",
                      request->target);
    site->count++;
    read_parameters(site, field, p);
    want(site, p, "username", true, site->user);
    want(site, p, "realm", true, offer->realm);
    want(site, p, "nonce", true, offer->nonce);
    want(site, p, "uri", true, request->target);
    want(site, p, "qop", false, "auth");
    want(site, p, "nc", false, session_print(s, "%08x", site->count));
    if (offer->opaque != NULL)
        want(site, p, "opaque", true, offer->opaque);
    else if (sent(site, p, "opaque", true) != NULL)
        session_blame(s, "Authorization has an opaque; the challenge had none.");
    const char *algorithm = sent(site, p, "algorithm", false);
    if (offer->algorithm != NULL || algorithm != NULL)
        want(site, p, "algorithm", false, offer->algorithm != NULL ? offer->algorithm : "MD5");
    const char *cnonce = sent(site, p, "cnonce", true);
    check_cnonce(site, cnonce);
    hash(site, who, session_print(s, "%s:%s:%s", site->user, offer->realm, site->password));
    hash(site, what, session_print(s, "GET:%s", request->target));
    hash(site, response,
         session_print(s, "%s:%s:%08x:%s:auth:%s", who, offer->nonce, site->count, cnonce, what));
    want(site, p, "response", true, response);
}

/* ---- requests ---- */

static void send_answer(struct link *link, struct session *s, int status, const char *fields,
                        const char *body)
{
    const char *text = session_print(
        s, "HTTP/1.1 %d Whatever\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
        fields, strlen(body), body);

    link_send(link, text, strlen(text));
    link_wait_end(link);
    link_close(link);
}

/* Takes the next request: it must be this one, with the proof that is due. */
static struct link *take(struct site *site, const char *target)
{
    struct session *s = site->session;
    struct web_request request;

    if (!web_next_request(s, &request))
        session_fail(s, "Your program ended; a request for %s was due.", target);
    if (strcmp(request.method, "GET") != 0 || strcmp(request.target, target) != 0)
        session_blame(s, "Your program asks for \"%s %s\"; \"GET %s\" was due.", request.method,
                      request.target, target);
    if (site->offer != NULL)
        check_proof(site, &request);
    else if (web_request_field(&request, "Authorization") != NULL)
        session_blame(s, "The first request has an Authorization; nobody has asked for one.");
    return request.link;
}

static void answer(struct site *site, const char *target, int status, const char *fields)
{
    send_answer(take(site, target), site->session, status, fields, "Not like that.\n");
}

/* Answers the next request with a challenge, which holds from now on. */
static void challenge(struct site *site, const char *target, const struct offer *offer)
{
    answer(site, target, 401, offer->fields);
    site->offer = offer;
    site->count = 0;
}

/* Answers the next request well. */
static void grant(struct site *site, const char *target)
{
    struct session *s = site->session;
    const char *body = session_print(s, "page %06x\n", session_random(s, 0x1000000));

    send_answer(take(site, target), s, 200, "", body);
    site->output = session_print(s, "%s%s", site->output, body);
}

/* One target behind one challenge. */
static void visit(struct site *site, const struct offer *offer)
{
    start(site, "/page", NULL, NULL);
    challenge(site, "/page", offer);
    grant(site, "/page");
    leave(site, 0, "the page was there");
}

/* ---- the digest ---- */

static void open_pages(struct session *s)
{
    struct site *site = site_of(s);

    start(site, "/a", "/b", NULL);
    grant(site, "/a");
    grant(site, "/b");
    leave(site, 0, "both pages were there");
}

static void md5(struct session *s)
{
    visit(site_of(s), offer_of(s, "MD5", ""));
    visit(site_of(s), offer_of(s, NULL, ""));
}

static void sha256(struct session *s)
{
    visit(site_of(s), offer_of(s, "SHA-256", ""));
}

static void uri(struct session *s)
{
    struct site *site = site_of(s);
    const char *target = session_print(s, "/list?page=%u&q=a,b=c;d%%20e", session_random(s, 1000));

    start(site, "/list", target, NULL);
    challenge(site, "/list", offer_of(s, "SHA-256", ""));
    grant(site, "/list");
    grant(site, target);
    leave(site, 0, "all pages were there");
}

static void names(struct session *s)
{
    struct site *site = site_of(s);

    site->user = "Ada \"Countess\" \\ Lovelace, A.";
    site->password = session_print(s, " %s: \"p\\q\" \xc3\xa9 ", word(s, ""));
    visit(site, offer_of(s, "MD5", ""));
}

static void opaque(struct session *s)
{
    struct offer *none = session_alloc(s, sizeof *none);

    *none = (struct offer){.realm = "workbook", .nonce = word(s, "")};
    none->fields =
        session_print(s, "WWW-Authenticate: Digest realm=\"%s\", nonce=\"%s\", qop=\"auth\"\r\n",
                      none->realm, none->nonce);
    visit(site_of(s), none);
    visit(site_of(s), offer_of(s, "MD5", ""));
}

/* ---- nonces ---- */

static void count(struct session *s)
{
    struct site *site = site_of(s);

    start(site, "/a", "/b", "/a");
    challenge(site, "/a", offer_of(s, "SHA-256", ""));
    grant(site, "/a");
    grant(site, "/b");
    grant(site, "/a");
    leave(site, 0, "all pages were there");
}

static void cnonce(struct session *s)
{
    const struct offer *offer = offer_of(s, "MD5", "");
    const char *used[3];

    for (int i = 0; i < 3; i++) {
        struct site *site = site_of(s);
        site->password = "the same each time";
        visit(site, offer);
        used[i] = site->cnonce;
        for (int j = 0; j < i; j++)
            if (strcmp(used[i], used[j]) == 0)
                session_blame(s, "Two runs have the same cnonce, \"%s\".", used[i]);
    }
}

static void stale(struct session *s)
{
    struct site *site = site_of(s);

    start(site, "/a", "/b", "/c");
    challenge(site, "/a", offer_of(s, "MD5", ""));
    grant(site, "/a");
    challenge(site, "/b", offer_of(s, "MD5", ", stale=true"));
    grant(site, "/b");
    grant(site, "/c");
    leave(site, 0, "all pages were there");
}

static void stale_each(struct session *s)
{
    static const char *const TARGETS[] = {"/a", "/b", "/c"};
    struct site *site = site_of(s);

    start(site, "/a", "/b", "/c");
    challenge(site, "/a", offer_of(s, "SHA-256", ", stale=true"));
    for (size_t i = 0; i < 3; i++) {
        challenge(site, TARGETS[i], offer_of(s, "SHA-256", ", stale=true"));
        grant(site, TARGETS[i]);
    }
    leave(site, 0, "all pages were there");
}

static void stale_twice(struct session *s)
{
    struct site *site = site_of(s);

    start(site, "/a", "/b", NULL);
    challenge(site, "/a", offer_of(s, "MD5", ""));
    grant(site, "/a");
    challenge(site, "/b", offer_of(s, "MD5", ", stale=true"));
    challenge(site, "/b", offer_of(s, "MD5", ", stale=true"));
    leave(site, REFUSED, "two nonces were stale for one target");
}

static void wrong_password(struct session *s)
{
    static const char *const MORE[] = {"", ", stale=false"};

    for (size_t i = 0; i < 2; i++) {
        struct site *site = site_of(s);
        start(site, "/a", "/b", NULL);
        challenge(site, "/a", offer_of(s, "SHA-256", ""));
        challenge(site, "/a", offer_of(s, "SHA-256", MORE[i]));
        leave(site, REFUSED, "the password was refused: it will be refused again");
    }
}

/* ---- what a 401 may say ---- */

static void strongest(struct session *s)
{
    const struct offer *weak = offer_of(s, "MD5", ""), *strong = offer_of(s, "SHA-256", "");
    const struct offer *strange = offer_of(s, "SHA-512-256", "");
    struct offer *both = session_alloc(s, sizeof *both);

    *both = *weak;
    both->fields = session_print(s, "%s%s", strange->fields, weak->fields);
    visit(site_of(s), both);
    *both = *strong;
    both->fields = session_print(s, "%s%s%s", strange->fields, weak->fields, strong->fields);
    visit(site_of(s), both);
    both->fields = session_print(s, "%s%s", strong->fields, weak->fields);
    visit(site_of(s), both);
    both->fields = session_print(
        s,
        "WWW-Authenticate: Basic realm=\"basic\", Digest realm=\"other\", nonce=\"%s\", "
        "qop=\"auth\", algorithm=MD5, Negotiate YWJj==, Digest nonce=\"%s\", "
        "algorithm=SHA-256, opaque=\"%s\", realm=\"%s\", qop=\"auth\", Basic realm=\"last\"\r\n",
        weak->nonce, strong->nonce, strong->opaque, strong->realm);
    visit(site_of(s), both);
}

static void quoted(struct session *s)
{
    struct offer *offer = session_alloc(s, sizeof *offer);
    const char *number = word(s, "");

    *offer = (struct offer){.algorithm = "MD5"};
    offer->realm = session_print(s, "The \"inner\" room, nonce=\"no\", \\%s", number);
    offer->nonce = session_print(s, "%s==, Digest a=b", number);
    offer->opaque = session_print(s, "\"%s\\", number);
    offer->fields =
        session_print(s,
                      "WWW-Authenticate: Digest realm=\"The \\\"inner\\\" room, nonce=\\\"no\\\", "
                      "\\\\%s\", qop=\"auth\", algorithm=MD5, opaque=\"\\\"%s\\\\\", "
                      "nonce=\"%s==, Digest a\\=b\"\r\n",
                      number, number, number);
    visit(site_of(s), offer);
}

static void spelling(struct session *s)
{
    struct offer *offer = session_alloc(s, sizeof *offer);

    *offer = (struct offer){.realm = "workbook", .algorithm = "sha-256", .sha = true};
    offer->nonce = word(s, "");
    offer->fields = session_print(
        s,
        "www-authenticate: DIGEST  Nonce = \"%s\" ,, xrealm=\"not this\",ALGORITHM=\"sha-256\", "
        "QOP=\"auth-int , auth\", charset=UTF-8,REALM=workbook, domain=\"/ /b\"\r\n",
        offer->nonce);
    visit(site_of(s), offer);
}

static void stale_spelling(struct session *s)
{
    static const char *const MORE[] = {", stale=TRUE", ", Stale=\"true\""};

    for (size_t i = 0; i < 2; i++) {
        struct site *site = site_of(s);
        start(site, "/a", NULL, NULL);
        challenge(site, "/a", offer_of(s, "MD5", ", stale=FALSE"));
        challenge(site, "/a", offer_of(s, "MD5", MORE[i]));
        grant(site, "/a");
        leave(site, 0, "the page was there");
    }
}

static void unknown(struct session *s)
{
    static const char *const CHALLENGES[] = {
        "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-512-256",
        "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5-sess",
        "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
        "Digest realm=\"r\", qop=\"auth\", algorithm=MD5",
        "Basic realm=\"r\"",
        ""};

    for (size_t i = 0; i < sizeof CHALLENGES / sizeof CHALLENGES[0]; i++) {
        struct site *site = site_of(s);
        start(site, "/a", "/b", NULL);
        answer(site, "/a", 401, session_print(s, "WWW-Authenticate: %s\r\n", CHALLENGES[i]));
        leave(site, UNKNOWN, "no challenge was there that can be answered");
    }
}

/* ---- the rest ---- */

static void other_status(struct session *s)
{
    static const int STATUSES[] = {403, 404, 500, 302};

    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++) {
        struct site *site = site_of(s);
        start(site, "/a", "/b", "/c");
        challenge(site, "/a", offer_of(s, "MD5", ""));
        grant(site, "/a");
        answer(site, "/b", STATUSES[i], "");
        leave(site, FAILURE, session_print(s, "%d is no good answer", STATUSES[i]));
    }
}

static void cut_body(struct session *s)
{
    static const char CUT[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf a pa";
    struct site *site = site_of(s);

    start(site, "/a", "/b", NULL);
    challenge(site, "/a", offer_of(s, "MD5", ""));
    struct link *link = take(site, "/a");
    link_send(link, CUT, sizeof CUT - 1);
    link_wait_read(link);
    link_close(link);
    leave(site, FAILURE, "half a page is none");
}

static void usage(struct session *s)
{
    static const char *const WRONG[][4] = {
        {HOST, "8080", "ada", NULL},  {HOST, "0", "ada", "/"}, {HOST, "http", "ada", "/"},
        {HOST, "8080", "ada:b", "/"}, {HOST, "8080", "", "/"}, {HOST, "8080", "ada", "page"}};

    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        struct student *p =
            student_start(s, WRONG[i][0], WRONG[i][1], WRONG[i][2], WRONG[i][3], NULL);
        student_end_input(p);
        expect_output(p, "", 0);
        expect_failure(p, USAGE);
    }
    struct student *p = student_start(s, HOST, "8080", "ada", "/", NULL); /* no password */
    student_end_input(p);
    expect_output(p, "", 0);
    expect_failure(p, FAILURE);
}

static void full_disk(struct session *s)
{
    struct site *site = site_of(s);

    session_fill_output(s);
    start(site, "/page", NULL, NULL);
    challenge(site, "/page", offer_of(s, "MD5", ""));
    grant(site, "/page");
    expect_failure(site->student, FAILURE);
}

static void nothing_left_behind(struct session *s)
{
    stale(s);
    strongest(s);
}

static const struct test_case cases[] = {
    {.name = "open",
     .title = "pages that everybody may see",
     .points = 1,
     .teaches = "Nobody asked for a proof, so there is none in the request.",
     .run = open_pages},
    {.name = "md5",
     .title = "a challenge for MD5",
     .points = 3,
     .teaches = "The digest of who, nonce, nc, cnonce, qop and what. A challenge without algorithm "
                "means MD5.",
     .run = md5},
    {.name = "sha-256",
     .title = "a challenge for SHA-256",
     .points = 3,
     .teaches = "All three digests are made with the algorithm of the challenge, and its name goes "
                "back.",
     .run = sha256},
    {.name = "uri",
     .title = "a target with a query",
     .points = 2,
     .teaches = "uri is the target as it stands on the first line, query and all.",
     .run = uri},
    {.name = "names",
     .title = "a user and a password with quotes, backslashes and colons",
     .points = 2,
     .teaches = "Quotes and backslashes are escaped on the wire, and not in the digest.",
     .run = names},
    {.name = "opaque",
     .title = "with opaque and without",
     .points = 1,
     .teaches = "What is opaque goes back as it came; what was not there does not.",
     .run = opaque},
    {.name = "count",
     .title = "three targets with one nonce",
     .points = 3,
     .teaches = "A nonce is used until the server wants another: nc counts, and no request is "
                "refused in between.",
     .run = count},
    {.name = "cnonce",
     .title = "three runs with the same nonce",
     .points = 2,
     .teaches = "The cnonce is random: so nobody has computed the answers beforehand.",
     .run = cnonce},
    {.name = "stale",
     .title = "a stale nonce",
     .points = 3,
     .teaches = "stale=true says: the password was right, the nonce is too old. Ask again with the "
                "new one; nc begins with 1.",
     .run = stale},
    {.name = "stale-each",
     .title = "a nonce that is stale for each target",
     .points = 2,
     .teaches = "Some servers give out nonces for one request. Each target may be asked for again; "
                "and stale in the first challenge means nothing.",
     .run = stale_each},
    {.name = "stale-twice",
     .title = "stale, and stale again",
     .points = 2,
     .teaches = "Once for each target: else client and server go round for ever.",
     .run = stale_twice},
    {.name = "wrong-password",
     .title = "the password is wrong",
     .points = 3,
     .teaches = "A 401 without stale=true to a proof is a no. Asking again locks accounts.",
     .run = wrong_password},
    {.name = "strongest",
     .title = "several challenges",
     .points = 3,
     .teaches = "They stand in several fields or in one, between schemes that are not meant: the "
                "strongest that is known is taken.",
     .run = strongest},
    {.name = "quoted",
     .title = "commas, quotes and backslashes in values",
     .points = 3,
     .teaches = "A comma inside quotes ends nothing, and \\\" is a quote: RFC 9110 section 5.6.4.",
     .run = quoted},
    {.name = "spelling",
     .title = "a challenge in another spelling",
     .points = 2,
     .teaches = "Names have no case and no order; blanks may stand around =; qop is a list.",
     .run = spelling},
    {.name = "stale-spelling",
     .title = "stale=TRUE, stale=\"true\"",
     .points = 1,
     .teaches = "stale is compared without regard to case, and may stand in quotes.",
     .run = stale_spelling},
    {.name = "unknown",
     .title = "nothing that can be answered",
     .points = 3,
     .teaches = "Who does not know the algorithm sends no proof, and never another one.",
     .run = unknown},
    {.name = "other-status",
     .title = "403, 404, 500, 302",
     .points = 2,
     .teaches = "Their body is no page, and nothing is asked for behind them.",
     .run = other_status},
    {.name = "cut-body",
     .title = "the page is cut off",
     .points = 1,
     .teaches = "A body that is not whole is not printed, and status 0 would be a lie.",
     .run = cut_body},
    {.name = "usage",
     .title = "a wrong command line, and no password",
     .points = 1,
     .teaches = "A message and the status, and nothing is sent.",
     .run = usage},
    {.name = "full-disk",
     .title = "what it prints cannot be written",
     .points = 1,
     .teaches = "fwrite() succeeds as long as there is room in its buffer: fflush() tells.",
     .run = full_disk},
    {.name = "nothing-left-behind",
     .title = "all memory is freed",
     .points = 1,
     .teaches = "A challenge that is replaced is freed; so are the fields of each request.",
     .run = nothing_left_behind,
     .leaks = true},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, cases);
}
