#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "testbed/service/service.h"

static const char HTML[] = "text/html; charset=utf-8";
static const char *crawl_delay;

void pages_set_delay(const char *seconds)
{
    crawl_delay = seconds;
}

static void answer_root(struct call *call)
{
    send_text(call, HTTP_OK, "text/plain", HELP);
}

static void answer_html(struct call *call)
{
    send_text(call, HTTP_OK, HTML,
              "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>A page</title></head>\n<body>\n"
              "<h1>A page with nothing special</h1>\n"
              "<p>It has a heading, two paragraphs and a <a href=\"/links/3/0\">link</a>.\n"
              "<p>Its letters are UTF-8: \xe2\x80\x9cna\xc3\xafve caf\xc3\xa9\xe2\x80\x9d.\n"
              "</body>\n</html>\n");
}

static void answer_json(struct call *call)
{
    send_json(call, HTTP_OK,
              json_pack("{s:{s:s, s:s, s:s, s:[{s:s, s:s}, {s:s, s:s, s:[s, s]}]}}", "slideshow",
                        "title", "Clients and servers", "date", "2026-01-01", "author", "workbook",
                        "slides", "title", "What a client sends", "type", "all", "title",
                        "What a server answers", "type", "all", "items", "a status", "a body"));
}

static void answer_xml(struct call *call)
{
    send_text(call, HTTP_OK, "application/xml",
              "<?xml version='1.0' encoding='us-ascii'?>\n"
              "<slideshow title=\"Clients and servers\" date=\"2026-01-01\" author=\"workbook\">\n"
              "  <slide type=\"all\">\n    <title>What a client sends</title>\n  </slide>\n"
              "  <slide type=\"all\">\n    <title>What a server answers</title>\n"
              "    <item>a <em>status</em></item>\n    <item/>\n"
              "    <item>a <em>body</em></item>\n  </slide>\n</slideshow>\n");
}

static void answer_form(struct call *call)
{
    send_text(call, HTTP_OK, HTML,
              "<!DOCTYPE html>\n<title>A form</title>\n<form method=\"post\" action=\"/post\">\n"
              "  <p><label>First name: <input type=\"text\" name=\"firstname\"></label>\n"
              "  <p><label>Last name: <input type=\"text\" name=\"lastname\"></label>\n"
              "  <p><input type=\"submit\" value=\"submit\">\n</form>\n");
}

static void answer_utf8(struct call *call)
{
    send_text(
        call, HTTP_OK, HTML,
        "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>UTF-8</title>\n<pre>\n"
        "1 byte   A\n2 bytes  \xc3\xa9 \xce\xb1 \xd0\x96\n"
        "3 bytes  \xe2\x82\xac \xe6\xbc\xa2 \xe0\xa4\x85\n4 bytes  \xf0\x9f\x99\x82\n</pre>\n");
}

/* What crawlers are asked. RFC 9309; Crawl-delay is older than it, and not in it. */
static void answer_robots(struct call *call)
{
    struct buffer text = {0};
    bool whole = buffer_print(&text, "User-agent: *\nDisallow: /deny\nDisallow: /private/\n") == 0;

    if (crawl_delay != NULL)
        whole = whole && buffer_print(&text, "Crawl-delay: %s\n", crawl_delay) == 0;
    whole = whole &&
            buffer_print(&text, "\nUser-agent: patient\nDisallow: /deny\nDisallow: /private/\n"
                                "Crawl-delay: 1\nRequest-rate: 1/1\n\nUser-agent: unwelcome\n"
                                "Disallow: /\n\nSitemap: ") == 0 &&
            call_absolute(call, "/sitemap.xml", &text) == 0 && buffer_add(&text, "\n", 1) == 0;
    if (whole)
        send_text(call, HTTP_OK, "text/plain", text.data);
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    buffer_free(&text);
}

static void answer_deny(struct call *call)
{
    send_text(call, HTTP_OK, "text/plain", "robots.txt asked you not to come here.\n");
}

static void answer_uuid(struct call *call)
{
    char hex[33];

    if (!random_hex(hex, 16)) {
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
        return;
    }
    hex[12] = '4'; /* RFC 9562 section 5.4: version and variant */
    hex[16] = "89ab"[(unsigned char)hex[16] & 3];
    send_json(call, HTTP_OK,
              json_pack("{s:o}", "uuid",
                        json_sprintf("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
                                     hex + 20)));
}

