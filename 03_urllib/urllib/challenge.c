/* What a 401 or 407 asks for: WWW-Authenticate and Proxy-Authenticate. RFC 9110 section 11.6. */
#include <string.h>

#include "urllib/internal.h"

static const char *const names[URL_PARAMETERS] = {"realm", "nonce",     "opaque",
                                                  "qop",   "algorithm", "stale"};

static size_t token_length(const char *text, size_t length)
{
    size_t n = 0;

    while (n < length && http_is_token(text + n, 1))
        n++;
    return n;
}

static size_t blanks(const char *text, size_t length)
{
    size_t n = 0;

    while (n < length && (text[n] == ' ' || text[n] == '\t'))
        n++;
    return n;
}

/* How long the scheme is that a member begins with, "Digest" in 'Digest realm="x"'; 0 for none. */
static size_t scheme_length(const char *member, size_t length)
{
    size_t name = token_length(member, length);
    size_t gap = blanks(member + name, length - name);

    if (name == 0 || (name + gap < length && (gap == 0 || member[name + gap] == '=')))
        return 0;
    return name;
}

/* Appends a value, its quotes and backslashes taken off. Returns 0, or -1 when memory is short. */
static int unquote(const char *text, size_t length, struct buffer *out)
{
    if (length == 0 || text[0] != '"')
        return buffer_add(out, text, length);
    int result = buffer_add(out, "", 0); /* it may be empty */
    for (size_t i = 1; i < length && text[i] != '"' && result == 0; i++) {
        if (text[i] == '\\' && i + 1 < length)
            i++;
        result = buffer_add(out, text + i, 1);
    }
    return result;
}

/* Takes 'name = value', if it is that. Returns 0, or -1 when memory is short. */
static int take_parameter(struct url_challenge *challenge, const char *text, size_t length)
{
    size_t name = token_length(text, length), at = name + blanks(text + name, length - name);

    if (at == length || text[at] != '=')
        return 0;
    at++;
    at += blanks(text + at, length - at);
    for (int p = 0; p < URL_PARAMETERS; p++) {
        if (challenge->has[p] || !http_same_text(text, name, names[p], strlen(names[p])))
            continue;
        challenge->has[p] = true;
        return unquote(text + at, length - at, &challenge->values[p]);
    }
    return 0;
}

void url_challenge_free(struct url_challenge *challenge)
{
    buffer_free(&challenge->scheme);
    for (int p = 0; p < URL_PARAMETERS; p++)
        buffer_free(&challenge->values[p]);
    memset(challenge->has, 0, sizeof challenge->has);
}

/*
 * Commas stand between challenges, and between the parameters of one: only a member that begins
 * with a word and a blank, or is a word alone, begins another.
 */
/* [next] */
int url_challenge_next(const char **at, struct url_challenge *challenge)
{
    const char *member, *behind = *at;
    size_t length;
    bool begun = false;

    url_challenge_free(challenge);
    for (; http_list_next(&behind, &member, &length); *at = behind) {
        size_t scheme = scheme_length(member, length);
        if (scheme > 0 && begun)
            return 1; /* *at is still in front of it */
        if (scheme > 0) {
            begun = true;
            if (buffer_add(&challenge->scheme, member, scheme) == -1)
                return -1;
            scheme += blanks(member + scheme, length - scheme);
        }
        if (begun && take_parameter(challenge, member + scheme, length - scheme) == -1)
            return -1;
    }
    *at = behind;
    return begun ? 1 : 0;
}
/* [/next] */
