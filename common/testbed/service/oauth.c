/* What the two OAuth servers share: random tokens, fingerprints, coding, and the user's page. */
#include "testbed/service/oauth.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

bool oauth_fingerprint(const char *text, struct oauth_print *print)
{
    return EVP_Digest(text, strlen(text), print->bytes, NULL, EVP_sha256(), NULL) == 1;
}

bool oauth_same(const struct oauth_print *a, const struct oauth_print *b)
{
    return CRYPTO_memcmp(a->bytes, b->bytes, OAUTH_PRINT) == 0;
}

bool oauth_random(char out[OAUTH_SECRET])
{
    return random_hex(out, (OAUTH_SECRET - 1) / 2);
}

int oauth_encode(const char *text, size_t length, struct buffer *out)
{
    int result = 0;

    for (size_t i = 0; i < length && result == 0; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 128 && (isalnum(c) || (c != '\0' && strchr("-._~", c) != NULL)))
            result = buffer_add(out, text + i, 1);
        else
            result = buffer_print(out, "%%%02X", c);
    }
    return result;
}

int oauth_add(struct buffer *url, const char *name, const char *value)
{
    const char *behind = strchr(buffer_text(url), '?') != NULL ? "&" : "?";

    if (buffer_print(url, "%s%s=", behind, name) == -1)
        return -1;
    return oauth_encode(value, strlen(value), url);
}

bool oauth_read_form(struct call *call, struct buffer *out, bool *is_form)
{
    static const char FORM[] = "application/x-www-form-urlencoded";
    const char *type = call_header(call, "Content-Type");
    size_t length = strlen(FORM);

    *is_form = type != NULL && strncasecmp(type, FORM, length) == 0 &&
               (type[length] == '\0' || strchr("; \t", type[length]) != NULL);
    call->x->body_limit = OAUTH_FORM;
    return !*is_form || http_read_whole(call->x, out) == 0;
}

bool oauth_is_loopback(const char *url)
{
    static const char *const HOSTS[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};

    for (size_t i = 0; i < sizeof HOSTS / sizeof *HOSTS; i++) {
        size_t length = strlen(HOSTS[i]);
        if (strncmp(url, HOSTS[i], length) != 0)
            continue;
        const char *rest = url + length;
        if (*rest == ':')
            rest += 1 + strspn(rest + 1, "0123456789");
        return (*rest == '\0' || *rest == '/' || *rest == '?') && strchr(rest, '#') == NULL &&
               strlen(url) < OAUTH_LONG && http_is_value(url, strlen(url));
    }
    return false;
}

void oauth_ask_user(struct call *call, const char *client, const char *what)
{
    struct buffer page = {0};

    if (buffer_print(&page, "<!DOCTYPE html>\n<title>May it?</title>\n<p>Ada, may ") == 0 &&
        html_escape(client, &page) == 0 && buffer_print(&page, " use your account: ") == 0 &&
        html_escape(what, &page) == 0 &&
        buffer_print(&page, "?\n<form method=\"post\">\n"
                            "<button name=\"decision\" value=\"approve\">Yes</button>\n"
                            "<button name=\"decision\" value=\"deny\">No</button>\n</form>\n") == 0)
        send_text(call, HTTP_OK, "text/html; charset=utf-8", page.data);
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    buffer_free(&page);
}

int oauth_decision(struct call *call)
{
    struct buffer body = {0};
    json_t *fields = json_object();
    bool is_form;
    int decision = -1;

    if (fields != NULL && oauth_read_form(call, &body, &is_form)) {
        const char *text = NULL;
        if (is_form && query_read(fields, buffer_text(&body), body.length))
            text = json_string_value(json_object_get(fields, "decision"));
        decision = text == NULL                   ? -1
                   : strcmp(text, "approve") == 0 ? 1
                   : strcmp(text, "deny") == 0    ? 0
                                                  : -1;
        if (decision == -1)
            send_bad(call, "decision");
    }
    json_decref(fields);
    buffer_free(&body);
    return decision;
}
