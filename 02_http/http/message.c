#include "http/message.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "http/status.h"

const struct http_limits HTTP_LIMITS = {.line = 8000, .fields = 100, .head = 65536};

enum {
    LONGEST_METHOD = 32,
    VERSION = 8,     /* bytes of "HTTP/1.1" */
    EMPTY_LINES = 8, /* in front of a request, at most */
};

enum stage { FIRST_LINE, FIELDS, COMPLETE, FAILED };

static void begin(struct http_head *head, enum http_kind kind, const struct http_limits *limits)
{
    *head = (struct http_head){.kind = kind, .limits = limits != NULL ? *limits : HTTP_LIMITS};
}

void http_head_request(struct http_head *head, const struct http_limits *limits)
{
    begin(head, HTTP_REQUEST, limits);
}

void http_head_response(struct http_head *head, const char *method,
                        const struct http_limits *limits)
{
    begin(head, HTTP_RESPONSE, limits);
    head->to_head = strcmp(method, "HEAD") == 0;
    head->to_connect = strcmp(method, "CONNECT") == 0;
}

void http_head_reset(struct http_head *head)
{
    struct http_headers headers = head->headers;
    bool to_head = head->to_head, to_connect = head->to_connect;

    http_headers_clear(&headers);
    begin(head, head->kind,
          &(struct http_limits){head->limits.line, head->limits.fields, head->limits.head});
    head->headers = headers;
    head->to_head = to_head;
    head->to_connect = to_connect;
}

void http_head_free(struct http_head *head)
{
    http_headers_free(&head->headers);
}

/* Notes why it is refused. Always false. */
static bool refuse(struct http_head *head, int status, const char *error)
{
    head->refusal = head->kind == HTTP_REQUEST || status == HTTP_INTERNAL_SERVER_ERROR
                        ? status
                        : HTTP_BAD_GATEWAY;
    head->error = error;
    head->too_much = status == HTTP_URI_TOO_LONG || status == HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- the first line -------------------------------------------------------------------------- */

static bool take_version(struct http_head *head, const char *text)
{
    if (memcmp(text, "HTTP/", 5) != 0 || !is_digit(text[5]) || text[6] != '.' || !is_digit(text[7]))
        return refuse(head, HTTP_BAD_REQUEST, "a malformed version");
    if (text[5] != '1')
        return refuse(head, HTTP_VERSION_NOT_SUPPORTED, "a version other than HTTP/1");
    head->version = text[7] == '0' ? 10 : 11; /* a later 1.x is understood as 1.1: RFC 9110 2.5 */
    return true;
}

/* What may stand in a name of a host: RFC 3986 section 3.2.2, unreserved, sub-delims and "%". */
static bool is_host_byte(char c)
{
    return is_letter(c) || is_digit(c) || (c != '\0' && strchr("-._~!$&'()*+,;=%", c) != NULL);
}

/* Whether it is a host, and a port behind it or not. It may be empty. RFC 9110 section 7.2. */
static bool is_authority(const char *text, size_t length, bool with_port)
{
    size_t i = 0;

    if (length > 0 && text[0] == '[') { /* an IPv6 address */
        for (i = 1; i < length && text[i] != ']'; i++)
            if (!is_host_byte(text[i]) && text[i] != ':')
                return false;
        if (i == length || i == 1)
            return false;
        i++;
    } else {
        while (i < length && is_host_byte(text[i]))
            i++;
    }
    if (i == length)
        return !with_port;
    if (text[i] != ':' || i == 0 || (with_port && i + 1 == length))
        return false;
    for (i++; i < length; i++)
        if (!is_digit(text[i]))
            return false;
    return true;
}

/* Whether it is scheme "://" authority and perhaps more, without a user. RFC 9112 3.2.2. */
static bool is_absolute(const char *text, size_t length)
{
    size_t i = 1, end;

    if (!is_letter(text[0]))
        return false;
    while (i < length && (is_letter(text[i]) || is_digit(text[i]) || text[i] == '+' ||
                          text[i] == '-' || text[i] == '.'))
        i++;
    if (length - i <= 3 || memcmp(text + i, "://", 3) != 0)
        return false;
    for (i += 3, end = i; end < length && text[end] != '/' && text[end] != '?'; end++)
        ;
    return end > i && is_authority(text + i, end - i, false);
}

/* The four forms of a target, RFC 9112 section 3.2. */
static const char *wrong_target(const char *method, size_t method_length, const char *target,
                                size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (target[i] <= ' ' || target[i] > '~') /* char may be signed: that is fine here */
            return "a byte that no target may hold";
        if (target[i] == '#')
            return "a fragment in the target";
    }
    if (method_length == 7 && memcmp(method, "CONNECT", 7) == 0)
        return is_authority(target, length, true) ? NULL : "CONNECT without host and port";
    if (length == 1 && target[0] == '*')
        return method_length == 7 && memcmp(method, "OPTIONS", 7) == 0
                   ? NULL
                   : "an asterisk as target of another method than OPTIONS";
    if (target[0] != '/' && !is_absolute(target, length))
        return "a target that is neither a path nor a URL";
    return NULL;
}

