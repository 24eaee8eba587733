/*
 * testbed: the web that chapters 3 to 5 are tried on, on this machine. It answers as httpbin does,
 * and has a site of any size for crawlers.
 *
 *   build/testbed [--log] [--workers N] [--crawl-delay SECONDS] PORT [--tls CERT KEY PORT]
 *                 [--tls-hosts AUTHORITY PORT]
 *
 * --help lists what it answers; site.c says exactly what a site is made of. Like httpbin, it does
 * what clients ask, such as send them anywhere or set any header: it serves loopback alone.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "testbed/service/service.h"

static const char USAGE[] =
    "[--log] [--workers N] [--crawl-delay SECONDS] PORT [--tls CERT KEY PORT] "
    "[--tls-hosts AUTHORITY PORT]";

/* One listener, with what it serves. */
struct service {
    struct http_server_options options;
    int listener; /* -1: none */
    int result;
    struct error error;
};

/* The listener is open to others, too: a socket for both families cannot be bound to loopback. */
static bool is_here(struct http_exchange *x)
{
    const char *address = http_client_address(x);

    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static void answer(struct http_exchange *x)
{
    static const struct route *const TABLES[] = {
        ECHO_ROUTES,   STATUS_ROUTES, REDIRECT_ROUTES, COOKIE_ROUTES, AUTH_ROUTES,
        BODY_ROUTES,   SLOW_ROUTES,   COMPRESS_ROUTES, CACHE_ROUTES,  PAGE_ROUTES,
        FILE_ROUTES,   SITE_ROUTES,   UNSTEADY_ROUTES, API_ROUTES,    TRANSFER_ROUTES,
        OAUTH1_ROUTES, OAUTH2_ROUTES, TLS_ROUTES,      NULL};

    if (!is_here(x))
        http_send_error(x, HTTP_FORBIDDEN, "For clients on this machine alone");
    else if (!impostor_answers(x))
        route_call(x, TABLES);
}

/* The signal stays pending and ends both; one that fails ends the other in the same way. */
static void *serve(void *argument)
{
    struct service *service = argument;

    service->result = http_serve(service->listener, &service->options, &service->error);
    if (service->result == -1)
        (void)kill(getpid(), SIGTERM); /* to oneself it is always allowed */
    return NULL;
}

static void open_listener(struct service *service, long port)
{
    service->listener = tcp_listen((uint16_t)port, &service->error);
    if (service->listener == -1)
        die("%s", service->error.text);
}

static void announce(struct service *service)
{
    if (tcp_announce(service->listener, &service->error) == -1)
        die("%s", service->error.text);
}

static int open_signals(void)
{
    sigset_t both;

    (void)sigemptyset(&both); /* these three fail for wrong signal numbers only */
    (void)sigaddset(&both, SIGTERM);
    (void)sigaddset(&both, SIGINT);
    return signalfd(-1, &both, SFD_CLOEXEC | SFD_NONBLOCK);
}

struct tls_option {
    const char *folder; /* NULL: no such hosts */
    long port;
};

/* Serves until the end. */
static void run(struct service *plain, struct service *secret, long port, long secret_port,
                const struct tls_option *hosts)
{
    pthread_t thread;
    struct error error;
    int signals, why = 0;

    if (stop_hold(&error) == -1)
        die("%s", error.text);
    signals = open_signals();
    if (signals == -1)
        die_errno("signalfd");
    slow_allow(signals, plain->options.workers - plain->options.workers / 8);
    open_listener(plain, port);
    if (secret->options.tls != NULL)
        open_listener(secret, secret_port);
    if (hosts->folder != NULL &&
        tls_hosts_open(hosts->folder, hosts->port, &plain->options, &error) == -1)
        die("%s", error.text);
    announce(plain); /* who has read this line may come to either port */
    if (secret->options.tls != NULL) {
        announce(secret);
        why = pthread_create(&thread, NULL, serve, secret);
        if (why != 0)
            die("cannot start a thread: %s", strerror(why));
    }
    if (tls_hosts_start(&error) == -1)
        die("%s", error.text);
    (void)serve(plain);
    if (secret->options.tls != NULL)
        (void)pthread_join(thread, NULL); /* it exists, and is joined once */
    (void)close(signals);                 /* nothing was written */
    if (plain->result == -1 || secret->result == -1)
        die("%s", plain->result == -1 ? plain->error.text : secret->error.text);
    if (tls_hosts_end(&error) == -1)
        die("%s", error.text);
}

/* A number as robots.txt may have it, "2" or "0.5". */
static bool is_seconds(const char *text)
{
    return text[0] != '\0' && strlen(text) < 10 && strspn(text, "0123456789.") == strlen(text);
}

int main(int argc, char **argv)
{
    static const struct http_handler HANDLERS[] = {{"*", answer}, {NULL, NULL}};
    struct service plain = {.options = HTTP_SERVER_DEFAULTS}, secret = {.listener = -1};
    struct error error;
    long port = -1, secret_port = 0, workers = 128;
    struct tls_option hosts = {0};
    char **tls = NULL;

    for (char **word = argv + 1; *word != NULL; word++) {
        ptrdiff_t left = argv + argc - word - 1;
        if (strcmp(*word, "--help") == 0) {
            (void)fputs(HELP, stdout);
            finish(EXIT_SUCCESS);
        } else if (strcmp(*word, "--log") == 0)
            plain.options.log = http_log_file;
        else if (strcmp(*word, "--workers") == 0 && left > 0 &&
                 number_parse(word[1], 2, 4096, &workers))
            word++;
        else if (strcmp(*word, "--crawl-delay") == 0 && left > 0 && is_seconds(word[1]))
            pages_set_delay(*++word);
        else if (strcmp(*word, "--tls") == 0 && left > 2 &&
                 number_parse(word[3], 0, UINT16_MAX, &secret_port)) {
            tls = word + 1;
            word += 3;
        } else if (strcmp(*word, "--tls-hosts") == 0 && left > 1 &&
                   number_parse(word[2], 0, UINT16_MAX - 8, &hosts.port)) {
            hosts.folder = word[1];
            word += 2;
        } else if (port != -1 || !number_parse(*word, 0, UINT16_MAX, &port))
            die_usage(USAGE);
    }
    if (port == -1)
        die_usage(USAGE);
    plain.options.handlers = HANDLERS;
    plain.options.log_context = stderr;
    plain.options.workers = (unsigned)workers;
    secret.options = plain.options;
    if (tls != NULL && (secret.options.tls = http_tls_server(tls[0], tls[1], &error)) == NULL)
        die("%s", error.text);
    run(&plain, &secret, port, secret_port, &hosts);
    http_tls_free(secret.options.tls);
    return EXIT_SUCCESS;
}
