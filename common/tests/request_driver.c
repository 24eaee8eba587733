/*
 * What request.t drives: opens URLs with one opener, made as the options say, and prints a line of
 * JSON for each.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "urllib/request.h"

struct driver {
    struct url_opener *opener;
    struct url_options options;
    struct http_headers headers;
    struct url_passwords *passwords;
    struct http_jar *jar;
    struct http_tls *tls;
    const char *http, *https, *no_proxy;
    long limit, redirects;
    bool read_twice;
    json_t *seen;
};

static void must(bool sound, const char *what)
{
    if (!sound)
        die("%s", what);
}

static void on_redirect(void *context, int status, const char *to)
{
    struct driver *driver = context;

    must(json_array_append_new(driver->seen, json_pack("[is]", status, to)) == 0, "json");
}

static long number_of(const char *text)
{
    long number;

    must(number_parse(text, -1000000, 100000000, &number), "a number");
    return number;
}

/* "realm|url|user|password", no realm for any. */
static void add_password(struct driver *driver, char *text)
{
    const char *part[4];

    for (int i = 0; i < 4; i++) {
        part[i] = text;
        text += strcspn(text, "|");
        if (*text != '\0')
            *text++ = '\0';
    }
    must(url_passwords_add(driver->passwords, part[0][0] != '\0' ? part[0] : NULL, part[1], part[2],
                           part[3]) == 0,
         "a password's URL");
}

static void add_auth(struct driver *driver, const char *kind)
{
    struct url_handler *handler = NULL;

    if (strcmp(kind, "basic") == 0)
        handler = url_basic_auth_handler(driver->passwords);
    else if (strcmp(kind, "digest") == 0)
        handler = url_digest_auth_handler(driver->passwords);
    else if (strcmp(kind, "proxy-basic") == 0)
        handler = url_proxy_basic_auth_handler(driver->passwords);
    else if (strcmp(kind, "proxy-digest") == 0)
        handler = url_proxy_digest_auth_handler(driver->passwords);
    must(url_opener_add(driver->opener, handler) == 0, "a handler");
}

/* Every status is a success: an errors handler that does nothing. */
static void accept_all(struct driver *driver)
{
    static struct url_handler nothing = {.name = "errors", .order = 1000};

    must(url_opener_add(driver->opener, &nothing) == 0, "a handler");
}

static void add_header(struct driver *driver, char *text)
{
    char *colon = strchr(text, ':');

    must(colon != NULL, "a field");
    *colon = '\0';
    must(http_headers_add(&driver->headers, text, colon + 1) == 0, "a field");
}

static void trust(struct driver *driver, const char *authorities)
{
    struct error error;

    driver->tls = http_tls_client(authorities, &error);
    must(driver->tls != NULL, error.text);
    must(url_opener_add(driver->opener, url_https_handler(driver->tls)) == 0, "a handler");
}

/* "no_proxy|host|port": whether it goes past the proxy. */
static void show_bypass(char *text)
{
    char *host = strchr(text, '|'), *port = host != NULL ? strchr(host + 1, '|') : NULL;

    must(port != NULL, "no_proxy|host|port");
    *host++ = *port++ = '\0';
    must(printf("%s\n", url_proxy_bypassed(text, host, (int)number_of(port)) ? "true" : "false") >
             0,
         "standard output");
}

/* The proxies of the environment. */
static void show_environment(void)
{
    static const char *const schemes[] = {"http", "https", "all", "no"};
    json_t *out = json_object();

    for (int i = 0; i < 4; i++)
        if (url_environment_proxy(schemes[i]) != NULL)
            (void)json_object_set_new(out, schemes[i],
                                      json_string(url_environment_proxy(schemes[i])));
    must(json_dumpf(out, stdout, 0) == 0 && printf("\n") > 0, "standard output");
    json_decref(out);
}

static void set_option(struct driver *driver, int option, char *value)
{
    switch (option) {
    case 'B':
        show_bypass(value);
        break;
    case 'G':
        show_environment();
        break;
    case 'm':
        driver->options.method = value;
        break;
    case 'd':
        driver->options.data = value;
        driver->options.length = strlen(value);
        break;
    case 'H':
        add_header(driver, value);
        break;
    case 't':
        driver->options.timeout_ms = (int)number_of(value);
        break;
    case 'r':
        driver->redirects = number_of(value);
        break;
    case 'p':
        driver->http = value;
        break;
    case 'P':
        driver->https = value;
        break;
    case 'n':
        driver->no_proxy = value;
        break;
    case 'u':
        add_password(driver, value);
        break;
    case 'a':
        add_auth(driver, value);
        break;
    case 'c':
        driver->jar = http_jar_new(NULL);
        must(url_opener_add(driver->opener, url_cookie_handler(driver->jar)) == 0, "a handler");
        break;
    case 'C':
        trust(driver, value);
        break;
    case 'l':
        driver->limit = number_of(value);
        break;
    case 'E':
        accept_all(driver);
        break;
    case '2':
        driver->read_twice = true;
        break;
    default:
        die_usage("[options] URL...");
    }
}

