/*
 * 4.15  Encodings
 *
 * Prints a page as UTF-8 while it comes, whatever compressed it and whatever charset it is in.
 *
 * Python:  Response.text, Response.encoding, Response.apparent_encoding
 * Usage:   15_encodings [--charset NAME] [--limit BYTES] [--raw] [--text] [URL]
 *          --charset: instead of what the header says. --limit: of what is unpacked. --raw: asks
 *          for no compression, and undoes none. --text: prints the text and nothing about it.
 * See:     CURLOPT_ACCEPT_ENCODING(3), iconv(3); RFC 9110 sections 8.3 and 8.4
 * Leaves out: the <meta charset> of HTML, and guesses among dozens of charsets.
 */
#include <errno.h>
#include <getopt.h>
#include <iconv.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/number.h"
#include "http/headers.h"
#include "requests/easy.h"
#include "requests/error.h"

enum { SAMPLE = 4096, LONGEST_NAME = 40 };
static const char USAGE[] = "[--charset NAME] [--limit BYTES] [--raw] [--text] [URL]";
static const char UNKNOWN[] = "\xEF\xBF\xBD"; /* U+FFFD, for what is no character */

struct wishes {
    const char *url, *charset;
    long limit;
    bool raw, text;
};

struct page {
    const struct wishes *wishes;
    CURL *curl;
    iconv_t converter;  /* (iconv_t)-1: not chosen yet, or no text */
    bool begun, chosen; /* the headers were looked at; the charset is known */
    bool full, failed;  /* more than the limit came; no memory */
    char bytes[SAMPLE]; /* not decoded: what is looked at, later the head of a character */
    size_t kept;
    long content, text, replaced; /* bytes, bytes, characters */
    char last;
};

/* ---- bytes to characters ---- */

static void write_text(struct page *page, const char *text, size_t length)
{
    if (length == 0)
        return;
    (void)fwrite(text, 1, length, stdout); /* finish() looks */
    page->text += (long)length;
    page->last = text[length - 1];
}

/* [decode] */
/* Decodes what is kept, but for a character whose end has not come. */
static void decode(struct page *page)
{
    char *from = page->bytes, text[SAMPLE];
    size_t left = page->kept;
    int problem = 0;

    while (left > 0 && problem != EINVAL) {
        char *to = text;
        size_t room = sizeof text;
        size_t result = iconv(page->converter, &from, &left, &to, &room);
        problem = result == (size_t)-1 ? errno : 0;
        write_text(page, text, sizeof text - room);
        if (problem == EILSEQ) { /* E2BIG: once more, with room */
            write_text(page, UNKNOWN, strlen(UNKNOWN));
            page->replaced++;
            from++;
            left--;
        }
    }
    memmove(page->bytes, from, left); /* it goes on in the next piece */
    page->kept = left;
}
/* [/decode] */

/* [end] */
/* The page ends. Was it in the middle of a character? */
static void decode_end(struct page *page)
{
    char text[64], *to = text;
    size_t room = sizeof text;

    if (page->kept > 0) {
        write_text(page, UNKNOWN, strlen(UNKNOWN));
        page->replaced++;
    }
    /* Some charsets hold a letter back, for an accent may follow it. */
    if (iconv(page->converter, NULL, NULL, &to, &room) != (size_t)-1)
        write_text(page, text, sizeof text - room);
}
/* [/end] */

/* ---- which charset? ---- */

static bool has_mark(const char *bytes, size_t length, const char *mark, size_t size)
{
    return length >= size && memcmp(bytes, mark, size) == 0;
}

/* [guess] */
/* Control characters that stand in no text: browsers look for them, too. */
static bool is_binary(const char *bytes, size_t length)
{
    static const char GOOD[] = {'\t', '\n', '\f', '\r', '\033'};

    for (size_t i = 0; i < length; i++) {
        bool control = (unsigned char)bytes[i] < ' ';
        if (control && memchr(GOOD, bytes[i], sizeof GOOD) == NULL)
            return true;
    }
    return false;
}

