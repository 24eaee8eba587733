/*
 * 4.08  OAuth 1
 *
 * Signs a request with HMAC-SHA1 by the rules of OAuth 1, and sends it.
 *
 * Python:  requests_oauthlib.OAuth1(key, client_secret, token, token_secret)
 * Usage:   08_oauth1 [-s] [-t SECONDS] [-n NONCE] [-d FORM] [-c AUTHORITIES] GET|POST URL
 *          Secrets stand in the environment: OAUTH_KEY and OAUTH_SECRET for the program,
 *          OAUTH_TOKEN and OAUTH_TOKEN_SECRET for the user; OAUTH_CALLBACK, OAUTH_VERIFIER. With -s
 *          the base string and the signature are shown, and nothing is sent.
 * See:     RFC 5849 sections 3.1 to 3.6; HMAC(3), EVP_EncodeInit(3)
 * Leaves out: RSA-SHA1; bodies that are no forms, which OAuth 1 does not sign.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/error.h"
#include "requests/easy.h"
#include "requests/error.h"
#include "urllib/parse.h"

static const char USAGE[] =
    "[-s] [-t SECONDS] [-n NONCE] [-d FORM] [-c AUTHORITIES] GET|POST [URL]";
enum { MOST = 256, ANSWER = 1 << 20 };

struct parameter {
    struct buffer name, value; /* both percent-coded */
};
struct request {
    const char *method, *url, *form, *authorities, *secret, *token_secret;
    struct parameter list[MOST]; /* of the protocol, of the query, of the form */
    size_t count, own;           /* all of them; the first ones, which go into Authorization */
};

/* What comes from malloc() in the end: who has none left ends here. */
static void need(int result)
{
    if (result == -1)
        die("out of memory");
}

/* [code] Only letters, digits and "-._~" stay as they are: RFC 5849 section 3.6. */
static void add(struct request *r, const char *name, size_t name_length, const char *value,
                size_t length)
{
    if (r->count == MOST)
        die("more than %d parameters", MOST);
    struct parameter *p = &r->list[r->count++];
    need(url_quote(name, name_length, NULL, &p->name));
    need(url_quote(value, length, NULL, &p->value));
}
/* [/code] */

static void add_own(struct request *r, const char *name, const char *value)
{
    if (value != NULL)
        add(r, name, strlen(name), value, strlen(value));
    r->own = r->count;
}

/* Adds the fields of a query or form, decoded and coded again: "+" becomes "%20". */
static void add_fields(struct request *r, const char *text, size_t length)
{
    static const struct url_query_options ALL = {.keep_blank_values = true};
    struct url_fields fields;
    struct error error;

    if (url_parse_query(text, length, &ALL, &fields, &error) == -1)
        die("%s", error.text);
    for (const struct url_field *f = fields.list; f < fields.list + fields.count; f++)
        add(r, f->name, f->name_length, f->value, f->value_length);
    url_fields_free(&fields);
}

static int by_name_and_value(const void *a, const void *b)
{
    const struct parameter *x = a, *y = b;
    int order = strcmp(buffer_text(&x->name), buffer_text(&y->name));

    return order != 0 ? order : strcmp(buffer_text(&x->value), buffer_text(&y->value));
}

/* [normalise] Coded, sorted, joined: section 3.4.1.3.2. */
static void normalise(const struct request *r, struct buffer *out)
{
    struct parameter sorted[MOST];

    memcpy(sorted, r->list, sizeof sorted);
    qsort(sorted, r->count, sizeof sorted[0], by_name_and_value);
    for (size_t i = 0; i < r->count; i++) {
        const char *name = buffer_text(&sorted[i].name);
        const char *value = buffer_text(&sorted[i].value);
        need(buffer_print(out, "%s%s=%s", i > 0 ? "&" : "", name, value));
    }
}
/* [/normalise] */