static void answer_base64(struct call *call)
{
    struct buffer text = {0};
    json_t *is_text = NULL;

    if (base64_decode(call->word[0], true, &text) == 0 &&
        (is_text = json_stringn(buffer_text(&text), text.length)) != NULL)
        http_answer(call->x, HTTP_OK, HTML, buffer_text(&text), text.length);
    else
        send_bad(call, "that is no base64 of UTF-8");
    json_decref(is_text);
    buffer_free(&text);
}

/* ---- links ---- */

static void answer_links(struct call *call)
{
    long n = call->number[0] < 1 ? 1 : call->number[0] > 200 ? 200 : call->number[0];
    struct buffer page = {0};
    bool whole = buffer_print(&page, "<html><head><title>Links</title></head><body>") == 0;

    for (long i = 0; i < n && whole; i++)
        whole = (i == call->number[1]
                     ? buffer_print(&page, "%ld ", i)
                     : buffer_print(&page, "<a href='/links/%ld/%ld'>%ld</a> ", n, i, i)) == 0;
    if (whole && buffer_print(&page, "</body></html>") == 0)
        send_text(call, HTTP_OK, HTML, page.data);
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    buffer_free(&page);
}

static void answer_links_first(struct call *call)
{
    char path[40];

    (void)snprintf(path, sizeof path, "/links/%ld/0", call->number[0]); /* it has room */
    send_redirect(call, HTTP_FOUND, path);
}

/* ---- an image ---- */

static void put_number(unsigned char *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(number >> (24 - 8 * i));
}

/* A chunk: length, kind, data, and a sum of kind and data. PNG specification, section 5.3. */
static int add_chunk(struct buffer *out, const char *kind, const unsigned char *data, size_t length)
{
    unsigned char number[4];
    uLong sum = crc32(crc32(0, (const Bytef *)kind, 4), data, (uInt)length);

    put_number(number, (uint32_t)length);
    if (buffer_add(out, number, 4) == -1 || buffer_add(out, kind, 4) == -1 ||
        buffer_add(out, data, length) == -1)
        return -1;
    put_number(number, (uint32_t)sum);
    return buffer_add(out, number, 4);
}

/* A chess board, 8 by 8, one byte a pixel; each row begins with the number of its filter. */
static void answer_png(struct call *call)
{
    static const unsigned char HEAD[] = {0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 0};
    unsigned char rows[8 * 9] = {0}, packed[256];
    uLongf size = sizeof packed;
    struct buffer image = {0};

    for (unsigned i = 0; i < 64; i++)
        rows[i / 8 * 9 + 1 + i % 8] = (i / 8 + i % 8) % 2 == 0 ? 255 : 0;
    if (compress(packed, &size, rows, sizeof rows) == Z_OK &&
        buffer_add(&image, "\x89PNG\r\n\x1a\n", 8) == 0 &&
        add_chunk(&image, "IHDR", HEAD, sizeof HEAD) == 0 &&
        add_chunk(&image, "IDAT", packed, size) == 0 &&
        add_chunk(&image, "IEND", (const unsigned char *)"", 0) == 0)
        http_answer(call->x, HTTP_OK, "image/png", image.data, image.length);
    else
        send_status(call, HTTP_INTERNAL_SERVER_ERROR);
    buffer_free(&image);
}

static void answer_svg(struct call *call)
{
    send_text(call, HTTP_OK, "image/svg+xml",
              "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\">"
              "<circle cx=\"4\" cy=\"4\" r=\"3\"/></svg>\n");
}

static void answer_image(struct call *call)
{
    const char *accept = call_header(call, "Accept");

    if (accept != NULL && strcasestr(accept, "image/svg+xml") != NULL)
        answer_svg(call);
    else if (accept == NULL || strcasestr(accept, "image/png") != NULL ||
             strcasestr(accept, "image/*") != NULL)
        answer_png(call);
    else
        send_code(call, HTTP_NOT_ACCEPTABLE);
}

const struct route PAGE_ROUTES[] = {{"GET", "/", answer_root},
                                    {"GET", "/html", answer_html},
                                    {"GET", "/json", answer_json},
                                    {"GET", "/xml", answer_xml},
                                    {"GET", "/forms/post", answer_form},
                                    {"GET", "/encoding/utf8", answer_utf8},
                                    {"GET", "/robots.txt", answer_robots},
                                    {"GET", "/deny", answer_deny},
                                    {"GET", "/uuid", answer_uuid},
                                    {"GET", "/base64/:", answer_base64},
                                    {"GET", "/links/#", answer_links_first},
                                    {"GET", "/links/#/#", answer_links},
                                    {"GET", "/image", answer_image},
                                    {"GET", "/image/png", answer_png},
                                    {"GET", "/image/svg", answer_svg},
                                    {NULL, NULL, NULL}};
