/*
 * Forms: what a browser sends when somebody pressed a button, read field by field as it comes. No
 * value is ever held whole: a file of 4 GiB takes no more memory than an empty one.
 *
 * Python: urllib.parse.parse_qsl() and urlencode(); for multipart/form-data email.message, or the
 * cgi.FieldStorage that Python had until 3.12. Source: the URL standard of WHATWG, section
 * application/x-www-form-urlencoded; RFC 7578 (multipart/form-data), RFC 2046 section 5.1.
 */
#ifndef HTTP_FORMS_H
#define HTTP_FORMS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buffer.h"
#include "http/headers.h"

enum {
    HTTP_FORM_FIELDS = 1000, /* fields of a form, at most */
    HTTP_FORM_HEAD = 8192    /* bytes of a field's name, or of all header lines of a part */
};

/* What http_form_read() found. A field is one FIELD, any number of DATA, one FIELD_END. */
enum http_form_event {
    HTTP_FORM_ERROR = -1, /* refusal and error are set; call it no more */
    HTTP_FORM_MORE = 0,   /* all of data was used: call again with what comes next */
    HTTP_FORM_FIELD = 1,  /* a field begins: name, filename and type are set */
    HTTP_FORM_DATA = 2,   /* *piece and *size: the next bytes of its value, at least one */
    HTTP_FORM_FIELD_END = 3,
    HTTP_FORM_END = 4
};

/* A form that is being read. All zero before http_form_begin(). */
struct http_form {
    /* The field at hand; valid until the next one begins. What stands here is the sender's word:
     * a file name may be "../../etc/passwd", and a type need not be the truth. */
    const char *name;
    const char *filename;        /* NULL for a field that is no file; "" when none was chosen */
    const char *type;            /* of a part: its Content-Type, or "text/plain" */
    struct http_headers headers; /* of a part */

    /* After HTTP_FORM_ERROR or a failed http_form_begin(): */
    int refusal;       /* 400, 413, 415, or 500 when memory is short */
    const char *error; /* a phrase: "a part without a name" */

    /* Its own. */
    int stage;
    size_t fields;
    struct buffer text;        /* the name, or the header lines, so far */
    struct buffer title, file; /* what name and filename point to */
    struct buffer delimiter;   /* CR LF "--" boundary */
    size_t matched;            /* bytes of the delimiter that came last */
    size_t borrowed;           /* those of them that belong to the line before the value */
    int escape;                /* digits still due behind a percent sign */
    char byte;
};

/*
 * Begins a form of the type that a request's Content-Type tells; NULL when it has none. Returns 0,
 * or -1 with refusal and error: 415 for another type, 400 for a multipart type whose boundary is
 * missing or malformed. Call http_form_free() in either case.
 */
int http_form_begin(struct http_form *form, const char *content_type);

/*
 * Reads on from length bytes at data, which may be cut anywhere. last says that the body ends with
 * them. *used of them were taken: call again with the rest, until HTTP_FORM_MORE, HTTP_FORM_END or
 * HTTP_FORM_ERROR. A piece lies in data or in form, and is valid until the next call. A form that
 * breaks off is an error, but an urlencoded one has no end of its own: the body's framing tells.
 */
enum http_form_event http_form_read(struct http_form *form, const char *data, size_t length,
                                    bool last, size_t *used, const char **piece, size_t *size);

/* Frees what form holds and makes it all zero. */
void http_form_free(struct http_form *form);

/*
 * Appends a field to an urlencoded form, behind '&' unless out is empty. Returns 0, or -1 when
 * memory is short. Python: urlencode({name: value}).
 */
int http_form_add(struct buffer *out, const char *name, const char *value);

#endif