/* Unless it is all of the page, it may end within a character. */
static bool is_utf8(char *bytes, size_t length, bool whole)
{
    iconv_t converter = iconv_open("UTF-16LE", "UTF-8");
    char text[2 * SAMPLE], *to = text; /* a byte makes two at most */
    size_t room = sizeof text;

    if (converter == (iconv_t)-1)
        return false;
    size_t result = iconv(converter, &bytes, &length, &to, &room);
    bool cut = result == (size_t)-1 && errno == EINVAL;
    (void)iconv_close(converter); /* it frees memory */
    return result != (size_t)-1 || (cut && !whole);
}

/* What they look like; NULL: no text. *mark: so many are no part of it. */
static const char *guess(char *bytes, size_t length, bool all, size_t *mark)
{
    *mark = 0;
    if (has_mark(bytes, length, "\xEF\xBB\xBF", 3)) {
        *mark = 3;
        return "UTF-8";
    }
    if (has_mark(bytes, length, "\xFF\xFE\0\0", 4))
        return "UTF-32"; /* iconv takes this mark off */
    if (has_mark(bytes, length, "\xFF\xFE", 2))
        return "UTF-16"; /* and this one */
    if (has_mark(bytes, length, "\xFE\xFF", 2))
        return "UTF-16";
    if (is_binary(bytes, length))
        return NULL;
    return is_utf8(bytes, length, all) ? "UTF-8" : "WINDOWS-1252";
}
/* [/guess] */

/* [open] */
/* iconv_open() takes "" for the locale, and "//IGNORE" for an order. */
static bool open_charset(struct page *page, const char *name)
{
    static const char GOOD[] = "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";
    size_t length = strlen(name);

    if (length == 0 || length > LONGEST_NAME || strspn(name, GOOD) < length)
        return false;
    page->converter = iconv_open("UTF-8", name);
    page->chosen = page->converter != (iconv_t)-1;
    return page->chosen;
}
/* [/open] */

static const char *header(CURL *curl, const char *name)
{
    struct curl_header *found;

    return curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value
                                                                                  : "none";
}

static void show(const struct page *page, const char *charset, const char *why)
{
    if (!page->wishes->text)
        printf("charset: %s, %s\n", charset, why);
}

/* [begin] */
/* Before the first byte: does anybody say which charset it is? */
static void begin(struct page *page)
{
    const char *type = header(page->curl, "Content-Type");
    struct buffer said = {0};

    page->begun = true;
    if (!page->wishes->text)
        printf("Content-Encoding: %s\nContent-Type: %s\n", header(page->curl, "Content-Encoding"),
               type);
    if (page->wishes->charset != NULL) {
        if (open_charset(page, page->wishes->charset))
            show(page, page->wishes->charset, "as you wish");
    } else if (http_parameter(type, "charset", &said) == 1) {
        if (open_charset(page, buffer_text(&said)))
            show(page, buffer_text(&said), "says the header");
    }
    buffer_free(&said);
}

/* Nobody did, or nobody knows that name: then the first bytes have to tell. */
static void choose(struct page *page, bool whole)
{
    size_t mark;
    const char *name = guess(page->bytes, page->kept, whole, &mark);

    page->chosen = true;
    page->kept -= mark;
    memmove(page->bytes, page->bytes + mark, page->kept);
    if (name == NULL)
        show(page, "none", "it is no text");
    else if (open_charset(page, name))
        show(page, name, "from its looks");
    else
        page->failed = true;
}
/* [/begin] */

/* ---- the transfer ---- */

/* [body] */
static size_t on_body(char *bytes, size_t size, size_t count, void *to)
{
    struct page *page = to;
    size_t length = size * count, done = 0;

    if ((long)length > page->wishes->limit - page->content) {
        page->full = true; /* of unpacked bytes: on the wire were fewer */
        return CURL_WRITEFUNC_ERROR;
    }
    page->content += (long)length;
    if (!page->begun)
        begin(page);
    while (done < length && !page->failed) {
        size_t piece = sizeof page->bytes - page->kept;
        if (piece > length - done)
            piece = length - done;
        memcpy(page->bytes + page->kept, bytes + done, piece);
        page->kept += piece;
        done += piece;
        if (!page->chosen && page->kept == sizeof page->bytes)
            choose(page, false);
        if (page->converter != (iconv_t)-1)
            decode(page);
        else if (page->chosen)
            page->kept = 0; /* no text */
    }
    return page->failed ? CURL_WRITEFUNC_ERROR : length;
}
/* [/body] */