/*
 * Judges a request line, or as much as is there of one that is too long, which it refuses. Exactly
 * one blank separates its three parts: whoever accepts more sees another target than others.
 */
static bool take_request_line(struct http_head *head, const char *line, size_t length)
{
    const char *blank = memchr(line, ' ', length), *next;
    size_t method = blank != NULL ? (size_t)(blank - line) : length, target;

    if (!http_is_token(line, method))
        return refuse(head, HTTP_BAD_REQUEST, "a method that is no token");
    if (method > LONGEST_METHOD)
        return refuse(head, HTTP_NOT_IMPLEMENTED, "a method that is too long");
    if (blank == NULL)
        return refuse(head, HTTP_BAD_REQUEST, "a request line without a target");
    blank++;
    next = memchr(blank, ' ', length - method - 1);
    target = next != NULL ? (size_t)(next - blank) : length - method - 1;
    if (target > head->limits.line)
        return refuse(head, HTTP_URI_TOO_LONG, "a target that is too long");
    if (target == 0)
        return refuse(head, HTTP_BAD_REQUEST,
                      next != NULL ? "two blanks in a row" : "a request line without a target");
    const char *wrong = wrong_target(line, method, blank, target);
    if (wrong != NULL)
        return refuse(head, HTTP_BAD_REQUEST, wrong);
    if (next == NULL)
        return refuse(head, HTTP_BAD_REQUEST, "a request line without a version");
    next++;
    if ((size_t)(line + length - next) != VERSION) /* too long a line always has more */
        return refuse(head, HTTP_BAD_REQUEST, "a malformed version");
    head->first_at = head->line;
    head->first_end = head->first_at + method;
    head->second_at = head->first_end + 1;
    head->second_end = head->second_at + target;
    return take_version(head, next);
}

static bool take_status_line(struct http_head *head, const char *line, size_t length)
{
    if (length < VERSION + 4 || line[VERSION] != ' ')
        return refuse(head, 0, "a malformed status line");
    if (!take_version(head, line))
        return false;
    const char *code = line + VERSION + 1;
    /* Some leave out the blank where no phrase follows, which tells nobody anything else. */
    if (!is_digit(code[0]) || code[0] == '0' || !is_digit(code[1]) || !is_digit(code[2]) ||
        (length > VERSION + 4 && code[3] != ' '))
        return refuse(head, 0, "a malformed status");
    head->status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
    size_t phrase = length > VERSION + 4 ? VERSION + 5 : length;
    if (!http_is_value(line + phrase, length - phrase))
        return refuse(head, 0, "a control character in the status line");
    head->first_at = head->line + phrase;
    head->first_end = head->line + length;
    return true;
}

/* ---- what the fields say --------------------------------------------------------------------- */

/* Digits and nothing else, below 2^63, and the same if there are several. */
static bool take_length(struct http_head *head, const struct http_field *field, bool *seen)
{
    uint64_t number = 0;

    if (field->value_length == 0)
        return refuse(head, HTTP_BAD_REQUEST, "a Content-Length that is no number");
    for (const char *c = field->value; *c != '\0'; c++) {
        if (!is_digit(*c))
            return refuse(head, HTTP_BAD_REQUEST, "a Content-Length that is no number");
        uint64_t digit = (uint64_t)(*c - '0');
        if (number > (INT64_MAX - digit) / 10)
            return refuse(head, HTTP_BAD_REQUEST, "a Content-Length that is too large");
        number = number * 10 + digit;
    }
    if (*seen && number != head->content_length)
        return refuse(head, HTTP_BAD_REQUEST, "Content-Length twice, and not the same");
    *seen = true;
    head->content_length = number;
    return true;
}

