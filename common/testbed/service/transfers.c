/*
 * Large bodies, which httpbin has not. /upload takes one of any size, holds no more than a piece of
 * it, and says what came: bytes, SHA-256, and the same of each part of a multipart body.
 * /bomb/N is N zeros in gzip: a thousandth of that on the wire.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <zlib.h>

#include "http/forms.h"
#include "testbed/service/service.h"

enum { BLOCK = 65536, MOST = 1 << 30, PARTS_MOST = 100, HEX_SIZE = 2 * EVP_MAX_MD_SIZE + 1 };

/* Bytes, counted and hashed. */
struct sum {
    EVP_MD_CTX *hash;
    json_int_t size;
};

static bool sum_begin(struct sum *sum)
{
    if (sum->hash == NULL)
        sum->hash = EVP_MD_CTX_new();
    sum->size = 0;
    return sum->hash != NULL && EVP_DigestInit_ex(sum->hash, EVP_sha256(), NULL) == 1;
}

static bool sum_add(struct sum *sum, const void *bytes, size_t length)
{
    sum->size += (json_int_t)length;
    return EVP_DigestUpdate(sum->hash, bytes, length) == 1;
}

/* Puts size and sha256 into object. */
static bool sum_end(struct sum *sum, json_t *object)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[HEX_SIZE] = "";
    unsigned length = 0;

    if (EVP_DigestFinal_ex(sum->hash, digest, &length) != 1)
        return false;
    for (unsigned i = 0; i < length; i++)
        (void)snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]); /* two digits */
    return json_object_set_new(object, "size", json_integer(sum->size)) == 0 &&
           json_object_set_new(object, "sha256", json_string(hex)) == 0;
}

/* ---- /upload ---- */

struct upload {
    struct sum whole, part;
    struct http_form form; /* of a multipart body */
    bool in_parts, ended;
    json_t *parts, *answer;
    int refusal; /* a status, when the parts cannot be told */
};

/* The part at hand has ended. A name need not be UTF-8. */
static bool keep_part(struct upload *up)
{
    json_t *part = json_object();
    const char *file = up->form.filename;

    return part != NULL && sum_end(&up->part, part) &&
           json_object_set_new(part, "name", text_json(up->form.name, strlen(up->form.name))) ==
               0 &&
           json_object_set_new(part, "filename",
                               file != NULL ? text_json(file, strlen(file)) : json_null()) == 0 &&
           json_object_set_new(part, "type", json_string(up->form.type)) == 0 &&
           json_array_append_new(up->parts, part) == 0;
}

/* Takes the next bytes of a multipart body. False, and perhaps a refusal, when that went wrong. */
static bool take_parts(struct upload *up, const char *data, size_t length, bool last)
{
    enum http_form_event event = HTTP_FORM_FIELD;
    const char *piece;
    size_t used, size;
    bool good = true;

    while (good && !up->ended && event != HTTP_FORM_MORE) {
        event = http_form_read(&up->form, data, length, last, &used, &piece, &size);
        data += used;
        length -= used;
        if (event == HTTP_FORM_ERROR)
            up->refusal = up->form.refusal;
        if (event == HTTP_FORM_FIELD)
            good = json_array_size(up->parts) < PARTS_MOST && sum_begin(&up->part);
        else if (event == HTTP_FORM_DATA)
            good = sum_add(&up->part, piece, size);
        else if (event == HTTP_FORM_FIELD_END)
            good = keep_part(up);
        else
            good = event != HTTP_FORM_ERROR;
        up->ended = event == HTTP_FORM_END; /* what follows is no part */
    }
    return good;
}

/* Ends the connection by a reset. After a mere shutdown() a client that still sends would wait for
 * room in our buffer. connect(2): AF_UNSPEC dissolves what there is. */
static void reset(struct call *call)
{
    int fd = http_stream_fd(http_exchange_stream(call->x));
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    if (connect(fd, &nobody, sizeof nobody) == -1)
        call_cut(call);
}

/* Reads the body, up to cut bytes if that is not negative. False when there is to be no answer but
 * a refusal, or none at all. */