static void add_small(struct buffer *out, struct url_part part)
{
    for (size_t i = 0; i < part.length; i++) {
        char c = part.text[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        need(buffer_add(out, &c, 1));
    }
}

/* Without query and fragment, in small letters, without the usual port: section 3.4.1.2. */
static void base_uri(const struct url *url, struct buffer *out)
{
    struct url_netloc netloc;
    int usual = url_default_port(url->scheme);

    url_split_netloc(url->netloc, &netloc);
    int port = url_port(&netloc, usual);
    add_small(out, url->scheme);
    need(buffer_print(out, netloc.is_literal ? "://[" : "://"));
    add_small(out, netloc.host);
    need(buffer_print(out, netloc.is_literal ? "]" : ""));
    if (port != usual)
        need(buffer_print(out, ":%d", port));
    need(buffer_print(out, "%.*s", URL_PRINT(url->path)));
    if (url->path.length == 0)
        need(buffer_print(out, "/")); /* as it will stand in the request */
}

/* METHOD&URI&PARAMETERS, the last two coded once more: section 3.4.1.1. */
static void base_string(const struct request *r, const struct url *url, struct buffer *out)
{
    struct buffer uri = {0}, parameters = {0};

    /* [base] */
    base_uri(url, &uri);
    normalise(r, &parameters);
    need(buffer_print(out, "%s&", r->method));
    need(url_quote(uri.data, uri.length, NULL, out));
    need(buffer_print(out, "&"));
    need(url_quote(parameters.data, parameters.length, NULL, out));
    /* [/base] */
    buffer_free(&uri);
    buffer_free(&parameters);
}

/* The key is both secrets, coded, with "&" between, whatever is missing: section 3.4.2. */
static void sign(const struct request *r, const struct buffer *base, struct buffer *out)
{
    const unsigned char *text = (const unsigned char *)base->data;
    unsigned char mac[EVP_MAX_MD_SIZE], coded[2 * EVP_MAX_MD_SIZE];
    const char *secret = r->secret, *hidden = r->token_secret;
    unsigned size;
    struct buffer key = {0};

    if (hidden == NULL)
        hidden = "";
    /* [sign] */
    need(url_quote(secret, strlen(secret), NULL, &key));
    need(buffer_print(&key, "&"));
    need(url_quote(hidden, strlen(hidden), NULL, &key));
    int length = (int)key.length;
    size_t most = base->length;
    if (HMAC(EVP_sha1(), key.data, length, text, most, mac, &size) == NULL)
        die("no HMAC-SHA1 here");
    (void)EVP_EncodeBlock(coded, mac, (int)size); /* its result is the length */
    /* [/sign] */
    need(buffer_print(out, "%s", (const char *)coded));
    OPENSSL_cleanse(key.data, key.capacity);
    buffer_free(&key);
}

/* Parameters, base string, signature: what has to be sent is then in the list. */
static void make_signature(struct request *r, bool show)
{
    struct url url;
    struct error error;
    struct buffer base = {0}, signature = {0};

    if (url_split(r->url, strlen(r->url), &url, &error) == -1)
        die("%s: %s", r->url, error.text);
    add_fields(r, url.query.text != NULL ? url.query.text : "", url.query.length);
    if (r->form != NULL)
        add_fields(r, r->form, strlen(r->form));
    base_string(r, &url, &base);
    sign(r, &base, &signature);
    if (show)
        printf("%s\n%s\n", base.data, signature.data);
    add(r, "oauth_signature", strlen("oauth_signature"), signature.data, signature.length);
    buffer_free(&base);
    buffer_free(&signature);
}

/* Authorization: OAuth name="value", …: section 3.5.1. */
static struct curl_slist *make_header(const struct request *r)
{
    struct buffer line = {0};
    struct curl_slist *list = NULL;

    need(buffer_print(&line, "Authorization: OAuth "));
    for (size_t i = 0; i < r->own; i++)
        need(buffer_print(&line, "%s=\"%s\", ", r->list[i].name.data,
                          buffer_text(&r->list[i].value)));
    need(buffer_print(&line, "oauth_signature=\"%s\"", r->list[r->count - 1].value.data));
    need(easy_append(&list, line.data));
    buffer_free(&line);
    return list;
}

/* Sends it; a redirect is not followed: the signature is for this URL. */
static int transfer(CURL *curl, const struct request *r, struct curl_slist *headers)
{
    struct easy_body body = {.limit = ANSWER};
    struct requests_error error = {0};
    char detail[CURL_ERROR_SIZE] = "";
    CURLcode code = CURLE_OK;
    long status = 0;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, detail);
    easy_set(code, curl, CURLOPT_URL, r->url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_HTTPHEADER, headers);
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT, 5L);
    easy_set(code, curl, CURLOPT_TIMEOUT, 30L);
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, easy_collect);
    easy_set(code, curl, CURLOPT_WRITEDATA, &body);
    if (r->authorities != NULL)
        easy_set(code, curl, CURLOPT_CAINFO, r->authorities);
    if (strcmp(r->method, "POST") == 0)
        easy_set(code, curl, CURLOPT_POSTFIELDS, r->form != NULL ? r->form : "");
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    easy_get(code, curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
        (void)requests_error_from(&error, code, curl, detail); /* it always says -1 */
        report("%s: %s: %s", r->url, requests_failure_name(error.failure), error.text);
    } else {
        printf("%ld\n%s", status, buffer_text(&body.bytes));
        if (body.bytes.length > 0 && body.bytes.data[body.bytes.length - 1] != '\n')
            printf("\n");
    }
    buffer_free(&body.bytes);
    return code == CURLE_OK && status < 400 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int send_request(const struct request *r)
{
    struct curl_slist *headers;
    CURL *curl;
    int status;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (curl = curl_easy_init()) == NULL)
        die("libcurl does not start");
    headers = make_header(r);
    status = transfer(curl, r, headers);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return status;
}

