#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "testbed/service/service.h"

static const char TEAPOT[] = "\n       ___\n    __/   \\__  _\n   /         \\/ /\n"
                             "  (   short    /\n   \\  stout  _/\n    \\_______/\n\n";

/* What a status needs beside its number: that of RFC 9110, and what httpbin adds. */
static void send_bare(struct call *call, int status)
{
    static const char REALM[] = "Basic realm=\"Fake Realm\"";
    const char *text = "";

    switch (status) {
    case HTTP_MOVED_PERMANENTLY:
    case HTTP_FOUND:
    case HTTP_SEE_OTHER:
    case HTTP_USE_PROXY:
    case HTTP_TEMPORARY_REDIRECT:
    case HTTP_PERMANENT_REDIRECT:
        http_add_header(call->x, "Location", "/redirect/1");
        break;
    case HTTP_UNAUTHORIZED:
        http_add_header(call->x, "WWW-Authenticate", REALM);
        break;
    case HTTP_PROXY_AUTHENTICATION_REQUIRED:
        http_add_header(call->x, "Proxy-Authenticate", REALM);
        break;
    case HTTP_PAYMENT_REQUIRED:
        http_add_header(call->x, "X-More-Info",
                        "https://www.rfc-editor.org/rfc/rfc9110#status.402");
        text = "That costs something.\n";
        break;
    case 418:
        http_add_header(call->x, "X-More-Info", "https://www.rfc-editor.org/rfc/rfc2324");
        text = TEAPOT;
        break;
    default:
        break;
    }
    send_text(call, status, text[0] != '\0' ? "text/plain" : "text/html; charset=utf-8", text);
}

void send_code(struct call *call, int status)
{
    if (status == HTTP_NOT_ACCEPTABLE)
        send_json(call, status,
                  json_pack("{s:s, s:[s, s, s]}", "message",
                            "Client did not request a supported media type.", "accept", "image/png",
                            "image/svg+xml", "image/*"));
    else
        send_bare(call, status);
}

/* A choice of the list, "200:3,500" for instance: 500 comes once in four times. */
struct choice {
    long code;
    double weight;
};

static bool read_choice(char *text, struct choice *choice)
{
    char *colon = strchr(text, ':'), *end = NULL;

    choice->weight = 1;
    if (colon != NULL) {
        *colon = '\0';
        choice->weight = strtod(colon + 1, &end);
        if (end == colon + 1 || *end != '\0' || !(choice->weight >= 0 && choice->weight < 1e9))
            return false;
    }
    return number_parse(text, 200, 999, &choice->code);
}

static int choose(const struct choice *choices, size_t count)
{
    double sum = 0;
    uint32_t random = 0;
    size_t i = 0;

    for (size_t k = 0; k < count; k++)
        sum += choices[k].weight;
    if (RAND_bytes((unsigned char *)&random, sizeof random) != 1)
        random = 0;
    double left = sum * random / 4294967296.0;
    while (i + 1 < count && left >= choices[i].weight)
        left -= choices[i++].weight;
    return (int)choices[i].code;
}

static void answer_status(struct call *call)
{
    struct choice choices[100];
    size_t count = 0;
    char *list = strdup(call->word[0]), *rest, *one;
    bool good = list != NULL;

    for (rest = list; good && (one = strsep(&rest, ",")) != NULL; count++)
        good = count < sizeof choices / sizeof *choices && read_choice(one, &choices[count]);
    free(list);
    if (good)
        send_code(call, choose(choices, count));
    else
        send_bad(call, "Invalid status code");
}

const struct route STATUS_ROUTES[] = {
    {"GET POST PUT DELETE PATCH TRACE", "/status/:", answer_status}, {NULL, NULL, NULL}};
