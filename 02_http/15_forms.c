/*
 * 2.15  Forms
 *
 * Shows a form, reads what is sent back field by field, and writes files to disk as they arrive.
 *
 * Python:  urllib.parse.parse_qsl(); email.message for multipart (cgi.FieldStorage until 3.12)
 * Usage:   15_forms PORT FOLDER
 * See:     RFC 7578, RFC 2046 section 5.1.1, RFC 9110 section 8.3.3
 * Leaves out: who may send, and from which page (lessons 2.13 and 2.16).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/number.h"
#include "core/stop.h"
#include "core/tcp.h"
#include "http/forms.h"
#include "http/server.h"

enum { UPLOAD = 1 << 30, SHOWN = 60 }; /* bytes: of a request, and of a value in the answer */

struct uploads {
    int folder;
    atomic_long count; /* the workers share it */
};

/* What is known of the field at hand. */
struct field {
    struct http_form form;
    struct buffer answer;
    char name[32]; /* of the file that it is written to */
    int fd;        /* that file, or -1 */
    size_t length;
};

static const char PAGE[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<title>Forms</title>\n</head>\n<body>\n"
    "<form method=\"post\">\n"
    "<p><input name=\"who\"> <input name=\"what\"> <button>Send</button></p>\n</form>\n"
    "<form method=\"post\" enctype=\"multipart/form-data\">\n"
    "<p><input name=\"note\"> <input type=\"file\" name=\"file\" multiple>\n"
    "<button>Upload</button></p>\n</form>\n</body>\n</html>\n";

static void do_get(struct http_exchange *x)
{
    http_answer(x, HTTP_OK, "text/html; charset=utf-8", PAGE, sizeof PAGE - 1);
}

/* Adds text that a stranger chose to the answer, which is plain text: no controls, not much of it.
 */
static int show(struct buffer *answer, const char *text, size_t length)
{
    int failed = 0;

    for (size_t i = 0; i < length && failed == 0; i++)
        failed = (unsigned char)text[i] < ' ' || text[i] == 127
                     ? buffer_print(answer, "\\x%02x", (unsigned char)text[i])
                     : buffer_add(answer, text + i, 1);
    return failed;
}

static size_t at_most(size_t length)
{
    return length < SHOWN ? length : SHOWN;
}

/* The name on disk is ours. The sender's is shown, and no more. */
static int open_upload(struct field *field, struct uploads *uploads)
{
    do {
        (void)snprintf(field->name, sizeof field->name, "upload-%ld",
                       atomic_fetch_add(&uploads->count, 1) + 1);
        field->fd = openat(uploads->folder, field->name,
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    } while (field->fd == -1 && errno == EEXIST);
    return field->fd == -1 ? -1 : 0;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, data, length);
        if (n == -1 && errno != EINTR)
            return -1;
        data += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Returns 0, or -1 when this machine cannot keep what came. */
static int on_event(struct field *field, enum http_form_event event, const char *piece, size_t size,
                    struct uploads *uploads)
{
    struct http_form *form = &field->form;
    struct buffer *answer = &field->answer;
    int failed = 0;

    switch (event) {
    case HTTP_FORM_FIELD:
        field->length = 0;
        failed = show(answer, form->name, at_most(strlen(form->name)));
        if (form->filename != NULL && failed == 0)
            failed = open_upload(field, uploads);
        return failed == 0 ? buffer_add(answer, ": ", 2) : -1;
    case HTTP_FORM_DATA:
        if (field->fd != -1)
            failed = write_all(field->fd, piece, size);
        else if (field->length < SHOWN)
            failed = show(answer, piece, at_most(size));
        field->length += size;
        return failed;
    case HTTP_FORM_FIELD_END:
        if (field->fd == -1)
            return buffer_print(answer, " (%zu bytes)\n", field->length);
        failed = close(field->fd);
        field->fd = -1;
        if (failed == 0)
            failed =
                buffer_print(answer, "%zu bytes in %s, sent as \"", field->length, field->name);
        if (failed == 0)
            failed = show(answer, form->filename, at_most(strlen(form->filename)));
        return failed == 0 ? buffer_add(answer, "\"\n", 2) : -1;
    default:
        return 0;
    }
}

/* The body in blocks of 16 KiB, each through the reader of forms as it comes. */
static int read_form(struct http_exchange *x, struct field *field)
{
    char block[16384];
    const char *piece;
    size_t used, size;
    ssize_t n;

    do {
        n = http_read_body(x, block, sizeof block);
        if (n == -1)
            return 0; /* too large, broken off or too slow: the server answers */
        for (size_t at = 0;; at += used) {
            enum http_form_event event = http_form_read(&field->form, block + at, (size_t)n - at,
                                                        n == 0, &used, &piece, &size);
            if (event == HTTP_FORM_ERROR)
                return field->form.refusal;
            if (on_event(field, event, piece, size, x->context) == -1)
                return HTTP_INSUFFICIENT_STORAGE;
            if (event == HTTP_FORM_MORE || event == HTTP_FORM_END)
                break;
        }
    } while (n > 0);
    return HTTP_OK;
}

static void do_post(struct http_exchange *x)
{
    const struct uploads *uploads = x->context;
    struct field field = {.fd = -1};
    const char *type = http_headers_get(&x->request->headers, "Content-Type");
    int status;

    x->body_limit = UPLOAD;
    if (http_form_begin(&field.form, type) == -1)
        status = field.form.refusal;
    else
        status = read_form(x, &field);
    if (status == HTTP_OK)
        http_answer(x, HTTP_OK, "text/plain; charset=utf-8", buffer_text(&field.answer),
                    field.answer.length);
    else if (status != 0)
        http_send_error(x, status, field.form.error);
    if (field.fd != -1) { /* half a file is none */
        (void)close(field.fd);
        (void)unlinkat(uploads->folder, field.name, 0);
    }
    buffer_free(&field.answer);
    http_form_free(&field.form);
}

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {
        {"GET", do_get}, {"POST", do_post}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct uploads uploads = {.folder = -1};
    struct error error;
    long port;

    if (argc != 3 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT FOLDER");
    uploads.folder = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (uploads.folder == -1)
        die_errno("%s", argv[2]);
    options.handlers = handlers;
    options.context = &uploads;
    options.workers = 16; /* one is busy as long as its client sends */
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    (void)close(uploads.folder);
    finish(EXIT_SUCCESS);
}
