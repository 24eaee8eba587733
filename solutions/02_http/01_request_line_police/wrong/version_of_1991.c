/* fails: no-version long-method */
/* Takes a line without a version for HTTP/0.9, and serves it. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"

enum { METHOD, TARGET, VERSION, PARTS };
enum { TARGET_MOST = 8000, MS_MOST = 60000 };
static const size_t MOST[PARTS] = {32, TARGET_MOST, 16};
static const int TOO_LONG[PARTS] = {501, 414, 400};

struct request {
    char text[PARTS][TARGET_MOST + 1];
    size_t length[PARTS];
    int at;     /* the part at hand */
    bool cr;    /* a \r came: only \n may follow */
    bool wrong; /* a byte came that may not stand there */
    bool empty; /* the empty line in front was passed over */
    bool begun; /* something came */
    const char *form;
};

static const char *skip_host(const char *at)
{
    static const char others[] = "-._~";
    const char *from = at;

    if (*at == '[') {
        size_t inside = strspn(at + 1, "0123456789abcdefABCDEF:.");
        return inside > 0 && at[1 + inside] == ']' ? at + inside + 2 : NULL;
    }
    while (*at != '\0' && (isalnum((unsigned char)*at) || strchr(others, *at) != NULL))
        at++;
    return at > from ? at : NULL;
}

static const char *skip_port(const char *at)
{
    size_t digits = strspn(at, "0123456789");
    long port = digits > 0 && digits <= 5 ? strtol(at, NULL, 10) : 0;

    return port >= 1 && port <= 65535 ? at + digits : NULL;
}

static bool is_path(const char *at)
{
    static const char others[] = "-._~!$&'()*+,;=:@/?";

    for (; *at != '\0'; at++)
        if (*at == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]))
            at += 2;
        else if (!isalnum((unsigned char)*at) && strchr(others, *at) == NULL)
            return false;
    return true;
}

static bool is_absolute(const char *target)
{
    const char *at = strncasecmp(target, "http://", 7) == 0    ? skip_host(target + 7)
                     : strncasecmp(target, "https://", 8) == 0 ? skip_host(target + 8)
                                                               : NULL;

    if (at != NULL && *at == ':')
        at = skip_port(at + 1);
    return at != NULL && (*at == '\0' || *at == '/' || *at == '?') && is_path(at);
}

static bool is_authority(const char *target)
{
    const char *at = skip_host(target);

    if (at == NULL || *at != ':')
        return false;
    at = skip_port(at + 1);
    return at != NULL && *at == '\0';
}

/* The form of a target that goes with the method, or NULL. */
static const char *find_form(const char *method, const char *target)
{
    if (strcmp(method, "CONNECT") == 0)
        return is_authority(target) ? "authority" : NULL;
    if (strcmp(target, "*") == 0)
        return strcmp(method, "OPTIONS") == 0 ? "asterisk" : NULL;
    if (*target == '/')
        return is_path(target) ? "origin" : NULL;
    return is_absolute(target) ? "absolute" : NULL;
}

static bool is_known(const char *method)
{
    static const char *const known[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(method, known[i]) == 0)
            return true;
    return false;
}

static bool is_token(const char *text)
{
    for (; *text != '\0'; text++)
        if (!isalnum((unsigned char)*text) && strchr("!#$%&'*+-.^_`|~", *text) == NULL)
            return false;
    return true;
}

/* The status of a whole line. Its texts have no NUL in them, or it is wrong. */
static int judge(struct request *r)
{
    const char *version = r->text[VERSION];

    if (r->at == TARGET && r->cr && !r->wrong && r->length[TARGET] > 0)
        version = memcpy(r->text[VERSION], "HTTP/1.0", 9), r->length[VERSION] = 8;
    if (r->wrong || !r->cr || r->length[METHOD] == 0 || r->length[TARGET] == 0 ||
        r->length[VERSION] == 0)
        return 400;
    if (r->length[VERSION] != 8 || strncmp(version, "HTTP/", 5) != 0 ||
        !isdigit((unsigned char)version[5]) || version[6] != '.' ||
        !isdigit((unsigned char)version[7]))
        return 400;
    if (version[5] != '1')
        return 505;
    if (!is_token(r->text[METHOD]))
        return 400;
    if (!is_known(r->text[METHOD]))
        return 501;
    r->form = find_form(r->text[METHOD], r->text[TARGET]);
    return r->form == NULL ? 400 : 200;
}