/* A nonce that nobody sent before in this second makes each request one of its own. */
static void add_protocol(struct request *r, const char *timestamp, const char *nonce)
{
    unsigned char random[8];
    char digits[2 * sizeof random + 1], seconds[24];

    (void)snprintf(seconds, sizeof seconds, "%lld", (long long)time(NULL)); /* it has room */
    if (RAND_bytes(random, (int)sizeof random) != 1)
        die("no random bytes");
    for (size_t i = 0; i < sizeof random; i++)
        (void)snprintf(digits + 2 * i, 3, "%02x", random[i]); /* it has room */
    /* [own] */
    add_own(r, "oauth_consumer_key", getenv("OAUTH_KEY"));
    add_own(r, "oauth_token", getenv("OAUTH_TOKEN"));
    add_own(r, "oauth_callback", getenv("OAUTH_CALLBACK"));
    add_own(r, "oauth_verifier", getenv("OAUTH_VERIFIER"));
    add_own(r, "oauth_signature_method", "HMAC-SHA1");
    add_own(r, "oauth_timestamp", timestamp != NULL ? timestamp : seconds);
    add_own(r, "oauth_nonce", nonce != NULL ? nonce : digits);
    /* [/own] */
}

int main(int argc, char **argv)
{
    static struct request r;
    const char *timestamp = NULL, *nonce = NULL;
    bool show = false;
    int option, status = EXIT_SUCCESS;

    while ((option = getopt(argc, argv, "+st:n:d:c:")) != -1) {
        if (option == 's')
            show = true;
        else if (option == '?')
            die_usage(USAGE);
        else
            *(option == 't'   ? &timestamp
              : option == 'n' ? &nonce
              : option == 'd' ? &r.form
                              : &r.authorities) = optarg;
    }
    if (optind == argc || argc - optind > 2)
        die_usage(USAGE);
    r.method = argv[optind];
    r.url = argc - optind == 2 ? argv[optind + 1] : "http://localhost:10000/oauth1/resource";
    if ((strcmp(r.method, "GET") != 0 || r.form != NULL) && strcmp(r.method, "POST") != 0)
        die_usage(USAGE);
    r.secret = getenv("OAUTH_SECRET");
    r.token_secret = getenv("OAUTH_TOKEN_SECRET");
    if (getenv("OAUTH_KEY") == NULL || r.secret == NULL)
        die("OAUTH_KEY and OAUTH_SECRET are needed in the environment");
    add_protocol(&r, timestamp, nonce);
    make_signature(&r, show);
    if (!show)
        status = send_request(&r);
    for (size_t i = 0; i < r.count; i++) {
        buffer_free(&r.list[i].name);
        buffer_free(&r.list[i].value);
    }
    finish(status);
}