/* What is in a response, as far as it can be read. */
static void show_response(json_t *out, struct url_response *response, size_t limit,
                          struct url_error *error)
{
    struct buffer body = {0}, hex = {0};
    json_t *headers = json_array();

    (void)json_object_set_new(out, "status", json_integer(response->status));
    (void)json_object_set_new(out, "reason", json_string(response->reason));
    (void)json_object_set_new(out, "url", json_string(response->url));
    (void)json_object_set_new(out, "length", json_integer(response->length));
    (void)json_object_set_new(out, "redirects", json_integer(response->redirects));
    for (size_t i = 0; i < response->headers.count; i++)
        (void)json_array_append_new(headers, json_pack("[ss]", response->headers.fields[i].name,
                                                       response->headers.fields[i].value));
    (void)json_object_set_new(out, "headers", headers);
    (void)url_read_all(response, &body, limit, error); /* error says it */
    for (size_t i = 0; i < body.length; i++)
        must(buffer_print(&hex, "%02x", (unsigned char)body.data[i]) == 0, "memory");
    (void)json_object_set_new(out, "body", json_string(buffer_text(&hex)));
    buffer_free(&body);
    buffer_free(&hex);
}

static void show(struct driver *driver, const char *url)
{
    struct url_error error = {0}, reading = {0}, again = {0};
    json_t *out = json_object();
    char byte;

    driver->seen = json_array();
    struct url_response *response = url_opener_open(driver->opener, url, &driver->options, &error);
    (void)json_object_set_new(out, "failure", json_integer(error.failure));
    (void)json_object_set_new(out, "name", json_string(url_failure_name(error.failure)));
    (void)json_object_set_new(out, "number",
                              json_string(error.number != 0 ? errno_name(error.number) : ""));
    (void)json_object_set_new(out, "error_status", json_integer(error.status));
    (void)json_object_set_new(out, "text", json_string(error.text));
    struct url_response *shown = response != NULL ? response : error.response;
    if (shown != NULL)
        show_response(out, shown, (size_t)driver->limit, &reading);
    if (shown != NULL && driver->read_twice)
        (void)json_object_set_new(out, "again", json_integer(url_read(shown, &byte, 1, &again)));
    (void)json_object_set_new(out, "reading", json_integer(reading.failure));
    (void)json_object_set_new(out, "reading_text", json_string(reading.text));
    (void)json_object_set_new(out, "received", json_integer((json_int_t)reading.received));
    (void)json_object_set_new(out, "expected", json_integer((json_int_t)reading.expected));
    (void)json_object_set_new(out, "seen", driver->seen);
    must(json_dumpf(out, stdout, JSON_COMPACT) == 0 && printf("\n") > 0 && fflush(stdout) == 0,
         "standard output");
    json_decref(out);
    url_error_clear(&error);
    url_error_clear(&reading);
    url_error_clear(&again);
    url_close(response);
}

int main(int argc, char **argv)
{
    struct driver driver = {.limit = 100000000};
    int option;

    driver.opener = url_opener_new();
    driver.passwords = url_passwords_new();
    must(driver.opener != NULL && driver.passwords != NULL, "memory");
    driver.options.headers = &driver.headers;
    while ((option = getopt(argc, argv, "m:d:H:t:r:p:P:n:u:a:cC:l:E2B:G")) != -1)
        set_option(&driver, option, optarg);
    if (driver.http != NULL || driver.https != NULL || driver.no_proxy != NULL)
        must(url_opener_add(driver.opener,
                            url_proxy_handler(driver.http, driver.https, driver.no_proxy)) == 0,
             "a handler");
    must(url_opener_add(driver.opener, url_redirect_handler((unsigned)driver.redirects, on_redirect,
                                                            &driver)) == 0,
         "a handler");
    for (; optind < argc; optind++)
        show(&driver, argv[optind]);
    url_opener_free(driver.opener);
    url_passwords_free(driver.passwords);
    http_jar_free(driver.jar);
    http_tls_free(driver.tls);
    http_headers_free(&driver.headers);
    return 0;
}