/* The one coding that is understood here is chunked, and it must be the last. */
static bool take_codings(struct http_head *head)
{
    size_t position = 0, length, codings = 0, chunked = 0;
    const char *value, *member;
    bool last = false;

    while ((value = http_headers_next(&head->headers, "Transfer-Encoding", &position)) != NULL) {
        while (http_list_next(&value, &member, &length)) {
            last = http_same_text(member, length, "chunked", 7);
            chunked += last;
            codings++;
        }
    }
    if (!last)
        return refuse(head, HTTP_BAD_REQUEST, "a Transfer-Encoding that does not end in chunked");
    if (chunked > 1)
        return refuse(head, HTTP_BAD_REQUEST, "chunked twice");
    if (codings > 1)
        return refuse(head, HTTP_NOT_IMPLEMENTED, "a transfer coding that is not known");
    return true;
}

/* What the fields of a head say that its framing depends on. */
struct seen {
    bool length, codings, close, keep_alive, expect;
    size_t hosts;
};

static bool take_field(struct http_head *head, const struct http_field *field, struct seen *seen)
{
#define IS(literal) http_same_text(field->name, field->name_length, literal, sizeof(literal) - 1)
    switch (field->name_length) { /* most fields differ from all of these in that already */
    case 4:
        if (IS("Host") && head->kind == HTTP_REQUEST) {
            seen->hosts++;
            if (!is_authority(field->value, field->value_length, false))
                return refuse(head, HTTP_BAD_REQUEST, "a malformed Host");
        }
        break;
    case 6:
        if (IS("Expect"))
            seen->expect = http_same_text(field->value, field->value_length, "100-continue", 12);
        break;
    case 10:
        if (IS("Connection")) {
            const char *at = field->value, *member;
            size_t length;

            while (http_list_next(&at, &member, &length)) {
                seen->close |= http_same_text(member, length, "close", 5);
                seen->keep_alive |= http_same_text(member, length, "keep-alive", 10);
            }
        }
        break;
    case 14:
        if (IS("Content-Length"))
            return take_length(head, field, &seen->length);
        break;
    case 17:
        seen->codings |= IS("Transfer-Encoding");
        break;
    default:
        break;
    }
#undef IS
    return true;
}

/* RFC 9112 section 6.3, and stricter where it leaves a choice. */
static bool take_framing(struct http_head *head, const struct seen *seen)
{
    bool response = head->kind == HTTP_RESPONSE;

    if (seen->codings && seen->length)
        return refuse(head, HTTP_BAD_REQUEST, "both Content-Length and Transfer-Encoding");
    if (seen->codings && head->version == 10)
        return refuse(head, HTTP_BAD_REQUEST, "a Transfer-Encoding in HTTP/1.0");
    if (seen->codings && !take_codings(head))
        return false;
    if (response && (head->to_head || http_status_is_bodyless(head->status) ||
                     (head->to_connect && http_status_class(head->status) == 2)))
        head->framing = HTTP_NO_BODY;
    else if (seen->codings)
        head->framing = HTTP_CHUNKED;
    else if (seen->length)
        head->framing = HTTP_LENGTH;
    else
        head->framing = response ? HTTP_UNTIL_CLOSE : HTTP_NO_BODY;
    return true;
}

