#include "wire/ladder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "wire/message.h"

/*
 *      0.0 ms  1 |--- connect ----------------->|  remark
 *    `-- time --'`tag   `------ inner ------'
 */
enum {
    WIDEST = 42,   /* columns between the rails: a longer arrow is no clearer */
    NARROWEST = 8, /* room for "--- 6 B " */
    SHOWN_FIRST = 3,
    SHOWN_RUN = 8, /* a longer run of data one way is told by its first ones and a sum */
    PIECE = 4,     /* bytes of a small piece */
    FEW_PIECES = 3 /* so many small pieces stand apart; more are drawn as one */
};

struct drawing {
    struct messages messages;
    struct buffer joined; /* the bytes of pieces that are drawn as one */
    const struct ladder_options *options;
    uint64_t start_ns;
    size_t columns;
    size_t time;    /* columns of the time, its blanks included */
    size_t tag;     /* columns of the conversation's number, or 0 */
    size_t indent;  /* before the left rail, all told */
    size_t inner;   /* between the rails */
    size_t remarks; /* behind the right rail, with the blanks before it */
};

/* ---- what is drawn ----------------------------------------------------------------------------
 */

static bool goes_on(const struct message *first, const struct message *next)
{
    return next->data && next->out == first->out && next->conversation == first->conversation &&
           !next->stopped && strcmp(next->remark, "never read") != 0;
}

static bool is_small(const struct message *message)
{
    return message->data && !message->stopped && message->bytes <= PIECE &&
           message->head_length == message->bytes && message->remark[0] == '\0';
}

/*
 * Small pieces one way, one behind the other, become one message with the bytes of all: more than
 * most of them. Their bytes stand in joined, whose memory must not move any more.
 */
static void join_pieces(struct messages *messages, struct buffer *joined, size_t most)
{
    size_t kept = 0, count = messages->count;

    for (size_t i = 0, run; i < count; i += run) {
        const struct message *first = &messages->list[i];
        for (run = 1; is_small(first) && i + run < count && is_small(first + run) &&
                      goes_on(first, first + run);)
            run++;
        struct message one = *first;
        if (run > most && !messages->conversations[one.conversation].datagrams) {
            one.pieces = (unsigned)run;
            one.head = (const uint8_t *)joined->data + joined->length;
            one.bytes = 0;
            for (size_t j = 0; j < run; j++) {
                memcpy(joined->data + joined->length, first[j].head, first[j].head_length);
                joined->length += first[j].head_length;
                one.bytes += first[j].bytes;
            }
            one.head_length = (size_t)one.bytes;
            messages->list[kept++] = one;
        } else {
            memmove(&messages->list[kept], first, run * sizeof *first);
            kept += run;
        }
    }
    messages->count = kept;
}

/* Joins many small pieces; where the ladder would be too long, few as well. */
static int join(struct drawing *d)
{
    size_t lines = d->options->lines > 0 ? (size_t)d->options->lines : SIZE_MAX;

    /* Room for all of them at once: heads point into it. */
    if (buffer_reserve(&d->joined, d->messages.count * PIECE + 1) == -1)
        return -1;
    join_pieces(&d->messages, &d->joined, d->messages.count < lines ? FEW_PIECES : 1);
    return 0;
}

/* A long run of data one way becomes its first messages and one that stands for the rest. */
static void condense(struct messages *messages)
{
    size_t kept = 0, count = messages->count;

    for (size_t i = 0; i < count;) {
        size_t run = 1;
        while (messages->list[i].data && i + run < count &&
               goes_on(&messages->list[i], &messages->list[i + run]))
            run++;
        size_t whole = run > SHOWN_RUN ? SHOWN_FIRST : run;
        memmove(&messages->list[kept], &messages->list[i], whole * sizeof *messages->list);
        kept += whole;
        if (run > whole) {
            struct message rest = messages->list[i + run - 1];
            rest.more = (unsigned)(run - whole);
            rest.remark[0] = '\0';
            rest.bytes = 0;
            for (size_t j = i + whole; j < i + run; j++)
                rest.bytes += messages->list[j].bytes;
            messages->list[kept++] = rest;
        }
        i += run;
    }
    messages->count = kept;
}

