#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

#include "testbed/service/service.h"

/* What follows the scheme in Authorization, or NULL when that is another one. */
static const char *credentials(const struct call *call, const char *scheme)
{
    const char *field = call_header(call, "Authorization");
    size_t length = strlen(scheme);

    if (field == NULL || strncasecmp(field, scheme, length) != 0 || field[length] != ' ')
        return NULL;
    return field + length + strspn(field + length, " ");
}

/* RFC 7617: the base64 of user:password. A user's name has no colon, a password may. */
static bool is_let_in(const struct call *call)
{
    const char *sent = credentials(call, "Basic"), *colon;
    struct buffer pair = {0};
    bool good = false;

    if (sent != NULL && base64_decode(sent, false, &pair) == 0 &&
        strlen(buffer_text(&pair)) == pair.length && (colon = strchr(pair.data, ':')) != NULL) {
        pair.data[colon - pair.data] = '\0';
        bool user = same_secret(pair.data, call->word[0]);
        good = same_secret(pair.data + strlen(pair.data) + 1, call->word[1]) && user;
    }
    OPENSSL_cleanse(pair.data, pair.length);
    buffer_free(&pair);
    return good;
}

static void send_welcome(struct call *call)
{
    send_json(call, HTTP_OK,
              json_pack("{s:b, s:o}", "authenticated", 1, "user",
                        text_json(call->word[0], strlen(call->word[0]))));
}

static void answer_basic(struct call *call)
{
    if (is_let_in(call)) {
        send_welcome(call);
        return;
    }
    http_add_header(call->x, "WWW-Authenticate", "Basic realm=\"Fake Realm\"");
    send_text(call, HTTP_UNAUTHORIZED, "text/html; charset=utf-8", "");
}

/* Nobody is told that there is something to log in to. */
static void answer_hidden(struct call *call)
{
    if (is_let_in(call))
        send_welcome(call);
    else
        send_text(call, HTTP_NOT_FOUND, "text/html; charset=utf-8", "");
}

static void answer_bearer(struct call *call)
{
    const char *token = credentials(call, "Bearer");

    if (token != NULL && token[0] != '\0') {
        send_json(call, HTTP_OK,
                  json_pack("{s:b, s:o}", "authenticated", 1, "token", text_json_latin1(token)));
        return;
    }
    http_add_header(call->x, "WWW-Authenticate", "Bearer");
    send_text(call, HTTP_UNAUTHORIZED, "text/html; charset=utf-8", "");
}

const struct route AUTH_ROUTES[] = {{"GET", "/basic-auth/:/:", answer_basic},
                                    {"GET", "/hidden-basic-auth/:/:", answer_hidden},
                                    {"GET", "/bearer", answer_bearer},
                                    {"GET", "/digest-auth/:/:/:", digest_auth},
                                    {"GET", "/digest-auth/:/:/:/:", digest_auth},
                                    {"GET", "/digest-auth/:/:/:/:/:", digest_auth},
                                    {NULL, NULL, NULL}};
