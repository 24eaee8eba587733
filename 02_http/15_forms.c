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

static int folder;          /* where files go */
static atomic_long uploads; /* how many came; the workers share it */

/* What is known of the field at hand. */
struct field {
    struct http_form form;
    struct buffer answer;
    FILE *file;    /* that it is written to, or NULL */
    char name[32]; /* of this file */
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

/* Adds text that a stranger chose to the answer: the beginning of it, and no controls. */
static int show(struct buffer *answer, const char *text, size_t length)
{
    for (size_t i = 0; i < length && i < SHOWN; i++) {
        unsigned char c = (unsigned char)text[i];
        if (buffer_print(answer, c < ' ' || c == 127 ? "\\x%02x" : "%c", c) == -1)
            return -1;
    }
    return 0;
}

/* The name on disk is ours. The sender's is shown, and no more. */
static int open_upload(struct field *field)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd;

    do {
        long number = atomic_fetch_add(&uploads, 1) + 1;
        (void)snprintf(field->name, sizeof field->name, "upload-%ld", number);
        fd = openat(folder, field->name, flags, 0600);
    } while (fd == -1 && errno == EEXIST);
    field->file = fd != -1 ? fdopen(fd, "wb") : NULL;
    if (fd != -1 && field->file == NULL) { /* no memory */
        (void)close(fd);
        (void)unlinkat(folder, field->name, 0);
    }
    return field->file != NULL ? 0 : -1;
}

/* Half a file is none: it is removed. Returns 0 when a whole one has been written. */
static int close_upload(struct field *field, bool whole)
{
    int failed = fclose(field->file);

    field->file = NULL;
    if (whole && failed == 0)
        return 0;
    (void)unlinkat(folder, field->name, 0); /* if it stays, its name tells what it is */
    return -1;
}

/* Returns 0, or -1 when this machine cannot keep what came. */
static int on_event(struct field *field, enum http_form_event event, const char *piece, size_t size)
{
    const char *name = field->form.name, *sent_as = field->form.filename;
    struct buffer *answer = &field->answer;

    switch (event) {
    case HTTP_FORM_FIELD:
        field->length = 0;
        if (show(answer, name, strlen(name)) == -1 || (sent_as != NULL && open_upload(field) == -1))
            return -1;
        return buffer_print(answer, ": ");
    case HTTP_FORM_DATA:
        field->length += size;
        if (field->file != NULL)
            return fwrite(piece, 1, size, field->file) == size ? 0 : -1;
        return field->length - size < SHOWN ? show(answer, piece, size) : 0;
    case HTTP_FORM_FIELD_END:
        if (field->file == NULL)
            return buffer_print(answer, " (%zu bytes)\n", field->length);
        if (close_upload(field, true) == -1 ||
            buffer_print(answer, "%zu bytes in %s, sent as \"", field->length, field->name) == -1 ||
            show(answer, sent_as, strlen(sent_as)) == -1)
            return -1;
        return buffer_print(answer, "\"\n");
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
            if (on_event(field, event, piece, size) == -1)
                return HTTP_INSUFFICIENT_STORAGE;
            if (event == HTTP_FORM_MORE || event == HTTP_FORM_END)
                break;
        }
    } while (n > 0);
    return HTTP_OK;
}

static void do_post(struct http_exchange *x)
{
    struct field field = {0};
    const char *type = http_headers_get(&x->request->headers, "Content-Type");
    int status;

    x->body_limit = UPLOAD;
    if (http_form_begin(&field.form, type) == -1)
        status = field.form.refusal;
    else
        status = read_form(x, &field);
    if (field.file != NULL) /* it broke off within a file */
        (void)close_upload(&field, false);
    if (status == HTTP_OK)
        http_answer(x, HTTP_OK, "text/plain; charset=utf-8", buffer_text(&field.answer),
                    field.answer.length);
    else if (status != 0)
        http_send_error(x, status, field.form.error);
    buffer_free(&field.answer);
    http_form_free(&field.form);
}

int main(int argc, char **argv)
{
    static const struct http_handler handlers[] = {
        {"GET", do_get}, {"POST", do_post}, {NULL, NULL}};
    struct http_server_options options = HTTP_SERVER_DEFAULTS;
    struct error error;
    long port;

    if (argc != 3 || !number_parse(argv[1], 0, UINT16_MAX, &port))
        die_usage("PORT FOLDER");
    folder = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder == -1)
        die_errno("%s", argv[2]);
    options.handlers = handlers;
    options.workers = 16; /* one is busy as long as its client sends */
    int listener = tcp_listen((uint16_t)port, &error);
    if (listener == -1 || stop_hold(&error) == -1 || tcp_announce(listener, &error) == -1 ||
        http_serve(listener, &options, &error) == -1)
        die("%s", error.text);
    (void)close(folder);
    finish(EXIT_SUCCESS);
}