/* A program that talks to itself through a socketpair() tells little, unless it does nothing else.
 */
static void drop_pairs(struct messages *messages)
{
    size_t kept = 0, others = 0;

    for (size_t i = 0; i < messages->count; i++)
        others += !messages->conversations[messages->list[i].conversation].pair;
    for (size_t i = 0; others > 0 && i < messages->count; i++)
        if (!messages->conversations[messages->list[i].conversation].pair)
            messages->list[kept++] = messages->list[i];
    if (others > 0)
        messages->count = kept;
}

/* Numbers the conversations in the order in which they appear; returns how many there are. */
static size_t number_conversations(struct messages *messages)
{
    size_t count = 0;

    for (size_t i = 0; i < messages->conversation_count; i++)
        messages->conversations[i].messages = 0;
    for (size_t i = 0; i < messages->count; i++) {
        struct conversation *c = &messages->conversations[messages->list[i].conversation];
        if (c->messages == 0)
            c->messages = ++count;
    }
    return count;
}

/* Where several conversations are told, each one's first line says with whom. */
static void name_peers(struct messages *messages, bool narrow)
{
    size_t told = 0;
    char address[ADDRESS_TEXT], remark[MESSAGE_REMARK];

    for (size_t i = 0; i < messages->count; i++) {
        struct message *message = &messages->list[i];
        const struct conversation *c = &messages->conversations[message->conversation];
        if (c->messages <= told || c->accepted || c->peer.any.sa_family == AF_UNSPEC)
            continue;
        told = c->messages;
        if (narrow && message->remark[0] != '\0')
            continue;
        if (narrow && address_port(&c->peer.any) != -1)
            (void)snprintf(address, sizeof address, ":%d", address_port(&c->peer.any));
        else
            (void)address_format(&c->peer.any, sizeof c->peer, address);
        int length = snprintf(remark, sizeof remark, "%s%s%s", message->remark,
                              message->remark[0] != '\0' ? ", " : "", address);
        if (length < (int)sizeof remark)
            memcpy(message->remark, remark, sizeof remark);
    }
}

/* ---- the measures -----------------------------------------------------------------------------
 */

static double milliseconds(const struct drawing *d, const struct message *message)
{
    return (double)(message->time_ns - d->start_ns) / 1e6;
}

static const char *program_name(const struct drawing *d)
{
    return d->options->program != NULL ? d->options->program : "your program";
}

static const char *peer_name(const struct drawing *d)
{
    bool servers = false, clients = false;

    if (d->options->peer != NULL)
        return d->options->peer;
    for (size_t i = 0, told = 0; i < d->messages.count; i++) {
        const struct message *message = &d->messages.list[i];
        const struct conversation *c = &d->messages.conversations[message->conversation];
        if (c->messages <= told)
            continue;
        told = c->messages;
        /* Who connects, or sends the first datagram, is the client. */
        if (message->out)
            servers = true;
        else
            clients = true;
    }
    return servers && clients ? "peer" : clients ? "client" : "server";
}

static void measure(struct drawing *d)
{
    char text[64];
    size_t count = d->messages.count;
    size_t half = bytes_columns(program_name(d)) / 2;

    d->columns = d->options->columns > 0 ? (size_t)d->options->columns : 80;
    bool narrow = d->columns < 60;
    if (d->options->times && count > 0)
        d->time = (size_t)snprintf(text, sizeof text, "%.1f ms  ",
                                   milliseconds(d, &d->messages.list[count - 1]));
    size_t conversations = number_conversations(&d->messages);
    if (conversations > 1) {
        d->tag = (size_t)snprintf(text, sizeof text, "%zu ", conversations);
        name_peers(&d->messages, narrow);
    }
    d->indent = d->time + d->tag;
    if (narrow)
        half = 0; /* every column is needed for the arrows */
    if (d->indent < half)
        d->indent = half;
    for (size_t i = 0; i < count; i++) {
        size_t wide = bytes_columns(d->messages.list[i].remark);
        if (wide > 0 && wide + 2 > d->remarks)
            d->remarks = wide + 2;
    }
    size_t room = d->columns > d->indent + 2 ? d->columns - d->indent - 2 : 0;
    if (d->remarks > room / 2)
        d->remarks = room / 2;
    d->inner = room - d->remarks;
    if (d->inner > WIDEST)
        d->inner = WIDEST;
    if (d->inner < NARROWEST)
        d->inner = NARROWEST;
}

