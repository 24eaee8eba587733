#include <brotli/encode.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "testbed/service/service.h"

/* Packs data with zlib. window is 15 for the zlib format, which is what HTTP calls deflate, and 16
 * more for gzip. zlib.h, deflateInit2(). */
static int pack(const char *data, size_t length, int window, struct buffer *out)
{
    z_stream stream = {.next_in = (z_const Bytef *)data, .avail_in = (uInt)length};

    if (deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return -1;
    uLong most = deflateBound(&stream, (uLong)length);
    int result = buffer_reserve(out, most) == 0 ? Z_OK : Z_MEM_ERROR;
    if (result == Z_OK) {
        stream.next_out = (Bytef *)out->data;
        stream.avail_out = (uInt)most;
        result = deflate(&stream, Z_FINISH);
        out->length = most - stream.avail_out;
    }
    (void)deflateEnd(&stream); /* what it says has been seen */
    return result == Z_STREAM_END ? 0 : -1;
}

static int pack_brotli(const char *data, size_t length, struct buffer *out)
{
    size_t size = BrotliEncoderMaxCompressedSize(length);

    if (size == 0 || buffer_reserve(out, size) == -1 ||
        BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, length,
                              (const uint8_t *)data, &size, (uint8_t *)out->data) != BROTLI_TRUE)
        return -1;
    out->length = size;
    return 0;
}

/* Whether the client asked for it or not, as httpbin does: this is for trying clients. */
static void send_packed(struct call *call, const char *key, const char *coding, int window)
{
    json_t *object = echo_make(call, ECHO_HEADERS | ECHO_ORIGIN | ECHO_METHOD);
    struct buffer out = {0};
    char *text = NULL;

    if (object != NULL && json_object_set_new(object, key, json_true()) == 0)
        text = json_dumps(object, JSON_INDENT(2) | JSON_SORT_KEYS);
    json_decref(object);
    if (text != NULL && (window > 0 ? pack(text, strlen(text), window, &out)
                                    : pack_brotli(text, strlen(text), &out)) == 0) {
        http_add_header(call->x, "Content-Encoding", coding);
        http_answer(call->x, HTTP_OK, "application/json", out.data, out.length);
    } else {
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    }
    free(text);
    buffer_free(&out);
}

static void answer_gzip(struct call *call)
{
    send_packed(call, "gzipped", "gzip", 15 + 16);
}

static void answer_deflate(struct call *call)
{
    send_packed(call, "deflated", "deflate", 15);
}

static void answer_brotli(struct call *call)
{
    send_packed(call, "brotli", "br", 0);
}

const struct route COMPRESS_ROUTES[] = {{"GET", "/gzip", answer_gzip},
                                        {"GET", "/deflate", answer_deflate},
                                        {"GET", "/brotli", answer_brotli},
                                        {NULL, NULL, NULL}};