/* Returns the status if it is certain with this byte, or 0. */
static int take_byte(struct request *r, char byte)
{
    size_t *length = &r->length[r->at];

    if (byte == '\n' && r->cr && !r->empty && !r->wrong && r->at == METHOD && *length == 0) {
        r->empty = true;
        r->cr = false;
        return 0;
    }
    if (byte == '\n')
        return judge(r);
    r->wrong = r->wrong || r->cr;
    if (byte == '\r' && !r->cr) {
        r->cr = true;
        return 0;
    }
    if (byte == ' ' && r->at < VERSION) {
        r->at++;
        return 0;
    }
    if (byte <= ' ' || byte == 0x7f) /* a byte above 127 is a negative char */
        r->wrong = true;
    if (*length == MOST[r->at])
        return TOO_LONG[r->at];
    r->text[r->at][(*length)++] = byte;
    return 0;
}

/* Waits until the socket is ready for events. False at the deadline, and when it is to stop. */
static bool wait_for(int fd, short events, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - now_ms();
        if (left <= 0)
            return false;
        int ready = stop_wait(fd, events, (int)left);
        if (ready != 0)
            return ready == 1;
    }
}

/* Reads until a status is certain: 408 when the time is up, 0 when there is nobody to tell. */
static int read_line(int fd, struct request *r, int64_t deadline)
{
    char bytes[4096];

    while (wait_for(fd, POLLIN, deadline)) {
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got == 0 && r->begun)
            return 400;
        if (got <= 0)
            return 0;
        r->begun = true;
        for (ssize_t i = 0; i < got; i++) {
            int status = take_byte(r, bytes[i]);
            if (status != 0)
                return status;
        }
    }
    return stop_asked() ? 0 : 408;
}

static const char *phrase_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 408:
        return "Request Timeout";
    case 414:
        return "URI Too Long";
    case 501:
        return "Not Implemented";
    default:
        return "HTTP Version Not Supported";
    }
}

static bool send_answer(int fd, int status, const char *form, int64_t deadline)
{
    char text[256];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s%s",
                          status, phrase_of(status), *form == '\0' ? 0 : strlen(form) + 1, form,
                          *form == '\0' ? "" : "\n");

    for (size_t sent = 0; sent < (size_t)length;) {
        ssize_t n = send(fd, text + sent, (size_t)length - sent, MSG_NOSIGNAL);
        if (n == -1 && errno == EAGAIN && !wait_for(fd, POLLOUT, deadline))
            return false;
        if (n == -1 && errno != EAGAIN && errno != EINTR)
            return false;
        sent += n > 0 ? (size_t)n : 0;
    }
    return shutdown(fd, SHUT_WR) == 0;
}

/* A socket closed with bytes unread is reset, and a reset may overtake the answer. */
static void drain(int fd, int64_t deadline)
{
    char bytes[4096];
    ssize_t got = 1;

    while ((got > 0 || errno == EINTR || errno == EAGAIN) && wait_for(fd, POLLIN, deadline)) {
        got = recv(fd, bytes, sizeof bytes, 0);
        if (got == 0)
            return;
    }
}

static void serve(int fd, int limit)
{
    static struct request request;

    memset(&request, 0, sizeof request);
    int status = read_line(fd, &request, now_ms() + limit);
    if (status == 0)
        return;
    int64_t deadline = now_ms() + limit;
    if (send_answer(fd, status, status == 200 ? request.form : "", deadline))
        drain(fd, deadline);
}

int main(int argc, char **argv)
{
    struct error error;
    long port, limit;
    int listener, client;

    if (argc != 3 || !number_parse(argv[1], 0, 65535, &port) ||
        !number_parse(argv[2], 1, MS_MOST, &limit))
        die_usage("PORT MS");
    if (stop_hold(&error) == -1 || (listener = tcp_listen((uint16_t)port, &error)) == -1)
        die("%s", error.text);
    if (tcp_announce(listener, &error) == -1)
        die("%s", error.text);
    while ((client = tcp_accept(listener)) != -1) {
        serve(client, (int)limit);
        (void)close(client); /* what was sent is on its way */
    }
    (void)close(listener);
    return EXIT_SUCCESS;
}