/* ---- one line ---------------------------------------------------------------------------------
 */

static int add_many(struct buffer *out, char c, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (buffer_add(out, &c, 1) == -1)
            return -1;
    return 0;
}

/* "1,040,384 B" */
static int add_bytes(struct buffer *out, uint64_t bytes)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)bytes);

    for (int i = 0; i < length; i++)
        if ((i > 0 && (length - i) % 3 == 0 && buffer_add(out, ",", 1) == -1) ||
            buffer_add(out, &digits[i], 1) == -1)
            return -1;
    return buffer_add(out, " B", 2);
}

/* The first bytes behind a label of used columns, quoted, or as hex where they are no text. */
static int add_head(struct buffer *out, const struct message *message, size_t room)
{
    bool cut = message->bytes > message->head_length;

    if (message->head_length == 0 || room < 8)
        return 0;
    if (!bytes_are_text(message->head, message->head_length)) {
        size_t fits = (room - 2) / 3, count = message->head_length;
        if (count > fits || cut)
            count = count < fits ? count : fits - 1;
        if (buffer_add(out, " ", 1) == -1)
            return -1;
        for (size_t i = 0; i < count; i++)
            if (buffer_print(out, " %02x", message->head[i]) == -1)
                return -1;
        return count < message->bytes ? buffer_add(out, " …", strlen(" …")) : 0;
    }
    room -= 4; /* two blanks, two quotation marks */
    if (buffer_add(out, "  \"", 3) == -1)
        return -1;
    size_t before = out->length;
    if (bytes_show(message->head, message->head_length, cut ? room - 1 : room, out) == -1)
        return -1;
    bool shortened = out->length - before >= 3 && memcmp(out->data + out->length - 3, "…", 3) == 0;
    if (cut && !shortened && buffer_add(out, "…", strlen("…")) == -1)
        return -1;
    return buffer_add(out, "\"", 1);
}

/* What stands on the arrow, in at most room columns if it can be helped. */
static int add_label(struct buffer *out, const struct message *message, size_t room)
{
    if (!message->data)
        return buffer_print(out, "%s", message->label);
    if (message->more > 0) {
        if (buffer_print(out, "… %u more, ", message->more) == -1)
            return -1;
        return add_bytes(out, message->bytes);
    }
    size_t before = out->length;
    if (message->pieces > 0 && buffer_print(out, "%u pieces, ", message->pieces) == -1)
        return -1;
    if (add_bytes(out, message->bytes) == -1)
        return -1;
    size_t used = out->length - before;
    return used < room ? add_head(out, message, room - used) : 0;
}

/*
 * "--- label ----->" to the right, "<-- label ------" to the left; an X in the place of the head
 * where it did not arrive.
 */
static int add_arrow(struct buffer *out, const struct drawing *d, const struct message *message)
{
    struct buffer label = {0};
    const char *left = message->out ? "--- " : message->stopped ? "   X-- " : "<-- ";
    const char *right = !message->out ? "" : message->stopped ? "X   " : ">";
    size_t fixed = strlen(left) + strlen(right) + 1;
    size_t room = d->inner > fixed + 1 ? d->inner - fixed - 1 : 1;
    int rc = add_label(&label, message, room);

    if (rc == 0)
        rc = buffer_print(out, "|%s%s ", left, buffer_text(&label));
    size_t used = fixed + bytes_columns(buffer_text(&label));
    buffer_free(&label);
    if (rc == 0)
        rc = add_many(out, '-', d->inner > used ? d->inner - used : 0);
    return rc == 0 ? buffer_print(out, "%s|", right) : -1;
}

