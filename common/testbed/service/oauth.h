/* What the two OAuth servers of the testbed share. */
#ifndef TESTBED_OAUTH_H
#define TESTBED_OAUTH_H

#include "testbed/service/service.h"

enum {
    OAUTH_SECRET = 41,     /* room for what oauth_random() writes */
    OAUTH_PRINT = 32,      /* bytes of a fingerprint */
    OAUTH_LONG = 512,      /* bytes of the longest URL to be sent back to */
    OAUTH_FORM = 64 * 1024 /* bytes of the longest form */
};

/*
 * Tokens are remembered by their SHA-256 alone: looking for one then tells nobody, by the time that
 * it takes, how much of a guess was right.
 */
struct oauth_print {
    unsigned char bytes[OAUTH_PRINT];
};
bool oauth_fingerprint(const char *text, struct oauth_print *print);
bool oauth_same(const struct oauth_print *a, const struct oauth_print *b);

/* Writes a token or secret that nobody can guess: 160 random bits. False without random bytes. */
bool oauth_random(char out[OAUTH_SECRET]);

/* Appends text with all but letters, digits and "-._~" as %XX. RFC 5849 section 3.6. */
int oauth_encode(const char *text, size_t length, struct buffer *out);

/* Appends name=value, coded, to a URL, behind "?" or "&". */
int oauth_add(struct buffer *url, const char *name, const char *value);

/* Whether the body is a form; then it is read, once, into out. False when an answer was sent. */
bool oauth_read_form(struct call *call, struct buffer *out, bool *is_form);

/* Where a client of this machine may have its user sent back to: http, a loopback host, any port.
 * RFC 8252 section 7.3. */
bool oauth_is_loopback(const char *url);

/* The page on which the user decides. Its form is posted to the URL that it came from. */
void oauth_ask_user(struct call *call, const char *client, const char *what);

/* What the user decided: 1 yes, 0 no, -1 that an answer was sent. */
int oauth_decision(struct call *call);

#endif