/* The head is whole: its lines become texts, and it is seen what they mean together. */
static bool take_meaning(struct http_head *head)
{
    struct seen seen = {0};

    for (size_t i = 0; i < head->headers.count; i++)
        if (!take_field(head, &head->headers.fields[i], &seen))
            return false;
    if (head->kind == HTTP_REQUEST && seen.hosts > 1)
        return refuse(head, HTTP_BAD_REQUEST, "more than one Host");
    if (head->kind == HTTP_REQUEST && seen.hosts == 0 && head->version == 11)
        return refuse(head, HTTP_BAD_REQUEST, "no Host");
    if (!take_framing(head, &seen))
        return false;
    head->keep_alive = !seen.close && (head->version == 11 || seen.keep_alive) &&
                       head->framing != HTTP_UNTIL_CLOSE;
    head->expects_continue = seen.expect && head->kind == HTTP_REQUEST && head->version == 11 &&
                             head->framing != HTTP_NO_BODY;
    return true;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Makes texts of what lies at first_at and second_at. */
static void set_first_line(struct http_head *head, char *data)
{
    data[head->first_end] = '\0';
    if (head->kind == HTTP_RESPONSE) {
        head->reason = data + head->first_at;
        return;
    }
    data[head->second_end] = '\0';
    head->method = data + head->first_at;
    head->target = data + head->second_at;
}

/* Only now is anything written into data: until here it could be moved, and parsed anew.
 */
static bool complete(struct http_head *head, char *data)
{
    head->length = head->line;
    head->headers.count = head->fields;
    for (size_t i = 0; i < head->fields; i++) {
        struct http_field *field = &head->headers.fields[i];

        field->name = data + field->name_at;
        field->value = data + field->value_at;
        data[field->name - data + (ptrdiff_t)field->name_length] = '\0';
        data[field->value - data + (ptrdiff_t)field->value_length] = '\0';
    }
    set_first_line(head, data);
    return take_meaning(head);
}

static bool take_first_line(struct http_head *head, const char *line, size_t length)
{
    if (head->kind == HTTP_REQUEST ? !take_request_line(head, line, length)
                                   : !take_status_line(head, line, length))
        return false;
    head->stage = FIELDS;
    return true;
}

static bool take_field_line(struct http_head *head, const char *line, size_t length)
{
    struct http_field field;

    if (head->fields == head->limits.fields)
        return refuse(head, HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "too many fields");
    const char *wrong = http_field_split(line, length, &field);
    if (wrong != NULL)
        return refuse(head, HTTP_BAD_REQUEST, wrong);
    field.name_at += head->line;
    field.value_at += head->line;
    head->headers.count = head->fields;
    if (http_headers_append(&head->headers, &field) == -1)
        return refuse(head, HTTP_INTERNAL_SERVER_ERROR, "out of memory");
    head->headers.count = 0; /* nothing of it is to be seen before the end */
    head->fields++;
    return true;
}

/* How long the line at hand may be, with its end. */
static size_t longest_line(const struct http_head *head)
{
    if (head->stage == FIELDS) /* the empty line behind the fields does not count */
        return head->fields_at + head->limits.head + 2 - head->line;
    if (head->kind == HTTP_RESPONSE)
        return head->limits.line + 2;
    return LONGEST_METHOD + 1 + head->limits.line + 1 + VERSION + 2;
}

/* The line at hand goes on and on. line is as much of it as may be. */
static bool refuse_long_line(struct http_head *head, const char *line, size_t length)
{
    if (head->stage == FIELDS)
        return refuse(head, HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "fields that are too long");
    if (head->kind == HTTP_RESPONSE)
        return refuse(head, HTTP_URI_TOO_LONG, "a status line that is too long");
    return take_request_line(head, line, length);
}

/* Takes the line at hand, length bytes up to its LF; next is where the next begins. */
static bool take_line(struct http_head *head, char *data, size_t length, size_t next)
{
    const char *line = data + head->line;

    if (length == 0 || line[--length] != '\r')
        return refuse(head, HTTP_BAD_REQUEST, "a line that does not end in CR LF");
    if (head->stage == FIRST_LINE) {
        if (length == 0 && head->kind == HTTP_REQUEST) /* left over from the message before */
            return head->line / 2 < EMPTY_LINES ||
                   refuse(head, HTTP_BAD_REQUEST, "too many empty lines");
        head->fields_at = next;
        return take_first_line(head, line, length);
    }
    if (length == 0) {
        head->stage = COMPLETE;
        head->line = next;
        return complete(head, data);
    }
    if (next - head->fields_at > head->limits.head)
        return refuse(head, HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "fields that are too long");
    return take_field_line(head, line, length);
}

static enum http_result fail(struct http_head *head, char *data)
{
    if (head->kind == HTTP_REQUEST && head->stage != FIRST_LINE)
        set_first_line(head, data); /* for whoever writes down what was refused */
    head->headers.count = 0;
    head->stage = FAILED;
    return HTTP_ERROR;
}

enum http_result http_head_parse(struct http_head *head, char *data, size_t length)
{
    if (data == NULL) /* a buffer into which nothing was read so far */
        return HTTP_PARTIAL;
    /* [parse] */
    while (head->stage < COMPLETE) {
        size_t most = longest_line(head), there = length - head->line;
        size_t window = there < most ? there : most;
        const char *line = data + head->line, *from = line + head->scanned;
        const char *end = memchr(from, '\n', window - head->scanned);

        if (end == NULL && there < most) {
            head->scanned = window; /* go on from here when there is more */
            return HTTP_PARTIAL;
        }
        if (end == NULL) {
            (void)refuse_long_line(head, line, window); /* it always refuses */
            return fail(head, data);
        }
        size_t next = (size_t)(end + 1 - data);
        if (!take_line(head, data, (size_t)(end - line), next))
            return fail(head, data);
        head->line = next;
        head->scanned = 0;
    }
    return head->stage == COMPLETE ? HTTP_COMPLETE : HTTP_ERROR;
    /* [/parse] */
}

/* ---- bodies ---------------------------------------------------------------------------------- */

void http_body_begin(struct http_body *body, const struct http_head *head)
{
    *body = (struct http_body){.framing = head->framing};
    if (head->framing == HTTP_LENGTH)
        body->left = head->content_length;
}

enum http_result http_body_read(struct http_body *body, const char *data, size_t length,
                                size_t *used, const char **piece, size_t *size)
{
    *used = 0;
    *piece = data;
    *size = 0;
    if (body->framing == HTTP_NO_BODY)
        return HTTP_COMPLETE;
    if (body->framing == HTTP_CHUNKED) {
        enum http_result result =
            http_chunked_decode(&body->chunked, data, length, used, piece, size);
        body->error = body->chunked.error;
        return result;
    }
    *used = length;
    if (body->framing == HTTP_LENGTH) {
        if (*used > body->left)
            *used = (size_t)body->left;
        body->left -= *used;
    }
    *size = *used;
    return body->framing == HTTP_LENGTH && body->left == 0 ? HTTP_COMPLETE : HTTP_PARTIAL;
}

bool http_body_may_end(const struct http_body *body)
{
    switch (body->framing) {
    case HTTP_LENGTH:
        return body->left == 0;
    case HTTP_CHUNKED:
        return http_chunked_is_complete(&body->chunked);
    default:
        return true;
    }
}

void http_body_free(struct http_body *body)
{
    http_chunked_free(&body->chunked);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int out_of_memory(void)
{
    errno = ENOMEM;
    return -1;
}

static int write_fields(struct buffer *out, const struct http_headers *headers)
{
    if ((headers != NULL && http_headers_write(headers, out) == -1) ||
        buffer_add(out, "\r\n", 2) == -1)
        return out_of_memory();
    return 0;
}

int http_write_request(struct buffer *out, const char *method, const char *target,
                       const struct http_headers *headers)
{
    size_t length = strlen(method);

    if (!http_is_token(method, length) || target[0] == '\0' ||
        wrong_target(method, length, target, strlen(target)) != NULL) {
        errno = EINVAL;
        return -1;
    }
    if (buffer_print(out, "%s %s HTTP/1.1\r\n", method, target) == -1)
        return out_of_memory();
    return write_fields(out, headers);
}

int http_write_response(struct buffer *out, int status, const char *reason,
                        const struct http_headers *headers)
{
    if (reason == NULL)
        reason = http_status_phrase(status);
    if (reason == NULL)
        reason = "";
    if (status < 100 || status > 999 || !http_is_value(reason, strlen(reason))) {
        errno = EINVAL;
        return -1;
    }
    if (buffer_print(out, "HTTP/1.1 %d %s\r\n", status, reason) == -1)
        return out_of_memory();
    return write_fields(out, headers);
}