static int add_line(struct buffer *out, const struct drawing *d, const struct message *message)
{
    const struct conversation *c = &d->messages.conversations[message->conversation];
    size_t before = d->indent - d->time - d->tag;
    char text[64];
    int rc = add_many(out, ' ', before);

    if (rc == 0 && d->time > 0) {
        (void)snprintf(text, sizeof text, "%.1f ms  ", milliseconds(d, message));
        rc = buffer_print(out, "%*s", (int)d->time, text);
    }
    if (rc == 0 && d->tag > 0)
        rc = buffer_print(out, "%*zu ", (int)d->tag - 1, c->messages);
    if (rc == 0)
        rc = add_arrow(out, d, message);
    if (rc == 0 && message->remark[0] != '\0' && d->remarks > 2) {
        rc = buffer_add(out, "  ", 2);
        if (rc == 0)
            rc = bytes_show(message->remark, strlen(message->remark), d->remarks - 2, out);
    }
    return rc == 0 ? buffer_add(out, "\n", 1) : -1;
}

/* The names stand over their rails, centred where there is room. */
static int add_title(struct buffer *out, const struct drawing *d)
{
    size_t left = bytes_columns(program_name(d)), right = bytes_columns(peer_name(d));
    size_t start = d->indent > left / 2 ? d->indent - left / 2 : 0;
    size_t rail = d->indent + d->inner + 1;
    size_t end = rail + right / 2;

    if (end > d->columns)
        end = d->columns;
    size_t second = end > right ? end - right : 0;
    if (second < start + left + 1)
        second = start + left + 1;
    if (add_many(out, ' ', start) == -1 || buffer_print(out, "%s", program_name(d)) == -1 ||
        add_many(out, ' ', second - start - left) == -1)
        return -1;
    return buffer_print(out, "%s\n", peer_name(d));
}

static int add_gap(struct buffer *out, const struct drawing *d, size_t count)
{
    if (add_many(out, ' ', d->indent) == -1 || buffer_print(out, "|   … %zu more", count) == -1)
        return -1;
    char text[32];
    size_t used = 6 + (size_t)snprintf(text, sizeof text, "%zu more", count);
    if (add_many(out, ' ', d->inner > used ? d->inner - used : 0) == -1)
        return -1;
    return buffer_add(out, "|\n", 2);
}

static int draw(struct buffer *out, const struct drawing *d)
{
    size_t count = d->messages.count, first = count, skipped = 0;
    size_t lines = d->options->lines > 0 ? (size_t)d->options->lines : count + 1;

    if (lines < 4)
        lines = 4; /* the names, one line, the gap, one line */
    if (count + 1 > lines) {
        first = (lines - 2 + 1) / 2;
        skipped = count - (lines - 2);
    }
    if (add_title(out, d) == -1)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (i == first && add_gap(out, d, skipped) == -1)
            return -1;
        if (i >= first && i < first + skipped)
            continue;
        if (add_line(out, d, &d->messages.list[i]) == -1)
            return -1;
    }
    return 0;
}

int ladder_draw(const struct wire_log *log, const struct ladder_options *options,
                struct buffer *out)
{
    struct drawing drawing = {.options = options};
    size_t before = out->length;
    int rc = messages_read(&drawing.messages, log);

    if (rc == 0) {
        drop_pairs(&drawing.messages);
        rc = join(&drawing);
    }
    if (rc == 0)
        condense(&drawing.messages);
    if (rc == 0 && drawing.messages.count > 0) {
        drawing.start_ns = drawing.messages.list[0].time_ns;
        measure(&drawing);
        rc = draw(out, &drawing);
    }
    messages_free(&drawing.messages);
    buffer_free(&drawing.joined);
    if (rc == -1 && out->data != NULL) {
        out->length = before;
        out->data[before] = '\0';
    }
    return rc;
}