static bool take_body(struct call *call, struct upload *up, long cut)
{
    char block[BLOCK];
    ssize_t n;

    while ((n = http_read_body(call->x, block, sizeof block)) > 0) {
        if (!sum_add(&up->whole, block, (size_t)n) ||
            (up->in_parts && !take_parts(up, block, (size_t)n, false)))
            return false;
        if (cut >= 0 && up->whole.size >= cut)
            break;
    }
    if (cut >= 0) {
        reset(call);
        return false;
    }
    return n == 0 && (!up->in_parts || take_parts(up, "", 0, true));
}

static bool make_answer(struct call *call, struct upload *up)
{
    const char *expect = call_header(call, "Expect");

    return sum_end(&up->whole, up->answer) &&
           json_object_set_new(up->answer, "method", json_string(call->method)) == 0 &&
           json_object_set_new(up->answer, "expect",
                               expect != NULL ? text_json_latin1(expect) : json_null()) == 0 &&
           json_object_set_new(
               up->answer, "framing",
               json_string(call_header(call, "Content-Length") != NULL ? "length" : "chunked")) ==
               0 &&
           json_object_set(up->answer, "parts", up->parts) == 0;
}

static void answer_upload(struct call *call)
{
    struct upload up = {.parts = json_array(), .answer = json_object()};
    const char *type = call_header(call, "Content-Type");
    long most, cut;

    if (call_arg_integer(call, "most", 0, INT64_MAX, (long)2 * MOST, &most) &&
        call_arg_integer(call, "cut", 0, INT64_MAX, -1, &cut)) {
        call->x->body_limit = (uint64_t)most; /* beyond it http_read_body() makes it 413 */
        up.in_parts = type != NULL && strncmp(type, "multipart/form-data", 19) == 0 &&
                      http_form_begin(&up.form, type) == 0;
        if (up.parts != NULL && up.answer != NULL && sum_begin(&up.whole) &&
            take_body(call, &up, cut) && make_answer(call, &up)) {
            send_json(call, HTTP_OK, json_incref(up.answer));
        } else if (up.refusal != 0) {
            send_status(call, up.refusal);
        }
    }
    json_decref(up.parts);
    json_decref(up.answer);
    http_form_free(&up.form);
    EVP_MD_CTX_free(up.whole.hash);
    EVP_MD_CTX_free(up.part.hash);
}

/* ---- /bomb ---- */

/* Sends what deflate() makes of the input at hand. False when it cannot go on. */
static bool send_deflated(struct call *call, z_stream *stream, int flush)
{
    unsigned char out[BLOCK];
    int result;

    do {
        stream->next_out = out;
        stream->avail_out = sizeof out;
        result = deflate(stream, flush);
        http_send_body(call->x, out, sizeof out - stream->avail_out);
    } while (result == Z_OK && stream->avail_out == 0);
    return (result == Z_OK || result == Z_BUF_ERROR) && !http_exchange_failed(call->x);
}

static void answer_bomb(struct call *call)
{
    unsigned char zeros[BLOCK] = {0};
    z_stream stream = {0};
    long left = call->number[0];

    if (left > MOST) {
        send_bad(call, "a bomb has 1 GiB at most");
        return;
    }
    /* 16 more for the window make it gzip. */
    if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    http_send_response(call->x, HTTP_OK);
    http_send_header(call->x, "Content-Type", "text/plain; charset=utf-8");
    http_send_header(call->x, "Content-Encoding", "gzip");
    http_end_headers(call->x);
    bool good = true;
    for (long n; left > 0 && good; left -= n) {
        n = left < BLOCK ? left : BLOCK;
        stream.next_in = zeros;
        stream.avail_in = (uInt)n;
        good = send_deflated(call, &stream, Z_NO_FLUSH);
    }
    if (good)
        (void)send_deflated(call, &stream, Z_FINISH); /* what is amiss closes the connection */
    (void)deflateEnd(&stream);                        /* what it says has been seen */
}

const struct route TRANSFER_ROUTES[] = {
    {"POST PUT", "/upload", answer_upload}, {"GET", "/bomb/#", answer_bomb}, {NULL, NULL, NULL}};