static void finish_page(struct page *page)
{
    if (!page->begun)
        begin(page); /* there was no body */
    if (!page->chosen)
        choose(page, true);
    if (page->converter == (iconv_t)-1)
        return;
    decode(page);
    decode_end(page);
    if (!page->wishes->text && page->text > 0 && page->last != '\n')
        printf("\n");
}

static CURLcode show_sizes(const struct page *page)
{
    CURLcode code = CURLE_OK;
    curl_off_t came = 0;

    easy_get(code, page->curl, CURLINFO_SIZE_DOWNLOAD_T, &came);
    if (code == CURLE_OK && !page->wishes->text)
        printf("%lld bytes came, %ld unpacked, %ld of text, %ld replaced\n", (long long)came,
               page->content, page->text, page->replaced);
    return code;
}

static CURLcode prepare(struct page *page, char *words)
{
    CURL *curl = page->curl;
    CURLcode code = CURLE_OK;

    easy_set(code, curl, CURLOPT_ERRORBUFFER, words);
    easy_set(code, curl, CURLOPT_URL, page->wishes->url);
    easy_set(code, curl, CURLOPT_PROTOCOLS_STR, "http,https");
    easy_set(code, curl, CURLOPT_CONNECTTIMEOUT, 10L);
    easy_set(code, curl, CURLOPT_TIMEOUT, 60L);
    if (!page->wishes->raw)
        easy_set(code, curl, CURLOPT_ACCEPT_ENCODING, ""); /* all that this libcurl can undo */
    easy_set(code, curl, CURLOPT_WRITEFUNCTION, on_body);
    easy_set(code, curl, CURLOPT_WRITEDATA, page);
    return code;
}

static void show_failure(const struct page *page, CURLcode code, const char *words)
{
    struct requests_error error = {0};

    (void)requests_error_from(&error, code, page->curl, words);
    if (page->full)
        (void)requests_error_set(&error, REQUESTS_TOO_LARGE, "more than %ld bytes",
                                 page->wishes->limit);
    if (page->failed)
        (void)requests_error_set(&error, REQUESTS_NO_MEMORY, "no memory to decode it");
    report("%s: %s: %s", page->wishes->url, requests_failure_name(error.failure), error.text);
}

static int get(const struct wishes *wishes)
{
    char words[CURL_ERROR_SIZE] = "";
    struct page page = {.wishes = wishes, .converter = (iconv_t)-1, .curl = curl_easy_init()};

    if (page.curl == NULL)
        die("no memory for a handle");
    CURLcode code = prepare(&page, words);
    if (code == CURLE_OK)
        code = curl_easy_perform(page.curl);
    if (code == CURLE_OK)
        finish_page(&page);
    if (code == CURLE_OK && page.failed)
        code = CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        code = show_sizes(&page);
    if (code != CURLE_OK)
        show_failure(&page, code, words);
    if (page.converter != (iconv_t)-1)
        (void)iconv_close(page.converter); /* it frees memory */
    curl_easy_cleanup(page.curl);
    return code == CURLE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"charset", required_argument, NULL, 'c'},
                                            {"limit", required_argument, NULL, 'l'},
                                            {"raw", no_argument, NULL, 'r'},
                                            {"text", no_argument, NULL, 't'},
                                            {0}};
    struct wishes wishes = {.url = "http://localhost:10000/encoding/utf8", .limit = 1 << 20};
    int option;

    while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1) {
        if (option == 'c')
            wishes.charset = optarg;
        else if (option == 'r')
            wishes.raw = true;
        else if (option == 't')
            wishes.text = true;
        else if (option != 'l' || !number_parse(optarg, 0, INT_MAX, &wishes.limit))
            die_usage(USAGE);
    }
    if (argc - optind > 1)
        die_usage(USAGE);
    if (optind < argc)
        wishes.url = argv[optind];
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        die("libcurl: %s", curl_easy_strerror(code));
    int status = get(&wishes);
    curl_global_cleanup();
    finish(status);
}
